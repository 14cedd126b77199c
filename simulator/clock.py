"""Turns the machine's clocks into the simulator's two times; state.py holds one Clock, everything else asks it.

The *shown* clock is what clients see and sign against: Date, ServerTime, skew, Expires, log times. The *elapsed* clock
only measures how long things take (a restore, an expiry, a token's life); it runs faster with `speed`, stands still at
speed 0, and jumps by `advance`. They are two things because real SDKs sign with the machine's clock: if waiting for a
restore moved the shown clock, every request after it would be refused as skewed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class _Stretch:
    """From that machine moment on, elapsed time ran from there at that speed; a jump begins a new stretch."""

    monotonic: float
    elapsed: float
    speed: float


@dataclass(slots=True)
class Clock:
    """The simulator's time. `machine` and `monotonic` are injected so that tests move time by hand."""

    speed: float = 1.0
    realistic: bool = False
    offset_seconds: float = 0.0
    machine: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    _stretches: list[_Stretch] = field(init=False)

    def __post_init__(self) -> None:
        _check(self.speed)
        self._stretches = [_Stretch(self.monotonic(), 0.0, self.speed)]

    def shown(self) -> float:
        """The time clients are shown, as Unix seconds."""
        return self.machine() + self.offset_seconds

    def elapsed(self) -> float:
        """Seconds that have passed for everything that waits; only differences mean something."""
        last = self._stretches[-1]
        return last.elapsed + (self.monotonic() - last.monotonic) * last.speed

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once for everything that waits, without moving the shown clock."""
        if seconds < 0:
            raise ValueError("time can only be advanced")
        self._stretches.append(_Stretch(self.monotonic(), self.elapsed() + seconds, self.speed))

    def set_speed(self, speed: float) -> None:
        """Run faster or slower from now on; what has passed stays passed."""
        _check(speed)
        self._stretches.append(_Stretch(self.monotonic(), self.elapsed(), speed))
        self.speed = speed

    def shown_at_end(self, elapsed: float) -> float:
        """What the shown clock will read then, if nobody advances. Where time stands it is told as if it ran: a client
        that is given a session wants to hear of a life, and an `advance` ends it all the same.
        """
        return self.shown() + (elapsed - self.elapsed()) / (self.speed or 1.0)

    def shown_when(self, elapsed: float) -> float:
        """What the shown clock read when the elapsed clock stood there; a jump happened in one instant."""
        now = self.monotonic()
        ended: float | None = None
        for stretch in reversed(self._stretches):
            if stretch.elapsed <= elapsed:
                moment = now if ended is None else ended
                if stretch.speed:
                    reached = stretch.monotonic + (elapsed - stretch.elapsed) / stretch.speed
                    moment = reached if ended is None else min(reached, ended)
                return self.shown() - (now - moment)
            ended = stretch.monotonic
        return self.shown() - (now - self._stretches[0].monotonic)


def _check(speed: float) -> None:
    """Restores run neither backwards nor at once, and `nan` is no pace at all."""
    if not 0 <= speed < math.inf:
        raise ValueError(f"the speed must be a number, and not negative: {speed}")
