"""A seed -> one trial: daemons that are killed at moments of its choice while a fault strikes, then one to the end.

Everything that is chosen is chosen by the seed: the kind of fault (unless one is named) and where it strikes, how often
and when a daemon is killed, how the log grows, what a person approves and takes back. What the machine does in between
is its own: a seed is a way to look there again, and no recording. judge.py says what is to be seen afterwards.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ossmend.simulator.serve import Running, running_simulator
from ossmend.simulator.state import RequestRecord
from tests.crash.faults import HEALS, KINDS
from tests.crash.growth import GrowingLog
from tests.crash.nursery import Child, Nursery, step, stepped
from tests.crash.person import Person
from tests.crash.stage import ASSETS, KEY_ID, PHOTOS, REPAIRS, REPORTS, Stage
from tests.crash.way import holding_way
from tests.patience import HUNG

POLL_SECONDS = 0.1
MOST_WRITES = 2
"""An hour's writes of the policy that restores three objects."""
LONGEST_LIFE = 25.0
"""Seconds after which a daemon is killed whose moment has not come."""
IDLE_SECONDS = 1.5
"""Without a request of the daemons for so long, the log grows by itself."""
AT_REST = 3
"""So many looks in a row that find everything at rest."""
CONFIGURATION = """\
version: 1
cloud: {{ region: {region}, endpoint: '{endpoint}', rpc_endpoint: '{endpoint}', deadline: 3s,
  credentials: {{ allow_root: true }} }}
state: {{ path: '{state}' }}
sources: [ {{ app_log: {{ path: '{log}*', start: beginning }} }} ]
clock: {{ ntp_servers: [], every: 10m }}
quiet: {quiet}
mode: enforce
notify: [ {{ webhook: {{ url: '{hook}' }} }} ]
cors_rules:
  web:
    allowed_origins: ['https://app.example.com']
    allowed_methods: [GET, PUT]
    allowed_headers: ['*']
    expose_headers: [ETag]
    max_age_seconds: 600
policies:
  - name: thaw
    on: InvalidObjectState
    mode: {mode}
    match: {{ bucket: {reports} }}
    brakes: {{ writes_per_hour: {most} }}
    restore: {{ days: 1 }}
  - {{ name: cors, on: AccessForbidden, mode: {mode}, match: {{ bucket: {assets} }}, cors: {{ rule: web }} }}
  - {{ name: pictures, on: ImageDamage, match: {{ bucket: {photos} }} }}
  - {{ name: keys, on: InvalidAccessKeyId, match: {{ access_key_id: {key} }}, key: {{ tag_owner: true }} }}
{more}
"""


@dataclass(frozen=True, slots=True)
class Kill:
    """When a daemon is killed, counted from its start."""

    on: Literal["request", "write", "word", "time"]
    number: int
    after: float
    """Seconds behind that; 0 is within it, before the answer leaves."""

    @classmethod
    def chosen(cls, choice: random.Random) -> Kill:
        on: Literal["request", "write", "word", "time"]
        on = choice.choice(("request", "request", "write", "write", "word", "time"))
        number = choice.randint(1, 25) if on == "request" else choice.randint(1, 3)
        after = choice.choice((0.0, choice.uniform(0.0, 0.02), choice.uniform(0.0, 0.5)))
        return cls(on, number, after if on != "time" else choice.uniform(0.05, 4.0))


class Trial:
    """One trial. Everything public is for faults.py, judge.py and rounds.py."""

    def __init__(self, seed: int, directory: Path, nursery: Nursery, kind: str | None = None) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.kind = kind or self.random.choice(list(KINDS))
        self.kills = [Kill.chosen(self.random) for _ in range(self.random.choice((1, 1, 2, 3)))]
        self.directory = directory
        self.state, self.log = directory / "state", directory / "app.log"
        self.trace, self.clock = directory / "daemon.log", directory / "clock"
        self.stage: Stage
        self.person = Person(self.state, self.random, self._may_undo)
        self.daemon: Child | None = None
        self.lines = 0
        """Refusals that were logged."""
        self.in_pieces = False
        self.words_while_dead = False
        self.removed: str | None = None
        self.killed = 0
        self.struck = 0
        """How often the fault struck."""
        self._nursery = nursery
        self._hooks: list[tuple[int, Callable[[], None]]] = []
        self._heal_at: float | None = None
        self._active_at = time.monotonic()
        self._spoke = False
        self._wake = threading.Event()
        self._open = ExitStack()

    # ---------------------------------------------------------------------------------------------- for faults.py

    def at_request(self, number: int, action: Callable[[], None]) -> None:
        """Within the daemons' request of that number, in the simulator's thread."""
        self._hooks.append((number, action))

    def beside_request(self, number: int, action: Callable[[], None]) -> None:
        """Beside everything else, from that request on: for what takes time."""
        self.at_request(number, lambda: threading.Thread(target=action, daemon=True).start())

    def pause(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def hold_writes(self, times: int, seconds: float) -> None:
        way = self._open.enter_context(holding_way(self.stage.simulator.oss, times, seconds))
        self._open.callback(lambda: setattr(self, "struck", self.struck + way.held))
        self.endpoint = way.url

    def signal(self, number: int) -> None:
        if self.daemon is not None:
            self.daemon.signal(number)

    def put_clock_right(self) -> None:
        if stepped(self.clock) < 0:
            step(self.clock, 0.0)

    def configure(self, mode: str = "enforce", quiet: str = "24h", more: str = "") -> None:
        """In one step: no daemon reads half of it."""
        text = CONFIGURATION.format(
            region=self.stage.simulator.region, endpoint=self.endpoint, state=self.state, log=self.log, hook=self.hook,
            quiet=quiet, mode=mode, more=more, most=MOST_WRITES,
            reports=REPORTS, assets=ASSETS, photos=PHOTOS, key=KEY_ID,
        )  # fmt: skip
        new = self.directory / "new.yaml"
        new.write_text(text, encoding="utf-8")
        new.replace(self.config)

    # ------------------------------------------------------------------------------------------------------- the trial

    def run(self) -> None:
        """To the end; what is left is in `stage`, `person` and the state directory."""
        with self._open, running_simulator() as simulator:
            self._set(simulator)
            for kill in self.kills:
                self._start()
                self._lives_until(kill)
                self._kill()
                if self.words_while_dead:
                    self.struck += self.person.speaks()
            self._runs_to_the_end()
            self.struck += self.stage.finish()

    def _set(self, simulator: Running) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.clock.write_bytes(bytes(8))
        self.trace.touch()
        self.config = self.directory / "ossmend.yaml"
        self.endpoint = simulator.oss
        self.hook = self._open.enter_context(self.person.hears())
        self.stage = Stage(simulator)
        self.stage.build()
        lines = self.stage.refusals() + self.stage.refusals()
        self.lines = len(lines)
        KINDS[self.kind](self)
        self.configure()
        self._growing = GrowingLog(self.log, lines, self.random, in_pieces=self.in_pieces)
        self._growing.grow(0)
        self.stage.requests.listeners.append(self._heard)

    def _heard(self, _record: RequestRecord) -> None:
        """In the simulator's thread, for each request of the daemons."""
        asked = self.stage.asked
        self._growing.grow(asked)
        for hook in [hook for hook in self._hooks if hook[0] <= asked]:
            self._hooks.remove(hook)
            hook[1]()
            self.struck += 1
            self._heal_at = time.monotonic() + self.random.uniform(0.3, 3.0)
        self._wake.set()

    def _may_undo(self, code: str) -> bool:
        """When every line was read, and only what ossmend has written."""
        repaired = any(each.operation == REPAIRS[code] and each.accepted for each in self.stage.arrived)
        return repaired and self._is_read()

    def _is_read(self) -> bool:
        return self._growing.whole and self.person.events() >= self.lines

    def _at_rest(self) -> bool:
        return self._is_read() and self._heal_at is None and self.person.at_rest()

    def _live(self) -> None:
        """What goes on beside the daemon for a moment: a person looks, a fault is mended, the log grows."""
        if self._heal_at is not None and time.monotonic() > self._heal_at:
            self._heal()
        if not self.words_while_dead:
            self._spoke = self.person.speaks() or self._spoke
        if self._wake.wait(POLL_SECONDS):
            self._active_at = time.monotonic()
        elif time.monotonic() - self._active_at > IDLE_SECONDS:
            self._growing.grow_on()
        self._wake.clear()

    def _heal(self) -> None:
        if self._heal_at is not None and self.kind in HEALS:
            HEALS[self.kind](self)
        self._heal_at = None

    # --------------------------------------------------------------------------------------------------------- daemons

    def _begin(self, command: str) -> Child:
        environment = {
            "PATH": os.environ["PATH"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.stage.simulator.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.stage.simulator.access_key_secret,
        }
        if self.daemon is not None:
            self.daemon.close()  # it has ended; a thousand handles would be too many
        self.daemon = self._nursery.start([command, "--config", str(self.config)], environment, self.trace, self.clock)
        return self.daemon

    def _start(self) -> Child:
        self._heal()
        self._spoke = False
        return self._begin("run")

    def _lives_until(self, kill: Kill) -> None:
        """Returns when it is to be killed, has come to rest, or was killed on the spot."""
        assert self.daemon is not None  # just started
        began, asked, wrote = time.monotonic(), self.stage.asked, len(self.stage.arrived)

        def happened() -> bool:
            if self.words_while_dead:
                return self.person.has_to_say()
            return {
                "request": self.stage.asked - asked >= kill.number,
                "write": len(self.stage.arrived) - wrote >= kill.number,
                "word": self._spoke,
                "time": time.monotonic() - began >= kill.after,
            }[kill.on]

        def on_the_spot(_record: RequestRecord) -> None:
            """Within the request, in the simulator's thread: before its answer leaves."""
            on_request = kill.on in ("request", "write") and not self.words_while_dead
            if kill.after == 0.0 and on_request and happened():
                self.signal(signal.SIGKILL)

        self.stage.requests.listeners.append(on_the_spot)
        try:
            quiet = 0
            while quiet < AT_REST and time.monotonic() - began < LONGEST_LIFE and not self.daemon.ended():
                if happened():
                    self.pause(kill.after if kill.on != "time" else 0.0)
                    break
                self._live()
                quiet = quiet + 1 if self._at_rest() else 0
        finally:
            self.stage.requests.listeners.remove(on_the_spot)
        assert self.daemon.status() is None, f"the daemon ended by itself with {self.daemon.status()}"

    def _kill(self) -> None:
        assert self.daemon is not None
        self.daemon.close()
        self.killed += 1

    def _runs_to_the_end(self) -> None:
        """One more daemon until everything is at rest, and one more pass, which delivers what is still to be told."""
        ready = self._ready()
        daemon, end = self._start(), time.monotonic() + HUNG
        self.words_while_dead = False
        self._growing.end()
        quiet = 0
        while quiet < AT_REST:
            assert not daemon.ended(), f"the daemon ended by itself with {daemon.status()}"
            assert time.monotonic() < end, f"not at rest within {HUNG:g} s: {self.person.cases()}"
            self._live()
            quiet = quiet + 1 if self._ready() > ready and self._at_rest() else 0
        daemon.signal(signal.SIGTERM)
        assert daemon.ended(HUNG), "a stop hangs"
        assert daemon.status() == 0, f"stopped, it ended with {daemon.status()}"
        once = self._begin("once")
        assert once.ended(HUNG), "once hangs"
        assert once.status() in (0, 1), f"once ended with {once.status()}"

    def _ready(self) -> int:
        """How many daemons have said that they are: one that is still starting is not asked to stop."""
        return self.trace.read_bytes().count(b'"event": "daemon.ready"')

    def abandon(self) -> None:
        """End what may still run."""
        if self.daemon is not None:
            self.daemon.close()
