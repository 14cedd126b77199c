"""Bytes of a log -> the few blocks of lines around what looks like a refusal, and how far they are complete.

gate.py finds bytes first; only the lines around a hit are ever decoded. A block is the record of one stream: it goes
back to where its record begins and on to where that ends, and passes over what others (containers, processes) printed
between its lines. So a block is not one stretch of the file: blocks of several streams may lie in one another, but no
line is in two of them. One that may still grow is held back by app_log.py.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ossmend.daemon.sources import gate
from ossmend.daemon.sources.envelopes.streams import DOCKERS_PART
from ossmend.daemon.sources.parsers import records
from ossmend.daemon.sources.units import Reach, Unit, Units

_CLOSED = re.compile(
    r"</Error\\*>|&lt;/Error&gt;|StatusCode=\d+, ErrorCode=[^\n]*\n?\Z|requestId: ?[0-9A-F]{24}"
    r"|[}\])]['\")\]}]*,?\s*\Z"
    r"|blocked by CORS policy[^\n]*\n?\Z|\A[^\n]*\"\n?\Z"
)
_DICT = re.compile(r"['\"](?:Code|code|details|status|ErrorCode)\\*['\"]\s?:|<Error")
_MORE_COMES = re.compile(
    r"[:{\[(,=>]\s{0,8}\Z|\A\s{0,40}(?:at |File \"|\.{3} \d)|\A\[(?:Error|Request|Host)\w{1,10}\]"
    r"|\A(?:Http Status|Error) \w{1,10}:|\A(?:Request ?I[dD]|Host ?I[dD]|Message|EC|Timestamp)\s?:"
    r"|\A\s{0,40}</?[A-Z]\w{0,40}[> ]"
)
"""The last line so far shows that the one who prints it has not come to an end."""
_ANOTHER_TRACE = re.compile(r"During handling of the above|The above exception was|Traceback \(|Suppressed: ")
"""The same failure, told once more with what came of it."""
BACK_LINES = 20
BACK_BYTES = 8 * 1024
MOST_LINES = 400
MOST_BYTES = 64 * 1024
LINES_AHEAD = 50
"""So much of its own stream is a block at most, ..."""
BACK_OTHERS = Reach(400, 256 * 1024)
AHEAD_OTHERS = Reach(2000, 256 * 1024)
"""... with so much of other streams between two of its lines."""
LOOK_AHEAD = Reach(50, 64 * 1024)
"""Where an error is closed already, what may still belong to it is not looked for further away than this, ..."""
NEAREST = Reach(4, 64 * 1024)
"""... and the part before the rest of a line not further than this."""
LOOKED_AT = 4096


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of one stream, by their places in the bytes."""

    stream: str
    spans: tuple[tuple[int, int], ...]
    open: bool
    """It reaches the end of what is there, and what comes next may belong to it."""
    unfinished: bool = False
    """More of it comes for sure: it breaks off in the middle."""
    sure: bool = True
    """There is a code or a sentence in it. Otherwise it tells something only if it names OSS."""
    of_lines: bool = False
    """Each of its lines is a record by itself."""

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]

    @property
    def size(self) -> int:
        return sum(end - start for start, end in self.spans)

    def behind(self, place: int) -> Block | None:
        """Its lines behind that place; None if there are none."""
        spans = tuple(span for span in self.spans if span[0] >= place)
        return replace(self, spans=spans) if spans else None

    def cut_from(self, data: bytes) -> bytes:
        """Its lines, without those of others."""
        return b"".join(data[start:end] for start, end in self.spans)


def blocks_in(data: bytes, *, told: Mapping[str, int] | None = None, begin: int = 0) -> list[Block]:
    """The blocks around every hit behind `begin`, in order.

    What is before `begin` was looked at earlier; a record may have begun there. Of a stream in `told` everything before
    that place is told already.
    """
    hits = _Hits(data, begin)
    if not hits.places:
        return []
    units = Units(data)
    found: list[Block] = []
    behind = dict(told or {})
    for place in hits.places:
        unit = units.around(place)
        stream = units.stream(unit)
        floor = behind.get(stream, 0)
        if unit.start < floor:
            continue
        block = _grown(units, stream, _beginning(units, unit, floor), hits)
        behind[stream] = block.end
        found.append(block)
    found.sort(key=lambda block: block.start)
    return found


class _Hits:
    """Where the gate let something through."""

    def __init__(self, data: bytes, begin: int) -> None:
        self.places, self._sure = array("Q"), array("Q")
        for hit in gate.hits(data):
            if hit.place >= begin:
                self.places.append(hit.place)
                if hit.sure:
                    self._sure.append(hit.place)

    def are_in(self, unit: Unit) -> bool:
        return _is_between(self.places, unit)

    def are_sure_in(self, units: list[Unit]) -> bool:
        return any(_is_between(self._sure, unit) for unit in units)


def _is_between(places: array[int], unit: Unit) -> bool:
    at = bisect_left(places, unit.start)
    return at < len(places) and places[at] < unit.end


def is_closed(text: str) -> bool:
    """Is all of the error in this text? Then nobody has to wait for more."""
    if "\n" not in text.rstrip() and text.lstrip().startswith("{"):
        return text.rstrip().endswith("}")
    closing = _CLOSED.search(text, max(0, len(text) - LOOKED_AT))
    if closing is None:
        return False
    last = closing[0].strip()[:1]
    return last not in ("}", "]", ")") or bool(_DICT.search(text))


def _beginning(units: Units, hit: Unit, floor: int) -> list[Unit]:
    """The record's units from its first one to the hit, if its beginning can be seen a few lines back."""
    own, size = [hit], 0
    while _may_begin_earlier(own[-1]) and len(own) <= BACK_LINES and size <= BACK_BYTES:
        at = units.previous_of_stream(own[-1], NEAREST if own[-1].begins else BACK_OTHERS)
        if at is None or at.end <= floor or (own[-1].begins and not at.is_part):
            break
        own.append(at)
        size += at.end - at.start
    return own[::-1]


def _may_begin_earlier(unit: Unit) -> bool:
    """A line that begins a record may still be the rest of a part, if it was in an envelope."""
    return not unit.begins or unit.line.stream is not None


@dataclass(slots=True)
class _Growing:
    """Lines that belong together, while they come in."""

    own: list[Unit] = field(default_factory=list)
    size: int = 0
    text: str = ""
    """The end of what they say so far."""
    closed: bool = False
    docker_ends: bool = False

    def take(self, unit: Unit) -> None:
        self.own.append(unit)
        self.size += unit.end - unit.start
        joint = "" if self.text.endswith("\n") or not self.text else "\n"
        self.text = f"{self.text}{joint}{unit.line.text}"[-4 * LOOKED_AT :]
        self.docker_ends = self.docker_ends or bool(unit.line.ended)
        self.closed = self.closed or is_closed(self.text)

    @property
    def reach(self) -> Reach:
        return LOOK_AHEAD if self.closed and not self.has_rest() else AHEAD_OTHERS

    def has_rest(self) -> bool:
        """Is the last line a part, whose rest comes?"""
        last = self.own[-1]
        if last.line.ended is False:
            return self.docker_ends or len(last.line.text) >= DOCKERS_PART
        return last.is_part or last.cut

    def ends_before(self, unit: Unit) -> bool:
        """Does this unit of the same stream belong to something else?"""
        if self.has_rest():
            return False
        last, text = self.own[-1].line, unit.line.text
        if unit.begins or (last.document is not None and text.strip()):
            return True
        first = text.partition("\n")[0]
        in_a_trace = last.text[:1] in (" ", "\t") and records.is_header(first)
        return self.closed and not (records.goes_on(first) or in_a_trace or _ANOTHER_TRACE.match(first))

    def breaks_off(self) -> bool:
        """Is it clear from the last line that more comes?"""
        last = self.text[-LOOKED_AT:].rpartition("\n")[2]
        more = _MORE_COMES.search(last) is not None or records.is_header(last)
        return self.has_rest() or (more and not self.closed)


def _grown(units: Units, stream: str, own: list[Unit], hits: _Hits) -> Block:
    """From its first line to where another record of its stream begins, or where the error is closed and nothing looks
    like its inside. If what begins there has a hit as well, it may be about the same refusal: that is put to it.
    """
    done: list[Unit] = []
    size = 0
    part, has_hit = _Growing(), True
    for unit in own:
        part.take(unit)
    while (at := units.next_of_stream(part.own[-1], part.reach)) is not None:
        if part.ends_before(at):
            if not has_hit:
                return _block(stream, done, hits)
            done, size = done + part.own, size + part.size
            part, has_hit = _Growing(), False
        part.take(at)
        has_hit = has_hit or hits.are_in(at)
        if len(part.own) > (MOST_LINES if has_hit else LINES_AHEAD) or size + part.size > MOST_BYTES:
            return _block(stream, done or part.own, hits)
    is_open = units.reaches_the_end(part.own[-1], part.reach)
    return _block(
        stream,
        done + part.own if has_hit else done,
        hits,
        is_open=is_open,
        unfinished=is_open and has_hit and part.breaks_off(),
    )


def _block(stream: str, units: list[Unit], hits: _Hits, *, is_open: bool = False, unfinished: bool = False) -> Block:
    spans = tuple((unit.start, unit.end) for unit in units)
    of_lines = len(units) == 1 or all(unit.begins for unit in units)
    return Block(stream, spans, is_open, unfinished, sure=hits.are_sure_in(units), of_lines=of_lines)
