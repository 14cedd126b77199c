"""No test is red because the machine was busy: none has a time limit of its own, sleeps, or measures seconds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(path for path in TESTS.rglob("*.py") if "node_modules" not in path.parts)
LIMIT = re.compile(
    r"(?<!\w)(?:connect_)?timeout=\d|\.(?:wait|join|communicate)\((?:timeout=)?\d|(?:process_time|perf_counter)\("
)
SLEEP = re.compile(r"\bsleep\(\d|\btime\.sleep\(")
WAITS = ("patience.py", "systemd/machine.py")
"""Where it is waited for, between two questions."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_nothing_here_depends_on_the_machines_pace(path: Path) -> None:
    forbidden = (LIMIT,) if str(path.relative_to(TESTS)) in WAITS else (LIMIT, SLEEP)
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [line.strip() for line in lines if any(each.search(line) for each in forbidden)]
    assert found == [], "wait for a fact (tests/patience.py), or count the work (tests/work.py)"
