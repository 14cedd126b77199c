"""Decisions -> rows of cases: what a plan, or an answer, leads to, written back in the caller's transaction.

Where the row has moved on in the meantime, `decide` sees it by the standing that was read in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from ossmend.daemon.journal import many
from ossmend.daemon.journal.bulk import seconds
from ossmend.daemon.journal.cases import REPLAN_PAUSE
from ossmend.daemon.journal.many import Change
from ossmend.daemon.journal.schema import cases
from ossmend.daemon.journal.states import RESTING, CaseState, moved
from ossmend.remediators.contract.verdict import Diagnosis

SEEN_AT = "seen_at"
"""Of a diagnosis as it is kept: when the world was looked at for it."""
_FIELDS = tuple(each.name for each in fields(Diagnosis))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a case's row says at the moment when an outcome is written back."""

    state: CaseState
    cause: str | None
    events: int
    tries: int
    reported_cause: str | None


def standing(connection: sa.Connection, case_ids: Sequence[int]) -> dict[int, Standing]:
    """As they are until the transaction ends: nobody else changes them meanwhile."""
    columns = (cases.c.id, cases.c.state, cases.c.cause, cases.c.events, cases.c.tries, cases.c.reported_cause)
    query = sa.select(*columns).where(many.among(cases.c.id, case_ids)).order_by(cases.c.id).with_for_update()
    return {
        row.id: Standing(CaseState(row.state), row.cause, row.events, row.tries, row.reported_cause)
        for row in connection.execute(query)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one plan, or one answer, leads to, as it is written back."""

    case_id: int
    events: int
    """How many events the case had when it was planned."""
    state: CaseState
    why: str
    cause: str | None = None
    """None: as it was."""
    due_at: datetime | None = None
    diagnosis: Diagnosis | None = None
    verified_at: datetime | None = None
    watch_until: datetime | None = None
    tries: int = 0
    reported_cause: str | None = None
    """None: as it was."""
    lets_go: Literal["to be looked at", "closed"] | None = None
    """What becomes of the cases that wait for this one, when it closes: it stands for a batch job."""


_DECIDE = Change(
    cases,
    ("state", "why", "due_at", "tries", "watch_until", "planned_at", "cause", "diagnosis", "verified_at", "closed_at",
     "reported_cause"),
    kept=frozenset(("cause", "diagnosis", "verified_at", "closed_at", "reported_cause")),
)  # fmt: skip


def decide(
    connection: sa.Connection, decisions: Iterable[Decision], standings: Mapping[int, Standing], now: datetime
) -> list[Decision]:
    """Write decisions back; those that say something new (another state or cause) and so belong in the journal.

    Where new events came in while it was being planned, a resting case is soon looked at again. Raises IllegalMove.
    """
    rows, news = [], []
    for each in decisions:
        was = standings[each.case_id]
        moved(was.state, each.state)
        due_at = each.due_at
        if was.events != each.events and each.state in RESTING:
            due_at = min(due_at or now + REPLAN_PAUSE, now + REPLAN_PAUSE)
        closed_at = now if each.state is CaseState.CLOSED else None
        rows.append(
            (each.case_id, each.state.value, each.why, seconds(due_at), each.tries, seconds(each.watch_until),
             seconds(now), each.cause, _kept(each.diagnosis, now), seconds(each.verified_at), seconds(closed_at),
             each.reported_cause)
        )  # fmt: skip
        if (each.state, each.cause or was.cause) != (was.state, was.cause):
            news.append(each)
    _DECIDE.make(connection, rows)
    return news


def _kept(diagnosis: Diagnosis | None, now: datetime) -> dict[str, object] | None:
    """As the row has it, with its time: it outlives looks that find nothing new to say. By hand: `asdict` copies every
    word of it.
    """
    if diagnosis is None:
        return None
    return {name: getattr(diagnosis, name) for name in _FIELDS} | {SEEN_AT: now.isoformat(timespec="seconds")}
