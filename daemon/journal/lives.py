"""Begin and end of a process, and a configuration that it refused -> entries of the journal.

Who reads the journal after a night has to see beside each write whether somebody worked at all, and by which
configuration. One that was killed cannot say so: the next one finds no farewell in its last sign of life (vitals.py).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from ossmend.daemon.journal import entries, nodes
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.vitals import Vitals

LOST = "it ended without a word: it was killed, or the machine went down"


def started(connection: sa.Connection, life: Vitals, policies: Mapping[str, Sequence[str]], now: datetime) -> None:
    """The service works from now on, with so many policies in each mode."""
    data = {"host": life.host, "pid": life.pid, "version": life.version, "dry_run": writes_nothing(policies)}
    modes = {mode: len(names) for mode, names in policies.items()}
    entries.append(connection, now, [Entry("daemon.started", None, data | {"policies": modes})])


def writes_nothing(modes: Collection[str]) -> bool:
    """Is no policy in another mode than dry-run? By `--dry-run` they all are in it. The log says the same."""
    return set(modes) <= {"dry-run"}


def stopped(connection: sa.Connection, life: Vitals, now: datetime) -> None:
    """It has ended in order."""
    entries.append(connection, now, [Entry("daemon.stopped", None, {"host": life.host, "pid": life.pid})])


def lost(connection: sa.Connection, before: Vitals, now: datetime) -> None:
    """Say of the service that worked here before whether it ended without a word. Where several nodes share a state,
    one of this host may work still.
    """
    if before.stopped_at is not None or before.command != "run" or _works_still(connection, before):
        return
    data = {"host": before.host, "pid": before.pid, "last_sign_of_life_at": before.at, "why": LOST}
    entries.append(connection, now, [Entry("daemon.lost", None, data)])


def _works_still(connection: sa.Connection, before: Vitals) -> bool:
    """The database takes a node for living until its lease is over; who is started anew after a kill comes sooner. So
    this machine is asked, too. One with our own number (in a container it is always the same) was there before us.
    """
    at_work = {(node.host, node.name.rsplit("/", 2)[1]) for node in nodes.living(connection)}
    return (before.host, str(before.pid)) in at_work and before.pid != os.getpid() and _exists(before.pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is another user's
    return True


def kept(connection: sa.Connection, why: str, now: datetime) -> None:
    """A new configuration was refused: the one before it is at work."""
    entries.append(connection, now, [Entry("config.kept", None, {"why": why})])
