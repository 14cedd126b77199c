"""The host's clock was set -> what waits for a time is looked at again now, or a clock set back would make it wait.

Durations are counted by a clock that never steps, and the brakes by OSS's (cloud/wire/oss_time.py). What is left are
the times in the state: when a case or a notice is due. Next: work.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.journal import cases, entries
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import cases as case_table
from ossmend.daemon.journal.schema import notices, turned_away, writes
from ossmend.daemon.journal.store import Store

log = structlog.get_logger("ossmend.clock")
of_case = case_table.c

PAST = (of_case.planned_at, of_case.verified_at, of_case.closed_at, writes.c.planned_at, writes.c.sent_at,
        turned_away.c.since, turned_away.c.last, turned_away.c.told_at)  # fmt: skip
"""Times of what has happened: none of them can lie ahead. Refusals of the hours until then would be called old ones."""
STEP = timedelta(seconds=5)
"""Less than this is how clocks are kept right."""


class ClockSteps:
    """Of one store. For the loop's thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._base = self._offset()

    def begin(self) -> None:
        """At the start: has the clock been set back since the newest entry of the journal? Raises StateUnavailable."""
        with self._store.read() as connection:
            newest = entries.newest(connection, 1)
        now = self._clock.now()
        if newest and newest[0].at - now > STEP:
            self._wake(now, now - newest[0].at)

    def look(self) -> None:
        """Again and again: has it been set since the last look? Raises StateUnavailable."""
        offset = self._offset()
        by = offset - self._base
        if abs(by) > STEP:
            self._wake(self._clock.now(), by)
            self._base = offset

    def _offset(self) -> timedelta:
        return timedelta(seconds=self._clock.now().timestamp() - self._clock.monotonic())

    def _wake(self, now: datetime, by: timedelta) -> None:
        with self._store.begin() as connection:
            for column in PAST:
                ahead = column.table.update().where(column > now)
                connection.execute(ahead.values({column.name: now}))
            woken = cases.wake_all(connection, now)
            connection.execute(notices.update().where(notices.c.due_at > now).values(due_at=now))
            said = {"seconds": round(by.total_seconds()), "woken": woken}
            entries.append(connection, now, [Entry("clock.stepped", None, said)])
        log.warning("clock.stepped", **said)
