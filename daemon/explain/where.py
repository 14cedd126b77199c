"""Where and when a refusal stands in a text -> the numbers of its lines, and its time, as a person looks for them.

What of a long log is told by one explanation stands in counted.py.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from typing import Any

from ossmend.daemon.sources.parsers import times
from ossmend.daemon.sources.parsers.lines import Told
from ossmend.remediators.contract.case import Event

ZONE = " UTC"
STAMP, REQUEST_ID = "log", "request_id"
"""Whose clock it was: the line's own stamp, or the one that is inside OSS's request id."""


class Lines:
    """The lines of a text, numbered from 1 as editors do."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)
        if len(self._starts) > 1 and self._starts[-1] == len(text):
            self._starts.pop()  # the text ends with a line's end: no line begins there

    def of(self, told: Told) -> dict[str, int]:
        """{"first", "last", "of"}: of how many lines."""
        first, last = (bisect_right(self._starts, place) for place in (told.first, told.last))
        return {"first": first, "last": last, "of": len(self._starts)}


def when(event: Event, *, zoneless: bool = False) -> dict[str, Any]:
    """{"time", "time_from"}: None where the text tells none. A stamp that tells no zone has none here, too: the daemon
    reads it by its machine's, and a text may come from any other.
    """
    if event.time is None:
        return {"time": None, "time_from": None}
    if zoneless:
        return {"time": event.time.astimezone().replace(tzinfo=None, microsecond=0).isoformat(), "time_from": STAMP}
    server = times.from_request_id(event.request_id, None)
    moment = event.time.astimezone(UTC).replace(microsecond=0)
    return {"time": moment.isoformat().replace("+00:00", "Z"),
            "time_from": REQUEST_ID if event.time == server else STAMP}  # fmt: skip


def shown_time(time: str) -> str:
    """As people read it."""
    moment = datetime.fromisoformat(time)
    return f"{moment:%Y-%m-%d %H:%M:%S}" + (ZONE if moment.tzinfo is not None else "")
