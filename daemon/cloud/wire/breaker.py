"""What became of an endpoint's calls -> whether the next one is worth a wait. Pure: endpoints.py asks and tells it.

A few calls without an answer in a row, and nobody waits for the next ones: they fail at once, for a while. Then one
call tries; an answer, whatever it says, ends it, and no answer makes the while longer.
"""

from __future__ import annotations

from dataclasses import dataclass

IN_A_ROW = 3
"""Calls without an answer after which it opens."""
FIRST, LONGEST = 5.0, 60.0
"""Seconds that it stays open; twice as long each time."""


@dataclass(slots=True)
class Breaker:
    """For one endpoint; its owner holds the lock."""

    failures: int = 0
    pause: float = 0.0
    """How long it is, or was last, open; 0: closed."""
    until: float = 0.0
    """When one call may try."""
    trying: bool = False

    @property
    def healthy(self) -> bool:
        return self.pause == 0 and self.failures == 0

    def left(self, now: float) -> float:
        """Seconds until a call may leave; 0: now. While one call tries, the others wait for what becomes of it."""
        if self.pause == 0:
            return 0.0
        return FIRST if self.trying else max(self.until - now, 0.0)

    def begin(self) -> bool:
        """A call leaves; is it the one that tries?"""
        self.trying = self.pause > 0
        return self.trying

    def answered(self) -> None:
        self.failures, self.pause, self.trying = 0, 0.0, False

    def unanswered(self, now: float, *, tried: bool) -> None:
        """Calls that had left before it opened end one by one, and tell nothing new."""
        self.failures += 1
        if tried or (self.pause == 0 and self.failures >= IN_A_ROW):
            self.pause = min(max(2 * self.pause, FIRST), LONGEST)
            self.until, self.trying = now + self.pause, False

    def dropped(self, *, tried: bool) -> None:
        """The call was given up by ourselves: the next one may try."""
        if tried:
            self.trying = False
