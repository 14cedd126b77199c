"""`ossmend journal`: what was seen, decided and done."""

from __future__ import annotations

from pathlib import Path

import click

from ossmend.daemon.commands.common import config_option, dry_run_option, json_option, pass_on, show, state_to_read


@click.group("journal", invoke_without_command=True)
@config_option
@dry_run_option
@json_option
@click.pass_context
def command(context: click.Context, config_path: Path, dry_run: bool, as_json: bool) -> None:
    """What was seen, decided and done."""
    pass_on(context, show_journal, config_path=config_path, dry_run=dry_run, as_json=as_json)


@command.command("show")
@config_option
@dry_run_option
@click.option("--case", "case_id", type=int, metavar="CASE", help="Only of this case.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="The newest so many.")
@json_option
def show_journal(config_path: Path, dry_run: bool, case_id: int | None, limit: int, as_json: bool) -> None:
    """The newest entries, oldest first."""
    from ossmend.daemon import queries
    from ossmend.daemon.commands import tables

    with state_to_read(config_path, dry_run) as connection:
        report = queries.journal(connection, limit, case_id)
    show(report, as_json, tables.journal)
