"""OSS's access-log objects in a bucket -> Events: lists new ones, streams them, takes only the refusals.

Entries of an hour come in several objects, up to two days late, and objects may still grow. So the cursor remembers
what was read of each object of the last days; older ones are not looked at, because what they tell is long over. The
daemon's own requests are skipped by their User-Agent mark and by request ids, never by key: the key may be the
application's. Lines are read by parsers/access_line.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from ossmend.config.sources.access_log import AccessLogSource
from ossmend.daemon.cloud.ask.logs import LogObject
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources import Batch, Cursor, Given, Polled, source
from ossmend.daemon.sources.access_files import AccessFiles
from ossmend.daemon.sources.refusals import OWN_AGENT, Refusals, Whose
from ossmend.daemon.sources.scanner import Frame, frames
from ossmend.remediators.contract.verdict import TryAgain

WINDOW = timedelta(hours=72)
"""Objects come up to 48 hours late; a day more costs a few dozen names in the cursor. An audit may ask for more."""
PAGE = 1000
MOST_EVENTS = 2000
MOST_BYTES = 256 * 1024 * 1024
MOST_SECONDS = 15.0
"""After so long no further object is begun: what was read is stored first."""
LOG_ZONE = timezone(timedelta(hours=8))
"""Object names carry China's time, whatever the region."""
_NAME_DATE = re.compile(r"(20\d\d)-(\d\d)-(\d\d)-(\d\d)-00-00-")


class LogReader(Protocol):
    """What has to be asked of OSS; daemon/cloud answers it, and may raise TryAgain."""

    def list(self, bucket: str, prefix: str, start_after: str, max_keys: int) -> Sequence[LogObject]:
        """Objects after `start_after` in the order of their names; fewer than `max_keys` only at the end."""
        ...

    def open(self, bucket: str, key: str, offset: int) -> Iterator[bytes]:
        """The object's bytes from `offset` on, in blocks."""
        ...


PERIOD = timedelta(seconds=60)
"""OSS writes a log object an hour; a minute is soon enough, and costs one list call."""


class AccessLog(Polled):
    """The access logs under one prefix of one bucket."""

    every = PERIOD

    def __init__(
        self,
        bucket: str,
        prefix: str,
        reader: LogReader,
        clock: Clock,
        *,
        own_agent_mark: str = OWN_AGENT,
        own_request_ids: Callable[[str], bool] = lambda _request_id: False,
        window: timedelta = WINDOW,
        name: str | None = None,
    ) -> None:
        self._window = window
        self.name = name or f"access_log:{bucket}/{prefix}"
        self._bucket = bucket
        self._prefix = prefix
        self._reader = reader
        self._clock = clock
        self._stream: tuple[LogObject, int, Iterator[Frame]] | None = None
        """An object that is being read: of which list, up to where, and what comes next of it."""
        self._whose = Whose(self.name, own_request_ids, own_agent_mark.encode())

    def read(self, cursor: Cursor | None) -> Batch:
        """What is new in the objects of the last days."""
        done: Cursor = cursor or {}
        moved: dict[str, list[Any] | None] = {}
        until = self._clock.monotonic() + MOST_SECONDS
        found = Refusals(self._whose)

        def is_full() -> bool:
            read = found.counts.get("bytes", 0)
            return len(found.refusals) >= MOST_EVENTS or read >= MOST_BYTES or self._clock.monotonic() > until

        listed: set[str] = set()
        more = False
        for item in self._objects():
            listed.add(item.key)
            offset = self._offset(done.get(item.key), item)
            if offset >= item.size:
                continue
            if moved and is_full():
                more = True
                break
            offset, goes_on = self._read_object(item, offset, found, is_full)
            moved[item.key] = [offset, item.size, item.etag]
            more = more or goes_on
        if not more:
            moved |= {key: None for key in done if key not in listed}  # too old, or deleted: forgotten
        return Batch(tuple(found.refusals), moved, more, found.counts, tuple(found.samples))

    def _objects(self) -> Iterator[LogObject]:
        """The log objects of the window, in the order of their names: source bucket first, then the hour."""
        oldest = (self._clock.now() - self._window).astimezone(LOG_ZONE)
        after = ""
        while True:
            page = self._reader.list(self._bucket, self._prefix, after, PAGE)
            for item in page:
                after = item.key
                hour = hour_of(item.key)
                if hour is None:
                    continue  # not written by OSS's logging
                jump = f"{item.key[: _date_at(item.key)]}{oldest:%Y-%m-%d-%H}"
                if hour < oldest and jump > item.key:
                    after = jump  # years of old hours are passed over with one call for each source bucket
                    break
                yield item
            else:
                if len(page) < PAGE:
                    return

    @staticmethod
    def _offset(known: list[Any] | None, item: LogObject) -> int:
        """Where to go on: a grown object is read from where it ended, one that was written anew from its beginning."""
        if known is None:
            return 0
        offset, size, etag = int(known[0]), int(known[1]), str(known[2])
        if item.size < size or (item.size == size and item.etag != etag):
            return 0
        return offset

    def _read_object(
        self, item: LogObject, offset: int, found: Refusals, is_full: Callable[[], bool]
    ) -> tuple[int, bool]:
        """Take the refusals of one object, up to the limits of a batch; how far it was read, in whole lines, and
        whether there is more of it.
        """
        coming, began = self._coming(item, offset), offset
        try:
            for frame in coming:
                offset = found.take(frame, offset, f"oss://{self._bucket}/{item.key}")
                if is_full():
                    self._stream = item, offset, coming
                    return offset, offset < item.size
        except TryAgain:
            if offset == began:
                raise
            return offset, True  # what came before it broke off is stored, or a large object would never be read
        return offset, False

    def _coming(self, item: LogObject, offset: int) -> Iterator[Frame]:
        """The stream that the last batch left open, if it is where reading goes on: to ask anew for the rest of a large
        object, batch by batch, takes twice as long.
        """
        stream, self._stream = self._stream, None
        if stream is not None and stream[:2] == (item, offset):
            return stream[2]
        blocks = self._reader.open(self._bucket, item.key, offset)
        return frames(blocks, offset, whole_at=item.size)  # the last line of an object needs no newline


@source("access_log")
def build(settings: AccessLogSource, given: Given) -> AccessLog | AccessFiles:
    """An audit reads files from the beginning, whatever is configured."""
    if settings.path is not None:
        start = settings.start if given.since is None else "beginning"
        own = given.cloud.is_own_request
        return AccessFiles(settings.path, start, given.clock, own_request_ids=own, name=settings.name)
    assert settings.bucket is not None  # one of the two, as the settings have seen to
    return AccessLog(
        settings.bucket,
        settings.prefix,
        given.cloud.logs,
        given.clock,
        own_request_ids=given.cloud.is_own_request,
        window=max(given.since or WINDOW, WINDOW),
        name=settings.name,
    )


def _date_at(key: str) -> int:
    found = _NAME_DATE.search(key)
    return found.start() if found else len(key)


def hour_of(key: str) -> datetime | None:
    """The hour in the name of a log object; None where it has none."""
    found = _NAME_DATE.search(key)
    if found is None:
        return None
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3]), int(found[4]), tzinfo=LOG_ZONE)
    except ValueError:
        return None
