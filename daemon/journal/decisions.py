"""Decisions -> rows of cases: what a plan, or an answer, leads to, written back in the caller's transaction.

Where the row has moved on in the meantime, `decide` sees it by the standing that was read in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from ossmend.daemon.journal.cases import AT_ONCE, OF_CASE, REPLAN_PAUSE
from ossmend.daemon.journal.schema import cases
from ossmend.daemon.journal.states import RESTING, CaseState, moved
from ossmend.remediators.contract.verdict import Diagnosis


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
    found: dict[int, Standing] = {}
    columns = (cases.c.id, cases.c.state, cases.c.cause, cases.c.events, cases.c.tries, cases.c.reported_cause)
    ordered = sorted(case_ids)
    for start in range(0, len(ordered), AT_ONCE):
        query = sa.select(*columns).where(cases.c.id.in_(ordered[start : start + AT_ONCE]))
        for row in connection.execute(query.order_by(cases.c.id).with_for_update()):
            found[row.id] = Standing(CaseState(row.state), row.cause, row.events, row.tries, row.reported_cause)
    return found


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


_KEPT = {
    name: sa.func.coalesce(
        sa.bindparam(f"new_{name}", type_=sa.JSON(none_as_null=True) if name == "diagnosis" else cases.c[name].type),
        cases.c[name],
    )
    for name in ("cause", "diagnosis", "verified_at", "closed_at", "reported_cause")
}
"""None leaves these as they are."""
_DECIDE = (
    cases.update()
    .where(OF_CASE)
    .values(
        {name: sa.bindparam(f"new_{name}") for name in ("state", "why", "due_at", "tries", "watch_until", "planned_at")}
        | _KEPT
    )
)


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
        rows.append(
            {
                "case": each.case_id,
                "new_state": each.state.value,
                "new_why": each.why,
                "new_due_at": due_at,
                "new_tries": each.tries,
                "new_watch_until": each.watch_until,
                "new_planned_at": now,
                "new_cause": each.cause,
                "new_diagnosis": asdict(each.diagnosis) if each.diagnosis is not None else None,
                "new_verified_at": each.verified_at,
                "new_closed_at": now if each.state is CaseState.CLOSED else None,
                "new_reported_cause": each.reported_cause,
            }
        )
        if (each.state, each.cause or was.cause) != (was.state, was.cause):
            news.append(each)
    if rows:
        connection.execute(_DECIDE, rows)
    return news
