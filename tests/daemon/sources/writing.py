"""A log that is written while a running source follows it: at once, line by line with pauses, or in torn pieces."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ossmend.daemon.sources.app_log import AppLog
from ossmend.remediators.contract.case import Event
from tests.daemon.sources.following import Follower, HandClock

LONG = 10.0
"""Seconds after which nothing waits any more."""


def followed(path: Path, pieces: Iterable[bytes], pause: float) -> list[Event]:
    """The events of a file that is written piece by piece, with a pause and a look after each."""
    clock = HandClock()
    path.write_bytes(b"")
    follower = Follower(AppLog(str(path), "beginning", clock, name="test"))
    events = follower.read()
    with path.open("ab", buffering=0) as file:
        for piece in pieces:
            file.write(piece)
            events += follower.read()
            clock.pass_(pause)
            events += follower.read()
    clock.pass_(LONG)
    return events + follower.read()


def at_once(path: Path, data: bytes) -> list[Event]:
    return followed(path, [data], 0.0)


def line_by_line(path: Path, data: bytes, pause: float = 0.1) -> list[Event]:
    return followed(path, data.splitlines(keepends=True), pause)


def torn(path: Path, data: bytes, size: int = 61, pause: float = 0.01) -> list[Event]:
    """Pieces that end anywhere, as a buffered writer leaves them."""
    return followed(path, [data[start : start + size] for start in range(0, len(data), size)], pause)
