"""A seed and an older version -> one trial of an upgrade, in some weather. versions.py says what for, and judges.

LEFT is the machine that has the older version at first, and RIGHT one that has ours. Where the older one does not end
by itself it is stopped or killed, and its machine has ours from then on.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from ossmend.daemon.journal import migrate
from ossmend.daemon.journal.leases import LEASE_SECONDS
from ossmend.simulator.serve import Running
from ossmend.simulator.state import RequestRecord
from tests.crash.judge import Findings
from tests.crash.nodes import Nodes
from tests.crash.nursery import Nursery
from tests.crash.stage import WRITES
from tests.crash.versions_judge import REFUSED, Older, Wrote, goodbye, stale
from tests.crash.way import HoldingWay, holding_way
from tests.database import Server
from tests.patience import HUNG, until

LEFT, RIGHT = "left", "right"
READY = '"event": "daemon.ready"'
HELD_SECONDS = (2.5, 8.0)
"""On the way: less than a call's deadline, or nearly three times as long (stages/settle.py allows for that)."""
_MIGRATED = "SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin)), version_num FROM alembic_version"

Weather = Callable[["Upgrade"], None]
KINDS: dict[str, Weather] = {}


def kind(weather: Weather) -> Weather:
    KINDS[weather.__name__.strip("_").replace("_", " ")] = weather
    return weather


@kind
def _newer_joins(trial: Upgrade) -> None:
    trial.start(RIGHT)


@kind
def _newer_killed_while_it_starts(trial: Upgrade) -> None:
    for _ in range(2):
        trial.start(RIGHT)
        trial.pause(trial.random.uniform(0.0, 3.0))
        trial.nodes[RIGHT].close()
    trial.start(RIGHT)


@kind
def _older_killed(trial: Upgrade) -> None:
    trial.start(RIGHT)
    trial.pause(trial.random.uniform(0.0, 4.0))
    trial.nodes[LEFT].close()
    trial.start(LEFT)
    trial.until_ready_or_refused(LEFT)


@kind
def _older_stopped_for_longer_than_its_lease(trial: Upgrade) -> None:
    trial.nodes[LEFT].signal(signal.SIGSTOP)
    trial.start(RIGHT)
    trial.pause(LEASE_SECONDS + trial.random.uniform(0.5, 5.0))
    trial.nodes[LEFT].signal(signal.SIGCONT)


@kind
def _older_stopped_until_the_newer_works(trial: Upgrade) -> None:
    """Its leases are over by the migration, and by its own memory they are not."""
    trial.nodes[LEFT].signal(signal.SIGSTOP)
    trial.start(RIGHT)
    trial.until_ready(RIGHT)
    trial.pause(trial.random.uniform(0.0, 2.0))
    trial.nodes[LEFT].signal(signal.SIGCONT)


@kind
def _older_cut_off_from_the_database(trial: Upgrade) -> None:
    trial.relays[LEFT].cut()
    trial.start(RIGHT)
    trial.pause(trial.random.uniform(0.0, LEASE_SECONDS + 4.0))
    trial.relays[LEFT].heal()


@kind
def _older_has_writes_on_their_way(trial: Upgrade) -> None:
    """They arrive when the schema has changed, and nobody has the answer."""
    if trial.random.random() < 0.5:
        until("a write is held, or none is to come", lambda: trial.way.held > 0 or trial.stage.asked > 30)
    trial.start(RIGHT)


@kind
def _both_start_at_once(trial: Upgrade) -> None:
    """It may be either of them that makes the schema: this one strikes before any moment."""
    trial.pause(trial.random.uniform(0.0, 1.5))
    trial.start(RIGHT)


@kind
def _two_newer_start_at_once(trial: Upgrade) -> None:
    trial.nodes[LEFT].close()
    trial.upgraded = True
    trial.start(LEFT)
    trial.start(RIGHT)


@kind
def _database_restarted(trial: Upgrade) -> None:
    trial.start(RIGHT)
    trial.pause(trial.random.uniform(0.0, 3.0))
    trial.server.stop(trial.random.choice((signal.SIGINT, signal.SIGQUIT)))
    trial.pause(trial.random.uniform(0.0, 4.0))
    trial.server.start()


@kind
def _newer_taken_back(trial: Upgrade) -> None:
    """Whoever upgrades thinks again: what the newer one had is given back, and the older goes on where it may."""
    trial.start(RIGHT)
    trial.until_ready(RIGHT)
    trial.pause(trial.random.uniform(0.0, 3.0))
    trial.stops(RIGHT)
    trial.pause(trial.random.uniform(0.0, 6.0))
    trial.start(RIGHT)


@kind
def _older_has_worked_for_long(trial: Upgrade) -> None:
    """And goes on reading: where it works beside the newer, each line is counted before it is upgraded."""
    trial.grows_on(LONG - 1)
    trial.start(RIGHT)
    trial.until_ready(RIGHT)
    trial.grows_on(1)
    if trial.older.goes_on:
        until("the older node reads on", lambda: trial.ask("SELECT sum(events) FROM cases") == [(trial.lines,)])


AT_ONCE, HOLDS, WORKED = "both start at once", "older has writes on their way", "older has worked for long"
LONG, LINE_SECONDS = 12, 0.15
"""So many times as many lines, one at a time."""
EARLY = 8
"""Of the older version's requests: the newer one comes while most is to be done."""


class Upgrade(Nodes):
    """One trial. Everything public is for the weather."""

    def __init__(self, seed: int, directory: Path, nursery: Nursery, older: Older, olders: Nursery) -> None:
        super().__init__(seed, directory, nursery, list(KINDS)[seed % len(KINDS)])
        self.older = older
        self.upgraded = False
        """Does LEFT run our version?"""
        self.wrote: list[Wrote] = []
        self.wrong: list[str] = []
        self.held_seconds = 0.0
        self._migrated_at = 0.0
        self._joined_at = 0.0
        self._more: list[str] = []
        self._readies: dict[str, int] = {}
        self.way: HoldingWay
        self._both = {LEFT: olders, RIGHT: nursery}
        self._keys: dict[str, tuple[str, str]] = {}
        self._open = ExitStack()

    def new_server(self) -> Server:
        return Server(max_connections="60", track_commit_timestamp="on")

    def start(self, name: str) -> None:
        is_older = name == LEFT and not self.upgraded
        self._readies[name] = self.told(name).count(READY)
        if name == RIGHT:
            self._joined_at = self._joined_at or time.time()
        key_id, secret = self._keys[LEFT if is_older else RIGHT]
        self.nodes[name] = self._both[LEFT if is_older else RIGHT].start(
            ["run", "--config", str(self.directory / f"{name}.yaml")],
            self.environment(name) | {"ALIBABA_CLOUD_ACCESS_KEY_ID": key_id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret},
            self.trace(name), self.clock(name),
        )  # fmt: skip

    def trace(self, name: str) -> Path:
        return self.directory / (f"{name}-upgraded.trace" if name == LEFT and self.upgraded else f"{name}.trace")

    def told(self, name: str) -> str:
        trace = self.trace(name)
        return trace.read_text(encoding="utf-8") if trace.exists() else ""

    def grows_on(self, times: int) -> None:
        """All that the logs have, and then more of it in the older node's."""
        for log in self._logs:
            log.end()
        count = times * len(self.stage.subjects)
        some, self._more = self._more[:count], self._more[count:]
        for line in some:
            with (self.directory / f"{LEFT}.log").open("a", encoding="utf-8") as file:
                file.write(line)
            self.pause(LINE_SECONDS)

    def moment(self) -> None:
        at, end = self.stage.asked + self.random.randint(0, EARLY), time.monotonic() + self.random.uniform(0.5, 4.0)
        while self.stage.asked < at and time.monotonic() < end:
            self.pause(0.005)

    def until_ready(self, name: str) -> None:
        until(f"{name} is ready", lambda: self._is_ready(name))

    def until_ready_or_refused(self, name: str) -> None:
        until(f"{name} is ready, or has ended", lambda: self._is_ready(name) or self.nodes[name].ended())

    def _is_ready(self, name: str) -> bool:
        """Since it was started last."""
        return self.told(name).count(READY) > self._readies[name]

    def stops(self, name: str) -> None:
        """As a service manager stops it."""
        node = self.nodes[name]
        node.signal(signal.SIGTERM)
        assert node.ended(HUNG), f"{name} does not stop"
        if node.status() != 0:
            self.wrong.append(f"{name} was stopped, and ended with {node.status()}")

    # ------------------------------------------------------------------------------------------------------- the trial

    def run(self) -> Findings:
        with self._open:
            return super().run()

    def _set(self, simulator: Running) -> None:
        super()._set(simulator)
        if self.kind == WORKED:
            self._more = [line for _ in range(LONG) for line in self.stage.refusals()]
            self.lines += len(self._more)
        for name in (LEFT, RIGHT):
            key = simulator.do(lambda cloud: cloud.identity.add_key())
            self._keys[name] = (key.id, key.secret)
        if self.kind == HOLDS:
            self.held_seconds = self.random.choice(HELD_SECONDS)
        held = self.random.randint(1, 6) if self.kind == HOLDS else 0
        self.way = self._open.enter_context(holding_way(simulator.oss, held, self.held_seconds))
        config = self.directory / f"{LEFT}.yaml"
        config.write_text(config.read_text(encoding="utf-8").replace(simulator.oss, self.way.url), encoding="utf-8")
        self.stage.requests.listeners.append(self._note)

    def _note(self, record: RequestRecord) -> None:
        if record.operation in WRITES:
            what = f"{record.operation} {record.bucket or ''}/{record.key or ''} {record.status}"
            self.wrote.append(Wrote(time.time(), record.access_key_id or "", what))

    def _works(self) -> None:
        self.start(LEFT)
        if self.kind != AT_ONCE:
            self.until_ready(LEFT)
            self.moment()
        KINDS[self.kind](self)
        self.struck += 1
        self.until_ready(RIGHT)
        if not self.upgraded:
            self._is_upgraded()

    def _is_upgraded(self) -> None:
        """The machine of the older version gets ours."""
        self.until_ready_or_refused(LEFT)
        refused = self.nodes[LEFT].ended() and REFUSED in self.told(LEFT) and not self.older.starts
        if not self.older.goes_on or refused:
            self._ends_by_itself()
        else:
            self.pause(self.random.uniform(0.0, 4.0))
            assert not self.nodes[LEFT].ended(), f"the older node ended by itself with {self.nodes[LEFT].status()}"
            if self.random.random() < 0.5:
                self.nodes[LEFT].close()
            else:
                self.stops(LEFT)
        self.upgraded = True
        self.start(LEFT)

    def _ends_by_itself(self) -> None:
        """What ends it is the state. Its service manager starts it again: it is refused."""
        for was_working in (True, False):
            node = self.nodes[LEFT]
            assert node.ended(HUNG), "the older node goes on, where the state serves it no more"
            self.wrong += goodbye(self.told(LEFT), node.status(), was_working=was_working)
            if not self.older.starts and was_working:
                self.trace(LEFT).rename(self.directory / "left-outgrown.trace")
                self.start(LEFT)

    def _judged(self) -> Findings:
        found = super()._judged()
        found.broken += self.wrong
        ((migrated_at, head),) = self.ask(_MIGRATED)
        self._migrated_at = float(migrated_at)
        if head != migrate.HEAD:
            found.broken.append(f"the schema is {head}")
        if not self.older.goes_on:
            found.broken += stale(
                self.wrote, self._keys[LEFT][0], self._migrated_at + LEASE_SECONDS + self.held_seconds
            )
        return found

    def sent(self) -> Mapping[str, int]:
        """Writes that arrived from each version."""
        return Counter(self._whose(each) for each in self.wrote)

    def _whose(self, wrote: Wrote) -> str:
        if wrote.by != self._keys[LEFT][0]:
            return "newer"
        beside = max(self._migrated_at, self._joined_at)
        return "older, before" if wrote.at < beside else "older, beside the newer"
