"""What a watcher tells -> whether to look at everything now, or only at the files that have changed.

A look at everything costs a stat for each file. So where a watcher tells what changes, only that is looked at, and
everything again after a while, because a watcher misses what it cannot see (writes of other machines, links into other
directories). How long a while is, follows from what the last look has cost. Next: app_log.py reads what is found.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ossmend.config.sources.app_log import LEFT_ALONE
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources.files import File, Pattern, siblings
from ossmend.daemon.sources.found import Said
from ossmend.daemon.sources.places import Place

LOOK_SECONDS = 5.0
"""After so long everything is looked at again, ..."""
LOOK_SHARE = 0.005
"""... but not so often that looks take more of the time than this, ..."""
ASKED_SHARE = 0.05
"""... or than this where something has appeared or gone that may be a file of the pattern."""
MISSING_SECONDS = 60.0
"""The one file of a source that is not there for so long is not only being rotated."""


class Looks:
    """When to look at which files of one pattern."""

    def __init__(self, pattern: str, clock: Clock, left_alone: tuple[str, ...] = LEFT_ALONE) -> None:
        self._pattern = Pattern(pattern, left_alone)
        self._clock = clock
        self._lock = threading.Lock()
        self._is_watched = False
        """A watcher tells what changes. Without one, every look is a look at everything."""
        self._wanted = True
        """Something is there that is not known yet, or gone."""
        self._changed: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        """The files of the last look: path -> identity."""
        self._directories: list[Path] | None = None
        self._began = float("-inf")
        self._cost = 0.0
        self._there_at = clock.monotonic()
        """When the one file of the pattern was there; or the source was built."""

    # ------------------------------------------------------------------------------------------ by the watcher's thread

    def directories(self) -> list[Path]:
        """Where a change means news, as of the last look: the daemon asks for it again and again."""
        if self._directories is None:
            self._directories = self._watched(self._pattern.directories())
        return self._directories

    def changed(self, paths: Collection[str] | None) -> bool:
        """None: the watch begins, or has missed something. True if the source should look."""
        with self._lock:
            if paths is None or not self._is_watched:
                self._is_watched = self._wanted = True
                return True
            known = {path: self._paths[path] for path in paths if path in self._paths}
            self._changed |= known
            news = any(self._pattern.may_fit(os.path.basename(path)) for path in paths if path not in known)  # noqa: PTH119  # a text
            self._wanted = self._wanted or news
            return news or bool(known)

    # --------------------------------------------------------------------------------------------------- by the reader

    def want_all(self) -> None:
        """A file is not where it was."""
        self._wanted = True

    @property
    def is_put_off(self) -> bool:
        """Everything should be looked at, and it is too soon."""
        return self._wanted and not self.all_is_due()

    def all_is_due(self) -> bool:
        since = self._clock.monotonic() - self._began
        if not self._is_watched:
            return True
        if self._wanted:
            return since >= self._cost / ASKED_SHARE
        return since >= max(LOOK_SECONDS, self._cost / LOOK_SHARE)

    @property
    def files(self) -> int:
        """How many there were at the last look."""
        return len(self._paths)

    @property
    def is_absent(self) -> bool:
        """Is the one file of the pattern not there, if only because it is being rotated?"""
        return self._pattern.only is not None and self._pattern.only not in self._paths

    @property
    def missing(self) -> str | None:
        """The one file of the pattern, if it is not there and is not only being rotated."""
        is_gone = self._began - self._there_at >= MISSING_SECONDS
        return f"{self._pattern.only} is not there" if is_gone and self._pattern.only else None

    def changes(self) -> dict[str, str]:
        """What has changed since the last call: identity -> path."""
        with self._lock:
            changes, self._changed = self._changed, {}
        return {identity: path for path, identity in changes.items()}

    @contextmanager
    def all(self, known: Mapping[str, Place], said: Said) -> Iterator[list[File]]:
        """The pattern's files, and known ones that were renamed beside them; each once. What is done with them inside
        of the `with` belongs to the cost of the look.
        """
        self._wanted, self._began = False, self._clock.monotonic()
        directories = self._pattern.directories()
        self._directories = self._watched(directories)
        found: dict[str, File] = {}
        said.look()
        for file in self._pattern.files(directories, said):
            found.setdefault(file.identity, file)
        for file in _renamed({identity: place for identity, place in known.items() if identity not in found}):
            found.setdefault(file.identity, file)
        with self._lock:
            self._paths = {file.path: file.identity for file in found.values()}
        if self._pattern.only in self._paths:
            self._there_at = self._began
        yield list(found.values())
        self._cost = self._clock.monotonic() - self._began

    def _watched(self, directories: list[str]) -> list[Path]:
        paths = map(Path, sorted({*directories, *self._pattern.above()}))
        return [path for path in paths if os.path.isdir(path)]  # noqa: PTH112  # Path.is_dir raises in a closed directory


def _renamed(lost: dict[str, Place]) -> Iterator[File]:
    """Known files that fit no more. Most of those have kept the name that they were renamed to, and are found there."""
    for identity, place in list(lost.items()):
        if not place.path.endswith(LEFT_ALONE) and (file := _still_there(identity, place.path)) is not None:
            del lost[identity]
            yield file
    for path in {os.path.dirname(place.path): place.path for place in lost.values()}.values():  # noqa: PTH120  # a text
        yield from (file for file in siblings(path) if file.identity in lost)


def _still_there(identity: str, path: str) -> File | None:
    try:
        info = os.lstat(path)
    except OSError:
        return None
    file = File.of(path, info)  # a pipe may have got the inode of the file that was deleted for it
    return file if file.identity == identity and stat.S_ISREG(info.st_mode) else None
