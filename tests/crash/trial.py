"""A seed -> one trial: daemons that are killed at moments of its choice while a fault strikes, then one to the end.

Everything that is chosen is chosen by the seed: the kind of fault (unless one is named) and where it strikes, how often
and when a daemon is killed, how the log grows, what a person approves and takes back. What the machine does in between
is its own: a seed is a way to look there again, and no recording. judge.py says what is to be seen afterwards.
"""

from __future__ import annotations

import http.server
import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ossmend.daemon import approvals
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.store import open_store
from ossmend.simulator.serve import Running, running_simulator
from ossmend.simulator.state import RequestRecord
from tests.crash.faults import HEALS, KINDS
from tests.crash.nursery import Child, Nursery, step, stepped
from tests.crash.stage import ASSETS, KEY_ID, PHOTOS, REPORTS, Stage
from tests.crash.way import holding_way
from tests.patience import HUNG

POLL_SECONDS = 0.1
MOST_WRITES = 2
"""An hour's writes of the policy that restores three objects."""
LONGEST_LIFE = 25.0
"""Seconds after which a daemon is killed whose moment has not come."""
APPROVES_AGAIN_SECONDS = 10.0
"""What waits for an approval so long after one waits for another: it is another plan."""
IDLE_SECONDS = 1.5
"""Without a request of the daemons for so long, the log grows by itself."""
BUSY = ("open", "sending", "waiting")
"""The states of a case that goes on by itself, soon."""


@dataclass(frozen=True, slots=True)
class Kill:
    """When a daemon is killed, counted from its start."""

    on: Literal["request", "write", "word", "time"]
    number: int
    after: float
    """Seconds behind that; 0 is within it, before the answer leaves."""

    @classmethod
    def chosen(cls, choice: random.Random) -> Kill:
        on = choice.choice(("request", "request", "write", "write", "word", "time"))
        number = choice.randint(1, 25) if on == "request" else choice.randint(1, 3)
        after = choice.choice((0.0, choice.uniform(0.0, 0.02), choice.uniform(0.0, 0.5)))
        return cls(on, number, after if on != "time" else choice.uniform(0.05, 4.0))  # type: ignore[arg-type]  # of the list above


@dataclass(slots=True)
class Words:
    """What the person of this trial says, and what was answered."""

    approves: bool
    takes_back: set[str]
    """Codes whose repair is undone once it is there."""
    said: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """By code: why it cannot be taken back. That is a word to a person, too."""


class Trial:
    """One trial. Everything public is for faults.py and judge.py."""

    def __init__(self, seed: int, directory: Path, nursery: Nursery, kind: str | None = None) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.stage: Stage
        self.kind = kind or self.random.choice(list(KINDS))
        self.kills = [Kill.chosen(self.random) for _ in range(self.random.choice((1, 1, 2, 3)))]
        takes_back = {code for code in ("AccessForbidden", "ImageDamage") if self.random.random() < 0.6}
        self.words = Words(self.random.random() < 0.85, takes_back)
        self.directory = directory
        self.state, self.log = directory / "state", directory / "app.log"
        self.trace, self.clock = directory / "daemon.log", directory / "clock"
        self.daemon: Child | None = None
        self.notices: list[dict[str, Any]] = []
        self.lines = 0
        self.pieces = False
        self.words_while_dead = False
        self.removed: str | None = None
        self.theirs_added = False
        self.killed = 0
        self.struck = 0
        """How often the fault struck, as far as it strikes by itself."""
        self._nursery = nursery
        self._chunks: list[tuple[int, bytes]] = []
        self._hooks: list[tuple[int, Callable[[], None]]] = []
        self._jobs: list[threading.Thread] = []
        self._heal_at: float | None = None
        self._active_at = time.monotonic()
        self._approved_at = -APPROVES_AGAIN_SECONDS
        self._lock = threading.Lock()
        self._spoke = threading.Event()
        self._wake = threading.Event()
        self._open = ExitStack()

    # ---------------------------------------------------------------------------------------------- for faults.py

    def at_request(self, number: int, action: Callable[[], None]) -> None:
        """Within the daemons' request of that number, in the simulator's thread."""
        self._hooks.append((number, action))

    def soon_after_request(self, number: int, action: Callable[[], None]) -> None:
        """Beside everything else, from that request on: for what takes time."""

        def begin() -> None:
            self._jobs.append(threading.Thread(target=action, daemon=True))
            self._jobs[-1].start()

        self.at_request(number, begin)

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
        simulator = self.stage.simulator
        text = f"""\
version: 1
cloud: {{ region: {simulator.region}, endpoint: '{self.endpoint}', rpc_endpoint: '{self.endpoint}', deadline: 3s }}
state: {{ path: '{self.state}' }}
sources: [ {{ app_log: {{ path: '{self.log}*', start: beginning }} }} ]
clock: {{ ntp_servers: [], every: 10m }}
quiet: {quiet}
mode: enforce
notify: [ {{ webhook: {{ url: '{self.hook}' }} }} ]
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
    match: {{ bucket: {REPORTS} }}
    brakes: {{ writes_per_hour: {MOST_WRITES} }}
    restore: {{ days: 1 }}
  - {{ name: cors, on: AccessForbidden, mode: {mode}, match: {{ bucket: {ASSETS} }}, cors: {{ rule: web }} }}
  - {{ name: pictures, on: ImageDamage, match: {{ bucket: {PHOTOS} }} }}
  - {{ name: keys, on: InvalidAccessKeyId, match: {{ access_key_id: {KEY_ID} }}, key: {{ tag_owner: true }} }}
{more}
"""
        new = self.directory / "new.yaml"
        new.write_text(text, encoding="utf-8")
        new.replace(self.config)

    # ------------------------------------------------------------------------------------------------------- the trial

    def run(self) -> None:
        """To the end; what is left is in `stage`, `notices` and the state directory."""
        with self._open, running_simulator() as simulator:
            self._set(simulator)
            for kill in self.kills:
                self._start()
                self._lives_until(kill)
                self._kill()
                if self.words_while_dead:
                    self._speak()
                    self.struck += self._spoke.is_set()
            ready = self._ready()
            self._start()
            self._until_quiet(ready)
            assert self._stop() == 0, "a daemon that is asked to stop stops"
            self._once()
            self.struck += self.stage.finish()

    def _set(self, simulator: Running) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.clock.write_bytes(bytes(8))
        self.trace.touch()
        self.config = self.directory / "ossmend.yaml"
        self.endpoint = simulator.oss
        self.hook = self._open.enter_context(_hook(self.notices))
        self.stage = Stage(simulator)
        self.stage.build()
        lines = self.stage.refusals() + self.stage.refusals()
        self.lines = len(lines)
        KINDS[self.kind](self)
        self.configure()
        self._chunks = self._cut(lines)
        self.log.touch()
        self.stage.requests.listeners.append(self._heard)
        self._grow(0)

    def _cut(self, lines: list[str]) -> list[tuple[int, bytes]]:
        """How the log grows: pieces, each with the daemons' request at which it is written."""
        first, second = lines[: len(lines) // 2], lines[len(lines) // 2 :]
        for half in (first, second):
            self.random.shuffle(half)
        data = [line.encode() for line in first + second]
        if self.pieces:
            whole = b"".join(data)
            places = sorted(self.random.sample(range(1, len(whole)), 6))
            data = [whole[start:end] for start, end in zip((0, *places), (*places, len(whole)), strict=True)]
        early = self.random.randint(1, len(data))
        return [(0 if number < early else self.random.randint(1, 40), chunk) for number, chunk in enumerate(data)]

    def _grow(self, asked: int | None) -> None:
        """Append what is due, in order; everything where `asked` is None."""
        with self._lock, self.log.open("ab") as log:
            while self._chunks and (asked is None or self._chunks[0][0] <= asked):
                log.write(self._chunks.pop(0)[1])

    def _heard(self, record: RequestRecord) -> None:
        """In the simulator's thread, for each request of the daemons."""
        asked = self.stage.asked
        self._grow(asked)
        for hook in [hook for hook in self._hooks if hook[0] <= asked]:
            self._hooks.remove(hook)
            hook[1]()
            self.struck += 1
            self._heal_at = time.monotonic() + self.random.uniform(0.3, 3.0)
        self._wake.set()

    # ------------------------------------------------------------------------------------------------------ daemons

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.stage.simulator.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.stage.simulator.access_key_secret,
        }

    def _begin(self, command: str) -> Child:
        return self._nursery.start([command, "--config", str(self.config)], self._environment, self.trace, self.clock)

    def _start(self) -> None:
        self._heal()
        self._spoke.clear()
        self.daemon = self._begin("run")

    def _lives_until(self, kill: Kill) -> None:
        """Returns when it is to be killed, has come to rest, or was killed on the spot."""
        began, asked, wrote = time.monotonic(), self.stage.asked, len(self.stage.arrived)
        spot = self._on_the_spot(kill, asked, wrote)
        try:
            quiet = 0
            while quiet < 3 and time.monotonic() - began < LONGEST_LIFE:
                assert self.daemon is not None  # just started
                if self.daemon.ended():
                    assert self.daemon.status() is None, f"the daemon ended by itself with {self.daemon.status()}"
                    return
                if {
                    "request": self.stage.asked - asked >= kill.number,
                    "write": len(self.stage.arrived) - wrote >= kill.number,
                    "word": self._spoke.is_set(),
                    "time": time.monotonic() - began >= kill.after,
                }[kill.on]:
                    self.pause(kill.after if kill.on != "time" else 0.0)
                    return
                quiet = quiet + 1 if self._quiet() else 0
                self._live()
        finally:
            self.stage.requests.listeners.remove(spot)

    def _on_the_spot(self, kill: Kill, asked: int, wrote: int) -> Callable[[RequestRecord], None]:
        """Kills within the request itself."""

        def spot(_record: RequestRecord) -> None:
            if kill.after == 0.0 and (
                (kill.on == "request" and self.stage.asked - asked >= kill.number)
                or (kill.on == "write" and len(self.stage.arrived) - wrote >= kill.number)
            ):
                self.signal(signal.SIGKILL)

        self.stage.requests.listeners.append(spot)
        return spot

    def _kill(self) -> None:
        assert self.daemon is not None
        self.daemon.close()
        self.killed += 1

    def _live(self) -> None:
        """What goes on beside the daemon for a moment: a person looks, a fault is mended."""
        if self._heal_at is not None and time.monotonic() > self._heal_at:
            self._heal()
        if not self.words_while_dead:
            self._speak()
        if self._wake.wait(POLL_SECONDS):
            self._active_at = time.monotonic()
        elif time.monotonic() - self._active_at > IDLE_SECONDS:
            self._grow(self._chunks[0][0] if self._chunks else 0)
        self._wake.clear()

    def _heal(self) -> None:
        if self._heal_at is not None and self.kind in HEALS:
            HEALS[self.kind](self)
        self._heal_at = None

    def _ready(self) -> int:
        """How many daemons have said that they are: one that is still starting is not asked to stop."""
        return self.trace.read_bytes().count(b'"event": "daemon.ready"')

    def _until_quiet(self, ready: int) -> None:
        """`ready`: how many daemons were before this one."""
        end = time.monotonic() + HUNG
        self.words_while_dead = False
        quiet = 0
        while quiet < 3:
            assert self.daemon is not None
            assert not self.daemon.ended(), f"the daemon ended by itself with {self.daemon.status()}"
            assert time.monotonic() < end, f"not at rest within {HUNG:g} s: {self.cases()}"
            self._grow(None)
            self._live()
            quiet = quiet + 1 if self._ready() > ready and self._heal_at is None and self._quiet() else 0

    def _stop(self) -> int | None:
        assert self.daemon is not None
        self.daemon.signal(signal.SIGTERM)
        assert self.daemon.ended(HUNG), "a stop hangs"
        status = self.daemon.status()
        self.daemon.close()
        return status

    def _once(self) -> None:
        """One more pass: it delivers what is still to be told."""
        self.daemon = self._begin("once")
        assert self.daemon.ended(HUNG), "once hangs"
        assert self.daemon.status() in (0, 1), f"once ended with {self.daemon.status()}"
        self.daemon.close()

    def abandon(self) -> None:
        """End what may still run after a trial that went wrong."""
        if self.daemon is not None:
            self.daemon.close()

    # -------------------------------------------------------------------------------------- what a person sees and says

    def cases(self) -> list[dict[str, Any]]:
        """What `ossmend cases list` would show."""
        return self._rows("SELECT id, code, state, events, subject, why FROM cases WHERE NOT superseded ORDER BY id")

    def _rows(self, query: str) -> list[dict[str, Any]]:
        """Nothing where there is no state yet, or it is somebody else's for now."""
        if not (self.state / "ossmend.db").exists():
            return []
        connection = sqlite3.connect(self.state / "ossmend.db")
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query)]
        except sqlite3.OperationalError:
            return []
        finally:
            connection.close()

    def _quiet(self) -> bool:
        """Everything was read, nothing is under way, and the person has said what there was to say."""
        cases = self.cases()
        if self._chunks or sum(case["events"] for case in cases) < self.lines:
            return False
        if any(case["state"] in BUSY for case in cases):
            return False
        if self._rows("SELECT id FROM writes WHERE state IN ('intended', 'asked')"):
            return False
        if any(case["state"] == "held" and self._approves(case["code"], case["why"]) for case in cases):
            return False
        return not any(True for _ in self._to_say(cases))

    def _to_say(self, cases: list[dict[str, Any]]) -> Iterator[tuple[str, int, str]]:
        for case in cases:
            code = case["code"]
            again = time.monotonic() - self._approved_at > APPROVES_AGAIN_SECONDS
            if case["state"] == "held" and self._approves(code, case["why"]) and again:
                yield "approve", case["id"], code
            if code in self.words.takes_back and case["state"] == "closed" and self._has_repaired(code):
                yield "undo", case["id"], code

    def _approves(self, code: str, why: str) -> bool:
        return code == "ImageDamage" and self.words.approves and "waits for approval" in why

    def _has_repaired(self, code: str) -> bool:
        """Undone once, when every line was read, and only what ossmend has written."""
        if f"undo {code}" in self.words.said or code in self.words.refused:
            return False
        operation = {"AccessForbidden": "PutBucketCors", "ImageDamage": "CopyObject"}[code]
        everything = not self._chunks and sum(case["events"] for case in self.cases()) >= self.lines
        return everything and any(each.operation == operation and each.accepted for each in self.stage.arrived)

    def _speak(self) -> None:
        for word, case_id, code in self._to_say(self.cases()):
            try:
                store = open_store(self.state, exclusive=False)
                try:
                    approvals.ANSWERS[word](store, case_id)
                finally:
                    store.close()
            except approvals.Impossible as impossible:
                if word == "undo":
                    self.words.refused[code] = str(impossible)
                continue
            except StateUnavailable:
                continue
            self.words.said.append(f"{word} {code}")
            if word == "approve":
                self._approved_at = time.monotonic()
            self._spoke.set()


@contextmanager
def _hook(notices: list[dict[str, Any]]) -> Iterator[str]:
    """Whoever is told; the URL."""

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            notices.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=HUNG)
