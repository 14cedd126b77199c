"""Application log files -> Events: follows files by pattern, from where the cursor says, whatever becomes of them.

Rotation by rename and by copy-truncate, files that appear later, half-written lines, errors of many lines, any bytes. A
file is known by device, inode and its first bytes, not by its name. The place that the cursor keeps is never inside an
unfinished block, so a crash re-reads it whole. Which lines matter is decided in blocks.py, what they mean in shapes/.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ossmend.daemon.clock import Clock
from ossmend.daemon.redact import printable
from ossmend.daemon.sources import Batch, Cursor
from ossmend.daemon.sources.blocks import Block, blocks_in, is_closed
from ossmend.daemon.sources.shapes import events_in
from ossmend.remediators.contract import Event

CHUNK = 4 * 1024 * 1024
MOST_BYTES = 16 * 1024 * 1024
MOST_EVENTS = 2000
LONGEST_LINE = 1024 * 1024
"""A longer line is skipped and counted: no log call writes that, and it would have to be held in memory."""
QUIET_SECONDS = 0.25
"""An unfinished block that has not grown for so long is finished."""
OLD_SECONDS = 1.0
"""A file that was not written to for so long has no writer in the middle of a line."""
ABANDONED_SECONDS = 60.0
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
    b"\xff\xfe",
    b"\xfe\xff",
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


@dataclass(slots=True)
class _Seen:
    """What one look at a file found."""

    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    more: bool = False
    unfinished: bool = False

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number


class AppLog:
    """The files of one pattern."""

    def __init__(
        self, pattern: str, start: Literal["end", "beginning"], clock: Clock, *, name: str | None = None
    ) -> None:
        self.name = name or f"app_log:{pattern}"
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
        for number, (identity, path, info) in enumerate(_from(files, turn)):
            place = known.get(identity) or self._first_place(path, info, first_look=cursor is None)
            if total >= MOST_BYTES or len(seen.events) >= MOST_EVENTS:
                seen.more, turn = True, (turn + number) % len(files)
                places |= {identity: place for identity, place in known.items() if identity not in places}
                break
            before = place.offset
            place = self._look(identity, replace(place, path=path), info, seen)
            total += max(place.offset - before, 0)
            places[identity] = place
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

    def _look(self, identity: str, place: Place, info: os.stat_result, seen: _Seen) -> Place:
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
                return self._read(identity, file, place, info, seen)
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

    def _read(self, identity: str, file: Any, place: Place, info: os.stat_result, seen: _Seen) -> Place:
        file.seek(0)
        head = file.read(FINGERPRINT)
        if place.offset == 0 and self._is_binary(place.path, file):
            return Place(place.path, info.st_size, left_alone=True)
        file.seek(place.offset)
        data = file.read(CHUNK)
        seen.count("bytes", len(data))
        at_end = place.offset + len(data) >= info.st_size and len(data) < CHUNK
        used, skipping = self._take(identity, place, data, info, seen, at_end=at_end)
        offset = place.offset + used
        seen.more = seen.more or (used > 0 and not at_end) or len(seen.events) >= MOST_EVENTS
        tail = data[max(0, used - TAIL) : used]
        return Place(
            place.path,
            offset,
            f"{_digest(head)}:{len(head)}",
            f"{_digest(tail)}:{len(tail)}" if tail else place.tail,
            skipping,
        )

    def _take(
        self, identity: str, place: Place, data: bytes, info: os.stat_result, seen: _Seen, *, at_end: bool
    ) -> tuple[int, bool]:
        """Parse what is complete in `data`; how many bytes of it are done with, and whether they end inside a long
        line.
        """
        start = 0
        if place.skipping:
            newline = data.find(b"\n")
            if newline < 0:
                return len(data), True
            start = newline + 1
        whole = data.rfind(b"\n") + 1
        if whole <= start and len(data) - start > LONGEST_LINE:
            seen.count("oversized")
            self._complain(place.path, f"has a line of more than {LONGEST_LINE // 1024} KiB: it is skipped")
            return len(data), True
        lines = data[start:whole]
        seen.count("lines", lines.count(b"\n"))
        done = start
        quiet = at_end and self._is_quiet(identity, place.offset + len(data), info)
        for block in blocks_in(lines):
            if block.end >= len(lines) and self._may_grow(
                block, lines, data[whole:], at_end=at_end, quiet=quiet, start=start
            ):
                seen.unfinished = True
                return start + block.start, False
            self._parse(lines[block.start : block.end], seen)
            done = start + block.end
            if len(seen.events) >= MOST_EVENTS and done < whole:
                return done, False
        done = max(done, whole)
        rest = data[whole:]
        if at_end and rest:
            if self._is_whole(rest, quiet=quiet, idle=self._idle(info)):
                self._parse(rest, seen)
                return len(data), False
            seen.unfinished = seen.unfinished or not quiet
        return done, False

    @staticmethod
    def _may_grow(block: Block, lines: bytes, rest: bytes, *, at_end: bool, quiet: bool, start: int) -> bool:
        """A block at the end of what was read: is it worth waiting for its next lines?"""
        if not at_end:
            return block.start + start > 0  # what follows is already in the file; only a whole chunk is never held back
        return (block.open or (bool(rest) and not is_closed(lines[block.start : block.end]))) and not quiet

    def _is_quiet(self, identity: str, size: int, info: os.stat_result) -> bool:
        """No growth for QUIET_SECONDS, as seen from here; or a file that nobody has written to for a while."""
        now = self._clock.monotonic()
        known = self._quiet.get(identity)
        if known is None or known[0] != size:
            self._quiet[identity] = (size, now)
            return self._idle(info) >= OLD_SECONDS
        return now - known[1] >= QUIET_SECONDS

    def _idle(self, info: os.stat_result) -> float:
        return self._clock.now().timestamp() - info.st_mtime

    def _is_whole(self, rest: bytes, *, quiet: bool, idle: float) -> bool:
        """A last line without its newline: taken once it is quiet and looks complete, or was left so long ago."""
        return quiet and (is_closed(rest) or idle >= ABANDONED_SECONDS)

    def _parse(self, block: bytes, seen: _Seen) -> None:
        events = events_in(decoded(block), source=self.name, now=self._clock.now(), strict=True)
        seen.events += events
        seen.count("refusals", len(events))

    def _is_binary(self, path: str, file: Any) -> bool:
        file.seek(0)
        head = file.read(4096)
        bare = head.lstrip(b"\0")  # a writer that kept its place over a copy-truncate leaves a hole of zeros
        if not bare or not (bare.startswith(_MAGIC) or len(_BINARY.findall(bare)) > len(bare) // 20):
            return False
        if not bare.startswith(_MAGIC[:1]):
            self._complain(path, "is not text: it is left alone")
        return True

    def _complain(self, path: str, what: str) -> None:
        """Say a trouble once, until the daemon starts again."""
        if what and (path, what) not in self._said:
            self._said.add((path, what))
            self._complaints.append(printable(f"{path} {what}"))


def decoded(block: bytes) -> str:
    """Bytes as text: UTF-8, or GB18030 where it is clearly that; anything else keeps a mark for each byte lost."""
    block = block.replace(b"\0", b"")
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return block.decode("gb18030")
    except UnicodeDecodeError:
        return block.decode("utf-8", "replace")


def _matching(pattern: str) -> list[str]:
    return glob.glob(pattern, recursive=True)  # noqa: PTH207  # Path.glob takes no absolute pattern


def _identity(info: os.stat_result) -> str:
    return f"{info.st_dev}:{info.st_ino}"


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _from(files: list[tuple[str, str, os.stat_result]], turn: int) -> Iterator[tuple[str, str, os.stat_result]]:
    """The files, beginning where the last batch was full: a busy file must not starve the others."""
    turn %= max(len(files), 1)
    yield from files[turn:]
    yield from files[:turn]


def _listing(directory: str) -> Iterator[tuple[str, str, os.stat_result]]:
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    info = entry.stat(follow_symlinks=False)
                    yield _identity(info), entry.path, info
    except OSError:
        return
