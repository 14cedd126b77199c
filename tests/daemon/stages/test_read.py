"""Source -> triage: what was stored moves the cursor, part by part; what was not stored is read again."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from ossmend.config.load import load_text
from ossmend.daemon.host.pulse import Pulse
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.schema import cases, cursors
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.sources import Batch, Cursor
from ossmend.daemon.stages.read import Reading
from ossmend.daemon.stages.triage import Triage
from ossmend.remediators.contract.case import Event
from tests.fakes import FakeClock
from tests.patience import HUNG

CONFIG = load_text('version: 1\ncloud: { region: cn-hangzhou, endpoint: "http://127.0.0.1:9" }\n')


class Told:
    """A source that reads what a test has laid ready, and keeps what it was asked with."""

    every = timedelta(0)
    unfinished = False

    def __init__(self, *batches: Batch) -> None:
        self.name = "told"
        self.batches = list(batches)
        self.asked: list[dict[str, Any] | None] = []

    def watch_directories(self) -> list[Path]:
        return []

    def changed(self, paths: Collection[str] | None) -> bool:
        return paths is None or "mine" in paths

    def read(self, cursor: Cursor | None) -> Batch:
        self.asked.append(None if cursor is None else dict(cursor))
        return self.batches.pop(0) if self.batches else Batch((), {})


class FullDisk(Triage):
    """Cannot store anything while `full`."""

    full = False

    def take(self, source: str, batch: Batch, lease: str | None = None) -> Any:
        if self.full:
            raise StateUnavailable("the disk is full")
        return super().take(source, batch)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path, exclusive=True)
    yield opened
    opened.close()


def reading(store: Store, source: Told) -> tuple[Reading, FullDisk]:
    clock = FakeClock()
    triage = FullDisk(CONFIG, store, clock)
    return Reading(source, "low", triage, clock, Pulse(clock)), triage


def rows(store: Store) -> dict[str, tuple[Any, datetime]]:
    with store.read() as connection:
        found = connection.execute(sa.select(cursors).where(cursors.c.source == "told"))
        return {row.part: (row.position, row.moved_at) for row in found}


def refused(key: str) -> Event:
    return Event(source="told", code="InvalidObjectState", status=403, bucket="b", key=key)


class Held(Told):
    """A source that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def read(self, cursor: Cursor | None) -> Batch:
        assert self.may_answer.wait(HUNG)
        return super().read(cursor)


def test_a_start_waits_until_a_source_was_looked_at_and_not_for_one_that_does_not_answer(store: Store) -> None:
    source = Held()
    begun = reading(store, source)[0]
    begun.start(lambda: None)
    try:
        assert not begun.wait_for_first_look(0.0), "where it says `end`, nobody knows yet where that is"
        source.may_answer.set()
        assert begun.wait_for_first_look(HUNG)
    finally:
        source.may_answer.set()
        begun.stop()
    assert begun.join(HUNG)
    assert source.asked[0] is None


def test_a_source_that_was_never_read_has_no_cursor(store: Store) -> None:
    source = Told()
    reading(store, source)[0].read()
    assert source.asked == [None]


def test_each_part_is_a_row_and_only_what_has_moved_is_written(store: Store) -> None:
    clock = FakeClock()
    triage = Triage(CONFIG, store, clock)
    triage.take("told", Batch((), {"a": 1, "b": {"at": 2}, "c": [3]}))
    began = clock.now().astimezone(UTC)
    clock.pass_(timedelta(minutes=1))
    triage.take("told", Batch((), {"b": {"at": 5}, "c": None}))
    assert rows(store) == {"a": (1, began), "b": ({"at": 5}, began + timedelta(minutes=1))}
    assert triage.cursor("told") == {"a": 1, "b": {"at": 5}}
    assert triage.cursor("another") is None


def test_the_parts_of_another_source_are_left_alone(store: Store) -> None:
    triage = Triage(CONFIG, store, FakeClock())
    triage.take("told", Batch((), {"a": 1}))
    triage.take("another", Batch((), {"a": 2}))
    triage.take("another", Batch((), {"a": None}))
    assert triage.cursor("told") == {"a": 1}


def test_a_part_may_be_called_anything(store: Store) -> None:
    triage = Triage(CONFIG, store, FakeClock())
    parts = {"oss/2024 ü\n'\";--": 1, "": 2, "\u202e": 3}
    triage.take("told", Batch((), parts))
    assert triage.cursor("told") == parts


def test_the_next_read_goes_on_behind_what_was_stored(store: Store) -> None:
    source = Told(Batch((), {"a": 1, "b": 1}), Batch((refused("k"),), {"a": 2}), Batch((), {"b": None}))
    each, _ = reading(store, source)
    for _read in range(4):
        each.read()
    assert source.asked == [None, {"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 2}]


def test_another_process_goes_on_there_too(store: Store) -> None:
    reading(store, Told(Batch((), {"a": 1})))[0].read()
    source = Told()
    reading(store, source)[0].read()
    assert source.asked == [{"a": 1}]


def test_what_could_not_be_stored_moves_nothing(store: Store) -> None:
    source = Told(Batch((refused("k"),), {"a": 1}), Batch((refused("k"),), {"a": 1}))
    each, triage = reading(store, source)
    triage.full = True
    with pytest.raises(StateUnavailable):
        each.read()
    triage.full = False
    assert each.read() == 1
    each.read()
    assert source.asked == [None, None, {"a": 1}]


def test_events_without_a_move_are_stored_too(store: Store) -> None:
    each, _ = reading(store, Told(Batch((refused("k"),), {})))
    assert each.read() == 1
    assert rows(store) == {}


def test_nothing_new_is_nothing_to_write(store: Store) -> None:
    each, triage = reading(store, Told(Batch((), {})))
    triage.full = True
    assert each.read() == 0


def test_what_a_source_cannot_read_is_its_trouble_and_it_is_not_at_its_end(store: Store) -> None:
    unread = Batch((), {}, complaints=("/a cannot be read",), trouble="/a cannot be read", files=2)
    each, _ = reading(store, Told(unread, Batch((), {}, files=3), Batch((), {}, complaints=("/p is a pipe",), files=3)))
    each.read()
    told = each.vitals
    assert (told.trouble, told.caught_up_at, told.complaint, told.files) == (
        "/a cannot be read", None, "/a cannot be read", 2,
    )  # fmt: skip
    each.read()
    assert (told.trouble, told.trouble_since, told.complaint, told.files) == (None, None, None, 3)
    assert told.caught_up_at is not None
    each.read()
    each.read()
    assert (told.trouble, told.complaint) == (None, "/p is a pipe"), "what was left out stays told"


def test_while_the_one_file_is_not_there_nothing_is_read_to_its_end(store: Store) -> None:
    there, gone = Batch((), {}, files=1), Batch((), {}, files=0, absent=True)
    each, _ = reading(store, Told(there, gone, there))
    clock = each._clock
    assert isinstance(clock, FakeClock)
    at = []
    for _ in range(3):
        each.read()
        at.append(each.vitals.caught_up_at)
        clock.pass_(timedelta(seconds=30))
    assert at[0] == at[1] != at[2]
    assert each.vitals.trouble is None, "it may be being rotated"


def test_only_news_of_its_own_wakes_a_source(store: Store) -> None:
    each, _ = reading(store, Told())
    each.news({"other"})
    assert not each.signal.wait(seconds=0)
    each.news({"other", "mine"})
    assert each.signal.wait(seconds=0)
    each.news(None)
    assert each.signal.wait(seconds=0)


def refusal(bucket: str, at: datetime, request_id: str) -> Event:
    return Event(source="told", code="InvalidObjectState", status=403, bucket=bucket, key="k", time=at,
                 request_id=request_id)  # fmt: skip


def test_a_case_is_counted_when_it_is_opened_and_when_it_is_opened_again_and_not_for_what_is_more_of_it(
    store: Store,
) -> None:
    clock = FakeClock()
    triage, number = Triage(CONFIG, store, clock), iter(range(100))

    def opened(*buckets: str) -> int:
        events = (refusal(each, clock.now(), f"R{next(number)}") for each in buckets)
        with capture_logs() as said:
            Reading(Told(Batch(tuple(events), {"a": 1})), "low", triage, clock, Pulse(clock)).read()
        (line,) = [each for each in said if each["event"] == "source.read"]
        assert line["events"] == len(buckets)
        return int(line["cases"])

    assert (opened("a", "b"), opened("a", "b"), opened("b", "c", "c")) == (2, 0, 1)
    clock.pass_(timedelta(hours=1))
    with store.begin() as connection:
        connection.execute(cases.update().where(cases.c.id == 1).values(state="closed", closed_at=clock.now()))
    clock.pass_(timedelta(minutes=1))
    assert (opened("a", "b"), opened("a")) == (1, 0)
