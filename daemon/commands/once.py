"""`ossmend once`: one pass, and the cases that are open after it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossmend.daemon.commands.common import (
    FINE,
    NEEDS_A_HUMAN,
    config_option,
    daemon,
    dry_run_option,
    json_option,
    show,
)

if TYPE_CHECKING:
    from ossmend.daemon.app import App


@click.command("once")
@config_option
@dry_run_option
@json_option
def command(config_path: Path, dry_run: bool, as_json: bool) -> None:
    """One pass: read the sources, work until nothing is due."""
    from ossmend.daemon import queries
    from ossmend.daemon.commands import tables

    with daemon(config_path, dry_run) as app:
        _say_what_is_passed_over(app)
        app.once()
        with app.store.read() as connection:
            rows = queries.open_cases(connection)
            report = queries.report(connection, rows) | {"not_read": app.works.not_read()}
    show(report, as_json, tables.cases)
    sys.exit(NEEDS_A_HUMAN if queries.needs_a_human(rows) or report["not_read"] else FINE)


def _say_what_is_passed_over(app: App) -> None:
    """A source's first pass with `start: end` reads nothing of what is there, and would look as if all were well."""
    from ossmend.config import doubts_of_sources
    from ossmend.daemon import queries

    with app.store.read() as connection:
        begun = queries.begun(connection)
    here = frozenset(name.removesuffix(f"@{app.store.host}") for name in begun) if app.store.host else begun
    for _, given in doubts_of_sources.passed_over(app.works.config, here):
        where = getattr(given, "path", None) or given.name
        click.echo(
            f"note: {where}: what is there already is not read, for this is the first pass over this source and it has "
            "`start: end`; `start: beginning` reads it",
            err=True,
        )
