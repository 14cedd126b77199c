"""Cases in the database: the stages take the due ones, and whoever knows why wakes one.

All functions work inside the caller's transaction (store.py). `due_at` is set only while a case waits for its turn or
its time (states.py), so due is one index away. Cases are opened by intake.py, and what becomes of one is written back
by decisions.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from pydantic_core import from_json as from_json_text

from ossmend.daemon.journal import many
from ossmend.daemon.journal.locks import is_shared_state
from ossmend.daemon.journal.schema import cases, writes
from ossmend.daemon.journal.states import NOT_YET, RESTING, UNCHECKED, WAITS, CaseState, WriteState
from ossmend.remediators.contract.case import Case, Event, Receipt, Subject
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.write import from_json

REPLAN_PAUSE = timedelta(seconds=15)
"""A case that rests is looked at again on new events, but no more often than this: a flood must not become calls."""
EVENTS = TypeAdapter(list[Event])
"""How the samples of a case are kept."""
OF_CASE = cases.c.id == sa.bindparam("case")
"""For statements that change many cases in one call of the database."""

_TIMED = tuple(state for state, waits in WAITS.items() if waits in ("for its turn", "for its time"))
_BUCKET_AT = {"object": 0, "cors": 0, "denied": 0, "batch": 0, "code": 1}
"""Which part of a subject names the bucket."""


def lane_of(account: AccountRef, subject: Subject) -> str:
    """Cases of one lane are planned together and wait for each other; lanes never do. One for each account, kind of
    subject and bucket: what is asked about a bucket's objects must not wait for what is asked about its owner.
    """
    at = _BUCKET_AT.get(subject.kind)
    bucket = subject.parts[at] if at is not None and at < len(subject.parts) else ""
    return f"{account}/{subject.kind}/{bucket}"


@dataclass(frozen=True, slots=True)
class Lane:
    """The due cases of one lane, by their numbers: so many may wait for a thread that nothing else of them is kept."""

    account: AccountRef
    ids: list[int]


def waiting(connection: sa.Connection, now: datetime, limit: int, busy: Collection[str] = ()) -> dict[str, Lane]:
    """The cases whose time has come, longest waiting first, by lane: none of the lanes that are at work already, at
    most so many in all. None with a write of which nobody knows whether it took effect: nothing is planned on that.
    """
    query = _due(sa.select(cases.c.id, cases.c.lane, cases.c.account), now)
    if busy:
        query = query.where(~many.among(cases.c.lane, busy))
    found: dict[str, Lane] = {}
    for case_id, lane, account in connection.execute(query.order_by(cases.c.due_at, cases.c.id).limit(limit)):
        if lane not in found:
            found[lane] = Lane(AccountRef.of(account), [])
        found[lane].ids.append(case_id)
    return found


def rows(connection: sa.Connection, now: datetime, ids: Sequence[int]) -> Rows:
    """Those of these that are due still, longest waiting first: somebody else may have worked one in the meantime."""
    query = _due(sa.select(*_COLUMNS), now).where(many.among(cases.c.id, ids))
    found = connection.execute(query.order_by(cases.c.due_at, cases.c.id)).all()
    return Rows(found, _receipts(connection, [row.id for row in found]))


def _due(query: sa.Select[Any], now: datetime) -> sa.Select[Any]:
    open_intents = sa.select(writes.c.case_id).where(writes.c.state == WriteState.INTENDED.value)
    return query.where(cases.c.due_at <= now, cases.c.id.not_in(open_intents))


def lanes(connection: sa.Connection, case_ids: Collection[int]) -> dict[int, str]:
    query = sa.select(cases.c.id, cases.c.lane).where(many.among(cases.c.id, case_ids))
    return {row.id: row.lane for row in connection.execute(query)}


def lock(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[int]:
    """Nobody else changes these cases until the transaction ends; always in the order of their numbers."""
    query = sa.select(cases.c.id).where(condition).order_by(cases.c.id).with_for_update()
    return list(connection.scalars(query)) if is_shared_state(connection) else []


def get(connection: sa.Connection, case_id: int) -> Case | None:
    found = connection.execute(sa.select(*_COLUMNS).where(cases.c.id == case_id)).all()
    return Rows(found, _receipts(connection, [case_id])).cases()[0] if found else None


def next_due(connection: sa.Connection, busy: Collection[str] = ()) -> datetime | None:
    """When the next case will be due that is in no busy lane; None when nothing is waiting for a time."""
    open_intents = sa.select(writes.c.case_id).where(writes.c.state == WriteState.INTENDED.value)
    query = sa.select(sa.type_coerce(sa.func.min(cases.c.due_at), cases.c.due_at.type))
    query = query.where(cases.c.id.not_in(open_intents))  # as `waiting` does: else the loop would turn for nothing
    if busy:
        query = query.where(~many.among(cases.c.lane, busy))
    due_at: datetime | None = connection.scalar(query)
    return due_at


_COLUMNS = (
    *(cases.c[name] for name in ("id", "account", "state", "policy", "code", "events", "opened_at", "first_seen",
                                 "last_seen", "samples", "verified_at", "recurrences", "batch")),
    *(sa.cast(cases.c[name], sa.Text).label(name) for name in ("subject", "usage")),
)  # fmt: skip
"""Not the diagnosis of the last plan, which is the largest part of a row."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Cases as they were read. To parse a thousand takes a while, which no transaction should wait for."""

    rows: Sequence[Any]
    receipts: Mapping[int, tuple[Receipt, ...]]

    def cases(self, is_dry_run: Callable[[str], bool] = lambda _policy: False) -> list[Case]:
        return [_case(row, self.receipts.get(row.id, ()), dry_run=is_dry_run(row.policy)) for row in self.rows]


def _case(row: Any, receipts: tuple[Receipt, ...], *, dry_run: bool) -> Case:
    kind, *parts = from_json_text(row.subject)
    return Case(
        id=row.id,
        account=AccountRef.of(row.account),
        state=row.state,
        policy=row.policy,
        code=row.code,
        subject=Subject(kind, tuple(parts)),
        events=row.events,
        opened_at=row.opened_at,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        samples=tuple(EVENTS.validate_json(row.samples)),
        usage=from_json_text(row.usage),
        receipts=receipts,
        verified_at=row.verified_at,
        recurrences=row.recurrences,
        dry_run=dry_run,
        batch=row.batch,
    )


def _receipts(connection: sa.Connection, case_ids: Sequence[int]) -> Mapping[int, tuple[Receipt, ...]]:
    found: dict[int, tuple[Receipt, ...]] = {}
    query = (
        sa.select(writes.c.case_id, writes.c.body, writes.c.sent_at, writes.c.request_id, writes.c.outcome)
        .where(many.among(writes.c.case_id, case_ids), many.aside(writes.c.state) == WriteState.DONE.value)
        .order_by(writes.c.sent_at, writes.c.id)
    )
    for row in connection.execute(query):
        receipt = Receipt(write=from_json(row.body), at=row.sent_at, request_id=row.request_id, outcome=row.outcome)
        found[row.case_id] = (*found.get(row.case_id, ()), receipt)
    return found


def locate(connection: sa.Connection, regions: Mapping[int, str]) -> None:
    """Keep in which regions the buckets of these cases were found; a statement for each region, which is mostly one."""
    of_region: dict[str, list[int]] = {}
    for case_id, region in regions.items():
        of_region.setdefault(region, []).append(case_id)
    for region, ids in of_region.items():
        these = (many.among(cases.c.id, ids), cases.c.region != region)
        connection.execute(cases.update().where(*these).values(region=region))


def wake(connection: sa.Connection, case_ids: Collection[int], now: datetime) -> None:
    """Make these cases due now, where they wait for a time or a person."""
    waiting = cases.c.state.in_([state.value for state in (*_TIMED, *RESTING)])
    lock(connection, cases.c.id.in_(list(case_ids)))
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
    lock(connection, sa.and_(cases.c.id.in_(held), waiting))
    connection.execute(cases.update().where(cases.c.id.in_(held), waiting).values(due_at=now))


def wake_lane(connection: sa.Connection, lane: str, now: datetime) -> None:
    """Make the cases of one lane due now that rest: what they are about was changed by another of them."""
    resting = sa.and_(cases.c.lane == lane, cases.c.state.in_([state.value for state in RESTING]))
    lock(connection, resting)
    connection.execute(cases.update().where(resting).values(due_at=now))


def wake_all(connection: sa.Connection, now: datetime) -> int:
    """Make every open case due now: the configuration has changed. How many."""
    waking = (*RESTING, CaseState.OPEN, CaseState.WAITING)
    lock(connection, cases.c.state.in_([state.value for state in waking]))
    query = cases.update().where(cases.c.state.in_([state.value for state in waking])).values(due_at=now)
    return connection.execute(query).rowcount


def wake_unchecked(connection: sa.Connection, now: datetime) -> int:
    """Make those cases due now that nobody could check: the cloud answers again. How many."""
    refused = cases.c.cause == UNCHECKED
    unanswered = sa.and_(cases.c.state == CaseState.WAITING.value, cases.c.why.startswith(NOT_YET, autoescape=True))
    waking = cases.c.state.in_([state.value for state in (*RESTING, CaseState.WAITING)])
    those = sa.and_(waking, sa.or_(refused, unanswered))
    lock(connection, those)
    return connection.execute(cases.update().where(those).values(due_at=now)).rowcount


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
