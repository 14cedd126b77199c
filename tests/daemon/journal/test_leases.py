"""Leases: who has the work, who has lost it, and that nobody writes down what is another's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ossmend.daemon.approvals import pause, resume
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal import entries, intake, leases, locks, nodes
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.leases import Alone, LeaseLost
from ossmend.daemon.journal.postgres import LIVE, Address, PostgresStore, open_beside, open_node
from ossmend.daemon.journal.schema import leases as table
from tests.daemon.journal.test_journal import NOW, fold_of, put
from tests.due import due
from tests.patience import HUNG, until

LANE = "default/object/b"


@pytest.fixture
def two(shared_state: str, tmp_path: Path) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    opened = [open_node(Address(shared_state, LIVE), tmp_path, name) for name in ("left", "right")]
    yield opened[0], opened[1]
    for each in opened:
        each.close()


def end_leases(store: PostgresStore) -> None:
    """As if their time had run out, for the database."""
    with store.begin() as connection:
        connection.execute(table.update().values(until=NOW))


def test_what_one_node_has_another_does_not_get(two: tuple[PostgresStore, PostgresStore]) -> None:
    left, right = two
    assert left.leases.take([LANE, "x"]) == {LANE, "x"}
    assert right.leases.take([LANE, "y"]) == {"y"}
    assert right.leases.others() == {LANE, "x"}
    assert 0 < left.leases.left(LANE) <= leases.LEASE_SECONDS
    assert right.leases.left(LANE) == 0


def test_what_is_given_back_is_free_at_once(two: tuple[PostgresStore, PostgresStore]) -> None:
    left, right = two
    left.leases.take([LANE])
    left.leases.take([LANE])
    left.leases.give_back([LANE])
    assert right.leases.take([LANE]) == frozenset(), "it was taken twice"
    left.leases.give_back([LANE])
    assert right.leases.take([LANE]) == {LANE}


def test_who_has_lost_it_writes_nothing(two: tuple[PostgresStore, PostgresStore]) -> None:
    left, right = two
    left.leases.take([LANE])
    end_leases(left)
    assert right.leases.take([LANE]) == {LANE}
    for _ in range(2):
        with pytest.raises(LeaseLost), left.begin(LANE) as connection:
            entries.append(connection, NOW, [Entry("late", None, {})])
    with right.begin(LANE) as connection:
        entries.append(connection, NOW, [Entry("rightful", None, {})])
    with right.read() as connection:
        assert [entry.kind for entry in entries.newest(connection, 10)] == ["rightful"]


def test_nobody_takes_what_is_being_written(two: tuple[PostgresStore, PostgresStore]) -> None:
    left, right = two
    left.leases.take([LANE])
    taken: list[frozenset[str]] = []
    with left.begin(LANE):
        end = threading.Thread(target=lambda: taken.append(right.leases.take([LANE])))
        end.start()
    end.join(HUNG)
    assert taken == [frozenset()]


def test_a_transaction_renews_what_it_writes_for(two: tuple[PostgresStore, PostgresStore]) -> None:
    left, _ = two
    left.leases.take([LANE])
    short = sa.text("UPDATE leases SET until = extract(epoch FROM clock_timestamp()) + 1")
    with left.begin() as connection:
        connection.execute(short)
        before = connection.scalar(sa.text("SELECT clock_timestamp()"))
    with left.begin(LANE):
        pass
    with left.read() as connection:
        ends = connection.scalar(sa.select(table.c.until))
    assert ends is not None
    assert before is not None
    assert ends - before >= timedelta(seconds=leases.LEASE_SECONDS)


def test_the_nodes_are_known_with_what_they_have(two: tuple[PostgresStore, PostgresStore]) -> None:
    left, right = two
    left.leases.take([LANE])
    with right.read() as connection:
        found = {node.host: (node.lives, node.leases) for node in nodes.known(connection)}
    assert found == {"left": (True, (LANE,)), "right": (True, ())}
    assert right.is_worked()


def test_threads_of_two_nodes_bind_every_entry_to_the_one_before(two: tuple[PostgresStore, PostgresStore]) -> None:
    def work(store: PostgresStore, name: str) -> None:
        for number in range(20):
            with store.begin() as connection:
                entries.append(connection, NOW, [Entry(name, number, {})])

    threads = [threading.Thread(target=work, args=(store, str(n))) for n in range(3) for store in two]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HUNG)
    with two[0].read() as connection:
        assert entries.first_broken(connection) is None
        assert len(entries.newest(connection, 1000)) == 120


def test_events_of_two_nodes_for_one_case_are_all_counted(two: tuple[PostgresStore, PostgresStore]) -> None:
    def see(store: PostgresStore) -> None:
        for number in range(15):
            folds = {each.key: each for each in (fold_of(), fold_of(key=f"k{number}"))}
            with store.begin() as connection:
                locks.take(connection, locks.INTAKE)
                intake.fold(connection, folds, NOW)

    threads = [threading.Thread(target=see, args=(store,)) for store in two for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HUNG)
    with two[0].read() as connection:
        found = due(connection, NOW, 100)
    assert sorted(case.events for case in found) == [4] * 15 + [60]


def test_a_pause_waits_for_who_has_seen_the_switch_as_it_was(two: tuple[PostgresStore, PostgresStore]) -> None:
    left, right = two
    done = threading.Event()

    def throw() -> None:
        pause(right, "")
        done.set()

    with left.begin() as connection:
        locks.take(connection, locks.PAUSE, shared=True)
        thread = threading.Thread(target=throw)
        thread.start()
        asking = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        until("it waits", lambda: bool(connection.scalar(asking)))
        assert not done.is_set()
    thread.join(HUNG)
    assert done.is_set()
    assert resume(right, "")["resumed"] == ["all"]


def test_the_clock_is_the_databases(two: tuple[PostgresStore, PostgresStore], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW + timedelta(days=9999))
    left, _ = two
    with left.read() as connection:
        said = connection.scalar(sa.text("SELECT clock_timestamp()"))
    assert said is not None
    assert abs(left.clock().now() - said) < timedelta(seconds=HUNG)


def test_who_reads_is_no_node_and_a_database_without_a_state_is_said(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(StateUnavailable, match="is empty: `ossmend run`"):
        open_beside(Address(postgres_url, LIVE), tmp_path)


def test_a_database_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StateUnavailable, match=r"the state at postgresql://u@127\.0\.0\.1:9/d: "):
        open_beside(Address("postgresql://u@127.0.0.1:9/d", LIVE), tmp_path)


def test_a_newer_state_is_refused(two: tuple[PostgresStore, PostgresStore], shared_state: str, tmp_path: Path) -> None:
    with two[0].begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(sa.text("UPDATE meta SET value = '9999' WHERE name = 'schema_serves'"))
    address = Address(shared_state, LIVE)
    with pytest.raises(StateUnavailable, match=r"written by a newer ossmend \(schema 9999"):
        open_node(address, tmp_path, "x")
    with pytest.raises(StateUnavailable, match=r"written by a newer ossmend \(schema 9999"):
        open_beside(address, tmp_path)


def test_one_process_has_everything() -> None:
    alone = Alone()
    assert alone.take([LANE]) == {LANE}
    assert alone.left("anything") == float("inf")
    assert alone.others() == frozenset()


def test_cases_that_both_nodes_open_have_numbers_of_their_own(two: tuple[PostgresStore, PostgresStore]) -> None:
    for number, store in enumerate(two * 3):
        put(store, fold_of(key=f"k{number}"))
    with two[0].read() as connection:
        assert [case.id for case in due(connection, NOW, 10)] == [1, 2, 3, 4, 5, 6]
