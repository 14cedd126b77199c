"""How many cases are open, and whose they are; what was turned away at a ceiling, as a row for each policy.

Counted by an index that holds the open cases alone, in the caller's transaction. stages/admit.py decides by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.journal.schema import STILL_OPEN, cases, turned_away


def open_by_policy(connection: sa.Connection) -> dict[str, int]:
    query = sa.select(cases.c.policy, sa.func.count()).where(sa.text(STILL_OPEN)).group_by(cases.c.policy)
    return {row[0]: row[1] for row in connection.execute(query)}


def open_by_party(connection: sa.Connection) -> dict[tuple[str, str, str], int]:
    """By policy, and by source and client of whoever told the case first."""
    whose = (cases.c.policy, cases.c.source, cases.c.client)
    query = sa.select(*whose, sa.func.count()).where(sa.text(STILL_OPEN)).group_by(*whose)
    return {(policy, source, client): number for policy, source, client, number in connection.execute(query)}


@dataclass(slots=True)
class Turned:
    """What one batch, or all of one time at the ceiling, has turned away of one policy."""

    ceiling: str
    """The setting that says no: `cases.most_open` or `cases.most_open_per_policy`."""
    most: int
    subjects: int = 0
    """Each as often as a batch has told it: nobody remembers which they were."""
    events: int = 0


def count(connection: sa.Connection, policy: str, turned: Turned, now: datetime) -> bool:
    """Count in what a batch has turned away; True where that begins a time at the ceiling."""
    more = {"subjects": turned_away.c.subjects + turned.subjects, "events": turned_away.c.events + turned.events}
    mine = turned_away.c.policy == policy
    if connection.execute(turned_away.update().where(mine, turned_away.c.over).values(last=now, **more)).rowcount:
        return False
    told_at = connection.scalar(sa.select(turned_away.c.told_at).where(mine))
    connection.execute(turned_away.delete().where(mine))
    values = {"ceiling": turned.ceiling, "most": turned.most, "subjects": turned.subjects, "events": turned.events}
    row = {"policy": policy, "since": now, "last": now, "over": True, "told_at": told_at, **values}
    connection.execute(turned_away.insert().values(row))
    return True


def tell(connection: sa.Connection, policy: str, now: datetime, every: timedelta) -> bool:
    """Are people to be told of it? Not again within so long: a flood that comes and goes is one trouble."""
    again = sa.or_(turned_away.c.told_at.is_(None), turned_away.c.told_at <= now - every)
    query = turned_away.update().where(turned_away.c.policy == policy, again).values(told_at=now)
    return connection.execute(query).rowcount > 0


def all_turned(connection: sa.Connection) -> list[Any]:
    """Every policy's row, those that are at their ceiling first."""
    query = sa.select(turned_away).order_by(turned_away.c.over.desc(), turned_away.c.policy)
    return list(connection.execute(query))


def quiet(connection: sa.Connection, before: datetime) -> list[Any]:
    """The policies that have turned nothing away since then, and still count as being at their ceiling."""
    return list(connection.execute(sa.select(turned_away).where(turned_away.c.over, turned_away.c.last <= before)))


def end(connection: sa.Connection, policy: str) -> None:
    connection.execute(turned_away.update().where(turned_away.c.policy == policy).values(over=False))


def forget(connection: sa.Connection, before: datetime) -> int:
    """Drop what is over since then; how many rows."""
    old = (~turned_away.c.over, turned_away.c.last < before)
    return connection.execute(turned_away.delete().where(*old)).rowcount
