"""A match becomes RAM patterns that are never narrower than it, and what they allow more is said."""

from __future__ import annotations

import pytest

from ossmend.config.globs import fits, within
from ossmend.config.policy import Match
from ossmend.daemon.permissions.patterns import key_patterns, places

KEYS = ("a.csv", "2024/a.csv", "2024/01/a.csv", "x/2024/a", "2024/", "报表/a.csv", "2024/01/02/b.parquet", "a")
PATTERNS = (
    "**",
    "2024/**",
    "2024/*",
    "**/a.csv",
    "2024/**/*.csv",
    "*",
    "?.csv",
    "**/2024/**/a.csv",
    "报表/**",
    "a.csv",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_fits_the_match_fits_a_pattern_of_ram(pattern: str) -> None:
    fitting = [key for key in KEYS if fits(pattern, key, path=True)]
    assert fitting, "a pattern that fits nothing proves nothing"
    assert [key for key in fitting if not any(within(key, each) for each in key_patterns(pattern))] == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("2024/**", ("2024/*",)), ("**/a.csv", ("a.csv", "*/a.csv")), ("**", ("*",)), ("a/b.csv", ("a/b.csv",))],
)
def test_what_ram_can_say_exactly_is_said_exactly(pattern: str, expected: tuple[str, ...]) -> None:
    assert key_patterns(pattern) == expected
    assert places(Match(bucket="b-1", key=pattern)).widened == ()


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ({"bucket": "b-1", "key": "2024/*"}, "stop at a slash"),
        ({"bucket": "b-1", "key": "2024/?.csv"}, "stop at a slash"),
        ({"bucket": "reports-*", "key": "2024/**"}, "run over the slash"),
        ({"bucket": "b-1", "client": "10.0.*"}, "client: RAM knows nothing"),
        ({"bucket": "b-1", "key": "**/a/**/b/**/c/**/d"}, "**/ became *"),
    ],
)
def test_what_a_pattern_allows_more_is_said(match: dict[str, str], said: str) -> None:
    assert [each for each in places(Match(**match)).widened if said in each]


def test_a_key_with_many_folders_left_open_does_not_become_a_hundred_patterns() -> None:
    assert key_patterns("**/a/**/b/**/c/**/d/**/e") == ("*a/*b/*c/*d/*e",)


def test_without_a_match_all_buckets_are_meant_for_reads() -> None:
    assert places(Match()) == places(Match(bucket="*", key="**"))
    assert places(Match()).objects == ("acs:oss:*:*:*/*",)
