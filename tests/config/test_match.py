"""Which events a policy takes: more rows for what it leaves alone than for what it takes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ossmend.config.globs import fits, surely_within
from ossmend.config.model import Match
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.write import Place

EVENT = Event(
    source="test",
    code="InvalidObjectState",
    bucket="reports-eu",
    key="2024/01/a.csv",
    access_key_id="LTAI5tABC",
    client="10.0.0.8",
    user_agent="aliyun-sdk-python/2.19.1(Linux/x86_64)",
    origin="https://app.example.com",
)


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("2024/**", "2024/a"),
        ("2024/**", "2024/01/02/a"),
        ("2024/**", "2024/"),
        ("2024/*", "2024/a"),
        ("**", "a/b/c"),
        ("**", "a"),
        ("**/a.csv", "a.csv"),
        ("**/a.csv", "x/y/a.csv"),
        ("a/**/z", "a/z"),
        ("a/**/z", "a/b/c/z"),
        ("*.csv", "a.csv"),
        ("a?c", "abc"),
        ("a?c", "a?c"),
        ("a**c", "a/b/c"),
        ("***", "a/b"),
        ("[a]", "[a]"),
        ("a\\b", "a\\b"),
        ("{a,b}", "{a,b}"),
        ("2024/**", "2024/a\nb"),
        ("2024/**", "2024/报告.csv"),
        ("a+b%20", "a+b%20"),
    ],
)
def test_a_key_pattern_takes(pattern: str, key: str) -> None:
    assert fits(pattern, key, path=True)


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("2024/**", "2024"),
        ("2024/**", "2025/a"),
        ("2024/**", "x/2024/a"),
        ("2024/*", "2024/01/a"),
        ("*", "a/b"),
        ("*.csv", "x/a.csv"),
        ("*.csv", "a.csv.gz"),
        ("a.csv", "a-csv"),
        ("A", "a"),
        ("a?c", "ac"),
        ("a?c", "a/c"),
        ("**/a.csv", "xa.csv"),
        ("a/**/z", "az"),
        ("a/**/z", "a/bz"),
        ("a", "a\n"),
        ("[ab]", "a"),
        ("a|b", "a"),
        ("{a,b}", "a"),
        ("a/", "a"),
        ("2024/**", "2024\n/a"),
        ("a\\*", "a*"),
    ],
)
def test_a_key_pattern_leaves_alone(pattern: str, key: str) -> None:
    assert not fits(pattern, key, path=True)


@pytest.mark.parametrize(
    "match",
    [
        Match(),
        Match(bucket="*"),
        Match(bucket="reports-*"),
        Match(bucket="reports-e?", key="2024/**"),
        Match(access_key_id="LTAI*"),
        Match(client="10.0.*"),
        Match(user_agent="aliyun-sdk-*"),
        Match(user_agent="*Linux*"),
        Match(origin="https://*.example.com"),
    ],
)
def test_a_policy_takes_what_fits_all_its_patterns(match: Match) -> None:
    assert match.fits(EVENT)


@pytest.mark.parametrize(
    "match",
    [
        Match(bucket="reports"),
        Match(bucket="eports-*"),
        Match(bucket="reports-*", key="2023/**"),
        Match(bucket="logs", key="2024/**"),
        Match(access_key_id="ltai*"),
        Match(client="10.0.0"),
        Match(client="10.1.*"),
        Match(origin="http://*.example.com"),
        Match(origin="https://app.example.com/"),
        Match(bucket="reports-*", origin="https://evil.example"),
    ],
)
def test_a_policy_leaves_alone_what_one_pattern_does_not_fit(match: Match) -> None:
    assert not match.fits(EVENT)


@pytest.mark.parametrize(
    ("place", "covered"),
    [
        (Place("reports-eu", "2024/a.csv"), True),
        (Place("reports-eu", "2024/a.csv", "v1"), True),
        (Place("reports-eu"), True),
        (None, True),
        (Place("reports-eu", "2024/01/a.csv"), False),
        (Place("reports-eu", "payroll/huge.bin"), False),
        (Place("reports-eu", ""), False),
        (Place("payroll", "2024/a.csv"), False),
        (Place("payroll"), False),
    ],
)
def test_a_write_is_covered_by_its_own_place_whatever_the_event_says(place: Place | None, covered: bool) -> None:
    event = replace(EVENT, bucket="reports-eu", key="2024/other.csv")
    assert Match(bucket="reports-*", key="2024/*", client="10.0.*").covers(place, event) is covered


def test_on_what_a_place_does_not_say_the_event_speaks() -> None:
    place = Place("reports-eu", "2024/a.csv")
    assert not Match(bucket="reports-*", client="192.0.2.*").covers(place, EVENT)
    assert not Match(bucket="reports-*", access_key_id="other*").covers(None, EVENT)
    assert not Match(bucket="reports-*", key="2023/**").covers(Place("reports-eu"), EVENT)


@pytest.mark.parametrize("field", ["bucket", "key", "access_key_id", "client", "user_agent", "origin"])
def test_an_absent_field_fits_no_pattern_not_even_a_star(field: str) -> None:
    bare = Event(source="test", code="InvalidObjectState")
    assert not Match.model_validate({field: "**"}).fits(bare) if field != "bucket" else not Match(bucket="*").fits(bare)


def test_without_patterns_everything_fits_even_an_event_that_tells_nothing() -> None:
    assert Match().fits(Event(source="test"))
    assert Match().is_empty
    assert not Match(bucket="*").is_empty


def plainly(pattern: str, value: str, *, path: bool) -> bool:
    """The definition, tried in every way there is."""

    @cache
    def rest(at: int, to: int) -> bool:
        if at == len(pattern):
            return to == len(value)
        if pattern[at] == "*":
            stars = at
            while stars < len(pattern) and pattern[stars] == "*":
                stars += 1
            deep = path and stars - at > 1
            if deep and (at == 0 or pattern[at - 1] == "/") and pattern[stars : stars + 1] == "/":
                return rest(stars + 1, to) or any(
                    value[end] == "/" and rest(stars + 1, end + 1) for end in range(to, len(value))
                )
            end = to
            while not rest(stars, end):
                if end == len(value) or (path and not deep and value[end] == "/"):
                    return False
                end += 1
            return True
        one = to < len(value) and (value[to] != "/" or not path if pattern[at] == "?" else value[to] == pattern[at])
        return one and rest(at + 1, to + 1)

    return rest(0, 0)


@given(st.text("ab/*?.", max_size=10), st.text("ab/.\n", max_size=10), st.booleans())
@example("**/a*b", "a/ab/aab", True)
@example("a**/b", "ax/b", True)
@example("*a/*b*", "a/a/ab", True)
@settings(max_examples=400, deadline=None)
def test_the_fast_way_says_the_same_as_the_plain_one(pattern: str, value: str, path: bool) -> None:
    assert fits(pattern, value, path=path) == plainly(pattern, value, path=path)


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("*a" * 30 + "b", "ab" * 511),
        ("**a" * 30 + "b", "ab" * 511),
        ("**/a*" * 15 + "b", "a/" * 510 + "ab"),
        ("a**" + "?a*" * 20 + "b", "ab" * 511),
    ],
)
@pytest.mark.parametrize("value", ["a" * 1023, "a/" * 511])
@pytest.mark.parametrize("path", [True, False])
def test_no_key_makes_a_pattern_run_for_ever(pattern: str, fitting: str, value: str, path: bool) -> None:
    """A matcher that tries every split would need years here: no limit of ours is needed to see that."""
    assert fits(pattern, fitting, path=True)
    assert not fits(pattern, value, path=path)


@given(st.text("ab/*?", max_size=7), st.text("ab/*?", max_size=7), st.text("ab/", max_size=7), st.booleans())
@example("a**", "a*/b", "a/b", True)
@example("2024/**", "2024/a*", "2024/a", True)
def test_what_is_within_a_pattern_fits_it_in_every_case(wide: str, narrow: str, value: str, path: bool) -> None:
    if surely_within(narrow, wide, path=path) and fits(narrow, value, path=path):
        assert fits(wide, value, path=path)
