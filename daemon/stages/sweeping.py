"""A lane of which more is due than one pass takes -> passes, batch by batch, the next one planned while one is sent.

So a quota is kept busy also by a single bucket. After a while the lane is given back, so that lanes are shared out
between nodes again and again; how far it was is kept. Which cases are a batch is journal/sweeps.py's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from ossmend.daemon.host.clock import Clock
from ossmend.daemon.journal.sweeps import Sweep
from ossmend.daemon.stages.record import Told

SECONDS = 10.0
"""After so long a lane is given back, and taken again by whoever has the least to do."""

Read = Callable[[Sweep, int], Sequence[int]]
"""(how far it is swept, how many at most) -> the next batch."""
Pass = Callable[[Sequence[int], Callable[[Told], None], Future[None] | None], None]
"""(cases, whom to tell what their plans have led to, whose sending comes first) -> planned, written down and sent."""


class Sweeping:
    """The sweeps of one process. Thread-safe; each lane is swept by one thread at a time."""

    def __init__(self, read: Read, one_pass: Pass, clock: Clock, stopping: threading.Event, most: int) -> None:
        """`most`: cases of one batch."""
        self._read = read
        self._pass = one_pass
        self._clock = clock
        self._stopping = stopping
        self._most = most
        self._far: dict[str, Sweep] = {}
        """By lane that was not swept to its end: how far it was."""

    def sweep(self, lane: str) -> None:
        """Until nothing of the lane is due, or its time is over. Raises what a pass raises."""
        until, sweep = self._clock.monotonic() + SECONDS, self._far.pop(lane, None) or Sweep(lane)
        with ThreadPoolExecutor(2, thread_name_prefix="batch") as passes:
            ended = self._batches(sweep, until, passes)
        if not ended:
            self._far[lane] = sweep

    def _batches(self, sweep: Sweep, until: float, passes: ThreadPoolExecutor) -> bool:
        """Was it swept to its end?"""
        recorded: SimpleQueue[Told] = SimpleQueue()
        before: Future[None] | None = None
        limit, cases = self._most, self._read(sweep, self._most)
        while cases and not self._stopping.is_set() and self._clock.monotonic() < until:
            now = passes.submit(self._pass, cases, recorded.put, before)
            limit = recorded.get().next_limit(limit, self._most)
            if before is not None:
                before.result()
            before, cases = now, self._read(sweep, limit)
        if before is not None:
            before.result()
        return not cases
