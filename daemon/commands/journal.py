"""`ossmend journal`: what was seen, decided and done."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ossmend.daemon.commands.common import (
    FINE,
    NEEDS_A_HUMAN,
    WRONG_USAGE,
    CaseNumber,
    Name,
    WholeNumber,
    clear_errors,
    config_option,
    dry_run_state_option,
    fail,
    json_option,
    reading_group,
    show,
    show_json,
    state_to_read,
)

command = reading_group("journal", "show", "What was seen, decided and done.")


@command.command("show")
@config_option
@dry_run_state_option
@click.option("--case", "case_id", type=CaseNumber(), metavar="CASE", help="Only of this case.")
@click.option("--limit", type=WholeNumber(1, 100_000), default=50, show_default=True, help="The newest so many.")
@json_option
def show_journal(config_path: Path, dry_run: bool, case_id: int | None, limit: int, as_json: bool) -> None:
    """The newest entries, oldest first."""
    from ossmend.daemon import queries
    from ossmend.daemon.approvals import NO_CASE
    from ossmend.daemon.commands import tables

    with state_to_read(config_path, dry_run) as connection:
        report = queries.journal(connection, limit, case_id)
        if case_id is not None and not report["entries"] and queries.one_case(connection, case_id) is None:
            fail(NO_CASE.format(case_id), WRONG_USAGE)
    show(report, as_json, tables.journal)


@command.command("verify")
@config_option
@dry_run_state_option
@json_option
def verify_journal(config_path: Path, dry_run: bool, as_json: bool) -> None:
    """Prove the journal unaltered, from where it begins now. Ends 1 where it is not."""
    from ossmend.daemon import queries
    from ossmend.daemon.commands import tables

    with state_to_read(config_path, dry_run) as connection:
        report = queries.verified(connection)
    show(report, as_json, tables.verified)
    sys.exit(FINE if report["holds"] else NEEDS_A_HUMAN)


@command.command("backup")
@config_option
@dry_run_state_option
@click.argument("file", type=Name(dir_okay=False), metavar="FILE")
@json_option
def back_up_journal(config_path: Path, dry_run: bool, file: Path, as_json: bool) -> None:
    """The whole state as one file, also while the daemon works on it. Nothing is written over."""
    with clear_errors():
        from ossmend.config.load import load
        from ossmend.daemon.journal.backup import back_up
        from ossmend.daemon.journal.store import state_directory

        config = load(config_path)
        if config.state.database is not None:
            raise click.UsageError("the state is a PostgreSQL database: back it up with pg_dump")
        size = back_up(state_directory(config, dry_run=dry_run), file)
    if as_json:
        show_json({"file": str(file), "bytes": size})
    else:
        click.echo(f"{file}: {size:,} bytes")
