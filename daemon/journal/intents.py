"""Writes in the database: planned, held, intended before they are sent, and settled after.

An intent is stored before its call leaves; a receipt after its answer came. An intent without a receipt, after a
crash or a lost answer, is settled by reading the world (dispatch.py), never by sending it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from ossmend.daemon.journal.schema import approvals, writes
from ossmend.remediators.contract.write import Write, digest, from_json, to_json

APPROVAL_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Intent:
    """One write as the journal holds it."""

    id: int
    case_id: int
    policy: str
    write: Write
    state: str
    """`planned` (dry run), `held` (approval or brake), `intended`, `done`, `failed`, `not-sent`, `stale`."""
    digest: str
    planned_at: datetime
    sent_at: datetime | None = None
    outcome: str = ""
    request_id: str | None = None


def replace_unsent(connection: sa.Connection, case_id: int) -> None:
    """Drop what an earlier plan of this case only planned or held: the new plan speaks."""
    connection.execute(writes.delete().where(writes.c.case_id == case_id, writes.c.state.in_(("planned", "held"))))


def put(
    connection: sa.Connection,
    case_id: int,
    policy: str,
    write: Write,
    state: str,
    now: datetime,
    *,
    cost: Decimal | None,
    outcome: str = "",
    owed_to: Mapping[str, str] | None = None,
    since: datetime | None = None,
) -> int:
    """Store a write in `state`; its id. With `intended` it may be sent once the transaction has ended. `owed_to`: the
    trust, source and client that shares.py counts by. `since`: when it was planned first, where that has to be kept.
    """
    result = connection.execute(
        writes.insert().values(
            case_id=case_id,
            policy=policy,
            digest=digest(write),
            operation=write.operation,
            target=write.target,
            body=to_json(write),
            state=state,
            bytes=write.stored_bytes,
            cost=cost,
            planned_at=since or now,
            sent_at=now if state == "intended" else None,
            outcome=outcome,
            **(owed_to or {}),
        )
    )
    assert result.inserted_primary_key is not None  # an autoincrement key always comes back
    return int(result.inserted_primary_key[0])


def settle(
    connection: sa.Connection, intent_id: int, state: str, now: datetime, outcome: str, request_id: str | None = None
) -> None:
    """Close an intent: `done`, `failed`, `stale` (the world had changed, nothing was sent) or `not-sent`."""
    connection.execute(
        writes.update()
        .where(writes.c.id == intent_id, writes.c.state == "intended")
        .values(state=state, settled_at=now, outcome=outcome, request_id=request_id)
    )


def asked(connection: sa.Connection) -> dict[int, Intent]:
    """The undos that people have asked for and that still stand, by case."""
    return {intent.case_id: intent for intent in _intents(connection, writes.c.state == "asked")}


def intend(connection: sa.Connection, intent_id: int, now: datetime) -> None:
    """An asked write is about to be sent."""
    connection.execute(writes.update().where(writes.c.id == intent_id).values(state="intended", sent_at=now))


def refuse(connection: sa.Connection, intent_id: int, now: datetime, why: str) -> None:
    """An asked write must not be sent."""
    values = {"state": "not-sent", "settled_at": now, "outcome": why}
    connection.execute(writes.update().where(writes.c.id == intent_id, writes.c.state == "asked").values(values))


def held_since(connection: sa.Connection, case_id: int, saying: str) -> datetime | None:
    """Since when a write of this case is held for a reason with these words; None where none is."""
    held = (writes.c.case_id == case_id, writes.c.state == "held", writes.c.outcome.contains(saying, autoescape=True))
    first = sa.type_coerce(sa.func.min(writes.c.planned_at), writes.c.planned_at.type)
    since: datetime | None = connection.scalar(sa.select(first).where(*held))
    return since


def unsettled(connection: sa.Connection) -> list[Intent]:
    """Intents whose answer is not known."""
    return _intents(connection, writes.c.state == "intended")


def of_case(connection: sa.Connection, case_id: int) -> list[Intent]:
    """Every write of a case, oldest first."""
    return _intents(connection, writes.c.case_id == case_id)


def _intents(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Intent]:
    rows = connection.execute(sa.select(writes).where(condition).order_by(writes.c.id)).all()
    return [
        Intent(row.id, row.case_id, row.policy, from_json(row.body), row.state, row.digest, row.planned_at,
               row.sent_at, row.outcome, row.request_id)
        for row in rows
    ]  # fmt: skip


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


def approval(connection: sa.Connection, each: str, now: datetime) -> bool | None:
    """What a person said about the write of this digest: True, False, or None if nothing (any more)."""
    granted: bool | None = connection.scalar(
        sa.select(approvals.c.granted).where(approvals.c.digest == each, approvals.c.expires_at > now)
    )
    return granted
