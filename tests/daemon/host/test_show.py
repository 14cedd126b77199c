"""What is shown of stored values: access keys masked wherever they stand by their field's name, objects' keys whole."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.daemon.host.show import clean

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
