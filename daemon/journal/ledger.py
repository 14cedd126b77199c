"""What the journal's writes have used, for the brakes: numbers, bytes, money and who asked, by account and policy.

Read from the writes themselves, so that limits survive restarts and no second count can disagree. stages/brakes.py and
stages/shares.py ask; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa

from ossmend.daemon.journal.correlation import suspends
from ossmend.daemon.journal.schema import EXPLAINING, cases, writes
from ossmend.daemon.journal.states import SPENT, WriteState
from ossmend.remediators.contract.answers import ACCOUNT_CODES
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.writes import WRITES

MOST_ACCOUNT_CASES = 100
"""One for each policy at most."""


@dataclass(slots=True)
class Spent:
    """What went out within one window."""

    count: int = 0
    bytes: int = 0
    cost: Decimal = Decimal(0)
    oldest: datetime | None = None


class Scope(NamedTuple):
    """Whose writes are counted."""

    account: AccountRef | None
    """None: of all accounts together."""
    policy: str | None
    """None: of all policies together."""

    def covers(self, account: AccountRef, policy: str) -> bool:
        return self.account in (None, account) and self.policy in (None, policy)


OVERALL = Scope(None, None)


class Had(NamedTuple):
    """What one party has had."""

    number: int
    oldest: datetime


class Ledger:
    """The journal's writes as one transaction sees them."""

    def __init__(self, connection: sa.Connection, now: datetime, by_oss: datetime) -> None:
        """`by_oss`: what OSS's clock says now. Windows are counted by it."""
        self._connection = connection
        self._now = now
        self._by_oss = by_oss

    def spent(self, window: timedelta, scope: Scope, what: str, *, low_trust: bool = False) -> Spent:
        """`what` is counted: `count`, `objects`, `bytes` or `cost`; with `low_trust` only what text of low trust had.
        What an older ossmend wrote down without its trust counts for all: it is no more than a day of the past.
        """
        number_of = sa.func.coalesce(sa.func.sum(writes.c.objects), 0) if what == "objects" else sa.func.count()
        query = sa.select(
            number_of,
            sa.func.coalesce(sa.func.sum(writes.c.bytes), 0),
            sa.func.coalesce(sa.func.sum(writes.c.cost), 0),
            sa.type_coerce(sa.func.min(writes.c.oss_time), writes.c.oss_time.type),
        ).where(*self._sent(window, scope))
        if what == "objects":
            query = query.where(writes.c.operation.in_([name for name, cls in WRITES.items() if cls.objects]))
        elif what == "bytes":
            query = query.where(writes.c.bytes > 0)
        if low_trust:
            query = query.where(writes.c.trust == "low")
        number, size, cost, oldest = self._connection.execute(query).one()
        return Spent(int(number), size, Decimal(str(cost)), oldest)

    def parties(self, window: timedelta, scope: Scope) -> dict[tuple[str, str], Had]:
        """By source and client: what each party of low trust has had."""
        query = (
            sa.select(
                writes.c.source,
                writes.c.client,
                sa.func.count(),
                sa.type_coerce(sa.func.min(writes.c.oss_time), writes.c.oss_time.type),
            )
            .where(*self._sent(window, scope), writes.c.trust == "low")
            .group_by(writes.c.source, writes.c.client)
        )
        return {(row[0] or "", row[1] or ""): Had(row[2], row[3]) for row in self._connection.execute(query)}

    def held(self, scope: Scope, by: Sequence[str]) -> dict[tuple[str, str], int]:
        """By source and client: how many writes of low trust wait because of these brakes."""
        query = (
            sa.select(writes.c.source, writes.c.client, sa.func.count())
            .join(cases, cases.c.id == writes.c.case_id)
            .where(writes.c.state == WriteState.HELD.value, writes.c.trust == "low", cases.c.due_at > self._now)
            .where(writes.c.held_by.in_(list(by)), *_within(scope))
            .group_by(writes.c.source, writes.c.client)
        )
        return {(row[0] or "", row[1] or ""): row[2] for row in self._connection.execute(query)}

    def suspended_by(self, account: AccountRef) -> str | None:
        """The code of an open case about the account itself. None where our own read of it is answered: a log may speak
        of other accounts, and anybody may write into one.
        """
        query = sa.select(cases.c.code, cases.c.diagnosis).where(sa.text(EXPLAINING), cases.c.code.in_(ACCOUNT_CODES))
        rows = self._connection.execute(query.where(cases.c.account == str(account)).limit(MOST_ACCOUNT_CASES))
        return next((row.code for row in rows if suspends(row.diagnosis)), None)

    def _sent(self, window: timedelta, scope: Scope) -> list[sa.ColumnElement[bool]]:
        return [
            writes.c.state.in_([state.value for state in SPENT]),
            writes.c.oss_time > self._by_oss - window,
            writes.c.oss_time < self._by_oss + window,  # an older ossmend wrote the host's time: it may be years ahead
            *_within(scope),
        ]


def _within(scope: Scope) -> list[sa.ColumnElement[bool]]:
    found = [] if scope.account is None else [writes.c.account == str(scope.account)]
    return found if scope.policy is None else [*found, writes.c.policy == scope.policy]
