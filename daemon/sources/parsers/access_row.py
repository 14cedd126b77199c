"""A split line of OSS's access log -> a row: what triage has to know of each refusal, and the line for the rest.

An Event costs 20 times as much (patterns, redaction, two dozen fields), and of a thousand refusals of one trouble a
case keeps eight. So triage.py counts rows, and asks for the Event of those that are new or kept (stages/alike.py).
Which lines are split is decided in scanner.py; every other one goes to access_line.py, which also makes the Event of a
row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import unquote_to_bytes

from ossmend.daemon.sources.parsers import times
from ossmend.daemon.sources.parsers.access_line import entry_event, parse_line
from ossmend.daemon.sources.scanner import Raw
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef


@dataclass(slots=True, eq=False)
class Row:
    """A refusal of which only that is known which triage has to know of each."""

    line: bytes
    decides: Raw
    """Equal in two rows: they differ in time, request id and sizes only, so whoever takes the one takes the other."""
    code: str | None
    bucket: str | None
    key: str | None
    """Decoded, as the Event has it."""
    request_id: str
    time: datetime
    source: str
    where: str = ""
    trust: Literal["high", "low"] = "low"
    account: AccountRef = DEFAULT_ACCOUNT

    @classmethod
    def of(cls, raw: Raw, source: str, where: str) -> Row | None:
        """None where the stamp is no moment: the full parser knows what to do."""
        line, client, stamp, request, status, hosts, request_id, who, bucket, key, code, tail = raw
        time = times.read_clf(stamp.decode("ascii"))
        if time is None:
            return None
        decides = (client, request, status, hosts, who, bucket, key, code, tail)
        return cls(
            line, decides, _told(code), _told(bucket), _decoded(key), request_id.decode("ascii"), time, source, where
        )

    def event(self) -> Event:
        """All of it."""
        entry = parse_line(self.line)
        assert entry is not None  # `split` takes only what that parser takes: a test compares them
        event = entry_event(entry, source=self.source, where=self.where, trust=self.trust, account=self.account)
        assert event is not None  # see above
        return event


Refusal = Event | Row
"""What a batch holds."""


def event_of(refusal: Refusal) -> Event:
    return refusal.event() if isinstance(refusal, Row) else refusal


def _told(field: bytes) -> str | None:
    return None if field in (b"-", b"") else field.decode("ascii")


def _decoded(key: bytes) -> str | None:
    if b"%" not in key:
        return _told(key)
    return unquote_to_bytes(key).decode("utf-8", "replace").replace("\x00", "\ufffd")
