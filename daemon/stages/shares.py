"""What text of low trust may still spend: a share of each limit, fair between the sources and clients that ask.

Whoever can make an application log a line can make it tell of refusals that never were. Were limits spent first come,
first served, such a flood would hold every genuine repair of the hour. So a source of high trust finds room that the
others cannot use up, and among those of low trust the writes of an hour are shared out (fair.py). All of it is read
from the journal: a restart resets nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ossmend.config.model import Config
from ossmend.daemon.journal.ledger import OVERALL, Had, Ledger, Scope, Spent
from ossmend.daemon.stages.consent import Consent, Held
from ossmend.daemon.stages.fair import Party, shared_out
from ossmend.daemon.stages.limits import HOUR, Limit, add, frees
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.write import Write

HOURLY = "writes_per_hour"
"""The limit that is shared out between sources and clients."""
SHARE = "share"
"""What holds a write of low trust that has had its share."""
SAID = "the share of low-trust sources is spent"


@dataclass(frozen=True, slots=True)
class Asking:
    """One write that a turn will ask for."""

    account: AccountRef
    policy: str
    consent: Consent


class Shares:
    """The shares of one turn."""

    def __init__(self, ledger: Ledger, config: Config, now: datetime, asking: Iterable[Asking]) -> None:
        self._ledger = ledger
        self._config = config
        self._now = now
        self._several = sum(source.trust == "low" for source in config.sources) > 1
        self._had: dict[Scope, Mapping[Party, Had]] = {}
        self._granted: dict[Scope, Counter[Party]] = {}
        self._spent: dict[Limit, Spent] = {}
        self._asking = [each for each in asking if each.consent.trust == "low"]

    def take(self, using: Iterable[Limit], write: Write, cost: Decimal, consent: Consent) -> Held | None:
        """None, and the write is counted; or why low trust may not have it now."""
        party = self.party(consent)
        for limit in using:
            held = self._held(limit, write, cost, party)
            if held is not None:
                return held
        for limit in using:
            add(limit, self._window(limit), write, cost, self._now)
            if limit.name == HOURLY:
                self._grants(limit)[party] -= 1
        return None

    def _held(self, limit: Limit, write: Write, cost: Decimal, party: Party) -> Held | None:
        most, gone = self._most(limit), self._window(limit)
        uses, used = limit.uses(write, cost), limit.spent(gone)
        if uses > most:
            why = f"{SAID}: {limit.name} leaves {limit.told(most)} to them, and this is {limit.told(uses)}: approve it"
            return Held(SHARE, why, None)
        if used + uses > most:
            until, when = frees(limit, gone.oldest or self._now)
            why = f"{SAID}: {limit.name}, {limit.told(used)} of {limit.told(most)}; {when}"
            return Held(SHARE, why, until)
        if limit.name == HOURLY and self._grants(limit)[party] <= 0:
            had = self._parties(limit.scope).get(party)
            until, when = frees(limit, had.oldest if had is not None else gone.oldest or self._now)
            who = party.client or party.source
            return Held(SHARE, f"{SAID} for {who}: the rest of the hour is for others; {when}", until)
        return None

    def _most(self, limit: Limit) -> Decimal:
        """Low trust's part of a limit: all of it where nobody of high trust could need the rest."""
        share = self._config.brakes.low_trust_share
        if not self._config.has_witness or share == 1:
            return limit.limit
        part = limit.limit * share
        if not limit.is_number:
            return part
        return Decimal(min(math.ceil(part), max(int(limit.limit) - 1, 1), int(limit.limit)))

    def _window(self, limit: Limit) -> Spent:
        if limit not in self._spent:
            self._spent[limit] = self._ledger.spent(limit.window, limit.scope, limit.what, low_trust=True)
        return self._spent[limit]

    # ------------------------------------------------------------------------------------------- who may have how much

    def party(self, consent: Consent) -> Party:
        """On whose account it goes: of all who ask for this place, the one who has had the least. A flood that names
        somebody else's object, too, must not hold it.
        """
        overall = self._parties(OVERALL)
        return min(consent.parties, key=lambda party: overall[party].number if party in overall else 0)

    def _grants(self, limit: Limit) -> Counter[Party]:
        """What is left of what each party was granted this turn."""
        if limit.scope not in self._granted:
            had = {party: each.number for party, each in self._parties(limit.scope).items()}
            most = int(self._most(limit))
            gone = self._ledger.spent(limit.window, limit.scope, limit.what).count
            left = min(most - sum(had.values()), int(limit.limit) - gone)
            self._granted[limit.scope] = shared_out(left, most, had, self._asks(limit.scope), several=self._several)
        return self._granted[limit.scope]

    def _asks(self, scope: Scope) -> Mapping[Party, int]:
        """Who asks in this turn, then who was held by a brake and waits for a later one."""
        asks = Counter(self.party(each.consent) for each in self._asking if scope.covers(each.account, each.policy))
        for who, number in self._ledger.held(scope, (HOURLY, SHARE)).items():
            asks[Party(*who)] += number
        return asks

    def _parties(self, scope: Scope) -> Mapping[Party, Had]:
        """What each party of low trust has had in the last hour."""
        if scope not in self._had:
            self._had[scope] = {Party(*who): had for who, had in self._ledger.parties(HOUR, scope).items()}
        return self._had[scope]
