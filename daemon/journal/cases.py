"""Cases in the database: events fold into them, dispatch takes the due ones, verdicts are written back.

A case is one row per trouble. Folding happens in memory first, so that a batch of ten thousand events of one cause
touches one row once. All functions work inside the caller's transaction (store.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from ossmend.daemon.host.show import subject_text
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import cases, writes
from ossmend.remediators.contract.case import Case, Event, Receipt, Subject
from ossmend.remediators.contract.verdict import Diagnosis
from ossmend.remediators.contract.write import from_json

KEEP_FIRST, KEEP_LAST = 3, 5
"""Samples of a case. Of the later ones a telling of low trust goes before one of high trust: no flood pushes it out."""
REPLAN_PAUSE = timedelta(seconds=15)
"""A case that rests is looked at again on new events, but no more often than this: a flood must not become calls."""
USAGE_KINDS = 30
RESTING = ("planned", "held", "told")
"""States that new events wake. `waiting` and `sending` have their own time; `closed` and `watching` are reopened."""

_event = TypeAdapter(Event)


@dataclass(slots=True)
class Fold:
    """The events of one batch that belong to one case."""

    policy: str
    code: str | None
    subject: Subject
    recurrence: timedelta
    """A case closed for longer than this is over; later events are a new case."""
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None
    samples: list[Event] = field(default_factory=list)
    usage: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.policy}\x1f{self.subject}"

    def add(self, event: Event, at: datetime) -> None:
        """One more refusal."""
        self.events += 1
        self.vouch(event, at)
        self._count(event)

    def vouch(self, event: Event, at: datetime) -> None:
        """A better witness of a refusal that was counted before: kept as a sample, and not counted again."""
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)
        if len(self.samples) >= KEEP_FIRST + KEEP_LAST:
            del self.samples[_least([sample.trust for sample in self.samples])]
        self.samples.append(event)

    def _count(self, event: Event) -> None:
        count(self.usage, "clients", event.client)
        count(self.usage, "agents", event.user_agent)
        count(self.usage, "buckets", event.bucket)
        count(self.usage, "operations", event.operation or event.method)
        count(self.usage, "keys", event.access_key_id)


def _least(trusts: Sequence[str]) -> int:
    """Which sample is let go: the oldest of low trust behind the first ones, else the oldest behind them."""
    later = trusts[KEEP_FIRST:]
    return KEEP_FIRST + (later.index("low") if "low" in later else 0)


def count(usage: dict[str, dict[str, int]], kind: str, name: str | None, number: int = 1) -> None:
    """Add to a usage table; beyond USAGE_KINDS different names the rest is counted as `(others)`."""
    if not name:
        return
    table = usage.setdefault(kind, {})
    if name not in table and len(table) >= USAGE_KINDS:
        name = "(others)"
    table[name] = table.get(name, 0) + number


def fold(connection: sa.Connection, folds: Iterable[Fold], now: datetime) -> list[Entry]:
    """Open, reopen or extend the case of each fold, due at once; what to say of it in the journal."""
    wanted = {each.key: each for each in folds}
    rows: dict[str, Any] = {}
    keys = list(wanted)
    for start in range(0, len(keys), 500):
        query = sa.select(cases).where(cases.c.subject_key.in_(keys[start : start + 500]), ~cases.c.superseded)
        rows.update({row.subject_key: row for row in connection.execute(query)})
    said: list[Entry] = []
    for key, each in wanted.items():
        row = rows.get(key)
        if row is not None and row.state == "closed" and each.events and _is_over(row, each):
            connection.execute(cases.update().where(cases.c.id == row.id).values(superseded=True))
            row = None
        said.append(_open(connection, each, now) if row is None else _extend(connection, row, each, now))
    return said


def _is_over(row: Any, each: Fold) -> bool:
    return each.last is not None and row.closed_at is not None and each.last > row.closed_at + each.recurrence


def _open(connection: sa.Connection, each: Fold, now: datetime) -> Entry:
    result = connection.execute(
        cases.insert().values(
            subject_key=each.key,
            policy=each.policy,
            code=each.code,
            subject=[each.subject.kind, *each.subject.parts],
            state="open",
            due_at=now,
            opened_at=now,
            first_seen=each.first,
            last_seen=each.last,
            events=max(each.events, 1),
            samples=[_event.dump_python(sample, mode="json") for sample in each.samples],
            usage=each.usage,
        )
    )
    assert result.inserted_primary_key is not None  # an autoincrement key always comes back
    data = {"policy": each.policy, "code": each.code, "subject": subject_text(each.subject), "events": each.events}
    return Entry("case.opened", result.inserted_primary_key[0], data)


def _extend(connection: sa.Connection, row: Any, each: Fold, now: datetime) -> Entry:
    """Count the events in; wake the case unless they are older than what was already verified."""
    usage = {kind: dict(table) for kind, table in row.usage.items()}
    for kind, table in each.usage.items():
        for name, number in table.items():
            count(usage, kind, name, number)
    assert each.first is not None  # a fold exists because of an event
    assert each.last is not None  # see above
    late = row.verified_at is not None and each.last <= row.verified_at
    kind, woken = ("case.events", {}) if late else _woken(row, each, now)
    values: dict[str, Any] = {
        "events": row.events + each.events,
        "first_seen": min(row.first_seen, each.first),
        "last_seen": max(row.last_seen, each.last),
        "samples": _with(row.samples, each.samples),
        "usage": usage,
    }
    connection.execute(cases.update().where(cases.c.id == row.id).values(values | woken))
    return Entry(kind if each.events else "case.vouched", row.id, {"events": each.events, "late": late})


def _woken(row: Any, each: Fold, now: datetime) -> tuple[str, dict[str, Any]]:
    """What news does to a case: its kind in the journal, and the values that change. A better witness alone reopens
    nothing, but it may be what a case has waited for.
    """
    if row.state in ("closed", "watching") and each.events:
        anew = {"state": "open", "closed_at": None, "recurrences": row.recurrences + 1, "due_at": now}
        return "case.reopened", anew | {"tries": 0, "told_cause": None}
    if row.state in RESTING:
        soonest = max(now, row.planned_at + REPLAN_PAUSE) if row.planned_at else now
        return "case.events", {"due_at": min(row.due_at, soonest) if row.due_at else soonest}
    first_witness = not any(sample.get("trust") == "high" for sample in row.samples)
    if row.state == "waiting" and first_witness and any(sample.trust == "high" for sample in each.samples):
        return "case.events", {"due_at": now}
    return "case.events", {}


def _with(known: Sequence[dict[str, Any]], samples: Sequence[Event]) -> list[dict[str, Any]]:
    """The stored samples with newer ones, cut to what a case keeps; the newest is always kept, and last."""
    kept = [*known, *(_event.dump_python(sample, mode="json") for sample in samples)]
    while len(kept) > KEEP_FIRST + KEEP_LAST:
        del kept[_least([sample.get("trust", "low") for sample in kept[:-1]])]
    return kept


# ----------------------------------------------------------------------------------------------------- dispatch


def due(connection: sa.Connection, now: datetime, limit: int) -> list[Case]:
    """Cases whose time has come, longest waiting first; never one whose write is on its way."""
    query = (
        sa.select(cases)
        .where(cases.c.due_at <= now, cases.c.state.not_in(("sending", "closed", "parked")))
        .order_by(cases.c.due_at, cases.c.id)
        .limit(limit)
    )
    return _cases(connection, connection.execute(query).all())


def get(connection: sa.Connection, case_id: int) -> Case | None:
    found = _cases(connection, connection.execute(sa.select(cases).where(cases.c.id == case_id)).all())
    return found[0] if found else None


def next_due(connection: sa.Connection) -> datetime | None:
    """When the next case will be due; None when nothing is waiting for a time."""
    due_at: datetime | None = connection.scalar(
        sa.select(sa.type_coerce(sa.func.min(cases.c.due_at), cases.c.due_at.type)).where(
            cases.c.state.not_in(("sending", "closed", "parked"))
        )
    )
    return due_at


def _cases(connection: sa.Connection, rows: Sequence[Any]) -> list[Case]:
    receipts = _receipts(connection, [row.id for row in rows])
    return [
        Case(
            id=row.id,
            policy=row.policy,
            code=row.code,
            subject=Subject(row.subject[0], tuple(row.subject[1:])),
            events=row.events,
            opened_at=row.opened_at,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            samples=tuple(_event.validate_python(sample, strict=False) for sample in row.samples),
            usage=row.usage,
            receipts=receipts.get(row.id, ()),
            verified_at=row.verified_at,
            recurrences=row.recurrences,
        )
        for row in rows
    ]


def _receipts(connection: sa.Connection, case_ids: Sequence[int]) -> Mapping[int, tuple[Receipt, ...]]:
    found: dict[int, tuple[Receipt, ...]] = {}
    for start in range(0, len(case_ids), 500):
        query = (
            sa.select(writes)
            .where(writes.c.case_id.in_(case_ids[start : start + 500]), writes.c.state == "done")
            .order_by(writes.c.sent_at, writes.c.id)
        )
        for row in connection.execute(query):
            receipt = Receipt(write=from_json(row.body), at=row.sent_at, request_id=row.request_id, outcome=row.outcome)
            found[row.case_id] = (*found.get(row.case_id, ()), receipt)
    return found


@dataclass(frozen=True, slots=True)
class Decision:
    """What one plan leads to, as it is written back."""

    case_id: int
    events: int
    """How many events the case had when it was planned."""
    state: str
    why: str
    cause: str | None
    due_at: datetime | None = None
    diagnosis: Diagnosis | None = None
    verified_at: datetime | None = None
    watch_until: datetime | None = None
    closed: bool = False
    tries: int = 0


def decide(connection: sa.Connection, decision: Decision, now: datetime) -> bool:
    """Write a decision back; True when it says something new (another state or cause) and so belongs in the journal.

    Where new events came in while it was being planned, a resting case is soon looked at again.
    """
    row = connection.execute(
        sa.select(cases.c.state, cases.c.cause, cases.c.events).where(cases.c.id == decision.case_id)
    ).one()
    values: dict[str, Any] = {
        "state": "closed" if decision.closed else decision.state,
        "why": decision.why,
        "due_at": decision.due_at,
        "tries": decision.tries,
        "watch_until": decision.watch_until,
        "planned_at": now,
    }
    if row.events != decision.events and decision.state in RESTING:
        values["due_at"] = min(decision.due_at or now + REPLAN_PAUSE, now + REPLAN_PAUSE)
    if decision.cause is not None:
        values["cause"] = decision.cause
    if decision.diagnosis is not None:
        values["diagnosis"] = asdict(decision.diagnosis)
    if decision.verified_at is not None:
        values["verified_at"] = decision.verified_at
    if decision.closed:
        values["closed_at"] = now
    connection.execute(cases.update().where(cases.c.id == decision.case_id).values(values))
    return (values["state"], values.get("cause", row.cause)) != (row.state, row.cause)


def wake(connection: sa.Connection, case_ids: Collection[int], now: datetime) -> None:
    """Make these cases due now."""
    connection.execute(cases.update().where(cases.c.id.in_(list(case_ids))).values(due_at=now))


def wake_all(connection: sa.Connection, now: datetime) -> int:
    """Make every open case due now: the configuration has changed. How many."""
    query = cases.update().where(cases.c.state.in_(("planned", "held", "told", "open", "waiting"))).values(due_at=now)
    return connection.execute(query).rowcount


def resume(connection: sa.Connection, case_id: int, now: datetime) -> None:
    """A write of this case was settled: look at the case again now."""
    connection.execute(
        cases.update().where(cases.c.id == case_id, cases.c.state == "sending").values(state="waiting", due_at=now)
    )


def by_state(connection: sa.Connection) -> list[tuple[str, int]]:
    """How many cases there are in each state."""
    query = sa.select(cases.c.state, sa.func.count()).group_by(cases.c.state)
    return [(state, number) for state, number in connection.execute(query)]


def reopen(connection: sa.Connection, case_id: int, now: datetime) -> None:
    """A person wants the case looked at now, whatever its state; not one whose write is on its way."""
    values = {"state": "open", "due_at": now, "closed_at": None, "tries": 0}
    connection.execute(cases.update().where(cases.c.id == case_id, cases.c.state != "sending").values(values))
