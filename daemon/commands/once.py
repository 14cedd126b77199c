"""`ossmend once`: one pass, and the cases that are open after it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ossmend.daemon.commands.common import (
    FINE,
    NEEDS_A_HUMAN,
    clear_errors,
    config_option,
    daemon,
    dry_run_option,
    json_option,
    show,
)


@click.command("once")
@config_option
@dry_run_option
@json_option
def command(config_path: Path, dry_run: bool, as_json: bool) -> None:
    """One pass: read the sources, work until nothing is due."""
    from ossmend.daemon import queries
    from ossmend.daemon.commands import tables

    _say_what_is_passed_over(config_path, dry_run)
    with daemon(config_path, dry_run) as app:
        app.once()
        with app.store.read() as connection:
            rows = queries.open_cases(connection)
            report = queries.report(connection, rows) | {"not_read": app.works.not_read()}
    show(report, as_json, tables.cases)
    sys.exit(NEEDS_A_HUMAN if queries.needs_a_human(rows) or report["not_read"] else FINE)


def _say_what_is_passed_over(config_path: Path, dry_run: bool) -> None:
    """A first pass with `start: end` reads nothing of what is there, and would look as if all were well."""
    from ossmend.config import doubts
    from ossmend.config.load import load

    with clear_errors():
        for path in doubts.first_pass_skips(load(config_path), dry_run=dry_run):
            click.echo(
                f"note: {path}: what is there already is not read, for this is the first pass and the source has "
                "`start: end`; `start: beginning` reads it",
                err=True,
            )
