"""Text -> records: what one log call wrote, its lines without the prefixes that containers and loggers put before them.

A record begins at a line with a stamp of its own, or with JSON; lines that look like the inside of something (indented,
tags, `[ErrorCode]:`, stack frames) go on with the one before, even if a container stamped each of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ossmend.daemon.sources.shapes import times

LONGEST_JSON = 1024 * 1024
_COMPOSE = re.compile(r"[A-Za-z0-9][\w.-]{0,60} {1,40}\| ?")
_CRI = re.compile(r"(20\d\d-[\dT:.-]{10,30}(?:Z|[+-]\d\d:\d\d)) (?:stdout|stderr) [FP] ")
_SYSLOG = re.compile(r"(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,80} [^\s:\[]{1,60}(?:\[\d{1,10}\])?: ?")
_SYSLOG5424 = re.compile(
    r"<\d{1,3}>1 (20\d\d-\S{10,30}) \S{1,255} \S{1,48} \S{1,128} \S{1,32} (?:-|\[[^\]]{0,400}\]) ?"
)
_METEOR = re.compile(r"[A-Z](20\d{6})-(\d\d:\d\d:\d\d\.\d{3})\(-?\d{1,2}\)\? ?")
_LOGCAT = re.compile(
    r"\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}(?: +\d{1,7}){1,2} [VDIWEF] [^:\n]{1,60}: ?|[VDIWEF]/[^:\n(]{1,60}\( *\d{1,7}\): ?"
)
_QUOTE = re.compile(r"(?:> ?){1,4}|< (?=\w)|```\w{0,10}$")
_STAMPED = re.compile(
    r"[\[(|]{0,2}(?:time=\"?|ts=\"?)?(?:20\d\d[-/.]\d\d[-/.]\d\d[T _]\d\d:\d\d"
    r"|\d{1,2}/[A-Z][a-z]{2}/20\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )"
    r"|\d{1,3}(?:\.[\dx]{1,3}){3} - |(?:TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|CRITICAL|PANIC|E/|W/|I/)[\s:|\[]"
)
_INSIDE = re.compile(
    r"\s|[<}\])]|\[(?:Error|Request|Host|Response|Code|Message|Raw|EC)|at [\w.$<]|Caused by|"
    r"(?:Http Status|Error|Request|Status) \w{1,10}:"
    r"|(?:Message|EC|Timestamp|Host ?I[dD]|Request ?I[dD]|Code|Error ?Code|Snapshot)\s?[:：]"
    r"|(?:status|code|message|requestId|name|hostId|params|ecCode)\s?: "
    r"|[\"']?\w{1,30}[\"']?\s{1,5}(?:=>?) "
)
_STAMP_BEFORE = re.compile(
    r"[\[(|]{0,2}20\d\d[-/.]\d\d[-/.]\d\d[T _]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z"
    r"|[+-]\d\d:?\d\d)?[\])|]{0,2} ?(?:(?:stdout|stderr|[A-Z]{4,8}|[EWI])[ |:]{1,3}){0,2}"
)


@dataclass(slots=True, eq=False)
class Record:
    """The lines of one record, joined; with the stamp and the JSON objects that they carry."""

    number: int
    start: int
    text: str
    stamp: datetime | None = None
    objects: list[dict[str, Any]] = field(default_factory=list)
    plain: str = ""
    """With objects: what stands before them on their line."""
    own: str = ""
    """The text without what a client could put into it (forged.py); as long as `text`."""


@dataclass(frozen=True, slots=True)
class _Line:
    body: str
    stamp: datetime | None
    begins: bool
    object: dict[str, Any] | None = None
    plain: str = ""


def split(text: str) -> Iterator[Record]:
    """The records of a text, in their order."""
    parts: list[str] = []
    record: Record | None = None
    number = place = 0
    for raw in text.split("\n"):
        line = _line(raw.removesuffix("\r"))
        if record is None or line.begins or (record.objects and line.body.strip()):
            if record is not None:
                record.text = "\n".join(parts)
                yield record
                number += 1
            record, parts = Record(number, place, ""), []
        parts.append(line.body)
        place += len(line.body) + 1
        if record.stamp is None:
            record.stamp = line.stamp
        if line.object is not None and len(record.objects) < 64:
            record.objects.append(line.object)
            record.plain = line.plain
    if record is not None:
        record.text = "\n".join(parts)
        yield record


def begins_record(line: str) -> bool:
    """Does a record begin here, for sure?"""
    return _line(line).begins


def goes_on(line: str) -> bool:
    """Does this line look like the inside of something?"""
    return not line.strip() or _INSIDE.match(_stripped(line)[0]) is not None


def _line(raw: str) -> _Line:
    body, stamp = _stripped(raw)
    if body.startswith("{") and body.rstrip().endswith("}") and len(body) <= LONGEST_JSON:
        document = _json_object(body)
        if document is not None:
            return _from_document(document, body, stamp)
    stamped = _STAMPED.match(body)
    if stamped is None:
        return _Line(body, stamp, begins=False)
    own = times.read_stamp(body[:64]) or stamp
    before = _STAMP_BEFORE.match(body)
    if before is not None and _INSIDE.match(body[before.end() :] or "x"):
        return _Line(body[before.end() :], own, begins=False)
    return _with_json_tail(body, own)


def _with_json_tail(body: str, stamp: datetime | None) -> _Line:
    """A stamped line whose fields are JSON at its end."""
    at = body.find('{"') if body.endswith("}") and len(body) <= LONGEST_JSON else -1
    document = _json_object(body[at:]) if at > 0 else None
    return _Line(body, stamp, begins=True, object=document, plain=body[:at] if document is not None else "")


def _stripped(raw: str) -> tuple[str, datetime | None]:
    """A line without what a container, syslog or a debugger put before it; and the stamp that was there."""
    body, stamp = raw, None
    for _ in range(3):
        if (found := _COMPOSE.match(body)) or (found := _LOGCAT.match(body)) or (found := _SYSLOG.match(body)):
            body = body[found.end() :]
        elif (found := _CRI.match(body)) or (found := _SYSLOG5424.match(body)):
            stamp = times.read_stamp(found[1])
            body = body[found.end() :]
        elif found := _METEOR.match(body):
            day = found[1]
            stamp = times.read_stamp(f"{day[:4]}-{day[4:6]}-{day[6:]} {found[2]}")
            body = body[found.end() :]
        elif found := _QUOTE.match(body):
            body = body[found.end() :]
        else:
            break
    return body, stamp


def _from_document(document: dict[str, Any], body: str, stamp: datetime | None) -> _Line:
    inner = document.get("log")
    if isinstance(inner, str) and document.keys() <= {"log", "stream", "time", "attrs"}:
        own = times.read_stamp(str(document.get("time", "")))
        line = _line(inner.rstrip("\n"))  # docker's own file: one line of the application in each object
        return _Line(line.body, line.stamp or own, line.begins, line.object)
    return _Line(body, stamp, begins=True, object=document)


def _json_object(body: str) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
