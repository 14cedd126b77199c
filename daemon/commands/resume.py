"""`ossmend resume`: ends what `ossmend pause` began; what was held meanwhile is planned again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ossmend.daemon.commands.common import (
    NEEDS_A_HUMAN,
    config_option,
    json_option,
    paused_policy,
    show,
    state_to_answer,
)


@click.command("resume")
@click.argument("policy", required=False, default="", metavar="[POLICY]")
@config_option
@json_option
def command(policy: str, config_path: Path, as_json: bool) -> None:
    """End the pause of one policy, or every pause. What was held meanwhile is planned again."""
    from ossmend.daemon import approvals
    from ossmend.daemon.commands import pause_page
    from ossmend.daemon.host.show import clean

    with state_to_answer(config_path) as store:
        report = approvals.resume(store, policy)
    if not report["resumed"]:
        paused_policy(config_path, policy)  # a pause of a policy that is gone ends all the same
    show(clean(report), as_json, pause_page.page)
    if report["file"] is not None:
        sys.exit(NEEDS_A_HUMAN)  # all is paused still: by a file, which only its owner should remove
