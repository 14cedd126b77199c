"""The limits of a configuration, and what the journal's writes have used of each: for brakes.py and shares.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from ossmend.config.model import Brakes
from ossmend.daemon.journal.schema import writes
from ossmend.remediators.contract.write import GIB, WRITES, Write

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPENT = ("intended", "done")


@dataclass(slots=True)
class Spent:
    """What went out within one window."""

    count: int = 0
    bytes: int = 0
    cost: Decimal = Decimal(0)
    oldest: datetime | None = None

    def add(self, write: Write, cost: Decimal, now: datetime) -> None:
        self.count += 1
        self.bytes += write.stored_bytes
        self.cost += cost
        self.oldest = self.oldest or now


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    window: timedelta
    scope: str | None
    """A policy's name, or None for all of them together."""
    limit: Decimal
    what: str

    @property
    def is_number(self) -> bool:
        """Of writes or objects, not of bytes or money."""
        return self.what in ("count", "objects")

    def uses(self, write: Write, cost: Decimal) -> Decimal:
        match self.what:
            case "count":
                return Decimal(1)
            case "objects":
                return Decimal(write.objects)
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

    def conditions(self, now: datetime) -> list[sa.ColumnElement[bool]]:
        """Which rows of the journal's writes count."""
        found = [writes.c.state.in_(SPENT), writes.c.sent_at > now - self.window]
        if self.scope is not None:
            found.append(writes.c.policy == self.scope)
        if self.what == "objects":
            found.append(writes.c.operation.in_([operation for operation, cls in WRITES.items() if cls.objects]))
        elif self.what == "bytes":
            found.append(writes.c.bytes > 0)
        return found


def spent(connection: sa.Connection, limit: Limit, now: datetime, *, of_low_trust: bool = False) -> Spent:
    """What was used of a limit; of low trust, or by all. What an older ossmend wrote down without its trust counts for
    all only: it is no more than an hour, or a day, of the past.
    """
    query = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(writes.c.bytes), 0),
        sa.func.coalesce(sa.func.sum(writes.c.cost), 0),
        sa.type_coerce(sa.func.min(writes.c.sent_at), writes.c.sent_at.type),
    ).where(*limit.conditions(now))
    if of_low_trust:
        query = query.where(writes.c.trust == "low")
    number, size, cost, oldest = connection.execute(query).one()
    return Spent(number, size, Decimal(str(cost)), oldest)


def limits(brakes: Brakes, scope: str | None) -> list[Limit]:
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
