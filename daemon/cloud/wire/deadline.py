"""A call -> how long it may still take: one deadline over connect, TLS, headers and body, and over all tries of a read.

oss2 and the core SDK stand between who asks (ask/) and the connection (connections.py), and pass no such thing
on; so the deadline of a question belongs to its thread while it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ossmend.daemon.host.clock import Clock


class Deadline:
    """A moment on the Clock after which nobody waits any more."""

    __slots__ = ("_clock", "_until", "seconds")

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self.seconds = seconds
        self._until = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds; zero or less when it is over."""
        return self._until - self._clock.monotonic()

    def at_most(self, seconds: float) -> Deadline:
        """So much from now, or this one where it is sooner."""
        return Deadline(self._clock, min(seconds, self.left()))

    def extend(self, seconds: float) -> None:
        self.seconds += seconds
        self._until += seconds

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Time that is not the other side's does not count."""
        since = self._clock.monotonic()
        try:
            yield
        finally:
            self._until += self._clock.monotonic() - since


_CURRENT: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Every call of this thread ends by then; a deadline that already holds is not moved."""
    token = _CURRENT.set(_CURRENT.get() or deadline)
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def half_of_it() -> Iterator[None]:
    """What is asked only to be able to ask has half of the time that is left: the question itself has the rest."""
    whole = _CURRENT.get()
    token = _CURRENT.set(whole.at_most(whole.left() / 2) if whole is not None else None)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> Deadline | None:
    return _CURRENT.get()
