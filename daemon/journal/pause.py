"""Which policies a person has paused: kept in the state, so that it survives restarts and every process sees it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from ossmend.daemon.journal import cases, entries, locks
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import meta

HELD_BY = "pause"
"""What holds a write meanwhile."""
FILE = "pause"
"""In the state directory: while it is there, every policy is paused."""
_NAME = "paused:"
BY_FILE = "pause_file:"
"""With the name of this machine, where the state has several: its file is known to be there."""


def file_in(directory: Path) -> str | None:
    """The file that pauses, where it is there. In a directory that may not be looked into nobody sees one."""
    file = directory / FILE
    return str(file) if os.path.exists(file) else None  # noqa: PTH110  # Path's own raises there


@dataclass(frozen=True, slots=True)
class Paused:
    """One pause that stands."""

    policy: str
    """Empty: every policy."""
    by: str
    at: str
    """ISO 8601, UTC."""


def standing(connection: sa.Connection) -> list[Paused]:
    """The pauses that stand, the general one first."""
    rows = connection.execute(sa.select(meta.c.value).where(meta.c.name.startswith(_NAME)).order_by(meta.c.name))
    return [Paused(**json.loads(row.value)) for row in rows]


def pause(connection: sa.Connection, policy: str, by: str, now: datetime) -> None:
    """Pause a policy, or with an empty name all of them; who paused first stays named."""
    locks.take(connection, locks.PAUSE)
    name = _NAME + policy
    if connection.scalar(sa.select(meta.c.name).where(meta.c.name == name)) is not None:
        return
    new = Paused(policy, by, now.isoformat(timespec="seconds"))
    connection.execute(meta.insert().values(name=name, value=json.dumps(asdict(new))))
    entries.append(connection, now, [Entry("paused", None, {"policy": policy or "all", "by": by})])


def resume(connection: sa.Connection, policy: str, by: str, now: datetime) -> list[Paused]:
    """End the pause of a policy, or with an empty name every pause. What has stood until now; what it held is due."""
    locks.take(connection, locks.PAUSE)
    ended = [each for each in standing(connection) if policy in ("", each.policy)]
    for each in ended:
        connection.execute(meta.delete().where(meta.c.name == _NAME + each.policy))
        entries.append(connection, now, [Entry("resumed", None, {"policy": each.policy or "all", "by": by})])
    if ended:
        cases.wake_held(connection, HELD_BY, now)
    return ended


def by_file(connection: sa.Connection, host: str, file: str, now: datetime, *, there: bool) -> bool:
    """The file that pauses every policy is there, or is not: write down where that is news, also for who was not at
    work when it came or went. What it held is due when it is gone.
    """
    locks.take(connection, locks.PAUSE)
    known = connection.scalar(sa.select(meta.c.name).where(meta.c.name == BY_FILE + host)) is not None
    if known is there:
        return False
    data = {"policy": "all", "by": f"the file {file}"}
    if there:
        connection.execute(meta.insert().values(name=BY_FILE + host, value=now.isoformat(timespec="seconds")))
        entries.append(connection, now, [Entry("paused", None, data)])
        return True
    connection.execute(meta.delete().where(meta.c.name == BY_FILE + host))
    cases.wake_held(connection, HELD_BY, now)
    entries.append(connection, now, [Entry("resumed", None, data | {"why": "the file is gone"})])
    return True
