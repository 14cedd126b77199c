"""Calls -> calls at most so many a second, bytes -> bytes at most so many an hour: who asks may be a stranger's text.

RAM's quotas are not published. The wait is reserved first and slept once, so that threads queue in order and nobody
spins. keys.py and account.py wait here; inquiries.py spends a budget before it fetches a picture.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.verdict import TryAgain


class RateLimit:
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
                raise TryAgain(f"more questions to RAM than {1 / self._gap:.0f} a second", timedelta(seconds=delay))
            self._next = slot + self._gap
        if delay > 0:
            self._sleep(delay)


class Budget:
    """Bytes that may be fetched in any hour. A log that names a million pictures must not become a bill."""

    def __init__(self, clock: Clock, limit: int, window: float = 3600.0) -> None:
        self._clock = clock
        self._limit = limit
        self._window = window
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Spend so many bytes. Raises TryAgain, with the time when the oldest are free again."""
        with self._lock:
            now = self._clock.monotonic()
            while self._spent and self._spent[0][0] <= now - self._window:
                self._sum -= self._spent.popleft()[1]
            if self._sum + size > self._limit and self._spent:
                after = timedelta(seconds=self._spent[0][0] + self._window - now)
                raise TryAgain(f"{self._limit // 1024**2} MiB an hour are fetched at most, and are spent", after)
            self._spent.append((now, size))
            self._sum += size


class AtOnce:
    """So many at once, and of one owner at most all but one: whoever is slow leaves a place to the others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def one(self, owner: str, seconds: float) -> Iterator[None]:
        """Raises TryAgain where there is no place within so many seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._room(owner), seconds):
                raise TryAgain(f"{self._most} are fetched already", timedelta(seconds=max(seconds, 1.0)))
            self._by[owner] += 1
        try:
            yield
        finally:
            with self._changed:
                self._by[owner] -= 1
                if not self._by[owner]:
                    del self._by[owner]
                self._changed.notify_all()

    def _room(self, owner: str) -> bool:
        return self._by.total() < self._most and self._by[owner] < self._most - 1
