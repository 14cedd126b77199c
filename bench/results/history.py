"""Keeps what was measured: Line -> a line of bench/history.jsonl, and back; table.py shows a run beside it.

One line of JSON for each run of a script, the newest last. It is a file of the repository, so that `git log` and the
figures tell the same story. In a folder that is no git checkout it is the same file, and its lines name no commit.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from bench.results.row import Figure, Line, Row, Size

ROOT = Path(__file__).resolve().parents[2]
HISTORY = ROOT / "bench" / "history.jsonl"
LAST = 5
"""A row is held against the median of so many runs of its kind."""
SHARE = 0.2
"""By more than this share of that median a row has to be worse before it is called slower: less is chance."""
BUSY_AT_BEGIN, BUSY_AT_END = 1.0, 2.0
"""Load a core above which a run counts as under load; at its end the load is partly its own."""


class BadHistory(Exception):
    """A line of the history is not one; the text says which, and what is wrong."""


def read(path: Path) -> list[Line]:
    """All runs, oldest first; none where there is no file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(Line.model_validate_json(line))
        except ValidationError as problem:
            raise BadHistory(f"{path}, line {number}: {problem}") from None
    return found


def append(path: Path, line: Line) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line.model_dump_json() + "\n")


@dataclass(frozen=True)
class Before:
    """What earlier runs of the same kind say of a row."""

    last: float
    median: float
    runs: int

    def change(self, figure: float) -> float | None:
        """As a share of the last one."""
        return (figure - self.last) / abs(self.last) if self.last else None

    def fell_behind(self, row: Row, figure: float) -> float | None:
        """By which share of the median it is worse, if that is more than SHARE."""
        if not self.median:
            return None
        share = (figure - self.median) / abs(self.median) * (-1 if row.better == "more" else 1)
        return share if share > SHARE else None


def before(history: Iterable[Line], line: Line, name: str) -> Before | None:
    """None: no run of this kind has measured it yet."""
    alike = [each.rows[name].figure for each in history if each.kind() == line.kind() and name in each.rows][-LAST:]
    return Before(alike[-1], statistics.median(alike), len(alike)) if alike else None


# ----------------------------------------------------------------------------------------------- what a run was made on


def now(script: str, sizes: dict[str, Size], begin: float, rows: dict[str, Figure]) -> Line:
    """The line of a run that has just ended; `begin` is the load when it began."""
    cores, end = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    commit, dirty = checkout(ROOT)
    return Line(
        script=script,
        date=datetime.now(UTC).replace(microsecond=0),
        commit=commit,
        dirty=dirty,
        python=platform.python_version(),
        cores=cores,
        processor=processor(),
        system=f"{platform.system()} {platform.machine()}",
        load=(round(begin, 1), round(end, 1)),
        under_load=begin > BUSY_AT_BEGIN * cores or end > BUSY_AT_END * cores,
        sizes=sizes,
        rows=rows,
    )


def checkout(folder: Path) -> tuple[str | None, bool | None]:
    """Its commit, and whether anything but the history differs from it; nothing of a folder that is no checkout."""
    if not (folder / ".git").exists():  # an unpacked archive may lie inside somebody else's repository
        return None, None
    commit = _git(folder, "rev-parse", "--short=12", "HEAD")
    if commit is None:
        return None, None
    changed = _git(folder, "status", "--porcelain", "--", ".", f":!{HISTORY.relative_to(ROOT)}")
    return commit[:12], changed != ""


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def processor() -> str:
    """As the kernel names it; empty where it does not."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "")
