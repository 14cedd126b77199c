"""May this write happen now? Limits on objects, bytes, money and calls, of each account, and of each policy in it.

What was spent is read from the journal's own writes (journal/ledger.py), so limits survive restarts and cannot be reset
by one. Within one turn an `Allowance` counts what it has just granted. A write that meets a limit is held, with the
time at which the limit frees; one that is larger than a whole limit, or whose price is unknown, is held for a person. A
person's approval gives a price that is unknown; it lifts no limit. While a case about the account
itself is open (UserDisable and its family), every write is held. What only text of low trust tells stays within its
share of each limit (shares.py). Next: decide.py says what becomes of the case.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from ossmend.config.model import Config, Policy
from ossmend.daemon.journal.intents import BEYOND
from ossmend.daemon.journal.ledger import Ledger, Scope, Spent
from ossmend.daemon.stages.consent import Consent, Held
from ossmend.daemon.stages.fair import Party
from ossmend.daemon.stages.limits import Limit, add, frees, limits
from ossmend.daemon.stages.shares import Asking, Shares
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.write import Write

ACCOUNT = "account"
"""What holds every write while the account itself is refused."""
LOOK = timedelta(minutes=5)
"""How soon a write that the account's own trouble holds is looked at again."""


class Allowance:
    """What may still be written in this turn. Reads the ledger once for each limit, then counts for itself."""

    def __init__(self, ledger: Ledger, config: Config, now: datetime, asking: Iterable[Asking]) -> None:
        """`asking`: everything that this turn will ask for, so that it can be shared out fairly. `now`, and until when
        something is held: by OSS's clock.
        """
        self._ledger = ledger
        self._config = config
        self.now = now
        self._shares = Shares(ledger, config, now, asking)
        self._spent: dict[Limit, Spent] = {}
        self._suspended: dict[AccountRef, str | None] = {}
        self._limits: dict[Scope, list[Limit]] = {}

    def beyond(self, write: Write, account: AccountRef, policy: Policy, cost: Decimal | None) -> Held | None:
        """Why it can never leave, whoever approves it and however long one waits: it is larger than a whole limit."""
        known = cost or Decimal(0)
        over = [limit for limit in self._all(account, policy) if limit.uses(write, known) > limit.limit]
        if not over:
            return None
        found = [(limit, limit.uses(write, known)) for limit in over]
        told = ", ".join(f"{limit.of()} lets {limit.told(limit.limit)} go and this is {limit.least_told(uses)}"
                         for limit, uses in found)  # fmt: skip
        raised = " and ".join(f"{limit.of()} to at least {limit.least(uses)}" for limit, uses in found)
        why = f"it is larger than a whole limit: {told}; raise {raised}, or do it by hand"
        return Held(f"{BEYOND} {over[0].name}", why, None)

    def take(
        self, write: Write, account: AccountRef, policy: Policy, cost: Decimal | None, consent: Consent
    ) -> Held | None:
        """None, and the write is counted as spent; or why it is held."""
        every = self._all(account, policy)
        if cost is None and consent.approved:
            cost = Decimal(0)
        if cost is None and any(limit.what == "cost" for limit in every):
            why = f"no price is known for {write.operation} of {write.target}: approve it, or set prices"
            return Held("price", why, None)
        suspended = self._suspended_by(account)
        if suspended is not None:
            why = f"the account is refused ({suspended}): no write until it answers again"
            return Held(ACCOUNT, why, self.now + LOOK)
        known = cost or Decimal(0)
        using = [limit for limit in every if limit.uses(write, known)]
        held = self._full(using, write, known)
        if held is None and consent.trust == "low":
            held = self._shares.take(using, write, known, consent)
        if held is None:
            for limit in using:
                add(limit, self._window(limit), write, known, self.now)
        return held

    def party(self, consent: Consent) -> Party:
        """On whose account a write goes."""
        return self._shares.party(consent)

    def _all(self, account: AccountRef, policy: Policy) -> list[Limit]:
        """The account's limits, of all policies together, and the policy's own in this account."""
        scope = Scope(account, policy.name)
        if scope not in self._limits:
            own = limits(policy.brakes, scope) if policy.brakes is not None else []
            self._limits[scope] = [*limits(self._config.brakes, Scope(account, None)), *own]
        return self._limits[scope]

    def _full(self, using: Iterable[Limit], write: Write, cost: Decimal) -> Held | None:
        for limit in using:
            gone = self._window(limit)
            if limit.spent(gone) + limit.uses(write, cost) > limit.limit:
                until, when = frees(limit, gone.oldest or self.now)
                spent, uses = limit.told(limit.spent(gone)), limit.told(limit.uses(write, cost))
                why = f"limit {limit.of()}: {spent} of {limit.told(limit.limit)} spent, this is {uses}; {when}"
                return Held(limit.name, why, until)
        return None

    def _suspended_by(self, account: AccountRef) -> str | None:
        if account not in self._suspended:
            self._suspended[account] = self._ledger.suspended_by(account)
        return self._suspended[account]

    def _window(self, limit: Limit) -> Spent:
        if limit not in self._spent:
            self._spent[limit] = self._ledger.spent(limit.window, limit.scope, limit.what)
        return self._spent[limit]
