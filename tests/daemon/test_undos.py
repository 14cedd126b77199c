"""What readers make of the journal for people: which write is the undo of which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ossmend.daemon.journal import undos
from ossmend.daemon.journal.intents import Intent
from ossmend.daemon.journal.states import WriteState
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from ossmend.remediators.contract.write import Write, digest
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE = (CorsRule(("https://www.example.com",), ("GET",)),)
MERGED = (*BEFORE, CorsRule(("https://app.example.com",), ("PUT",)))
MERGE = PutBucketCors(bucket="b", rules=MERGED, before=BEFORE, planned_on=CorsConfiguration(BEFORE).digest)


def undo_of(write: Write) -> Write:
    found = write.undone("merged")
    assert found is not None
    return found


def undone(*writes: Write, asked: frozenset[int] = frozenset()) -> list[int | None]:
    """Of each write in this order, the number of the one that it takes back. `asked`: by a person."""
    first = Intent(1, 1, "cors", MERGE, WriteState.DONE, "", NOW, outcome="merged")
    times = {number: NOW + timedelta(minutes=number) for number in range(1, len(writes) + 1)}
    found = [
        replace(first, write=each, digest=digest(each), planned_at=times[number])
        for number, each in enumerate(writes, start=1)
    ]
    told = undos.of_writes(found, {times[number]: "somebody" for number in asked})
    return [None if each.of is None else each.of + 1 for each in told]


@pytest.mark.parametrize("asked", [frozenset({2}), frozenset[int]()], ids=["in the journal", "let go from it"])
def test_an_undo_is_known_by_what_it_writes_also_when_the_journal_has_let_go_of_the_wish(asked: frozenset[int]) -> None:
    assert undone(MERGE, undo_of(MERGE), asked=asked) == [None, 1]


def test_the_same_repair_after_an_undo_is_no_undo_of_the_undo_unless_a_person_asked() -> None:
    back = undo_of(MERGE)
    assert digest(undo_of(back)) == digest(MERGE)
    assert undone(MERGE, back, MERGE, asked=frozenset({2})) == [None, 1, None]
    assert undone(MERGE, back, MERGE, asked=frozenset({2, 3})) == [None, 1, 2]


def test_two_writes_that_have_nothing_to_do_with_each_other_are_no_undo() -> None:
    other = replace(MERGE, bucket="c")
    assert undone(MERGE, undo_of(other)) == [None, None]
