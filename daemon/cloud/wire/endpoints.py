"""A place to call -> a slot and a line there, or NotAsked: a dead endpoint fills its own slots and no one else's.

Each endpoint (place.py) has slots and a breaker of its own. connections.py begins a Call here and ends it, once: it was
answered, it was lost, or we gave it up ourselves. `cut` ends all that are under way.
"""

from __future__ import annotations

import ssl
import threading
from datetime import timedelta
from typing import Literal

import structlog
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.breaker import FIRST, IN_A_ROW, Breaker
from ossmend.daemon.cloud.wire.deadline import Deadline
from ossmend.daemon.cloud.wire.errors import NotAsked
from ossmend.daemon.cloud.wire.line import Line, Silence
from ossmend.daemon.cloud.wire.place import Place
from ossmend.daemon.cloud.wire.resolve import Resolver
from ossmend.daemon.cloud.wire.unused import Unused
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.troubles import TROUBLES

log = structlog.get_logger("ossmend.cloud")

MOST = 1024
"""Endpoints that are known at once; buckets are named by other people's text."""
BUSY = timedelta(seconds=FIRST)

End = Literal["answered", "lost", "dropped"]


class Endpoint:
    """What is counted for one place."""

    def __init__(self, place: Place, slots: int) -> None:
        self.place = place
        self.slots = threading.BoundedSemaphore(slots)
        self.breaker = Breaker()
        self.lock = threading.Lock()
        self.calls: set[Call] = set()
        self.silent_since = 0.0
        """When the first of the calls in a row that had no answer ended."""


class Call:
    """One call under way: a slot and a line. The first of `answered`, `lost` and `dropped` ends it."""

    def __init__(self, owner: Endpoints, endpoint: Endpoint, line: Line, deadline: Deadline, *, tries: bool) -> None:
        self._owner = owner
        self._endpoint = endpoint
        self._tries = tries
        self._over = False
        self.line = line
        self.deadline = deadline
        self.left = False
        """May something have reached the other side?"""

    def send(self, data: bytes) -> None:
        """Connect if need be, and send. Raises Lost."""
        self._owner.connect(self.line, self._endpoint.place, self.deadline)
        self.left = True
        self.line.send(data, self.deadline)

    def receive(self) -> bytes:
        return self.line.receive(self.deadline)

    def answered(self, *, keep: bool) -> None:
        """An answer of whatever status; `keep`: the line may carry another call."""
        self._end("answered", keep=keep)

    def lost(self) -> None:
        """No answer, or no whole one."""
        self._end("lost", keep=False)

    def dropped(self) -> None:
        """Given up by ourselves: the other side has no part in it."""
        self._end("dropped", keep=False)

    def _end(self, how: End, *, keep: bool) -> None:
        if not self._over:
            self._over = True
            self._owner.end(self._endpoint, self, how, tried=self._tries, keep=keep)


class Endpoints:
    """All endpoints of one account. Thread-safe."""

    def __init__(self, settings: CloudSettings, clock: Clock) -> None:
        self._clock = clock
        self._slots = settings.concurrency
        self._slot_wait = settings.slot_wait
        self._silence = Silence(settings.connect_timeout, settings.read_timeout)
        self._authorities = settings.ca_bundle or DEFAULT_CA_BUNDLE_PATH
        self._tls: ssl.SSLContext | None = None
        self._resolver = Resolver()
        self._unused = Unused(clock)
        self._all: dict[Place, Endpoint] = {}
        self._lock = threading.Lock()
        self._answered_at = float("-inf")
        self._away = False
        self.returns = 0
        """How often somebody answered again after nobody had."""
        self.stopping = threading.Event()

    # --------------------------------------------------------------------------------------------------------- a call

    def begin(self, place: Place, deadline: Deadline) -> Call:
        """A slot, and a line that may not be connected yet. Raises NotAsked: nothing has left."""
        endpoint = self._of(place)
        self._admit(endpoint)  # first: the slots of a dead one are full
        if not endpoint.slots.acquire(timeout=max(min(self._slot_wait, deadline.left()), 0.0)):
            raise NotAsked(f"{place}: {self._slots} calls are under way, and none has ended", BUSY)
        line = self._unused.take(place) or Line(self._silence)
        try:
            with endpoint.lock:
                self._admit(endpoint)
                call = Call(self, endpoint, line, deadline, tries=endpoint.breaker.begin())
                endpoint.calls.add(call)
        except NotAsked:
            line.close()
            endpoint.slots.release()
            raise
        return call

    def _admit(self, endpoint: Endpoint) -> None:
        if self.stopping.is_set():
            raise NotAsked(f"{endpoint.place}: stopping", BUSY)
        wait = endpoint.breaker.left(self._clock.monotonic())
        if wait > 0:
            why = f"{endpoint.place}: {IN_A_ROW} calls in a row had no answer; the next one waits"
            raise NotAsked(why, timedelta(seconds=wait))

    def connect(self, line: Line, place: Place, deadline: Deadline) -> None:
        """Raises Lost."""
        if not line.opened:
            line.connect(place.host, place.port, self._resolver, self._context() if place.tls else None, deadline)

    def end(self, endpoint: Endpoint, call: Call, how: End, *, tried: bool, keep: bool) -> None:
        """For Call alone."""
        with endpoint.lock:
            endpoint.calls.discard(call)
            before, now = endpoint.breaker.until, self._clock.monotonic()
            if how == "answered":
                endpoint.breaker.answered()
            elif how == "lost" and not self.stopping.is_set():
                endpoint.silent_since = endpoint.silent_since if endpoint.breaker.failures else now
                endpoint.breaker.unanswered(now, tried=tried)
            else:
                endpoint.breaker.dropped(tried=tried)
            opened = endpoint.breaker.until != before
        if how == "answered":
            self._is_there(now)
        elif opened and self._answered_at < endpoint.silent_since:
            self._is_away(endpoint)
        if keep and not self.stopping.is_set():
            self._unused.keep(endpoint.place, call.line)
        else:
            call.line.close()
        endpoint.slots.release()

    def _is_there(self, now: float) -> None:
        self._answered_at = now
        if self._away:
            self._away = False
            self.returns += 1
            TROUBLES.end("cloud.away")
            log.info("cloud.answered")

    def _is_away(self, endpoint: Endpoint) -> None:
        """Said whenever a breaker opens, also for a call that tried. One endpoint among others that answer is none."""
        self._away = True
        why = f"{IN_A_ROW} calls in a row had no answer, and no other endpoint has answered since"
        log.warning("cloud.away", endpoint=str(endpoint.place), why=why, note="cases wait, and go on by themselves")

    def _context(self) -> ssl.SSLContext:
        """Made when first needed. Not ssl's default: that lets an environment variable have the keys written down."""
        with self._lock:
            if self._tls is None:
                self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                self._tls.load_verify_locations(self._authorities)
                self._tls.set_alpn_protocols(["http/1.1"])
            return self._tls

    def _of(self, place: Place) -> Endpoint:
        found = self._all.get(place)
        if found is not None:
            return found
        with self._lock:
            if len(self._all) >= MOST:
                self._make_room()
            return self._all.setdefault(place, Endpoint(place, self._slots))

    def _make_room(self) -> None:
        """Under the lock: forget those about which nothing is known, or, where all are bad, those without a call."""
        for healthy in (True, False):
            for place, endpoint in list(self._all.items()):
                if not endpoint.calls and (endpoint.breaker.healthy or not healthy):
                    del self._all[place]
            if len(self._all) < MOST:
                return

    # ------------------------------------------------------------------------------------------------------ the end

    def cut(self) -> None:
        """End every call that is under way, and begin no other."""
        self.stopping.set()
        self._resolver.cut()
        for endpoint in list(self._all.values()):
            with endpoint.lock:
                calls = list(endpoint.calls)
            for call in calls:
                call.line.cut()

    def close(self) -> None:
        self.cut()
        self._unused.close()
