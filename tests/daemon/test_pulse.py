"""The watchdog hears of a stage that hangs, and not of one that rests."""

from __future__ import annotations

import threading
from datetime import timedelta

from ossmend.daemon.host.pulse import LATE, Pulse
from tests.fakes import FakeClock

LONG = timedelta(seconds=LATE + 1)


def test_nobody_at_work_is_nobody_late() -> None:
    assert Pulse(FakeClock()).late() == []


def test_a_stage_that_does_not_go_on_is_late_and_its_next_step_makes_it_well() -> None:
    clock = FakeClock()
    pulse = Pulse(clock)
    pulse.begin("lane a")
    clock.pass_(LONG)
    assert pulse.late() == ["lane a"]
    pulse.beat()
    assert pulse.late() == []


def test_a_stage_that_rests_is_never_late() -> None:
    clock = FakeClock()
    pulse = Pulse(clock)
    pulse.begin("read a.log")
    pulse.end("read a.log")
    clock.pass_(LONG)
    assert pulse.late() == []


def test_a_beat_of_one_stage_is_no_beat_of_another() -> None:
    clock = FakeClock()
    pulse = Pulse(clock)
    other = threading.Thread(target=pulse.begin, args=("lane b",))
    other.start()
    other.join()
    pulse.begin("lane a")
    clock.pass_(LONG)
    pulse.beat()
    assert pulse.late() == ["lane b"]


def test_who_works_without_a_stage_beats_for_nobody() -> None:
    clock = FakeClock()
    pulse = Pulse(clock)
    pulse.beat()
    clock.pass_(LONG)
    assert pulse.late() == []
