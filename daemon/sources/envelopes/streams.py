"""A text -> the lines of its processes, whole and in order, each with the stream that it belongs to.

Parts of a line are joined with their rest, an entry of the journal's export format becomes one line, and a bare line
below an enveloped one goes on with it: `journalctl` indents the further lines of a message and writes no prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ossmend.daemon.sources.envelopes import journald
from ossmend.daemon.sources.envelopes.line import Line
from ossmend.daemon.sources.envelopes.table import unwrap

MOST_STREAMS = 1024
"""What claims to be of more processes than that is taken for one."""
DOCKERS_PART = 16_000
"""Docker cuts lines after 16 KiB; a shorter one without its end is a part only if others have theirs."""
LONGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Placed:
    """A line, whose it is, and where in the text it begins."""

    start: int
    stream: str
    line: Line


def lines_of(text: str, begins: Callable[[Line], bool]) -> Iterator[Placed]:
    """The lines of a text; `begins` tells whether a record begins with one."""
    waiting: dict[str, Placed] = {}
    ended: set[str] = set()
    for placed in _assigned(text, begins):
        if placed.line.ended:
            ended.add(placed.stream)
        before = waiting.pop(placed.stream, None)
        joined = _joined(before, placed, others_end=placed.stream in ended) if before is not None else placed
        if before is not None and joined is placed:
            yield before
        if joined.line.partial or joined.line.ended is False:
            waiting[placed.stream] = joined
        else:
            yield joined
    yield from waiting.values()


def _joined(before: Placed, placed: Placed, *, others_end: bool) -> Placed:
    """The part and its rest as one; the other line alone if the first was none."""
    part, line = before.line, placed.line
    is_part = part.partial or len(part.text) >= DOCKERS_PART or others_end
    if not is_part or len(part.text) + len(line.text) > LONGEST:
        return placed
    whole = replace(line, text=part.text + line.text, stamp=part.stamp, document=None)
    return replace(before, line=_reread(whole))


def _reread(line: Line) -> Line:
    """What was cut in parts may be a structured record, or one more envelope, now that it is whole."""
    inner = unwrap(line.text)
    return replace(line, text=inner.text, document=inner.document) if line.text.startswith("{") else line


def _assigned(text: str, begins: Callable[[Line], bool]) -> Iterator[Placed]:
    """Every physical line (or entry of an export) with its stream."""
    streams: set[str] = set()
    last = ""
    for start, line in _opened(text):
        stream = line.stream
        if stream is None:
            stream = "" if last and begins(line) else last
        elif stream not in streams:
            if len(streams) >= MOST_STREAMS:
                stream = ""
            streams.add(stream)
        last = stream
        yield Placed(start, stream, line)


def _opened(text: str) -> Iterator[tuple[int, Line]]:
    start = entry_start = 0
    entry: journald.Entry | None = None
    for ended in text.split("\n"):
        here, start = start, start + len(ended) + 1
        raw = ended.removesuffix("\r")
        if entry is not None:
            if entry.takes(raw):
                continue
            yield entry_start, entry.line()
            entry = None
        if journald.is_export(raw):
            entry, entry_start = journald.Entry(raw), here
        else:
            yield here, unwrap(raw)
    if entry is not None:
        yield entry_start, entry.line()
