"""Builds everything from a configuration, and knows who comes next: read, triage, dispatch, wait; reload; stop.

This is the only file that knows the whole road of an event: sources -> triage.py -> dispatch.py -> cloud/.
`Works` is one configuration at work; `App` owns what outlives a reload (the store, the signals, the loop).
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Literal

import sqlalchemy as sa
import structlog

from ossmend import __version__
from ossmend.config.fields import Trust
from ossmend.config.load import ConfigRefused, load
from ossmend.config.model import Config, SourceConfig
from ossmend.daemon.cloud.connect import Cloud, connect
from ossmend.daemon.cloud.settings import cloud_settings
from ossmend.daemon.host.clock import Clock, SystemClock
from ossmend.daemon.host.stops import CredentialsRefused, StateUnavailable
from ossmend.daemon.host.systemd import Systemd
from ossmend.daemon.host.wake import Signal, Waker
from ossmend.daemon.journal import cases, entries, seen
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import meta
from ossmend.daemon.journal.store import Store, open_store, state_directory
from ossmend.daemon.notices import outbox as notify
from ossmend.daemon.sources import Batch, Source
from ossmend.daemon.sources.access_log import AccessLog
from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.stages.dispatch import Dispatch
from ossmend.daemon.stages.triage import Triage
from ossmend.remediators.contract.verdict import Refused, TryAgain

log = structlog.get_logger("ossmend")

IDLE_SECONDS = 5.0
"""The longest sleep between two looks; file changes, timers and due cases end it sooner."""
UNFINISHED_SECONDS = 0.25
"""A block of lines that may still grow is looked at again this soon."""
ACCESS_LOG_PERIOD = timedelta(seconds=60)
REFUSED_PAUSE = timedelta(minutes=10)
"""A source that our key may not read is asked again this seldom."""
LATEST_LOGS = timedelta(hours=72)
"""Access-log objects come up to 48 h late; older ones than this are not looked for, but by an audit that asks."""
SEEN_LIFE = timedelta(days=3)
"""Access logs come up to 48 h late; request ids are remembered a day longer."""
STATE_RETRY_SECONDS = 5.0


@dataclass(slots=True)
class _Reading:
    """One source, and when it may be read next."""

    source: Source
    every: timedelta
    trust: Trust
    not_before: float = 0.0
    failing: bool = False


class Works:
    """One configuration at work on a store: sources, triage, dispatch and the cloud they speak to."""

    def __init__(
        self, config: Config, store: Store, clock: Clock, *, dry_run: bool, systemd: Systemd, since: timedelta | None
    ) -> None:
        self.config = config
        self.clock = clock
        self.store = store
        may_write = not dry_run and any(policy.mode != "dry-run" for policy in config.policies)
        self.cloud: Cloud = connect(cloud_settings(config), clock=clock, may_write=may_write)
        self.triage = Triage(config, store, clock, since=since)
        self.dispatch = Dispatch(config, store, self.cloud, clock, dry_run=dry_run, alive=systemd.alive)
        self._readings = [self._reading(source, since) for source in config.sources]

    def _reading(self, configured: SourceConfig, since: timedelta | None) -> _Reading:
        if (app_log := configured.app_log) is not None:
            start: Literal["end", "beginning"] = "beginning" if since is not None else app_log.start
            source: Source = AppLog(app_log.path, start, self.clock, name=app_log.name)
            return _Reading(source, timedelta(0), app_log.trust)
        access_log = configured.access_log
        assert access_log is not None  # the model holds exactly one of the two
        ours = self.cloud.is_own_request
        bucket, prefix, window = access_log.bucket, access_log.prefix, max(since or LATEST_LOGS, LATEST_LOGS)
        source = AccessLog(
            bucket, prefix, self.cloud.logs, self.clock, own_request_ids=ours, window=window, name=access_log.name
        )
        return _Reading(source, ACCESS_LOG_PERIOD, access_log.trust)

    def directories(self) -> list[Path]:
        """Where the followed files lie, for the watcher."""
        found: list[Path] = []
        for reading in self._readings:
            if isinstance(reading.source, AppLog):
                found += reading.source.watch_directories()
        return found

    def unfinished(self) -> bool:
        """Is there a block of lines that may still grow?"""
        return any(isinstance(each.source, AppLog) and each.source.unfinished for each in self._readings)

    def read(self) -> int:
        """One batch from each source that may be read now. How many events or bytes: 0 means all at their end."""
        return sum(self._read_one(reading) for reading in self._readings)

    def _read_one(self, reading: _Reading) -> int:
        now = self.clock.monotonic()
        if now < reading.not_before:
            return 0
        try:
            batch = reading.source.read(self.triage.cursor(reading.source.name))
        except (TryAgain, Refused) as trouble:
            after = trouble.after if isinstance(trouble, TryAgain) else REFUSED_PAUSE
            reading.not_before = now + max(after.total_seconds(), 1.0)
            if not reading.failing:
                log.warning("source.unreachable", source=reading.source.name, why=str(trouble))
            reading.failing = True
            return 0
        reading.failing = False
        reading.not_before = now if batch.more else now + reading.every.total_seconds()
        for complaint in batch.complaints:
            log.warning("source.complaint", source=reading.source.name, what=complaint)
        return self._store(reading.source.name, batch.of(reading.trust))

    def _store(self, name: str, batch: Batch) -> int:
        if batch.events or dict(self.triage.cursor(name) or {}) != dict(batch.cursor):
            taken = self.triage.take(name, batch)
            if taken.events or taken.strangers:
                log.info("source.read", source=name, cases=taken.cases, events=taken.events,
                         repeated=taken.repeated, strangers=taken.strangers, **dict(batch.counts))  # fmt: skip
            return max(len(batch.events), 1)
        return int(batch.more)

    def close(self) -> None:
        self.dispatch.close()
        self.cloud.close()


class App:
    """The daemon: one store, one loop, and the configuration that is at work in it."""

    def __init__(
        self,
        path: Path,
        *,
        dry_run: bool,
        clock: Clock | None = None,
        state: Path | None = None,
        since: timedelta | None = None,
    ) -> None:
        """`state` overrides the configuration's state directory; `since` reads every source from its beginning and
        takes only what happened so long ago or less (both for audits). Raises ConfigRefused, CredentialsRefused,
        StateLocked, StateUnavailable.
        """
        self._path = path
        self._dry_run = dry_run
        self._since = since
        self._clock = clock or SystemClock()
        self._signal = Signal()
        self._stopping = False
        self._reload = False
        self._systemd = Systemd()
        config = load(path)
        self.store = open_store(state or state_directory(config, dry_run=dry_run), exclusive=True)
        with ExitStack() as unless_built:
            unless_built.callback(self.store.close)
            self.works = self._build(config)
            unless_built.pop_all()

    def _build(self, config: Config) -> Works:
        works = Works(config, self.store, self._clock, dry_run=self._dry_run, systemd=self._systemd, since=self._since)
        self._note_configuration(config)
        return works

    def _note_configuration(self, config: Config) -> None:
        """Plan open cases again when the policies are not the ones they were planned by."""
        now = self._clock.now()
        with self.store.begin() as connection:
            known = connection.scalar(sa.select(meta.c.value).where(meta.c.name == "config_digest"))
            if known == config.digest:
                return
            if known is None:
                connection.execute(meta.insert().values(name="config_digest", value=config.digest))
            else:
                connection.execute(meta.update().where(meta.c.name == "config_digest").values(value=config.digest))
            woken = cases.wake_all(connection, now)
            entries.append(connection, now, [Entry("config.loaded", None, {"digest": config.digest, "woken": woken})])

    # ------------------------------------------------------------------------------------------------------- once

    def once(self) -> None:
        """Read the sources to their end and work until nothing is due now."""
        while True:
            read = self.works.read()
            unsettled = self.works.dispatch.settle()
            worked = self.works.dispatch.turn()
            if read or worked:
                continue
            if self.works.unfinished():
                self._signal.wait(UNFINISHED_SECONDS)
            elif unsettled:
                self._signal.wait(1.0)
            else:
                break
        notify.deliver(self.store, self.works.config, self._clock)

    # -------------------------------------------------------------------------------------------------------- run

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; re-read the configuration on SIGHUP."""
        with self._signals():
            waker = self._waker()
            waker.start()
            waker.watch(self.works.directories())
            log.info(
                "daemon.ready", version=__version__, dry_run=self._dry_run, policies=len(self.works.config.policies)
            )
            self._systemd.ready(self._status())
            try:
                self._loop(waker)
            finally:
                self._systemd.stopping()
                waker.stop()
                log.info("daemon.stopped")

    def _loop(self, waker: Waker) -> None:
        while not self._stopping:
            self._systemd.alive()
            if self._reload:
                self._reload = False
                self._swap(waker)
            try:
                read = self.works.read()
                worked = self.works.dispatch.turn()
                unsettled = self.works.dispatch.settle()
            except StateUnavailable as trouble:
                log.error("state.unavailable", why=str(trouble), note="nothing is written until the state can be")
                self._systemd.status(f"not acting: {trouble}")
                self._signal.wait(STATE_RETRY_SECONDS)
                continue
            if not read and not worked:
                waker.watch(self.works.directories())
                self._signal.wait(self._pause(unsettled))

    def _pause(self, unsettled: int) -> float:
        """How long nothing will be due, for all that is known now."""
        longest = UNFINISHED_SECONDS if self.works.unfinished() else 1.0 if unsettled else IDLE_SECONDS
        with self.store.read() as connection:
            due_at = cases.next_due(connection)
        if due_at is None:
            return longest
        return min(longest, max((due_at - self._clock.now()).total_seconds(), 0.01))

    def _waker(self) -> Waker:
        waker = Waker(self._signal)
        waker.every(timedelta(seconds=60), "look", self._signal.set)
        waker.every(timedelta(seconds=5), "notices", self._deliver)
        waker.every(timedelta(minutes=10), "retention", self._retain)
        waker.every(timedelta(seconds=30), "status", lambda: self._systemd.status(self._status()))
        waker.every(self.works.config.clock.every, "clock", self._check_clock)
        return waker

    def _deliver(self) -> None:
        notify.deliver(self.store, self.works.config, self._clock)

    def _retain(self) -> None:
        with self.store.begin() as connection:
            seen.forget(connection, self._clock.now() - SEEN_LIFE)

    def _check_clock(self) -> None:
        """Look at our own clock before OSS does: it refuses every request once we are 15 minutes off."""
        from ossmend.daemon.sources.own_clock import watch_clock

        watch_clock(self.works.config, self.works.cloud, self.works.triage, self._clock)
        self._signal.set()

    def _status(self) -> str:
        with self.store.read() as connection:
            table = dict(cases.by_state(connection))
        told = ", ".join(f"{number} {state}" for state, number in sorted(table.items())) or "no cases"
        return f"{'dry run: ' if self._dry_run else ''}{told}"

    # ------------------------------------------------------------------------------------------ reload and signals

    def _swap(self, waker: Waker) -> None:
        """Take a new configuration whole, or keep the old one and say why."""
        self._systemd.reloading()
        try:
            config = load(self._path)
            if state_directory(config, dry_run=self._dry_run) != state_directory(
                self.works.config, dry_run=self._dry_run
            ):
                raise ConfigRefused.of(self._path, "state.path cannot change while running: restart for that")
            works = self._build(config)
        except (ConfigRefused, CredentialsRefused) as refused:
            log.error("config.kept", why=str(refused))
            self._systemd.ready(f"bad reload kept out; {self._status()}")
            return
        old, self.works = self.works, works
        old.close()
        waker.every(config.clock.every, "clock", self._check_clock)
        waker.watch(works.directories())
        log.info("config.reloaded", digest=config.digest, policies=len(config.policies))
        self._systemd.ready(self._status())

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        for number in before:
            signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        else:
            self._stopping = True
            self.works.dispatch.stop()
        self._signal.set()

    def close(self) -> None:
        self.works.close()
        self.store.close()
