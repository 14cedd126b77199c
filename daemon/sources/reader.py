"""One followed file and the place in it -> the next events, and the place after them.

A read takes a bounded part of the file, and a bounded time: the blocks that were not parsed by then are kept for the
next read, or are looked for again if there is none. app_log.py calls this, file by file; how a part is loaded is
parts.py, and what one block tells parsing.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources.blocks import Block
from ossmend.daemon.sources.files import File, NoFile, identified, opened
from ossmend.daemon.sources.found import Found, Said
from ossmend.daemon.sources.parsing import MOST_TRIES, Parse, Parsing
from ossmend.daemon.sources.parts import Part, Parts
from ossmend.daemon.sources.places import Passed, Place
from ossmend.daemon.sources.taking import LONGEST_LINE, Taken

MOST_EVENTS = 2000
MOST_SECONDS = 3.0
"""After so long no further block is parsed in one read: what was parsed is stored, and the next read goes on."""
LONG_BLOCK = 16 * 1024
"""Before a block of this size is parsed, the cursor keeps that it was begun (`Place.tries`): a text that kills the
process would else be read again by the next one, and so on. Between blocks there is `MOST_SECONDS`.
"""
MOST_KEPT = 4
"""Parts that are kept for the next read; a file whose part is not is loaded again."""
SHORT = 8 * 1024
"""Waiting lines that are longer are not looked into."""


class FileReader:
    """Reads on in the files of one source."""

    def __init__(self, source: str, clock: Clock, said: Said, parse: Parse | None = None) -> None:
        self._clock = clock
        self._said = said
        self._parts = Parts(clock, said)
        self._parsing = Parsing(source, clock, said, parse)
        self._written: dict[str, int] = {}
        """By file: when it was last written to, as its directory says."""
        self._kept: dict[str, Part] = {}
        """By file: the part of which some blocks were not parsed yet."""
        self._careful: set[str] = set()
        """Files in which an earlier process has died: they are read block by block, until that one is behind."""
        self._looked_into: dict[str, int] = {}
        """By file: up to where its waiting blocks were looked into."""

    def may_have_news(self, place: Place, file: File) -> bool:
        """Is there anything to read, as far as a look from outside can tell?"""
        return file.size != place.offset or not place.head or self._rewritten_in_place(file)

    def forget(self, identity: str, place: Place) -> int:
        """A file is gone: how many bytes of it were never read."""
        for known in (self._written, self._kept, self._looked_into):
            known.pop(identity, None)
        self._careful.discard(identity)
        self._said.reads(place.path)
        return max(self._parts.forget(identity, place.offset) - place.offset, 0)

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
                    after = self._read(file, now, place.settled(file, now.size), found, heir)
                    self._said.reads(place.path)
                    return after
        except FileNotFoundError:
            found.lost = True
        except NoFile as odd:
            self._said.complain(place.path, str(odd))
            found.lost = True
        except OSError as error:
            self._said.cannot_read(place.path, f"cannot be read: {error.strerror}")
        return place

    def _rewritten_in_place(self, file: File) -> bool:
        """Same size, newer: truncated and written anew to the very same length?"""
        before = self._written.get(file.identity)
        self._written[file.identity] = file.written
        return before is not None and before != file.written

    def _read(self, file: BinaryIO, now: File, place: Place, found: Found, heir: File | None) -> Place:
        part = self._kept.pop(now.identity, None)
        if part is None or part.place != place:
            part = self._parts.load(file, now, place, heir)
            if part is None:
                return Place(now.path, now.size, left_alone=True)
            found.count("bytes", part.size)
            if any(block.size >= LONG_BLOCK for block in part.taken.blocks):
                return self._noted(part, place, found)
        taken, passed = self._parsed(part, found)
        after = part.place_after(taken, passed)
        self._note(part, taken, found, heir)
        if not taken.cut:
            self._careful.discard(now.identity)
        elif now.identity not in self._careful:
            self._keep(replace(part, place=after, done=len(taken.blocks)))
        if taken.cut or part.has_more(after):
            found.more.add(now.identity)
        return after

    def _noted(self, part: Part, place: Place, found: Found) -> Place:
        """It is parsed in the read behind the one that wrote down that it is begun."""
        if place.tries:
            self._careful.add(part.file.identity)
        place = replace(place, tries=place.tries + 1)
        self._keep(replace(part, place=place))
        found.noted.add(part.file.identity)
        return place

    def _keep(self, part: Part) -> None:
        self._kept[part.file.identity] = part
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def _note(self, part: Part, taken: Taken, found: Found, heir: File | None) -> None:
        """What the whole read has to know of this file."""
        identity = part.file.identity
        found.count("lines", part.lines(taken))
        if taken.oversized:
            found.count("oversized")
            self._said.complain(part.file.path, f"has a line of more than {LONGEST_LINE // 1024} KiB: it is skipped")
        if taken.waiting:
            found.waiting.add(identity)
        if taken.waiting or taken.half:
            found.unfinished.add(identity)
        beyond = part.told_beyond(taken)
        if beyond and heir is not None:
            found.told[heir.identity] = beyond

    # ------------------------------------------------------------------------------------------------------- parsing

    def _parsed(self, part: Part, found: Found) -> tuple[Taken, Passed]:
        """The events of what is complete, as far as there is time and room; and those of waiting blocks that are whole
        already. What was taken in the end, and what of the blocks that still wait was passed on.
        """
        tries, taken, passed = part.place.tries, part.taken, part.place.passed
        if part.file.identity in self._careful:
            taken = taken.first(part.done + 1)
        for number, block in enumerate(taken.blocks[part.done :]):
            if number and self._is_full(found):
                return taken.first(part.done + number), passed
            if number or tries <= MOST_TRIES:
                found.add(self._parsing.events_of(part, block, found), passed)
            else:
                self._parsing.skip(part, block, found)
        for block in self._worth_a_look(part, taken):
            passed += found.add(self._parsing.whole_events_of(part, block, found), passed)
        return taken, passed if taken.waiting else ()

    def _is_full(self, found: Found) -> bool:
        return len(found.events) >= MOST_EVENTS or self._clock.monotonic() - found.began > MOST_SECONDS

    def _worth_a_look(self, part: Part, taken: Taken) -> list[Block]:
        """The new lines of waiting blocks that may be whole by themselves. Of a record that has several lines already,
        further ones often tell more of the same refusal.
        """
        end = part.first + max((block.end for block in taken.waiting), default=0)
        known = self._looked_into.get(part.file.identity, 0)
        self._looked_into[part.file.identity] = end
        behind = known - part.first if known <= end else 0
        lines = (block.behind(behind) for block in taken.waiting if block.of_lines and not block.unfinished)
        return [block for block in lines if block is not None and block.size <= SHORT]
