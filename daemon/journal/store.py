"""Opens the state directory: a locked, migrated database in which every change is one transaction.

SQLite with a write-ahead log and full sync: what a transaction stored survives the power cord. Writers take turns at
BEGIN IMMEDIATE, so that a transaction never finds out at its end that it should not have begun.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from ossmend.config.model import Config
from ossmend.daemon.host.stops import StateLocked, StateUnavailable
from ossmend.daemon.journal import migrate

BUSY_SECONDS = 10.0


class Store:
    """The journal's database. Threads may share it; each `begin` is a transaction of its own."""

    def __init__(self, engine: sa.Engine, lock: IO[str] | None) -> None:
        self._engine = engine
        self._lock = lock

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction that has the writer's turn from its first moment. Raises StateUnavailable."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise StateUnavailable(str(error.orig)) from error

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A snapshot to read from, beside whoever writes. Raises StateUnavailable."""
        try:
            with self._engine.connect().execution_options(ossmend_read=True) as connection:
                yield connection
        except OperationalError as error:
            raise StateUnavailable(str(error.orig)) from error

    def close(self) -> None:
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()


def open_store(directory: Path, *, exclusive: bool) -> Store:
    """Open (and create or migrate) the database in `directory`; `exclusive` for the one process that works the cases.

    Raises StateLocked where another process holds the directory, StateUnavailable where it cannot be used.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _lock(directory / "lock") if exclusive else None
    except OSError as error:
        raise StateUnavailable(f"{directory}: {error.strerror}") from error
    store = Store(_engine(directory / "ossmend.db"), lock)
    try:
        with store.begin() as connection:
            migrate.upgrade(connection)
    except StateUnavailable:
        store.close()
        raise
    return store


def _lock(path: Path) -> IO[str]:
    handle = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel frees it, also after kill -9
    except BlockingIOError:
        handle.seek(0)
        holder = handle.read().strip() or "unknown"
        handle.close()
        raise StateLocked(f"{path.parent} is in use by process {holder}") from None
    handle.truncate(0)
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
        pool_size=8,
        max_overflow=40,
    )

    @event.listens_for(engine, "connect")
    def _settings(raw: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get("ossmend_read")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def state_directory(config: Config, *, dry_run: bool) -> Path:
    """Where the journal lies; a dry run has one of its own, so that it leaves nothing behind in the live one."""
    return config.state.path / "dry-run" if dry_run else config.state.path
