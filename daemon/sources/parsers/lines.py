"""A refusal -> where in the whole text its first line begins, and its last: what a person looks for in the file.

Places in a fragment are those of its record, and a record's text is not the text's: envelopes are gone. Its lines are
the same ones, and where even those are not (JSON over lines, a framework's mark for a line's end) the whole record is
told. Next: explain/where.py makes line numbers of it.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC

from ossmend.daemon.sources.parsers import times
from ossmend.daemon.sources.parsers.records import Record
from ossmend.daemon.sources.parsers.same_request import Refusal
from ossmend.remediators.contract.case import Event

MOST_READ = 4096
"""How much of a record without a stamp of its own is looked through for one, as JSON has it in a field."""


class Told:
    """An event, and where the text tells it: the beginnings of its first and of its last line."""

    __slots__ = ("event", "first", "last", "zoneless")

    def __init__(self, event: Event, first: int, last: int, *, zoneless: bool = False) -> None:
        self.event = event
        self.first = first
        self.last = last
        self.zoneless = zoneless
        """Is its time a stamp that tells no zone, and so read by that of this machine?"""


def zoneless(refusal: Refusal, event: Event) -> bool:
    """Where the request id tells the zone, or the time itself, no machine is asked."""
    if event.time is None or event.time == times.from_request_id(event.request_id, None):
        return False
    stamp = refusal.record.stamp
    stamps = [stamp] if stamp is not None else times.stamps((refusal.line or refusal.record.text)[:MOST_READ])
    return any(each.tzinfo is None and each.astimezone(UTC) == event.time for each in stamps)


def stretch(refusal: Refusal) -> tuple[int, int]:
    record, fragment = refusal.record, refusal.fragment
    breaks = _breaks(record)
    if record.objects or len(breaks) + 1 != len(record.starts):
        return record.starts[0], record.starts[-1]
    last = max(fragment.end - 1, fragment.start)  # an end lies behind the last sign, and that may be a line's end
    return record.starts[bisect_left(breaks, fragment.start)], record.starts[bisect_left(breaks, last)]


def _breaks(record: Record) -> list[int]:
    """Found once: thousands of refusals may stand in one record."""
    if record.breaks is None:
        record.breaks = []
        at = record.text.find("\n")
        while at >= 0:
            record.breaks.append(at)
            at = record.text.find("\n", at + 1)
    return record.breaks
