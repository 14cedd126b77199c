"""Our own clock is watched on a schedule, without any event; and what is measured goes the road of every event."""

from __future__ import annotations

from typing import Any

from ossmend.daemon.stages.watch_clock import watch_clock
from ossmend.remediators.contract.values import ClockReading, ClockSample
from tests.daemon.stages.test_work import Scene, scene
from tests.fakes import FakeCloud

__all__ = ["scene"]


def watch(scene: Scene, *samples: tuple[str, float, float]) -> None:
    scene.world.clock_reading = ClockReading(tuple(ClockSample(*sample) for sample in samples))
    cloud: Any = FakeCloud(scene.world)
    watch_clock(scene.config, cloud, scene.triage, scene.clock)
    scene.turn()


def test_a_drift_is_told_before_oss_refuses_and_closes_when_the_clock_is_right_again(scene: Scene) -> None:
    watch(scene, ("oss", 119.5, 120.5), ("ntp:a", 119.9, 120.1))
    (row,) = scene.rows()
    assert (row["state"], row["cause"], row["subject"]) == ("reported", "clock-this-host", "clock of this host")
    assert row["facts"]["drift_seconds"] == -120.0
    scene.pass_(minutes=10)
    watch(scene, ("oss", 121.5, 122.5), ("ntp:a", 121.9, 122.1))
    assert scene.kinds().count("notice.said") == 1
    scene.pass_(minutes=10)
    watch(scene, ("oss", -0.5, 0.5))
    assert scene.states() == ["closed"]


def test_a_clock_that_is_right_makes_no_case(scene: Scene) -> None:
    watch(scene, ("oss", -0.5, 0.5))
    assert scene.rows() == []


def test_a_clock_that_could_not_be_measured_makes_no_case(scene: Scene) -> None:
    watch(scene)
    assert scene.rows() == []
