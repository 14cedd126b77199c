"""How long a test waits for what must come: no measure of speed, only the end of a test that hangs.

What a test is about is a fact (a state, a line, an exit), and it comes when it comes: on a machine that is busy with
something else late, but it comes. So no test has a shorter limit than this one, and pytest's own is longer still.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

HUNG = 240.0
"""Seconds after which something that should have come is given up."""


def until(what: str, question: Callable[[], bool], pause: float = 0.05) -> None:
    """Ask again and again until the answer is yes; fail with `what` if it never comes."""
    end = time.monotonic() + HUNG
    while not question():
        if time.monotonic() > end:
            pytest.fail(f"not within {HUNG:g} s: {what}")
        time.sleep(pause)
