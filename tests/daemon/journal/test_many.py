"""A list that is one parameter: who names rows by it finds them by an index, however many others there are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from ossmend.daemon.journal import bulk, intake, many, taken_back
from ossmend.daemon.journal import cases as journal_cases
from ossmend.daemon.journal.intents import drop_unsent, words
from ossmend.daemon.journal.schema import seen
from ossmend.daemon.journal.seen import Tellings
from ossmend.daemon.journal.store import Store, open_store
from ossmend.remediators.writes.restore_object import RestoreObject

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IDS = [1, 2, 3]
WRITE = RestoreObject.example()
Work = Callable[[sa.Connection], object]


def plans(tmp_path: Path, work: Work) -> list[str]:
    """How SQLite does each statement that names rows by a list."""
    found: list[str] = []
    asked: list[tuple[str, object]] = []
    with closing(open_store(tmp_path, exclusive=True)) as store, store.begin() as connection:

        def note(_connection: object, _cursor: object, text: str, parameters: object, *_more: object) -> None:
            if "json_each" in text:
                asked.append((text, parameters))

        sa.event.listen(connection, "before_cursor_execute", note)
        work(connection)
        sa.event.remove(connection, "before_cursor_execute", note)
        for text, parameters in asked:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters)  # type: ignore[arg-type]
            found += [row[3] for row in rows]
    assert asked, "no statement with a list was made"
    return found


@pytest.mark.parametrize(
    "work",
    [
        lambda connection: journal_cases.rows(connection, NOON, IDS),
        lambda connection: journal_cases._receipts(connection, IDS),
        lambda connection: journal_cases.locate(connection, dict.fromkeys(IDS, "cn-hangzhou")),
        lambda connection: drop_unsent(connection, IDS),
        lambda connection: words(connection, [WRITE], IDS, NOON),
        lambda connection: taken_back.forget(connection, [WRITE]),
        lambda connection: intake.newcomers(connection, ["k"]),
        lambda connection: Tellings(connection, ["r"]),
    ],
    ids=["rows", "receipts", "regions", "unsent", "words", "taken back", "keys", "request ids"],
)
def test_rows_are_found_by_their_number_and_no_table_is_read_whole(tmp_path: Path, work: Work) -> None:
    for step in plans(tmp_path, work):
        assert not step.startswith(("SCAN cases", "SCAN writes", "SCAN approvals", "SCAN seen")), step


def test_of_a_thousand_cases_the_writes_are_found_by_the_case_and_not_by_their_state(tmp_path: Path) -> None:
    for work in (lambda c: journal_cases._receipts(c, IDS), lambda c: drop_unsent(c, IDS)):
        steps = plans(tmp_path, work)
        assert any("ix_writes_case_id" in step for step in steps), steps


def test_a_list_and_its_opposite_choose_what_they_say(tmp_path: Path) -> None:
    with closing(open_store(tmp_path, exclusive=True)) as store, store.read() as connection:
        numbers = sa.func.json_each("[1, 2, 5]").table_valued(sa.column("value", sa.Integer))
        inside = sa.select(numbers.c.value).where(many.among(numbers.c.value, IDS))
        outside = sa.select(numbers.c.value).where(~many.among(numbers.c.value, IDS))
        both = sa.select(numbers.c.value).where(sa.or_(many.among(numbers.c.value, [1]), numbers.c.value == 5))
        assert sorted(connection.scalars(inside)) == [1, 2]
        assert sorted(connection.scalars(outside)) == [5]
        assert sorted(connection.scalars(both)) == [1, 5]


def test_every_text_finds_itself_and_no_other_on_either_engine(open_fresh: Callable[[], Store]) -> None:
    texts = ["", "a", "A", "a'b", 'a"b', "a\\b", "a\nb", "%", "[1]", "{}", "1", "true", "null", "存储", "\N{FOX FACE}"]
    rows = [(text, "here/k", "low", 0.0) for text in texts]
    with open_fresh().begin() as connection:
        bulk.insert(connection, seen, ("request_id", "place", "trust", "at"), rows)
        found = {text: _found(connection, [text]) for text in texts}
        assert found == {text: [text] for text in texts}
        assert sorted(_found(connection, texts)) == sorted(texts)


def _found(connection: sa.Connection, texts: list[str]) -> list[str]:
    return list(connection.scalars(sa.select(seen.c.request_id).where(many.among(seen.c.request_id, texts))))
