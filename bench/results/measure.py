"""The way in for each script of bench/: its rows and its figures -> a table, JSON, and a line of the history.

    given = arguments(parser)
    with measuring("restores", ROWS, given) as run:
        run.tell("P5 restores a second", 370.0)

A run that does not come to its end leaves no line. row.py has what a row is, history.py where lines are kept.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.results import history
from bench.results.row import Figure, Line, Row, Size
from bench.results.table import table
from ossmend.daemon.host import log

OWN = ("json", "history", "no_history")
"""Arguments of this module: they change nothing of what is measured."""


def arguments(parser: argparse.ArgumentParser, words: Sequence[str] | None = None) -> argparse.Namespace:
    """The script's own, and where its figures go."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="append the run to FILE, a line of JSON")
    parser.add_argument("--history", type=Path, metavar="FILE", default=history.HISTORY, help="kept in FILE instead")
    parser.add_argument("--no-history", action="store_true", help="keep no line of this run")
    return parser.parse_args(words)


class Run:
    """Figures and remarks of one run, under names that are declared."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = {row.name: row for row in rows}
        self._found: dict[str, Figure] = {}
        self.notes: list[str] = []

    def tell(self, name: str, figure: float) -> None:
        """One figure; a KeyError for a row that nobody declared."""
        self._found[name] = self._rows[name].filled(figure)

    def note(self, text: str) -> None:
        """What only a person reads: it is shown, and not kept."""
        self.notes.append(text)

    def figures(self) -> dict[str, Figure]:
        """In the order in which they were declared."""
        return {name: self._found[name] for name in self._rows if name in self._found}


@contextmanager
def measuring(script: str, rows: Sequence[Row], given: argparse.Namespace) -> Iterator[Run]:
    """Measure inside; at the end it is shown and kept."""
    log.configure("json", "error")  # the code that is measured speaks into its log, not into the table
    earlier = history.read(given.history)  # a history that cannot be read is told before hours are spent
    run, load = Run(rows), os.getloadavg()[0]
    yield run
    line = history.now(script, sizes(given), load, run.figures())
    print("\n".join(table(line, rows, earlier, run.notes)), flush=True)
    for path in (None if given.no_history else given.history, given.json):
        if path is not None:
            _keep(path, line)


def _keep(path: Path, line: Line) -> None:
    try:
        history.append(path, line)
    except OSError as problem:
        print(f"this run could not be kept: {problem}", file=sys.stderr)


def sizes(given: argparse.Namespace) -> dict[str, Size]:
    """The script's own settings; paths stay this machine's own business."""
    found = {name: value for name, value in vars(given).items() if name not in OWN}
    return {name: value for name, value in found.items() if isinstance(value, int | float | str)}
