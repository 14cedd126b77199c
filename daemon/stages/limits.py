"""The limits of a configuration, and how a write counts in each: for brakes.py and shares.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ossmend.config.model import Brakes
from ossmend.daemon.journal.ledger import Scope, Spent
from ossmend.remediators.contract.write import GIB, Write

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    window: timedelta
    scope: Scope
    limit: Decimal
    what: str
    """`count`, `objects`, `bytes` or `cost`."""

    @property
    def is_number(self) -> bool:
        """Of writes or objects, not of bytes or money."""
        return self.what in ("count", "objects")

    def uses(self, write: Write, cost: Decimal) -> Decimal:
        match self.what:
            case "count":
                return Decimal(1)
            case "objects":
                return Decimal(write.counted)
            case "bytes":
                return Decimal(write.stored_bytes)
            case _:
                return cost

    def spent(self, spent: Spent) -> Decimal:
        match self.what:
            case "count" | "objects":
                return Decimal(spent.count)
            case "bytes":
                return Decimal(spent.bytes)
            case _:
                return spent.cost


def add(limit: Limit, spent: Spent, write: Write, cost: Decimal, now: datetime) -> None:
    """One more write that was let go."""
    spent.count += write.counted if limit.what == "objects" else 1
    spent.bytes += write.stored_bytes
    spent.cost += cost
    spent.oldest = spent.oldest or now


def limits(brakes: Brakes, scope: Scope) -> list[Limit]:
    """The limits that are set, tightest window first."""
    cost = brakes.cost_per_day.amount if brakes.cost_per_day is not None else None
    gib = brakes.restore_gib_per_day
    table = (
        ("calls_per_minute", MINUTE, brakes.calls_per_minute, "count"),
        ("writes_per_hour", HOUR, brakes.writes_per_hour, "count"),
        ("objects_per_day", DAY, brakes.objects_per_day, "objects"),
        ("restore_gib_per_day", DAY, None if gib is None else Decimal(str(gib)) * GIB, "bytes"),
        ("cost_per_day", DAY, cost, "cost"),
    )
    return [
        Limit(name, window, scope, Decimal(str(limit)), what)
        for name, window, limit, what in table
        if limit is not None
    ]
