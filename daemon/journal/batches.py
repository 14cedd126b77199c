"""Cases that one batch job restores together: who waits whether there are enough, who belongs to which, who is let go.

A case of the kind `batch` stands for the job (remediators/batch_restore.py). The cases of its objects name it in their
row; they wait while it is open, and are looked at again when it is over. stages/gather.py decides, in the transaction
of its turn.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from pydantic_core import from_json

from ossmend.daemon.journal import intake, many
from ossmend.daemon.journal.cases import lane_of
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.folds import Fold
from ossmend.daemon.journal.schema import STILL_OPEN, cases, writes
from ossmend.daemon.journal.states import CaseState, WriteState
from ossmend.remediators.contract.case import Case, Subject
from ossmend.remediators.contract.values import AccountRef, ObjectRef

KIND: Final = "batch"
CODE = "InvalidObjectState"
_SUBJECT = f'["{KIND}",'
"""How its subject begins, as intake.py keeps it."""
_OVER = (CaseState.CLOSED.value, CaseState.PARKED.value)
"""A job's case that will do nothing more by itself."""


class Group(NamedTuple):
    """What the objects of one job have in common."""

    account: AccountRef
    policy: str
    bucket: str
    storage_class: str
    tier: str
    days: int
    trust: str

    @property
    def held_by(self) -> str:
        """What holds the writes that wait whether enough others come."""
        return f"{KIND} {self.storage_class}/{self.tier}/{self.days}"

    @property
    def parts(self) -> tuple[str, ...]:
        """Of the subject, without the name."""
        return (self.bucket, self.storage_class, self.tier, str(self.days), self.trust)


class Gathering(NamedTuple):
    """A job's case for which nothing was written yet."""

    id: int
    members: int


def _waiting(group: Group) -> sa.Select[tuple[int]]:
    """The cases whose writes wait whether enough others of the group come."""
    lane = lane_of(group.account, Subject("object", (group.bucket, "", "")))
    held = (writes.c.state == WriteState.HELD.value, writes.c.held_by == group.held_by)
    whose = (writes.c.policy == group.policy, writes.c.trust == group.trust, cases.c.lane == lane)
    return sa.select(writes.c.case_id).join(cases, cases.c.id == writes.c.case_id).where(*held, *whose)


def waiting(connection: sa.Connection, group: Group) -> int:
    """How many they are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(_waiting(group).subquery())) or 0


def unplanned(connection: sa.Connection, group: Group, now: datetime, most: int) -> int:
    """How many due cases of its lane and policy nobody has looked at yet; they may be of the group. At most so many."""
    lane = lane_of(group.account, Subject("object", (group.bucket, "", "")))
    mine = (cases.c.lane == lane, cases.c.policy == group.policy, sa.text(STILL_OPEN))
    due = sa.select(cases.c.id).where(*mine, cases.c.state == CaseState.OPEN.value, cases.c.due_at <= now).limit(most)
    return connection.scalar(sa.select(sa.func.count()).select_from(due.subquery())) or 0


def wake(connection: sa.Connection, group: Group, now: datetime) -> None:
    """There are enough: they are due now."""
    these = (cases.c.id.in_(_waiting(group)), cases.c.state == CaseState.WAITING.value)
    connection.execute(cases.update().where(*these).values(due_at=now))


def since(connection: sa.Connection, case_ids: Sequence[int]) -> dict[int, datetime]:
    """By case: since when its write waits so."""
    first = sa.type_coerce(sa.func.min(writes.c.planned_at), writes.c.planned_at.type)
    held = (many.among(writes.c.case_id, case_ids), many.aside(writes.c.state) == WriteState.HELD.value)
    query = sa.select(writes.c.case_id, first).where(*held, writes.c.held_by.startswith(f"{KIND} "))
    rows = connection.execute(query.group_by(writes.c.case_id)) if case_ids else ()
    return {row[0]: row[1] for row in rows}


def gathering(connection: sa.Connection, group: Group) -> Gathering | None:
    """The newest job's case of this group that may still take objects: nothing was written for it yet. Nobody ends it
    until the transaction does: who joined one that was over would wait for nothing.
    """
    lane = lane_of(group.account, Subject(KIND, group.parts))
    states = cases.c.state.in_([CaseState.OPEN.value, CaseState.WAITING.value])
    mine = (cases.c.lane == lane, cases.c.policy == group.policy, states)
    unwritten = ~sa.exists().where(writes.c.case_id == cases.c.id)
    query = sa.select(cases.c.id, cases.c.subject).where(*mine, unwritten).order_by(cases.c.id.desc())
    for row in connection.execute(query.with_for_update(of=cases)):
        if tuple(row.subject[1:-1]) == group.parts:
            number = sa.select(sa.func.count()).select_from(cases).where(cases.c.batch == row.id)
            return Gathering(row.id, connection.scalar(number) or 0)
    return None


def open_one(connection: sa.Connection, group: Group, first: Case, now: datetime) -> tuple[int, list[Entry]]:
    """A new case for a job, and what to say of it."""
    subject = Subject(KIND, (*group.parts, secrets.token_hex(8)))
    fold = Fold(group.policy, CODE, subject, timedelta(0), group.account)
    fold.add(first.event, now)
    said = intake.fold(connection, {fold.key: fold}, now)
    found = connection.scalar(sa.select(cases.c.id).where(cases.c.subject_key == fold.key))
    assert found is not None  # it was just opened
    return found, said


def join(connection: sa.Connection, batch: int, case_ids: Sequence[int], planned_at: datetime) -> None:
    """These cases wait for that job's from now on, which is planned at that time."""
    connection.execute(cases.update().where(many.among(cases.c.id, case_ids)).values(batch=batch))
    connection.execute(cases.update().where(cases.c.id == batch).values(due_at=planned_at))


def ended(connection: sa.Connection, batches: Collection[int]) -> dict[int, datetime | None]:
    """Of these jobs' cases, as far as they are kept: since when they are over; None while they are not."""
    columns = (cases.c.id, cases.c.state, cases.c.closed_at, cases.c.planned_at)
    rows = connection.execute(sa.select(*columns).where(many.among(cases.c.id, batches))) if batches else ()
    return {row.id: (row.closed_at or row.planned_at) if row.state in _OVER else None for row in rows}


def members(connection: sa.Connection, rows: Sequence[Any]) -> dict[int, Sequence[str]]:
    """By job's case among these rows: the subjects of the cases that wait for it, as they are kept."""
    return {row.id: _waiting_for(connection, row.id) for row in rows if row.subject.startswith(_SUBJECT)}


def _waiting_for(connection: sa.Connection, batch: int) -> Sequence[str]:
    mine = (cases.c.batch == batch, cases.c.state == CaseState.WAITING.value)
    return connection.scalars(sa.select(sa.cast(cases.c.subject, sa.Text)).where(*mine).order_by(cases.c.id)).all()


def with_members(due: Sequence[Case], members: Mapping[int, Sequence[str]]) -> list[Case]:
    """The cases of jobs, each with the objects of those that wait for it; others as they are. Parsed here: fifty
    thousand take a while, which no transaction should wait for.
    """
    return [replace(case, members=_refs(members[case.id])) if case.id in members else case for case in due]


def _refs(subjects: Sequence[str]) -> tuple[ObjectRef, ...]:
    parsed = map(from_json, subjects)
    return tuple(ObjectRef(subject[1], subject[2]) for subject in parsed)


def let_go(connection: sa.Connection, batch: int, now: datetime, *, closed: bool) -> None:
    """A job's case is over: the cases that waited for it are looked at now, or are over with it."""
    anew = {"state": CaseState.CLOSED.value, "closed_at": now, "due_at": None} if closed else {"due_at": now}
    mine = (cases.c.batch == batch, cases.c.state == CaseState.WAITING.value)
    connection.execute(cases.update().where(*mine).values(anew))
