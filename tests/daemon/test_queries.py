"""What is read of the journal for people: a write, whole unless nobody would read it; the case that takes events."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ossmend.daemon import approvals, queries
from ossmend.daemon.commands import case_page
from ossmend.daemon.host import show
from ossmend.daemon.journal import entries, intents, pause
from ossmend.daemon.journal.intents import NewWrite
from ossmend.daemon.journal.states import CaseState, WriteState
from ossmend.daemon.journal.store import Store
from ossmend.remediators.contract.write import Write, to_json
from ossmend.remediators.writes.create_job import CreateJob
from tests.daemon.journal.test_journal import NOW, WEEK, decide, fold_of, put, restore


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


@pytest.fixture
def waiting(store: Store) -> Store:
    """Case 1 has a write that waits for approval."""
    put(store, fold_of())
    with store.begin() as connection:
        new = NewWrite(case_id=1, policy="p", write=restore(), state=WriteState.HELD, held_by="approval")
        intents.put(connection, [new], NOW)
        decide(connection, CaseState.HELD)
    return store


def read(store: Store) -> tuple[str, str, int, dict[str, int]]:
    """Why the case stands as it does; what is next; how many wait for a person; what is held by what."""
    with store.read() as connection:
        (row,) = queries.open_cases(connection)
        case = queries.one_case(connection, 1)
        counts = queries.by_state(connection)
        number, held = queries.waiting_for_a_person(connection, counts), queries.held(connection)
    assert case is not None
    assert (case["why"], queries.needs_a_human([row])) == (row["why"], number == 1)
    return row["why"], next(str(told) for name, told in case_page.lines(case) if name == "next"), number, held


def test_an_approval_that_has_not_left_is_seen_and_nobody_is_asked_for_it_again(waiting: Store) -> None:
    assert read(waiting)[1:] == ("ossmend cases approve 1, or ossmend cases reject 1", 1, {"approval": 1})
    assert approvals.approve(waiting, 1)["already"] is None
    why, what, number, held = read(waiting)
    assert re.fullmatch(r"approved by \S+ at [\d-]+ [\d:]+Z, leaves when the daemon looks", why)
    assert what == f"nothing for you to do: {why}; `ossmend cases reject 1` takes that back"
    assert (number, held) == (0, {"approved": 1})
    again = approvals.approve(waiting, 1)
    assert again["already"]["at"][:19].replace("T", " ") in why
    with waiting.read() as connection:
        assert [each.kind for each in entries.newest(connection, 9, 1)].count("write.approved") == 1


def test_a_pause_holds_what_is_approved_and_is_named_until_it_ends(waiting: Store) -> None:
    approvals.pause(waiting, "p")
    assert approvals.approve(waiting, 1)["leaves_after"] == "`ossmend resume p`"
    assert read(waiting)[0].endswith(", leaves after `ossmend resume p`")
    approvals.resume(waiting, "p")
    assert read(waiting)[0].endswith(", leaves when the daemon looks")
    waiting.directory.mkdir(exist_ok=True)
    file = waiting.directory / "pause"
    file.touch()
    assert approvals.approve(waiting, 1)["leaves_after"] == f"the file {file} is removed"
    file.unlink()


def test_what_ends_a_pause_is_the_command_the_file_or_both(waiting: Store) -> None:
    def ends() -> str | None:
        with waiting.read() as connection:
            case = queries.one_case(connection, 1)
        assert case is not None
        return str(case["ends_pause"])

    def seen(*, there: bool) -> None:
        with waiting.begin() as connection:
            pause.by_file(connection, "", "/state/pause", NOW, there=there)

    assert ends() == "None"
    seen(there=True)
    assert ends() == "the file that pauses is removed"
    approvals.pause(waiting, "other")
    assert ends() == "the file that pauses is removed"
    approvals.pause(waiting, "")
    assert ends() == "`ossmend resume`, and after the file that pauses is removed"
    seen(there=False)
    assert ends() == "`ossmend resume`"


def test_an_approval_after_a_rejection_is_what_counts_and_another_policys_pause_holds_nothing(waiting: Store) -> None:
    approvals.reject(waiting, 1)
    assert read(waiting)[0].startswith("rejected by ")
    assert read(waiting)[2:] == (0, {"rejected": 1})
    approvals.pause(waiting, "other")
    said = approvals.approve(waiting, 1)
    assert (said["already"], said["leaves_after"]) == (None, None)
    assert read(waiting)[0].startswith("approved by ")
