"""What people have taken back -> known again by what it does, in whatever case and by whichever policy it is planned.

A row of `approvals` for each thing that the write did: a person's word, as an approval is. It ends when somebody has
approved the same and that has gone. undos.py puts it there; intents.py reads it with what else people have said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from ossmend.daemon.journal import bulk, many
from ossmend.daemon.journal.bulk import seconds
from ossmend.daemon.journal.schema import approvals
from ossmend.remediators.contract.write import Write

LIFE = timedelta(days=3650)
"""For good, as far as anybody asks."""
_MARK = "undone "
_NEW = ("digest", "case_id", "by", "at", "expires_at", "granted")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """When, and in which case."""

    at: datetime
    case_id: int


def keys(write: Write) -> list[str]:
    """How the same is found again, in the place of a digest; none for what only prepares another write."""
    return [] if write.only_prepares else _keys(write.effects)


def is_one(digest: str) -> bool:
    return digest.startswith(_MARK)


def remember(connection: sa.Connection, effects: Iterable[str], case_id: int, by: str, at: datetime) -> None:
    """These were taken back. What was said of the same before is over with that."""
    found = list(dict.fromkeys(_keys(effects)))
    connection.execute(approvals.delete().where(many.among(approvals.c.digest, found)))
    rows = [(key, case_id, by, seconds(at), seconds(at + LIFE), False) for key in found]
    bulk.insert(connection, approvals, _NEW, rows)


def forget(connection: sa.Connection, done: Collection[Write]) -> None:
    """These have gone, and a person has let each of them go that had been taken back: it is the policy's again."""
    if found := [key for write in done for key in keys(write)]:
        connection.execute(approvals.delete().where(many.among(approvals.c.digest, found)))


def _keys(effects: Iterable[str]) -> list[str]:
    return [_MARK + hashlib.sha256(effect.encode()).hexdigest() for effect in effects]
