"""Outcomes, replies and findings -> the journal. Who holds the connection: each method here is one transaction.

What leaves was stored before it left, with the brakes' word on it; what came back is stored with the case's next time.
The parts: judge.py and outcomes.py for the plans of a turn, replies.py for what the cloud answered, findings.py for
what settle.py has seen; page.py has what they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ossmend.config.model import Config
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.journal import batches, cases, correlation, entries, intents, locks, quotas, sweeps
from ossmend.daemon.journal.cases import Lane
from ossmend.daemon.journal.intents import Intent
from ossmend.daemon.journal.quotas import Quota
from ossmend.daemon.journal.store import Store
from ossmend.daemon.journal.sweeps import Sweep
from ossmend.daemon.stages import findings
from ossmend.daemon.stages.judge import Judge
from ossmend.daemon.stages.outcomes import Outcomes
from ossmend.daemon.stages.page import Page, Reports
from ossmend.daemon.stages.pause import Pause
from ossmend.daemon.stages.plan import Answer
from ossmend.daemon.stages.quota import RegionOf, first
from ossmend.daemon.stages.replies import Replies
from ossmend.daemon.stages.rules import RuleBook
from ossmend.daemon.stages.send import Reply, Sending
from ossmend.daemon.stages.settle import Found
from ossmend.remediators.contract.case import Case


def _unknown(_bucket: str) -> None:
    return None


def _regions(answered: Sequence[tuple[Case, Answer]], region_of: RegionOf) -> dict[int, str]:
    """By case: the region in which its bucket was found."""
    buckets = {case.id: case.event.bucket for case, _ in answered}
    return {case_id: found for case_id, bucket in buckets.items() if bucket and (found := region_of(bucket))}


class Told(NamedTuple):
    """What a turn has led to."""

    sending: list[Sending]
    """The writes that may now leave."""
    put_off: int
    """How many cases are as due as before, because the cloud's quota has no slot for their write yet."""

    def next_limit(self, limit: int, most: int) -> int:
        """How many cases to take next, after so many: no more are planned than a quota lets go."""
        return max(len(self.sending), FEWEST) if self.put_off else min(2 * limit, most)


NOTHING = Told([], 0)
FEWEST = 50
"""Cases that are taken at once, however full the cloud's quota is."""


class Record:
    """Writes down what the stages found, by one configuration."""

    def __init__(self, config: Config, store: Store, clock: Clock, pause: Pause, *, dry_run: bool) -> None:
        self._store = store
        self._pause = pause
        self._clock = clock
        self.rules = RuleBook(config, dry_run=dry_run)
        self._reports = Reports(self.rules)
        self._judge = Judge(self.rules, pause, dry_run=dry_run)
        self._outcomes = Outcomes(config, self._reports)
        self._replies = Replies(self.rules, self._reports)

    def answers(
        self,
        answered: Sequence[tuple[Case, Answer]],
        oss_now: datetime,
        *,
        undos: bool = True,
        region_of: RegionOf = _unknown,
    ) -> Told:
        """What the plans of a turn lead to; the writes that may now leave. `oss_now`: what OSS's clock says; without
        `undos` those that are asked for wait, because nothing can be sent; `region_of`: where a bucket was found.
        """
        now = self._clock.now()
        self._pause.look_again()
        with self._store.begin(_lane(answered[0][0])) as connection:
            self._judge.alone(connection, answered)
            page = Page.of(connection, now, [case.id for case, _ in answered])
            cases.locate(connection, _regions(answered, region_of))
            outcomes, allowance, said = self._judge.outcomes(
                connection, answered, page.standings, now, oss_now, undos=undos, region_of=region_of
            )
            page.said.extend(said)
            return Told(self._outcomes.write(page, outcomes, allowance), len(answered) - len(outcomes))

    def replies(self, replied: Sequence[tuple[Sending, Reply]]) -> None:
        """Close the intents by what came back; when to look at their cases again."""
        now = self._clock.now()
        with self._store.begin(_lane(replied[0][0].case)) as connection:
            page = Page.of(connection, now, [sending.case.id for sending, _ in replied])
            self._replies.write(page, replied)

    def found(self, settled: Sequence[tuple[Intent, Found]], lane: str) -> None:
        """Close the intents of a lane that a look at the world has settled; their cases are looked at again."""
        now = self._clock.now()
        with self._store.begin(lane) as connection:
            for intent, found in settled:
                page = Page.of(connection, now, [intent.case_id])  # one for each: two may be of the same case
                findings.close(page, intent, found)
                entries.append(connection, now, page.said)

    def unsettled_for_long(self, intent: Intent, lane: str) -> None:
        """A person has to know: nobody can tell whether this write took effect."""
        now = self._clock.now()
        with self._store.begin(lane) as connection:
            case = cases.get(connection, intent.case_id)
            assert case is not None  # a write has its case
            page = Page.of(connection, now, [case.id])
            findings.unsettled_for_long(page, self._reports, case, intent)
            entries.append(connection, now, page.said)

    def waiting(self, limit: int, busy: Iterable[str]) -> dict[str, Lane]:
        """The cases whose time has come, by lane; none of the busy ones, at most so many in all."""
        with self._store.read() as connection:
            return cases.waiting(connection, self._clock.now(), limit, tuple(busy))

    def due(self, ids: Sequence[int]) -> list[Case]:
        """Those of these cases that are due still, each with those that may have to do with it."""
        with self._store.read() as connection:
            rows = cases.rows(connection, self._clock.now(), ids)
            known = correlation.explaining(connection, [row.code for row in rows.rows])
            members = batches.members(connection, rows.rows)
        return batches.with_members(correlation.correlated(rows.cases(self._is_dry_run), known), members)

    def _is_dry_run(self, policy: str) -> bool:
        return self.rules.mode(policy) == "dry-run"

    def sweep(self, sweep: Sweep, limit: int) -> list[int]:
        """The next batch of a lane of which more is due than one pass takes."""
        with self._store.read() as connection:
            return sweeps.batch(connection, sweep, self._clock.now(), limit)

    def more_slots(self, quota: Quota, apart: timedelta, number: int) -> datetime:
        """So many more slots, in the place of those that were missed; the first. Raises StateUnavailable."""
        with self._store.begin() as connection:
            locks.take(connection, locks.BRAKES, str(quota.account))
            at = first(quotas.free_at(connection, quota), self._clock.now())
            quotas.give(connection, {quota: at + number * apart})
            return at

    def next_due(self, busy: Iterable[str]) -> datetime | None:
        with self._store.read() as connection:
            return cases.next_due(connection, tuple(busy))

    def unsettled(self) -> list[Intent]:
        with self._store.read() as connection:
            return intents.unsettled(connection)

    def lanes_of(self, unsettled: Sequence[Intent]) -> dict[int, str]:
        """By the intent's id: the lane of its case."""
        with self._store.read() as connection:
            by_case = cases.lanes(connection, {intent.case_id for intent in unsettled})
        return {intent.id: by_case[intent.case_id] for intent in unsettled if intent.case_id in by_case}


def _lane(case: Case) -> str:
    """All cases of one transaction are of one."""
    return cases.lane_of(case.account, case.subject)
