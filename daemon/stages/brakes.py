"""May this write happen now? Limits on objects, bytes, money and calls, per policy and overall.

What was spent is read from the journal's own writes (limits.py), so limits survive restarts and cannot be reset by one.
Within one turn of dispatch an `Allowance` counts what it has just granted. A write that meets a limit is held, with the
time at which the limit frees; a write whose price is unknown is held for a person. While a case about the account
itself is open (UserDisable and its family), every write is held. What only text of low trust tells stays within its
share of each limit (shares.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from ossmend.config.model import Config, Policy
from ossmend.daemon.journal.correlation import suspends
from ossmend.daemon.journal.schema import EXPLAINING, cases
from ossmend.daemon.stages.consent import Consent, Held
from ossmend.daemon.stages.fair import Party
from ossmend.daemon.stages.limits import Limit, Spent, limits, spent
from ossmend.daemon.stages.shares import Shares
from ossmend.remediators.contract.answers import ACCOUNT_CODES
from ossmend.remediators.contract.write import Write

LOOK = timedelta(minutes=5)
"""How soon a write that the account's own trouble holds is looked at again."""
MOST_ACCOUNT_CASES = 100
"""One for each policy at most."""
_UNASKED = "unasked"


class Allowance:
    """What may still be written in this turn. Reads the journal once for each limit, then counts for itself."""

    def __init__(
        self, connection: sa.Connection, config: Config, now: datetime, asking: Iterable[tuple[Policy, Consent]]
    ) -> None:
        """`asking`: everything that this turn will ask for, so that it can be shared out fairly."""
        self._connection = connection
        self._overall = limits(config.brakes, None)
        self._now = now
        self._shares = Shares(connection, config, now, asking)
        self._spent: dict[Limit, Spent] = {}
        self._account: str | None = _UNASKED

    def take(self, write: Write, policy: Policy, cost: Decimal | None, consent: Consent) -> Held | None:
        """None, and the write is counted as spent; or why it is held."""
        every = [*self._overall, *(limits(policy.brakes, policy.name) if policy.brakes is not None else ())]
        if cost is None and consent.approved:
            cost = Decimal(0)
        if cost is None and any(limit.what == "cost" for limit in every):
            return Held(f"no price is known for {write.operation} of {write.target}: approve it, or set prices", None)
        suspended = self._suspended_by()
        if suspended is not None:
            return Held(f"the account is refused ({suspended}): no write until it answers again", self._now + LOOK)
        known = cost or Decimal(0)
        using = [limit for limit in every if limit.uses(write, known)]
        held = self._full(using, write, known)
        if held is None and consent.trust == "low":
            held = self._shares.take(using, write, known, consent)
        if held is None:
            for limit in using:
                self._window(limit).add(write, known, self._now)
        return held

    def party(self, consent: Consent) -> Party:
        """On whose account a write goes."""
        return self._shares.party(consent)

    def _full(self, using: Iterable[Limit], write: Write, cost: Decimal) -> Held | None:
        for limit in using:
            gone = self._window(limit)
            if limit.spent(gone) + limit.uses(write, cost) > limit.limit:
                until = (gone.oldest or self._now) + limit.window
                return Held(f"brake {limit.name}: {limit.spent(gone).normalize():f} of {limit.limit:f} spent", until)
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

    def _window(self, limit: Limit) -> Spent:
        if limit not in self._spent:
            self._spent[limit] = spent(self._connection, limit, self._now)
        return self._spent[limit]
