"""Lines of an application -> a log that grows while daemons read it: in order, each piece at a request of theirs."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from pathlib import Path

MOMENTS = 40
"""Requests of the daemons within which it grows."""
PIECES = 7


class GrowingLog:
    """The log, and what is still to be written to it. Threads may share it."""

    def __init__(self, path: Path, lines: Sequence[str], choice: random.Random, *, in_pieces: bool) -> None:
        """The second half of the lines tells of the same troubles as the first; `in_pieces` breaks lines anywhere."""
        self._path = path
        self._lock = threading.Lock()
        first, second = list(lines[: len(lines) // 2]), list(lines[len(lines) // 2 :])
        choice.shuffle(first)
        choice.shuffle(second)
        data = [line.encode() for line in first + second]
        if in_pieces:
            whole = b"".join(data)
            places = sorted(choice.sample(range(1, len(whole)), PIECES - 1))
            data = [whole[start:end] for start, end in zip((0, *places), (*places, len(whole)), strict=True)]
        early = choice.randint(1, len(data))
        self._left = [(0 if n < early else choice.randint(1, MOMENTS), piece) for n, piece in enumerate(data)]
        path.touch()

    @property
    def whole(self) -> bool:
        return not self._left

    def grow(self, asked: int) -> None:
        """Append what is due at the request of that number."""
        with self._lock, self._path.open("ab") as log:
            while self._left and self._left[0][0] <= asked:
                log.write(self._left.pop(0)[1])

    def grow_on(self) -> None:
        """Append the next piece, whenever it was due."""
        with self._lock:
            asked = self._left[0][0] if self._left else 0
        self.grow(asked)

    def end(self) -> None:
        """Append all that is left."""
        self.grow(MOMENTS)
