"""`ossmend run`: the service."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from ossmend.daemon.commands.common import FINE, config_option, daemon, dry_run_option

Opened = TypeVar("Opened")
PAUSES, PAUSE = 10, 0.5
"""Between two tries of a start, in seconds; a signal is heard after one pause."""


@click.command("run")
@config_option
@dry_run_option
@click.option("--watch-config", is_flag=True, help="Also re-read it when the file changes, as a ConfigMap does.")
def command(config_path: Path, dry_run: bool, watch_config: bool) -> None:
    """The service: watch, plan, act, until SIGTERM. SIGHUP re-reads the configuration."""
    from ossmend.daemon.host import early
    from ossmend.daemon.host.watched_file import WatchedFile

    if early.stop_was_asked():
        return
    watched = WatchedFile(config_path) if watch_config else None  # before it is read: see there
    try:
        with daemon(config_path, dry_run, patiently) as app:
            app.run(watched)
    finally:
        early.ignore()


def patiently(build: Callable[[], Opened]) -> Opened:
    """Build it as soon as the state can be used. A service manager gives up what ends five times within minutes, and a
    backup that holds the database, or a full disk, takes longer than that.
    """
    import structlog

    from ossmend.daemon.host import early
    from ossmend.daemon.host.stops import StateBusy
    from ossmend.daemon.host.systemd import Systemd

    systemd, log = Systemd(), structlog.get_logger("ossmend.run")
    while not early.stop_was_asked():
        try:
            return build()
        except StateBusy as trouble:
            log.error("state.unavailable", why=str(trouble), note="the start waits until it can be used")
            systemd.waiting(f"waits for the state: {trouble}")
            for _ in range(PAUSES):
                if not early.stop_was_asked():
                    time.sleep(PAUSE)
    sys.exit(FINE)
