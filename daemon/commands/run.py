"""`ossmend run`: the service."""

from __future__ import annotations

from pathlib import Path

import click

from ossmend.daemon.commands.common import config_option, daemon, dry_run_option


@click.command("run")
@config_option
@dry_run_option
def command(config_path: Path, dry_run: bool) -> None:
    """The service: watch, plan, act, until SIGTERM. SIGHUP re-reads the configuration."""
    from ossmend.daemon.host import early

    if early.stop_was_asked():
        return
    try:
        with daemon(config_path, dry_run) as app:
            app.run()
    finally:
        early.ignore()
