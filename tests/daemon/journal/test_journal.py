"""The journal: migrations, locking, the chain of entries, folding."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ossmend.daemon.host.stops import StateLocked, StateUnavailable
from ossmend.daemon.journal import cases, decisions, entries, intake, intents, migrate
from ossmend.daemon.journal.decisions import Decision
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.folds import USAGE_KINDS, Fold
from ossmend.daemon.journal.schema import cases as cases_table
from ossmend.daemon.journal.schema import entries as entries_table
from ossmend.daemon.journal.schema import metadata
from ossmend.daemon.journal.states import CaseState, WriteState
from ossmend.daemon.journal.store import Store, is_worked, open_store
from ossmend.remediators.contract.case import Event, Subject
from ossmend.remediators.contract.values import CorsRule
from ossmend.remediators.contract.write import Write, digest
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.remediators.writes.restore_version import RestoreVersion, versions_digest
from tests.due import due
from tests.patience import HUNG

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def store(open_fresh: Callable[[], Store]) -> Store:
    return open_fresh()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Store]:
    """A directory, which one process has to itself."""
    opened = open_store(tmp_path, exclusive=True)
    yield opened
    opened.close()


def fold_of(number: int = 1, key: str = "a", at: datetime = NOW, client: str = "10.0.0.1") -> Fold:
    fold = Fold("p", "InvalidObjectState", Subject("object", ("b", key, "")), WEEK)
    for _ in range(number):
        fold.add(Event(source="t", code="InvalidObjectState", bucket="b", key=key, client=client), at)
    return fold


def put(store: Store, *folds: Fold, at: datetime = NOW) -> list[Entry]:
    with store.begin() as connection:
        return intake.fold(connection, {each.key: each for each in folds}, at)


def decide(connection: sa.Connection, state: CaseState, at: datetime = NOW, case_id: int = 1, **more: Any) -> None:
    decision = Decision(case_id=case_id, events=1, state=state, why="w", cause="c", **more)
    decisions.decide(connection, [decision], decisions.standing(connection, [case_id]), at)


def put_restore(connection: sa.Connection) -> int:
    new = intents.NewWrite(case_id=1, policy="p", write=restore(), state=WriteState.INTENDED)
    return intents.put(connection, [new], NOW)[0]


def settle(
    connection: sa.Connection, write_id: int, state: WriteState, outcome: str, request_id: str | None = None
) -> None:
    ended = intents.Settlement(write_id=write_id, state=state, outcome=outcome, request_id=request_id)
    intents.settle(connection, [ended], NOW)


def restore(key: str = "a") -> RestoreObject:
    return RestoreObject(bucket="b", key=key, days=1, storage_class="Archive", size=5, planned_on="x")


def test_migrations_and_tables_say_the_same(store: Store) -> None:
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_second_worker_is_kept_out_of_the_state_directory(alone: Store, tmp_path: Path) -> None:
    with pytest.raises(StateLocked, match="in use by process"):
        open_store(tmp_path, exclusive=True)


def test_a_reader_may_look_while_the_worker_works(alone: Store, tmp_path: Path) -> None:
    put(alone, fold_of())
    reader = open_store(tmp_path, exclusive=False)
    with reader.read() as connection:
        assert cases.get(connection, 1) is not None
    reader.close()


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    first = open_store(tmp_path, exclusive=True)
    assert is_worked(tmp_path)
    first.close()
    assert not is_worked(tmp_path)
    second = open_store(tmp_path, exclusive=True)
    assert [entry.kind for entry in put(second, fold_of())] == ["case.opened"]
    second.close()


def test_the_lock_names_its_holder_and_after_it_nobody(tmp_path: Path) -> None:
    store = open_store(tmp_path, exclusive=True)
    assert (tmp_path / "lock").read_text(encoding="ascii") == f"{os.getpid()}\n"
    store.close()
    assert (tmp_path / "lock").read_text(encoding="ascii") == ""


def test_the_lock_outlives_the_deletion_of_its_file(tmp_path: Path) -> None:
    store = open_store(tmp_path, exclusive=True)
    (tmp_path / "lock").unlink()
    with pytest.raises(StateLocked, match="in use by process unknown"):
        open_store(tmp_path, exclusive=True)
    store.close()


def test_who_only_reads_does_not_wait_for_a_writer(alone: Store, tmp_path: Path) -> None:
    put(alone, fold_of())
    with alone.begin() as writing:
        cases.wake_all(writing, NOW)
        reader = open_store(tmp_path, exclusive=False)
        with reader.read() as connection:
            assert cases.get(connection, 1) is not None
        reader.close()


UNASKED = "could not check yet: 3 calls in a row had no answer"


@pytest.mark.parametrize(
    ("state", "cause", "why", "woken"),
    [
        (CaseState.REPORTED, "could-not-check", "could not check: 403 InvalidAccessKeyId", True),
        (CaseState.WAITING, None, UNASKED, True),
        (CaseState.WAITING, "archived", UNASKED, True),
        (CaseState.WAITING, None, "a restore runs", False),
        (CaseState.REPORTED, "key-disabled", "somebody else's key", False),
        (CaseState.HELD, None, "the limit is reached", False),
        (CaseState.SENDING, "could-not-check", "", False),
        (CaseState.CLOSED, "could-not-check", "", False),
        (CaseState.PARKED, "could-not-check", "", False),
    ],
)
def test_what_could_not_be_checked_is_due_when_the_cloud_is_back_and_nothing_else(
    store: Store, state: CaseState, cause: str | None, why: str, woken: bool
) -> None:
    put(store, fold_of())
    later = NOW + timedelta(hours=1)
    with store.begin() as connection:
        values = {"state": state.value, "cause": cause, "why": why, "due_at": later}
        connection.execute(cases_table.update().values(values))
        assert cases.wake_unchecked(connection, NOW) == woken
        assert connection.scalar(sa.select(cases_table.c.due_at)) == (NOW if woken else later)


def _at_revision(directory: Path, revision: str) -> None:
    open_store(directory, exclusive=True).close()
    with sqlite3.connect(directory / "ossmend.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_state_of_a_newer_version_is_refused_with_a_sentence(tmp_path: Path, exclusive: bool) -> None:
    _at_revision(tmp_path, "9999")
    with pytest.raises(StateUnavailable, match=r"written by a newer ossmend \(schema 9999; this one knows"):
        open_store(tmp_path, exclusive=exclusive)


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_state_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path, exclusive: bool) -> None:
    (tmp_path / "ossmend.db").write_bytes(b"something else entirely, and long enough for a header" * 100)
    with pytest.raises(StateUnavailable, match=r"damaged .*not a database"):
        open_store(tmp_path, exclusive=exclusive)


def test_a_database_that_is_damaged_inside_is_refused_with_a_sentence(tmp_path: Path) -> None:
    open_store(tmp_path, exclusive=True).close()
    file = tmp_path / "ossmend.db"
    file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 40960)
    with pytest.raises(StateUnavailable, match="damaged"):
        open_store(tmp_path, exclusive=True)


def test_the_known_head_is_the_newest_migration() -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", "ossmend.daemon.journal:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_a_state_directory_that_is_a_file_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a directory")
    with pytest.raises(StateUnavailable, match="state"):
        open_store(tmp_path / "state", exclusive=True)


def test_entries_are_chained_and_the_chain_holds(store: Store) -> None:
    with store.begin() as connection:
        entries.append(connection, NOW, [Entry("a", None, {"n": 1}), Entry("b", 7, {"n": 2})])
        entries.append(connection, NOW, [Entry("c", None, {})])
    with store.read() as connection:
        assert entries.first_broken(connection) is None
        assert [entry.kind for entry in entries.newest(connection, 10)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE journal SET data='{\"n\":9}' WHERE seq=2",
        "UPDATE journal SET kind='x' WHERE seq=2",
        "UPDATE journal SET case_id=8 WHERE seq=2",
        "DELETE FROM journal WHERE seq=2",
    ],
)
def test_an_altered_journal_shows_where(store: Store, tamper: str) -> None:
    with store.begin() as connection:
        entries.append(connection, NOW, [Entry("a", 1, {"n": number}) for number in range(5)])
    with store.begin() as connection:
        connection.exec_driver_sql(tamper)
        assert entries.first_broken(connection) == 2


def test_a_transaction_that_fails_leaves_no_entry(store: Store) -> None:
    def fail_in_the_middle() -> None:
        with store.begin() as connection:
            entries.append(connection, NOW, [Entry("a", None, {})])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_the_middle()
    with store.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(entries_table)) == 0


def test_ten_thousand_events_of_one_cause_are_one_case_with_a_few_samples(store: Store) -> None:
    put(store, fold_of(10_000))
    with store.read() as connection:
        (case,) = due(connection, NOW, 10)
    assert (case.events, len(case.samples), case.usage["clients"]) == (10_000, 8, {"10.0.0.1": 10_000})


def test_events_of_another_batch_join_the_open_case(store: Store) -> None:
    put(store, fold_of(2))
    put(store, fold_of(3, client="10.0.0.2"), at=NOW + timedelta(minutes=1))
    with store.read() as connection:
        (case,) = due(connection, NOW, 10)
    assert (case.id, case.events, case.usage["clients"]) == (1, 5, {"10.0.0.1": 2, "10.0.0.2": 3})


def test_usage_is_capped_and_the_rest_counted_together(store: Store) -> None:
    fold = Fold("p", "InvalidObjectState", Subject("object", ("b", "a", "")), WEEK)
    for number in range(100):
        fold.add(Event(source="t", client=f"10.0.0.{number}"), NOW)
    put(store, fold)
    with store.read() as connection:
        (case,) = due(connection, NOW, 10)
    assert len(case.usage["clients"]) == USAGE_KINDS + 1
    assert sum(case.usage["clients"].values()) == 100


def close(store: Store, case_id: int, at: datetime, verified: datetime | None) -> None:
    with store.begin() as connection:
        decide(connection, CaseState.CLOSED, at, case_id, verified_at=verified)


def test_an_event_after_the_verified_read_reopens_the_case_as_a_recurrence(store: Store) -> None:
    put(store, fold_of())
    close(store, 1, NOW, verified=NOW)
    later = NOW + timedelta(hours=1)
    (said,) = put(store, fold_of(at=later), at=later)
    with store.read() as connection:
        (case,) = due(connection, later, 10)
    assert (said.kind, case.id, case.recurrences) == ("case.reopened", 1, 1)


def test_an_event_older_than_the_verified_read_is_evidence_only(store: Store) -> None:
    put(store, fold_of())
    close(store, 1, NOW + timedelta(hours=2), verified=NOW + timedelta(hours=2))
    put(store, fold_of(at=NOW + timedelta(hours=1)), at=NOW + timedelta(hours=3))
    with store.read() as connection:
        case = cases.get(connection, 1)
        assert due(connection, NOW + timedelta(hours=4), 10) == []
    assert case is not None
    assert (case.events, case.recurrences) == (2, 0)


def test_an_event_beyond_the_recurrence_window_is_a_new_case(store: Store) -> None:
    put(store, fold_of())
    close(store, 1, NOW, verified=NOW)
    later = NOW + WEEK + timedelta(seconds=1)
    put(store, fold_of(at=later), at=later)
    with store.read() as connection:
        assert [case.id for case in due(connection, later, 10)] == [2]


def test_a_waiting_case_is_not_woken_by_more_of_the_same(store: Store) -> None:
    put(store, fold_of())
    with store.begin() as connection:
        until = NOW + timedelta(hours=1)
        decide(connection, CaseState.WAITING, due_at=until)
    put(store, fold_of(5), at=NOW + timedelta(minutes=1))
    with store.read() as connection:
        assert due(connection, NOW + timedelta(minutes=30), 10) == []


def test_a_flood_wakes_a_reported_case_only_after_a_pause(store: Store) -> None:
    put(store, fold_of())
    with store.begin() as connection:
        decide(connection, CaseState.REPORTED, due_at=NOW + timedelta(hours=1))
    put(store, fold_of(5), at=NOW + timedelta(seconds=1))
    with store.read() as connection:
        assert due(connection, NOW + timedelta(seconds=2), 10) == []
        assert len(due(connection, NOW + cases.REPLAN_PAUSE, 10)) == 1


def test_a_case_whose_write_is_on_its_way_is_not_due(store: Store) -> None:
    put(store, fold_of())
    with store.begin() as connection:
        decide(connection, CaseState.SENDING)
        assert due(connection, NOW + WEEK, 10) == []
        cases.resume(connection, 1, NOW)
        assert len(due(connection, NOW, 10)) == 1


def test_a_receipt_is_part_of_the_case_from_then_on(store: Store) -> None:
    put(store, fold_of())
    with store.begin() as connection:
        write_id = put_restore(connection)
        assert [each.id for each in intents.unsettled(connection)] == [write_id]
        settle(connection, write_id, WriteState.DONE, "accepted", "REQ")
        assert intents.unsettled(connection) == []
        (case,) = due(connection, NOW, 1)
    assert [(each.write, each.request_id, each.outcome) for each in case.receipts] == [(restore(), "REQ", "accepted")]


def test_a_settled_intent_is_not_settled_again(store: Store) -> None:
    put(store, fold_of())
    with store.begin() as connection:
        write_id = put_restore(connection)
        settle(connection, write_id, WriteState.DONE, "accepted")
        settle(connection, write_id, WriteState.NOT_SENT, "late")
        assert intents.of_case(connection, 1)[0].state == "done"


def test_an_approval_names_one_write_and_expires(store: Store) -> None:
    put(store, fold_of())
    with store.begin() as connection:
        intents.approve(connection, [digest(restore())], 1, "alice", NOW, granted=True)
        asked = [restore(), restore("other")]
        assert intents.words(connection, asked, [], NOW).granted == {digest(restore()): "approved"}
        assert intents.words(connection, asked, [], NOW + intents.APPROVAL_LIFE).granted == {}


def test_undoing_a_merge_puts_the_earlier_rules_back_on_what_the_merge_left() -> None:
    old, new = CorsRule(("https://a",), ("GET",)), CorsRule(("https://b",), ("PUT",))
    write = PutBucketCors(bucket="b", rules=(old, new), before=(old,), planned_on="then")
    undo = write.undone("")
    assert isinstance(undo, PutBucketCors)
    assert (undo.rules, undo.before) == ((old,), (old, new))
    assert undo.planned_on != "then"


def test_nothing_can_undo_a_restore_or_a_first_rule() -> None:
    assert restore().undone("") is None
    first = PutBucketCors(bucket="b", rules=(CorsRule(("*",), ("GET",)),), planned_on="x")
    assert first.undone("") is None


def copied_back(outcome: str) -> Write | None:
    write = RestoreVersion(
        bucket="b", key="k", version_id="good", etag="G", size=1, current="bad", current_etag="B",
        storage_class="IA", acl="private", planned_on=versions_digest("bad", "B"),
    )  # fmt: skip
    return write.undone(outcome)


def test_undoing_a_copied_version_copies_the_one_before_over_the_copy() -> None:
    undo = copied_back("copied as made")
    assert isinstance(undo, RestoreVersion)
    assert (undo.version_id, undo.etag, undo.current, undo.acl) == ("bad", "B", "made", "private")
    assert undo.planned_on == versions_digest("made", "G")


@pytest.mark.parametrize("outcome", ["found", "copied as ?", ""])
def test_a_copy_whose_version_is_not_known_cannot_be_undone(outcome: str) -> None:
    assert copied_back(outcome) is None


def test_threads_take_turns_and_every_entry_has_its_place(store: Store) -> None:
    def work() -> None:
        for _ in range(20):
            with store.begin() as connection:
                entries.append(connection, NOW, [Entry("t", None, {})])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=HUNG)
    with store.read() as connection:
        assert entries.first_broken(connection) is None
        assert connection.scalar(sa.select(sa.func.max(entries_table.c.seq))) == 160


def test_a_full_disk_is_said_and_stores_nothing_by_halves(alone: Store) -> None:
    with alone.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    for _ in range(2):
        with pytest.raises(StateUnavailable, match="full"):
            fill(alone, pages)
    with alone.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(entries_table)) == 0
    with alone.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        entries.append(connection, NOW, [Entry("a", None, {})])


def fill(store: Store, pages: int) -> None:
    """Write more than a database of that many pages can hold."""
    with store.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        entries.append(connection, NOW, [Entry("a", None, {"text": "x" * 1_000_000})])


def opened(store: Store, *keys: str, at: datetime = NOW) -> None:
    """By one batch, with what the journal says of it."""
    with store.begin() as connection:
        entries.append(connection, at, intake.fold(connection, {each.key: each for each in map(keyed, keys)}, at))


def keyed(key: str) -> Fold:
    return fold_of(key=key)


def rows(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(entries_table)) or 0


def test_the_cases_of_one_batch_are_one_link_of_the_chain_and_each_shows_its_opening(store: Store) -> None:
    opened(store, "a", "b", "c")
    opened(store, "d")
    opened(store, "e", "f")
    assert rows(store) == 3
    with store.read() as connection:
        for case_id, key in enumerate("abcdef", start=1):
            (entry,) = entries.newest(connection, 10, case_id)
            said = {"policy": "p", "code": "InvalidObjectState", "subject": f"oss://b/{key}", "events": 1}
            assert (entry.kind, entry.case_id, dict(entry.data)) == ("case.opened", case_id, said)
        assert [each.case_id for each in entries.newest(connection, 2)] == [5, 6]
        assert entries.first_broken(connection) is None


def test_the_case_of_an_event_is_found_by_its_index(alone: Store) -> None:
    put(alone, fold_of())
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.extend([(statement, parameters)] if "subject_key IN" in statement else [])

    sa.event.listen(alone._engine, "before_cursor_execute", note)
    put(alone, fold_of())
    sa.event.remove(alone._engine, "before_cursor_execute", note)
    assert asked
    with alone.read() as connection:
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            assert "SEARCH cases USING INDEX cases_key" in plan.all()[0].detail


def test_who_alters_one_case_in_a_batch_breaks_the_chain(store: Store) -> None:
    opened(store, "a", "b")
    opened(store, "c", "d")
    with store.begin() as connection:
        altered = sa.func.replace(entries_table.c.data, "oss://b/a", "oss://b/x")
        connection.execute(entries_table.update().where(entries_table.c.seq == 1).values(data=altered))
    with store.read() as connection:
        assert entries.first_broken(connection) == 1


def test_no_number_is_given_again_while_the_entry_of_its_batch_is_there(store: Store) -> None:
    opened(store, "a", "b", "c")
    with store.begin() as connection:
        connection.execute(cases_table.delete())
    opened(store, "d")
    with store.read() as connection:
        assert connection.scalar(sa.select(cases_table.c.id)) == 4
