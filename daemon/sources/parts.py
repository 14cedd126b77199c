"""A file and the place in it -> the next part of it, with the blocks that may be parsed now.

What is complete is decided in taking.py, from the bytes, and from how long nobody has written to the file. A part knows
its place in the file, so it can say where reading goes on after any number of its blocks. Next: reader.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources.envelopes import encodings
from ossmend.daemon.sources.files import File, identified, opened
from ossmend.daemon.sources.found import Said
from ossmend.daemon.sources.places import FINGERPRINT, TAIL, Passed, Place, digest
from ossmend.daemon.sources.raw import Raw
from ossmend.daemon.sources.taking import LONGEST_LINE, Chunk, Taken, take

CHUNK = LONGEST_LINE + LONGEST_LINE // 4
"""So much is looked through before it is asked for the time: little, because hostile text takes long; but more than the
longest line, or reading would stand still.
"""
CONTEXT = 32 * 1024
"""So much before the place where reading goes on is read again: a record of another stream may have begun there."""
HEIR = 128 * 1024
"""So much of the file that took the name of a renamed one is looked at for the rest of its last lines."""
OLD_SECONDS = 1.0
"""A file that was not written to for so long has no writer in the middle of a line."""
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


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file, looked through."""

    file: File
    place: Place
    """Where reading goes on if nothing more of this part is parsed."""
    first: int
    """Where its bytes begin in the file."""
    size: int
    """So many of them are new."""
    raw: Raw
    chunk: Chunk
    head: str
    taken: Taken
    raw_bytes: bytes
    done: int = 0
    """So many blocks of `taken` are parsed."""

    @property
    def data(self) -> bytes:
        """What the places of blocks mean: behind the file's own lines those of its heir."""
        return self.raw.data + self.chunk.heir if self.chunk.heir else self.raw.data

    def lines(self, taken: Taken) -> int:
        """How many were taken now."""
        since = self.taken.first(self.done).used if self.done else self.chunk.begin
        return self.raw.data.count(b"\n", since, taken.used)

    def has_more(self, after: Place) -> bool:
        """Can more of the file be read at once?"""
        return after.offset > self.place.offset and not self.chunk.at_end

    def place_after(self, taken: Taken, passed: Passed) -> Place:
        """Where reading goes on when so much was taken."""
        used = self.raw.in_file(taken.used)
        tail = self.raw_bytes[max(0, used - TAIL) : used]
        told = {stream: self.first + self.raw.in_file(min(at, len(self.raw.data))) for stream, at in taken.told.items()}
        return Place(
            self.place.path,
            self.first + used,
            self.head,
            digest(tail) if tail else self.place.tail,
            taken.skipping,
            was=self.place.was,
            told={stream: at for stream, at in told.items() if at > self.first + used - CONTEXT},
            passed=passed,
        )

    def told_beyond(self, taken: Taken) -> dict[str, int]:
        """What of the heir's first lines was taken as well."""
        return {stream: at - len(self.raw.data) for stream, at in taken.told.items() if at > len(self.raw.data)}


class Parts:
    """Loads parts of the files of one source."""

    def __init__(self, clock: Clock, said: Said) -> None:
        self._clock = clock
        self._said = said
        self._quiet: dict[str, tuple[int, float]] = {}
        """By file: its size, and when it was first seen with that size."""

    def load(self, file: BinaryIO, now: File, place: Place, heir: File | None) -> Part | None:
        """The next part; None if the file is no text."""
        file.seek(0)
        head = file.read(FINGERPRINT)
        if place.offset == 0 and self._is_binary(now.path, file):
            return None
        encoding = encodings.wide(head)
        first = _context(file, place, wide=encoding is not None)
        file.seek(first)
        data = file.read(place.offset - first + CHUNK)
        new = len(data) - (place.offset - first)
        at_end = place.offset + new >= now.size and new < CHUNK
        raw = Raw(data, encoding)
        chunk = self._chunk(now, raw, place.offset - first, at_end=at_end, heir=heir)
        told = {stream: raw.in_data(at - first) for stream, at in (place.told or {}).items()}
        taken = take(chunk, skipping=place.skipping, told=told)
        return Part(now, place, first, new, raw, chunk, digest(head), taken, data)

    def forget(self, identity: str, otherwise: int) -> int:
        """A file is gone: the size that it had at last."""
        return self._quiet.pop(identity, (otherwise, 0.0))[0]

    def _chunk(self, now: File, raw: Raw, begin: int, *, at_end: bool, heir: File | None) -> Chunk:
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
