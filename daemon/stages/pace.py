"""A slot (quota.py) -> the moment itself: the call's thread waits for it, and this process never hurries after it.

A process that was held up does not send what it is late with all at once: whatever it sends of one quota is a slot's
length apart. Where other nodes share the quota, a slot that was missed by more than a second is not used any more, and
another one is asked for: its moment may be the middle of what others send.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.journal.quotas import Quota
from ossmend.daemon.stages.quota import STEPPED, Slot

LATE = timedelta(seconds=1)
AT_ONCE = 50
"""Slots that are asked for together, when one was missed: more will be."""

Renew = Callable[[Quota, timedelta, int], datetime]
"""(quota, how far they are apart, how many) -> the first of so many new slots."""


class Pace:
    """Of all that one process sends. Thread-safe."""

    def __init__(self, clock: Clock, rest: Callable[[float], object], renew: Renew | None) -> None:
        """`rest` waits for so many seconds, or less where we stop. `renew`: where other nodes share the quotas."""
        self._clock = clock
        self._rest = rest
        self._renew = renew
        self._lock = threading.Lock()
        self._left: dict[Quota, float] = {}
        """When the next call may leave, in the clock's monotonic seconds."""
        self._more: dict[Quota, deque[datetime]] = {}

    def wait(self, slot: Slot) -> None:
        """Return when the call may leave. Raises StateUnavailable where another slot is needed and cannot be had."""
        at = slot.at
        if self._renew is not None and self._clock.now() > at + LATE:
            at = self._another(slot, self._renew)
        ahead = at - self._clock.now()
        if ahead <= STEPPED:  # further away is none: the clock was set back, and would keep the call for hours
            self._sleep(ahead.total_seconds())
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._left.get(slot.quota, now))
            self._left[slot.quota] = turn + slot.apart.total_seconds()
        self._sleep(turn - now)

    def _another(self, slot: Slot, renew: Renew) -> datetime:
        with self._lock:
            more = self._more.setdefault(slot.quota, deque())
            while more and more[0] + LATE < self._clock.now():
                more.popleft()
            if not more:
                begin = renew(slot.quota, slot.apart, AT_ONCE)
                more.extend(begin + number * slot.apart for number in range(AT_ONCE))
            return more.popleft()

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._rest(seconds)
