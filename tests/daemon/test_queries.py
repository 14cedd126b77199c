"""What is read of the journal for people: a write, whole unless nobody would read it; the case that takes events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ossmend.daemon import approvals, queries
from ossmend.daemon.host import show
from ossmend.daemon.journal import intents
from ossmend.daemon.journal.intents import NewWrite
from ossmend.daemon.journal.states import CaseState, WriteState
from ossmend.daemon.journal.store import Store
from ossmend.remediators.contract.write import Write, to_json
from ossmend.remediators.writes.create_job import CreateJob
from tests.daemon.journal.test_journal import NOW, WEEK, decide, fold_of, put


@pytest.fixture
def store(open_fresh: Callable[[], Store]) -> Store:
    return open_fresh()


def job_as_long_as(length: int) -> CreateJob:
    """As JSON it has exactly so many characters."""
    keys = tuple(f"2024/{number:04}.csv" for number in range(length // 20))
    job = CreateJob(bucket="b", keys=keys, days=1, storage_class="ColdArchive", size=1, role_arn="r", into="lists",
                    prefix="", name="", planned_on="x")  # fmt: skip
    return replace(job, name="n" * (length - len(to_json(job))))


def body_of(store: Store, write: Write) -> Any:
    put(store, fold_of())
    with store.begin() as connection:
        intents.put(connection, [NewWrite(case_id=1, policy="p", write=write, state=WriteState.HELD)], NOW)
    with store.read() as connection:
        case = queries.one_case(connection, 1)
    assert case is not None
    return case["writes"][0]["body"]


def test_a_write_of_very_many_objects_is_not_shown_whole(store: Store) -> None:
    assert body_of(store, job_as_long_as(show.LONGEST_BODY + 1)) == f"{show.LONGEST_BODY + 1} characters"


def test_who_approves_it_is_not_shown_every_object_either(store: Store) -> None:
    put(store, fold_of())
    with store.begin() as connection:
        held = NewWrite(case_id=1, policy="p", write=job_as_long_as(show.LONGEST_BODY + 1), state=WriteState.HELD)
        intents.put(connection, [held], NOW)
    (told,) = approvals.approve(store, 1)["writes"]
    assert told["body"] == f"{show.LONGEST_BODY + 1} characters"


def test_a_write_that_can_be_read_is_shown_whole(store: Store) -> None:
    write = job_as_long_as(show.LONGEST_BODY)
    body = body_of(store, write)
    assert (body["bucket"], len(body["keys"])) == ("b", len(write.keys))


def test_of_two_cases_of_one_subject_the_newer_one_takes_events(store: Store) -> None:
    put(store, fold_of())
    with store.begin() as connection:
        decide(connection, CaseState.CLOSED)
    later = NOW + WEEK + timedelta(days=1)
    put(store, fold_of(at=later), at=later)
    with store.read() as connection:
        assert len(queries.all_cases(connection)) == 2
        assert queries.keys(connection) == [(2, fold_of().key)]
