"""The limits of a configuration, and how a write counts in each: for brakes.py and shares.py."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ossmend.config.model import Brakes, Config
from ossmend.daemon.host.show import moment
from ossmend.daemon.journal.ledger import Scope, Spent
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.write import GIB, Write, gib

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    window: timedelta
    scope: Scope
    limit: Decimal
    what: str
    """`count`, `objects`, `bytes` or `cost`."""
    currency: str = ""
    """Of a limit on money."""

    @property
    def is_number(self) -> bool:
        """Of writes or objects, not of bytes or money."""
        return self.what in ("count", "objects")

    def of(self) -> str:
        """As a person finds it in the configuration."""
        return self.name if self.scope.policy is None else f"{self.name} of policy {self.scope.policy}"

    def told(self, amount: Decimal) -> str:
        """So much of it, in its unit."""
        match self.what:
            case "bytes":
                return gib(amount)
            case "cost":
                return f"{amount.normalize():f} {self.currency}"
            case _:
                return f"{amount.normalize():f}"

    def least(self, amount: Decimal) -> str:
        """What it has to be at least so that so much may go, as it is written in the configuration."""
        if self.what != "bytes":
            return f"{amount.normalize():f}"
        return f"{Decimal(math.ceil(amount / GIB * 100)) / 100:f}"

    def least_told(self, amount: Decimal) -> str:
        """That with its unit: what is larger than a limit by a byte must not look the same."""
        return f"{self.least(amount)} GiB" if self.what == "bytes" else self.told(amount)

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


def frees(limit: Limit, oldest: datetime) -> tuple[datetime, str]:
    """When the first of what was spent is free again, by OSS's clock, and that in words."""
    at = oldest + limit.window
    return at, f"frees from {moment(at)}"


def all_limits(config: Config, account: AccountRef) -> list[Limit]:
    """The overall ones, and those of policies."""
    found = limits(config.brakes, Scope(account, None))
    for policy in config.policies:
        if policy.brakes is not None:
            found += limits(policy.brakes, Scope(account, policy.name))
    return found


def to_row(limit: Limit) -> dict[str, Any]:
    """As JSON values, without its account: each of several has as much."""
    return {
        "name": limit.name, "window_seconds": limit.window.total_seconds(), "policy": limit.scope.policy,
        "limit": str(limit.limit), "what": limit.what, "currency": limit.currency,
    }  # fmt: skip


def of_row(row: Mapping[str, Any], account: AccountRef) -> Limit:
    window, scope = timedelta(seconds=row["window_seconds"]), Scope(account, row["policy"])
    return Limit(row["name"], window, scope, Decimal(row["limit"]), row["what"], row["currency"])


def limits(brakes: Brakes, scope: Scope) -> list[Limit]:
    """The limits that are set, tightest window first."""
    money = brakes.cost_per_day
    gib = brakes.restore_gib_per_day
    table = (
        ("calls_per_minute", MINUTE, brakes.calls_per_minute, "count"),
        ("writes_per_hour", HOUR, brakes.writes_per_hour, "count"),
        ("objects_per_day", DAY, brakes.objects_per_day, "objects"),
        ("restore_gib_per_day", DAY, None if gib is None else Decimal(str(gib)) * GIB, "bytes"),
        ("cost_per_day", DAY, money.amount if money is not None else None, "cost"),
    )
    return [
        Limit(name, window, scope, Decimal(str(limit)), what, money.currency if money is not None else "")
        for name, window, limit, what in table
        if limit is not None
    ]
