"""Time, passed in: the one clock that daemon code asks, so that tests can hold it still.

Everything that waits, expires or is stamped takes a `Clock`; nothing else calls `datetime.now` or `time.monotonic`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, UTC: for stamps and due times."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step: for durations and round trips."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return awake()


def awake() -> float:
    """Seconds that never step, and that go on while the machine sleeps: what has run out meanwhile has run out."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


LONGEST_TRIP = 1.0
"""An answer that took longer says too little about when it was given."""


class DatabaseClock:
    """What a database says that several machines share; the host's clock may say what it wants, and be set."""

    def __init__(self) -> None:
        self._ahead: float | None = None

    def hear(self, asked: float, answered: float, said: float) -> None:
        """The database said so; the other two are `awake` before and after."""
        if self._ahead is None or answered - asked <= LONGEST_TRIP:
            self._ahead = said - (asked + answered) / 2

    def now(self) -> datetime:
        assert self._ahead is not None  # it is heard when the state is opened
        return datetime.fromtimestamp(awake() + self._ahead, UTC)

    def monotonic(self) -> float:
        return awake()


def of_host(clock: Clock) -> Clock:
    """The machine's own clock, where `clock` is the one of a database: that is what OSS refuses."""
    return SystemClock() if isinstance(clock, DatabaseClock) else clock
