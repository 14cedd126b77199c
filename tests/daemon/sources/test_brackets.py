"""A name ends at the bracket that it has not opened itself."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers.brackets import closed_at, is_open


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a(1).png)", "a(1).png"),
        ("a.png)", "a.png"),
        ("a[1](2).png], x", "a[1](2).png"),
        ("报表（一）.csv）", "报表（一）.csv"),
        ("a(1.png", "a(1.png"),
        ("a.png", "a.png"),
        ("", ""),
    ],
)
def test_what_a_name_opens_is_its_own(text: str, name: str) -> None:
    assert text[: closed_at(text)] == name


@pytest.mark.parametrize(
    ("text", "answer"), [("read (", True), ("read (a) [", True), ("read (a)", False), (")", False)]
)
def test_a_bracket_is_open_until_it_is_closed(text: str, answer: bool) -> None:
    assert is_open(text) is answer
