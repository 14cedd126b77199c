"""A simulator for each test, with and without TLS, and names below `localhost` that resolve."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.s3 import clients

SHOP = "shop-data"


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    clients.resolve_localhost(monkeypatch)


@pytest.fixture
def sim() -> Iterator[Running]:
    """Over plain HTTP, with one empty bucket."""
    with running_simulator(speed=0.0) as running:
        running.do(lambda cloud: cloud.create_bucket(SHOP))
        yield running


@pytest.fixture
def tls_sim() -> Iterator[Running]:
    """Over https: boto3 sends its body in chunks there, and only there."""
    with running_simulator(speed=0.0, tls=True) as running:
        running.do(lambda cloud: cloud.create_bucket(SHOP))
        yield running


@pytest.fixture(params=["http", "https"])
def either(request: pytest.FixtureRequest) -> Running:
    """Each of the two in turn."""
    found: Running = request.getfixturevalue("sim" if request.param == "http" else "tls_sim")
    return found
