"""Folds -> rows of cases: what a batch opens, reopens and extends, in the caller's transaction.

A case is one row per trouble. Next: cases.py takes the due ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json

from ossmend.daemon.host.show import subject_text
from ossmend.daemon.journal import bulk, many
from ossmend.daemon.journal.bulk import seconds
from ossmend.daemon.journal.cases import EVENTS, OF_CASE, REPLAN_PAUSE, lane_of, lock
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.folds import Fold, count, newest
from ossmend.daemon.journal.openings import Opening, as_one
from ossmend.daemon.journal.schema import CURRENT, cases
from ossmend.daemon.journal.schema import entries as journal
from ossmend.daemon.journal.states import OVER, RESTING, CaseState, moved
from ossmend.remediators.contract.case import Event

_NEW = (
    "id", "subject_key", "superseded", "policy", "code", "subject", "account", "lane", "state", "due_at", "opened_at",
    "first_seen", "last_seen", "events", "recurrences", "tries", "samples", "usage", "why", "source", "client",
)  # fmt: skip
MORE = ("case.events", "case.vouched")
"""More of a case that was open already."""
_OPEN = CaseState.OPEN.value
_EXTEND = (
    cases.update()
    .where(OF_CASE)
    .values(
        {
            name: sa.bindparam(f"new_{name}")
            for name in (
                "events", "first_seen", "last_seen", "samples", "usage", "state", "due_at", "closed_at", "recurrences",
                "tries", "reported_cause",
            )
        }
    )
)  # fmt: skip
"""One statement for all that new events may change, so that a batch of cases is one call of the database."""


def fold(connection: sa.Connection, folds: Mapping[str, Fold], now: datetime) -> list[Entry]:
    """Open, reopen or extend the case of each fold, by its key, due at once; what to say of it in the journal."""
    rows = _known(connection, list(folds), locked=True)
    said: list[Entry] = []
    new: list[tuple[str, Fold]] = []
    changes: list[dict[str, Any]] = []
    for key, each in folds.items():
        row = rows.get(key)
        if row is not None and row.state == CaseState.CLOSED and each.events and _is_over(row, each):
            connection.execute(cases.update().where(cases.c.id == row.id).values(superseded=True))
            row = None
        if row is None:
            new.append((key, each))
        else:
            changes.append(_extended(row, each, now, said))
    if changes:
        connection.execute(_EXTEND, changes)
    return said + _open(connection, new, now)


def opened(folds: Mapping[str, Fold], said: Sequence[Entry]) -> int:
    """How many of these folds have opened a case, or opened one again; `said`: what `fold` has said of them."""
    return len(folds) - sum(each.kind in MORE for each in said)


def newcomers(connection: sa.Connection, keys: Sequence[str]) -> dict[str, bool]:
    """Which of these keys would be one more open case; and whether it was a case before."""
    over = {key: CaseState(row.state) is CaseState.CLOSED for key, row in _known(connection, keys).items()}
    return {key: over.get(key, False) for key in keys if over.get(key, True)}


def _known(connection: sa.Connection, keys: Sequence[str], *, locked: bool = False) -> dict[str, Any]:
    """By key; `locked`: as they are until the transaction ends, for what is read here is merged and written back."""
    mine = sa.and_(many.among(cases.c.subject_key, keys), sa.text(CURRENT))
    if locked:
        lock(connection, mine)
    return {row.subject_key: row for row in connection.execute(sa.select(cases).where(mine))}


def _is_over(row: Any, each: Fold) -> bool:
    return each.last is not None and row.closed_at is not None and each.last > row.closed_at + each.recurrence


def _open(connection: sa.Connection, folds: Sequence[tuple[str, Fold]], now: datetime) -> list[Entry]:
    """New rows in one statement. No number is given twice while anything speaks of it, also where the case itself was
    let go.
    """
    if not folds:
        return []
    ids = bulk.numbers(connection, cases.c.id, len(folds), journal.c.case_id)
    rows, opened, due = [], [], seconds(now)
    for case_id, (key, each) in zip(ids, folds, strict=True):
        lane = lane_of(each.account, each.subject)
        subject = to_json([each.subject.kind, *each.subject.parts]).decode()
        rows.append(
            (case_id, key, False, each.policy, each.code, subject, str(each.account), lane, _OPEN, due,
             due, seconds(each.first), seconds(each.last), max(each.events, 1), 0, 0, _text(each.samples),
             to_json(each.usage).decode(), "", *each.party)
        )  # fmt: skip
        opened.append(Opening(case_id, each.policy, each.code, subject_text(each.subject), each.events))
    bulk.insert(connection, cases, _NEW, rows)
    return [Entry(*as_one(opened))]


def _text(samples: Sequence[Event]) -> str:
    return EVENTS.dump_json(list(samples), exclude_defaults=True).decode()


def _extended(row: Any, each: Fold, now: datetime, said: list[Entry]) -> dict[str, Any]:
    """Count the events in; wake the case unless they are older than what was already verified."""
    usage = {kind: dict(table) for kind, table in row.usage.items()}
    for kind, table in each.usage.items():
        for name, number in table.items():
            count(usage, kind, name, number)
    assert each.first is not None  # a fold exists because of an event
    assert each.last is not None  # see above
    late = row.verified_at is not None and each.last <= row.verified_at
    samples = EVENTS.validate_json(row.samples)
    kind, woken = ("case.events", {}) if late else _woken(row, samples, each, now)
    said.append(Entry(kind if each.events else "case.vouched", row.id, {"events": each.events, "late": late}))
    values: dict[str, Any] = {
        "case": row.id,
        "new_events": row.events + each.events,
        "new_first_seen": min(row.first_seen, each.first),
        "new_last_seen": max(row.last_seen, each.last),
        "new_samples": _text(newest(samples, each.samples)),
        "new_usage": usage,
        "new_state": row.state,
        "new_due_at": row.due_at,
        "new_closed_at": row.closed_at,
        "new_recurrences": row.recurrences,
        "new_tries": row.tries,
        "new_reported_cause": row.reported_cause,
    }
    return values | {f"new_{name}": value for name, value in woken.items()}


def _woken(row: Any, samples: Sequence[Event], each: Fold, now: datetime) -> tuple[str, dict[str, Any]]:
    """What news does to a case: its kind in the journal, and the values that change. A better witness alone reopens
    nothing, but it may be what a case has waited for.
    """
    state = CaseState(row.state)
    if state in OVER and each.events:
        anew = {"state": moved(state, CaseState.OPEN).value, "closed_at": None, "recurrences": row.recurrences + 1}
        return "case.reopened", anew | {"due_at": now, "tries": 0, "reported_cause": None}
    if state in RESTING:
        soonest = max(now, row.planned_at + REPLAN_PAUSE) if row.planned_at else now
        return "case.events", {"due_at": min(row.due_at, soonest) if row.due_at else soonest}
    first_witness = not any(sample.trust == "high" for sample in samples)
    if state is CaseState.WAITING and first_witness and any(sample.trust == "high" for sample in each.samples):
        return "case.events", {"due_at": now}
    return "case.events", {}
