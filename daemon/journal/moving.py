"""A SQLite state -> the same in PostgreSQL, whole or not at all, and marked so that nobody works the old one any more.

Every row goes over in one transaction. The journal's chain is walked before and after, and what was counted here has to
be counted there. The mark is written last: where the move was cut off in between, it is found done, and only marked.
Called by commands/migrate_state.py.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal import entries
from ossmend.daemon.journal.schema import cases, cursors, leases, meta, metadata, nodes, notices, writes
from ossmend.daemon.journal.schema import entries as journal
from ossmend.daemon.journal.store import MOVED, Store
from ossmend.daemon.journal.versions import ROW as SERVES

AT_ONCE = 2000
NOT_MOVED = (nodes, leases)
COUNTED = {cases: (cases.c.id, journal.c.case_id), writes: (writes.c.id,), notices: (notices.c.id,)}
"""Tables whose rows the database numbers, and what a new number has to be greater than."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What went over."""

    rows: dict[str, int]
    """By table."""
    head: str
    """The hash of the journal's last entry, here as there; empty without entries."""
    before: bool
    """It was there already, and had only to be marked."""


def move(source: Store, target: Store, place: str, local: Collection[str], host: str) -> Moved:
    """`place`: what the mark says. `local`: the sources that lie in files of this machine, `host`: their cursors are
    its own from now on. Raises StateUnavailable, with the reason for a person.
    """
    with source.begin() as here:
        _holds(here, "the state here")
        with target.begin() as there:
            before = _is_there(here, there)
            if not before:
                _fill(here, there, local, host)
            moved = Moved(_numbers(there), _head(there), before)
        here.execute(meta.insert().values(name=MOVED, value=place))
    return moved


def _fill(here: sa.Connection, there: sa.Connection, local: Collection[str], host: str) -> None:
    _empty(there)
    for table in _tables():
        _copy(here, there, table)
    _name_cursors(there, local, host)
    _count_on(there)
    _holds(there, "what was moved")
    if _numbers(here) != _numbers(there) or _head(here) != _head(there):
        raise StateUnavailable("not all rows went over: nothing was moved")


def _tables() -> list[sa.Table]:
    return [table for table in metadata.sorted_tables if table not in NOT_MOVED]


def _holds(connection: sa.Connection, what: str) -> None:
    broken = entries.first_broken(connection)
    if broken is not None:
        raise StateUnavailable(f"the journal's chain in {what} is broken at entry {broken}: nothing was moved")


def _is_there(here: sa.Connection, there: sa.Connection) -> bool:
    return bool(_head(here)) and _head(here) == _head(there) and _numbers(here) == _numbers(there)


def _empty(there: sa.Connection) -> None:
    found = [name for name, number in _numbers(there).items() if number]
    if found:
        raise StateUnavailable(f"there is a state already ({', '.join(found)}): name an empty database")


def _numbers(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has, without the mark, and the schema's own (versions.py)."""
    return {
        table.name: connection.scalar(sa.select(sa.func.count()).select_from(table).where(_but_mark(table))) or 0
        for table in _tables()
    }


def _but_mark(table: sa.Table) -> sa.ColumnElement[bool]:
    return meta.c.name.not_in((MOVED, SERVES)) if table is meta else sa.true()


def _head(connection: sa.Connection) -> str:
    return connection.scalar(sa.select(journal.c.hash).order_by(journal.c.seq.desc()).limit(1)) or ""


def _copy(here: sa.Connection, there: sa.Connection, table: sa.Table) -> None:
    rows = here.execute(sa.select(table).order_by(*table.primary_key))
    while some := rows.mappings().fetchmany(AT_ONCE):
        there.execute(table.insert(), [dict(row) for row in some])


def _name_cursors(there: sa.Connection, local: Collection[str], host: str) -> None:
    """As stages/read.py names them."""
    for name in local:
        there.execute(cursors.update().where(cursors.c.source == name).values(source=f"{name}@{host}"))


def _count_on(there: sa.Connection) -> None:
    for table, columns in COUNTED.items():
        last = max(there.scalar(sa.select(sa.func.max(column))) or 0 for column in columns)
        if last:
            query = sa.text("SELECT setval(CAST(:sequence AS regclass), :last)")
            there.execute(query, {"sequence": f"{table.name}_id_seq", "last": last})
