"""What readers make of the journal for people: which write is the undo of which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ossmend.daemon.journal.intents import Intent
from ossmend.daemon.journal.states import WriteState
from ossmend.daemon.queries import _undone_by
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
    found = [replace(first, write=each, digest=digest(each)) for each in writes]
    rows: list[dict[str, int | None]] = []
    for number, intent in enumerate(found, start=1):
        told = _undone_by(intent, found, rows, is_asked=number in asked)
        rows.append({"number": number, "undoes": told})
    return [row["undoes"] for row in rows]


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
