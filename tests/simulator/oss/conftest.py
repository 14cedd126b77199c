"""A fresh simulator for each test, with a bucket in it, and the clients that talk to it."""

from __future__ import annotations

from collections.abc import Iterator

import oss2
import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.oss.clients import Wire, bucket_of


@pytest.fixture
def sim() -> Iterator[Running]:
    """Waits (restores, expiries, log hours) last until `advance`: the machine's own pace decides nothing."""
    with running_simulator(speed=0.0) as running:
        yield running


@pytest.fixture
def bucket(sim: Running) -> oss2.Bucket:
    """`examplebucket`, made by the real SDK."""
    made = bucket_of(sim, "examplebucket")
    made.create_bucket()
    return made


@pytest.fixture
def wire(sim: Running) -> Wire:
    return Wire(sim)
