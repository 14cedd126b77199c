"""Two versions of ossmend on one shared state -> who may go on with it, while an upgrade is rolled out node by node.

A node of a newer version brings the schema up to date when it starts. Where its migrations only add, older nodes go on
beside it; where they do not, `migrate.SERVES` is raised, and older nodes stop and say so.
The state says by a row of its own which is the oldest schema whose code it still serves. Every transaction on a lease
asks for that row where it renews the lease (leases.py), and the migration has first waited for those that had asked
already: none of an older version writes one word into a schema that it does not know. Next: postgres.py opens by it.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from ossmend.daemon.host.stops import StateOutgrown
from ossmend.daemon.journal import migrate
from ossmend.daemon.journal.schema import leases, meta

ROW = "schema_serves"
OUTGROWN = (
    "a newer ossmend has changed the schema of {place} (it serves {serves} and newer; this one knows {head}): "
    "this node stops, and the newer ones go on with its work; install their version here"
)
SERVED = f"NOT EXISTS (SELECT FROM meta WHERE name = '{ROW}' AND value > '{migrate.HEAD}')"  # our words
"""May we write into it still? For the WHERE of a statement that renews or takes a lease."""

_NOBODYS = sa.text("UPDATE leases SET node = '', fence = fence + 1")
"""Whoever had them can neither write by them nor renew them. They last as long as they would have: until then he may
send what he had stored his intent for, and whoever had the lane at once would look too early whether that arrived.
"""


def check(connection: sa.Connection, place: str) -> None:
    """Raises StateOutgrown where the schema is not for us any more."""
    serves = connection.scalar(sa.select(meta.c.value).where(meta.c.name == ROW))
    if serves is not None and serves > migrate.HEAD:
        raise StateOutgrown(OUTGROWN.format(place=place, serves=serves, head=migrate.HEAD))


def serves_us(connection: sa.Connection, known: str) -> bool:
    """May this version work a state of the schema `known`, as it is?"""
    if known <= migrate.HEAD:
        return known == migrate.HEAD
    serves = connection.scalar(sa.select(meta.c.value).where(meta.c.name == ROW))
    return serves is not None and serves <= migrate.HEAD


def upgrade(connection: sa.Connection, known: str | None) -> None:
    """Bring the schema up to date, in the caller's transaction. Whom it does not serve any more has ended what it was
    writing, and has lost its leases; whom it serves goes on meanwhile.
    """
    if known is not None and known < migrate.SERVES and sa.inspect(connection).has_table(leases.name):
        connection.execute(sa.text("LOCK TABLE leases IN EXCLUSIVE MODE"))
        connection.execute(_NOBODYS)
    migrate.upgrade(connection)
    values: Mapping[str, str] = {"name": ROW, "value": migrate.SERVES}
    connection.execute(meta.delete().where(meta.c.name == ROW))
    connection.execute(meta.insert().values(values))
