"""`ossmend pause` and `ossmend resume`: the switch, in the state that the daemon reads (stages/pause.py)."""

from __future__ import annotations

from pathlib import Path

import click

from ossmend.daemon.commands.common import config_option, json_option, paused_policy, show, state_to_answer


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

    paused_policy(config_path, policy)
    with state_to_answer(config_path) as store:
        report = approvals.pause(store, policy)
    show(clean(report), as_json, pause_page.page)
