"""A simulator to ask, and a port to ask it by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ossmend.daemon.cloud.accounts import Cloud, connect
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import HandClock, StillClock, settings_for


@pytest.fixture
def sim() -> Iterator[Running]:
    """Waits last until `advance`: the machine's speed decides nothing."""
    with running_simulator(speed=0.0) as running:
        yield running


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def open_port() -> Iterator[Callable[..., Cloud]]:
    """Makes ports, and closes them in the end."""
    opened: list[Cloud] = []

    def make(url: str, *, clock: HandClock | None = None, may_write: bool = True, **more: Any) -> Cloud:
        opened.append(connect(settings_for(url, **more), clock=clock or StillClock(), may_write=may_write))
        return opened[-1]

    yield make
    for port in opened:
        port.close()


@pytest.fixture
def cloud(sim: Running, clock: StillClock, open_port: Callable[..., Cloud]) -> Cloud:
    """The daemon's port to the simulator, with the account's own key and writes allowed."""
    return open_port(sim.oss, clock=clock, key=(sim.access_key_id, sim.access_key_secret))
