from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.rpc.rpc_client import Account

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _without_proxies() -> None:
    """The core SDK prefers these variables to everything it is told, and knows no exception for loopback."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("ALIYUN_"):
            del os.environ[name]


@pytest.fixture
def simulator() -> Iterator[Running]:
    """Waits (a token's life, a report in the making) last until `advance`."""
    with running_simulator(speed=0.0) as running:
        yield running


@pytest.fixture
def admin(simulator: Running) -> Account:
    return Account(simulator.rpc, simulator.access_key_id, simulator.access_key_secret)
