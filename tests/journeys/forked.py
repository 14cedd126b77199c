"""Arguments -> what a command answers: by a process of its own, forked from one that has imported everything already.

A journey asks `cases list` until a restore is verified; Python's second to import each time would be most of its work.
The daemon itself and every other command of a journey are started as people start them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from tests.crash.nursery import Nursery
from tests.patience import HUNG


class Commands:
    """`ossmend ...`, run to its end. Threads may share it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._nursery = Nursery()
        self._numbers = count()
        self._clock = directory / "clock"
        self._clock.write_bytes(bytes(8))

    def run(self, arguments: list[str], environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        """Exit status, stdout, stderr."""
        number = next(self._numbers)
        out, errors = self._directory / f"{number}.out", self._directory / f"{number}.err"
        child = self._nursery.start(arguments, environment, errors, self._clock, out)
        assert child.ended(HUNG), f"{arguments} hangs"
        status = child.status()
        child.close()
        assert status is not None, f"{arguments} was killed"
        return status, out.read_bytes(), errors.read_bytes()

    def close(self) -> None:
        self._nursery.close()
