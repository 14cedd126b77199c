"""Where error events come from. A source turns what was written since a cursor into a Batch of Events.

A source keeps no state of its own: the cursor comes in with each read and goes out with each batch, and triage.py
stores both in one transaction. So whatever was read but not stored is read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

from ossmend.remediators.contract.case import Event

Cursor = Mapping[str, Any]
"""JSON values; its meaning belongs to the source alone."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read found."""

    events: tuple[Event, ...]
    cursor: Cursor
    """Where the next read goes on, once these events are stored."""
    more: bool = False
    """There is more to read at once; False: the source is at its end for now."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What was seen since the last batch: `lines`, `bytes`, `refusals`, `malformed`, `own` ..."""
    complaints: tuple[str, ...] = ()
    """What could not be read and why, each said once by the source (vanished, unreadable, malformed lines)."""

    def of(self, trust: Literal["high", "low"]) -> Batch:
        """The same, with the trust that the configuration puts into its source. Parsers never set it: a text cannot say
        how far it is to be trusted.
        """
        events = (event if event.trust == trust else replace(event, trust=trust) for event in self.events)
        return replace(self, events=tuple(events))


class Source(Protocol):
    """One configured place. `name` is stable across restarts: the cursor is kept under it."""

    name: str
    every: timedelta
    """How often to look; zero where changes of files wake it."""
    unfinished: bool
    """After a read: something at the end may still grow."""

    def watch_directories(self) -> list[Path]:
        """The directories in which a change means news."""
        ...

    def read(self, cursor: Cursor | None) -> Batch:
        """The next batch after `cursor` (None: never read). Bounded in size; does not block waiting for news.

        Raises TryAgain where the place cannot be reached just now.
        """
        ...
