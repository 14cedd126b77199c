"""Directories -> the paths in them that change, as the kernel tells them (inotify(7)).

Waiting costs nothing, and a change is told within a millisecond. Only the directories themselves are watched, not what
is below them. What inotify cannot see (writes of other machines to a network file system, files behind links into other
directories) has to be looked for by whoever uses this. Next: wake.py.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from contextlib import suppress

from inotify_simple import INotify, flags

MASK = (
    flags.MODIFY | flags.MOVED_FROM | flags.MOVED_TO | flags.CREATE | flags.DELETE
    | flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR
)  # fmt: skip


class Inotify:
    """One set of watched directories. `watch` and `wait` may be called by different threads. Raises OSError where the
    kernel has none to give.
    """

    def __init__(self) -> None:
        self._queue = INotify(nonblocking=True)
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._paths: dict[int, str] = {}
        self._watches: dict[str, int] = {}

    def watch(self, directories: Iterable[str]) -> tuple[bool, OSError | None]:
        """Watch these in place of what was watched before. Was any new, and what has kept one of them from being
        watched? A directory that is not there is passed over; to be called again when it may be.
        """
        wanted = set(directories)
        for path in self._watches.keys() - wanted:
            self._unwatch(self._watches.pop(path))
        new, trouble = False, None
        for path in wanted - self._watches.keys():
            try:
                number = self._queue.add_watch(path, MASK)
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
        waiting.register(self._queue.fileno(), select.POLLIN)
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
        self._queue.close()
        os.close(self._stop)

    def _read(self) -> set[str] | None:
        paths: set[str] = set()
        complete = True
        for number, what, _cookie, name in self._queue.read(timeout=0):
            complete = complete and not what & flags.Q_OVERFLOW
            directory = self._paths.get(number)
            if directory is None:
                continue
            if what & (flags.IGNORED | flags.DELETE_SELF | flags.MOVE_SELF):
                self._forget(number, directory, is_gone=bool(what & flags.IGNORED))
            if name:
                paths.add(os.path.join(directory, name))  # noqa: PTH118  # thousands of them in a second
        return paths if complete else None

    def _forget(self, number: int, directory: str, *, is_gone: bool) -> None:
        """The directory is not what it was: `watch` will find what has its name then."""
        if self._watches.get(directory) == number:
            del self._watches[directory]
        if is_gone:
            del self._paths[number]
        else:
            self._unwatch(number)

    def _unwatch(self, number: int) -> None:
        with suppress(OSError):  # the directory has just gone, and its watch with it
            self._queue.rm_watch(number)
