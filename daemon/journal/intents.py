"""Writes in the database: planned, held, intended before they are sent, and settled after.

An intent is stored before its call leaves; a receipt after its answer came. An intent without a receipt, after a
crash or a lost answer, is settled by reading the world (stages/settle.py), never by sending it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa

from ossmend.daemon.journal import bulk, many, taken_back
from ossmend.daemon.journal.bulk import seconds
from ossmend.daemon.journal.many import Change
from ossmend.daemon.journal.schema import approvals, writes
from ossmend.daemon.journal.states import UNSENT, WriteState
from ossmend.daemon.journal.taken_back import TakenBack
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef
from ossmend.remediators.contract.write import Write, digest, from_json, to_json

APPROVAL_LIFE = timedelta(hours=24)
WITNESS = "witness"
"""What holds a write that OSS's own log has to confirm."""
BEYOND = "beyond"
"""What holds a write that is larger than a whole limit; the limit's name follows. No approval lifts one."""
UNDO, GIVES_BACK = "undo", "gives back what was covered"
"""The outcome of a write that takes another one back, until it has one of its own."""

Granted = Literal["approved", "rejected"]


@dataclass(frozen=True, slots=True)
class Intent:
    """One write as the journal holds it."""

    id: int
    case_id: int
    policy: str
    write: Write
    state: WriteState
    digest: str
    planned_at: datetime
    account: AccountRef = DEFAULT_ACCOUNT
    sent_at: datetime | None = None
    outcome: str = ""
    request_id: str | None = None
    held_by: str | None = None

    @property
    def is_undo(self) -> bool:
        """Is it an undo that has not ended yet?"""
        return self.outcome in (UNDO, GIVES_BACK) and self.state in (WriteState.ASKED, WriteState.INTENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWrite:
    """A write to be stored."""

    case_id: int
    policy: str
    write: Write
    state: WriteState
    cost: Decimal | None = None
    account: AccountRef = DEFAULT_ACCOUNT
    why: str = ""
    held_by: str | None = None
    """What holds it: a brake's name, `share`, `witness`, `approval`, ...; stages/brakes.py says which."""
    trust: str | None = None
    source: str | None = None
    client: str | None = None
    """On whose account it goes: what stages/shares.py counts by."""
    since: datetime | None = None
    """When it was planned first, where that has to be kept."""
    oss_time: datetime | None = None
    """When it leaves, by OSS's clock: what the brakes count by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How an intent ended."""

    write_id: int
    state: WriteState
    outcome: str
    request_id: str | None = None


_NEW = (
    "id", "case_id", "policy", "account", "digest", "operation", "target", "body", "state", "bytes", "objects", "cost",
    "planned_at", "sent_at", "oss_time", "outcome", "held_by", "trust", "source", "client",
)  # fmt: skip
_SETTLE = Change(
    writes, ("state", "settled_at", "outcome", "request_id"), only=f"writes.state = '{WriteState.INTENDED.value}'"
)


def put(connection: sa.Connection, new: Sequence[NewWrite], now: datetime) -> list[int]:
    """Store writes, in one statement; their ids. Those `intended` may be sent once the transaction has ended."""
    if not new:
        return []
    ids = bulk.numbers(connection, writes.c.id, len(new))
    bulk.insert(connection, writes, _NEW, [_row(write_id, each, now) for write_id, each in zip(ids, new, strict=True)])
    return ids


def _row(write_id: int, each: NewWrite, now: datetime) -> tuple[object, ...]:
    write, leaves = each.write, each.state is WriteState.INTENDED
    cost = None if each.cost is None else float(each.cost)
    return (
        write_id, each.case_id, each.policy, str(each.account), digest(write), write.operation, write.target,
        to_json(write), each.state.value, write.stored_bytes, write.counted, cost, seconds(each.since or now),
        seconds(now) if leaves else None, seconds(each.oss_time) if leaves else None, each.why, each.held_by,
        each.trust, each.source, each.client,
    )  # fmt: skip


def drop_unsent(connection: sa.Connection, case_ids: Sequence[int]) -> None:
    """Drop what earlier plans of these cases only planned or held: the new plans speak."""
    unsent = many.aside(writes.c.state).in_([state.value for state in UNSENT])
    connection.execute(writes.delete().where(many.among(writes.c.case_id, case_ids), unsent))


def settle(connection: sa.Connection, settlements: Iterable[Settlement], now: datetime) -> None:
    """Close intents: `done`, `failed`, `stale` or `not-sent`. One that is closed stays as it is."""
    rows = [(each.write_id, each.state.value, seconds(now), each.outcome, each.request_id) for each in settlements]
    _SETTLE.make(connection, rows)


def asked(connection: sa.Connection) -> dict[int, Intent]:
    """The undos that people have asked for and that still stand, by case."""
    return {intent.case_id: intent for intent in _intents(connection, writes.c.state == WriteState.ASKED.value)}


def intend(connection: sa.Connection, intent_id: int, now: datetime, oss_time: datetime) -> None:
    """An asked write is about to be sent."""
    values = {"state": WriteState.INTENDED.value, "sent_at": now, "oss_time": oss_time, "held_by": None}
    connection.execute(writes.update().where(writes.c.id == intent_id).values(values))


def hold(connection: sa.Connection, intent_id: int, by: str | None) -> None:
    """What holds an asked write."""
    connection.execute(writes.update().where(writes.c.id == intent_id).values(held_by=by))


def ask_again(connection: sa.Connection, intent_ids: Sequence[int]) -> None:
    """These undos did not leave, or have no effect: a person's word stands until it is done or answered."""
    if intent_ids:
        values = {"state": WriteState.ASKED.value, "sent_at": None, "oss_time": None}
        still = (writes.c.id.in_(intent_ids), writes.c.state == WriteState.INTENDED.value)
        connection.execute(writes.update().where(*still).values(values))


def overtake(connection: sa.Connection, case_id: int, but: int, now: datetime) -> None:
    """An undo of this case has ended: no other one that was asked for can be done any more."""
    others = (writes.c.case_id == case_id, writes.c.state == WriteState.ASKED.value, writes.c.id != but)
    values = {"state": WriteState.NOT_SENT.value, "settled_at": now, "outcome": "another undo was done first"}
    connection.execute(writes.update().where(*others).values(values))


def refuse(connection: sa.Connection, intent_id: int, now: datetime, why: str) -> None:
    """An asked write must not be sent."""
    values = {"state": WriteState.NOT_SENT.value, "settled_at": now, "outcome": why}
    still = (writes.c.id == intent_id, writes.c.state == WriteState.ASKED.value)
    connection.execute(writes.update().where(*still).values(values))


def unsettled(connection: sa.Connection) -> list[Intent]:
    """Intents whose answer is not known."""
    return _intents(connection, writes.c.state == WriteState.INTENDED.value)


def of_case(connection: sa.Connection, case_id: int) -> list[Intent]:
    """Every write of a case, oldest first."""
    return _intents(connection, writes.c.case_id == case_id)


def _intents(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Intent]:
    rows = connection.execute(sa.select(writes).where(condition).order_by(writes.c.id)).all()
    return [
        Intent(row.id, row.case_id, row.policy, from_json(row.body), WriteState(row.state), row.digest, row.planned_at,
               AccountRef.of(row.account), row.sent_at, row.outcome, row.request_id, row.held_by)
        for row in rows
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ what people have said


@dataclass(frozen=True, slots=True)
class Words:
    """What people and witnesses have said about the writes of a turn."""

    granted: Mapping[str, Granted]
    """By digest; what is not here, nobody has spoken about, or not within APPROVAL_LIFE."""
    awaited_since: Mapping[int, datetime]
    """By case: since when its write waits for a witness."""
    taken_back: Mapping[str, TakenBack] = field(default_factory=dict)
    """By the keys of taken_back.py."""


def words(connection: sa.Connection, asked: Collection[Write], case_ids: Sequence[int], now: datetime) -> Words:
    """Everything that has been said about these writes and cases, in two questions."""
    names = {digest(write) for write in asked} | {key for write in asked for key in taken_back.keys(write)}
    said = (many.among(approvals.c.digest, names), approvals.c.expires_at > now)
    columns = (approvals.c.digest, approvals.c.granted, approvals.c.at, approvals.c.case_id)
    spoken = connection.execute(sa.select(*columns).where(*said)).all() if names else ()
    backs = {row.digest: TakenBack(row.at, row.case_id) for row in spoken if taken_back.is_one(row.digest)}
    granted: dict[str, Granted] = {
        row.digest: "approved" if row.granted else "rejected" for row in spoken if row.digest not in backs
    }
    first = sa.type_coerce(sa.func.min(writes.c.planned_at), writes.c.planned_at.type)
    held = (many.aside(writes.c.state) == WriteState.HELD.value, writes.c.held_by == WITNESS)
    query = sa.select(writes.c.case_id, first).where(many.among(writes.c.case_id, case_ids), *held)
    rows = connection.execute(query.group_by(writes.c.case_id)).all() if case_ids else ()
    since = {row[0]: row[1] for row in rows}
    return Words(granted, since, backs)


def use_up(connection: sa.Connection, digests: Collection[str]) -> None:
    """These writes have gone: one approval lets one write go, and no second."""
    if digests:
        connection.execute(approvals.delete().where(many.among(approvals.c.digest, digests), approvals.c.granted))


def approve(
    connection: sa.Connection, digests: Sequence[str], case_id: int, by: str, now: datetime, *, granted: bool
) -> None:
    """Remember a person's word about exactly these writes; it expires after 24 h."""
    for each in digests:
        connection.execute(approvals.delete().where(approvals.c.digest == each))
        connection.execute(
            approvals.insert().values(
                digest=each, case_id=case_id, by=by, at=now, expires_at=now + APPROVAL_LIFE, granted=granted
            )
        )
