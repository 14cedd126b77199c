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
        return time.monotonic()
