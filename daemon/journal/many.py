"""Many numbers, or many rows to change -> one constant statement, however many they are. Who inserts: bulk.py.

A list of parameters as long as the batch is a statement of its own for every length: SQLAlchemy renders it, and the
database reads and plans it, anew. Here the whole list is one parameter. Changes go to PostgreSQL as one JSON document,
which it joins with the table: it is asked once and not for each row. SQLite has no way to go, and takes tuples.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ossmend.daemon.journal.locks import is_shared_state

_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects untyped


class _Among(FunctionElement[bool]):
    """`column` is one of a list that is one parameter."""

    type = sa.Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002  # SQLAlchemy's own signature
        """It stands as it is. SQLAlchemy would compare it with 1 where a database has no boolean of its own, and by
        `... IN (...) = 1` SQLite finds no index: every list of ids read the whole table.
        """
        return self


def among(column: sa.ColumnElement[Any], values: Collection[int] | Collection[str]) -> sa.ColumnElement[bool]:
    """For a WHERE, in the place of `column.in_(values)`."""
    return _Among(column, sa.literal(_ENCODER.encode(list(values)), sa.Text()))


class _Aside(FunctionElement[str]):
    """A column that is compared, and by which no row is found."""

    type = sa.Text()
    inherit_cache = True
    name = "aside"


def aside(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """For a second condition beside `among`: SQLite knows no numbers of rows, and would rather walk through all writes
    that are done than look for those of a thousand cases.
    """
    return _Aside(column)


@compiles(_Aside, "sqlite")
def _without_its_index(element: _Aside, compiler: Any, **more: Any) -> str:
    return f"+{compiler.process(element.clauses.clauses[0], **more)}"


@compiles(_Aside, "postgresql")
def _as_it_is(element: _Aside, compiler: Any, **more: Any) -> str:
    """PostgreSQL counts its rows, and chooses by that."""
    return str(compiler.process(element.clauses.clauses[0], **more))


@compiles(_Among, "sqlite")
def _by_json_each(element: _Among, compiler: Any, **more: Any) -> str:
    column, values = (compiler.process(each, **more) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # our own schema's words


@compiles(_Among, "postgresql")
def _by_array(element: _Among, compiler: Any, **more: Any) -> str:
    """An array, and no subquery: of that the planner knows neither the length nor that an index serves it."""
    column, values = (compiler.process(each, **more) for each in element.clauses)
    kind = element.clauses.clauses[0].type.compile(_POSTGRES)
    listed = f"SELECT CAST(value AS {kind}) FROM json_array_elements_text(CAST({values} AS json)) AS value"  # noqa: S608  # as above
    return f"{column} = ANY (ARRAY({listed}))"


@dataclass(frozen=True)
class Change:
    """A change of many rows of one table, each named by its id."""

    table: sa.Table
    columns: tuple[str, ...]
    """What is set, in this order."""
    kept: frozenset[str] = frozenset()
    """Of these: None leaves them as they are."""
    only: str = "TRUE"
    """Of a row that is not so, nothing is changed."""

    def make(self, connection: sa.Connection, rows: Sequence[tuple[object, ...]]) -> None:
        """Each row is (id, *columns), with what the database keeps: seconds for an instant, a JSON value for JSON."""
        if not rows:
            return
        if is_shared_state(connection):
            names = ("id", *self.columns)
            document = _ENCODER.encode([dict(zip(names, row, strict=True)) for row in rows])
            connection.execute(self._joined, {"rows": document})
        else:
            connection.exec_driver_sql(self._each, [self._flat(row) for row in rows])

    def _flat(self, row: tuple[object, ...]) -> tuple[object, ...]:
        """By position for SQLite: the id is asked for last."""
        return (*(_ENCODER.encode(each) if isinstance(each, Mapping) else each for each in row[1:]), row[0])

    @cached_property
    def _joined(self) -> sa.TextClause:
        table = self.table.name
        kinds = ", ".join(f"{name} {self.table.c[name].type.compile(_POSTGRES)}" for name in ("id", *self.columns))
        changes = ", ".join(f"{name} = {self._kept_or(name, f'news.{name}')}" for name in self.columns)
        return sa.text(
            f"UPDATE {table} SET {changes} FROM json_to_recordset(CAST(:rows AS json)) AS news ({kinds}) "  # noqa: S608  # the names are our own schema's
            f"WHERE {table}.id = news.id AND {self.only}"
        )

    @cached_property
    def _each(self) -> str:
        changes = ", ".join(f"{name} = {self._kept_or(name, '?')}" for name in self.columns)
        return f"UPDATE {self.table.name} SET {changes} WHERE id = ? AND {self.only}"  # noqa: S608  # as above

    def _kept_or(self, name: str, new: str) -> str:
        return f"coalesce({new}, {self.table.name}.{name})" if name in self.kept else new
