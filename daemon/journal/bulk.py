"""Many new rows -> one call of the database, without SQLAlchemy's work on each value of each row.

An intake of events that are all different is bound by that work (bench/intake.py; docs/decisions has the profile). The
values have to be what the database keeps: seconds for an instant (`seconds`), text for JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.journal.locks import is_shared_state

_MARKS = {"qmark": "?", "format": "%s", "pyformat": "%s"}


def insert(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert rows of these columns, in this order."""
    if rows and is_shared_state(connection):
        _copy(connection, table, columns, rows)
    elif rows:
        connection.exec_driver_sql(_sql(table, columns, connection.dialect.paramstyle), list(rows))


def _copy(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]
) -> None:
    """By COPY, which asks PostgreSQL once and not for each row."""
    names = ", ".join(table.c[column].name for column in columns)
    driver: Any = connection.connection.cursor()
    with driver, driver.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


@cache
def _sql(table: sa.Table, columns: tuple[str, ...], paramstyle: str) -> str:
    names = ", ".join(table.c[column].name for column in columns)
    marks = ", ".join([_MARKS[paramstyle]] * len(columns))
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608  # the names are our own schema's


def numbers(connection: sa.Connection, column: sa.Column[int], how_many: int, *also: sa.Column[int]) -> list[int]:
    """Numbers for new rows, which nobody else gets: neither is one given again that `also` speaks of."""
    if is_shared_state(connection):
        sequence = f"{column.table.name}_{column.name}_seq"
        query = sa.text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :how_many)")
        return sorted(connection.scalars(query, {"sequence": sequence, "how_many": how_many}))
    last = max(connection.scalar(sa.select(sa.func.max(each))) or 0 for each in (column, *also))
    return list(range(last + 1, last + 1 + how_many))


def seconds(at: datetime | None) -> float | None:
    """As schema.py's Instant is kept."""
    return None if at is None else at.timestamp()
