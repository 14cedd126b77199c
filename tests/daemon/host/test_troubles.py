"""What the newest warnings and errors are, and when one of them is over."""

from __future__ import annotations

import pytest

from ossmend.daemon.host.troubles import ENDS, Troubles


def note(troubles: Troubles, event: str, level: str = "warning", **fields: str) -> None:
    troubles.note(None, "", {"event": event, "level": level, "timestamp": "2026-03-01T10:00:00Z", **fields})


@pytest.mark.parametrize(("end", "trouble"), ENDS.items())
def test_a_trouble_that_is_said_to_be_over_is_none_any_more_wherever_it_was(end: str, trouble: str) -> None:
    troubles = Troubles()
    note(troubles, trouble, why="one", endpoint="a")
    note(troubles, trouble, why="two", endpoint="b")
    note(troubles, "lane.failed", lane="x")
    note(troubles, end, "info")
    assert [each["event"] for each in troubles.newest()] == ["lane.failed"]
    assert not troubles.has(trouble)


def test_the_same_trouble_is_one_with_its_number() -> None:
    troubles = Troubles()
    for why in ("first", "second"):
        note(troubles, "cloud.away", endpoint="a", why=why)
    told = troubles.newest()
    assert [(each["where"], each["why"], each["times"]) for each in told] == [("a", "second", 2)]


def test_another_line_ends_nothing() -> None:
    troubles = Troubles()
    note(troubles, "key.refused", why="disabled")
    note(troubles, "source.read", "info")
    assert troubles.has("key.refused")
