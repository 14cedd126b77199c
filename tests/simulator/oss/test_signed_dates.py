"""The date of a signature: each way of writing it is read alike, and what is no date is never read as one."""

from __future__ import annotations

import pytest

from ossmend.simulator.oss.signed_dates import read_compact, read_date

NEW_YEAR = 1767225600


@pytest.mark.parametrize(
    "text", ["20260101T000000Z", "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 08:00:00 +0800"]
)
def test_each_way_of_writing_a_date_is_read_alike(text: str) -> None:
    assert read_date(text) == NEW_YEAR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260230T000000Z",
        "20261301T000000Z",
        "00000101T000000Z",
        "20260101T240000Z",
        "20260101T006000Z",
        "20260101T000000",
        "2026-01-01T00:00:00Z",
        "٢٠٢٦٠١٠١T٠٠٠٠٠٠Z",
    ],
)
def test_what_is_no_date_is_not_read_as_one(text: str) -> None:
    assert read_date(text) is None
    assert read_compact(text) is None


def test_the_long_form_is_no_compact_one() -> None:
    assert read_compact("Thu, 01 Jan 2026 00:00:00 GMT") is None
