"""Which keys a listing answers for, in how many pages, and which are left to HEAD: a table, no wire."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossmend.daemon.cloud.ask.list_batch import CHANCE, FEW, WORTH, before, list_batch
from ossmend.daemon.cloud.wire.answers import KEY_BYTES, Page, Row


class Shelf:
    """A bucket that can only be listed, in pages of 1,000 or fewer."""

    def __init__(self, keys: Sequence[str], size: int = 1000) -> None:
        self.keys = sorted(keys, key=str.encode)
        self.size = size
        self.pages: list[tuple[str, str]] = []

    def page(self, prefix: str, start_after: str) -> Page:
        self.pages.append((prefix, start_after))
        start = bisect.bisect_right([key.encode() for key in self.keys], start_after.encode())
        found = [key for key in self.keys[start:] if key.startswith(prefix)]
        rows = tuple(Row(key, 1, None, None) for key in found[: self.size])
        return Page(rows, truncated=len(found) > self.size)


def names(count: int, prefix: str = "a/") -> list[str]:
    return [f"{prefix}{number:06d}" for number in range(count)]


@pytest.mark.parametrize(
    ("there", "wanted", "pages", "answered"),
    [
        (names(100), names(100), 1, 100),
        (names(10_000), names(10_000), 10, 10_000),
        (names(10_000), names(10_000)[::50], 10, 200),
        (names(100_000), names(100_000)[::1000], 1, 1),
        (names(100_000), names(100_000)[:: 100_000 // 3], 0, 0),
        (names(50_000, "a/") + names(100, "z/"), names(50, "a/") + names(100, "z/"), 2, 150),
        ([], names(100), 1, 100),
        (names(5, "other/"), names(100), 1, 100),
    ],
)
def test_pages_and_answers(there: list[str], wanted: list[str], pages: int, answered: int) -> None:
    shelf = Shelf(there)
    found = list_batch(wanted, shelf.page)
    assert len(shelf.pages) == pages
    assert len(found) == answered


def test_a_million_scattered_keys_cost_few_pages() -> None:
    wanted = names(1_000_000)[::1000]
    shelf = Shelf(names(1_000_000), size=1000)
    list_batch(wanted, shelf.page)
    assert len(shelf.pages) <= 1 + len(wanted) * WORTH // CHANCE


@pytest.mark.parametrize("count", range(FEW))
def test_a_few_keys_are_not_worth_a_page(count: int) -> None:
    shelf = Shelf(names(10))
    assert list_batch(names(count), shelf.page) == {}
    assert shelf.pages == []


@pytest.mark.parametrize(("billed", "pages"), [(1, 20), (19, 20), (100, 1), (500, 0)])
def test_a_page_has_to_find_as_many_keys_as_it_is_dearer_than_a_head(billed: int, pages: int) -> None:
    shelf = Shelf(names(20_000))
    list_batch(names(20_000)[::50], shelf.page, billed)
    assert len(shelf.pages) == pages


def test_a_key_that_is_not_listed_is_known_to_be_missing_and_a_later_one_is_not() -> None:
    shelf = Shelf([key for key in names(40) if key != "a/000003"], size=10)
    found = list_batch(names(12), shelf.page)
    assert found["a/000003"] is None
    assert all(found[key] is not None for key in names(12) if key != "a/000003" and key in found)


def test_a_page_that_claims_more_but_shows_nothing_proves_nothing() -> None:
    assert list_batch(names(30), lambda _prefix, _after: Page((), truncated=True)) == {}


@given(
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6), max_size=60, unique=True),
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6), max_size=60, unique=True),
    st.integers(1, 20),
)
def test_whatever_a_list_batch_says_is_what_is_there(there: list[str], absent: list[str], size: int) -> None:
    shelf = Shelf(there, size)
    for key, row in list_batch(there + absent, shelf.page).items():
        assert (row is not None) == (key in there)
        assert row is None or row.key == key


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_what_sorts_before_a_key_sorts_close_before_it(key: str) -> None:
    start = before(key)
    assert start.encode() < key.encode()
    assert len(before("a" * KEY_BYTES).encode()) <= KEY_BYTES
    assert key[:-1] == start[: len(key) - 1]
