"""Names of work (a lane, a source, a singleton job) -> which of them this node may do now, and for how long.

A lease is a row with its owner and the time until which it holds, by the database's clock; nobody else's clock enters.
It is taken before work begins, renewed every few seconds, and first of all in every transaction that writes what the
work has found (`hold`): that row is the fence. A node that has slept through its lease changes nothing any more.
SQLite has one process, which the directory's lock keeps alone: everything is its own (`Alone`). Next: postgres.py.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa
import structlog

from ossmend.daemon.host.clock import awake
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal import vitals
from ossmend.daemon.journal.locks import is_shared_state
from ossmend.daemon.journal.versions import SERVED

log = structlog.get_logger("ossmend.leases")

LEASE_SECONDS = 10.0
RENEW_SECONDS = 3.0
KEPT_SECONDS = 24 * 3600.0
"""Rows of nodes, leases and hosts that nobody has had for so long are dropped."""

_NOW = "extract(epoch FROM clock_timestamp())"
"""Of this moment: now() is when the transaction began, and it may have waited since."""
_QUICKLY = "set_config('synchronous_commit', 'off', true) AS quickly"
"""No wait for the disk. A lease that a crash takes back is not held, and an intent waits for all that was before it."""
_TAKE = sa.text(f"""
    INSERT INTO leases (name, node, fence, until)
    SELECT wanted, :node, 1, {_NOW} + :seconds FROM unnest(CAST(:names AS text[])) AS wanted, {_QUICKLY}
    WHERE {SERVED} ORDER BY wanted
    ON CONFLICT (name) DO UPDATE SET node = excluded.node, fence = leases.fence + 1, until = excluded.until
    WHERE leases.until < {_NOW} OR leases.node = excluded.node
    RETURNING name, fence""")  # noqa: S608  # our own words
_HOLD = sa.text(f"""
    UPDATE leases SET until = {_NOW} + :seconds
    WHERE name = :name AND node = :node AND fence = :fence AND until > {_NOW} AND {SERVED}""")  # noqa: S608  # as above
_RENEW = sa.text(f"""
    UPDATE leases SET until = {_NOW} + :seconds
    WHERE name IN (SELECT name FROM leases WHERE node = :node AND until > {_NOW} FOR UPDATE SKIP LOCKED)
    RETURNING name, fence""")  # noqa: S608  # as above
"""What a transaction of ours has locked is being held by it, and renewed."""
_RELEASE = sa.text(f"""
    UPDATE leases SET until = {_NOW} FROM {_QUICKLY}
    WHERE name = :name AND node = :node AND fence = :fence""")  # noqa: S608  # as above
_OTHERS = sa.text(f"SELECT name FROM leases WHERE node <> :node AND until > {_NOW}")  # noqa: S608  # as above
_SEEN = sa.text(f"""
    INSERT INTO nodes (name, host, version, started_at, seen_at) VALUES (:node, :host, :version, {_NOW}, {_NOW})
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at
    RETURNING seen_at""")  # noqa: S608  # as above
_LIVING = sa.text(f"SELECT count(*) FROM nodes WHERE seen_at > {_NOW} - :seconds")  # noqa: S608  # as above
_GONE = sa.text("DELETE FROM nodes WHERE name = :node")
_DROP = (
    sa.text(f"DELETE FROM nodes WHERE seen_at < {_NOW} - :kept"),  # noqa: S608  # as above
    sa.text(f"DELETE FROM leases WHERE until < {_NOW} - :kept"),  # noqa: S608  # as above
    sa.text(f"""
        DELETE FROM meta WHERE name LIKE '{vitals.ROW}:%'
        AND extract(epoch FROM CAST(CAST(value AS json)->>'at' AS timestamptz)) < {_NOW} - :kept"""),  # noqa: S608  # as above
)


class LeaseLost(StateUnavailable):
    """Another node may have this work by now: what was found is not written, and not done."""


class Leases(Protocol):
    """What one process may do."""

    @property
    def shared(self) -> bool:
        """May others do the rest?"""
        ...

    def part(self, lanes: int) -> int:
        """How many of so many lanes one node takes."""
        ...

    def take(self, names: Collection[str]) -> frozenset[str]:
        """Which of these are ours from now on, until they are given back or lost. Raises StateUnavailable."""
        ...

    def give_back(self, names: Collection[str]) -> None:
        """Raises nothing: what cannot be given back ends by itself."""
        ...

    def others(self) -> frozenset[str]:
        """What other nodes have now. Raises StateUnavailable."""
        ...

    def left(self, name: str) -> float:
        """For how many seconds it is certainly ours; zero or less where it may be somebody else's."""
        ...


class Alone:
    """Of a state that one process has to itself."""

    shared = False

    def part(self, lanes: int) -> int:
        return lanes

    def take(self, names: Collection[str]) -> frozenset[str]:
        return frozenset(names)

    def give_back(self, names: Collection[str]) -> None:
        pass

    def others(self) -> frozenset[str]:
        return frozenset()

    def left(self, name: str) -> float:  # noqa: ARG002  # everything is
        return float("inf")


@dataclass(frozen=True, slots=True)
class Lease:
    fence: int
    until: float
    """By `awake`, and never later than the row says: it was read before the row was written."""


class Shared:
    """The leases of one node. Thread-safe."""

    shared = True

    def __init__(self, node: str, begin: Begin) -> None:
        """`begin` begins a short transaction that nothing is lost with."""
        self.node = node
        self._begin = begin
        self._held: dict[str, Lease] = {}
        self._users: Counter[str] = Counter()
        """How often each was taken and not given back: a lane's pass and its search for lost answers share one."""
        self._nodes = 1
        self._lock = threading.Lock()

    def part(self, lanes: int) -> int:
        return -(-lanes // self._nodes)

    def take(self, names: Collection[str]) -> frozenset[str]:
        since = awake()
        with self._lock:
            ours = {name for name in names if name in self._held and self._held[name].until > since}
        wanted = sorted(set(names) - ours)
        if wanted:
            given = {"names": wanted, "node": self.node, "seconds": LEASE_SECONDS}
            with self._begin() as connection:
                rows = connection.execute(_TAKE, given).all()
            ours |= {row.name for row in rows}
            with self._lock:
                self._held.update({row.name: Lease(row.fence, since + LEASE_SECONDS) for row in rows})
        with self._lock:
            self._users.update(ours)
        return frozenset(ours)

    def give_back(self, names: Collection[str]) -> None:
        with self._lock:
            self._users.subtract(names)
            over = sorted(name for name in set(names) if self._users[name] <= 0)
            rows = [
                {"name": name, "node": self.node, "fence": lease.fence}
                for name in over
                if (lease := self._held.pop(name, None)) is not None
            ]
            for name in over:
                del self._users[name]
        if not rows:
            return
        try:
            with self._begin() as connection:
                connection.execute(_RELEASE, rows)
        except StateUnavailable as trouble:
            log.info("leases.kept", names=len(rows), why=str(trouble))

    def others(self) -> frozenset[str]:
        with self._begin() as connection:
            return frozenset(connection.scalars(_OTHERS, {"node": self.node}))

    def left(self, name: str) -> float:
        with self._lock:
            lease = self._held.get(name)
        return lease.until - awake() if lease is not None else 0.0

    # ------------------------------------------------------------------------------------------------- in a transaction

    def hold(self, connection: sa.Connection, name: str) -> Lease:
        """Renew it, in the caller's transaction, which has nobody else's work from now on. What it is once that
        transaction has been committed (`held`). Raises LeaseLost.
        """
        with self._lock:
            lease = self._held.get(name)
        since = awake()
        if lease is not None:
            given = {"name": name, "node": self.node, "fence": lease.fence, "seconds": LEASE_SECONDS}
            if connection.execute(_HOLD, given).rowcount:
                return Lease(lease.fence, since + LEASE_SECONDS)
            self._forget({name: lease})
        raise LeaseLost(f"{name} is not ours any more: another node goes on with it")

    def held(self, name: str, lease: Lease) -> None:
        with self._lock:
            known = self._held.get(name)
            if known is not None and known.fence == lease.fence and known.until < lease.until:
                self._held[name] = lease

    # ---------------------------------------------------------------------------------------------------------- renewal

    def renew(self, host: str, version: str) -> float:
        """Renew all, and say that this node lives; the database's time. Raises StateUnavailable."""
        since = awake()
        with self._begin() as connection:
            given = {"node": self.node, "host": host, "version": version}
            seen_at: float = connection.execute(_SEEN, given).scalar_one()
            self._nodes = max(connection.execute(_LIVING, {"seconds": LEASE_SECONDS}).scalar_one(), 1)
            rows = connection.execute(_RENEW, {"node": self.node, "seconds": LEASE_SECONDS}).all()
        for row in rows:
            self.held(row.name, Lease(row.fence, since + LEASE_SECONDS))
        self.expire()
        return seen_at

    def expire(self) -> None:
        """Forget what may be somebody else's by now."""
        now = awake()
        with self._lock:
            lost = {name: lease for name, lease in self._held.items() if lease.until <= now}
        self._forget(lost)

    def _forget(self, lost: dict[str, Lease]) -> None:
        with self._lock:
            for name, lease in lost.items():
                if self._held.get(name) == lease:
                    del self._held[name]
        if lost:
            log.warning("leases.lost", names=sorted(lost)[:5], number=len(lost))

    def close(self) -> None:
        """Give everything back: the others need not wait for it."""
        with self._lock:
            names = list(self._held)
            self._users.clear()
        self.give_back(names)
        try:
            with self._begin() as connection:
                connection.execute(_GONE, {"node": self.node})
        except StateUnavailable as trouble:
            log.info("leases.kept", why=str(trouble))


@contextmanager
def one(leases: Leases, name: str) -> Iterator[bool]:
    """Is this ours, for the time of a `with`?"""
    ours = bool(leases.take((name,)))
    try:
        yield ours
    finally:
        if ours:
            leases.give_back((name,))


class Begin(Protocol):
    """Begins a transaction."""

    def __call__(self) -> AbstractContextManager[sa.Connection]: ...


def drop_old(connection: sa.Connection) -> None:
    """Nodes and leases that nobody has had for long, and the signs of life of hosts that are gone."""
    if not is_shared_state(connection):
        return
    for statement in _DROP:
        connection.execute(statement, {"kept": KEPT_SECONDS})
