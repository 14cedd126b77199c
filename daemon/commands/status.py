"""`ossmend status`: one screen, also when nothing runs. status_report.py says what, status_page.py how it looks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ossmend.daemon.commands.common import (
    FINE,
    NEEDS_A_HUMAN,
    clear_errors,
    config_option,
    configured_state,
    dry_run_state_option,
    json_option,
    show,
    tell_refused,
)

NOT_RUNNING = 3


@click.command("status")
@config_option
@dry_run_state_option
@json_option
def command(config_path: Path, dry_run: bool, as_json: bool) -> None:
    """How ossmend fares, on one screen. Exit 0: well; 1: not; 3: not running."""
    from ossmend.daemon.commands import status_page

    with clear_errors():
        report = _read(config_path, dry_run)
    show(report, as_json, status_page.page)
    sys.exit(NOT_RUNNING if not report["running"] else FINE if report["well"] else NEEDS_A_HUMAN)


def _read(config_path: Path, dry_run: bool) -> dict[str, Any]:
    """From the state alone: the daemon is not asked, so it may be down, or hang."""
    from datetime import UTC, datetime

    from ossmend.daemon.commands import status_report
    from ossmend.daemon.journal import opening
    from ossmend.daemon.journal.store import state_directory

    config, refused = configured_state(config_path)
    if refused is not None:
        tell_refused(refused, config)
    directory = state_directory(config, dry_run=dry_run)
    store = opening.to_read(config, dry_run=dry_run)
    if store.note:
        click.echo(store.note, err=True)
    try:
        with store.read() as connection:
            worked = store.is_worked()
            return status_report.status(connection, config, directory, datetime.now(UTC), worked=worked,
                                        dry_run=dry_run, refused=refused is not None)  # fmt: skip
    finally:
        store.close()
