"""Files of OSS's access log on this machine -> Events: plain and packed ones, by pattern, from where the cursor says.

Which files there are, and what a rename or a truncation does, is as for an application's log (looks.py, places.py); a
line is a record by itself here, so nothing waits for further lines. The cursor is behind the last whole line that is in
the batch. A packed file has its place in what it holds, and one that a rotation has packed goes on where the plain one
was. Refusals are found in scanner.py, of large files by processes of its own (scanners.py).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal

from ossmend.config.sources.access_log import LEFT_ALONE, PACKED
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources import Batch, Cursor
from ossmend.daemon.sources.files import File, NoFile, identified, opened
from ossmend.daemon.sources.found import Said
from ossmend.daemon.sources.looks import Looks
from ossmend.daemon.sources.places import BEGUN, FINGERPRINT, TAIL, Place, digest
from ossmend.daemon.sources.refusals import Refusals, Whose
from ossmend.daemon.sources.scanner import Frame, TooManyBytes, frames, stretch, unpacked
from ossmend.daemon.sources.scanners import LARGE, ScannerDied, searched

MOST_REFUSALS = 2000
MOST_BYTES = 256 * 1024 * 1024
MOST_SECONDS = 3.0
"""After so much one read ends: what was found is stored first, and the next read goes on."""
ABANDONED_SECONDS = 60.0
"""A last line without its newline is whole when nobody has written for so long."""
MOST_DEATHS = 3
"""So often a process may die over a file; then this one reads it by itself."""


@dataclass(frozen=True, slots=True)
class LogPlace(Place):
    """Where reading goes on in one file; in a packed one, in what it holds."""

    packed: int = 0
    """So many bytes a packed file had when everything in it was read."""

    def is_of(self, head: bytes) -> bool:
        """Does a file that begins so hold what this place is in?"""
        length = int(self.head.partition(":")[2])
        return 0 < length <= len(head) and digest(head[:length]) == self.head


@dataclass(slots=True)
class Open:
    """A file that is being read: the next read goes on in it, if nothing else has happened to it."""

    identity: str
    place: LogPlace
    """Behind what was taken of its frames."""
    size: int
    """When it was opened."""
    file: BinaryIO
    frames: Generator[Frame]

    def behind(self, offset: int) -> None:
        """Everything before that byte is taken. A plain file is known again by its bytes; of a packed one its size
        tells.
        """
        self.place = replace(self.place, offset=offset)
        if not self.place.path.endswith(PACKED):
            handle, first = self.file.fileno(), max(0, offset - TAIL)
            head, tail = os.pread(handle, min(FINGERPRINT, offset), 0), os.pread(handle, offset - first, first)
            self.place = replace(self.place, head=digest(head), tail=digest(tail) if tail else "")

    def close(self) -> None:
        """Stops the processes that read it, too."""
        self.frames.close()
        self.file.close()


class AccessFiles:
    """The files of one pattern."""

    every = timedelta(0)
    unfinished = False

    def __init__(
        self,
        pattern: str,
        start: Literal["end", "beginning"],
        clock: Clock,
        *,
        own_request_ids: Callable[[str], bool] = lambda _request_id: False,
        name: str | None = None,
        large: int = LARGE,
    ) -> None:
        self.name = name or f"access_log:{pattern}"
        self._start = start
        self._clock = clock
        self._large = large
        self._said = Said()
        self._looks = Looks(pattern, clock, LEFT_ALONE)
        self._whose = Whose(self.name, own_request_ids)
        self._queue: dict[str, None] = {}
        """Files that may have news, the next one first."""
        self._sizes: dict[str, int] = {}
        """As of the last look."""
        self._open: Open | None = None
        self._deaths: dict[str, int] = {}

    def watch_directories(self) -> list[Path]:
        """The directories in which the pattern's files lie or would lie, as far as they exist."""
        return self._looks.directories()

    def changed(self, paths: Collection[str] | None) -> bool:
        return self._looks.changed(paths)

    def read(self, cursor: Cursor | None) -> Batch:
        """The next refusals of the files, a bounded number of bytes and for a bounded time."""
        began = self._clock.monotonic()
        found = Refusals(self._whose)
        places = {each: LogPlace(**{**at, "passed": ()}) for each, at in (cursor or {}).items() if each != BEGUN}
        before = dict(places)
        self._queue |= dict.fromkeys(self._looks.changes())
        if cursor is None or self._looks.all_is_due():
            self._look_at_all(places, first=cursor is None)

        def is_full() -> bool:
            read, seconds = found.counts.get("bytes", 0), self._clock.monotonic() - began
            return len(found.refusals) >= MOST_REFUSALS or read >= MOST_BYTES or seconds > MOST_SECONDS

        while self._queue and not is_full():
            identity = next(iter(self._queue))
            del self._queue[identity]
            if identity in places:
                places[identity] = self._read_one(identity, places[identity], found, is_full)
        moved: dict[str, Any] = {} if cursor is not None else {BEGUN: True}
        moved |= {each: asdict(place) for each, place in places.items() if before.get(each) != place}
        moved |= dict.fromkeys(before.keys() - places.keys())
        complaints = (*self._said.news(), *found.samples)
        trouble = self._said.trouble or self._looks.missing
        return Batch(tuple(found.refusals), moved, bool(self._queue), found.counts, complaints,
                     trouble=trouble, files=self._looks.files, absent=self._looks.is_absent)  # fmt: skip

    # --------------------------------------------------------------------------------------------------- which files

    def _look_at_all(self, places: dict[str, LogPlace], *, first: bool) -> None:
        """Which files there are, which are gone, and which have news."""
        with self._looks.all(places, self._said) as files:
            known = dict(places)
            for file in files:
                place = known.get(file.identity) or self._begun(file, known, first=first)
                places[file.identity] = place = replace(place, path=file.path)
                if self._has_news(file, place):
                    self._queue[file.identity] = None
            for identity in known.keys() - {file.identity for file in files}:
                place = places.pop(identity)
                self._said.reads(place.path)
                if (unread := self._sizes.get(identity, 0) - place.offset) > 0 and not place.path.endswith(PACKED):
                    self._said.complain(place.path, f"vanished with {unread} bytes unread")
            self._sizes = {file.identity: file.size for file in files}

    @staticmethod
    def _has_news(file: File, place: LogPlace) -> bool:
        if file.path.endswith(PACKED):
            return file.size != place.packed
        return file.size != place.offset or not place.head

    def _begun(self, file: File, known: Mapping[str, LogPlace], *, first: bool) -> LogPlace:
        """Files of the first look start as configured; those that appear later are new from their beginning."""
        passes = first and self._start == "end"
        if not file.path.endswith(PACKED):
            return LogPlace(file.path, file.size if passes else 0)
        if passes:
            return LogPlace(file.path, packed=file.size)
        head = self._head(file.path)
        same = (each for each in known.values() if each.head and not each.packed and each.is_of(head))
        return LogPlace(file.path, max((each.offset for each in same), default=0))

    def _head(self, path: str) -> bytes:
        """The first bytes of what a packed file holds."""
        try:
            with opened(path) as file:
                return next(unpacked(file, 0), b"")[:FINGERPRINT]
        except (OSError, zlib.error):
            return b""  # it is said when it is read

    # ------------------------------------------------------------------------------------------------------- reading

    def _read_one(self, identity: str, place: LogPlace, found: Refusals, is_full: Callable[[], bool]) -> LogPlace:
        """Read on in one file; the place behind what was found."""
        try:
            here = self._here(identity, place)
            if here is None:
                self._looks.want_all()  # renamed between the look and the opening: the next look finds both
                return place
            after = self._read_on(here, found, is_full)
            self._said.reads(place.path)
            return after  # it is what was tried
        except FileNotFoundError:
            self._looks.want_all()
        except NoFile as odd:
            self._said.complain(place.path, str(odd))
            self._looks.want_all()
        except OSError as error:
            self._said.cannot_read(place.path, f"cannot be read: {error.strerror}")
        return place

    def _here(self, identity: str, place: LogPlace) -> Open | None:
        """The file, where reading goes on; None if another one has its name."""
        here, self._open = self._open, None
        if here is not None:
            if here.identity == identity and here.place == place:
                return here
            here.close()
        file = opened(place.path)
        now = identified(file, place.path)
        if now.identity != identity:
            file.close()
            return None
        if not place.path.endswith(PACKED):
            settled = place.settled(file, now.size)
            place = place if settled is place else LogPlace(place.path)
        return Open(identity, place, now.size, file, self._frames(file, now, place))

    def _frames(self, file: BinaryIO, now: File, place: LogPlace) -> Generator[Frame]:
        idle = self._clock.now().timestamp() - now.written / 1e9 >= ABANDONED_SECONDS
        if place.path.endswith(PACKED):
            return frames(unpacked(file, place.offset), place.offset, whole_at=0 if idle else None)
        if now.size - place.offset >= self._large and self._deaths.get(now.identity, 0) < MOST_DEATHS:
            return searched(file, place.offset, now.size)
        return stretch(file, place.offset, now.size, last=idle)

    def _read_on(self, here: Open, found: Refusals, is_full: Callable[[], bool]) -> LogPlace:
        """Take frames up to the limits of a batch; the file stays open for the next one."""
        packed = here.size if here.place.path.endswith(PACKED) else 0
        try:
            for frame in here.frames:
                here.behind(found.take(frame, here.place.offset, here.place.path))
                if is_full():
                    self._open, self._queue[here.identity] = here, None
                    return here.place
        except ScannerDied as died:
            self._deaths[here.identity] = self._deaths.get(here.identity, 0) + 1
            self._said.complain(here.place.path, f"{died}: it is read on from byte {here.place.offset}")
            self._queue[here.identity] = None
        except (TooManyBytes, zlib.error) as odd:
            self._said.complain(here.place.path, f"cannot be unpacked: {odd}; it is left alone from there on")
        here.close()
        return replace(here.place, packed=packed)
