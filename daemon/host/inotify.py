"""Directories -> the paths in them that change, as the kernel tells them (inotify(7)).

Waiting costs nothing, and a change is told within a millisecond. Only the directories themselves are watched, not what
is below them. What inotify cannot see (writes of other machines to a network file system, files behind links into other
directories) has to be looked for by whoever uses this. Next: wake.py.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
from collections.abc import Iterable

MODIFY, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
DELETE_SELF, MOVE_SELF = 0x400, 0x800
OVERFLOW, IGNORED = 0x4000, 0x8000
ONLY_DIRECTORIES = 0x0100_0000
MASK = MODIFY | MOVED_FROM | MOVED_TO | CREATE | DELETE | DELETE_SELF | MOVE_SELF | ONLY_DIRECTORIES
AT_ONCE = 256 * 1024
_HEAD = struct.Struct("iIII")
"""Watch, what has happened, a number that joins the two halves of a renaming, length of the name that follows."""


class Inotify:
    """One set of watched directories. `watch` and `wait` may be called by different threads. Raises OSError where the
    kernel has none to give.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._queue = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._paths: dict[int, str] = {}
        self._watches: dict[str, int] = {}

    def watch(self, directories: Iterable[str]) -> tuple[bool, OSError | None]:
        """Watch these in place of what was watched before. Was any new, and what has kept one of them from being
        watched? A directory that is not there is passed over; to be called again when it may be.
        """
        wanted = set(directories)
        for path in self._watches.keys() - wanted:
            self._libc.inotify_rm_watch(self._queue, self._watches.pop(path))
        new, trouble = False, None
        for path in wanted - self._watches.keys():
            try:
                number = self._checked(self._libc.inotify_add_watch(self._queue, os.fsencode(path), MASK))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                trouble = error
                continue
            self._watches[path] = number
            self._paths[number] = path
            new = True
        return new, trouble

    def wait(self) -> set[str] | None:
        """The paths that have changed since the last call, at least one; None if the kernel has lost some. An empty set
        after `stop`.
        """
        waiting = select.poll()
        waiting.register(self._queue, select.POLLIN)
        waiting.register(self._stop, select.POLLIN)
        while True:
            ready = {handle for handle, _what in waiting.poll()}
            if self._stop in ready:
                return set()
            paths = self._read()
            if paths is None or paths:
                return paths

    def stop(self) -> None:
        """End a `wait`, now or later."""
        os.eventfd_write(self._stop, 1)

    def close(self) -> None:
        os.close(self._queue)
        os.close(self._stop)

    def _read(self) -> set[str] | None:
        data = os.read(self._queue, AT_ONCE)
        paths: set[str] = set()
        complete, at = True, 0
        while at < len(data):
            number, what, _cookie, length = _HEAD.unpack_from(data, at)
            name = data[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0")
            at += _HEAD.size + length
            complete = complete and not what & OVERFLOW
            directory = self._paths.get(number)
            if directory is None:
                continue
            if what & (IGNORED | DELETE_SELF | MOVE_SELF):
                self._forget(number, directory, is_gone=bool(what & IGNORED))
            if name:
                paths.add(os.path.join(directory, os.fsdecode(name)))  # noqa: PTH118  # thousands of them in a second
        return paths if complete else None

    def _forget(self, number: int, directory: str, *, is_gone: bool) -> None:
        """The directory is not what it was: `watch` will find what has its name then."""
        if self._watches.get(directory) == number:
            del self._watches[directory]
        if is_gone:
            del self._paths[number]
        else:
            self._libc.inotify_rm_watch(self._queue, number)

    @staticmethod
    def _checked(answer: int) -> int:
        if answer < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return answer
