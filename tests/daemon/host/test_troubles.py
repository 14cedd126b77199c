"""What the newest warnings and errors are, and when one of them is over."""

from __future__ import annotations

from ossmend.daemon.host.troubles import Troubles


def note(troubles: Troubles, event: str, level: str = "warning", **fields: str) -> None:
    troubles.note(None, "", {"event": event, "level": level, "timestamp": "2026-03-01T10:00:00Z", **fields})


def test_a_trouble_that_is_over_is_none_any_more_wherever_it_was() -> None:
    troubles = Troubles()
    note(troubles, "cloud.away", why="one", endpoint="a")
    note(troubles, "cloud.away", why="two", endpoint="b")
    note(troubles, "lane.failed", lane="x")
    assert troubles.end("cloud.away")
    assert [each["event"] for each in troubles.newest()] == ["lane.failed"]
    assert not troubles.end("cloud.away")


def test_the_same_trouble_is_one_with_its_number() -> None:
    troubles = Troubles()
    for why in ("first", "second"):
        note(troubles, "cloud.away", endpoint="a", why=why)
    told = troubles.newest()
    assert [(each["where"], each["why"], each["times"]) for each in told] == [("a", "second", 2)]
