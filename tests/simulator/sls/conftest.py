"""A fresh simulator for each test, with a bucket whose real-time log is on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import oss2
import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.oss.clients import bucket_of

SCENE: dict[str, Any] = {
    "buckets": {
        "photos": {"real_time_log": True, "objects": {"cold ä.bin": {"storage_class": "Archive", "size": 5}}},
        "quiet": {"objects": {"a": {"content": "a"}}},
    },
}


@pytest.fixture
def sim() -> Iterator[Running]:
    """Waits (late rows, a group's timeout, the retention) last until `advance`."""
    with running_simulator(scene=SCENE, speed=0.0) as running:
        yield running


@pytest.fixture
def photos(sim: Running) -> oss2.Bucket:
    return bucket_of(sim, "photos")
