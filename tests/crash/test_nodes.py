"""Two nodes on one PostgreSQL state, struck by every kind of weather: nothing is lost, doubled, or sent by who lost it.

One round has every kind of nodes.py once. The suite runs the first; `./ossmend test --long` runs a thousand trials.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PIL.Image", reason="the extra `images` is not installed")

from tests.crash.nodes import KINDS, rounds

ROUND = len(KINDS)
LONG_ROUNDS = 112
AT_ONCE = 4
"""Mostly a trial waits: for a lease to end, for a database that is away."""


def holds(number: int, directory: Path) -> None:
    reports = list(rounds(range(number * ROUND, (number + 1) * ROUND), directory, AT_ONCE))
    assert [str(report) for report in reports if report.findings] == []
    assert {report.kind for report in reports} == set(KINDS)
    assert all(
        report.accepted >= len(("restore", "restore", "restore", "cors", "picture", "tag")) for report in reports
    )


@pytest.mark.machine
def test_two_nodes_in_every_kind_of_weather_lose_and_double_nothing(tmp_path: Path) -> None:
    holds(0, tmp_path)


@pytest.mark.machine
@pytest.mark.long
@pytest.mark.parametrize("number", range(1, LONG_ROUNDS))
def test_two_nodes_in_a_thousand_trials_lose_and_double_nothing(tmp_path: Path, number: int) -> None:
    holds(number, tmp_path)
