"""The next bytes of one file -> what may be parsed now, and where reading goes on.

A block that reaches the end of the file waits until it is complete, or until nobody has written for a while; reading
goes on where the first waiting block begins. What is behind that place and told already is remembered stream by stream,
so that it is not told twice when it is read again. Next: app_log.py parses what is taken and keeps the places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ossmend.daemon.sources import gate
from ossmend.daemon.sources.blocks import Block, blocks_in, is_closed
from ossmend.daemon.sources.envelopes.encodings import as_text

LONGEST_LINE = 1024 * 1024
"""A longer line is skipped and counted: no log call writes that, and it would have to be held in memory."""
QUIET_SECONDS = 0.25
"""A block that may be complete is taken for complete when nothing was written for so long; ..."""
PATIENT_SECONDS = 2.0
"""... one that breaks off in the middle after so long: some print an error line by line, slowly."""
ABANDONED_SECONDS = 60.0
MOST_TOLD = 256
"""So many streams may be told behind a waiting block; with more of them it does not wait."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of a file, read now."""

    data: bytes
    begin: int = 0
    """Before this place everything was looked at; it is there because a record may begin in it."""
    at_end: bool = True
    """Nothing is behind these bytes in the file."""
    quiet: float = 0.0
    """For how long nobody has written to it, as seen from here."""
    idle: float = 0.0
    """The same, as the file itself says."""
    heir: bytes = b""
    """The file was renamed; these are the first lines of the one that now has its name."""


@dataclass(slots=True)
class Taken:
    """What is done with."""

    used: int
    """Reading goes on here."""
    blocks: list[Block] = field(default_factory=list)
    waiting: list[Block] = field(default_factory=list)
    """At the end: they may get more lines."""
    start: int = 0
    """Before this place nothing was taken."""
    before: dict[str, int] = field(default_factory=dict)
    """By stream: everything before this place was told earlier."""
    skipping: bool = False
    """In the middle of a line that is too long."""
    oversized: bool = False
    half: bool = False
    """The first half of a line at the end waits for the other."""
    cut: bool = False
    """Of what is there only a part was taken; the rest can be read at once."""

    @property
    def told(self) -> dict[str, int]:
        """By stream: everything before this place is told."""
        told = dict(self.before)
        for block in self.blocks:
            told[block.stream] = max(block.end, told.get(block.stream, 0))
        return told

    def first(self, number: int) -> Taken:
        """So many of the blocks; the others are read again."""
        if number >= len(self.blocks):
            return self
        used = min(self.used, max(self.blocks[number].start, self.start))
        return replace(self, used=used, blocks=self.blocks[:number], cut=True)


def text_of(block: Block, data: bytes) -> str | None:
    """What a block says; None if nothing in it can be OSS's."""
    lines = block.cut_from(data)
    return as_text(lines) if block.sure or gate.names_oss(lines) else None


def take(chunk: Chunk, *, skipping: bool, told: Mapping[str, int]) -> Taken:
    """What may be parsed of a chunk."""
    data, start = chunk.data, chunk.begin
    if skipping:
        newline = data.find(b"\n", start)
        if newline < 0:
            return Taken(len(data), skipping=True)
        start = newline + 1
    limit = data.rfind(b"\n", start) + 1 or start
    if limit <= start and len(data) - start > LONGEST_LINE:
        return Taken(len(data), skipping=True, oversized=True)
    rest = data[limit:]
    if chunk.at_end and rest and _is_whole(rest, chunk):
        limit, rest = len(data), b""
    joined = data[:limit] + (b"" if rest else chunk.heir)
    blocks = [block for block in blocks_in(joined, told=told, begin=start) if block.start < limit]
    taken = _sorted_out(blocks, chunk, start, limit, dict(told))
    taken.half = bool(rest) and chunk.at_end and not taken.waiting and chunk.quiet < QUIET_SECONDS
    return taken


def _is_whole(rest: bytes, chunk: Chunk) -> bool:
    """A last line without its newline: taken once it is quiet and looks complete, or was left so long ago."""
    return chunk.quiet >= QUIET_SECONDS and (is_closed(as_text(rest)) or chunk.idle >= ABANDONED_SECONDS)


def _sorted_out(blocks: list[Block], chunk: Chunk, start: int, limit: int, told: dict[str, int]) -> Taken:
    """Which blocks are taken, and which wait."""
    waiting = [block for block in blocks if _waits(block, chunk)]
    used = min([limit, *(max(block.start, start) for block in waiting)])
    if not chunk.at_end and used <= start:
        waiting, used = [], limit  # the whole chunk is one block: it is never held back
    ready = [block for block in blocks if block not in waiting] if waiting else blocks
    if sum(block.end > used for block in ready) > MOST_TOLD:
        waiting, used, ready = [], limit, blocks
    return Taken(used, ready, waiting, start, told)


def _waits(block: Block, chunk: Chunk) -> bool:
    """Is it worth waiting for more of this block?"""
    if not block.open:
        return False
    return not chunk.at_end or chunk.quiet < (PATIENT_SECONDS if block.unfinished else QUIET_SECONDS)
