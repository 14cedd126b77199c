"""No test is red because the machine was busy: none has a time limit of its own, sleeps, or measures seconds."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
FILES = sorted(path for path in TESTS.rglob("*.py") if "node_modules" not in path.parts)
LIMIT = re.compile(
    r"(?<!\w)(?:connect_)?timeout=\d|\.(?:wait|join|communicate)\((?:timeout=)?\d|(?:process_time|perf_counter)\("
)
SLEEP = re.compile(r"\bsleep\(\d|\btime\.sleep\(")
WAITS = ("patience.py", "systemd/machine.py")
"""Where it is waited for, between two questions."""


def test_nothing_here_depends_on_the_machines_pace() -> None:
    found = [f"{path.relative_to(TESTS)}: {line}" for path in FILES for line in lines_in(path)]
    assert found == [], "wait for a fact (tests/patience.py), or count the work (tests/work.py)"


def lines_in(path: Path) -> list[str]:
    forbidden = (LIMIT,) if str(path.relative_to(TESTS)) in WAITS else (LIMIT, SLEEP)
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if any(each.search(line) for each in forbidden)]
