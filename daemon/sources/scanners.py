"""A large file -> its frames, found by processes of its own that take turns (scanner.py is what they run).

A thread that searches beside the daemon's workers would slow them and be slowed: Python runs one of them at a time. A
process gets the open file and nothing else: no path, no credentials, an empty environment. It ends when its stdin does,
so it cannot outlive the daemon, however that ends. If one dies, what it had not told is not read: the cursor is where
it was, and whoever reads tries again. Memory is bounded by the pipes: a process that is ahead waits until it is heard.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from ossmend.daemon.sources import scanner
from ossmend.daemon.sources.scanner import Frame

LARGE = 64 * 1024 * 1024
"""So much unread is worth the 30 ms that a process takes to start."""
STRETCH = 8 * 1024 * 1024
"""What one gets at a time."""
MOST = 2
"""Processes for one file; never more than there are processors."""
PIPE = 1024 * 1024
"""Bytes that may wait in a pipe: about what is found in a stretch with one refusal in a hundred lines."""
STOP_SECONDS = 5.0


class ScannerDied(OSError):
    """A process ended before it had told everything."""


class Scanner:
    """One process."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises ScannerDied where none can be started."""
        handle = file.fileno()
        command = [sys.executable, "-I", scanner.__file__, str(handle)]
        try:
            self._process = subprocess.Popen(
                command, pass_fds=[handle], env={}, cwd="/",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as refused:  # a service may be forbidden to start any
            raise ScannerDied(f"no process that searches could be started ({refused.strerror})") from refused
        assert self._process.stdin is not None  # PIPE
        assert self._process.stdout is not None  # PIPE
        self._asking, self._telling = self._process.stdin, self._process.stdout
        with suppress(OSError):  # a user's pipes may be limited to less: then it waits more often
            fcntl.fcntl(self._telling, fcntl.F_SETPIPE_SZ, PIPE)

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, start: int, end: int) -> None:
        """Let it search a stretch. Raises ScannerDied."""
        try:
            self._asking.write(f"{start} {end}\n".encode())
            self._asking.flush()
        except OSError as gone:
            raise ScannerDied("the process that searches has ended") from gone

    def frames(self) -> Iterator[Frame]:
        """What it tells of the stretch that it was asked for first. Raises ScannerDied."""
        while (frame := self._frame()) is not None:
            yield frame

    def _frame(self) -> Frame | None:
        data = self._read(int.from_bytes(self._read(4), "big"))
        frame: Frame | None = marshal.loads(data)  # noqa: S302  # our own process wrote it, of bytes and numbers
        return frame

    def _read(self, size: int) -> bytes:
        data = self._telling.read(size)
        if len(data) < size:
            raise ScannerDied("the process that searches has ended")
        return data

    def stop(self) -> None:
        """It ends with its stdin; one that does not is killed."""
        with suppress(OSError):
            self._asking.close()
        self._telling.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def searched(file: BinaryIO, start: int, end: int) -> Generator[Frame]:
    """The frames of `scanner.frames` for the lines that begin in a stretch of a file, in their order. Raises
    ScannerDied, OSError.
    """
    number = min(MOST, os.cpu_count() or 1, (end - start) // STRETCH + 1)
    with _started(file, number) as scanners:
        starts = range(start, end, STRETCH)
        for turn, first in enumerate(starts[: len(scanners)]):
            scanners[turn].ask(first, min(first + STRETCH, end))
        for turn, first in enumerate(starts):
            one, ahead = scanners[turn % number], first + number * STRETCH
            if ahead < end:
                one.ask(ahead, min(ahead + STRETCH, end))
            yield from one.frames()


@contextmanager
def _started(file: BinaryIO, number: int) -> Iterator[list[Scanner]]:
    scanners: list[Scanner] = []
    try:
        for _ in range(number):
            scanners.append(Scanner(file))  # noqa: PERF401  # one by one: those that were started are stopped
        yield scanners
    finally:
        for each in scanners:
            each.stop()
