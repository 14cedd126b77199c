"""Subjects that found no room -> those that the world confirms: planned without a row, before anything is opened.

A flood and the genuine refusal in its midst may be told by the same log, of the same bucket, without a client. What
tells them apart is the world: one list page says of a thousand keys which are archived. Where a plan comes to a write,
the subject is worth a case (admit.py). The source that reads waits for this, so it has a bounded time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ossmend.daemon.cloud.accounts import Accounts
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.journal.cases import lane_of
from ossmend.daemon.stages.lanes import by
from ossmend.daemon.stages.plan import Answer, Later, plan
from ossmend.daemon.stages.rules import RuleBook
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.verdict import Act, Refused, Tell

SECONDS = 2.0
"""For one batch, beside the last call."""
REST = 60.0
"""A lane that could not be asked is left alone for so many seconds: nobody waits for it again and again."""
MOST_RESTS = 1000


class Glance:
    """Asks the world about subjects that are no cases. Asked by several sources' threads."""

    def __init__(self, accounts: Accounts, rules: RuleBook, clock: Clock) -> None:
        self._accounts = accounts
        self._rules = rules
        self._clock = clock
        self._rests: dict[str, float] = {}

    def confirmed(self, subjects: Sequence[Case]) -> set[int]:
        """The ids of those whose plan comes to a write. Raises nothing."""
        until = self._clock.monotonic() + SECONDS
        lanes = by(lambda case: lane_of(case.account, case.subject), filter(self._may_write, subjects))
        found: set[int] = set()
        for lane in sorted(lanes, key=lambda lane: len(lanes[lane])):  # what is rare is not what makes the flood
            if self._clock.monotonic() >= until:
                break
            if self._rests.get(lane, 0.0) <= self._clock.monotonic():
                found |= self._of_lane(lane, lanes[lane], until)
        return found

    def _may_write(self, case: Case) -> bool:
        """Is there anything that a look could come to?"""
        policy, remediator = self._rules.of(case).policy, Remediator.registry.get(case.code or "")
        return policy is not None and policy.can_write and remediator is not None and bool(remediator.writes)

    def _of_lane(self, lane: str, cases: Sequence[Case], until: float) -> set[int]:
        found: set[int] = set()
        try:
            view = self._accounts.of(cases[0].account).view(cases)
        except Refused:
            return self._leave(lane)
        for case in cases:
            if self._clock.monotonic() >= until:
                break
            rules = self._rules.of(case)
            answer = plan(replace(case, dry_run=rules.mode == "dry-run"), view, rules)
            if isinstance(answer, Act):
                found.add(case.id)
            elif _unanswered(answer):
                return found | self._leave(lane)
        return found

    def _leave(self, lane: str) -> set[int]:
        if len(self._rests) >= MOST_RESTS:
            self._rests.clear()
        self._rests[lane] = self._clock.monotonic() + REST
        return set()


def _unanswered(answer: Answer) -> bool:
    if isinstance(answer, Tell):
        return answer.diagnosis.cause == "could-not-check"
    return isinstance(answer, Later)
