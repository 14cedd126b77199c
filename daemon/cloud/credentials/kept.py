"""What can be fetched, and has an end -> a provider that always has it: renewed ahead, kept while it is valid.

The library behind library.py fetches a session of 15 minutes or less at every call, and raises when a renewal fails
although the old session is valid for minutes yet. So every object of it is used once, and what it gave is kept here.
One fetch is under way at a time, in a thread of its own: whoever asks meanwhile gets the old credentials, and only
where there are none that are valid does anybody wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ossmend.daemon.cloud.credentials.pair import Credentials, NoCredentials
from ossmend.daemon.cloud.credentials.said import logger
from ossmend.daemon.host.clock import Clock

AHEAD = timedelta(minutes=15)
"""So long before the end they are renewed, or for the last third of a short life: a metadata service that is away for
ten minutes costs nothing.
"""
PATIENCE = 20.0
"""Seconds that somebody who needs credentials waits for the first ones."""
GIVEN_UP = 60.0
"""Seconds after which a fetch that has not ended is waited for no more, and another may begin."""
RESTS = 5.0
"""Seconds between two fetches in vain, where nothing valid is left; longer while something is."""
LONGEST_REST, SHORTEST_REST = 30.0, 0.1


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch gave."""

    credentials: Credentials
    expires_at: datetime | None = None
    """None: it has no end that is known."""


class NotFetched(Exception):
    """Nothing came, and why: a sentence without secrets. `refused`: asking again will not help by itself. `spent`: the
    credentials that were asked with are over.
    """

    def __init__(self, why: str, *, refused: bool = False, spent: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.refused = refused
        self.spent = spent


@dataclass(frozen=True, slots=True)
class _Held:
    """In seconds of the monotonic clock: a host's clock that is set right must not end a session."""

    credentials: Credentials
    renew_at: float
    over_at: float


@dataclass(slots=True)
class _Flight:
    """A fetch that is under way."""

    begun: float
    landed: threading.Event = field(default_factory=threading.Event)


class Kept:
    """Credentials by a fetch. Thread-safe; the way of an asker in good times is two comparisons."""

    def __init__(self, name: str, fetch: Callable[[], Fetched], clock: Clock) -> None:
        """`name` says in the log, and to whoever asks in vain, which credentials these are. `fetch` may raise
        NotFetched and NoCredentials.
        """
        self._name = name
        self._fetch = fetch
        self._clock = clock
        self._held: _Held | None = None
        self._flight: _Flight | None = None
        self._not_before = 0.0
        self._trouble: str | None = None
        self._refused = False
        self._spent = ""
        self._lock = threading.Lock()

    @property
    def lasting(self) -> bool:
        return False

    @property
    def trouble(self) -> str | None:
        """Not that a renewal has failed while a session is valid: the next one is under way before it ends."""
        with self._lock:
            why, refused, held = self._trouble, self._refused, self._held
        if why is None:
            return None
        if held is None or self._clock.monotonic() >= held.over_at:
            return f"no valid credentials ({self._name}): {why}"
        return f"the credentials ({self._name}) are not renewed any more, and end soon: {why}" if refused else None

    def get_credentials(self) -> Credentials:
        held, now = self._held, self._clock.monotonic()
        if held is not None and now < held.renew_at:
            return held.credentials
        flight = self._flight_for(now)
        if held is not None and now < held.over_at:
            return held.credentials
        if flight is not None:
            flight.landed.wait(PATIENCE)
        held = self._held
        if held is not None and self._clock.monotonic() < held.over_at:
            return held.credentials
        raise NoCredentials(f"no valid credentials ({self._name}): {self._why()}", timedelta(seconds=RESTS))

    def renew(self, access_key_id: str) -> bool:
        """Once for each key: a service that hands out the same one again knows no better."""
        with self._lock:
            held = self._held
            if held is None or held.credentials.access_key_id != access_key_id:
                return True
            if self._spent == access_key_id:
                return False
            self._spent, self._held, self._not_before = access_key_id, None, 0.0
        log = logger()
        log.warning("credentials.over", credentials=self._name, why="the cloud says that this session has ended")
        return True

    def _why(self) -> str:
        return self._trouble or f"no answer within {PATIENCE:g} s"

    # -------------------------------------------------------------------------------------------------------- fetching

    def _flight_for(self, now: float) -> _Flight | None:
        """The fetch that is under way, or one that begins now; None while it rests after one in vain."""
        with self._lock:
            flight = self._flight
            if flight is not None and now - flight.begun < GIVEN_UP:
                return flight
            if now < self._not_before or (self._held is not None and now < self._held.renew_at):
                return None
            self._flight = flight = _Flight(now)
        threading.Thread(target=self._fly, args=(flight,), name="credentials", daemon=True).start()
        return flight

    def _fly(self, flight: _Flight) -> None:
        try:
            fetched = self._fetch()
            held = self._taken(fetched)
        except NotFetched as failed:
            self._failed(failed.why, refused=failed.refused)
        except NoCredentials as base:
            self._failed(base.why, refused=False)
        else:
            self._landed(held, fetched.expires_at)
        finally:
            with self._lock:
                if self._flight is flight:
                    self._flight = None
            flight.landed.set()

    def _taken(self, fetched: Fetched) -> _Held:
        now = self._clock.monotonic()
        if fetched.expires_at is None:
            return _Held(fetched.credentials, float("inf"), float("inf"))
        life = (fetched.expires_at - self._clock.now()).total_seconds()
        if life <= 0:
            raise NotFetched("what was answered is over already; is this machine's clock right?")
        return _Held(fetched.credentials, now + life - min(AHEAD.total_seconds(), life / 3), now + life)

    def _landed(self, held: _Held, until: datetime | None) -> None:
        with self._lock:
            before, now = self._held, self._clock.monotonic()
            if before is not None and before.credentials == held.credentials:
                self._not_before = now + _rest(before.over_at - now)  # the metadata service has nothing newer yet
            else:
                self._held = held
            trouble, self._trouble, self._refused = self._trouble, None, False
        log = logger()
        said = log.info if trouble is not None else log.debug
        said("credentials.renewed", credentials=self._name, until=until and until.isoformat())

    def _failed(self, why: str, *, refused: bool) -> None:
        now = self._clock.monotonic()
        with self._lock:
            left = self._held.over_at - now if self._held is not None else 0.0
            self._not_before = now + (_rest(left) if left > 0 else RESTS)
            known, self._trouble, self._refused = self._trouble, why, refused
        if known == why:
            return
        log = logger()
        say = log.error if refused else log.warning
        event = "credentials.refused" if refused else "credentials.unreachable"
        say(event, credentials=self._name, why=why, valid_for_seconds=max(0, round(left)))


def _rest(left: float) -> float:
    return min(LONGEST_REST, max(SHORTEST_REST, left / 10))
