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

    fields: Raw
    decides: Raw
    """Equal in two rows: they differ in time, request id and sizes only, so whoever takes the one takes the other."""
    request_id: str
    time: datetime
    source: str
    where: str = ""
    trust: Literal["high", "low"] = "low"
    account: AccountRef = DEFAULT_ACCOUNT

    @classmethod
    def of(cls, fields: Raw, source: str, where: str) -> Row | None:
        """None where the stamp is no moment: the full parser knows what to do."""
        time = times.read_clf(fields[2].decode("ascii"))
        if time is None:
            return None
        decides = (fields[1], *fields[3:6], *fields[7:])
        return cls(fields, decides, fields[6].decode("ascii"), time, source, where)

    @property
    def bucket(self) -> str | None:
        return _told(self.fields[8])

    @property
    def key(self) -> str | None:
        """Decoded, as the Event has it."""
        return _decoded(self.fields[9])

    @property
    def code(self) -> str | None:
        return _told(self.fields[10])

    def event(self) -> Event:
        """All of it."""
        entry = parse_line(self.fields[0])
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
