"""A pattern -> the regular files that fit it now, and one opened safely. What else lies there is said, never opened.

A name may lead to anything: a pipe blocks whoever opens it, a device may never end, and each may be put there between
the look and the opening. So a file is opened without waiting, and asked what it is before a byte is read. Next:
app_log.py reads what is found.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ossmend.config.sources.app_log import LEFT_ALONE
from ossmend.daemon.sources.found import Said

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class File:
    """A regular file as one look has found it."""

    identity: str
    """Device and inode: the name may change, and may go to another file."""
    path: str
    size: int
    written: int
    """When it was last written to, in ns, as its directory says."""

    @classmethod
    def of(cls, path: str, info: os.stat_result) -> File:
        return cls(f"{info.st_dev}:{info.st_ino}", path, info.st_size, info.st_mtime_ns)


class NoFile(OSError):
    """What lies there is no regular file."""

    def __init__(self, mode: int) -> None:
        kind = next((name for is_it, name in _KINDS if is_it(mode)), "no file")
        super().__init__(f"is {kind}: it is left alone")


def opened(path: str) -> BinaryIO:
    """The file for reading. Raises NoFile for anything but a regular file, other OSErrors as they come.

    Symbolic links are followed (Kubernetes has the logs of its pods behind them).
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise NoFile(mode)
    return open(handle, "rb")  # noqa: PTH123  # a handle, not a path; the caller closes it


def identified(file: BinaryIO, path: str) -> File:
    """What an open file is now."""
    return File.of(path, os.fstat(file.fileno()))


class Pattern:
    """An absolute path with *, ? and [...] in it; `**` is any number of directories."""

    def __init__(self, pattern: str, left_alone: tuple[str, ...] = LEFT_ALONE) -> None:
        """`left_alone`: how the names of files end that are none of it."""
        self._left_alone = left_alone
        self._pattern = pattern
        self._head, self._last = os.path.split(pattern)
        self._fits = re.compile(fnmatch.translate(self._last)).match
        steps = [step for step in self._head.split("/") if glob.has_magic(step)]
        self._steps = [re.compile(fnmatch.translate(step)).match for step in steps]
        self._is_deep = "**" in pattern
        self.only = None if glob.has_magic(pattern) or pattern.endswith(left_alone) else pattern
        """The one file that fits, where the pattern is its name."""

    def directories(self) -> list[str]:
        """Where the files lie or would lie, as far as that exists."""
        return sorted(_glob(self._head)) if glob.has_magic(self._head) else [self._head]

    def above(self) -> list[str]:
        """Where a new directory of those would appear."""
        found: set[str] = set()
        head = self._head
        while glob.has_magic(head):
            head = os.path.dirname(head)  # noqa: PTH120  # a pattern, not a path
            found.update(_glob(head) if glob.has_magic(head) else [head or "/"])
        return sorted(found)

    def may_fit(self, name: str) -> bool:
        """May something of that name in one of these directories be a file of the pattern, or lead to one?"""
        if name.endswith(self._left_alone):
            return False
        return self._fits(name) is not None or any(step(name) for step in self._steps) or self._is_deep

    def files(self, directories: list[str], said: Said) -> Iterator[File]:
        """The files that fit, by name. What cannot be looked at is said."""
        for path in self._paths(directories, said):
            if path.endswith(self._left_alone):
                continue
            try:
                info = os.stat(path)  # noqa: PTH116  # a Path for each of thousands of names is half of a look's time
            except FileNotFoundError:
                continue  # gone since the pattern was matched
            except OSError as error:
                said.cannot_see(path, f"cannot be looked at: {error.strerror}")
                continue
            if stat.S_ISREG(info.st_mode):
                yield File.of(path, info)
            elif self.only is not None:
                said.cannot_see(path, str(NoFile(info.st_mode)))
            else:
                said.complain(path, str(NoFile(info.st_mode)))

    def _paths(self, directories: list[str], said: Said) -> Iterator[str]:
        if self._is_deep:
            yield from sorted(_glob(self._pattern))
            return
        for directory in directories:
            if not glob.has_magic(self._last):
                yield f"{directory.rstrip('/')}/{self._last}"
                continue
            try:
                names = sorted(filter(self._fits, os.listdir(directory)))  # noqa: PTH208  # as above
            except (FileNotFoundError, NotADirectoryError):
                continue  # it is not there yet
            except OSError as error:
                said.cannot_see(directory, f"cannot be listed: {error.strerror}")
                continue
            hidden = self._last.startswith(".")
            yield from (f"{directory.rstrip('/')}/{name}" for name in names if hidden or not name.startswith("."))


def siblings(path: str) -> Iterator[File]:
    """The regular files in the directory of a path: one of them may be the same file under another name."""
    try:
        with os.scandir(Path(path).parent) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and not entry.name.endswith(LEFT_ALONE):
                    yield File.of(entry.path, entry.stat(follow_symlinks=False))
    except OSError:
        return


def _glob(pattern: str) -> list[str]:
    return glob.glob(pattern, recursive=True)  # noqa: PTH207  # Path.glob takes no absolute pattern
