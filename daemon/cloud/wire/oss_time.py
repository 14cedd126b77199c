"""The `Date` of OSS's answers -> what OSS's clock says now: the newest, and the time since by a clock that never steps.

The brakes count by it (stages/brakes.py): whoever sets the host's clock frees nothing. connections.py tells what it
hears; docs/decisions/0017 has the reasons.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ossmend.daemon.host.clock import Clock

APART = timedelta(minutes=1)
"""A Date that differs by more is a jump. A slow answer brings an old one."""
LONGEST = 64
"""Characters of a Date; what is longer is none."""


class OssTime:
    """Of one account. Thread-safe: what is heard is one value."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: tuple[datetime, float] | None = None
        self._doubted: tuple[datetime, float] | None = None
        """A jump that one answer has told: the next has to agree, or whoever forges or caches one frees an hour."""

    def hear(self, date: str | None) -> None:
        """The Date of an answer that has just come in; one that is none says nothing."""
        if not date or len(date) > LONGEST:
            return
        try:
            said = parsedate_to_datetime(date)
            told = said.astimezone(UTC) if said.tzinfo is not None else None
        except (ValueError, TypeError, IndexError, OverflowError):
            return
        if told is None:
            return
        if self._agrees(self._heard, told) or self._agrees(self._doubted, told):
            self._heard, self._doubted = (told, self._clock.monotonic()), None
        else:
            self._doubted = told, self._clock.monotonic()

    def _agrees(self, known: tuple[datetime, float] | None, told: datetime) -> bool:
        """The first of all agrees with whatever is told."""
        if known is None:
            return self._heard is None
        return abs(known[0] + timedelta(seconds=self._clock.monotonic() - known[1]) - told) <= APART

    def now(self) -> datetime | None:
        """None until an answer was heard."""
        if self._heard is None:
            return None
        said, at = self._heard
        return said + timedelta(seconds=self._clock.monotonic() - at)
