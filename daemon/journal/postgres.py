"""Opens a PostgreSQL state: the same tables and code as store.py's, worked by any number of nodes at the same time.

Transactions run side by side. What must not is kept apart by leases (leases.py) and by locks that end with their
transaction (locks.py); both are the database's, and so is the clock. Live state and dry run are two schemas of one
database. Nobody waits for a lost connection longer than the limits here: the server cuts sessions as well as we do.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from ossmend import __version__
from ossmend.config.model import StateConfig
from ossmend.daemon.host.clock import Clock, DatabaseClock, awake
from ossmend.daemon.host.stops import StateBusy, StateOutgrown, StateUnavailable
from ossmend.daemon.journal import entries, migrate, versions
from ossmend.daemon.journal.leases import RENEW_SECONDS, Shared
from ossmend.daemon.journal.store import BUG, OlderState, Store

log = structlog.get_logger("ossmend.state")

LIVE, DRY_RUN = "ossmend", "ossmend_dry_run"
"""Schemas of the database."""
LOOK_SECONDS = 1.0
"""How often a node looks for work that another has let go; NOTIFY only makes it sooner."""
WRITERS = 3
"""Transactions on leases that one process has at once. What each of them computes, the others' locks wait for, and
Python computes in one thread at a time: sixteen at once would hold the end of the chain sixteen times as long.
"""
POOL, MORE = 8, 16
"""Connections of one node that stay, and that come on top while it is busy; two more renew and listen."""
CONNECT_SECONDS = 5
JOIN_SECONDS = 5.0
SILENT: dict[str, Any] = {"keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
                          "tcp_user_timeout": 5000}  # fmt: skip
"""A connection that is cut off somewhere on the way is noticed within so long."""
_MIGRATING = sa.text("SELECT pg_advisory_xact_lock(hashtext('ossmend migrations'))")
_NO_PSYCOPG = "state.url names a PostgreSQL database, which needs the extra `postgres`: pip install 'ossmend[postgres]'"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one session, in seconds."""

    statement: int
    idle: int
    """A transaction whose process has stopped is cut by the server: what it has locked is free again."""


WORK, LONG = Limits(5, 5), Limits(300, 300)
"""Of work, which has to end within its lease; of migrations and of who only reads."""


@dataclass(frozen=True, slots=True)
class Address:
    """Which database, and which schema in it."""

    url: str
    schema: str
    password: str | None = None

    @classmethod
    def of(cls, state: StateConfig, *, dry_run: bool) -> Address:
        assert state.database is not None  # opening.py asks for it
        password = state.password.get_secret_value() if state.password is not None else None
        return cls(state.database, DRY_RUN if dry_run else LIVE, password)

    def __str__(self) -> str:
        return f"the state at {self.url.partition('?')[0]}"

    def connect(self, limits: Limits, **more: Any) -> Any:
        """One connection, with these limits."""
        import psycopg

        settings = {
            "search_path": self.schema,
            "statement_timeout": f"{limits.statement * 1000}",
            "idle_in_transaction_session_timeout": f"{limits.idle * 1000}",
            "timezone": "UTC",
        }
        given: dict[str, Any] = {
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
            "connect_timeout": CONNECT_SECONDS,
            "application_name": f"ossmend {__version__}",
        }
        if self.password is not None:
            given["password"] = self.password
        return psycopg.connect(self.url, **SILENT, **given, **more)


class PostgresStore(Store):
    """The journal's database, shared with other nodes."""

    def __init__(
        self, address: Address, engine: sa.Engine, directory: Path, ending: ExitStack, leases: Shared | None
    ) -> None:
        super().__init__(engine, directory, ending)
        self._address = address
        self._leases = leases
        self._clock = DatabaseClock()
        self._outgrown: StateOutgrown | None = None
        self._writers = threading.Semaphore(WRITERS)
        self.looks_every = LOOK_SECONDS
        if leases is not None:
            self.leases = leases

    def clock(self) -> Clock:
        return self._clock

    def renew(self) -> None:
        """Renew the node's leases, and hear what time it is. Raises StateUnavailable."""
        assert self._leases is not None  # only a node renews
        with self.read() as connection:
            self._served(connection)
        asked = awake()
        said = self._leases.renew(self.host, __version__)
        self._clock.hear(asked, awake(), said)

    def _served(self, connection: sa.Connection) -> None:
        """Raises StateOutgrown, now and whenever anybody asks again."""
        try:
            versions.check(connection, str(self._address))
        except StateOutgrown as over:
            self._outgrown = over
            raise

    def begin_node(self, host: str) -> None:
        """Be known to the others from now on, until `close`. Raises StateUnavailable."""
        assert self._leases is not None  # as above
        self.host = host
        self.renew()
        self._ending.callback(self._leases.close)
        self._ending.enter_context(_renewing(self, self._leases))

    @contextmanager
    def begin(self, lease: str | None = None) -> Iterator[sa.Connection]:
        """A transaction that renews `lease` first; nobody else's transaction on the same work is beside it. Raises
        LeaseLost, StateUnavailable.
        """
        with (
            self._writers if lease is not None else nullcontext(),
            told(self._address),
            self._engine.begin() as connection,
        ):
            held = self._leases.hold(connection, lease) if lease is not None and self._leases is not None else None
            if held is None:
                self._served(connection)
            with entries.gathered(connection):
                yield connection
        if held is not None and lease is not None and self._leases is not None:
            self._leases.held(lease, held)

    def check(self) -> None:
        """A database is asked, and not looked for. Raises StateOutgrown once it has said that."""
        if self._outgrown is not None:
            raise self._outgrown

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A snapshot to read from. Raises StateUnavailable."""
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with told(self._address), self._engine.connect().execution_options(**snapshot) as connection:
            yield connection

    def is_worked(self) -> bool:
        """Does any node live?"""
        from ossmend.daemon.journal.nodes import living

        with self.read() as connection:
            return bool(living(connection))

    def listen(self, on_news: Callable[[], None]) -> None:
        """Call it whenever another node, or a person, has left something to do."""
        self._ending.enter_context(_listening(self._address, on_news))

    def close(self) -> None:
        self._ending.close()  # gives the leases back first, by connections that it ends last


@contextmanager
def told(address: Address) -> Iterator[None]:
    """The database's troubles as StateUnavailable, in its own words; what is a fault of ours stays one."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:  # of COPY, which SQLAlchemy does not know
        if isinstance(error, psycopg.IntegrityError):
            raise
        raise StateBusy(f"{address}: {_first_line(error)}") from error
    except DatabaseError as error:
        if isinstance(error, BUG) and getattr(error.orig, "sqlstate", None) not in _NOT_OURS:
            raise
        raise _trouble(f"{address}: {_first_line(error.orig)}", error) from error
    except sa.exc.TimeoutError as error:
        raise StateBusy(f"{address}: all connections of this process are at work") from error
    except SQLAlchemyError as error:
        raise StateBusy(f"{address}: {_first_line(error)}") from error  # a connection that was lost between statements


def _trouble(words: str, error: DatabaseError) -> StateUnavailable:
    """A server that is away comes back; a user who is not let in has to be told."""
    lasting = getattr(error.orig, "sqlstate", None) in _NOT_OURS or any(sign in words for sign in _LASTING)
    return StateUnavailable(words) if lasting else StateBusy(words)


_LASTING = ("authentication failed", "no password", "no pg_hba.conf entry", "role ", 'database "')
_NOT_OURS = ("42501", "3F000", "3D000")
"""Of the errors that look like faults of ours: what a user may not do, and a schema or database that is not there."""


def _first_line(error: object) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


# ------------------------------------------------------------------------------------------------------------- opening


def open_node(address: Address, directory: Path, name: str | None) -> PostgresStore:
    """For a process that works the cases: the schema is brought up to date, and the node is known from now on. Raises
    StateUnavailable.
    """
    with ExitStack() as ending:
        work, long = _engine(address, WORK, POOL, MORE), _engine(address, LONG, 0, 2)
        for engine in (work, long):
            ending.callback(engine.dispose)
        _migrate(address, long)
        host = name or host_of(None)
        renewing = _engine(address, WORK, 1, 1)
        ending.callback(renewing.dispose)
        leases = Shared(f"{host}/{os.getpid()}/{secrets.token_hex(4)}", lambda: _short(address, renewing))
        store = PostgresStore(address, work, directory, ending, leases)
        store.begin_node(host)
        store.own(ending.pop_all())
        return store


def host_of(state: StateConfig | None) -> str:
    """The name of this machine among the nodes."""
    return (state.node if state is not None else None) or socket.gethostname()


def open_beside(address: Address, directory: Path) -> PostgresStore:
    """For who reads, or leaves a word: nothing is created, migrated or leased. Raises OlderState, StateUnavailable."""
    engine = _engine(address, LONG, 1, 2)
    with ExitStack() as ending:
        ending.callback(engine.dispose)
        with told(address), engine.connect() as connection:
            known = _revision(address, connection)
            goes = known is not None and versions.serves_us(connection, known)
        if known is None:
            raise StateUnavailable(f"{address} is empty: `ossmend run` or `ossmend once` begins one")
        if not goes:
            raise OlderState(f"{address} is of an older ossmend (schema {known}; now {migrate.HEAD}): "
                             "`ossmend run` or `ossmend once` brings it up to date")  # fmt: skip
        return PostgresStore(address, engine, directory, ending.pop_all(), None)


def _engine(address: Address, limits: Limits, pool: int, more: int) -> sa.Engine:
    if find_spec("psycopg") is None:
        raise StateUnavailable(_NO_PSYCOPG)
    return sa.create_engine("postgresql+psycopg://", creator=lambda: address.connect(limits),
                            pool_size=max(pool, 1), max_overflow=more, pool_timeout=10, pool_pre_ping=True)  # fmt: skip


@contextmanager
def _short(address: Address, engine: sa.Engine) -> Iterator[sa.Connection]:
    with told(address), engine.begin() as connection:
        yield connection


def _migrate(address: Address, engine: sa.Engine) -> None:
    """One node at a time: who comes second finds it done. Raises StateUnavailable."""
    with told(address), engine.begin() as connection:
        if (known := _revision(address, connection)) is not None and known >= migrate.HEAD:
            return
        connection.execute(_MIGRATING)
        if (known := _revision(address, connection)) is not None and known >= migrate.HEAD:
            return
        connection.execute(sa.schema.CreateSchema(address.schema, if_not_exists=True))
        versions.upgrade(connection, known)


def _revision(address: Address, connection: sa.Connection) -> str | None:
    """Raises StateUnavailable where a newer ossmend has it, and older ones cannot work it any more."""
    known = migrate.revision(connection)
    if known is not None and known > migrate.HEAD and not versions.serves_us(connection, known):
        raise StateUnavailable(
            f"{address} was written by a newer ossmend (schema {known}; this one knows {migrate.HEAD}): "
            "install that version, or name another database"
        )
    return known


# ------------------------------------------------------------------------------------------------ beside the work


def _renewing(store: PostgresStore, leases: Shared) -> AbstractContextManager[None]:
    """Renew the leases in a thread of its own; a database that is away is said once."""

    def run(over: threading.Event) -> None:
        away = False
        while not over.wait(RENEW_SECONDS):
            try:
                store.renew()
            except StateUnavailable as trouble:
                leases.expire()
                if not away:
                    log.error("state.unavailable", why=str(trouble), note="nothing is written until the state can be")
                away = True
            else:
                if away:
                    log.info("state.available")
                away = False

    return _beside("leases", run)


def _listening(address: Address, on_news: Callable[[], None]) -> AbstractContextManager[None]:
    """Wake by NOTIFY. Whatever is missed is found by looking, a second later."""
    import psycopg

    def run(over: threading.Event) -> None:
        while not over.is_set():
            try:
                with address.connect(WORK, autocommit=True) as connection:
                    connection.execute(f"LISTEN {address.schema}")
                    while not over.is_set():
                        for _ in connection.notifies(timeout=1.0, stop_after=1):
                            on_news()
            except psycopg.Error:
                over.wait(RENEW_SECONDS)  # the renewals say it

    return _beside("listen", run)


@contextmanager
def _beside(name: str, run: Callable[[threading.Event], None]) -> Iterator[None]:
    """A thread that ends when it is told that all is over."""
    over = threading.Event()
    thread = threading.Thread(target=run, args=(over,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(JOIN_SECONDS)
