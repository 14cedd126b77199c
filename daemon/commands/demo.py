"""`ossmend demo`: daemon/demo/ on the built-in simulator."""

from __future__ import annotations

import sys

import click

from ossmend.daemon.commands.common import json_option


@click.command("demo")
@click.option("--dry-run", is_flag=True, help="Show the plans, and prove that nothing was written.")
@json_option
def command(dry_run: bool, as_json: bool) -> None:
    """The whole story on a local simulator; no account needed."""
    from ossmend.daemon.demo import demo

    sys.exit(demo(dry_run=dry_run, as_json=as_json))
