"""Prices of restores -> what one RestoreObject will cost, for the brakes and the audit.

Prices are configuration because they change and differ by region; the shipped ones carry their date.
daemon/stages/brakes.py
asks; a price that nobody has given is not zero, it is unknown.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

from ossmend.config.fields import Amount, Currency, Day, Region
from ossmend.remediators.contract.settings import Settings
from ossmend.remediators.contract.write import GIB

LEAST_BILLED = 64 * 1024
"""Bytes: smaller objects are billed as if they had that many."""
DAYS_IN_MONTH = 30
PAGE = 1000
"""Keys on one page of a listing."""


class RestorePrice(Settings):
    """What restoring costs."""

    per_gib: Amount
    """Retrieval, for each GiB."""
    per_10k_requests: Amount
    """10,000 restore requests."""


class TierPrices(Settings):
    """What restoring costs at each speed; a tier that is left out has no known price."""

    expedited: RestorePrice | None = None
    """Tier Expedited."""
    standard: RestorePrice | None = None
    """Tier Standard, which OSS takes where none is named."""


class ColdTierPrices(TierPrices):
    """ColdArchive has one tier more."""

    bulk: RestorePrice | None = None
    """Tier Bulk."""


def _price(per_gib: str, per_10k_requests: str) -> RestorePrice:
    return RestorePrice(per_gib=Decimal(per_gib), per_10k_requests=Decimal(per_10k_requests))


class Prices(Settings):
    """Prices of restores. The shipped ones are China (Hangzhou) list prices as quoted in public posts up to April
    2024. They were not re-verified: compare them with your bill, and set `as_of` to the day you did.
    """

    as_of: Day = date(2024, 4, 1)
    """The day on which these prices were looked up; every cost that is shown names it."""
    region: Region = "cn-hangzhou"
    """Whose prices these are; only said, never calculated with."""
    currency: Currency = "CNY"
    """Currency of all amounts here, and so of every cost_per_day."""
    list_per_10k: Amount = Decimal("0.1")
    """10,000 pages of a listing, which OSS bills as requests of the PUT class. By this and the next price restores are
    looked at by pages or one by one; not looked up, and equal, so that what costs less work decides.
    """
    head_per_10k: Amount = Decimal("0.1")
    """10,000 HEAD requests, which OSS bills as requests of the GET class."""
    replica_gib_month: Amount = Decimal("0.12")
    """Storage of the readable copy of a ColdArchive or DeepColdArchive object, for each GiB and 30 days."""
    archive: RestorePrice | None = _price("0.06", "0.1")
    """Archive; its restores count as requests of the PUT class, and the copy is stored free of charge."""
    cold_archive: ColdTierPrices = ColdTierPrices(
        expedited=_price("0.20", "30"), standard=_price("0.06", "3"), bulk=_price("0.03", "0.3")
    )
    """ColdArchive, by tier."""
    deep_cold_archive: TierPrices = TierPrices()
    """DeepColdArchive, by tier. No public price was found: restores wait for approval until you give one."""

    @property
    def page_worth(self) -> int:
        """For how many HEADs one page of a listing is paid, at most as many as it answers for."""
        if not self.head_per_10k:
            return PAGE if self.list_per_10k else 1
        return min(max(math.ceil(self.list_per_10k / self.head_per_10k), 1), PAGE)

    def restore_cost(
        self, storage_class: str, tier: str | None, size: int, days: int, number: int = 1
    ) -> Decimal | None:
        """What one RestoreObject of `size` bytes costs, with its copy kept for `days`; None where no price is known. Of
        a `number` of objects with so many bytes together: no less than it costs, however small each is.
        """
        price = self._price_of(storage_class, tier)
        if price is None:
            return None
        billed = max(size, LEAST_BILLED) if number == 1 else size + LEAST_BILLED * number
        gib = Decimal(billed) / GIB
        copied = Decimal(0) if storage_class == "Archive" else self.replica_gib_month * days / DAYS_IN_MONTH
        return (price.per_10k_requests * number / 10_000 + (price.per_gib + copied) * gib).quantize(Decimal("0.000001"))

    def _price_of(self, storage_class: str, tier: str | None) -> RestorePrice | None:
        if storage_class == "Archive":
            return self.archive
        by_tier = {"ColdArchive": self.cold_archive, "DeepColdArchive": self.deep_cold_archive}.get(storage_class)
        price: RestorePrice | None = getattr(by_tier, (tier or "Standard").lower(), None)
        return price
