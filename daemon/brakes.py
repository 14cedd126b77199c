"""May this write happen now? Limits on objects, bytes, money and calls, per policy and overall.

What was spent is read from the journal's own writes, so limits survive restarts and cannot be reset by one. Within
one turn of dispatch an `Allowance` counts what it has just granted. A write that meets a limit is held, with the
time at which the limit frees; a write whose price is unknown is held for a person. While a case about the account
itself is open (UserDisable and its family), every write is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from ossmend.config.model import Brakes, Prices
from ossmend.daemon.journal.neighbours import suspends
from ossmend.daemon.journal.schema import EXPLAINING, cases, writes
from ossmend.remediators.answers import ACCOUNT_CODES
from ossmend.remediators.writes import GIB, RestoreObject, RestoreVersion, Write

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPENT = ("intended", "done")
LOOK = timedelta(minutes=5)
"""How soon a write that the account's own trouble holds is looked at again."""
MOST_ACCOUNT_CASES = 100
"""One for each policy at most."""
_UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Held:
    """A brake holds the write back."""

    why: str
    until: datetime | None
    """When to look again; None: only a person's approval lets it go."""


@dataclass(slots=True)
class _Spent:
    """What went out within one window."""

    count: int = 0
    bytes: int = 0
    cost: Decimal = Decimal(0)
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Limit:
    name: str
    window: timedelta
    scope: str | None
    """A policy's name, or None for all of them together."""
    limit: Decimal
    what: str

    def uses(self, write: Write, cost: Decimal) -> Decimal:
        match self.what:
            case "count":
                return Decimal(1)
            case "objects":
                return Decimal(1) if isinstance(write, RestoreObject | RestoreVersion) else Decimal(0)
            case "bytes":
                return Decimal(write.size) if isinstance(write, RestoreObject) else Decimal(0)
            case _:
                return cost

    def spent(self, spent: _Spent) -> Decimal:
        match self.what:
            case "count" | "objects":
                return Decimal(spent.count)
            case "bytes":
                return Decimal(spent.bytes)
            case _:
                return spent.cost


def cost_of(write: Write, prices: Prices) -> Decimal | None:
    """What a write costs in the currency of `prices`; None where a price is not known."""
    if not isinstance(write, RestoreObject):
        return Decimal(0)
    return prices.restore_cost(write.storage_class, write.tier, write.size, write.days)


class Allowance:
    """What may still be written in this turn. Reads the journal once for each limit, then counts for itself."""

    def __init__(self, connection: sa.Connection, overall: Brakes, now: datetime) -> None:
        self._connection = connection
        self._overall = overall
        self._now = now
        self._spent: dict[tuple[str, str | None], _Spent] = {}
        self._account: str | None = _UNASKED

    def take(self, write: Write, policy: str, brakes: Brakes | None, cost: Decimal | None) -> Held | None:
        """None, and the write is counted as spent; or why it is held."""
        limits = [*_limits(self._overall, None), *(_limits(brakes, policy) if brakes is not None else ())]
        if cost is None and any(limit.what == "cost" for limit in limits):
            return Held(f"no price is known for {write.operation} of {write.target}: approve it, or set prices", None)
        suspended = self._suspended_by()
        if suspended is not None:
            return Held(f"the account is refused ({suspended}): no write until it answers again", self._now + LOOK)
        known = cost or Decimal(0)
        for limit in limits:
            uses, spent = limit.uses(write, known), self._window(limit)
            if uses and limit.spent(spent) + uses > limit.limit:
                until = (spent.oldest or self._now) + limit.window
                return Held(f"brake {limit.name}: {limit.spent(spent).normalize():f} of {limit.limit:f} spent", until)
        for limit in limits:
            if limit.uses(write, known):
                self._count(self._window(limit), write, known)
        return None

    def _suspended_by(self) -> str | None:
        """The code of an open case about the account itself, asked once a turn. None where our own read of it is
        answered: a log may speak of other accounts, and anybody may write into one.
        """
        if self._account is _UNASKED:
            query = sa.select(cases.c.code, cases.c.diagnosis)
            query = query.where(sa.text(EXPLAINING), cases.c.code.in_(ACCOUNT_CODES)).limit(MOST_ACCOUNT_CASES)
            rows = self._connection.execute(query)
            self._account = next((row.code for row in rows if suspends(row.diagnosis)), None)
        return self._account

    def _window(self, limit: _Limit) -> _Spent:
        key = (limit.name, limit.scope)
        if key not in self._spent:
            self._spent[key] = self._read(limit)
        return self._spent[key]

    def _read(self, limit: _Limit) -> _Spent:
        query = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(writes.c.bytes), 0),
            sa.func.coalesce(sa.func.sum(writes.c.cost), 0),
            sa.type_coerce(sa.func.min(writes.c.sent_at), writes.c.sent_at.type),
        ).where(writes.c.state.in_(SPENT), writes.c.sent_at > self._now - limit.window)
        if limit.scope is not None:
            query = query.where(writes.c.policy == limit.scope)
        if limit.what == "objects":
            query = query.where(writes.c.operation.in_(("RestoreObject", "RestoreVersion")))
        elif limit.what == "bytes":
            query = query.where(writes.c.operation == "RestoreObject")
        number, size, cost, oldest = self._connection.execute(query).one()
        return _Spent(number, size, Decimal(str(cost)), oldest)

    def _count(self, spent: _Spent, write: Write, cost: Decimal) -> None:
        spent.count += 1
        spent.bytes += write.size if isinstance(write, RestoreObject) else 0
        spent.cost += cost
        spent.oldest = spent.oldest or self._now


def _limits(brakes: Brakes, scope: str | None) -> list[_Limit]:
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
        _Limit(name, window, scope, Decimal(str(limit)), what)
        for name, window, limit, what in table
        if limit is not None
    ]
