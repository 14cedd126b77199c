"""What may happen once at a time, whoever asks -> a lock of the database that ends with the caller's transaction.

SQLite gives the writer's turn to one transaction as a whole (store.py), so nothing is asked of it here. PostgreSQL lets
transactions of all nodes work side by side; what has to be read, merged and written as one thing takes its lock
first. Always in this order, so that no two wait for each other: the lease (leases.py), then these from top to
bottom, then rows of cases by their id, then CHAIN, which store.py takes last.
"""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa

CONFIG = "config"
"""By which configuration the open cases were planned."""
INTAKE = "intake"
"""New cases, request ids that were told before, and what is counted at a ceiling: one batch of one source at a time."""
PAUSE = "pause"
"""The switch: who throws it waits for the transactions that have seen it as it was."""
BRAKES = "brakes"
"""What an account has spent: counted and spent in one transaction."""
VITALS = "vitals"
"""The last sign of life, in the place of the one before."""
CHAIN = "chain"
"""The end of the journal's chain."""


def take(connection: sa.Connection, name: str, of: str = "", *, shared: bool = False) -> None:
    """Wait until nobody else has it; `shared`: nobody but others who share it."""
    if is_shared_state(connection):
        connection.execute(_taking(shared), {"name": f"{name} {of}"})


def wake(connection: sa.Connection) -> None:
    """Other nodes look for what is due as soon as this transaction has ended. Who misses it looks a second later."""
    if is_shared_state(connection):
        connection.execute(sa.text("SELECT pg_notify(current_schema(), '')"))


def is_shared_state(connection: sa.Connection) -> bool:
    """May other processes write between two statements of this transaction?"""
    return connection.dialect.name == "postgresql"


@cache
def _taking(shared: bool) -> sa.TextClause:
    """The first number keeps the live state and a dry run's apart: they may lie in one database."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    return sa.text(f"SELECT {function}(hashtext(current_setting('search_path')), hashtext(:name))")
