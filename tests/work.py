"""Something is done -> how much work that was, counted and not timed: the same on every machine, however busy.

Counted are calls, of Python's functions and of C's. Steps inside one regular expression are none: whether an expression
goes on and on is measured by bench/hostile_text.py, and one that would need hours never ends its test.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def calls_of(work: Callable[[], object]) -> int:
    """How many calls it took, in this thread."""
    count = 0

    def seen(_frame: FrameType, event: str, _what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def grows(work: Callable[[int], object], size: int) -> float:
    """By what factor the work grows when its size is doubled: 2 if it goes by the size, 4 if by the size's square."""
    work(size)  # what is made once and kept is made now
    return calls_of(lambda: work(2 * size)) / calls_of(lambda: work(size))
