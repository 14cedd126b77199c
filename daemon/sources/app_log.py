"""Application log files -> Events: follows files by pattern, from where the cursor says, whatever becomes of them.

Rotation by rename and by copy-truncate, files that appear later, half-written lines, errors of many lines, any bytes. A
file is known by device, inode and its first bytes, not by its name. The place that the cursor keeps is never inside an
unfinished block, so a crash re-reads it whole. looks.py says when to look at what; reader.py reads one file. Which
lines matter is decided in blocks.py, what they mean in parsers/.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from ossmend.config.sources.app_log import AppLogSource
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources import Batch, Cursor, Given, source
from ossmend.daemon.sources.files import File
from ossmend.daemon.sources.found import Found, Said
from ossmend.daemon.sources.looks import Looks
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.parsers.addresses import NO_DOMAINS
from ossmend.daemon.sources.places import BEGUN, Place, Places
from ossmend.daemon.sources.reader import MOST_EVENTS, MOST_SECONDS, FileReader

MOST_BYTES = 16 * 1024 * 1024


class AppLog:
    """The files of one pattern."""

    every = timedelta(0)

    def __init__(
        self,
        pattern: str,
        start: Literal["end", "beginning"],
        clock: Clock,
        *,
        name: str | None = None,
        domains: Mapping[str, str] = NO_DOMAINS,
    ) -> None:
        """`domains`: host -> the bucket whose own domain it is."""
        self.name = name or f"app_log:{pattern}"
        self._start = start
        self._clock = clock
        self._said = Said()
        self._looks = Looks(pattern, clock)
        self._places = Places()
        self._reader = FileReader(self.name, clock, self._said, partial(events_in, domains=domains))
        self._queue: dict[str, None] = {}
        """Files that may have news, the next one first."""
        self._unfinished: set[str] = set()
        """Files whose end waits for QUIET_SECONDS without growth."""
        self._heirs: dict[str, File] = {}
        """By renamed file: the one that has its name now, and was not read yet."""

    @property
    def unfinished(self) -> bool:
        """After a read: something at the end may still grow, or it is too soon for a look at everything."""
        return bool(self._unfinished) or self._looks.is_put_off

    def watch_directories(self) -> list[Path]:
        """The directories in which the pattern's files lie or would lie, as far as they exist."""
        return self._looks.directories()

    def changed(self, paths: Collection[str] | None) -> bool:
        return self._looks.changed(paths)

    def read(self, cursor: Cursor | None) -> Batch:
        """The next events of the files, a bounded number of bytes and for a bounded time."""
        found = Found(self._clock.monotonic())
        changed = self._looks.changes()
        is_rotating = bool(self._heirs) and bool(changed or self._unfinished)
        if cursor is None or is_rotating or self._looks.all_is_due():
            self._look_at_all(cursor, found)
        else:
            self._queue |= dict.fromkeys((*changed, *sorted(self._unfinished)))
        self._read_on(cursor, found)
        if found.lost:
            self._looks.want_all()
        moved = {identity: place and place.as_json() for identity, place in found.moved.items()}
        begun = {BEGUN: True} if cursor is None else {}
        return Batch(
            tuple(found.events), begun | moved, bool(self._queue), found.counts, self._said.news(),
            trouble=self._said.trouble or self._looks.missing, files=self._looks.files,
            absent=self._looks.is_absent,
        )  # fmt: skip

    # ----------------------------------------------------------------------------------------------- which files next

    def _look_at_all(self, cursor: Cursor | None, found: Found) -> None:
        """Which files there are, which are gone, and which may have news."""
        known = self._places.all_of(cursor)
        with self._looks.all(known, self._said) as files:
            self._heirs = _heirs(known, files)
            news = [file.identity for file in files if self._has_news(file, known, found, first=cursor is None)]
            for identity in known.keys() - {file.identity for file in files}:
                self._forget(identity, known[identity], found)
        waiting = [identity for identity in self._queue if identity in news]
        renamed = [identity for identity in news if identity in self._heirs]
        self._queue = dict.fromkeys((*renamed, *waiting, *news))

    def _has_news(self, file: File, known: Mapping[str, Place], found: Found, *, first: bool) -> bool:
        """Files of the first look start as configured; those that appear later are new from their beginning."""
        before = known.get(file.identity)
        place = before or Place(file.path, file.size if first and self._start == "end" else 0)
        if place.path != file.path:
            place = replace(place, path=file.path, was=place.path)
        is_text = not (place.left_alone and file.size >= place.offset)
        if not is_text and place.offset != file.size:
            place = replace(place, offset=file.size)
        if place is not before:
            found.moved[file.identity] = place
        return is_text and self._reader.may_have_news(place, file)

    def _forget(self, identity: str, place: Place, found: Found) -> None:
        """Say that a file is gone, and whether anything of it was still unread."""
        found.moved[identity] = None
        self._unfinished.discard(identity)
        unread = self._reader.forget(identity, place)
        self._said.complain(place.path, f"vanished with {unread} bytes unread" if unread else "vanished")

    # ------------------------------------------------------------------------------------------------------- reading

    def _read_on(self, cursor: Cursor | None, found: Found) -> None:
        """Read the files in turn. One that has more goes to the end: a busy file must not starve the others."""
        read, is_first = 0, True
        while self._queue and (is_first or (read < MOST_BYTES and self._has_room(found))):
            identity, is_first = next(iter(self._queue)), False
            del self._queue[identity]
            before = found.moved.get(identity) or self._places.of(cursor, identity)
            if before is None:
                found.lost = True  # what was found of it was not stored
                continue
            if any(heir.identity == identity and old in found.waiting for old, heir in self._heirs.items()):
                continue  # its first lines may belong to the last ones of the renamed file
            place = self._read_one(identity, before, found)
            read += max(place.offset - before.offset, 0)
        self._queue |= dict.fromkeys(sorted(found.noted))
        for heir in self._heirs.values():
            if heir.identity in found.told:
                found.moved[heir.identity] = Place(heir.path, told=found.told[heir.identity])

    def _has_room(self, found: Found) -> bool:
        return len(found.events) < MOST_EVENTS and self._clock.monotonic() - found.began <= MOST_SECONDS

    def _read_one(self, identity: str, before: Place, found: Found) -> Place:
        heir = self._heirs.get(identity)
        place = replace(before, told=found.told.pop(identity, before.told))
        place = self._reader.read(identity, place, found, heir)
        if place != before:
            found.moved[identity] = place
            if identity in found.more:
                self._queue[identity] = None
        found.more.discard(identity)
        if identity in found.unfinished:
            self._unfinished.add(identity)
        else:
            self._unfinished.discard(identity)
        return place


def _heirs(known: Mapping[str, Place], files: Sequence[File]) -> dict[str, File]:
    """Renamed files, each with the one that has its name now."""
    unread = {file.path: file for file in files if file.identity not in known or known[file.identity].offset == 0}
    heirs: dict[str, File] = {}
    for file in files:
        before = known.get(file.identity)
        former = unread.get(before.former_name(file.path)) if before is not None else None
        if former is not None and former.identity != file.identity:
            heirs[file.identity] = former
    return heirs


@source("app_log")
def build(settings: AppLogSource, given: Given) -> AppLog:
    """An audit reads from the beginning, whatever is configured."""
    start = settings.start if given.since is None else "beginning"
    return AppLog(settings.path, start, given.clock, name=settings.name, domains=given.domains)
