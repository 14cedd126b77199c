"""The daemon at work -> a sign of life in the state, from which `ossmend status` tells how it fares.

It is written when something worth telling has changed, at most every five seconds, and every half minute in any case:
a transaction that small costs an idle daemon nothing that can be measured (bench/idle.py). A state that cannot be
written gets none, and by that a reader sees it.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from ossmend import __version__
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.show import text
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.host.troubles import TROUBLES
from ossmend.daemon.journal import lives, vitals
from ossmend.daemon.journal.store import Store
from ossmend.daemon.journal.vitals import SourceVitals, Vitals, told
from ossmend.remediators.contract.values import ClockReading

log = structlog.get_logger("ossmend")

LOOK_SECONDS = 5.0
"""How often it is asked whether there is something to tell."""
BEAT_SECONDS = 30.0
"""How old the row of a daemon that turns may be, with LOOK_SECONDS and what a commit takes on top."""


class SignOfLife:
    """The row of one process. Thread-safe."""

    def __init__(self, store: Store, clock: Clock, *, dry_run: bool) -> None:
        """What the process before has left is kept where this one has nothing newer."""
        self._store = store
        self._clock = clock
        now = told(clock.now())
        self._row = Vitals(store.host or platform.node(), os.getpid(), __version__, "run", dry_run, now, now)
        self._written: Vitals | None = None
        self._written_at = float("-inf")
        self._lock = threading.Lock()
        self._before: Vitals | None = None
        with suppress(StateUnavailable), store.read() as connection:
            if (before := vitals.read(connection, store.host) or vitals.read(connection)) is not None:
                self._row.sources, self._row.clock = before.sources, before.clock
                self._row.oss_ahead_seconds = before.oss_ahead_seconds
                self._row.oss_ahead_at = before.oss_ahead_at or before.at
                TROUBLES.restore(before.errors)
            self._before = before

    def works(self, policies: Mapping[str, Sequence[str]]) -> None:
        """Say in the journal that the service is ready: the names of its policies by their mode. A state that cannot
        be written just now is told by the log.
        """
        with suppress(StateUnavailable), self._store.begin() as connection:
            self._tell_of_the_one_before(connection)
            lives.started(connection, self._row, policies, self._clock.now())

    def _tell_of_the_one_before(self, connection: sa.Connection) -> None:
        of_one_host = not self._store.host  # whatever it was called: a container that is made anew has another name
        if self._before is not None and (of_one_host or self._before.host == self._row.host):
            lives.lost(connection, self._before, self._clock.now())
        self._before = None

    def ends(self) -> None:
        """Say in the journal that the service has ended in order."""
        with suppress(StateUnavailable), self._store.begin() as connection:
            lives.stopped(connection, self._row, self._clock.now())

    def once(self) -> None:
        """It is `ossmend once` that works, and not the service."""
        self._say(command="once")
        with suppress(StateUnavailable), self._store.begin() as connection:
            self._tell_of_the_one_before(connection)

    def known(self, name: str) -> SourceVitals:
        """What a source begins with: when its last event was, and until when it was read, outlive it."""
        before = next((each for each in self._row.sources if each.name == name), SourceVitals(name))
        return SourceVitals(name, before.caught_up_at, before.last_event_at)

    def configured(self, digest: str, policies: Mapping[str, int], limits: Sequence[Mapping[str, Any]] = ()) -> None:
        """That configuration is at work from now on, with so many policies in each mode, and these limits."""
        self._say(
            digest=digest, policies=policies, limits=list(limits), kept_out=None, kept_out_at=None, kept_out_digest=None
        )

    def kept_out(self, why: str, digest: str | None) -> None:
        """A new configuration was refused: the one before it stays at work. `digest`: of the new one, as far as it
        could be read. The journal is told once of one refusal,
        however often the file is read.
        """
        if why == self._row.kept_out:
            return
        now = self._clock.now()
        self._say(kept_out=why, kept_out_at=told(now), kept_out_digest=digest)
        with suppress(StateUnavailable), self._store.begin() as connection:
            lives.kept(connection, why, now)

    def measured(self, reading: ClockReading, cause: str | None) -> None:
        """The clock was measured; `cause`: it is worth a warning."""
        lows, highs = [each.low for each in reading.samples], [each.high for each in reading.samples]
        self._say(
            clock={
                "at": told(self._clock.now()),
                "low_seconds": round(max(lows), 3) if lows else None,
                "high_seconds": round(min(highs), 3) if highs else None,
                "failed": list(reading.failed),
                "cause": cause,
            }
        )

    def _say(self, **news: Any) -> None:
        """A new row each time: the one that was written last is what news is known by. Several threads have news."""
        with self._lock:
            self._row = replace(self._row, **news)

    def beat(
        self,
        sources: Iterable[SourceVitals],
        oss_now: datetime | None,
        *,
        credentials: Iterable[str] = (),
        stopped: bool = False,
    ) -> None:
        """Write the row, if it says something new or is old. A state that cannot be written is told by its age.
        `credentials`: what is wrong with our own.
        """
        now = self._clock.now()
        with self._lock:
            self._row = replace(
                self._row,
                at=told(now),
                stopped_at=told(now) if stopped else None,
                sources=[replace(each) for each in sources],
                credentials=[text(why) for why in credentials],
                errors=TROUBLES.newest(),
            )
            if oss_now is not None:
                ahead = round((oss_now - now).total_seconds(), 1)
                self._row = replace(self._row, oss_ahead_seconds=ahead, oss_ahead_at=told(now))
            if not self._is_news() and self._clock.monotonic() - self._written_at < BEAT_SECONDS:
                return
            with suppress(StateUnavailable):
                with self._store.begin() as connection:
                    vitals.write(connection, self._row, self._store.host)
                self._written, self._written_at = self._row, self._clock.monotonic()
                if TROUBLES.end("state.unavailable"):
                    log.info("state.available")  # it has just taken a row; the next one no longer has the trouble

    def _is_news(self) -> bool:
        return self._written is None or _steady(self._row) != _steady(self._written)


def _steady(row: Vitals) -> Vitals:
    """Without what changes from second to second on a daemon at rest."""
    steady = [replace(each, caught_up_at=None) for each in row.sources]
    return replace(row, at="", oss_ahead_seconds=None, oss_ahead_at=None, sources=steady)
