"""The `Date` of OSS's answers -> what OSS's clock says now: the newest, and the time since by a clock that never steps.

The brakes count by it (stages/brakes.py): whoever sets the host's clock frees nothing. connections.py tells what it
hears; docs/decisions/0017 has the reasons.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ossmend.daemon.host.clock import Clock


class OssTime:
    """Of one account. Thread-safe: what is heard is one value."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: tuple[datetime, float] | None = None

    def hear(self, date: str | None) -> None:
        """The Date of an answer that has just come in; one that is none says nothing."""
        if not date:
            return
        try:
            said = parsedate_to_datetime(date)
        except ValueError:
            return
        if said.tzinfo is not None:
            self._heard = said.astimezone(UTC), self._clock.monotonic()

    def now(self) -> datetime | None:
        """None until an answer was heard."""
        if self._heard is None:
            return None
        said, at = self._heard
        return said + timedelta(seconds=self._clock.monotonic() - at)
