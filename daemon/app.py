"""The daemon: one store and one loop, in which a configuration is at work: start what is due, wait, reload, stop.

What a configuration sets going is in works.py, what signals have asked for in host/orders.py; here is what outlives a
reload.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import asdict, astuple
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog

from ossmend import __version__
from ossmend.config.load import ConfigRefused, load
from ossmend.config.model import Config
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.orders import Orders
from ossmend.daemon.host.pulse import Pulse
from ossmend.daemon.host.stops import CredentialsRefused, StateOutgrown, StateUnavailable
from ossmend.daemon.host.systemd import Systemd
from ossmend.daemon.host.wake import Signal, Waker
from ossmend.daemon.host.watched_file import PERIOD, WatchedFile
from ossmend.daemon.journal import cases, entries, leases, lives, locks, opening, retention
from ossmend.daemon.journal import pause as switch
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import meta
from ossmend.daemon.journal.store import open_store
from ossmend.daemon.stages.clock_steps import ClockSteps
from ossmend.daemon.stages.fault import RETRY_SECONDS
from ossmend.daemon.stages.limits import all_limits, to_row
from ossmend.daemon.stages.read import UNFINISHED_SECONDS
from ossmend.daemon.stages.rules import by_mode, modes_of
from ossmend.daemon.stages.vitals import LOOK_SECONDS, SignOfLife
from ossmend.daemon.works import Works
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT

log = structlog.get_logger("ossmend")

IDLE_SECONDS = 5.0
"""The longest sleep of the loop; stored events, timers and lanes that end wake it sooner."""
SETTLE_SECONDS = 1.0
"""How often the world is looked at for the effect of a write whose answer was lost."""

CREDENTIALS = timedelta(seconds=15)
"""How often it is asked whether there are any that are valid; what is valid for long is not fetched for it."""

RETAINING = "job/retention"


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
        self._signal = Signal()
        self._orders = Orders(self._signal.set)
        self._paused_by_file: bool | None = None
        """None: not looked at yet."""
        self._returns = 0
        self._systemd = Systemd()
        config = load(path)
        self.store = opening.to_work(config, dry_run=dry_run) if state is None else open_store(state, exclusive=True)
        self._clock = clock or self.store.clock()
        self._pulse = Pulse(self._clock)
        self._steps = ClockSteps(self.store, self._clock)
        self._life = SignOfLife(self.store, self._clock, dry_run=dry_run)
        with ExitStack() as unless_built:
            unless_built.callback(self.store.close)
            self._steps.begin()
            self.works = self._build(config)
            unless_built.pop_all()

    def _build(self, config: Config) -> Works:
        works = Works(config, self.store, self._clock, dry_run=self._dry_run, pulse=self._pulse, since=self._since,
                      on_progress=self._signal.set)  # fmt: skip
        try:
            works.accounts.refuse_root()
            self._note_configuration(config)
        except (CredentialsRefused, StateUnavailable):
            works.close()
            raise
        for reading in works.readings:
            reading.vitals = self._life.known(reading.source.name)
        limits = [to_row(limit) for limit in all_limits(config, DEFAULT_ACCOUNT)]
        self._life.configured(config.digest, modes_of(config, dry_run=self._dry_run), limits)
        return works

    def _note_configuration(self, config: Config) -> None:
        """Plan open cases again when the policies are not the ones they were planned by."""
        now = self._clock.now()
        with self.store.begin() as connection:
            locks.take(connection, locks.CONFIG)
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

    def once(self, *, tell: bool = True) -> None:
        """Read the sources to their end and work until nothing is due now. Without `tell` no notice leaves."""
        self._life.once()
        readings, work = self.works.readings, self.works.work
        while True:
            read = sum(reading.read() for reading in readings)
            unsettled = work.settling.turn()
            worked = work.turn()
            if read or worked:
                continue
            if any(reading.source.unfinished for reading in readings):
                self._signal.wait(UNFINISHED_SECONDS)
            elif unsettled:
                self._signal.wait(SETTLE_SECONDS)
            else:
                break
        self._retain()
        if tell:
            self.works.delivery.start()
            self.works.delivery.wait()
        self._beat(stopped=True)

    # -------------------------------------------------------------------------------------------------------- run

    def run(self, watched: WatchedFile | None = None) -> None:
        """Work until SIGTERM or SIGINT; re-read the configuration on SIGHUP, or when the watched file has changed."""
        with self._orders.heard():
            if self._orders.stop:  # it was asked for while we started
                return
            waker = self._waker()
            if watched is not None:
                waker.every(PERIOD, "configuration", lambda: self._look_at(watched))
            waker.start()
            self.store.listen(self._signal.set)
            waker.watch(self.works.directories())
            self.works.start()
            self.works.wait_for_first_look()
            gc.freeze()  # what a start has made stays for good: no collection walks over its 100,000 objects any more
            policies = by_mode(self.works.config, dry_run=self._dry_run)
            self._life.works(policies)
            self._beat()  # who is killed as soon as it has said that it is ready was at work, and not stopped in order
            log.info("daemon.ready", version=__version__, dry_run=lives.writes_nothing(policies), policies=policies)
            self._systemd.ready(self._status())
            try:
                self._loop(waker)
            finally:
                self._systemd.stopping()
                waker.stop()
                self.works.close(self._turning)
                self._life.ends()
                self._beat(stopped=True)
                log.info("daemon.stopped")

    def _loop(self, waker: Waker) -> None:
        while not self._orders.stop:
            self._turning()
            try:
                self.store.check()
                self._steps.look()
                self._throw_switch()
                self._ask_again()
                if self._orders.reload:
                    self._orders.reload = False
                    self._swap(waker)
                started = self.works.work.start()
                unsettled = self.works.work.settling.start()
                rest = 0.0 if started else self._rest(unsettled)
            except StateOutgrown as over:
                log.error("state.outgrown", why=str(over))
                raise
            except StateUnavailable as trouble:
                log.error("state.unavailable", why=str(trouble), note="nothing is written until the state can be")
                self._systemd.status(f"not acting: {trouble}")
                rest = RETRY_SECONDS
            waker.watch(self.works.directories())
            self._signal.wait(rest)

    def _throw_switch(self) -> None:
        """SIGUSR1 pauses all policies, SIGUSR2 ends every pause; what the file has held is due when it is gone."""
        file = self.store.directory / switch.FILE
        if (there := file.exists()) is not self._paused_by_file:
            with self.store.begin() as connection:
                changed = switch.by_file(connection, self.store.host, str(file), self._clock.now(), there=there)
            self._paused_by_file = there
            if changed:
                log.warning("paused" if there else "resumed", by=f"the file {file}")
        number = self._orders.switch
        if number is None:
            return
        change = switch.pause if number == signal.SIGUSR1 else switch.resume
        with self.store.begin() as connection:
            change(connection, "", signal.Signals(number).name, self._clock.now())
        if self._orders.switch == number:
            self._orders.switch = None  # only now: a state that cannot be written has not heard it
        log.warning("paused" if number == signal.SIGUSR1 else "resumed", by=signal.Signals(number).name)

    def _ask_again(self) -> None:
        """Where the cloud was away, or refused our key, and is back: what could not be checked is due now."""
        returns = self.works.accounts.returns
        if returns != self._returns:
            with self.store.begin() as connection:
                cases.wake_unchecked(connection, self._clock.now())
            self._returns = returns

    def _turning(self) -> None:
        """Feed the watchdog, unless a stage hangs."""
        late = self._pulse.late()
        if late:
            log.error("stage.late", stages=late)
        else:
            self._systemd.alive()

    def _rest(self, unsettled: int) -> float:
        """For how many seconds nothing will be due, for all that is known now."""
        longest = min(SETTLE_SECONDS if unsettled else IDLE_SECONDS, self.store.looks_every)
        due_at = self.works.work.next_due()
        if due_at is None:
            return longest
        return min(longest, max((due_at - self._clock.now()).total_seconds(), 0.01))

    def _waker(self) -> Waker:
        """What is done now and then, by threads of its own; always for the configuration that is at work just then."""
        waker = Waker(self._on_file_change)
        waker.every(timedelta(seconds=60), "look", self._signal.set)
        waker.every(CREDENTIALS, "credentials", self._look_at_credentials, at_once=True)
        waker.every(timedelta(seconds=5), "notices", self._deliver)
        waker.every(timedelta(minutes=1), "retention", self._retain_or_rest)
        waker.every(timedelta(seconds=LOOK_SECONDS), "vitals", self._beat)
        waker.every(timedelta(seconds=30), "status", lambda: self._systemd.status(self._status()))
        waker.every(self.works.config.clock.every, "clock", self._check_clock)
        return waker

    def _on_file_change(self, paths: Collection[str] | None) -> None:
        self.works.news(paths)

    def _deliver(self) -> None:
        self.works.delivery.start()

    def _retain_or_rest(self) -> None:
        try:
            self._retain()
        except StateUnavailable as trouble:
            log.error(
                "state.unavailable", why=str(trouble), note="nothing old is let go until the state can be written"
            )

    def _retain(self) -> None:
        """Let go what is old or too much, and look whether there is room again at a ceiling; one node at a time."""
        with leases.one(self.store.leases, RETAINING) as ours:
            if ours:
                self._retain_alone()

    def _retain_alone(self) -> None:
        works = self.works
        works.triage.look_for_room()
        if not works.accounts.clock_is_right():
            return  # a clock that is ahead, if only for a minute, would make everything old
        gone = retention.retire(self.store, works.config.retention, self._clock.now(), RETAINING)
        if any(astuple(gone)):
            log.info("state.retired", **asdict(gone))

    def _look_at_credentials(self) -> None:
        self.works.accounts.look_at_credentials()

    def _check_clock(self) -> None:
        """Look at our own clock before OSS does: it refuses every request once we are 15 minutes off."""
        from ossmend.daemon.stages.watch_clock import watch_clock

        found = watch_clock(self.works.config, self.works.home, self.works.triage, self._clock)
        self._life.measured(*found)
        self._signal.set()

    def _beat(self, *, stopped: bool = False) -> None:
        """Say in the state how the daemon fares, for `ossmend status`."""
        oss_now = self.works.home.oss_clock()
        self._life.beat([reading.vitals for reading in self.works.readings], oss_now,
                        credentials=self.works.accounts.troubles(), stopped=stopped)  # fmt: skip

    def _status(self) -> str:
        try:
            with self.store.read() as connection:
                table = dict(cases.by_state(connection))
        except StateUnavailable as trouble:
            return f"the state cannot be read: {trouble}"
        told = ", ".join(f"{number} {state}" for state, number in sorted(table.items())) or "no cases"
        return f"{'dry run: ' if self._dry_run else ''}{told}"

    # ----------------------------------------------------------------------------------------------------- reload

    def _look_at(self, watched: WatchedFile) -> None:
        if watched.has_changed():
            log.info("config.changed", path=str(self._path))
            self._orders.reload = True
            self._signal.set()

    def _swap(self, waker: Waker) -> None:
        """Take a new configuration whole, or keep the old one and say why."""
        self._systemd.reloading()
        config: Config | None = None
        try:
            config = load(self._path)
            if opening.place(config, dry_run=self._dry_run) != opening.place(self.works.config, dry_run=self._dry_run):
                raise ConfigRefused.of(self._path, "state cannot change while running: restart for that")
            works = self._build(config)
        except (ConfigRefused, CredentialsRefused) as refused:
            self._life.kept_out(str(refused), config.digest if config is not None else None)
            self._beat()  # who reads the next line and asks `status` is told the same
            log.error("config.kept", why=str(refused))
            self._systemd.ready(f"bad reload kept out; {self._status()}")
            return
        except StateUnavailable as trouble:
            log.error("config.kept", why=str(trouble), note="it is read again when the state can be written")
            self._orders.reload = True
            self._systemd.ready(f"reload put off: {trouble}")
            return
        self.works.close(self._turning)  # the cursors and the intents have one owner at a time
        self.works = works
        self._beat()
        works.start()
        waker.every(config.clock.every, "clock", self._check_clock)
        waker.watch(works.directories())
        log.info("config.reloaded", digest=config.digest, policies=len(config.policies))
        self._systemd.ready(self._status())

    def close(self) -> None:
        self.works.close()
        self.store.close()
