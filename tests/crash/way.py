"""A way to the simulator on which writes are held: they arrive when whoever sent them has long stopped waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from tests.crash.stage import WRITES
from tests.journeys.slow import Handler, Way, serving


class HoldingWay(Way):
    """Holds the next `times` writes for so many seconds each; passes on everything else at once."""

    def __init__(self, simulator: str, times: int, seconds: float) -> None:
        super().__init__(simulator, {}, _Holding)
        self.times = times
        self.seconds = seconds
        self.held = 0
        self.lock = threading.Lock()

    def holds(self) -> bool:
        with self.lock:
            if self.held == self.times:
                return False
            self.held += 1
            return True


class _Holding(Handler):
    server: HoldingWay

    def _pass_on(self, body: bytes) -> None:
        action = parse_qs(body.decode("latin-1")).get("Action", [""])[0] if self.path == "/" else ""
        oss_write = self.command == "PUT" or (self.command == "POST" and "restore" in self.path)
        if (oss_write or action in WRITES) and self.server.holds():
            self.server.ended.wait(self.server.seconds)
        super()._pass_on(body)


@contextmanager
def holding_way(simulator: str, times: int, seconds: float) -> Iterator[HoldingWay]:
    with serving(HoldingWay(simulator, times, seconds)) as way:
        yield way
