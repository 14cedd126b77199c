"""One followed file and the place in it -> the next events, and the place after them.

A read takes a bounded part of the file, and a bounded time: what was not parsed by then is read again in the next one.
What is complete is decided in taking.py; which file comes next in app_log.py, which calls this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.redact import printable
from ossmend.daemon.sources.blocks import Block
from ossmend.daemon.sources.envelopes import encodings
from ossmend.daemon.sources.files import File, NoFile, identified, opened
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.places import FINGERPRINT, TAIL, Place, digest
from ossmend.daemon.sources.raw import Raw
from ossmend.daemon.sources.taking import LONGEST_LINE, Chunk, Taken, take, text_of
from ossmend.daemon.sources.whole import is_whole, mark
from ossmend.remediators.contract.case import Event

CHUNK = LONGEST_LINE + LONGEST_LINE // 4
"""So much is looked through before it is asked for the time: little, because hostile text takes long; but more than the
longest line, or reading would stand still.
"""
MOST_EVENTS = 2000
MOST_SECONDS = 3.0
"""After so long no further block is parsed in one read: what was parsed is stored, and the next read goes on."""
LONG_BLOCK = 16 * 1024
"""Before a block of this size is parsed, the cursor keeps that it was begun (`Place.tries`): a text that kills the
process would else be read again by the next one, and so on. Between blocks there is `MOST_SECONDS`.
"""
MOST_TRIES = 3
"""A block that was begun so often, and never ended, is skipped."""
SHORT = 8 * 1024
"""A waiting block that is longer is not looked into: it would be, after each line that comes."""
CONTEXT = 32 * 1024
"""So much before the place where reading goes on is read again: a record of another stream may have begun there."""
HEIR = 128 * 1024
"""So much of the file that took the name of a renamed one is looked at for the rest of its last lines."""
OLD_SECONDS = 1.0
"""A file that was not written to for so long has no writer in the middle of a line."""
MOST_SAID = 10_000
"""So many troubles are known as said; of more, the oldest are said a second time."""
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MAGIC = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\x7fELF",
    b"SQLite format 3",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)


@dataclass(slots=True)
class Found:
    """What one read of all files has found so far."""

    began: float
    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    moved: dict[str, Place | None] = field(default_factory=dict)
    """The places that have changed; None: the file is gone."""
    more: set[str] = field(default_factory=set)
    """Files of which more can be read at once."""
    waiting: set[str] = field(default_factory=set)
    """Files in which a block waits for its other lines, ..."""
    unfinished: set[str] = field(default_factory=set)
    """... or the first half of a line for the other."""
    lost: bool = False
    """A file was not where it was."""
    told: dict[str, dict[str, int]] = field(default_factory=dict)
    """By file: what of its first lines was told together with the last ones of the file that had its name before."""

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number


class Said:
    """Troubles, each said once until the daemon starts again."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], None] = {}
        self._news: list[str] = []

    def complain(self, path: str, what: str) -> None:
        if (path, what) not in self._said:
            self._said[path, what] = None
            self._news.append(printable(f"{path} {what}"))
            if len(self._said) > MOST_SAID:
                del self._said[next(iter(self._said))]

    def news(self) -> tuple[str, ...]:
        news, self._news = tuple(self._news), []
        return news


class FileReader:
    """Reads on in the files of one source."""

    def __init__(self, source: str, clock: Clock, said: Said) -> None:
        self._source = source
        self._clock = clock
        self._said = said
        self._quiet: dict[str, tuple[int, float]] = {}
        """By file: its size, and when it was first seen with that size."""
        self._written: dict[str, int] = {}
        """By file: when it was last written to, as its directory says."""
        self._tries: dict[tuple[str, int], int] = {}
        """By file and place of a block: how often it was begun. One that was ended is not here."""
        self._begun: dict[str, tuple[int, int]] = {}
        """By file: for which place it was written down that it is begun, and as which try."""
        self._looked_into: dict[str, int] = {}
        """By file: its size when its waiting blocks were looked into."""

    def may_have_news(self, place: Place, file: File) -> bool:
        """Is there anything to read, as far as a look from outside can tell?"""
        return file.size != place.offset or not place.head or self._rewritten_in_place(file)

    def forget(self, identity: str, place: Place) -> int:
        """A file is gone: how many bytes of it were never read."""
        self._written.pop(identity, None)
        self._looked_into.pop(identity, None)
        self._begun.pop(identity, None)
        size, _since = self._quiet.pop(identity, (place.offset, 0.0))
        return max(size - place.offset, 0)

    def read(self, identity: str, place: Place, found: Found, heir: File | None) -> Place:
        """Read on in one file; the place after it. `heir`: the file that has its name now."""
        try:
            with opened(place.path) as file:
                now = identified(file, place.path)
                if now.identity != identity:
                    found.lost = True  # renamed between the look and the opening: the next look finds both
                elif place.left_alone and now.size >= place.offset:
                    return replace(place, offset=now.size)
                else:
                    self._written[identity] = now.written
                    return self._read(file, now, place.settled(file, now.size), found, heir)
        except FileNotFoundError:
            found.lost = True
        except NoFile as odd:
            self._said.complain(place.path, str(odd))
            found.lost = True
        except OSError as error:
            self._said.complain(place.path, f"cannot be read: {error.strerror}")
        return place

    def _rewritten_in_place(self, file: File) -> bool:
        """Same size, newer: truncated and written anew to the very same length?"""
        before = self._written.get(file.identity)
        self._written[file.identity] = file.written
        return before is not None and before != file.written

    def _read(self, file: BinaryIO, now: File, place: Place, found: Found, heir: File | None) -> Place:
        file.seek(0)
        head = file.read(FINGERPRINT)
        if place.offset == 0 and self._is_binary(now.path, file):
            return Place(now.path, now.size, left_alone=True)
        encoding = encodings.wide(head)
        first = _context(file, place, wide=encoding is not None)
        file.seek(first)
        data = file.read(place.offset - first + CHUNK)
        new = len(data) - (place.offset - first)
        at_end = place.offset + new >= now.size and new < CHUNK
        raw = Raw(data, encoding)
        chunk = self._chunk_of(now, raw, place.offset - first, at_end=at_end, heir=heir)
        told = {stream: raw.in_data(at - first) for stream, at in (place.told or {}).items()}
        taken = take(chunk, skipping=place.skipping, told=told, most=MOST_EVENTS - len(found.events))
        if self._is_to_be_noted(now.identity, place, taken):
            found.more.add(now.identity)
            return replace(place, tries=place.tries + 1)
        taken, passed = self._parsed(now.identity, place, first, taken, raw.data + chunk.heir, found)
        found.count("bytes", new)
        offset = first + raw.in_file(taken.used)
        self._note(now, taken, found, raw, chunk, heir, more=taken.cut or (offset > place.offset and not at_end))
        tail = data[max(0, offset - first - TAIL) : offset - first]
        told = {stream: first + raw.in_file(min(at, len(raw.data))) for stream, at in taken.told.items()}
        return Place(
            place.path,
            offset,
            digest(head),
            digest(tail) if tail else place.tail,
            taken.skipping,
            was=place.was,
            told={stream: at for stream, at in told.items() if at > offset - CONTEXT},
            passed=passed,
        )

    def _is_to_be_noted(self, identity: str, place: Place, taken: Taken) -> bool:
        """A long block is parsed in the read behind the one that wrote down that it is begun."""
        if not any(block.size >= LONG_BLOCK for block in taken.blocks):
            return False
        if self._begun.pop(identity, None) == (place.offset, place.tries):
            return False
        self._begun[identity] = (place.offset, place.tries + 1)
        return True

    def _note(
        self, now: File, taken: Taken, found: Found, raw: Raw, chunk: Chunk, heir: File | None, *, more: bool
    ) -> None:
        """What the whole read has to know of this file."""
        found.count("lines", raw.data.count(b"\n", chunk.begin, taken.used))
        if taken.oversized:
            found.count("oversized")
            self._said.complain(now.path, f"has a line of more than {LONGEST_LINE // 1024} KiB: it is skipped")
        if more:
            found.more.add(now.identity)
        if taken.waiting:
            found.waiting.add(now.identity)
        if taken.waiting or taken.half:
            found.unfinished.add(now.identity)
        beyond = {stream: at - len(raw.data) for stream, at in taken.told.items() if at > len(raw.data)}
        if beyond and heir is not None:
            found.told[heir.identity] = beyond

    # ------------------------------------------------------------------------------------------------------- parsing

    def _parsed(
        self, identity: str, place: Place, first: int, taken: Taken, data: bytes, found: Found
    ) -> tuple[Taken, tuple[list[str | None], ...]]:
        """The events of what is complete, as far as there is time; and those of waiting blocks that are whole already.
        What was taken in the end, and what of the blocks that still wait was passed on.
        """
        passed = list(place.passed)
        if place.tries > 1:  # an earlier process has died here: block by block, and not for ever
            taken = taken.first(1)
        if place.tries > MOST_TRIES and taken.blocks:
            self._tries[identity, first + taken.blocks[0].start] = MOST_TRIES
        for number, block in enumerate(taken.blocks):
            if number and self._clock.monotonic() - found.began > MOST_SECONDS:
                return taken.first(number), tuple(passed)
            self._pass_on(self._events(identity, place.path, first, block, data, found), passed, found)
        for block in self._worth_a_look(identity, first, taken):
            events = self._events(identity, place.path, first, block, data, found)
            news = self._pass_on([event for event in events if is_whole(event)], passed, found)
            passed += [mark(event) for event in news]
        return taken, tuple(passed) if taken.waiting else ()

    def _pass_on(self, events: list[Event], passed: list[list[str | None]], found: Found) -> list[Event]:
        news = [event for event in events if mark(event) not in passed]
        found.events += news
        found.count("refusals", len(news))
        return news

    def _worth_a_look(self, identity: str, first: int, taken: Taken) -> list[Block]:
        """The waiting blocks that may be whole, once for each size that the file has. Of a record that has several
        lines already, further ones often tell more of the same refusal.
        """
        end = first + max((block.end for block in taken.waiting), default=0)
        if self._looked_into.get(identity) == end:
            return []
        self._looked_into[identity] = end
        return [block for block in taken.waiting if block.of_lines and not block.unfinished and block.size <= SHORT]

    def _events(self, identity: str, path: str, first: int, block: Block, data: bytes, found: Found) -> list[Event]:
        """What a block tells. One that was begun again and again, whether it has raised or killed, is skipped."""
        key = identity, first + block.start
        tries = self._tries.get(key, 0)
        if tries >= MOST_TRIES:
            found.count("skipped")
            self._said.complain(path, f"has lines at byte {key[1]} that cannot be parsed: they are skipped")
            return []
        self._tries[key] = tries + 1
        text = text_of(block, data)
        events = events_in(text, source=self._source, now=self._clock.now(), strict=True) if text is not None else []
        del self._tries[key]
        return events

    # ---------------------------------------------------------------------------------------------- what is complete

    def _chunk_of(self, now: File, raw: Raw, begin: int, *, at_end: bool, heir: File | None) -> Chunk:
        idle, size, lines = self._idle(now.written), now.size, b""
        if heir is not None and at_end:
            lines, more, idle = self._first_lines(heir.path, idle)
            size += more
        return Chunk(raw.data, begin, at_end, self._quiet_for(now.identity, size, idle) if at_end else 0.0, idle, lines)

    def _first_lines(self, path: str, idle: float) -> tuple[bytes, int, float]:
        """The first whole lines of a file, its size, and for how long neither it nor the other was written to."""
        try:
            with opened(path) as file:
                lines, now = file.read(HEIR), identified(file, path)
        except OSError:
            return b"", 0, idle  # it is gone again, or nobody may read it: then nothing of it belongs here
        return lines[: lines.rfind(b"\n") + 1], now.size, min(idle, self._idle(now.written))

    def _quiet_for(self, identity: str, size: int, idle: float) -> float:
        """Seconds without growth, as seen from here; or since its last byte, if that is long ago."""
        now = self._clock.monotonic()
        known = self._quiet.get(identity)
        if known is None or known[0] != size:
            known = self._quiet[identity] = (size, now)
        return max(now - known[1], idle if idle >= OLD_SECONDS else 0.0)

    def _idle(self, written: int) -> float:
        return self._clock.now().timestamp() - written / 1e9

    def _is_binary(self, path: str, file: BinaryIO) -> bool:
        file.seek(0)
        head = file.read(4096)
        bare = head.lstrip(b"\0")  # a writer that kept its place over a copy-truncate leaves a hole of zeros
        if not bare or encodings.is_wide_text(head):
            return False
        if not (bare.startswith(_MAGIC) or len(_BINARY.findall(bare)) > len(bare) // 20):
            return False
        if not bare.startswith(_MAGIC[:1]):
            self._said.complain(path, "is not text: it is left alone")
        return True


def _context(file: BinaryIO, place: Place, *, wide: bool) -> int:
    """Where to begin to read: some whole lines before the place where reading goes on."""
    if place.told is None or place.skipping or wide:
        return place.offset
    first = max(0, place.offset - CONTEXT)
    file.seek(first)
    before = file.read(place.offset - first)
    return first + (before.find(b"\n") + 1 if first else 0)
