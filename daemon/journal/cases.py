"""Cases in the database: events fold into them, the stages take the due ones, outcomes are written back.

A case is one row per trouble. Folding happens in memory first, so that a batch of ten thousand events of one cause
touches one row once, and ten thousand causes are one statement. All functions work inside the caller's transaction
(store.py). `due_at` is set only while a case waits for its turn or its time (states.py), so due is one index away.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from ossmend.daemon.host.show import subject_text
from ossmend.daemon.journal import bulk
from ossmend.daemon.journal.bulk import seconds
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import cases, writes
from ossmend.daemon.journal.schema import entries as journal
from ossmend.daemon.journal.states import OVER, RESTING, WAITS, CaseState, WriteState, moved
from ossmend.remediators.contract.case import Case, Event, Receipt, Subject
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef
from ossmend.remediators.contract.verdict import Diagnosis
from ossmend.remediators.contract.write import from_json

KEEP_FIRST, KEEP_LAST = 3, 5
"""Samples of a case. Of the later ones one of low trust goes before one of high trust: no flood pushes it out."""
REPLAN_PAUSE = timedelta(seconds=15)
"""A case that rests is looked at again on new events, but no more often than this: a flood must not become calls."""
USAGE_KINDS = 30
AT_ONCE = 500
"""Values in one IN list."""

_TIMED = tuple(state for state, waits in WAITS.items() if waits in ("for its turn", "for its time"))
_BUCKET_AT = {"object": 0, "cors": 0, "denied": 0, "code": 1}
"""Which part of a subject names the bucket."""
_event = TypeAdapter(Event)
_events = TypeAdapter(list[Event])


def lane_of(account: AccountRef, subject: Subject) -> str:
    """Cases of one lane are planned together and wait for each other; lanes never do. One for each account, kind of
    subject and bucket: what is asked about a bucket's objects must not wait for what is asked about its owner.
    """
    at = _BUCKET_AT.get(subject.kind)
    bucket = subject.parts[at] if at is not None and at < len(subject.parts) else ""
    return f"{account}/{subject.kind}/{bucket}"


# ------------------------------------------------------------------------------------------------------------- intake


@dataclass(slots=True)
class Fold:
    """The events of one batch that belong to one case."""

    policy: str
    code: str | None
    subject: Subject
    recurrence: timedelta
    """A case closed for longer than this is over; later events are a new case."""
    account: AccountRef = DEFAULT_ACCOUNT
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None
    samples: list[Event] = field(default_factory=list)
    usage: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        mine = f"{self.policy}\x1f{self.subject}"
        return mine if self.account == DEFAULT_ACCOUNT else f"{mine}\x1f{self.account}"

    @property
    def party(self) -> tuple[str, str]:
        """Source and client of whoever told it first."""
        return self.samples[0].source, self.samples[0].client or ""

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
        count(self.usage, "logs", event.where or event.source)


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


_NEW = (
    "id", "subject_key", "superseded", "policy", "code", "subject", "account", "lane", "state", "due_at", "opened_at",
    "first_seen", "last_seen", "events", "recurrences", "tries", "samples", "usage", "why", "source", "client",
)  # fmt: skip
_OF_CASE = cases.c.id == sa.bindparam("case")
_EXTEND = (
    cases.update()
    .where(_OF_CASE)
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
    rows = _known(connection, list(folds))
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


def newcomers(connection: sa.Connection, keys: Sequence[str]) -> dict[str, bool]:
    """Which of these keys would be one more open case; and whether it was a case before."""
    over = {key: CaseState(row.state) is CaseState.CLOSED for key, row in _known(connection, keys).items()}
    return {key: over.get(key, False) for key in keys if over.get(key, True)}


def _known(connection: sa.Connection, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(keys), AT_ONCE):
        query = sa.select(cases).where(cases.c.subject_key.in_(keys[start : start + AT_ONCE]), ~cases.c.superseded)
        found.update({row.subject_key: row for row in connection.execute(query)})
    return found


def _is_over(row: Any, each: Fold) -> bool:
    return each.last is not None and row.closed_at is not None and each.last > row.closed_at + each.recurrence


def _open(connection: sa.Connection, folds: Sequence[tuple[str, Fold]], now: datetime) -> list[Entry]:
    """New rows in one statement. The ids are ours to give: the transaction has the writer's turn. None is given twice
    while anything speaks of it, also where the case itself was let go.
    """
    if not folds:
        return []
    last = max(connection.scalar(sa.select(sa.func.max(column))) or 0 for column in (cases.c.id, journal.c.case_id))
    rows, said, due = [], [], seconds(now)
    for case_id, (key, each) in enumerate(folds, last + 1):
        lane = lane_of(each.account, each.subject)
        subject = json.dumps([each.subject.kind, *each.subject.parts])
        rows.append(
            (case_id, key, False, each.policy, each.code, subject, str(each.account), lane, CaseState.OPEN.value, due,
             due, seconds(each.first), seconds(each.last), max(each.events, 1), 0, 0, _text(each.samples),
             json.dumps(each.usage), "", *each.party)
        )  # fmt: skip
        data = {"policy": each.policy, "code": each.code, "subject": subject_text(each.subject), "events": each.events}
        said.append(Entry("case.opened", case_id, data))
    bulk.insert(connection, cases, _NEW, rows)
    return said


def _text(samples: Sequence[Event]) -> str:
    return _events.dump_json(list(samples), exclude_defaults=True).decode()


def _extended(row: Any, each: Fold, now: datetime, said: list[Entry]) -> dict[str, Any]:
    """Count the events in; wake the case unless they are older than what was already verified."""
    usage = {kind: dict(table) for kind, table in row.usage.items()}
    for kind, table in each.usage.items():
        for name, number in table.items():
            count(usage, kind, name, number)
    assert each.first is not None  # a fold exists because of an event
    assert each.last is not None  # see above
    late = row.verified_at is not None and each.last <= row.verified_at
    samples = _events.validate_json(row.samples)
    kind, woken = ("case.events", {}) if late else _woken(row, samples, each, now)
    said.append(Entry(kind if each.events else "case.vouched", row.id, {"events": each.events, "late": late}))
    values: dict[str, Any] = {
        "case": row.id,
        "new_events": row.events + each.events,
        "new_first_seen": min(row.first_seen, each.first),
        "new_last_seen": max(row.last_seen, each.last),
        "new_samples": _text(_with(samples, each.samples)),
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


def _with(known: Sequence[Event], samples: Sequence[Event]) -> list[Event]:
    """The stored samples with newer ones, cut to what a case keeps; the newest is always kept, and last."""
    kept = [*known, *samples]
    while len(kept) > KEEP_FIRST + KEEP_LAST:
        del kept[_least([sample.trust for sample in kept[:-1]])]
    return kept


# ------------------------------------------------------------------------------------------------------- taking cases


def due(connection: sa.Connection, now: datetime, limit: int, busy: Collection[str] = ()) -> list[Case]:
    """Cases whose time has come, longest waiting first; none of the lanes that are at work already, and none with a
    write of which nobody knows whether it took effect: nothing is planned on that.
    """
    open_intents = sa.select(writes.c.case_id).where(writes.c.state == WriteState.INTENDED.value)
    query = sa.select(cases).where(cases.c.due_at <= now, cases.c.id.not_in(open_intents))
    if busy:
        query = query.where(cases.c.lane.not_in(list(busy)))
    return _cases(connection, connection.execute(query.order_by(cases.c.due_at, cases.c.id).limit(limit)).all())


def get(connection: sa.Connection, case_id: int) -> Case | None:
    found = _cases(connection, connection.execute(sa.select(cases).where(cases.c.id == case_id)).all())
    return found[0] if found else None


def next_due(connection: sa.Connection, busy: Collection[str] = ()) -> datetime | None:
    """When the next case will be due that is in no busy lane; None when nothing is waiting for a time."""
    open_intents = sa.select(writes.c.case_id).where(writes.c.state == WriteState.INTENDED.value)
    query = sa.select(sa.type_coerce(sa.func.min(cases.c.due_at), cases.c.due_at.type))
    query = query.where(cases.c.id.not_in(open_intents))  # as `due` does: else the loop would turn for nothing
    if busy:
        query = query.where(cases.c.lane.not_in(list(busy)))
    due_at: datetime | None = connection.scalar(query)
    return due_at


def _cases(connection: sa.Connection, rows: Sequence[Any]) -> list[Case]:
    receipts = _receipts(connection, [row.id for row in rows])
    return [
        Case(
            id=row.id,
            account=AccountRef.of(row.account),
            state=row.state,
            policy=row.policy,
            code=row.code,
            subject=Subject(row.subject[0], tuple(row.subject[1:])),
            events=row.events,
            opened_at=row.opened_at,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            samples=tuple(_events.validate_json(row.samples)),
            usage=row.usage,
            receipts=receipts.get(row.id, ()),
            verified_at=row.verified_at,
            recurrences=row.recurrences,
        )
        for row in rows
    ]


def _receipts(connection: sa.Connection, case_ids: Sequence[int]) -> Mapping[int, tuple[Receipt, ...]]:
    found: dict[int, tuple[Receipt, ...]] = {}
    for start in range(0, len(case_ids), AT_ONCE):
        query = (
            sa.select(writes.c.case_id, writes.c.body, writes.c.sent_at, writes.c.request_id, writes.c.outcome)
            .where(writes.c.case_id.in_(case_ids[start : start + AT_ONCE]), writes.c.state == WriteState.DONE.value)
            .order_by(writes.c.sent_at, writes.c.id)
        )
        for row in connection.execute(query):
            receipt = Receipt(write=from_json(row.body), at=row.sent_at, request_id=row.request_id, outcome=row.outcome)
            found[row.case_id] = (*found.get(row.case_id, ()), receipt)
    return found


# ------------------------------------------------------------------------------------------------- writing them back


@dataclass(frozen=True, slots=True)
class Standing:
    """What a case's row says at the moment when an outcome is written back."""

    state: CaseState
    cause: str | None
    events: int
    tries: int
    reported_cause: str | None


def standing(connection: sa.Connection, case_ids: Sequence[int]) -> dict[int, Standing]:
    found: dict[int, Standing] = {}
    columns = (cases.c.id, cases.c.state, cases.c.cause, cases.c.events, cases.c.tries, cases.c.reported_cause)
    for start in range(0, len(case_ids), AT_ONCE):
        query = sa.select(*columns).where(cases.c.id.in_(case_ids[start : start + AT_ONCE]))
        for row in connection.execute(query):
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
    .where(_OF_CASE)
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


def locate(connection: sa.Connection, regions: Mapping[int, str]) -> None:
    """Keep in which regions the buckets of these cases were found; a statement for each region, which is mostly one."""
    of_region: dict[str, list[int]] = {}
    for case_id, region in regions.items():
        of_region.setdefault(region, []).append(case_id)
    for region, ids in of_region.items():
        for start in range(0, len(ids), AT_ONCE):
            these = (cases.c.id.in_(ids[start : start + AT_ONCE]), cases.c.region != region)
            connection.execute(cases.update().where(*these).values(region=region))


def wake(connection: sa.Connection, case_ids: Collection[int], now: datetime) -> None:
    """Make these cases due now, where they wait for a time or a person."""
    waiting = cases.c.state.in_([state.value for state in (*_TIMED, *RESTING)])
    connection.execute(cases.update().where(cases.c.id.in_(list(case_ids)), waiting).values(due_at=now))


def wake_held(connection: sa.Connection, by: str, now: datetime, account: AccountRef | None = None) -> None:
    """Make the cases due now whose writes (of one account, or of all) are held by that: it holds no more. An undo that
    was asked for does not say what holds it, and is looked at, too.
    """
    by_that = sa.and_(writes.c.state == WriteState.HELD.value, writes.c.held_by == by)
    held = sa.select(writes.c.case_id).where(sa.or_(by_that, writes.c.state == WriteState.ASKED.value))
    if account is not None:
        held = held.where(writes.c.account == str(account))
    waiting = cases.c.state == CaseState.HELD.value
    connection.execute(cases.update().where(cases.c.id.in_(held), waiting).values(due_at=now))


def wake_all(connection: sa.Connection, now: datetime) -> int:
    """Make every open case due now: the configuration has changed. How many."""
    waking = (*RESTING, CaseState.OPEN, CaseState.WAITING)
    query = cases.update().where(cases.c.state.in_([state.value for state in waking])).values(due_at=now)
    return connection.execute(query).rowcount


def resume(connection: sa.Connection, case_id: int, now: datetime) -> None:
    """A write of this case was settled: look at the case again now. It is `reported` where that took long."""
    states = (CaseState.SENDING.value, CaseState.REPORTED.value)
    sending = (cases.c.id == case_id, cases.c.state.in_(states))
    connection.execute(cases.update().where(*sending).values(state=CaseState.WAITING.value, due_at=now))


def by_state(connection: sa.Connection) -> list[tuple[str, int]]:
    """How many cases there are in each state."""
    query = sa.select(cases.c.state, sa.func.count()).group_by(cases.c.state)
    return [(state, number) for state, number in connection.execute(query)]


def reopen(connection: sa.Connection, case_id: int, now: datetime) -> None:
    """A person wants the case looked at now, whatever its state; not one whose write is on its way."""
    values = {"state": CaseState.OPEN.value, "due_at": now, "closed_at": None, "tries": 0}
    still = (cases.c.id == case_id, cases.c.state != CaseState.SENDING.value)
    connection.execute(cases.update().where(*still).values(values))
