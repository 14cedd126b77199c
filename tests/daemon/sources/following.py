"""A clock that moves by hand, and a reader that keeps the cursor as triage would: through JSON, batch by batch."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ossmend.daemon.sources import Batch, Source, move
from ossmend.remediators.contract.case import Event


class HandClock:
    """Starts long before the files of a test are written, so that only the hand makes anything old."""

    def __init__(self, start: datetime = datetime(2020, 1, 1, tzinfo=UTC)) -> None:
        self.moment = start
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.moment + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds


class Follower:
    """Reads a source to its end, batch by batch."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.cursor: Any = None
        self.counts: dict[str, int] = {}
        self.complaints: list[str] = []

    def read(self) -> list[Event]:
        found: list[Event] = []
        for _ in range(1000):
            batch = self.once()
            found += batch.events
            if not batch.more:
                return found
        raise AssertionError("the source never came to its end")

    def once(self) -> Batch:
        batch = self.source.read(self.cursor)
        if batch.moved:
            self.cursor = self.cursor or {}
            move(self.cursor, json.loads(json.dumps(dict(batch.moved))))
        for name, number in batch.counts.items():
            self.counts[name] = self.counts.get(name, 0) + number
        self.complaints += batch.complaints
        return batch
