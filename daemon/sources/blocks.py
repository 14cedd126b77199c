"""Bytes of a log -> the few blocks of lines around what looks like a refusal, and how far they are complete.

gate.py finds bytes first; only the lines around a hit are ever decoded. A block is the record of one stream: it goes
back to where its record begins and on to where that ends, and passes over what others (containers, processes) printed
between its lines. So a block is not one stretch of the file: blocks of several streams may lie in one another, but no
line is in two of them. One that may still grow is held back by app_log.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ossmend.daemon.sources import gate
from ossmend.daemon.sources.envelopes.streams import DOCKERS_PART
from ossmend.daemon.sources.shapes import records
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

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]

    def cut_from(self, data: bytes) -> bytes:
        """Its lines, without those of others."""
        return b"".join(data[start:end] for start, end in self.spans)


def blocks_in(data: bytes, *, told: Mapping[str, int] | None = None, begin: int = 0) -> list[Block]:
    """The blocks around every hit behind `begin`, in order.

    What is before `begin` was looked at earlier; a record may have begun there. Of a stream in `told` everything before
    that place is told already.
    """
    units = Units(data)
    found: list[Block] = []
    behind = dict(told or {})
    for hit in gate.hits(data):
        if hit < begin:
            continue
        unit = units.around(hit)
        stream = units.stream(unit)
        floor = behind.get(stream, 0)
        if unit.start < floor:
            continue
        block = _grown(units, stream, _beginning(units, unit, floor))
        behind[stream] = block.end
        found.append(block)
    found.sort(key=lambda block: block.start)
    return found


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
    """A block while its lines come in."""

    own: list[Unit]
    size: int = 0
    text: str = ""
    """The end of what it says so far."""
    closed: bool = False
    docker_ends: bool = field(default=False)

    def take(self, unit: Unit) -> None:
        self.own.append(unit)
        self.note(unit)

    def note(self, unit: Unit) -> None:
        self.size += unit.end - unit.start
        joint = "" if self.text.endswith("\n") or not self.text else "\n"
        self.text = f"{self.text}{joint}{unit.line.text}"[-4 * LOOKED_AT :]
        self.docker_ends = self.docker_ends or bool(unit.line.ended)

    @property
    def reach(self) -> Reach:
        return LOOK_AHEAD if self.closed and not self.has_rest() else AHEAD_OTHERS

    def has_rest(self) -> bool:
        """Is the last line a part, whose rest comes?"""
        last = self.own[-1]
        if last.line.ended is False:
            return self.docker_ends or len(last.line.text) >= DOCKERS_PART
        return last.is_part or last.cut


def _grown(units: Units, stream: str, own: list[Unit]) -> Block:
    """From its first line to where another record of its stream begins, or where the error is closed and nothing looks
    like its inside.
    """
    block = _Growing(own)
    for unit in own:
        block.note(unit)
    block.closed = is_closed(block.text)
    while (at := units.next_of_stream(block.own[-1], block.reach)) is not None:
        if _ends_before(block, at):
            return _block(stream, block)
        block.take(at)
        block.closed = block.closed or is_closed(block.text)
        if len(block.own) > MOST_LINES + BACK_LINES or block.size > MOST_BYTES + BACK_BYTES:
            return _block(stream, block)
    if not units.reaches_the_end(block.own[-1], block.reach):
        return _block(stream, block)  # its stream has gone silent while others went on
    # one line that is closed is all of it; behind several lines more of the same record may come
    is_open = not block.closed or block.has_rest() or len(block.own) > 1
    more = is_open and (block.has_rest() or (not block.closed and _more_comes(block)))
    return _block(stream, block, is_open=is_open, unfinished=more)


def _ends_before(block: _Growing, unit: Unit) -> bool:
    """Does this unit of the same stream belong to another record?"""
    if block.has_rest():
        return False
    last, text = block.own[-1].line, unit.line.text
    if unit.begins or (last.document is not None and text.strip()):
        return True
    first = text.partition("\n")[0]
    in_a_trace = last.text[:1] in (" ", "\t") and records.is_header(first)
    return block.closed and not (records.goes_on(first) or in_a_trace or _ANOTHER_TRACE.match(first))


def _more_comes(block: _Growing) -> bool:
    last = block.text[-LOOKED_AT:].rpartition("\n")[2]
    return _MORE_COMES.search(last) is not None or records.is_header(last)


def _block(stream: str, block: _Growing, *, is_open: bool = False, unfinished: bool = False) -> Block:
    spans = tuple((unit.start, unit.end) for unit in block.own)
    return Block(stream, spans, is_open, unfinished)
