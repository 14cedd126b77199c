"""Lines between two calls, over all endpoints: a bounded number, each for a bounded time. endpoints.py has one."""

from __future__ import annotations

import threading
from collections import deque

from ossmend.daemon.cloud.wire.line import Line
from ossmend.daemon.cloud.wire.place import Place
from ossmend.daemon.host.clock import Clock

LONGEST = 20.0
"""Seconds: what lies on the way forgets silent lines without a word, and a write on such a line is a lost one."""
MOST = 256


class Unused:
    """Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[Place, deque[tuple[float, Line]]] = {}
        """(since when, line), the newest last."""
        self._number = 0
        self._cleared = clock.monotonic()
        self._lock = threading.Lock()

    def take(self, place: Place) -> Line | None:
        """The line that was used last and is still good."""
        while True:
            with self._lock:
                kept = self._kept.get(place)
                if not kept:
                    return None
                since, line = kept.pop()
                self._number -= 1
            if self._clock.monotonic() - since <= LONGEST and line.quiet():
                return line
            line.close()

    def keep(self, place: Place, line: Line) -> None:
        now = self._clock.monotonic()
        with self._lock:
            room = self._number < MOST
            if room:
                self._kept.setdefault(place, deque()).append((now, line))
                self._number += 1
            old = self._old(now) if now - self._cleared > LONGEST else []
        for each in old if room else [*old, line]:
            each.close()

    def _old(self, now: float) -> list[Line]:
        """Under the lock: take out those that nobody asked for again."""
        self._cleared = now
        old: list[Line] = []
        for place, kept in list(self._kept.items()):
            while kept and now - kept[0][0] > LONGEST:
                old.append(kept.popleft()[1])
            if not kept:
                del self._kept[place]
        self._number -= len(old)
        return old

    def close(self) -> None:
        with self._lock:
            lines = [line for kept in self._kept.values() for _, line in kept]
            self._kept.clear()
            self._number = 0
        for line in lines:
            line.close()
