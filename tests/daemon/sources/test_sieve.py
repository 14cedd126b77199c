"""What is sought in bytes is found wherever `re` finds it: the signs see no less."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossmend.daemon.sources.sieve import FINE, MOST_WORDS, Sought, one_of, one_sign_a_byte, slices

words = st.text(alphabet="abcABC01'<误", min_size=1, max_size=6)
LINE = b"2026-03-01 10:00:00 INFO order 1042 was stored\n"


def places(sought: Sought, data: bytes, size: int = 64 * 1024) -> list[int]:
    return [
        hit.start()
        for start, end in slices(data, 0, len(data), size)
        for hit in sought.found(data, start, end, one_sign_a_byte(data, start, end))
    ]


@given(
    st.lists(words, min_size=1, max_size=2 * MOST_WORDS, unique=True),
    st.text(alphabet="abcABC01'<误 \n", max_size=300),
)
@settings(max_examples=300, deadline=None)
def test_a_word_is_found_wherever_it_is(some: list[str], text: str) -> None:
    data = text.encode()
    found = {place for sought in one_of(word.encode() for word in some) for place in places(sought, data)}
    assert bool(found) == any(word in text for word in some)
    assert found <= {hit.start() for word in some for hit in re.finditer(re.escape(word).encode(), data)}


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_seen_one_by_one(data: bytes) -> None:
    assert places(Sought(rb"[\x80-\xff]+", "[\x80-\xff]"), data) == [
        hit.start() for hit in re.finditer(rb"[\x80-\xff]+", data)
    ]


@pytest.mark.parametrize("before", [0, 1, 70, 80, 90, 1500])
def test_places_are_the_same_wherever_slices_end(before: int) -> None:
    data = LINE * before + b"code:\n  Sent\n" + LINE * 200 + b"code: Sent\n"
    sought = Sought(rb"code:\s+S", "code:")
    every = [hit.start() for hit in re.finditer(rb"code:\s+S", data)]
    assert [places(sought, data, size) for size in (1, FINE, len(data))] == [every] * 3


def test_all_signs_are_to_be_seen() -> None:
    sought = Sought(rb"b+", "b", "c")
    assert places(sought, b"abb\n") == []
    assert places(sought, b"abb c\n") == [1]


def test_slices_are_whole_lines() -> None:
    data = LINE * 10 + b"the last one"
    found = list(slices(data, 0, len(data), 100))
    assert b"".join(data[start:end] for start, end in found) == data
    assert all(data[start - 1 : start] in (b"", b"\n") for start, _end in found)
