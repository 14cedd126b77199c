"""For all tests: what Hypothesis makes is judged by what comes out of it, never by how long that took.

Its examples are the same in every run, so that a green commit is green for the next one who runs it. Whoever wants to
look for new ones asks for them: `pytest --hypothesis-profile=hunt`. What takes an hour is asked for, too: `--long`.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ossmend", UNHURRIED, derandomize=True)
settings.register_profile("hunt", UNHURRIED, max_examples=2000)
settings.load_profile("ossmend")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run what takes an hour: a thousand crash trials")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Left out without a word for each: a skip is for what could not run here."""
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
