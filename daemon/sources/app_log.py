"""Application log files -> Events: follows files by pattern, from where the cursor says, whatever becomes of them.

Rotation by rename and by copy-truncate, files that appear later, half-written lines, errors of many lines, any bytes. A
file is known by device, inode and its first bytes, not by its name. The place that the cursor keeps is never inside an
unfinished block, so a crash re-reads it whole. Which lines matter is decided in blocks.py, what they mean in parsers/.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.redact import printable
from ossmend.daemon.sources import Batch, Cursor
from ossmend.daemon.sources.envelopes import encodings
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.raw import Raw
from ossmend.daemon.sources.taking import LONGEST_LINE, Chunk, Taken, take
from ossmend.remediators.contract.case import Event

CHUNK = 4 * 1024 * 1024
MOST_BYTES = 16 * 1024 * 1024
MOST_EVENTS = 2000
CONTEXT = 32 * 1024
"""So much before the place where reading goes on is read again: a record of another stream may have begun there."""
HEIR = 128 * 1024
"""So much of the file that took the name of a renamed one is looked at for the rest of its last lines."""
OLD_SECONDS = 1.0
"""A file that was not written to for so long has no writer in the middle of a line."""
FINGERPRINT = 256
TAIL = 64
LEFT_ALONE = (".gz", ".bz2", ".xz", ".zst", ".zip", ".lz4", ".br", ".7z")
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
class Place:
    """Where reading goes on in one file; what the cursor keeps of it."""

    path: str
    offset: int = 0
    head: str = ""
    """Digest of the first bytes, with how many there are: `93ab..:256`."""
    tail: str = ""
    """Digest of the bytes before `offset`: they change when the file is truncated and written anew."""
    skipping: bool = False
    """Inside a line that is too long."""
    left_alone: bool = False
    """Not text; looked at again only if it shrinks."""
    was: str = ""
    """The name that it had before it was renamed: its last lines may go on in the file that has the name now."""
    told: dict[str, int] | None = None
    """By stream: everything of it before this place is told. Only of what is not far from `offset`; None: nothing is
    known of what is before `offset`.
    """


@dataclass(frozen=True, slots=True)
class _Heir:
    """The file that now has the name of a renamed one, and was not read yet."""

    identity: str
    path: str


@dataclass(slots=True)
class _Seen:
    """What one look at a file found."""

    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    more: bool = False
    unfinished: bool = False
    waiting: set[str] = field(default_factory=set)
    """The files in which a block waits for its other lines."""
    told: dict[str, dict[str, int]] = field(default_factory=dict)
    """By file: what of its first lines was told together with the last ones of the file that had its name before."""

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number


class AppLog:
    """The files of one pattern."""

    def __init__(
        self, pattern: str, start: Literal["end", "beginning"], clock: Clock, *, name: str | None = None
    ) -> None:
        self.name = name or f"app_log:{pattern}"
        self.every = timedelta(0)
        self.unfinished = False
        """After a read: a block or line at the end of a file waits for QUIET_SECONDS without growth."""
        self._pattern = pattern
        self._start = start
        self._clock = clock
        self._quiet: dict[str, tuple[int, float]] = {}
        """By file: its size, and when it was first seen with that size."""
        self._written: dict[str, int] = {}
        """By file: when it was last written to, as its directory says."""
        self._said: set[tuple[str, str]] = set()
        self._complaints: list[str] = []

    def watch_directories(self) -> list[Path]:
        """The directories in which the pattern's files lie or would lie, as far as they exist."""
        head, _name = os.path.split(self._pattern)
        found = (
            {Path(directory or ".") for directory in _matching(head)} if glob.has_magic(head) else {Path(head or ".")}
        )
        return sorted(directory for directory in found if directory.is_dir())

    def read(self, cursor: Cursor | None) -> Batch:
        """The next events of the files, a bounded number of bytes from each."""
        self._complaints = []
        known = {identity: Place(**place) for identity, place in (cursor or {}).get("files", {}).items()}
        places: dict[str, Place] = {}
        seen = _Seen()
        total = 0
        turn = int((cursor or {}).get("turn", 0))
        files = self._files(known)
        heirs = _heirs(known, files)
        for number, (identity, path, info) in enumerate(_from(files, turn, heirs)):
            place = known.get(identity) or self._first_place(path, info, first_look=cursor is None)
            if total >= MOST_BYTES or len(seen.events) >= MOST_EVENTS:
                seen.more, turn = True, (turn + number) % len(files)
                places |= {identity: place for identity, place in known.items() if identity not in places}
                break
            place = replace(place, path=path, was=_former_name(place, path), told=seen.told.pop(identity, place.told))
            if any(heir.identity == identity and old in seen.waiting for old, heir in heirs.items()):
                places[identity] = place  # its first lines may belong to the last ones of the renamed file
                continue
            places[identity] = self._look(identity, place, info, seen, heirs.get(identity))
            total += max(places[identity].offset - place.offset, 0)
        for heir in heirs.values():
            if heir.identity in seen.told:
                places[heir.identity] = Place(heir.path, told=seen.told[heir.identity])
        self.unfinished = seen.unfinished
        self._forget(known, places)
        position = {"files": {identity: asdict(place) for identity, place in places.items()}, "turn": turn}
        return Batch(tuple(seen.events), position, seen.more, seen.counts, tuple(self._complaints))

    def _forget(self, known: Mapping[str, Place], places: Mapping[str, Place]) -> None:
        """Say which files are gone, and whether anything of them was still unread."""
        for identity, place in known.items():
            if identity in places:
                continue
            size, _since = self._quiet.pop(identity, (place.offset, 0.0))
            self._written.pop(identity, None)
            unread = f" with {size - place.offset} bytes unread" if size > place.offset else ""
            self._complain(place.path, f"vanished{unread}")

    # ----------------------------------------------------------------------------------------------- which files

    def _files(self, known: Mapping[str, Place]) -> list[tuple[str, str, os.stat_result]]:
        """The pattern's files, and known ones that were renamed beside them; each once."""
        found: dict[str, tuple[str, str, os.stat_result]] = {}
        for path in sorted(_matching(self._pattern)):
            if path.endswith(LEFT_ALONE):
                continue
            info = self._stat(path)
            if info is not None:
                found.setdefault(_identity(info), (_identity(info), path, info))
        lost = {identity: place for identity, place in known.items() if identity not in found}
        for directory in {str(Path(place.path).parent) for place in lost.values()}:
            for identity, path, info in _listing(directory):
                if identity in lost and not path.endswith(LEFT_ALONE):
                    found.setdefault(identity, (identity, path, info))
        return list(found.values())

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            info = Path(path).stat()
        except FileNotFoundError:
            return None  # gone since the pattern was matched
        except OSError as error:
            self._complain(path, f"cannot be looked at: {error.strerror}")
            return None
        if not stat.S_ISREG(info.st_mode):
            return None
        return info

    def _first_place(self, path: str, info: os.stat_result, *, first_look: bool) -> Place:
        """Files of the first look start as configured; those that appear later are new from their beginning."""
        return Place(path, info.st_size if first_look and self._start == "end" else 0)

    # ------------------------------------------------------------------------------------------------ one file

    def _look(self, identity: str, place: Place, info: os.stat_result, seen: _Seen, heir: _Heir | None) -> Place:
        """Read on in one file; the place after it."""
        if place.left_alone and info.st_size >= place.offset:
            return replace(place, offset=info.st_size)
        if info.st_size == place.offset and place.head and not self._rewritten_in_place(identity, info):
            return place
        try:
            with Path(place.path).open("rb") as file:
                info = os.fstat(file.fileno())
                if _identity(info) != identity:
                    return place  # renamed between the look and the opening: the next look finds both
                place = self._settled(file, place, info)
                return self._read(identity, file, place, info, seen, heir)
        except OSError as error:
            self._complain(place.path, f"cannot be read: {error.strerror}")
            return place

    def _rewritten_in_place(self, identity: str, info: os.stat_result) -> bool:
        """Same size, newer: truncated and written anew to the very same length?"""
        before = self._written.get(identity)
        self._written[identity] = info.st_mtime_ns
        return before is not None and before != info.st_mtime_ns

    def _settled(self, file: Any, place: Place, info: os.stat_result) -> Place:
        """The same file as before? Truncated, or another under an inode that was used again: from the beginning."""
        if place.offset > info.st_size:
            place = Place(place.path)
        elif place.head:
            digest, _, length = place.head.partition(":")
            file.seek(0)
            same = _digest(file.read(int(length))) == digest
            if same and place.tail:
                digest, _, length = place.tail.partition(":")
                file.seek(place.offset - int(length))
                same = _digest(file.read(int(length))) == digest
            if not same:
                place = Place(place.path)
        return place

    def _read(
        self,
        identity: str,
        file: Any,
        place: Place,
        info: os.stat_result,
        seen: _Seen,
        heir: _Heir | None,
    ) -> Place:
        file.seek(0)
        head = file.read(FINGERPRINT)
        if place.offset == 0 and self._is_binary(place.path, file):
            return Place(place.path, info.st_size, left_alone=True)
        encoding = encodings.wide(head)
        first = self._context(file, place, wide=encoding is not None)
        file.seek(first)
        data = file.read(place.offset - first + CHUNK)
        new = len(data) - (place.offset - first)
        seen.count("bytes", new)
        at_end = place.offset + new >= info.st_size and new < CHUNK
        raw = Raw(data, encoding)
        chunk = self._chunk(identity, raw, place.offset - first, info, at_end=at_end, heir=heir)
        taken = self._take(place, first, raw, chunk, seen, heir)
        used = raw.in_file(taken.used)
        offset = first + used
        seen.more = seen.more or (offset > place.offset and not at_end) or len(seen.events) >= MOST_EVENTS
        if taken.waits:
            seen.waiting.add(identity)
        seen.unfinished = seen.unfinished or taken.waits or taken.half
        tail = data[max(0, used - TAIL) : used]
        return Place(
            place.path,
            offset,
            f"{_digest(head)}:{len(head)}",
            f"{_digest(tail)}:{len(tail)}" if tail else place.tail,
            taken.skipping,
            was=place.was,
            told={stream: at for stream, at in self._told(taken, raw, first).items() if at > offset - CONTEXT},
        )

    @staticmethod
    def _context(file: Any, place: Place, *, wide: bool) -> int:
        """Where to begin to read: some whole lines before the place where reading goes on."""
        if place.told is None or place.skipping or wide:
            return place.offset
        first = max(0, place.offset - CONTEXT)
        file.seek(first)
        before = file.read(place.offset - first)
        return first + (before.find(b"\n") + 1 if first else 0)

    def _chunk(
        self,
        identity: str,
        raw: Raw,
        begin: int,
        info: os.stat_result,
        *,
        at_end: bool,
        heir: _Heir | None,
    ) -> Chunk:
        idle, size, lines = self._idle(info), info.st_size, b""
        if heir is not None and at_end:
            lines, more, idle = self._first_lines(heir.path, idle)
            size += more
        return Chunk(raw.data, begin, at_end, self._quiet_for(identity, size, idle) if at_end else 0.0, idle, lines)

    def _first_lines(self, path: str, idle: float) -> tuple[bytes, int, float]:
        """The first whole lines of a file, its size, and for how long neither it nor the other was written to."""
        try:
            with Path(path).open("rb") as file:
                lines, info = file.read(HEIR), os.fstat(file.fileno())
        except OSError:
            return b"", 0, idle  # it is gone again, or nobody may read it: then nothing of it belongs here
        return lines[: lines.rfind(b"\n") + 1], info.st_size, min(idle, self._idle(info))

    def _take(self, place: Place, first: int, raw: Raw, chunk: Chunk, seen: _Seen, heir: _Heir | None) -> Taken:
        """Parse what is complete."""
        told = {stream: raw.in_data(at - first) for stream, at in (place.told or {}).items()}
        taken = take(chunk, skipping=place.skipping, told=told, most=MOST_EVENTS - len(seen.events))
        if taken.oversized:
            seen.count("oversized")
            self._complain(place.path, f"has a line of more than {LONGEST_LINE // 1024} KiB: it is skipped")
        seen.count("lines", raw.data.count(b"\n", chunk.begin, taken.used))
        for text in taken.texts(raw.data + chunk.heir if chunk.heir else raw.data):
            events = events_in(text, source=self.name, now=self._clock.now(), strict=True)
            seen.events += events
            seen.count("refusals", len(events))
        beyond = {stream: at - len(raw.data) for stream, at in taken.told.items() if at > len(raw.data)}
        if heir is not None and beyond:
            seen.told[heir.identity] = beyond
        return taken

    @staticmethod
    def _told(taken: Taken, raw: Raw, first: int) -> dict[str, int]:
        return {stream: first + raw.in_file(min(at, len(raw.data))) for stream, at in taken.told.items()}

    def _quiet_for(self, identity: str, size: int, idle: float) -> float:
        """Seconds without growth, as seen from here; or since its last byte, if that is long ago."""
        now = self._clock.monotonic()
        known = self._quiet.get(identity)
        if known is None or known[0] != size:
            known = self._quiet[identity] = (size, now)
        return max(now - known[1], idle if idle >= OLD_SECONDS else 0.0)

    def _idle(self, info: os.stat_result) -> float:
        return self._clock.now().timestamp() - info.st_mtime

    def _is_binary(self, path: str, file: Any) -> bool:
        file.seek(0)
        head = file.read(4096)
        bare = head.lstrip(b"\0")  # a writer that kept its place over a copy-truncate leaves a hole of zeros
        if not bare or encodings.is_wide_text(head):
            return False
        if not (bare.startswith(_MAGIC) or len(_BINARY.findall(bare)) > len(bare) // 20):
            return False
        if not bare.startswith(_MAGIC[:1]):
            self._complain(path, "is not text: it is left alone")
        return True

    def _complain(self, path: str, what: str) -> None:
        """Say a trouble once, until the daemon starts again."""
        if what and (path, what) not in self._said:
            self._said.add((path, what))
            self._complaints.append(printable(f"{path} {what}"))


def _matching(pattern: str) -> list[str]:
    return glob.glob(pattern, recursive=True)  # noqa: PTH207  # Path.glob takes no absolute pattern


def _identity(info: os.stat_result) -> str:
    return f"{info.st_dev}:{info.st_ino}"


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _from(
    files: list[tuple[str, str, os.stat_result]], turn: int, first: Mapping[str, object]
) -> Iterator[tuple[str, str, os.stat_result]]:
    """The files, beginning where the last batch was full: a busy file must not starve the others. But a file that was
    renamed is read before the one that has its name now.
    """
    turn %= max(len(files), 1)
    order = [*files[turn:], *files[:turn]]
    yield from (file for file in order if file[0] in first)
    yield from (file for file in order if file[0] not in first)


def _former_name(place: Place, path: str) -> str:
    return place.was if place.path == path else place.path


def _heirs(known: Mapping[str, Place], files: list[tuple[str, str, os.stat_result]]) -> dict[str, _Heir]:
    """Renamed files, each with the one that has its name now."""
    unread = {
        path: _Heir(identity, path)
        for identity, path, _info in files
        if identity not in known or known[identity].offset == 0
    }
    heirs: dict[str, _Heir] = {}
    for identity, path, _info in files:
        name = _former_name(known[identity], path) if identity in known else ""
        if name in unread and unread[name].identity != identity:
            heirs[identity] = unread[name]
    return heirs


def _listing(directory: str) -> Iterator[tuple[str, str, os.stat_result]]:
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    info = entry.stat(follow_symlinks=False)
                    yield _identity(info), entry.path, info
    except OSError:
        return
