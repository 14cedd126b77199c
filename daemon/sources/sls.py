"""OSS's log in the log service (SLS) -> Events: each shard from its cursor on, and of its entries only the refusals.

The log service has an entry within three minutes, and keeps it for a week. The cursor of each shard lies in the
journal, in the transaction of what was read before it; nothing is written in the cloud, so a dry run reads as any other
(docs/decisions/0034). Shards are split and merged while they are read: a new one is read from its beginning, an old one
to its end. The daemon's own requests are left out as in access_log.py. Entries are read by parsers/log_entry.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ossmend.config.sources.sls import SlsSource
from ossmend.daemon.cloud.ask.logstores import INVALID_CURSOR, Pulled
from ossmend.daemon.cloud.wire.log_groups import LogEntry
from ossmend.daemon.cloud.wire.log_service import Logstore
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources import Batch, Cursor, Given, Polled, source
from ossmend.daemon.sources.parsers.log_entry import TOPIC, event_of_entry, user_agent
from ossmend.daemon.sources.refusals import OWN_AGENT
from ossmend.daemon.sources.scanner import NOT_ONLY_403
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.verdict import Refused, TryAgain

PERIOD = timedelta(seconds=10)
"""An entry is up to three minutes old when it comes; one call a shard asks for news."""
SHARDS_SECONDS = 60.0
"""So often the shards are listed: a split is rare, and what is in a new one is not lost meanwhile."""
MOST_EVENTS = 2000
MOST_BYTES = 256 * 1024 * 1024
MOST_SECONDS = 15.0
"""After so much no further answer is asked for: what was read is stored first."""
LAST_SECOND = 2**32 - 1
"""An entry's time has 32 bits."""
QUERY = "* | where __topic__ = '{topic}' and (http_status = '403'{codes})".format(
    topic=TOPIC, codes="".join(f" or error_code = '{code}'" for code in NOT_ONLY_403)
)
"""SPL, by which the service leaves out all others: the same entries that `_worth` keeps."""
_MARKS = (b"\x12\x03403", *(code.encode() for code in NOT_ONLY_403))
"""Of an encoded entry: a value that is 403 (`Value` is field 2, three bytes long), or one of those codes."""


class LogstoreReader(Protocol):
    """What has to be asked of the log service; daemon/cloud answers it, and may raise TryAgain, Refused."""

    def of(self, project: str | None, name: str, region: str | None, endpoint: str | None) -> Logstore: ...

    def shards(self, store: Logstore) -> tuple[int, ...]: ...

    def cursor(self, store: Logstore, shard: int, since: str) -> str: ...

    def pull(
        self, store: Logstore, shard: int, cursor: str, query: str | None, worth: Callable[[bytes], bool]
    ) -> Pulled: ...


@dataclass(slots=True)
class _Found:
    """What one read has found so far."""

    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    failed: list[TryAgain | Refused] = field(default_factory=list)
    """Of shards that could not be read now."""
    goes_on: bool = False
    """Has a cursor moved, so that there is something to store? Shards that do not answer take no other's turn."""

    def count(self, what: str, number: int) -> None:
        if number:
            self.counts[what] = self.counts.get(what, 0) + number


class Sls(Polled):
    """One logstore. A part of its cursor is `PROJECT/SHARD`: [cursor, the time of the newest entry that was read]."""

    every = PERIOD

    def __init__(
        self,
        settings: SlsSource,
        reader: LogstoreReader,
        clock: Clock,
        *,
        own_request_ids: Callable[[str], bool] = lambda _request_id: False,
        since: timedelta | None = None,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._reader = reader
        self._clock = clock
        self._is_own_id = own_request_ids
        self._since = since
        self._query = QUERY if settings.filter == "service" else None
        self._shards: tuple[int, ...] = ()
        self._listed_at = float("-inf")
        self._turn = 0
        self._troubled = False
        """Was there a shard that could not be read? It is said once."""

    def read(self, cursor: Cursor | None) -> Batch:
        """The next entries of all shards, as far as they fit into one batch."""
        settings, until, found = self._settings, self._clock.monotonic() + MOST_SECONDS, _Found()
        store = self._reader.of(settings.project, settings.logstore, settings.region, settings.endpoint)
        before, begins = dict(cursor or {}), not self._shards
        shards = self._listed(store, before)
        if begins:
            found.complaints += self._gone(store, shards, before)
        places = self._places(store, shards, before, found)

        def is_full() -> bool:
            read = found.counts.get("bytes", 0)
            late = found.goes_on and self._clock.monotonic() > until
            return late or len(found.events) >= MOST_EVENTS or read >= MOST_BYTES

        more = False
        for shard in self._in_turn([shard for shard in shards if _part(store, shard) in places]):
            if is_full():
                more = True
                break
            more = self._read_shard(store, shard, places, found, is_full) or more
        moved: dict[str, Any] = {part: place for part, place in places.items() if before.get(part) != place}
        moved |= {part: None for part in before if part not in places}  # of a shard that is gone, or another project
        if found.failed and len(found.failed) == len(shards) and not moved:
            raise found.failed[0]
        trouble = None
        if found.failed:
            trouble = f"{store}, {len(found.failed)} of {len(shards)} shards: {found.failed[0]}"
            if not self._troubled:
                found.complaints.append(trouble)
        self._troubled = bool(found.failed)
        return Batch(tuple(found.events), moved, more, found.counts, tuple(found.complaints), trouble)

    def _listed(self, store: Logstore, before: Cursor) -> tuple[int, ...]:
        """Anew, too, where the journal knows of others: another node was here, and has listed them since."""
        now = self._clock.monotonic()
        others = {part for part in before if part.startswith(f"{store.project}/")} - {
            _part(store, shard) for shard in self._shards
        }
        if others or now - self._listed_at >= SHARDS_SECONDS:
            shards = self._reader.shards(store)
            if not shards:  # a logstore has one at least: to take it at its word would be to forget all places
                raise TryAgain(f"{store} shows no shards")
            self._shards, self._listed_at = shards, now
        return self._shards

    @staticmethod
    def _gone(store: Logstore, shards: Iterable[int], before: Cursor) -> list[str]:
        """Shards that went while nobody read. Of one that goes while it is read, everything was read before."""
        known = {_part(store, shard) for shard in shards}
        return [
            f"{store}, shard {part.rpartition('/')[2]} is gone: what came to it after {_moment(place[1])} was not read"
            for part, place in before.items()
            if part.startswith(f"{store.project}/") and part not in known
        ]

    def _places(self, store: Logstore, shards: Iterable[int], before: Cursor, found: _Found) -> dict[str, list[Any]]:
        """Where each shard goes on. All that are new get their place before anything is read: a shard that is new later
        is one of a split, and is read whole; so one of a split that gives none now gets it at the next read.
        """
        parts = {_part(store, shard) for shard in shards}
        known = {part: list(place) for part, place in before.items() if part in parts}
        of_split = any(part.startswith(f"{store.project}/") for part in before)
        first = "begin" if of_split else self._first()
        for shard in shards:
            if _part(store, shard) not in known:
                try:
                    known[_part(store, shard)] = [self._reader.cursor(store, shard, first), None]
                except (TryAgain, Refused) as failed:
                    if not of_split:
                        raise
                    found.failed.append(failed)
        return known

    def _first(self) -> str:
        if self._since is not None:
            return str(int((self._clock.now() - self._since).timestamp()))
        return "begin" if self._settings.start == "beginning" else "end"

    def _in_turn(self, shards: Sequence[int]) -> list[int]:
        """Each read begins with another one, so that a busy shard keeps none waiting for long."""
        if not shards:
            return []
        self._turn = (self._turn + 1) % len(shards)
        return [*shards[self._turn :], *shards[: self._turn]]

    def _read_shard(
        self,
        store: Logstore,
        shard: int,
        places: dict[str, list[Any]],
        found: _Found,
        is_full: Callable[[], bool],
    ) -> bool:
        """Is there more of it? What was read before it broke off is taken."""
        place = places[_part(store, shard)]
        try:
            while True:
                pulled = self._pulled(store, shard, place, found)
                self._take(pulled, place, found, f"{store}/{shard}")
                if pulled.cursor == place[0]:
                    return False
                place[0], found.goes_on = pulled.cursor, True
                if pulled.seen == 0:  # a cursor that moves over nothing: the end, however it is written
                    return False
                if is_full():
                    return True
        except (TryAgain, Refused) as failed:
            found.failed.append(failed)
            return False

    def _pulled(self, store: Logstore, shard: int, place: list[Any], found: _Found) -> Pulled:
        """A cursor of what the logstore no longer keeps is refused: reading goes on with the oldest that it has, and
        somebody is told of the gap.
        """
        try:
            return self._reader.pull(store, shard, place[0], self._query, _worth)
        except Refused as refused:
            if refused.code != INVALID_CURSOR:
                raise
            gap = "what came then and is kept no longer was not read"
            found.complaints.append(f"{store}, shard {shard}: the place behind {_moment(place[1])} is gone; {gap}")
            place[:] = [self._reader.cursor(store, shard, "begin"), None]
            return self._reader.pull(store, shard, place[0], self._query, _worth)

    def _take(self, pulled: Pulled, place: list[Any], found: _Found, where: str) -> None:
        found.count("bytes", pulled.size)
        found.count("entries", len(pulled.entries))
        for entry in pulled.entries:
            place[1] = max(place[1] or 0, min(entry.time, LAST_SECOND))
            event = None if entry.topic != TOPIC else self._event(entry, found, where)
            if event is not None:
                found.events.append(event)
                found.count("refusals", 1)

    def _event(self, entry: LogEntry, found: _Found, where: str) -> Event | None:
        is_own = OWN_AGENT in (user_agent(entry.fields) or "") or self._is_own_id(entry.fields.get("request_id", ""))
        if is_own:
            found.count("own", 1)
            return None
        return event_of_entry(entry.fields, entry.time, source=self.name, where=where)


@source("sls")
def build(settings: SlsSource, given: Given) -> Sls:
    """An audit reads what came within the time it asks for, whatever is configured."""
    return Sls(
        settings, given.cloud.logstores, given.clock, own_request_ids=given.cloud.is_own_request, since=given.since
    )


def _part(store: Logstore, shard: int) -> str:
    return f"{store.project}/{shard}"


def _moment(time: int | None) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S} UTC" if time else "the last reading"


def _worth(encoded: bytes) -> bool:
    return any(mark in encoded for mark in _MARKS)
