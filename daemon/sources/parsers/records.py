"""Text -> records: what one log call wrote, its lines without the envelopes that containers and loggers put around
them.

A record begins at a line with a stamp of its own, or with JSON; lines that look like the inside of something (indented,
tags, `[ErrorCode]:`, stack frames) go on with the one before, even if a container stamped each of them. Lines of two
processes are never one record: envelopes/ tells them apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ossmend.daemon.sources.envelopes.line import Line
from ossmend.daemon.sources.envelopes.streams import Placed, lines_of
from ossmend.daemon.sources.envelopes.table import LONGEST_JSON
from ossmend.daemon.sources.parsers import times
from ossmend.daemon.sources.parsers.tables import Header
from ossmend.remediators.contract.light import regex

_STAMPED = regex(
    r"[\[(|]{0,2}(?:time=\"?|ts=\"?)?(?:20\d\d[-/.]\d\d[-/.]\d\d[T _]\d\d:\d\d"
    r"|\d{1,2}/[A-Z][a-z]{2}/20\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )"
    r"|\d{1,3}(?:\.[\dx]{1,3}){3} - |(?:TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|CRITICAL|PANIC|E/|W/|I/)[\s:|\[]"
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} |(?:DBG|INF|WRN|ERR|FTL|PNC) "
)
_INSIDE = regex(
    r"\s|[<}\])]|\[(?:Error|Request|Host|Response|Code|Message|Raw|EC)|at [\w.$<]|Caused by|"
    r"(?:Http Status|Error|Request|Status) \w{1,10}:"
    r"|(?:Message|EC|Timestamp|Host ?I[dD]|Request ?I[dD]|Code|Error ?Code|Snapshot)\s?[:：]"
    r"|(?:status|code|message|requestId|name|hostId|params|ecCode)\s?: "
    r"|[\"']?\w{1,30}[\"']?\s{1,5}(?:=>?) "
)
_HEADER = regex(
    r"(?:[\w$]{1,80}\.){0,20}[\w$]{0,80}(?:Exception|Error)\b(?::|$)|Traceback \(|goroutine \d|panic: "
    r"|During handling of the above|The above exception was"
)
"""The first line of an exception: a log call that has one below its message gives each line to a syslog of its own."""
_STAMP_BEFORE = regex(
    r"[\[(|]{0,2}20\d\d[-/.]\d\d[-/.]\d\d[T _]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z"
    r"|[+-]\d\d:?\d\d)?[\])|]{0,2} ?(?: {0,4}(?:stdout|stderr|[A-Z]{4,8}|[EWI])[ |:]{1,3}){0,2}"
)
APART = 16
"""Between the numbers of the last record of one stream and the first of the next: they are no neighbours."""


_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL|D?PANIC)"
_LEVELLED = regex(rf"[\s|\[]{{0,3}}{_LEVEL}\b", re.IGNORECASE)
_BODY_WITH_LEVEL = regex(rf"[^<]{{0,80}}\b{_LEVEL}\b[^<]{{0,8}}<(?:\?xml|Error\b)")
"""A stamp with a level is a log call's own, whatever follows: concurrent lines must not lend each other places."""


@dataclass(slots=True, eq=False)
class Record:
    """The lines of one record, joined; with the stamp and the JSON objects that they carry."""

    number: int
    start: int
    """Where its first line begins in the text: the order of appearance."""
    text: str
    stamp: datetime | None = None
    objects: list[dict[str, Any]] = field(default_factory=list)
    plain: str = ""
    """With objects: what stands before them on their line."""
    own: str = ""
    """The text without what a client could put into it (forged.py); as long as `text`."""
    header: Header | None = None
    """Of the table that the record before ended with: this one may be its next row."""
    starts: list[int] = field(default_factory=list)
    """Where in the whole text each of its lines begins (lines.py)."""
    breaks: list[int] | None = None
    """Where its own lines end, once somebody has asked."""


@dataclass(frozen=True, slots=True)
class _Line:
    body: str
    stamp: datetime | None
    begins: bool
    object: dict[str, Any] | None = None
    plain: str = ""


def split(text: str) -> Iterator[Record]:
    """The records of a text, stream by stream; within each in their order."""
    streams: dict[str, _Joining] = {}
    for placed in lines_of(text, begins):
        if placed.stream not in streams:
            streams[placed.stream] = _Joining()
        streams[placed.stream].take(placed)
    number = 0
    for joining in streams.values():
        for record in joining.finished():
            record.number = number
            number += 1
            yield record
        number += APART


class _Joining:
    """The records of one stream, while its lines come in."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._parts: list[str] = []

    def take(self, placed: Placed) -> None:
        for line in _inner(placed.line):
            record = self._records[-1] if self._records else None
            if record is None or line.begins or (record.objects and line.body.strip()):
                self._close()
                record = Record(0, placed.start, "")
                self._records.append(record)
            self._parts.append(line.body)
            record.starts.append(placed.start)
            if record.stamp is None:
                record.stamp = line.stamp
            if line.object is not None and len(record.objects) < 64:
                record.objects.append(line.object)
                record.plain = line.plain

    def _close(self) -> None:
        if self._records:
            self._records[-1].text = "\n".join(self._parts)
        self._parts = []

    def finished(self) -> list[Record]:
        self._close()
        return self._records


def begins(line: Line) -> bool:
    """Does a record begin with this line, for sure?"""
    return next(_inner(line)).begins


def goes_on(text: str) -> bool:
    """Does this look like the inside of something?"""
    return not text.strip() or _INSIDE.match(text) is not None


def is_header(text: str) -> bool:
    """Is this the first line of an exception? More of it comes, or its message goes on."""
    return _HEADER.match(text) is not None


def _inner(line: Line) -> Iterator[_Line]:
    """A line as records see it; where an envelope kept a whole message, each line of it."""
    stamp = (times.read_stamp(line.stamp) or times.read_number(line.stamp)) if line.stamp else None
    if line.document is not None:
        yield _Line(line.text, stamp, begins=True, object=line.document)
        return
    first, *others = line.text.split("\n")
    yield _line(first, stamp, logged=line.logged)
    for text in others:
        yield _line(text, stamp, logged=False)


def _line(body: str, stamp: datetime | None, *, logged: bool) -> _Line:
    stamped = _STAMPED.match(body)
    if stamped is None:
        return _Line(body, stamp, begins=logged and not goes_on(body) and not is_header(body))
    own = times.read_stamp(body[:64]) or stamp
    before = _STAMP_BEFORE.match(body)
    if before is not None and before.end() == len(body.rstrip()):
        return _Line(body, stamp, begins=False)  # nothing but a time: a value of something
    rest = body[before.end() :] if before is not None else ""
    if _INSIDE.match(rest or "x") and not (_LEVELLED.match(rest) or _BODY_WITH_LEVEL.match(body)):
        return _Line(rest, own, begins=False)
    return _with_json_tail(body, own)


def _with_json_tail(body: str, stamp: datetime | None) -> _Line:
    """A stamped line whose fields are JSON at its end."""
    at = body.find('{"') if body.endswith("}") and len(body) <= LONGEST_JSON else -1
    document = _json_object(body[at:]) if at > 0 else None
    if document is not None:
        return _Line(body, stamp, begins=True, object=document, plain=body[:at])
    return _Line(body, stamp, begins=True)


def _json_object(body: str) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
