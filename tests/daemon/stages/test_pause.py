"""The switch by a clock moved by hand: how long an answer is believed, and whom a pause of one policy holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ossmend.daemon.journal import pause as switch
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.stages.pause import KNOWN_SECONDS, Pause
from tests.daemon.cloud.stubs import StillClock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CHECKS = 2
"""A write is asked about when it is stored and when it leaves: each answer may be that old."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "state", exclusive=True)
    yield opened
    opened.close()


def test_a_pause_is_believed_long_before_a_second_is_over(store: Store) -> None:
    clock = StillClock(NOON)
    asked = Pause(store, clock)
    assert asked.why("thaw") is None
    with store.begin() as connection:
        switch.pause(connection, "", "me", NOON)
    clock.pass_by(KNOWN_SECONDS)
    assert "me" in (asked.why("thaw") or "")
    assert KNOWN_SECONDS * CHECKS < 1


def test_a_paused_policy_holds_nothing_of_the_others_and_a_file_holds_all(store: Store) -> None:
    clock = StillClock(NOON)
    asked = Pause(store, clock)
    with store.begin() as connection:
        switch.pause(connection, "thaw", "me", NOON)
    assert (asked.why("thaw") is None, asked.why("cors") is None) == (False, True)
    (store.directory / switch.FILE).touch()
    asked.look_again()
    assert "the file" in (asked.why("cors") or "")
