"""`ossmend pause` and `ossmend resume`: the switch, in the state that the daemon reads (stages/pause.py)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ossmend.daemon.commands.common import (
    CONFIG_REFUSED,
    NEEDS_A_HUMAN,
    config_option,
    json_option,
    paused_policy,
    show,
    state_to_answer,
)

NOT_PAUSED = """\
NOTHING IS PAUSED. Without this configuration and state, one of these pauses every policy:
  kill -USR1 PID     of the daemon (`systemctl kill -s USR1 ossmend`); `resume`: -USR2
  touch STATE/pause  in the directory of its state (/var/lib/ossmend of the service); `resume`: remove the file"""
"""Who calls this has no time to look it up."""


@click.command("pause")
@click.argument("policy", required=False, default="", metavar="[POLICY]")
@config_option
@json_option
def command(policy: str, config_path: Path, as_json: bool) -> None:
    """Send no new write, of one policy or of all, until resumed.

    From one second on; reading and planning go on. It survives restarts.
    """
    from ossmend.daemon import approvals
    from ossmend.daemon.commands import pause_page
    from ossmend.daemon.host.show import clean

    with _said_where_it_fails():
        paused_policy(config_path, policy)
        with state_to_answer(config_path) as store:
            report = approvals.pause(store, policy)
    show(clean(report), as_json, pause_page.page)


@contextmanager
def _said_where_it_fails() -> Iterator[None]:
    """A configuration or a state that cannot be used, as its sentence has said, is no reason to be left alone."""
    try:
        yield
    except SystemExit as ended:
        if ended.code in (CONFIG_REFUSED, NEEDS_A_HUMAN):
            click.echo(NOT_PAUSED, err=True)
        sys.exit(ended.code)
