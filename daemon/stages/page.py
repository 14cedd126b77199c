"""One transaction of record.py, and what its parts share: the reports to people, the lines of the log and the journal.

Of each case a cause is reported once, and many alike in one notice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
import structlog

from ossmend.daemon.host.show import subject_text
from ossmend.daemon.journal import batches, decisions
from ossmend.daemon.journal.decisions import Decision, Standing
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.pause import HELD_BY
from ossmend.daemon.journal.states import UNCHECKED, CaseState
from ossmend.daemon.notices import outbox
from ossmend.daemon.stages.decide import Outcome, Wanted
from ossmend.daemon.stages.rules import RuleBook
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.verdict import Diagnosis
from ossmend.remediators.contract.write import Write

log = structlog.get_logger("ossmend.record")

HELD = "/held"
"""Ends the cause of a report that a write is held, until it is said who alone ends that."""
MANY = 5
"""More cases of one policy that tell the same in one turn are one notice, with the numbers of the others."""
FEW = 20
"""So many cases of one turn have a log line each; of more there is one line of numbers. The journal has them all."""


@dataclass(frozen=True, slots=True)
class Page:
    """One transaction: its moment, what the rows of its cases said when it began, and what goes into the journal."""

    connection: sa.Connection
    now: datetime
    standings: Mapping[int, Standing]
    said: list[Entry] = field(default_factory=list)

    @staticmethod
    def of(connection: sa.Connection, now: datetime, case_ids: Sequence[int]) -> Page:
        return Page(connection, now, decisions.standing(connection, case_ids))

    def say(self, kind: str, case: int, data: Mapping[str, object]) -> None:
        self.said.append(Entry(kind, case, data))

    def decide(self, made: Iterable[Decision]) -> list[Decision]:
        """Write decisions back; those that say something new."""
        made = list(made)
        news = decisions.decide(self.connection, made, self.standings, self.now)
        for each in made:
            if each.state is CaseState.CLOSED and each.lets_go is not None:
                batches.let_go(self.connection, each.case_id, self.now, closed=each.lets_go == "closed")
        return news

    def as_if_unreported(self) -> Page:
        """The same transaction, in which no case has told its cause yet."""
        anew = {case: replace(standing, reported_cause=None) for case, standing in self.standings.items()}
        return replace(self, standings=anew)


class Reports:
    """What people are told, by one configuration."""

    def __init__(self, rules: RuleBook) -> None:
        self._rules = rules

    def put(self, page: Page, outcomes: Sequence[Outcome]) -> dict[int, str]:
        """Report each outcome whose cause was not reported yet, nor said by a person; what is told now, by case."""
        reported: dict[int, str] = {}
        alike: dict[tuple[str, str, bool], list[Outcome]] = {}
        for each in outcomes:
            cause = _cause_of(each)
            reported[each.case.id] = told_with(page, each)
            if not is_news(page, each):
                continue
            dry_run = self._rules.of(each.case).mode == "dry-run"
            alike.setdefault((each.case.policy, cause, dry_run), []).append(each)
        for (_, _, dry_run), group in alike.items():
            self._put_alike(page, group, dry_run=dry_run)
        return reported

    def _put_alike(self, page: Page, group: Sequence[Outcome], *, dry_run: bool) -> None:
        many = len(group) > MANY
        rest = [other.case.id for other in group[1:]] if many else []
        for each in group[:1] if many else group:
            assert each.diagnosis is not None  # who is told is told why
            outbox.put(page.connection, self._rules.config, each.case, each.why, each.diagnosis, page.now,
                       dry_run=dry_run, rest=rest)  # fmt: skip

    def reported(
        self, page: Page, case: Case, why: str, diagnosis: Diagnosis, due_at: datetime | None = None
    ) -> Decision:
        """A person has to know; what that makes of the case."""
        outcome = Outcome(
            case=case, state=CaseState.REPORTED, why=why, cause=diagnosis.cause, diagnosis=diagnosis, due_at=due_at,
            notice="reported",
        )  # fmt: skip
        return decision_of(outcome, self.put(page, [outcome]).get(case.id))


def _cause_of(outcome: Outcome) -> str:
    """By which a report is known again."""
    assert outcome.diagnosis is not None  # who is told is told why
    cause = outcome.diagnosis.cause
    return f"{cause}{HELD}{_by_whom(outcome)}" if outcome.notice == "held" else cause


def is_news(page: Page, outcome: Outcome) -> bool:
    """Was its cause not reported yet, nor said by a person?"""
    return _cause_of(outcome) not in _told(page, outcome) and not _was_said_by_a_person(outcome)


def told_with(page: Page, outcome: Outcome) -> str:
    """What counts as told of a case with this outcome: what passes by itself stands beside what was told before it."""
    cause = _cause_of(outcome)
    lasting = [told for told in _told(page, outcome) if not _passes(told)]
    return " ".join([*lasting, cause] if _passes(cause) else [cause])


def _told(page: Page, outcome: Outcome) -> list[str]:
    return (page.standings[outcome.case.id].reported_cause or "").split()


def _passes(cause: str) -> bool:
    """Is it of the moment, and no finding: our own questions are refused, or a brake holds the write?"""
    return cause == UNCHECKED or cause.endswith(HELD)


def _was_said_by_a_person(outcome: Outcome) -> bool:
    """Is it held by nothing but the answer that a person has just given, or though approved by the pause that one has
    pressed? Whoever did that knows. It is remembered as told, so that what holds it next is told.
    """
    held = [each for each in outcome.writes if each.hold is not None]
    return bool(held) and all(_is_answer(each) for each in held)


def _is_answer(wanted: Wanted) -> bool:
    approved = wanted.consent is not None and wanted.consent.approved
    by = wanted.hold.by if wanted.hold is not None else None
    return by == "rejected" or (by == HELD_BY and approved)


def _by_whom(outcome: Outcome) -> str:
    """What only a person ends is told of its own, whatever held the write before."""
    by = [each.hold.by for each in outcome.writes if each.hold is not None and each.hold.until is None]
    return f"/{by[0].replace(' ', ':')}" if by else ""  # a blank stands between what was told


def decision_of(outcome: Outcome, reported: str | None) -> Decision:
    return Decision(
        case_id=outcome.case.id,
        events=outcome.case.events,
        state=outcome.state,
        why=outcome.why,
        cause=outcome.cause,
        due_at=outcome.due_at,
        diagnosis=outcome.diagnosis,
        verified_at=outcome.verified_at,
        watch_until=outcome.watch_until,
        tries=outcome.tries,
        reported_cause=reported,
        lets_go="to be looked at" if outcome.case.subject.kind == batches.KIND else None,
    )


def of_case(case: Case, decision: Decision) -> dict[str, object]:
    """A case, as log and journal have it."""
    return {
        "code": case.code,
        "subject": subject_text(case.subject),
        "state": decision.state.value,
        "cause": decision.cause,
        "why": decision.why,
    }


def of_write(write: Write, outcome: str) -> dict[str, object]:
    """A write, as log and journal have it."""
    return {"operation": write.operation, "target": write.target, "outcome": outcome}


def counted(words: Iterable[str]) -> Mapping[str, int]:
    """For a log line of numbers."""
    return Counter(words)
