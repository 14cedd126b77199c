"""Which policy takes an event: the first in the file that is enabled, has its code and fits. One place knows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ossmend.config.load import load_text
from ossmend.remediators.contract.case import Event

ROOT = Path(__file__).parents[2]
CONFIG = load_text(
    """
version: 1
cloud: { region: cn-hangzhou }
policies:
  - { name: off, on: InvalidObjectState, match: { bucket: "*" }, enabled: false }
  - { name: narrow, on: [InvalidObjectState, AccessForbidden], match: { bucket: "reports-*", key: "2024/**" } }
  - { name: wide, on: InvalidObjectState, match: { bucket: "*" } }
  - { name: never-reached, on: InvalidObjectState, match: { bucket: "logs" } }
  - { name: any, on: AccessDenied }
"""
)


def taking(code: str | None, bucket: str | None = None, key: str | None = None) -> str | None:
    policy = CONFIG.taking(Event(source="t", code=code, bucket=bucket, key=key))
    return policy.name if policy is not None else None


@pytest.mark.parametrize(
    ("code", "bucket", "key", "name"),
    [
        ("InvalidObjectState", "reports-eu", "2024/a", "narrow"),
        ("InvalidObjectState", "reports-eu", "2023/a", "wide"),
        ("InvalidObjectState", "logs", "a", "wide"),
        ("AccessForbidden", "reports-eu", "2024/a", "narrow"),
        ("AccessDenied", None, None, "any"),
    ],
)
def test_the_first_policy_that_fits_takes_it(code: str, bucket: str | None, key: str | None, name: str) -> None:
    assert taking(code, bucket, key) == name


@pytest.mark.parametrize(
    ("code", "bucket", "key"),
    [
        (None, "reports-eu", "2024/a"),
        ("InvalidObjectState", None, None),
        ("AccessForbidden", "reports-eu", "2023/a"),
        ("AccessForbidden", "other", "2024/a"),
        ("SignatureDoesNotMatch", "reports-eu", "2024/a"),
    ],
)
def test_what_no_policy_takes_is_left_to_a_person(code: str | None, bucket: str | None, key: str | None) -> None:
    assert taking(code, bucket, key) is None


def test_nobody_else_looks_for_the_policy_of_an_event() -> None:
    asks = re.compile(r"\.match\.fits\(")
    guilty = {
        str(path.relative_to(ROOT))
        for folder in ("daemon", "config")
        for path in (ROOT / folder).rglob("*.py")
        if asks.search(path.read_text(encoding="utf-8"))
    }
    assert guilty == {"config/model.py"}
