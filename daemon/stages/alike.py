"""The refusals of one batch -> those that are ours, each with an event that stands for it.

A source that reads quickly passes on rows: what has to be known of each refusal, and a line. Rows that agree in all
that decides are one kind, and one of them is read whole for it: by that event they are judged, taken and counted. What
a case keeps of the others is read when it is stored (journal/folds.py). Next: triage.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ossmend.daemon.sources.parsers.access_row import Refusal, Row
from ossmend.daemon.sources.scanner import Raw
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.registry import is_ours

Sanitise = Callable[[Event], Event]


@dataclass(slots=True, eq=False)
class Kind:
    """Refusals that differ in time, request id and sizes only."""

    event: Event
    """Of one of them; it may be stored."""
    ours: bool


@dataclass(slots=True, eq=False)
class Told:
    """One of our refusals."""

    kind: Kind
    request_id: str | None
    time: datetime | None
    row: Row | None = None
    """What is to be read if it is kept; None: the event of its kind is its own."""

    def whole(self, event: Event, sanitise: Sanitise) -> Callable[[], Event] | None:
        """How to read it; `event`: its kind's, with its account settled. None: that one is its own."""
        row = self.row
        return None if row is None else lambda: replace(sanitise(row.event()), account=event.account)


def ours(refusals: Iterable[Refusal], sanitise: Sanitise) -> list[Told]:
    """Those that are ours to look at."""
    kinds: dict[tuple[Raw, str], Kind] = {}
    found: list[Told] = []
    for refusal in refusals:
        told = _of_row(refusal, kinds, sanitise) if isinstance(refusal, Row) else _of_event(refusal, sanitise)
        if told.kind.ours:
            found.append(told)
    return found


def _of_event(event: Event, sanitise: Sanitise) -> Told:
    is_one = is_ours(event)
    return Told(Kind(sanitise(event) if is_one else event, is_one), event.request_id, event.time)


def _of_row(row: Row, kinds: dict[tuple[Raw, str], Kind], sanitise: Sanitise) -> Told:
    kind = kinds.get((row.decides, row.where))
    if kind is not None:
        return Told(kind, row.request_id, row.time, row)
    told = _of_event(row.event(), sanitise)
    kinds[row.decides, row.where] = told.kind
    return told
