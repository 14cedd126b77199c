"""What is let go, what never is, and the chain that holds afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ossmend.config.retention import Retention
from ossmend.daemon import queries
from ossmend.daemon.journal import entries, intake, intents, retention
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.intents import NewWrite, Settlement
from ossmend.daemon.journal.schema import cases as cases_table
from ossmend.daemon.journal.schema import notices, seen, writes
from ossmend.daemon.journal.states import CaseState, WriteState
from ossmend.daemon.journal.store import Store
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.daemon.journal.test_journal import NOW, decide, fold_of, put
from tests.due import due

OLD = NOW - timedelta(days=40)
SMALL = Retention(most_closed_cases=3, most_entries=10, most_notices=3, most_request_ids=3)


@pytest.fixture
def store(open_fresh: Callable[[], Store]) -> Store:
    return open_fresh()


def closed(store: Store, number: int, at: Any = OLD) -> None:
    put(store, *(fold_of(key=f"k{each}", at=at) for each in range(number)), at=at)
    with store.begin() as connection:
        for case_id in range(1, number + 1):
            decide(connection, CaseState.CLOSED, at + timedelta(seconds=case_id), case_id)


def wrote(store: Store, state: WriteState, at: Any, case_id: int = 1) -> None:
    write = RestoreObject(bucket="b", key=f"k{case_id}", version_id=None, days=1, tier=None, storage_class="Archive",
                          size=1, planned_on="x")  # fmt: skip
    with store.begin() as connection:
        (write_id,) = intents.put(
            connection, [NewWrite(case_id=case_id, policy="p", write=write, state=WriteState.INTENDED, oss_time=at)], at
        )
        if state is not WriteState.INTENDED:
            intents.settle(connection, [Settlement(write_id=write_id, state=state, outcome="")], at)


def left(store: Store) -> list[int]:
    with store.read() as connection:
        return list(connection.scalars(sa.select(cases_table.c.id).order_by(cases_table.c.id)))


def test_closed_cases_go_by_age_with_their_writes(store: Store) -> None:
    closed(store, 2)
    wrote(store, WriteState.DONE, OLD)
    put(store, fold_of(key="still open"))
    wrote(store, WriteState.DONE, NOW, case_id=3)
    assert retention.retire(store, Retention(), OLD + timedelta(days=29)).cases == 0
    assert retention.retire(store, Retention(), NOW).cases == 2
    with store.read() as connection:
        assert intents.of_case(connection, 1) == []


def test_closed_cases_go_by_number_the_longest_closed_first(store: Store) -> None:
    closed(store, 5, NOW)
    retention.retire(store, SMALL, NOW)
    assert left(store) == [3, 4, 5]


def test_what_is_open_never_goes(store: Store) -> None:
    put(store, *(fold_of(key=f"k{each}", at=OLD) for each in range(9)), at=OLD)
    retention.retire(store, SMALL, NOW)
    assert len(left(store)) == 9


@pytest.mark.parametrize(
    ("state", "ago"), [(WriteState.INTENDED, 40 * 24), (WriteState.ASKED, 40 * 24), (WriteState.DONE, 30)]
)
def test_a_write_that_a_brake_counts_or_that_is_not_settled_keeps_its_case(
    store: Store, state: WriteState, ago: int
) -> None:
    closed(store, 1)
    wrote(store, WriteState.INTENDED if state is WriteState.ASKED else state, NOW - timedelta(hours=ago))
    with store.begin() as connection:
        connection.execute(writes.update().values(state=state.value))
    retention.retire(store, SMALL, NOW)
    assert left(store) == [1]


def test_the_newest_writes_of_all_do_not_stay_for_ever(store: Store) -> None:
    closed(store, 1, NOW)
    wrote(store, WriteState.DONE, NOW)
    retention.retire(store, SMALL, NOW + timedelta(hours=1))
    assert left(store) == [1]
    retention.retire(store, SMALL, NOW + timedelta(days=400))
    assert left(store) == []


def test_notices_and_request_ids_go_by_number_and_what_waits_to_be_sent_stays(store: Store) -> None:
    with store.begin() as connection:
        for number in range(9):
            due_at = NOW if number == 0 else None
            connection.execute(notices.insert().values(channel="c", body={}, at=NOW, due_at=due_at))
            connection.execute(seen.insert().values(request_id=f"r{number}", place="-/-", trust="low", at=NOW))
    gone = retention.retire(store, SMALL, NOW)
    assert (gone.notices, gone.request_ids) == (5, 6)
    with store.read() as connection:
        assert connection.scalar(sa.select(sa.func.min(notices.c.id))) == 1


def test_nothing_that_is_young_and_little_goes(store: Store) -> None:
    closed(store, 3, NOW)
    with store.begin() as connection:
        entries.append(connection, NOW, [Entry("a", None, {})] * 10)
    assert not any(astuple(retention.retire(store, SMALL, NOW)))


# ------------------------------------------------------------------------------------------------------ the chain


def journal(store: Store, number: int, at: Any = NOW, case_id: int | None = None) -> None:
    with store.begin() as connection:
        entries.append(connection, at, [Entry("a", case_id, {"n": each}) for each in range(number)])


def verified(store: Store) -> dict[str, Any]:
    with store.read() as connection:
        return queries.verified(connection)


def test_a_journal_that_has_let_its_beginning_go_still_holds(store: Store) -> None:
    for _ in range(5):
        journal(store, 100)
        retention.retire(store, SMALL, NOW)
        found = verified(store)
        assert (found["holds"], found["entries"]) == (True, 10)
    assert verified(store)["retired_through"] == 500 + 5 - 10


def test_entries_go_by_age(store: Store) -> None:
    journal(store, 5, NOW - timedelta(days=91))
    journal(store, 5)
    retention.retire(store, Retention(), NOW)
    found = verified(store)
    assert (found["holds"], found["entries"], found["retired_through"]) == (True, 6, 5)


@pytest.mark.parametrize(
    "tamper",
    [
        "DELETE FROM journal WHERE seq = 92",
        "UPDATE journal SET data = '{}' WHERE seq = 95",
        "UPDATE meta SET value = '91 ' || (SELECT hash FROM journal WHERE seq = 92) WHERE name = 'journal_anchor'",
        "DELETE FROM meta WHERE name = 'journal_anchor'",
    ],
)
def test_a_journal_that_was_altered_or_cut_by_somebody_else_does_not_hold(store: Store, tamper: str) -> None:
    journal(store, 100)
    retention.retire(store, SMALL, NOW)
    with store.begin() as connection:
        connection.exec_driver_sql(tamper)
    assert verified(store)["holds"] is False


def test_a_cut_with_an_anchor_that_fits_is_seen_because_no_entry_tells_of_it(store: Store) -> None:
    journal(store, 100)
    with store.begin() as connection:
        last = "SELECT seq || ' ' || hash FROM journal WHERE seq = 50"
        connection.exec_driver_sql(f"INSERT INTO meta (name, value) VALUES ('journal_anchor', ({last}))")
        connection.exec_driver_sql("DELETE FROM journal WHERE seq <= 50")
    assert verified(store)["holds"] is False


def test_the_entries_of_a_write_of_unknown_outcome_stay(store: Store) -> None:
    put(store, fold_of(at=OLD), at=OLD)
    wrote(store, WriteState.INTENDED, OLD)
    journal(store, 20, OLD)
    journal(store, 1, OLD, case_id=1)
    journal(store, 20, OLD)
    retention.retire(store, SMALL, NOW)
    found = verified(store)
    assert (found["holds"], found["retired_through"]) == (True, 20)


def test_the_entry_of_the_batch_that_opened_a_case_stays_while_its_write_is_of_unknown_outcome(store: Store) -> None:
    journal(store, 20, OLD)
    folds = [fold_of(key=key, at=OLD) for key in "abc"]
    with store.begin() as connection:
        entries.append(connection, OLD, intake.fold(connection, {each.key: each for each in folds}, OLD))
    wrote(store, WriteState.INTENDED, OLD, case_id=2)
    journal(store, 20, OLD)
    retention.retire(store, SMALL, NOW)
    found = verified(store)
    assert (found["holds"], found["retired_through"]) == (True, 20)
    with store.read() as connection:
        assert [entry.kind for entry in entries.newest(connection, 10, case_id=2)] == ["case.opened"]


def test_a_case_that_is_seen_again_after_it_was_let_go_is_a_new_one(store: Store) -> None:
    closed(store, 1)
    retention.retire(store, Retention(), NOW)
    put(store, fold_of(key="k0"))
    with store.read() as connection:
        (case,) = due(connection, NOW, 10)
    assert (case.events, case.recurrences) == (1, 0)
