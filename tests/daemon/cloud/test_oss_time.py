"""What OSS's clock says: by its answers, and by a clock that never steps in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from ossmend.daemon.cloud.wire.oss_time import OssTime
from tests.fakes import NOW, FakeClock

HOUR = timedelta(hours=1)


def date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


def heard(clock: FakeClock, *told: datetime) -> OssTime:
    time = OssTime(clock)
    for each in told:
        time.hear(date(each))
    return time


def test_one_answer_with_another_date_moves_nothing() -> None:
    assert heard(FakeClock(), NOW, NOW + 6 * HOUR, NOW, NOW - 6 * HOUR, NOW + 3 * HOUR).now() == NOW


def test_two_answers_that_agree_do() -> None:
    """The machine has slept, say."""
    assert heard(FakeClock(), NOW, NOW + 6 * HOUR, NOW + 6 * HOUR).now() == NOW + 6 * HOUR


@pytest.mark.parametrize(
    "told", [None, "", "yesterday", "x" * 100_000, "Sun, 01 Mar 99999 12:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +2359"]
)
def test_what_is_no_date_says_nothing(told: str | None) -> None:
    clock = FakeClock()
    time = heard(clock, NOW)
    time.hear(told)
    clock.pass_(HOUR)
    assert time.now() == NOW + HOUR
