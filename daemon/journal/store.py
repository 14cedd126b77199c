"""Opens the state directory: a locked, migrated database in which every change is one transaction.

SQLite with a write-ahead log and full sync: what a transaction stored survives the power cord. Writers take turns at
BEGIN IMMEDIATE, so that a transaction never finds out at its end that it should not have begun. Who only reads takes a
snapshot, and waits for nobody.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError

from ossmend.config.model import Config
from ossmend.config.rights import usable
from ossmend.daemon.host.clock import Clock, SystemClock
from ossmend.daemon.host.stops import StateBusy, StateLocked, StateUnavailable, unusable
from ossmend.daemon.journal import begun, migrate
from ossmend.daemon.journal.leases import Alone, Leases
from ossmend.daemon.journal.schema import meta

BUSY_SECONDS = 10.0
IDLE_SECONDS = 5.0
MOVED = "moved_to"
"""Of a state that was moved away (moving.py): where to."""
LOCK_TRIES, LOCK_PAUSE = 3, 0.05
DATABASE, PROCESS = begun.DATABASE, "lock"
NO_STATE = "there is no state in {} yet: `ossmend run` or `ossmend once` begins one"
AT_REST = "ro&immutable=1"
"""How a database that nobody works is read: otherwise SQLite, only to read, makes a log and an index beside it."""
PASSING = ("locked", "disk is full")
"""SQLite's words for what ends by itself, or by somebody's deleting files."""
BUG = (IntegrityError, ProgrammingError)
"""These are faults of ours; every other error of a database is trouble with the state."""


class Held:
    """The database that this process works. Once its directory is moved or deleted, another process may begin a state
    of its own at the same path, and so would our next connection.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._now()

    def check(self) -> None:
        """Raises StateUnavailable unless the same file is still there."""
        if self._now() != self._file:
            raise StateUnavailable(f"{self._path} was moved, replaced or deleted: put it back, or stop this process")

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


class Store:
    """The journal's database. Threads may share it; each `begin` is a transaction of its own."""

    def __init__(
        self, engine: sa.Engine, directory: Path, ending: ExitStack, note: str = "", held: Held | None = None
    ) -> None:
        self.directory = directory
        self._engine = engine
        self._ending = ending
        self._held = held
        self._turn = threading.Lock()
        self.note = note
        """What a person who reads has to know about this state; mostly nothing."""
        self.leases: Leases = Alone()
        self.host = ""
        """The name of this machine, where the state has several."""
        self.looks_every = IDLE_SECONDS
        """The longest time without a look whether something is due."""

    def clock(self) -> Clock:
        """The clock by which the times in this state are meant."""
        return SystemClock()

    def listen(self, on_news: Callable[[], None]) -> None:
        """Call it when another process has left something to do. Nobody tells us: it is found at the next look."""

    def is_worked(self) -> bool:
        """Does a process work the cases of this state at this moment?"""
        return is_worked(self.directory)

    @contextmanager
    def begin(self, lease: str | None = None) -> Iterator[sa.Connection]:  # noqa: ARG002  # one process has all of it
        """A transaction that has the writer's turn from its first moment. `lease`: the work whose outcome it writes.
        Raises StateUnavailable.
        """
        try:
            # threads of this process queue here; SQLite lets them ask again and again instead, ever more seldom
            with self._turn:
                if self._held is not None:
                    self._held.check()
                with self._engine.begin() as connection:
                    yield connection
        except BUG:
            raise
        except DatabaseError as error:
            raise _trouble(error) from error

    @contextmanager
    def rebuilding(self) -> Iterator[sa.Connection]:
        """The same for a migration: a table that others point at may be replaced. SQLite takes the pragma only outside
        of a transaction. Raises StateUnavailable.
        """
        try:
            with self._turn, self._engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
                try:
                    with connection.begin():
                        yield connection
                finally:
                    connection.connection.cursor().execute("PRAGMA foreign_keys=ON")
        except DatabaseError as error:
            raise _trouble(error) from error

    def check(self) -> None:
        """Raises StateUnavailable where the state is not the one we opened."""
        if self._held is not None:
            self._held.check()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A snapshot to read from, beside whoever writes. Raises StateUnavailable."""
        try:
            with self._engine.connect().execution_options(ossmend_read=True) as connection:
                yield connection
        except BUG:
            raise
        except DatabaseError as error:
            raise _trouble(error) from error

    def own(self, ending: ExitStack) -> None:
        """What is to be ended when this is closed."""
        self._ending = ending

    def close(self) -> None:
        self._engine.dispose()
        self._ending.close()


def open_store(directory: Path, *, exclusive: bool) -> Store:
    """Open the database in `directory`; `exclusive` for the one process that works the cases, which also creates and
    migrates it.

    Raises StateLocked where another process holds the directory, StateUnavailable where it cannot be used.
    """
    with ExitStack() as ending:
        try:
            is_there(directory / DATABASE)
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if exclusive:
                ending.callback(_unlock, directory, _lock(directory))
        except OSError as error:
            raise unusable(directory, error) from error
        if not usable(directory):
            raise unusable(directory, PermissionError())
        store = Store(_engine(directory / DATABASE), directory, ending)
        ending.callback(store._engine.dispose)  # noqa: SLF001  # ours, until it is handed over
        _migrate(store, directory, exclusive=exclusive)
        _is_no_longer_here(store, directory)
        held = Held(directory / DATABASE) if exclusive else None
        return Store(store._engine, directory, ending.pop_all(), held=held)  # noqa: SLF001  # as above


def open_to_read(directory: Path) -> Store:
    """The same for who only reads: nothing is created, migrated or waited for. A state of an older ossmend is copied,
    and the copy is migrated and read: the state itself is left to the daemon. Raises StateUnavailable.
    """
    path = directory / DATABASE
    if not is_there(path):
        return _copied(None, NO_STATE.format(directory))
    store = Store(_engine(path, "ro" if _log_of(path).exists() else AT_REST), directory, ExitStack())
    with ExitStack() as unless_good:
        unless_good.callback(store.close)
        known = _revision(store, directory)
        if known == migrate.HEAD:
            unless_good.pop_all()
            return store
    if known is None:  # its first transaction is under way
        return _copied(None, NO_STATE.format(directory))
    return _copied(path, f"{_older(directory, known)}; this is a copy of it, brought up to date")


def _log_of(path: Path) -> Path:
    """Who works a state has its log open; without one nobody does, and the last one ended in order."""
    return path.with_name(f"{path.name}-wal")


def is_there(path: Path) -> bool:
    """What stands in its place, or a link to a disk that is not there, is not "no state yet"."""
    try:
        if path.is_file():
            return True
    except OSError as error:
        raise unusable(path.parent, error) from error
    if os.path.lexists(path):
        raise StateUnavailable(f"{path} is no file")
    if os.path.lexists(path.parent) and not path.parent.is_dir():
        raise StateUnavailable(f"{path.parent} is no directory")
    return False


def _copied(path: Path | None, note: str) -> Store:
    """A state of our own with what is in that database, up to date; gone when closed. Raises StateUnavailable."""
    with ExitStack() as ending:
        copy = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="ossmend-read-")))
        if path is not None:
            copy_database(path, copy / DATABASE)
        store = Store(_engine(copy / DATABASE), copy, ending, note)
        ending.callback(store._engine.dispose)  # noqa: SLF001  # ours, until it is handed over
        _migrate(store, copy, exclusive=True)
        return Store(store._engine, copy, ending.pop_all(), note)  # noqa: SLF001  # as above


def copy_database(path: Path, to: Path) -> None:
    """A whole copy of this moment, whatever is written meanwhile. Raises StateUnavailable."""
    try:
        with closing(sqlite3.connect(_address(path, "ro"), uri=True)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        raise StateUnavailable(f"{path.parent}: {error}") from error


def _address(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


def _is_no_longer_here(store: Store, directory: Path) -> None:
    """Two that work two copies of one state would do everything twice. Raises StateUnavailable."""
    with store.read() as connection:
        to = connection.scalar(sa.select(meta.c.value).where(meta.c.name == MOVED))
    if to is not None:
        raise StateUnavailable(f"the state in {directory} was moved to {to}: write that as state.url")


class OlderState(StateUnavailable):
    """The state is of an older ossmend: only the process that works it brings it up to date."""


def _migrate(store: Store, directory: Path, *, exclusive: bool) -> None:
    """Create or migrate where that is due. Raises OlderState, StateUnavailable."""
    known = _revision(store, directory)
    if known == migrate.HEAD:
        return
    if known is not None and not exclusive:
        raise OlderState(f"{_older(directory, known)}: `ossmend run` or `ossmend once` brings it up to date")
    with store.rebuilding() as connection:
        migrate.upgrade(connection)


def _revision(store: Store, directory: Path) -> str | None:
    """Which schema it has; None where it has none yet. Raises StateUnavailable where we do not know that schema."""
    with store.read() as connection:
        known = migrate.revision(connection)
    if known is not None and known > migrate.HEAD:
        raise StateUnavailable(
            f"{directory} was written by a newer ossmend (schema {known}; this one knows {migrate.HEAD}): "
            "install that version, or name another state directory"
        )
    return known


def _older(directory: Path, known: str) -> str:
    return f"the state in {directory} is of an older ossmend (schema {known}; now {migrate.HEAD})"


def is_worked(directory: Path) -> bool:
    """Does a process work the cases of this state at this moment?"""
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)  # and the lock with it
    return False


def _lock(directory: Path) -> int:
    """Lock the directory itself: a file in it could be deleted, and another process would lock its successor."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    holder = directory / PROCESS
    try:
        _take(handle)
        holder.write_text(f"{os.getpid()}\n", encoding="ascii")
    except BlockingIOError:
        os.close(handle)
        who = holder.read_text(encoding="ascii").strip() if holder.is_file() else ""
        raise StateLocked(f"{directory} is in use by process {who or 'unknown'}") from None
    except OSError:
        os.close(handle)
        raise
    return handle


def _unlock(directory: Path, handle: int) -> None:
    """Nobody's number stays behind: whoever sends it a signal would meet another process one day."""
    with suppress(OSError):
        (directory / PROCESS).write_text("", encoding="ascii")
    os.close(handle)


def _take(handle: int) -> None:
    """The lock, which the kernel frees, also after kill -9. `is_worked` holds it for a moment: one refusal is none."""
    for _ in range(LOCK_TRIES - 1):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE)
        else:
            return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _engine(path: Path, mode: str = "rwc") -> sa.Engine:
    only_reads = mode != "rwc"

    def connect() -> sqlite3.Connection:
        address = _address(path, mode)
        return sqlite3.connect(address, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None, uri=True)

    engine = sa.create_engine(f"sqlite:///{path}", creator=connect, pool_size=8, max_overflow=40)

    @event.listens_for(engine, "connect")
    def _settings(raw: Any, _record: Any) -> None:
        ours = (
            () if only_reads else ("journal_mode=WAL", "synchronous=FULL")
        )  # the writer's to say: they ask for a lock
        for pragma in (*ours, "foreign_keys=ON", "temp_store=MEMORY"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get("ossmend_read")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _trouble(error: DatabaseError) -> StateUnavailable:
    """SQLite's own words, with what they mean where they do not say it."""
    words = str(error.orig)
    if "not a database" in words or "malformed" in words:
        return StateUnavailable(
            f"the state is damaged ({words}): restore {DATABASE} from a backup, or name another state directory"
        )
    return StateBusy(words) if any(sign in words for sign in PASSING) else StateUnavailable(words)


def state_directory(config: Config, *, dry_run: bool) -> Path:
    """Where the journal lies; a dry run has one of its own, so that it leaves nothing behind in the live one."""
    return config.state.path / "dry-run" if dry_run else config.state.path
