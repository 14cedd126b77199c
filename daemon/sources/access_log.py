"""OSS's access-log objects in a bucket -> Events: lists new ones, streams them, takes only the refusals.

Entries of an hour come in several objects, up to two days late, and objects may still grow. So the cursor remembers
what was read of each object of the last days; older ones are not looked at, because what they tell is long over. The
daemon's own requests are skipped by their User-Agent mark and by request ids, never by key: the key may be the
application's. Lines are read by parsers/access_line.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

import stringzilla

from ossmend.config.sources.access_log import AccessLogSource
from ossmend.daemon.cloud.ask.logs import LogObject
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.redact import printable, redact
from ossmend.daemon.sources import Batch, Cursor, Given, Polled, source
from ossmend.daemon.sources.parsers.access_line import NOT_ONLY_403, AccessLogEntry, entry_event, parse_line
from ossmend.remediators.contract.case import Event

__all__ = ["AccessLog", "AccessLogEntry", "LogObject", "LogReader", "entry_event", "parse_line", "refused_lines"]

WINDOW = timedelta(hours=72)
"""Objects come up to 48 hours late; a day more costs a few dozen names in the cursor. An audit may ask for more."""
PAGE = 1000
MOST_EVENTS = 2000
MOST_BYTES = 16 * 1024 * 1024
MOST_SECONDS = 15.0
"""After so long no further object is begun: what was read is stored first."""
LONGEST_LINE = 64 * 1024
SAMPLES = 3
LOG_ZONE = timezone(timedelta(hours=8))
"""Object names carry China's time, whatever the region."""
_WITH_400 = tuple(f'"{code}"'.encode() for code in NOT_ONLY_403)
_REFUSED = b'" 403 '
_BAD_REQUEST = b'" 400 '
"""Two searches for a literal: each passes over the bytes ten times as fast as a pattern does."""
_NAME_DATE = re.compile(r"(20\d\d)-(\d\d)-(\d\d)-(\d\d)-00-00-")


class LogReader(Protocol):
    """What has to be asked of OSS; daemon/cloud answers it, and may raise TryAgain."""

    def list(self, bucket: str, prefix: str, start_after: str, max_keys: int) -> Sequence[LogObject]:
        """Objects after `start_after` in the order of their names; fewer than `max_keys` only at the end."""
        ...

    def open(self, bucket: str, key: str, offset: int) -> Iterator[bytes]:
        """The object's bytes from `offset` on, in blocks."""
        ...


@dataclass(slots=True)
class _Found:
    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)
    bytes_left: int = MOST_BYTES
    is_late: Callable[[], bool] = lambda: False

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    @property
    def full(self) -> bool:
        return len(self.events) >= MOST_EVENTS or self.bytes_left <= 0 or self.is_late()


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
        own_agent_mark: str = "ossmend/",
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
        self._mark = own_agent_mark
        self._is_own_id = own_request_ids
        self._sampled = 0

    def read(self, cursor: Cursor | None) -> Batch:
        """What is new in the objects of the last days."""
        done: Cursor = cursor or {}
        moved: dict[str, list[Any] | None] = {}
        until = self._clock.monotonic() + MOST_SECONDS
        found = _Found(is_late=lambda: self._clock.monotonic() > until)
        listed: set[str] = set()
        more = False
        for item in self._objects():
            listed.add(item.key)
            offset = self._offset(done.get(item.key), item)
            if offset >= item.size:
                continue
            if moved and found.full:
                more = True
                break
            offset = self._read_object(item, offset, found)
            moved[item.key] = [offset, item.size, item.etag]
            more = more or (found.full and offset < item.size)
        if not more:
            moved |= {key: None for key in done if key not in listed}  # too old, or deleted: forgotten
        return Batch(tuple(found.events), moved, more, found.counts, tuple(found.samples))

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

    def _read_object(self, item: LogObject, offset: int, found: _Found) -> int:
        """Take the refusals of one object, up to the limits of a batch; how far it was read, in whole lines."""
        rest = b""
        for block in self._reader.open(self._bucket, item.key, offset):
            found.bytes_left -= len(block)
            found.count("bytes", len(block))
            data = rest + block if rest else block
            whole = data.rfind(b"\n") + 1
            if whole == 0 and len(data) > LONGEST_LINE * 16:
                found.count("oversized")
                offset, rest = offset + len(data), b""
                continue
            self._take(data[:whole], item, found)
            offset, rest = offset + whole, data[whole:]
            if found.full:
                return offset
        if rest and offset + len(rest) >= item.size:
            self._take(rest, item, found)  # the last line of an object needs no newline
            return offset + len(rest)
        return offset

    def _take(self, lines: bytes, item: LogObject, found: _Found) -> None:
        found.count("lines", stringzilla.count(lines, b"\n"))
        for line in refused_lines(lines):
            entry = parse_line(line)
            if entry is None:
                found.count("malformed")
                if self._sampled < SAMPLES and len(found.samples) < SAMPLES:
                    self._sampled += 1
                    found.samples.append(f"malformed line: {printable(redact(line[:300].decode('utf-8', 'replace')))}")
                continue
            if self._is_own(entry):
                found.count("own")
                continue
            event = entry_event(entry, source=self.name)
            if event is not None:
                found.count("refusals")
                found.events.append(replace(event, where=f"oss://{self._bucket}/{item.key}"))

    def _is_own(self, entry: AccessLogEntry) -> bool:
        if self._mark and self._mark in (entry.user_agent or ""):
            return True
        return entry.request_id is not None and self._is_own_id(entry.request_id)


@source("access_log")
def build(settings: AccessLogSource, given: Given) -> AccessLog:
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


def refused_lines(data: bytes) -> Iterator[bytes]:
    """The lines with a 403 or a code that comes with 400, found by their bytes; all others are never looked at."""
    behind = 0
    for hit in sorted((*_places(data, _REFUSED), *_places(data, _BAD_REQUEST))):
        if hit < behind:
            continue
        start = data.rfind(b"\n", 0, hit) + 1
        end = data.find(b"\n", hit)
        behind = len(data) if end < 0 else end + 1
        line = data[start : behind if end < 0 else end]
        if _REFUSED in line or any(code in line for code in _WITH_400):
            yield line


def _places(data: bytes, literal: bytes) -> Iterator[int]:
    at: int = stringzilla.find(data, literal)
    while at >= 0:
        yield at
        at = stringzilla.find(data, literal, at + len(literal))
