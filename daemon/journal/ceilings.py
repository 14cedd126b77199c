"""How many cases are open, and whose they are; what was turned away at a ceiling, as a row for each policy.

Counted by an index that holds the open cases alone, in the caller's transaction. stages/admit.py decides by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.journal.locks import is_shared_state
from ossmend.daemon.journal.schema import STILL_OPEN, cases, turned_away

COUNTED_FOR = timedelta(minutes=1)


def open_by_policy(connection: sa.Connection) -> dict[str, int]:
    query = sa.select(cases.c.policy, sa.func.count()).where(sa.text(STILL_OPEN)).group_by(cases.c.policy)
    return {row[0]: row[1] for row in connection.execute(query)}


class AtMost:
    """How many cases are open, by policy, or a few more: counted now and then, and what was opened since is added.
    Counting walks over every open case, and mostly there is room by far.
    """

    def __init__(self) -> None:
        self._most: Counter[str] = Counter()
        self._at: datetime | None = None

    def known(self, connection: sa.Connection, now: datetime) -> Mapping[str, int] | None:
        """None where it has to be counted. Other nodes may open cases, too: then that is always."""
        is_old = self._at is None or abs(now - self._at) > COUNTED_FOR
        return None if is_old or is_shared_state(connection) else self._most

    def count(self, connection: sa.Connection, now: datetime) -> Mapping[str, int]:
        """In the transaction that opens more: nobody opens any beside it."""
        self._most, self._at = Counter(open_by_policy(connection)), now
        return self._most

    def opens(self, new: Mapping[str, int]) -> None:
        """So many at most are opened, or reopened, of each policy."""
        self._most += Counter(new)


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
