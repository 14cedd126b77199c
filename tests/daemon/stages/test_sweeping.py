"""Sweeping: the next batch is planned while one is sent, lanes are given back, and what fails ends the sweep."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta

import pytest

from ossmend.daemon.journal.sweeps import Sweep
from ossmend.daemon.stages.record import NOTHING, Told
from ossmend.daemon.stages.sweeping import SECONDS, Sweeping
from tests.fakes import FakeClock
from tests.patience import HUNG

CASES = [1]


class Lane:
    """So many batches are due; each pass takes some of the clock's time."""

    def __init__(self, batches: int, seconds: float = 0.0) -> None:
        self.left = batches
        self.seconds = seconds
        self.clock = FakeClock()
        self.limits: list[int] = []
        self.sweeps: list[Sweep] = []
        self.told = NOTHING
        self.stopping = threading.Event()
        self.sweeping = Sweeping(self.read, self.one_pass, self.clock, self.stopping, 1000)

    def read(self, sweep: Sweep, limit: int) -> Sequence[int]:
        self.sweeps.append(sweep)
        self.limits.append(limit)
        self.left -= 1
        return CASES if self.left >= 0 else []

    def one_pass(self, _cases: Sequence[int], recorded: Callable[[Told], None], before: Future[None] | None) -> None:
        recorded(self.told)
        if before is not None:
            before.result(HUNG)
        self.clock.pass_(timedelta(seconds=self.seconds))


def test_a_lane_is_swept_until_nothing_is_due() -> None:
    lane = Lane(batches=5)
    lane.sweeping.sweep("x")
    assert lane.left == -1


def test_the_next_batch_is_planned_while_one_is_sent() -> None:
    lane, second = Lane(batches=2), threading.Event()

    def one_pass(_cases: Sequence[int], recorded: Callable[[Told], None], before: Future[None] | None) -> None:
        recorded(NOTHING)
        if before is not None:
            second.set()
        assert second.wait(HUNG)  # the first is sending until the second was written down

    Sweeping(lane.read, one_pass, lane.clock, lane.stopping, 1000).sweep("x")
    assert second.is_set()


def test_a_lane_is_given_back_after_a_while_and_swept_on_from_there() -> None:
    lane = Lane(batches=100, seconds=SECONDS)
    lane.sweeping.sweep("x")
    assert lane.left > 90
    lane.sweeping.sweep("x")
    assert len({id(sweep) for sweep in lane.sweeps}) == 1


def test_batches_are_no_longer_than_what_the_quota_lets_go() -> None:
    lane = Lane(batches=3)
    lane.told = Told([], put_off=900)
    lane.sweeping.sweep("x")
    assert lane.limits[0] == 1000
    assert max(lane.limits[1:]) < 100


def test_what_fails_ends_the_sweep() -> None:
    lane = Lane(batches=100)

    def failing(_cases: Sequence[int], recorded: Callable[[Told], None], _before: Future[None] | None) -> None:
        recorded(NOTHING)
        raise RuntimeError("the state is away")

    with pytest.raises(RuntimeError):
        Sweeping(lane.read, failing, lane.clock, lane.stopping, 1000).sweep("x")
    assert lane.left > 90


def test_a_stop_ends_the_sweep() -> None:
    lane = Lane(batches=100)
    lane.stopping.set()
    lane.sweeping.sweep("x")
    assert lane.left == 99
