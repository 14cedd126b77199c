"""A read ends after its time, and goes on where it was; what raises or kills is skipped, and the rest is read."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from ossmend.daemon.sources import move
from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.sources.files import File
from ossmend.daemon.sources.found import Found, Said
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.parsing import MOST_TRIES
from ossmend.daemon.sources.places import Place
from ossmend.daemon.sources.reader import LONG_BLOCK, MOST_SECONDS, FileReader
from ossmend.remediators.contract.case import Event
from tests.daemon.sources.following import Follower, HandClock
from tests.daemon.sources.test_app_log import NEXT, follow, line, numbers, refused


class Slow(HandClock):
    """Each look at the time takes a while, as if something had been done since."""

    def monotonic(self) -> float:
        self.seconds += MOST_SECONDS / 4
        return self.seconds


def test_a_read_ends_after_its_time_and_the_next_one_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(map(line, range(50))))
    follower = Follower(AppLog(str(tmp_path / "*.log"), "beginning", Slow()))
    first = follower.once()
    assert first.more
    assert 0 < len(first.events) < 10
    assert numbers([*first.events, *follower.read()]) == list(range(50))


def test_each_read_gets_on_however_slow_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(map(line, range(20))))

    class Slowest(HandClock):
        def monotonic(self) -> float:
            self.seconds += 10 * MOST_SECONDS
            return self.seconds

    follower = Follower(AppLog(str(tmp_path / "*.log"), "beginning", Slowest()))
    found = [event for _ in range(200) for event in follower.once().events]
    assert numbers(found) == list(range(20))


def test_a_slow_file_does_not_starve_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(map(line, range(100))))
    (tmp_path / "b.log").write_text(line(777))
    follower = Follower(AppLog(str(tmp_path / "*.log"), "beginning", Slow()))
    assert 777 in numbers([*follower.once().events, *follower.once().events, *follower.once().events])


def test_what_was_cut_is_read_again_by_another_process(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(map(line, range(30))))
    found: list[Event] = []
    cursor: dict[str, object] = {}
    for _ in range(60):
        batch = AppLog(str(tmp_path / "*.log"), "beginning", Slow()).read(cursor or None)
        move(cursor, json.loads(json.dumps(dict(batch.moved))))
        found += batch.events
    assert numbers(found) == list(range(30))


def long(number: int) -> str:
    """A refusal in a long line: a block that is not begun before that is written down."""
    return refused(number).replace("cannot read", f"{'again ' * (LONG_BLOCK // 6)} cannot read") + NEXT


def test_a_long_block_is_written_down_before_it_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(long(1))
    follower, _ = follow(tmp_path)
    first, second = follower.once(), follower.once()
    assert (first.events, first.more) == ((), True)
    assert [position["tries"] for position in first.moved.values() if position is not True] == [1]
    assert numbers(list(second.events)) == [1]
    assert [position["tries"] for position in second.moved.values()] == [0]


def dies(tmp_path: Path, cursor: dict[str, object]) -> tuple[str, ...]:
    """A process reads until the text that kills it is written down as begun; what it has complained about."""
    batch = AppLog(str(tmp_path / "*.log"), "beginning", HandClock()).read(cursor or None)
    move(cursor, json.loads(json.dumps(dict(batch.moved))))
    return batch.complaints


def test_a_text_that_kills_process_after_process_is_skipped_and_said_and_what_is_behind_it_is_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.log").write_text(long(1) + line(2))
    cursor: dict[str, object] = {}
    for _ in range(MOST_TRIES):
        assert dies(tmp_path, cursor) == ()
    follower, _ = follow(tmp_path)
    follower.cursor = cursor
    assert numbers(follower.read()) == [2]
    assert follower.counts["skipped"] == 1
    assert follower.complaints == [f"{tmp_path / 'a.log'} has lines at byte 0 that cannot be parsed: they are skipped"]


def test_only_the_block_that_kills_is_skipped(tmp_path: Path) -> None:
    """Each process parses what comes before it, block by block, and dies with the third."""
    (tmp_path / "a.log").write_text("".join(map(long, range(5))))
    cursor: dict[str, object] = {}
    found: list[Event] = []
    skipped = 0
    for _process in range(40):
        source = AppLog(str(tmp_path / "*.log"), "beginning", HandClock())
        for _read in range(40):
            batch = source.read(cursor or None)
            if 2 in numbers(list(batch.events)):
                break  # here it dies: nothing of this is stored
            move(cursor, json.loads(json.dumps(dict(batch.moved))))
            found += batch.events
            skipped += batch.counts.get("skipped", 0)
    assert numbers(found) == [0, 1, 3, 4]
    assert skipped == 1


class Bug(Exception):
    pass


def test_a_text_that_raises_is_skipped_after_some_tries(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1) + line(2) + line(3))

    def parse(text: str, *, source: str, now: datetime | None, strict: bool) -> list[Event]:
        events = events_in(text, source=source, now=now, strict=strict)
        if 2 in numbers(events):
            raise Bug
        return events

    said = Said()
    reader = FileReader("test", HandClock(), said, parse)
    file = File.of(str(log), log.stat())
    for _ in range(MOST_TRIES):
        with pytest.raises(Bug):
            reader.read(file.identity, Place(str(log)), Found(0.0), None)
    found = Found(0.0)
    reader.read(file.identity, Place(str(log)), found, None)
    assert numbers(found.events) == [1, 3]
    assert found.counts["skipped"] == 1
    assert len(said.news()) == 1
