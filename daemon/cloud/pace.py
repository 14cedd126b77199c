"""Calls -> calls at most so many a second: RAM's quotas are not published, and an access key's text is a stranger's.

The wait is reserved first and slept once, so that threads queue in order and nobody spins. keys.py waits here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from ossmend.daemon.clock import Clock
from ossmend.remediators.contract import TryAgain


class Pace:
    """A token bucket on the Clock: `burst` calls at once, then `per_second`."""

    def __init__(
        self,
        clock: Clock,
        *,
        per_second: float = 5.0,
        burst: int = 5,
        longest: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._gap = 1 / per_second
        self._ahead = (burst - 1) * self._gap
        self._longest = longest
        self._sleep = sleep
        self._next = float("-inf")
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next call may leave. Raises TryAgain where that is too far off to hold a thread."""
        with self._lock:
            now = self._clock.monotonic()
            slot = max(self._next, now - self._ahead)
            delay = round(slot - now, 6)
            if delay > self._longest:
                raise TryAgain(f"more questions about keys than {1 / self._gap:.0f} a second", timedelta(seconds=delay))
            self._next = slot + self._gap
        if delay > 0:
            self._sleep(delay)
