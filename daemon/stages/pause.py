"""May a write of this policy leave now, or has a person paused it? Asked when it is stored, and again when it leaves.

The switch is a row in the state (`ossmend pause`), a file named `pause` in the state directory for who has nothing but
a shell, or a signal (SIGUSR1, SIGUSR2 to resume). What is on its way when it is thrown ends; nothing new begins.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

import sqlalchemy as sa

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.show import clean
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal import pause
from ossmend.daemon.journal.store import Store

KNOWN_SECONDS = 0.25
"""For so long an answer is believed: a hundred writes a second need not all ask."""
UNKNOWN: tuple[Mapping[str, str], float] = ({}, float("-inf"))
"""What is paused, by policy, and until when it is believed."""


class Pause:
    """The switch of one store. Thread-safe."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._file = store.directory / pause.FILE
        self._believed = UNKNOWN
        self._lock = threading.Lock()

    def why(self, policy: str) -> str | None:
        """Why this policy must not write now; None where it may. A state that cannot be read pauses all."""
        paused, until = self._believed  # one value, read at once: threads that write must not wait for each other here
        if self._clock.monotonic() >= until:
            paused = self._asked()
        return paused.get("") or paused.get(policy)

    def look_again(self) -> None:
        """Believe nothing that was read before: somebody has perhaps just resumed."""
        with self._lock:
            self._believed = UNKNOWN

    def _asked(self) -> Mapping[str, str]:
        """The state's answer. Who comes while another asks waits, and takes that one."""
        with self._lock:
            paused, until = self._believed
            now = self._clock.monotonic()
            if now >= until:
                paused = self._read()
                self._believed = paused, now + KNOWN_SECONDS
            return paused

    def standing(self, connection: sa.Connection) -> dict[str, str]:
        """By policy, empty for all: what is paused, as this transaction sees it."""
        if self._file.exists():
            return {"": f"paused by the file {self._file}"}
        return {each.policy: f"paused by {clean(each.by)} since {each.at}" for each in pause.standing(connection)}

    def _read(self) -> dict[str, str]:
        try:
            self._store.check()
            with self._store.read() as connection:
                return self.standing(connection)
        except StateUnavailable as trouble:
            return {"": f"the state cannot be read: {trouble}"}
