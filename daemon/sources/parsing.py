"""A block of lines -> its events, once: what was passed on already is not again, and what cannot be parsed is skipped.

Next: parsers/, which know what the lines mean.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources.blocks import Block
from ossmend.daemon.sources.found import Found, Said
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.parts import Part
from ossmend.daemon.sources.taking import text_of
from ossmend.daemon.sources.whole import is_whole
from ossmend.remediators.contract.case import Event

MOST_TRIES = 3
"""A block that was begun so often, and never ended, is skipped."""
LONGEST_STREAM = 200
"""A stream's name is text of the log, and a case keeps it: so much of it."""


class Parse(Protocol):
    """As parsers.events_in, for what may be a line of a log."""

    def __call__(self, text: str, *, source: str, now: datetime | None, strict: bool) -> list[Event]: ...


class Parsing:
    """Parses the blocks of one source's files."""

    def __init__(self, source: str, clock: Clock, said: Said, parse: Parse | None) -> None:
        self._source = source
        self._clock = clock
        self._said = said
        self._parse: Parse = parse or events_in
        self._tries: dict[tuple[str, int], int] = {}
        """By file and place of a block: how often it was begun. One that was ended is not here."""

    def events_of(self, part: Part, block: Block, found: Found) -> list[Event]:
        """What it tells. One that has raised again and again is skipped: our bug costs its lines, not the file."""
        key = part.file.identity, part.first + block.start
        tries = self._tries.get(key, 0)
        if tries >= MOST_TRIES:
            self.skip(part, block, found)
            return []
        self._tries[key] = tries + 1
        text = text_of(block, part.data)
        events = self._parse(text, source=self._source, now=self._clock.now(), strict=True) if text is not None else []
        del self._tries[key]
        where = _where(part, block)
        return [replace(event, where=where) for event in events]

    def whole_events_of(self, part: Part, block: Block, found: Found) -> list[Event]:
        """Of a block that may still grow, those that can be passed on now."""
        return [event for event in self.events_of(part, block, found) if is_whole(event)]

    def skip(self, part: Part, block: Block, found: Found) -> None:
        found.count("skipped")
        at = part.first + block.start
        self._said.complain(part.file.path, f"has lines at byte {at} that cannot be parsed: they are skipped")


def _where(part: Part, block: Block) -> str:
    """For people: the file, and who printed these lines into it, as far as an envelope tells."""
    stream = block.stream[:LONGEST_STREAM]
    return f"{part.file.path} ({stream})" if stream else part.file.path
