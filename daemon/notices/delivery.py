"""The outbox -> the channels, beside the work: each channel has a thread of its own while it has something to send.

A channel that does not take a notice rests, longer each time, and with it whatever else waits for it; the others go on.
A notice is tried a bounded number of times. What was sent is written down behind it, so a crash in between sends it
twice rather than never.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
import structlog

from ossmend.config.model import Config
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.leases import one
from ossmend.daemon.journal.schema import notices
from ossmend.daemon.journal.store import Store
from ossmend.daemon.notices.channel import Channel, Undelivered, build_channels

log = structlog.get_logger("ossmend.notice")

MOST_TRIES = 10
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(hours=1)
LONGEST_REST = timedelta(minutes=10)


@dataclass(slots=True)
class _Rest:
    """How a channel fares."""

    until: float
    """Until when it is left alone, in the clock's monotonic seconds."""
    failures: int = 0


class Delivery:
    """Sends what waits in the outbox of one store, by one configuration's channels."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._channels = build_channels(config)
        self._rests = {name: _Rest(clock.monotonic()) for name in self._channels}
        self._threads: dict[str, threading.Thread] = {}
        self._stopped = threading.Event()

    def start(self) -> None:
        """Have every channel send what is due for it; does not wait for them."""
        self._drop_unknown()
        for name in self._due():
            thread = self._threads.get(name)
            if not self._stopped.is_set() and (thread is None or not thread.is_alive()):
                thread = threading.Thread(target=self._send_all, args=(name,), name=f"notices {name}", daemon=True)
                self._threads[name] = thread
                thread.start()

    def stop(self) -> None:
        """Begin to send nothing further; does not wait."""
        self._stopped.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for what is being sent; False if it has not ended in time."""
        threads = list(self._threads.values())
        for thread in threads:
            thread.join(seconds)
        return not any(thread.is_alive() for thread in threads)

    def _due(self) -> list[str]:
        """The channels that have something to send, and do not rest."""
        due = notices.c.due_at <= self._clock.now()
        with self._store.read() as connection:
            names = connection.scalars(sa.select(notices.c.channel).where(due).distinct()).all()
        now = self._clock.monotonic()
        return [name for name in names if name in self._rests and self._rests[name].until <= now]

    def _drop_unknown(self) -> None:
        """What waits for a channel that is not configured any more will never be sent."""
        gone = sa.and_(notices.c.due_at.is_not(None), notices.c.channel.not_in(self._channels))
        with self._store.read() as connection:
            if connection.scalar(sa.select(notices.c.id).where(gone).limit(1)) is None:
                return
        with self._store.begin() as connection:
            connection.execute(
                notices.update().where(gone).values(due_at=None, outcome="dropped: no longer configured")
            )

    # ---------------------------------------------------------------------------------------- in the channel's thread

    def _send_all(self, name: str) -> None:
        try:
            with one(self._store.leases, _lease(name)) as ours:
                while ours and not self._stopped.is_set() and self._send_next(name, self._channels[name]):
                    pass
        except StateUnavailable as trouble:
            log.error("state.unavailable", why=str(trouble), note="notices wait")

    def _send_next(self, name: str, channel: Channel) -> bool:
        """The notice that is due first. False if there is none, or the channel rests from now on."""
        query = sa.select(notices).where(notices.c.channel == name, notices.c.due_at <= self._clock.now())
        with self._store.read() as connection:
            row = connection.execute(query.order_by(notices.c.due_at, notices.c.id).limit(1)).one_or_none()
        if row is None:
            return False
        try:
            channel.send(row.body)
        except Undelivered as trouble:
            self._note_failure(name, row.id, row.tries + 1, str(trouble))
            return False
        self._rests[name] = _Rest(self._clock.monotonic())
        self._write(name, row.id, due_at=None, tries=row.tries + 1, outcome="sent")
        return True

    def _note_failure(self, name: str, notice: int, tries: int, why: str) -> None:
        now = self._clock.now()
        again = None if tries >= MOST_TRIES else now + _doubled(tries, LONGEST_RETRY)
        self._write(name, notice, due_at=again, tries=tries, outcome=why)
        rest = self._rests[name]
        rest.failures += 1
        rest.until = self._clock.monotonic() + _doubled(rest.failures, LONGEST_REST).total_seconds()
        log.warning("notice.undelivered", notice=notice, channel=name, outcome=why, tries=tries, again_at=again)

    def _write(self, name: str, notice: int, **values: object) -> None:
        with self._store.begin(_lease(name)) as connection:
            connection.execute(notices.update().where(notices.c.id == notice).values(**values))


def _lease(name: str) -> str:
    """One node at a time sends to a channel."""
    return f"job/notices/{name}"


def _doubled(times: int, longest: timedelta) -> timedelta:
    factor: int = 2 ** min(times - 1, 20)
    return min(FIRST_RETRY * factor, longest)
