"""Sharing out: whoever has had the least comes first, and nothing is given that is not there."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossmend.daemon.stages.fair import Party, kept, shared_out

A, B, C = Party("s", "a"), Party("s", "b"), Party("s", "c")
OTHER = Party("t", "a")
UNTOLD = Party("s", "")


@pytest.mark.parametrize(("limit", "number"), [(0, 0), (1, 0), (4, 0), (5, 1), (10, 2), (100, 20), (101, 20)])
def test_a_fifth_is_kept_and_a_small_limit_is_used_up(limit: int, number: int) -> None:
    assert kept(limit) == number


@pytest.mark.parametrize(
    ("left", "had", "asks", "granted"),
    [
        (10, {}, {A: 3}, {A: 3}),
        (10, {}, {A: 50}, {A: 8}),
        (10, {}, {UNTOLD: 50}, {UNTOLD: 10}),
        (2, {A: 8}, {A: 50}, {}),
        (2, {A: 8}, {A: 50, B: 1}, {B: 1}),
        (10, {}, {A: 50, B: 50}, {A: 4, B: 4}),
        (10, {}, {A: 50, B: 1, C: 2}, {A: 5, B: 1, C: 2}),
        (10, {A: 3}, {A: 50, B: 50}, {A: 3, B: 5}),
        (0, {A: 10}, {B: 5}, {}),
        (-3, {A: 13}, {B: 5}, {}),
        (10, {}, {A: 50, OTHER: 50}, {A: 4, OTHER: 4}),
        (10, {}, {A: 50, B: 50, OTHER: 50}, {A: 2, B: 2, OTHER: 4}),
    ],
)
def test_what_there_is_goes_round(
    left: int, had: dict[Party, int], asks: dict[Party, int], granted: dict[Party, int]
) -> None:
    several = any(party.source != "s" for party in asks)
    assert shared_out(left, 10, had, asks, several=several) == granted


def test_the_last_one_of_a_small_limit_goes_to_whoever_asked_first() -> None:
    assert shared_out(1, 1, {}, {B: 4, A: 4}, several=False) == {B: 1}


PARTIES = st.sampled_from([A, B, C, OTHER, UNTOLD])
NUMBERS = st.dictionaries(PARTIES, st.integers(1, 40))


@given(st.integers(0, 60), NUMBERS, NUMBERS, st.booleans())
def test_no_more_is_granted_than_is_left_or_asked_for_and_nobody_overtakes(
    limit: int, had: dict[Party, int], asks: dict[Party, int], several: bool
) -> None:
    left = limit - sum(had.values())
    granted = shared_out(left, limit, had, asks, several=several)
    assert sum(granted.values()) <= max(left, 0)
    assert all(granted[party] <= asks[party] for party in granted)
    total = Counter(had) + granted
    for one in granted:
        for other, wanted in asks.items():
            if granted[other] < wanted and one.source == other.source:
                assert total[one] <= total[other] + 1


@given(st.integers(5, 60), st.integers(1, 500))
def test_one_that_comes_later_always_finds_room(limit: int, flood: int) -> None:
    first = shared_out(limit, limit, {}, {A: flood}, several=False)
    left = limit - first[A]
    assert shared_out(left, limit, first, {A: flood, B: 1}, several=False)[B] == 1
