"""Daemons are killed at any moment, each time beside a fault: nothing is lost, and nothing is done twice.

One round has every kind of fault of faults.py once. The suite runs the first; `./ossmend test --long` runs forty more,
a thousand trials. A trial that does not hold says its seed, and its directory stays: state, log, trace and trial.json.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PIL.Image", reason="the extra `images` is not installed")

from tests.crash.faults import KINDS
from tests.crash.rounds import rounds
from tests.patience import HUNG

ROUND = len(KINDS)
LONG_ROUNDS = 40
AT_ONCE = 6
"""Mostly a trial waits: for a restore, for a lost answer, for somebody's word."""


def lost_or_doubled(number: int, directory: Path) -> list[str]:
    """What did not hold in a round, which was one: every kind of fault, killed each time, with writes to lose."""
    reports = list(rounds(range(number * ROUND, (number + 1) * ROUND), directory, AT_ONCE))
    assert {report.kind for report in reports} == set(KINDS)
    assert all(report.kills for report in reports)
    assert sum(sum(report.accepted.values()) for report in reports) > ROUND, "there was something to lose and to double"
    return [str(report) for report in reports if report.findings]


@pytest.mark.machine
def test_killed_beside_every_kind_of_fault_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    assert lost_or_doubled(0, tmp_path) == []


@pytest.mark.machine
@pytest.mark.long
@pytest.mark.parametrize("number", range(1, LONG_ROUNDS + 1))
def test_killed_a_thousand_times_nothing_is_lost_or_doubled(tmp_path: Path, number: int) -> None:
    assert lost_or_doubled(number, tmp_path) == []


@pytest.mark.machine
@pytest.mark.parametrize(("asked", "number"), [((), 0), (("--long",), LONG_ROUNDS)])
def test_the_thousand_are_run_only_where_they_are_asked_for(asked: tuple[str, ...], number: int) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *asked, __file__]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=HUNG).stdout
    assert listed.count("::test_killed_a_thousand_times") == number
    assert listed.count("::test_killed_beside_every_kind_of_fault") == 1
