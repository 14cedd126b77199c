"""The outbox is emptied channel by channel: a dead one delays only itself, and rests; nothing is lost or sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ossmend.config.load import load_text
from ossmend.config.model import Config
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.schema import notices
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.notices.delivery import FIRST_RETRY, LONGEST_REST, MOST_TRIES, Delivery
from tests.daemon.notices.receivers import Receiver, endless, receiver
from tests.fakes import FakeClock
from tests.patience import HUNG, until

HEAD = 'version: 1\ncloud: {{ region: cn-hangzhou, endpoint: "http://127.0.0.1:9" }}\nnotify: [{}]\n'


class Scene:
    """An outbox, and a clock that is moved by hand."""

    def __init__(self, directory: Path) -> None:
        self.store: Store = open_store(directory, exclusive=True)
        self.clock = FakeClock()
        self.config: Config

    def delivery(self, *urls: str) -> Delivery:
        self.config = load_text(HEAD.format(", ".join(f"{{ webhook: {{ url: '{url}' }} }}" for url in urls)))
        return Delivery(self.config, self.store, self.clock)

    def put(self, *causes: str, channel: int = 0) -> None:
        name = self.config.channels[channel].name
        with self.store.begin() as connection:
            for cause in causes:
                values: dict[str, Any] = {"channel": name, "body": {"cause": cause}, "at": self.clock.now()}
                connection.execute(notices.insert().values(due_at=self.clock.now(), **values))

    def rows(self) -> list[tuple[str, int, bool]]:
        with self.store.read() as connection:
            found = connection.execute(sa.select(notices).order_by(notices.c.id)).all()
        return [(row.outcome, row.tries, row.due_at is None) for row in found]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    yield built
    built.store.close()


@pytest.fixture
def known() -> Iterator[Receiver]:
    with receiver() as built:
        yield built


def deliver(delivery: Delivery) -> None:
    delivery.start()
    assert delivery.wait(HUNG)


def test_what_waits_is_sent_in_its_order_and_once(scene: Scene, known: Receiver) -> None:
    delivery = scene.delivery(known.url)
    scene.put("a", "b", "c")
    deliver(delivery)
    deliver(delivery)
    assert known.causes == ["a", "b", "c"]
    assert scene.rows() == [("sent", 1, True)] * 3


def test_a_silent_channel_delays_nobody_else(scene: Scene, known: Receiver) -> None:
    with endless() as silent:
        delivery = scene.delivery(silent.url, known.url)
        scene.put("a", "b")
        delivery.start()
        until("the silent one was asked", silent.asked.is_set)
        scene.put("c", channel=1)
        delivery.start()
        until("the other one has it", lambda: known.causes == ["c"])
        assert scene.rows()[:2] == [("", 0, False)] * 2
        delivery.stop()
    assert delivery.wait(HUNG)


def test_a_channel_that_refuses_rests_and_with_it_all_that_waits_for_it(scene: Scene, known: Receiver) -> None:
    known.status = 500
    delivery = scene.delivery(known.url)
    scene.put("a", "b")
    deliver(delivery)
    deliver(delivery)
    assert known.causes == ["a"]
    scene.clock.pass_(FIRST_RETRY)
    known.status = 204
    deliver(delivery)
    assert sorted(known.causes) == ["a", "a", "b"]
    assert scene.rows() == [("sent", 2, True), ("sent", 1, True)]


def test_its_rest_grows_to_a_bound_and_ends_with_the_first_that_is_taken(scene: Scene, known: Receiver) -> None:
    known.status = 500
    delivery = scene.delivery(known.url)
    scene.put(*"abcdefghijkl")
    rests = []
    for _ in range(9):
        before, passed = len(known.got), timedelta(0)
        while len(known.got) == before:
            deliver(delivery)
            scene.clock.pass_(FIRST_RETRY)
            passed += FIRST_RETRY
        rests.append(passed)
    assert rests[1:3] == [FIRST_RETRY, 2 * FIRST_RETRY]
    assert rests == sorted(rests)
    assert rests[-1] == LONGEST_REST
    known.status = 204
    scene.clock.pass_(LONGEST_REST)
    deliver(delivery)
    scene.put("m")
    deliver(delivery)
    assert known.causes[-1] == "m"


def test_a_notice_is_given_up_after_a_while(scene: Scene, known: Receiver) -> None:
    known.status = 500
    delivery = scene.delivery(known.url)
    scene.put("a")
    for _ in range(MOST_TRIES + 3):
        deliver(delivery)
        scene.clock.pass_(timedelta(hours=2))
    assert scene.rows() == [("HTTP 500", MOST_TRIES, True)]
    assert len(known.got) == MOST_TRIES


def test_what_waits_for_a_channel_that_is_gone_is_dropped_and_said(scene: Scene, known: Receiver) -> None:
    scene.delivery("http://127.0.0.1:1/")
    scene.put("a")
    delivery = scene.delivery(known.url)
    deliver(delivery)
    assert scene.rows() == [("dropped: no longer configured", 0, True)]
    assert known.got == []


def test_what_is_not_due_yet_waits(scene: Scene, known: Receiver) -> None:
    delivery = scene.delivery(known.url)
    with scene.store.begin() as connection:
        later = scene.clock.now() + timedelta(minutes=1)
        values: dict[str, Any] = {"channel": scene.config.channels[0].name, "body": {"cause": "a"}, "at": later}
        connection.execute(notices.insert().values(due_at=later, **values))
    deliver(delivery)
    assert known.got == []
    scene.clock.pass_(timedelta(minutes=1))
    deliver(delivery)
    assert known.causes == ["a"]


def test_after_stop_nothing_further_is_begun(scene: Scene, known: Receiver) -> None:
    delivery = scene.delivery(known.url)
    scene.put("a")
    delivery.stop()
    deliver(delivery)
    assert known.got == []
    assert scene.rows() == [("", 0, False)]


class FullDisk:
    """A store that can be read only."""

    def __init__(self, store: Store) -> None:
        self.read, self.leases = store.read, store.leases

    def begin(self, lease: str | None = None) -> None:
        raise StateUnavailable("the disk is full")


def test_what_was_sent_when_the_state_could_not_be_written_is_sent_again(scene: Scene, known: Receiver) -> None:
    delivery = scene.delivery(known.url)
    scene.put("a")
    full: Any = FullDisk(scene.store)
    deliver(Delivery(scene.config, full, scene.clock))
    deliver(delivery)
    assert known.causes == ["a", "a"]
    assert scene.rows() == [("sent", 1, True)]
