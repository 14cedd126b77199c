"""Answers of a turn -> outcomes, and the brakes' word on each write of them. Next: outcomes.py writes them down.

decide.py says what becomes of a case; here it is asked, in the order that brakes need: all that a turn asks for is
known before the first is granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from ossmend.daemon.journal import intents, locks, quotas
from ossmend.daemon.journal.decisions import Standing
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.ledger import Ledger
from ossmend.daemon.journal.pause import HELD_BY
from ossmend.daemon.journal.states import CaseState
from ossmend.daemon.stages.brakes import LOOK, Allowance
from ossmend.daemon.stages.consent import Held
from ossmend.daemon.stages.decide import Outcome, braked, decide, decide_undo
from ossmend.daemon.stages.gather import Gathered, gather
from ossmend.daemon.stages.pause import Pause
from ossmend.daemon.stages.plan import Answer
from ossmend.daemon.stages.quota import RegionOf, Slots
from ossmend.daemon.stages.rules import RuleBook
from ossmend.daemon.stages.shares import Asking
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.verdict import Act


class Judge:
    """Decides by one configuration."""

    def __init__(self, rules: RuleBook, pause: Pause, *, dry_run: bool) -> None:
        self._config = rules.config
        self._rules = rules
        self._pause = pause
        self._dry_run = dry_run

    def alone(self, connection: sa.Connection, answered: Sequence[tuple[Case, Answer]]) -> None:
        """From now on nobody else spends what these cases may want to spend, and nobody pauses or resumes."""
        if self._dry_run:
            return
        locks.take(connection, locks.PAUSE, shared=True)
        asked = intents.asked(connection)
        sending = [case for case, answer in answered if isinstance(answer, Act) or case.id in asked]
        _brakes_of(connection, (case.account for case in sending))

    def outcomes(
        self,
        connection: sa.Connection,
        answered: Sequence[tuple[Case, Answer]],
        standings: Mapping[int, Standing],
        now: datetime,
        oss_now: datetime,
        *,
        undos: bool,
        region_of: RegionOf,
    ) -> tuple[list[Outcome], Allowance, list[Entry]]:
        """What becomes of each case, what the brakes have granted on the way, and what is news for the journal; without
        those whose write would find no slot soon: they are as due as before. `region_of`: where a bucket was found.
        """
        decided = self._decided(connection, answered, standings, now, undos=undos)
        gathered = Gathered(decided) if self._dry_run else gather(connection, decided, self._rules, now)
        decided = gathered.outcomes
        allowance = self._allowance(connection, decided, now, oss_now)
        slots = Slots(self._config.clouds, partial(quotas.free_at, connection), region_of, now)
        paused = self._pause.standing(connection)
        found = []
        for each in decided:
            if each.state is CaseState.SENDING:
                if slots.room([wanted.write for wanted in each.writes], each.case.account):
                    found.append(_timed(self._braked(each, allowance, paused, now), slots))
            else:
                found.append(each)
        quotas.give(connection, slots.given)
        return found, allowance, gathered.said

    def _decided(
        self,
        connection: sa.Connection,
        answered: Sequence[tuple[Case, Answer]],
        standings: Mapping[int, Standing],
        now: datetime,
        *,
        undos: bool,
    ) -> list[Outcome]:
        acting = [(case, answer) for case, answer in answered if isinstance(answer, Act) and not case.dry_run]
        writes = [write for _, act in acting for write in act.writes]
        words = intents.words(connection, writes, [case.id for case, _ in acting], now)
        asked = intents.asked(connection) if undos and not self._dry_run else {}
        return [
            decide_undo(case, asked[case.id], self._rules.of(case), now)
            if case.id in asked
            else decide(case, answer, self._rules.of(case), standings[case.id].tries, words, now)
            for case, answer in answered
        ]

    def _allowance(
        self, connection: sa.Connection, outcomes: Sequence[Outcome], now: datetime, oss_now: datetime
    ) -> Allowance:
        """Of all that the turn asks for: brakes share out fairly what they know of."""
        asking = [
            Asking(outcome.case.account, outcome.case.policy, each.consent)
            for outcome in outcomes
            for each in outcome.writes
            if each.consent is not None and each.hold is None
        ]
        _brakes_of(connection, (each.account for each in asking))  # held already, but where an undo was just asked for
        return Allowance(Ledger(connection, now, oss_now), self._config, oss_now, asking)

    def _braked(self, outcome: Outcome, allowance: Allowance, paused: Mapping[str, str], now: datetime) -> Outcome:
        rules, account = self._rules.of(outcome.case), outcome.case.account
        assert rules.policy is not None  # decide.py: without a policy nothing is wanted
        holds = []
        for each in outcome.writes:
            assert each.consent is not None  # only a dry run wants without
            cost = each.write.cost(self._config.prices)
            hold = each.hold
            if hold is None or hold.by == "approval":  # nobody is asked to approve what could not leave then
                hold = allowance.beyond(each.write, account, rules.policy, cost) or hold
            hold = hold or _paused(paused, rules.policy.name, now)
            if hold is None:
                hold = allowance.take(each.write, account, rules.policy, cost, each.consent)
                if hold is not None and hold.until is not None:
                    hold = replace(hold, until=now + (hold.until - allowance.now))  # from OSS's clock to ours
            holds.append(hold)
        return braked(outcome, holds, rules, now)


def _timed(outcome: Outcome, slots: Slots) -> Outcome:
    """With the moment at which each of its writes leaves; what is held needs none."""
    account = outcome.case.account
    timed = [replace(each, slot=None if each.hold else slots.take(each.write, account)) for each in outcome.writes]
    return replace(outcome, writes=tuple(timed))


def _brakes_of(connection: sa.Connection, accounts: Iterable[AccountRef]) -> None:
    for account in sorted(set(map(str, accounts))):
        locks.take(connection, locks.BRAKES, account)


def _paused(paused: Mapping[str, str], policy: str, now: datetime) -> Held | None:
    why = paused.get("") or paused.get(policy)
    return Held(HELD_BY, why, now + LOOK) if why is not None else None
