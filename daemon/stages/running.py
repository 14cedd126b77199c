"""A lane's work -> done by threads of its account; one pass, and one search for lost answers, of a lane at a time.

What is at work just now is here and nowhere else: the journal keeps the rest. work.py begins passes here, settling.py
searches; both leave alone what is running, or rests after a fault. Next: lanes.py, the threads.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial

import structlog

from ossmend.config.model import Config
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.pulse import Pulse
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.leases import Leases
from ossmend.daemon.stages.fault import RETRY_SECONDS, caught
from ossmend.daemon.stages.lanes import Crew, Hands
from ossmend.remediators.contract.values import AccountRef

log = structlog.get_logger("ossmend.work")

LANES = 16
"""Lanes of one account at work at once."""


class Running:
    """The work of one configuration that is under way. Thread-safe."""

    def __init__(
        self, config: Config, leases: Leases, clock: Clock, pulse: Pulse, on_progress: Callable[[], None]
    ) -> None:
        """`on_progress` is called whenever something here has ended: more may be due, or free, again."""
        self.stopping = threading.Event()
        """Once it is set, nothing new is begun."""
        self._leases = leases
        self._clock = clock
        self._pulse = pulse
        self._on_progress = on_progress
        self._crews = {name: Crew(LANES, cloud.concurrency) for name, cloud in config.clouds.items()}
        self._home = self._crews[config.home.account]
        self._busy: dict[str, Future[None]] = {}
        self._rests: dict[str, float] = {}
        """By lane that has failed: until when it is left alone, in the clock's monotonic seconds."""
        self._cases: Counter[int] = Counter()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let the calls in hand finish, then end the threads."""
        for crew in self._crews.values():
            crew.close()

    def begin(self, lane: str, account: AccountRef, work: Callable[[], None], leases: Collection[str]) -> None:
        """`leases`: what was taken for it, and is given back when it has ended."""

        def run() -> None:
            self._pulse.begin(lane)
            try:
                ended = caught(partial(_done, work), "lane.failed", lane=lane)
            finally:
                self._pulse.end(lane)
                self._leases.give_back(leases)
            with self._lock:
                del self._busy[lane]
                if ended is not True:  # its cases are as they were, and due: not at once again
                    self._rests[lane] = self._clock.monotonic() + RETRY_SECONDS
            self._on_progress()

        with self._lock:
            self._busy[lane] = self._crew(account).lanes.submit(run)

    def busy(self) -> tuple[str, ...]:
        """The lanes that are at work, or rest."""
        now = self._clock.monotonic()
        with self._lock:
            self._rests = {lane: until for lane, until in self._rests.items() if until > now}
            return (*self._busy, *self._rests.keys() - self._busy.keys())

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every lane is idle; False if they were not within so many seconds."""
        with self._lock:
            running = list(self._busy.values())
        return not wait(running, timeout).not_done

    @contextmanager
    def working_on(self, cases: Collection[int]) -> Iterator[None]:
        """Until it ends, the answers of these cases' writes are awaited, and nobody looks for their effect."""
        with self._lock:
            self._cases.update(cases)
        try:
            yield
        finally:
            with self._lock:
                self._cases.subtract(cases)
                self._cases = +self._cases

    def cases(self) -> frozenset[int]:
        """The cases of all passes under way."""
        with self._lock:
            return frozenset(self._cases)

    def hands(self, account: AccountRef) -> Hands:
        """The threads for the calls of an account."""
        return self._crew(account).hands

    def _crew(self, account: AccountRef) -> Crew:
        """The threads of an account; those of the first one say that there is no such account any more."""
        return self._crews.get(account.account, self._home)


def _done(work: Callable[[], None]) -> bool:
    """Has it gone to its end? Not where the state could not be written."""
    try:
        work()
    except StateUnavailable as trouble:
        log.error("state.unavailable", why=str(trouble), note="nothing is written until the state can be")
        return False
    return True
