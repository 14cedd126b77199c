"""A sentence about a cause sounds as sure as its number, in both languages and for everybody who makes one."""

from __future__ import annotations

import pytest

from ossmend.remediators import causes
from ossmend.remediators.causes.sureness import worded
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.verdict import Tell
from ossmend.remediators.other import plan_other
from tests.fakes import FakeView, FakeWorld, case_of

TITLE = causes.CAUSES["url-expired"].title


@pytest.mark.parametrize(
    ("share", "en", "zh"),
    [
        (0.95, "", ""),
        (0.9, "", ""),
        (0.89, "probably: ", "很可能："),
        (0.69, "more likely than not: ", "较有可能："),
        (0.46, "possibly, among others: ", "可能的原因之一："),
    ],
)
def test_the_words_follow_the_share(share: float, en: str, zh: str) -> None:
    assert worded("url-expired", TITLE, share) == (en + TITLE.en, zh + TITLE.zh)


def test_what_says_that_nothing_is_known_is_left_alone() -> None:
    unknown = causes.CAUSES["unknown"].title
    assert worded("unknown", unknown, 0.46) == unknown


@pytest.mark.parametrize("code", ["AccessDenied", "KmsServiceNotEnabled"])
def test_why_a_case_is_told_is_no_surer_than_its_confidence(code: str) -> None:
    event = Event(source="t", code=code, status=403, bucket="b")
    answer = plan_other(case_of(event), FakeView(FakeWorld()))  # type: ignore[arg-type]  # FakeView forwards
    assert isinstance(answer, Tell)
    plain = f"{code} on b: {causes.CAUSES[answer.diagnosis.cause].title.en}"
    assert (answer.why == plain) is (answer.diagnosis.confidence >= 0.9)


def test_a_title_that_is_unsure_by_itself_is_not_hedged_twice() -> None:
    title = causes.CAUSES["clock-slow-upload"].title
    assert worded("clock-slow-upload", title, 0.46) == title
