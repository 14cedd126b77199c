"""Source -> triage, beside the work: each source has a thread of its own, so that a slow one delays only itself.

A batch is stored together with the parts of the cursor that it moves; whatever is read and not stored is read again.
The cursor itself is read from the journal once: nobody else moves it while this process has the state. Next: triage.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import structlog

from ossmend.config.fields import Trust
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.pulse import Pulse
from ossmend.daemon.host.show import text
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.host.wake import Signal
from ossmend.daemon.journal.leases import Alone, Leases
from ossmend.daemon.journal.store import Store
from ossmend.daemon.journal.vitals import SourceVitals, told
from ossmend.daemon.sources import Batch, Cursor, Polled, Source, move
from ossmend.daemon.stages.fault import RETRY_SECONDS, Fault, caught
from ossmend.daemon.stages.triage import Triage
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef
from ossmend.remediators.contract.verdict import Refused, TryAgain

log = structlog.get_logger("ossmend.read")

IDLE_SECONDS = 5.0
"""The longest sleep between two looks; file changes end it sooner."""
UNFINISHED_SECONDS = 0.25
"""A block of lines that may still grow is looked at again this soon."""
REFUSED_PAUSE = timedelta(minutes=10)
"""A source that our key may not read is asked again this seldom."""


class Reading:
    """One source, and when it may be read next."""

    def __init__(
        self,
        source: Source,
        trust: Trust,
        triage: Triage,
        clock: Clock,
        pulse: Pulse,
        account: AccountRef = DEFAULT_ACCOUNT,
        store: Store | None = None,
    ) -> None:
        self.source = source
        self.vitals = SourceVitals(source.name)
        self._leases: Leases = store.leases if store is not None else Alone()
        self._name = _name(source, store.host if store is not None else "")
        self._lease = f"source/{self._name}"
        self._trust = trust
        self._account = account
        self._triage = triage
        self._clock = clock
        self._pulse = pulse
        self._not_before = 0.0
        self._failing = False
        self._cursor: dict[str, Any] | None = None
        self._knows_cursor = False
        self._stopped = threading.Event()
        self._looked = threading.Event()
        self._thread: threading.Thread | None = None
        self.signal = Signal()
        """To be set when there may be news."""

    # --------------------------------------------------------------------------------------------------------- reading

    def read(self) -> int:
        """One batch, if it may be read now. How many events, or whether bytes: 0 means that it is at its end."""
        now, began = self._clock.monotonic(), self._clock.now()
        if now < self._not_before or not self._is_ours():
            return 0
        try:
            batch = self.source.read(self._position())
        except (TryAgain, Refused) as trouble:
            after = trouble.after if isinstance(trouble, TryAgain) else REFUSED_PAUSE
            self._not_before = now + max(after.total_seconds(), 1.0)
            if not self._failing:
                log.warning("source.unreachable", source=self.source.name, why=str(trouble))
            self._failing = True
            self.vitals.fails(text(str(trouble)), self._clock.now())
            return 0
        self._failing = False
        self.vitals.files = batch.files
        if batch.trouble:
            self.vitals.fails(text(batch.trouble), began)
        elif self.vitals.trouble:
            self.vitals.reads()
            self.vitals.complaint = None
        self._not_before = now if batch.more else now + self.source.every.total_seconds()
        for complaint in batch.complaints:
            log.warning("source.complaint", source=self.source.name, what=complaint)
            self.vitals.complaint = text(complaint)
        stored = self._store(batch.of(self._trust, self._account))
        self._note(batch, began)
        return stored

    def _note(self, batch: Batch, began: datetime) -> None:
        """What is stored is known; what is behind it was not there when we looked."""
        times = [min(event.time or began, began) for event in batch.refusals]
        newest = [told(max(times))] if times else []
        self.vitals.last_event_at = max([*newest, *filter(None, [self.vitals.last_event_at])], default=None)
        self.vitals.events += len(times)
        if not batch.more and not batch.trouble and not batch.absent:
            self.vitals.caught_up_at = told(began)

    def _is_ours(self) -> bool:
        """One node reads a source at a time; who gets it goes on where the one before has stopped."""
        if self._leases.left(self._lease) > 0:
            return True
        self._knows_cursor = False
        return bool(self._leases.take((self._lease,)))

    def let_go(self) -> None:
        """Another node may read it from now on."""
        self._leases.give_back((self._lease,))

    def _position(self) -> Cursor | None:
        if not self._knows_cursor:
            known = self._triage.cursor(self._name)
            self._cursor = dict(known) if known is not None else None
            self._knows_cursor = True
        return self._cursor

    def _store(self, batch: Batch) -> int:
        if not batch.refusals and not batch.moved:
            return int(batch.more)
        try:
            taken = self._triage.take(self._name, batch, self._lease)
        except StateUnavailable:
            self._knows_cursor = False  # it may be stored all the same, or another node goes on from here
            raise
        if batch.moved:
            self._cursor = self._cursor or {}
            move(self._cursor, batch.moved)
        if taken.events or taken.foreign:
            log.info("source.read", source=self.source.name, cases=taken.cases, events=taken.events,
                     repeated=taken.repeated, foreign=taken.foreign, turned_away=taken.turned_away,
                     **dict(batch.counts))  # fmt: skip
        return max(len(batch.refusals), 1)

    def news(self, paths: Collection[str] | None) -> None:
        """A watcher has seen these files change; None: it cannot tell which. The source looks now, if it is one of its
        own.
        """
        if self.source.changed(paths):
            self.signal.set()

    # ------------------------------------------------------------------------------------------------- beside the work

    def start(self, on_news: Callable[[], None]) -> None:
        """Read in a thread from now on; `on_news` is called after each batch that was stored."""
        self._thread = threading.Thread(target=self._run, args=(on_news,), name=f"read {self.source.name}", daemon=True)
        self._thread.start()

    def wait_for_first_look(self, timeout: float) -> bool:
        """Until it was looked at once, in vain or not: what is logged then is news. False if it takes longer."""
        return self._looked.wait(timeout)

    def stop(self) -> None:
        """Read no further batch; does not wait."""
        self._stopped.set()
        self.signal.set()

    def join(self, timeout: float) -> bool:
        """Wait for the batch in hand; False if it has not ended within so many seconds."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def _run(self, on_news: Callable[[], None]) -> None:
        while not self._stopped.is_set():
            read, pause = self._once()
            if read:
                on_news()
            else:
                self.signal.wait(pause)

    def _once(self) -> tuple[int, float]:
        """What was read, and how long to wait if nothing was."""
        stage = self.source.name
        self._pulse.begin(stage)
        try:
            read = caught(self._read_or_rest, "source.failed", source=stage)
        finally:
            self._pulse.end(stage)
            self._looked.set()
        if isinstance(read, Fault):
            self.vitals.fails(f"a fault of ours, {read.what}: the log has it", self._clock.now())
        if read is None or isinstance(read, Fault):
            return 0, RETRY_SECONDS
        return read, UNFINISHED_SECONDS if self.source.unfinished else IDLE_SECONDS

    def _read_or_rest(self) -> int | None:
        """None where the state cannot be written."""
        try:
            return self.read()
        except StateUnavailable as trouble:
            log.error("state.unavailable", why=str(trouble), note="nothing is read until the state can be written")
            return None


def _name(source: Source, host: str) -> str:
    """Under which its cursor is kept. A machine's files are read by that machine; whatever lies elsewhere, by any."""
    return f"{source.name}@{host}" if host and not isinstance(source, Polled) else source.name
