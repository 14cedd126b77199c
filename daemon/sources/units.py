"""Bytes of a log -> its lines one by one, each unwrapped, from any place forwards and backwards.

A unit is a physical line, or an entry of the journal's export format. Only units around a hit are ever looked at, each
once. Next: blocks.py, which puts those of one stream together.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from ossmend.daemon.sources.envelopes import journald
from ossmend.daemon.sources.envelopes.encodings import as_text
from ossmend.daemon.sources.envelopes.line import Line
from ossmend.daemon.sources.envelopes.table import unwrap
from ossmend.daemon.sources.parsers import records

MOST_KEPT = 8192
LONGEST_ROW = 16384
FARTHEST = 400
"""A bare line belongs to the nearest enveloped line above, if that is not further away than so many lines."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One line of somebody, with where it stands in the bytes."""

    start: int
    end: int
    line: Line
    begins: bool
    """A record begins here."""
    cut: bool = False
    """The bytes end before the entry does."""

    @property
    def is_part(self) -> bool:
        """The rest of it is in the next line of its stream."""
        return self.line.partial


@dataclass(frozen=True, slots=True)
class Reach:
    """How far away the next line of a stream may be."""

    lines: int
    size: int

    def is_over(self, units: Units, one: Unit, other: Unit) -> bool:
        return units.distance(one, other) > self.lines or abs(one.start - other.start) > self.size


class Units:
    """The units of some bytes, in a row that grows as far as somebody looks; each is tied to the next of its stream."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._known: dict[int, Unit] = {}
        self._streams: dict[int, str] = {}
        self._exports = _exports(data)
        self._row: dict[int, int] = {}
        """By start: which number in the row a unit is."""
        self._first: dict[str, Unit] = {}
        self._last: dict[str, Unit] = {}
        """By stream: its first and last unit in the row."""
        self._next: dict[int, Unit] = {}
        self._previous: dict[int, Unit] = {}
        self._ends: list[Unit] = []

    def around(self, place: int) -> Unit:
        """The unit in which this place is."""
        return self._at(self.data.rfind(b"\n", 0, place) + 1)

    def stream(self, unit: Unit) -> str:
        """Whose it is: as its envelope tells, or the one above it where it has none."""
        passed: list[Unit] = []
        stream: str | None = None
        at: Unit | None = unit
        while at is not None and len(passed) < FARTHEST:
            stream = at.line.stream if at.line.stream is not None else self._streams.get(at.start)
            if stream is not None or at.begins:
                break
            passed.append(at)
            at = self._before(at)
        stream = stream or ""
        for each in passed:
            self._streams[each.start] = stream
        return stream

    def next_of_stream(self, unit: Unit, reach: Reach) -> Unit | None:
        """The next unit of the same stream, if it is not too far away."""
        self._go_to(unit)
        while unit.start not in self._next and not reach.is_over(self, unit, self._ends[1]):
            after = self._at(self._ends[1].end) if self._ends[1].end < len(self.data) else None
            if after is None:
                return None
            self._append(after)
        found = self._next.get(unit.start)
        return None if found is not None and reach.is_over(self, unit, found) else found

    def previous_of_stream(self, unit: Unit, reach: Reach) -> Unit | None:
        """The unit of the same stream before this one, if it is not too far away."""
        self._go_to(unit)
        while unit.start not in self._previous and not reach.is_over(self, unit, self._ends[0]):
            before = self._before(self._ends[0])
            if before is None:
                return None
            self._prepend(before)
        found = self._previous.get(unit.start)
        return None if found is not None and reach.is_over(self, unit, found) else found

    def distance(self, one: Unit, other: Unit) -> int:
        """How many lines apart two units of the row are."""
        return abs(self._row[one.start] - self._row[other.start])

    def reaches_the_end(self, unit: Unit, reach: Reach) -> bool:
        """Was everything behind this unit looked at, and nothing of it was too far away?"""
        return self._ends[1].end >= len(self.data) and not reach.is_over(self, unit, self._ends[1])

    def _go_to(self, unit: Unit) -> None:
        """A place far from the last one begins another row."""
        if unit.start in self._row and len(self._row) < LONGEST_ROW:
            return
        self._row, self._next, self._previous = {unit.start: 0}, {}, {}
        stream = self.stream(unit)
        self._first, self._last, self._ends = {stream: unit}, {stream: unit}, [unit, unit]

    def _append(self, unit: Unit) -> None:
        stream = self.stream(unit)
        self._row[unit.start] = self._row[self._ends[1].start] + 1
        if (last := self._last.get(stream)) is not None:
            self._next[last.start], self._previous[unit.start] = unit, last
        self._first.setdefault(stream, unit)
        self._last[stream] = self._ends[1] = unit

    def _prepend(self, unit: Unit) -> None:
        stream = self.stream(unit)
        self._row[unit.start] = self._row[self._ends[0].start] - 1
        if (first := self._first.get(stream)) is not None:
            self._previous[first.start], self._next[unit.start] = unit, first
        self._last.setdefault(stream, unit)
        self._first[stream] = self._ends[0] = unit

    def _before(self, unit: Unit) -> Unit | None:
        return self._at(self.data.rfind(b"\n", 0, unit.start - 1) + 1) if unit.start > 0 else None

    def _at(self, start: int) -> Unit:
        """The unit that begins at (or, for an entry of many lines, around) the beginning of this line."""
        if self._exports and (entry := self._entry_around(start)) is not None:
            return entry
        unit = self._known.get(start)
        if unit is None:
            end = self.data.find(b"\n", start) + 1 or len(self.data)
            line = unwrap(as_text(self.data[start:end]).rstrip("\r\n"))
            unit = self._keep(Unit(start, end, line, records.begins(line)))
        return unit

    def _entry_around(self, start: int) -> Unit | None:
        number = bisect_right(self._exports, start)
        if number == 0:
            return None
        first = self._exports[number - 1]
        unit = self._known.get(first) or self._keep(self._entry(first))
        return unit if start < unit.end else None

    def _entry(self, first: int) -> Unit:
        end = start = first
        entry: journald.Entry | None = None
        while start < len(self.data):
            end = self.data.find(b"\n", start) + 1 or len(self.data)
            raw = as_text(self.data[start:end]).rstrip("\r\n")
            if entry is None:
                entry = journald.Entry(raw)
            elif not entry.takes(raw):
                end = start
                break
            start = end
        assert entry is not None  # an entry begins inside of the data
        line = entry.line()
        return Unit(first, end, line, records.begins(line), cut=start >= len(self.data) and not entry.is_over)

    def _keep(self, unit: Unit) -> Unit:
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
            self._streams.clear()
        self._known[unit.start] = unit
        return unit


def _exports(data: bytes) -> list[int]:
    """Where entries of the export format begin."""
    found = [0] if data.startswith(b"__CURSOR=") else []
    at = data.find(b"\n__CURSOR=")
    while at >= 0:
        found.append(at + 1)
        at = data.find(b"\n__CURSOR=", at + 1)
    return found
