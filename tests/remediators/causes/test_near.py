"""A word with a typo gets the code that it is nearest to; other words get none."""

from __future__ import annotations

import pytest

from ossmend.remediators.causes import CODES, diagnose_event
from ossmend.remediators.causes.near import nearest
from ossmend.remediators.contract.case import Event


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("InvalidAccesKeyId", "InvalidAccessKeyId"),
        ("invalidobjectstate", "InvalidObjectState"),
        ("ACCESSDENIED", "AccessDenied"),
        ("AccesDenied", "AccessDenied"),
        ("SignatureNotMatch", "SignatureDoesNotMatch"),
        ("RequestTimeSkewed", "RequestTimeTooSkewed"),
        ("InvalidAccessKey", "InvalidAccessKeyId"),
        ("UserDisabled", "UserDisable"),
    ],
)
def test_a_typo_gets_the_nearest_code(word: str, code: str) -> None:
    assert nearest(word, CODES) == code


@pytest.mark.parametrize(
    "word", ["forbidden", "hello", "Something", "denied", "timeout", "", "x" * 500, "AccessDeniedForever"]
)
def test_other_words_are_near_to_nothing(word: str) -> None:
    assert nearest(word, CODES) is None


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_is_not_near_to_another(code: str) -> None:
    assert nearest(code, CODES) is None


def test_a_typo_is_told_as_a_question_and_not_taken_for_the_code() -> None:
    told = diagnose_event(Event(source="t", shape="code", code="InvalidObjectSate"))
    assert told.cause == "unknown-code"
    assert told.facts["did_you_mean"] == "InvalidObjectState"
    assert any("did you mean InvalidObjectState?" in sentence for sentence in told.evidence)


def test_an_unknown_code_of_a_log_is_no_typo_of_a_person() -> None:
    told = diagnose_event(Event(source="t", shape="xml", code="InvalidObjectSate", status=403))
    assert "did_you_mean" not in told.facts
