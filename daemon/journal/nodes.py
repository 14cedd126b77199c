"""Which nodes work a shared state, and what each of them has: for people, and for who asks whether anybody works.

What is told here is as the database knows it, by its own clock. The leases themselves are leases.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ossmend.daemon.journal.leases import LEASE_SECONDS
from ossmend.daemon.journal.schema import leases, nodes

_NOW: sa.ColumnElement[float] = sa.literal_column("extract(epoch FROM clock_timestamp())", sa.Float(53))


@dataclass(frozen=True, slots=True)
class Node:
    """One process that works the state."""

    name: str
    host: str
    version: str
    started_at: datetime
    seen_at: datetime
    lives: bool
    """It was heard of within the time of a lease; what it had is free otherwise."""
    leases: tuple[str, ...]


def known(connection: sa.Connection) -> list[Node]:
    """Every node that has not said goodbye, the oldest first; none on SQLite, which has one process."""
    if connection.dialect.name != "postgresql":
        return []
    held: dict[str, list[str]] = {}
    query = sa.select(leases.c.name, leases.c.node).where(sa.type_coerce(leases.c.until, sa.Float(53)) > _NOW)
    for row in connection.execute(query.order_by(leases.c.name)):
        held.setdefault(row.node, []).append(row.name)
    alive = sa.type_coerce(nodes.c.seen_at, sa.Float(53)) > _NOW - LEASE_SECONDS
    return [
        Node(row.name, row.host, row.version, row.started_at, row.seen_at, row.lives, tuple(held.get(row.name, ())))
        for row in connection.execute(sa.select(nodes, alive.label("lives")).order_by(nodes.c.started_at))
    ]


def living(connection: sa.Connection) -> list[Node]:
    return [node for node in known(connection) if node.lives]
