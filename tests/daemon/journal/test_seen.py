"""Told before? By request id and place, and by who tells it; and a state of an older build keeps what it knew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ossmend.daemon.journal import seen
from ossmend.daemon.journal.schema import seen as told_before
from ossmend.daemon.journal.schema import writes
from ossmend.daemon.journal.store import OlderState, Store, open_store, open_to_read
from ossmend.remediators.contract.case import Event

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(open_fresh: Callable[[], Store]) -> Store:
    return open_fresh()


def refused(request_id: str | None = "A", key: str | None = "k", bucket: str | None = "b", trust: str = "low") -> Event:
    return Event(source="t", request_id=request_id, bucket=bucket, key=key, trust=trust)  # type: ignore[arg-type]  # a test's literal


def judged(store: Store, *events: Event) -> list[str]:
    """Each event in a batch of its own."""
    found: list[str] = []
    for event in events:
        with store.begin() as connection:
            tellings = seen.Tellings(connection, {event.request_id} if event.request_id else set())
            found.append(tellings.judge(event))
            tellings.store(connection, NOW)
    return found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (refused(), refused()),
        (refused(), refused(key=None)),
        (refused(), refused(key=None, bucket=None)),
        (refused(key=None), refused()),
        (refused(key="a b"), refused(key="a%20b")),
        (refused(key="a+b"), refused(key="a b")),
        (refused(trust="high"), refused()),
        (refused(trust="high"), refused(trust="high")),
    ],
)
def test_the_same_refusal_told_again_is_no_news(store: Store, first: Event, second: Event) -> None:
    assert judged(store, first, second) == ["news", "again"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (refused(), refused("B")),
        (refused(), refused(key="other")),
        (refused(), refused(bucket="other")),
        (refused(None), refused(None)),
        (refused(trust="high"), refused(key="other")),
    ],
)
def test_another_id_or_another_place_is_news(store: Store, first: Event, second: Event) -> None:
    assert judged(store, first, second) == ["news", "news"]


def test_one_of_high_trust_vouches_once_for_what_low_trust_told(store: Store) -> None:
    high = refused(trust="high")
    assert judged(store, refused(), high, high, refused()) == ["news", "vouched", "again", "again"]


def test_one_of_high_trust_vouches_for_its_own_place_only(store: Store) -> None:
    assert judged(store, refused(key="forged"), refused(trust="high"), refused(key="forged")) == [
        "news",
        "news",
        "again",
    ]


def test_one_of_high_trust_that_says_more_is_news(store: Store) -> None:
    assert judged(store, refused(key=None), refused(trust="high"), refused(trust="high")) == ["news", "news", "again"]


def test_within_one_batch_it_counts_the_same(store: Store) -> None:
    events = [refused(), refused(), refused(key="other"), refused(trust="high"), refused("B")]
    with store.begin() as connection:
        tellings = seen.Tellings(connection, {"A", "B"})
        assert [tellings.judge(event) for event in events] == ["news", "again", "news", "vouched", "news"]
        tellings.store(connection, NOW)
        assert connection.scalar(sa.select(sa.func.count()).select_from(told_before)) == 3


def test_what_became_no_case_is_news_when_it_is_told_again(store: Store) -> None:
    with store.begin() as connection:
        tellings = seen.Tellings(connection, {"A", "B"})
        for event, key in ((refused(), "turned away"), (refused("B"), "opened")):
            tellings.judge(event)
            tellings.belongs(key)
        tellings.store(connection, NOW, without=("turned away",))
    assert judged(store, refused(), refused("B")) == ["news", "again"]


# --------------------------------------------------------------------------------------------------- an older state


def test_a_state_of_an_older_build_is_migrated_and_still_knows_its_request_ids(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with engine.begin() as connection:
        _to(connection, "0002")
        connection.exec_driver_sql("INSERT INTO seen (request_id, at) VALUES ('A', 1.5)")
        connection.exec_driver_sql(
            "INSERT INTO cases (id, subject_key, superseded, policy, subject, state, opened_at, first_seen, last_seen, "
            "events, recurrences, tries, samples, usage, why) VALUES (1, 's', 0, 'p', '[]', 'open', 1, 1, 1, 1, 0, 0, "
            "'[]', '{}', '')"
        )
        connection.exec_driver_sql(
            "INSERT INTO writes (case_id, policy, digest, operation, target, body, state, bytes, planned_at, outcome) "
            "VALUES (1, 'p', 'd', 'RestoreObject', 't', '{}', 'done', 0, 1, '')"
        )
        _to(connection, "head")
        assert connection.execute(sa.select(writes.c.trust, writes.c.source, writes.c.client)).all() == [(None,) * 3]
        tellings = seen.Tellings(connection, {"A"})
        assert [tellings.judge(refused()), tellings.judge(refused(trust="high"))] == ["again", "again"]
    engine.dispose()


def test_an_older_state_is_read_as_a_copy_and_left_alone_by_who_only_reads(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ossmend.db'}")
    with engine.begin() as connection:
        _to(connection, "0003")
    engine.dispose()
    with pytest.raises(OlderState, match="`ossmend run` or `ossmend once` brings it up to date"):
        open_store(tmp_path, exclusive=False)
    copy = open_to_read(tmp_path)
    assert "older ossmend (schema 0003; now" in copy.note
    with copy.read() as connection:
        assert connection.execute(sa.select(writes.c.account)).all() == []
    copy.close()
    with pytest.raises(OlderState):
        open_store(tmp_path, exclusive=False)
    worker = open_store(tmp_path, exclusive=True)
    worker.close()
    open_store(tmp_path, exclusive=False).close()


def _to(connection: sa.Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "ossmend.daemon.journal:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
