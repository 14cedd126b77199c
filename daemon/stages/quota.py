"""A write that may go -> when it leaves: its slot in the cloud's quota of so many a second, or not in this turn.

OSS takes a restore beyond its quota, and lets it wait without telling: so we ask for no more than the quota, all nodes
together. Which slots are free is one row of the state (journal/quotas.py); a turn gives away those of the next seconds
only, so that whoever comes later has not to wait for what others would like to send in an hour. What finds no slot is
not written down at all: its case is as due as before. Next: pace.py waits for the slot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ossmend.config.model import CloudConfig
from ossmend.daemon.journal.quotas import Quota
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.write import Write

AHEAD = timedelta(seconds=4)
"""How far slots are given away: as long as a batch of a thousand takes by the documented quota, twice."""
STEPPED = timedelta(minutes=1)
"""Nobody gives slots away so far ahead: a clock was set back, and what it said before counts for nothing."""

RegionOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Slot:
    """The moment at which one write may leave."""

    quota: Quota
    at: datetime
    apart: timedelta
    """From one slot to the next."""


class Slots:
    """What one turn gives away."""

    def __init__(
        self,
        clouds: Mapping[str, CloudConfig],
        free_at: Callable[[Quota], datetime | None],
        region_of: RegionOf,
        now: datetime,
    ) -> None:
        """`free_at`: since when nobody has a slot, as the state says; `region_of`: where a bucket was found."""
        self._clouds = clouds
        self._free_at = free_at
        self._region_of = region_of
        self._now = now
        self._free: dict[Quota, datetime] = {}
        self.given: dict[Quota, datetime] = {}
        """Until when they are somebody's now, where this turn has given any."""

    def room(self, writes: Sequence[Write], account: AccountRef) -> bool:
        """Is there a slot soon enough for each of these?"""
        quotas = [found[0] for write in writes if (found := self._of(write, account)) is not None]
        return all(self._next(quota) < self._now + AHEAD for quota in quotas)

    def take(self, write: Write, account: AccountRef) -> Slot | None:
        """The next one; None where the cloud has no quota for such writes."""
        found = self._of(write, account)
        if found is None:
            return None
        quota, rate = found
        slot = Slot(quota, self._next(quota), timedelta(seconds=1) / rate)
        self._free[quota] = self.given[quota] = slot.at + slot.apart
        return slot

    def _of(self, write: Write, account: AccountRef) -> tuple[Quota, int] | None:
        cloud, place = self._clouds.get(account.account), write.place
        rate = cloud.restores_per_second.of(write.quota) if cloud is not None and write.quota is not None else None
        if cloud is None or rate is None or write.quota is None:
            return None
        region = (self._region_of(place.bucket) if place is not None else None) or account.region or cloud.region
        return Quota(AccountRef(account.account), region, write.quota), rate

    def _next(self, quota: Quota) -> datetime:
        if quota not in self._free:
            self._free[quota] = first(self._free_at(quota), self._now)
        return self._free[quota]


def first(free_at: datetime | None, now: datetime) -> datetime:
    """The first slot that can still be given away."""
    if free_at is None or free_at > now + STEPPED:
        return now
    return max(free_at, now)
