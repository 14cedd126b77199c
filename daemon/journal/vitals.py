"""What each process that works this state says of itself: a row, written now and then, for who looks from outside.

`ossmend status` reads it beside a running daemon, and after one that was killed: the row is then its last sign of life.
Nothing in stages/ decides by it. Where several nodes share a state, each host has a row of its own. Who writes it:
stages/vitals.py; who reads it: commands/status_report.py and status_nodes.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.journal import locks
from ossmend.daemon.journal.schema import meta

ROW = "vitals"


@dataclass(slots=True)
class SourceVitals:
    """How one source fares. Times are ISO 8601, UTC; None: not yet."""

    name: str
    caught_up_at: str | None = None
    """Everything that was there at this time has been read."""
    last_event_at: str | None = None
    """When the newest refusal happened that was read here."""
    events: int = 0
    """Since the process began."""
    files: int | None = None
    """How many it follows; None: it follows none, or was not read yet."""
    trouble: str | None = None
    """Why it cannot be read; None: it can."""
    trouble_since: str | None = None
    complaint: str | None = None
    """What was left out last, and why: a pipe, a line that is too long."""

    def reads(self) -> None:
        """It was read."""
        self.trouble = self.trouble_since = None

    def fails(self, why: str, now: datetime) -> None:
        self.trouble_since = self.trouble_since or told(now)
        self.trouble = why


@dataclass(slots=True)
class Vitals:
    """The row."""

    host: str
    pid: int
    version: str
    command: str
    """`run` or `once`."""
    dry_run: bool
    started_at: str
    at: str
    """The last sign of life."""
    stopped_at: str | None = None
    """When it stopped cleanly; None: it has not, or had no time to say so."""
    digest: str = ""
    """Of the configuration at work."""
    kept_out: str | None = None
    """Why the newest configuration was refused at a reload; the one before it is at work."""
    kept_out_at: str | None = None
    """When that was."""
    kept_out_digest: str | None = None
    """Of the one that was refused: that at work itself, where no line of it was wrong but what it is worth by now (its
    credentials); None where it could not even be read.
    """
    policies: Mapping[str, int] = field(default_factory=dict)
    """By that configuration: how many of the policies at work are in which mode."""
    limits: list[Mapping[str, Any]] = field(default_factory=list)
    """The brakes' limits that it keeps to (stages/limits.py), for who cannot read the configuration."""
    sources: list[SourceVitals] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    """What is wrong with our own credentials, a sentence each."""
    clock: Mapping[str, Any] | None = None
    """The newest measure of this host's clock; None: not measured yet."""
    oss_ahead_seconds: float | None = None
    """OSS's clock minus this host's, by OSS's last answer, perhaps to a process before; None: it never answered."""
    oss_ahead_at: str | None = None
    """When that was so."""
    errors: list[Mapping[str, Any]] = field(default_factory=list)
    """The newest warnings and errors of the log, oldest first."""


def told(now: datetime) -> str:
    """A time as this row has it."""
    return now.astimezone(UTC).isoformat(timespec="seconds")


def write(connection: sa.Connection, vitals: Vitals, host: str = "") -> None:
    """In place of what stood there. `host`: the name of this machine, where the state has several."""
    locks.take(connection, locks.VITALS)
    value, name = json.dumps(asdict(vitals), ensure_ascii=False), _name(host)
    if connection.execute(meta.update().where(meta.c.name == name).values(value=value)).rowcount == 0:
        connection.execute(meta.insert().values(name=name, value=value))


def _name(host: str) -> str:
    return f"{ROW}:{host}" if host else ROW


def read(connection: sa.Connection, host: str = "") -> Vitals | None:
    """The last sign of life of whoever works, or has worked, this state on that host; None before the first, or of one
    that said it in other words (an older or newer ossmend).
    """
    value = connection.scalar(sa.select(meta.c.value).where(meta.c.name == _name(host)))
    return None if value is None else _told(value)


def every(connection: sa.Connection) -> list[Vitals]:
    """Of each host. A state that was moved here, or a node of an older ossmend, has left the row without a name."""
    named = sa.or_(meta.c.name == ROW, meta.c.name.startswith(f"{ROW}:"))
    values = connection.scalars(sa.select(meta.c.value).where(named).order_by(meta.c.name))
    return [life for life in map(_told, values) if life is not None]


def _known(of: type, found: Mapping[str, Any]) -> dict[str, Any]:
    """What a newer ossmend says beyond that is nothing to this one."""
    names = {each.name for each in fields(of)}
    return {name: value for name, value in found.items() if name in names}


def _told(value: str) -> Vitals | None:
    try:
        found = json.loads(value)
        sources = [SourceVitals(**_known(SourceVitals, each)) for each in found.pop("sources")]
        return Vitals(**_known(Vitals, found), sources=sources)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
