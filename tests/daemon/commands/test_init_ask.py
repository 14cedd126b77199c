"""What `ossmend init` asks is safe to show: what the cloud or a person wrote cannot move a terminal's cursor."""

from __future__ import annotations

from dataclasses import dataclass

import click
from click.testing import CliRunner

from ossmend.daemon.commands.init_ask import ask, asked
from ossmend.daemon.commands.init_file import Answers
from ossmend.daemon.commands.init_found import Found


@dataclass(frozen=True)
class Target:
    bucket: str
    prefix: str


def test_neither_a_prefix_of_the_cloud_nor_a_refused_answer_reaches_the_terminal_as_it_is() -> None:
    @click.command()
    def questions() -> None:
        asked("Region", lambda answer: ("" if answer == "right" else f"{answer}: no such region", ""))
        found = Found(targets={Target("logs", "oss\x1b[2J\u202e/"): []})  # type: ignore[dict-item]
        ask(Answers("cn-hangzhou"), found, region_given=True, targets_given=False)

    ended = CliRunner().invoke(questions, input="wrong\x9b2J\nright\n\nn\n")
    assert ended.exit_code == 0
    told = [line.rpartition("]: ")[2] if "]: " in line else line for line in ended.output.splitlines()]
    assert r"wrong\x9b2J: no such region" in ended.output
    assert r"oss://logs/oss\x1b[2J\u202e/" in ended.output
    assert not any("\x1b" in line or "\u202e" in line for line in told)
