"""The demo passes with the policy that `ram-policy` makes; with one action less, `check --live` names it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ossmend.daemon.demo.story import demo, least_policy

POLICY = least_policy()
ACTIONS = sorted({action for statement in POLICY["Statement"] for action in statement["Action"]})


def without(action: str) -> dict[str, Any]:
    """The policy, and one action less."""
    kept = [
        {**statement, "Action": [each for each in statement["Action"] if each != action]}
        for statement in POLICY["Statement"]
    ]
    return {"Version": "1", "Statement": [statement for statement in kept if statement["Action"]]}


@pytest.mark.machine
@pytest.mark.parametrize("dry_run", [False, True])
def test_the_demo_passes_with_exactly_what_ram_policy_says(dry_run: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo(dry_run=dry_run, as_json=True, allowed=POLICY) == 0, capsys.readouterr().err
    states = {write["state"] for case in json.loads(capsys.readouterr().out)["cases"] for write in case["writes"]}
    assert states == {"planned" if dry_run else "done"}


def test_the_policy_of_the_demo_names_what_the_story_needs() -> None:
    assert {"oss:RestoreObject", "oss:PutBucketCors", "oss:GetBucketCors", "oss:GetObject", "ram:GetUser"} <= set(
        ACTIONS
    )
    assert not [action for action in ACTIONS if "*" in action or "Delete" in action]


@pytest.mark.machine
@pytest.mark.parametrize("action", ACTIONS)
def test_with_one_action_less_check_live_names_it_and_the_demo_fails(
    action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo(dry_run=False, as_json=True, allowed=without(action)) == 1
    told = capsys.readouterr()
    named = [line for line in told.err.splitlines() if f"{action} on " in line and ": missing: " in line]
    assert named, told.err
    assert json.loads(told.out)["mutating_requests"] == [], "nothing was begun with a key that cannot end it"
