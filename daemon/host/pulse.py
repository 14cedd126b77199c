"""Who turns, and who hangs: each stage says when it begins, goes on and ends; the watchdog is fed while none is late.

A stage that rests is never late. One that works beats at each answer, each block of text, each transaction; a single
step of it may take at most LATE seconds, which is longer than any call, parse or commit can take.
"""

from __future__ import annotations

import threading

from ossmend.daemon.host.clock import Clock

LATE = 90.0
"""Seconds for one step. A call ends at its deadline, a read of a source at its budget, long before."""


class Pulse:
    """The stages at work, each with the time of its last sign of life. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}
        self._stage = threading.local()
        self._lock = threading.Lock()

    def begin(self, stage: str) -> None:
        """This thread works as that stage from now on."""
        self._stage.name = stage
        self.beat()

    def beat(self) -> None:
        """The stage of this thread has gone a step further."""
        name = getattr(self._stage, "name", None)
        if name is not None:  # `once` and tests work without stages
            with self._lock:
                self._last[name] = self._clock.monotonic()

    def end(self, stage: str) -> None:
        """It rests."""
        with self._lock:
            self._last.pop(stage, None)

    def late(self) -> list[str]:
        """The stages that have not gone on for too long."""
        now = self._clock.monotonic()
        with self._lock:
            return sorted(stage for stage, last in self._last.items() if now - last > LATE)
