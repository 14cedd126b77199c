"""Lists and changes as one parameter: the same on both engines, whatever is in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from ossmend.daemon.journal.many import Change, among
from ossmend.daemon.journal.schema import cases, meta
from ossmend.daemon.journal.store import Store
from tests.daemon.journal.test_journal import fold_of, put

ODD = ("plain", "with ' and \" and \\", "{1,2}", "[null]", "汉字 \N{PILE OF POO}", "a\nb\tc", "null", "")


@pytest.fixture
def store(open_fresh: Callable[[], Store]) -> Store:
    return open_fresh()


def test_a_list_finds_the_same_rows_whatever_its_texts_are(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(meta.insert(), [{"name": f"odd {each}", "value": each} for each in ODD])
        for wanted in ((), ODD[:1], ODD[1:4], ODD):
            found = connection.scalars(
                sa.select(meta.c.value).where(meta.c.name.startswith("odd "), among(meta.c.value, wanted))
            )
            assert set(found) == set(wanted)
        others = connection.scalars(
            sa.select(meta.c.value).where(meta.c.name.startswith("odd "), ~among(meta.c.value, ODD[2:]))
        )
        assert set(others) == set(ODD[:2])


def test_a_change_sets_each_row_its_own_keeps_what_is_none_and_leaves_alone_who_is_not_so(store: Store) -> None:
    change = Change(cases, ("why", "due_at", "cause", "diagnosis"), frozenset({"cause", "diagnosis"}),
                    only="cases.state = 'open'")  # fmt: skip
    put(store, *(fold_of(key=f"key {number}") for number in range(len(ODD))))
    news = [
        (number + 1, odd, 1.5 + number, None if number % 2 else odd, {"facts": {odd: [odd, None]}})
        for number, odd in enumerate(ODD)
    ]
    with store.begin() as connection:
        connection.execute(cases.update().values(cause="as it was"))
        connection.execute(cases.update().where(cases.c.id == 1).values(state="closed"))
        change.make(connection, news)
        change.make(connection, [])
        rows = connection.execute(sa.select(cases).order_by(cases.c.id)).all()
    assert (rows[0].why, rows[0].cause, rows[0].diagnosis) == ("", "as it was", None), "it was closed"
    for number, odd in list(enumerate(ODD))[1:]:
        row = rows[number]
        assert (row.why, row.due_at.timestamp(), row.diagnosis) == (odd, 1.5 + number, {"facts": {odd: [odd, None]}})
        assert row.cause == ("as it was" if number % 2 else odd)
