"""`ossmend migrate-state URL`: the state of this machine into a database that several share (journal/moving.py)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from ossmend.daemon.commands.common import clear_errors, config_option, dry_run_option, json_option, show


@click.command("migrate-state")
@click.argument("url", metavar="URL")
@config_option
@dry_run_option
@json_option
def command(url: str, config_path: Path, dry_run: bool, as_json: bool) -> None:
    """Move the state from SQLite to PostgreSQL. Whole and verified; stop the daemon first."""
    from pydantic import ValidationError

    from ossmend.config.load import load
    from ossmend.config.model import StateConfig
    from ossmend.daemon.commands import tables
    from ossmend.daemon.journal import opening

    try:
        if StateConfig(url=url).database is None:
            raise click.UsageError("expected postgresql://USER@HOST/DATABASE")
    except ValidationError as refused:
        raise click.UsageError(refused.errors()[0]["msg"].removeprefix("Value error, ")) from None
    with clear_errors():
        moved = opening.move(load(config_path), url, dry_run=dry_run)
    show(asdict(moved) | {"url": url}, as_json, tables.moved)
