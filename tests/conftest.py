"""For all tests: what Hypothesis makes is judged by what comes out of it, never by how long that took.

Its examples are the same in every run, so that a green commit is green for the next one who runs it. Whoever wants to
look for new ones asks for them: `pytest --hypothesis-profile=hunt`. What takes an hour is asked for, too: `--long`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from ossmend.daemon.host.log import SDK_LOGGERS
from ossmend.daemon.host.troubles import TROUBLES
from tests.turns import WAITING, InTurn, file_of, in_turn

if TYPE_CHECKING:
    from ossmend.daemon.journal.store import Store
    from tests.database import Server

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ossmend", UNHURRIED, derandomize=True)
settings.register_profile("hunt", UNHURRIED, max_examples=2000)
settings.load_profile("ossmend")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run what takes an hour: a thousand crash trials")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In turn; what is left out, without a word for each: a skip is for what could not run here."""
    turns = {file: number for number, file in enumerate(in_turn(item.nodeid for item in items))}
    items.sort(key=lambda item: turns[file_of(item.nodeid)])
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return len(os.sched_getaffinity(0)) + WAITING


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InTurn | None:
    return InTurn(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(autouse=True)
def no_troubles(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the log of another test has met in this process is no trouble of this one's."""
    monkeypatch.setattr(TROUBLES, "_kept", {})


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """A command that ran in this process had set the level of the log: a later test of its worker missed a line."""
    kept = structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in SDK_LOGGERS}
    yield
    structlog.configure(**kept)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, with the present schema in its database `migrated`: copies of that are made in no time."""
    from ossmend.daemon.journal.postgres import LIVE, Address, open_node
    from tests.database import running

    with running() as server:
        server.execute("CREATE DATABASE migrated")
        open_node(Address(server.url("migrated"), LIVE), Path("/nonexistent"), "template").close()
        yield server


@pytest.fixture
def shared_state(postgres: Server) -> str:
    """The URL of a state that several nodes may share: fresh, with the present schema."""
    return postgres.fresh("migrated")


@pytest.fixture
def postgres_url(postgres: Server) -> str:
    """The URL of a database with nothing in it."""
    return postgres.fresh()


@pytest.fixture(params=["sqlite", "postgresql"])
def open_fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens a fresh state for work, on either engine; the same one when it is called again."""
    from ossmend.daemon.journal.postgres import LIVE, Address, open_node
    from ossmend.daemon.journal.store import open_store

    opened: list[Store] = []
    url: Any = request.getfixturevalue("shared_state") if request.param == "postgresql" else None

    def open_it() -> Store:
        here = open_node(Address(url, LIVE), tmp_path, "here") if url else open_store(tmp_path, exclusive=True)
        opened.append(here)
        return here

    yield open_it
    for each in opened:
        each.close()
