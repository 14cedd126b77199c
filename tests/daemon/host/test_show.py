"""What is shown of stored values: access keys masked wherever they stand by their field's name, objects' keys whole."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.daemon.host.show import clean, subject_text, whole_span
from ossmend.remediators.contract.case import Subject

KEY_ID = "AccessKeyOfSomebodyElse"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"access_key_id": KEY_ID}, {"access_key_id": "Acce****Else"}),
        ({"key_id": KEY_ID}, {"key_id": "Acce****Else"}),
        ({"keys": {KEY_ID: 3}}, {"keys": {"Acce****Else": 3}}),
        ({"keys": ["2024/0001.csv", "2024/0002.csv"]}, {"keys": ["2024/0001.csv", "2024/0002.csv"]}),
        ({"keys": ["a\nb"]}, {"keys": ["a\\nb"]}),
        ({"access_key_id": [KEY_ID]}, {"access_key_id": ["Acce****Else"]}),
    ],
)
def test_access_keys_are_masked_and_the_keys_of_a_batch_jobs_objects_are_not(value: Any, shown: Any) -> None:
    assert clean(value) == shown


def test_what_is_no_text_loses_its_secrets_and_terminal_codes_too() -> None:
    shown = clean({"error": [ValueError("\x1b[2J\u202esecret_access_key=abcdefghijklmnopqrstuvwxyz1234")]})
    assert shown["error"][0].isprintable()
    assert "abcdefghijkl" not in shown["error"][0]
    assert clean([None, True, 3, 0.5]) == [None, True, 3, 0.5]


def test_two_keys_that_a_terminal_would_show_alike_are_told_apart_in_cases_and_in_what_is_approved() -> None:
    broken, plain = "new\nline", r"new\nline"
    assert subject_text(Subject("object", ("reports", broken, ""))) == (
        r"oss://reports/new\nline (URL-encoded: new%0Aline)"
    )
    assert subject_text(Subject("object", ("reports", plain, ""))) == r"oss://reports/new\nline"
    shown = [clean({"target": f"oss://reports/{key}"})["target"] for key in (broken, plain)]
    assert shown == [
        r"oss://reports/new\nline (URL-encoded: oss://reports/new%0Aline)",
        r"oss://reports/new\nline",
    ]
    assert clean({"target": shown[0]}) == {"target": shown[0]}, "a second look changes nothing"


def test_the_encoded_spelling_of_a_key_tells_no_secret() -> None:
    shown = clean({"target": "oss://reports/a\nsecret_access_key=abcdefghijklmnopqrstuvwxyz1234"})["target"]
    assert "abcdefghijkl" not in shown
    assert "%0A" in shown


def test_half_a_pair_in_a_key_is_shown_as_well() -> None:
    assert clean({"target": "oss://reports/\ud800"}) == {
        "target": r"oss://reports/\ud800 (URL-encoded: oss://reports/%ED%A0%80)"
    }


@pytest.mark.parametrize(("seconds", "told"), [
    (86400, "24 hours"), (3600, "1 hour"), (300, "5 minutes"), (60, "1 minute"), (90, "90 seconds"), (1, "1 second"),
    (5400, "90 minutes"),
])  # fmt: skip
def test_a_time_that_somebody_gave_is_told_in_a_unit_that_it_fills(seconds: float, told: str) -> None:
    assert whole_span(seconds) == told
