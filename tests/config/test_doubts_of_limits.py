"""Brakes that let nothing by, and numbers and times that nothing ever reaches: told, with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_doubts import doubts, thaw

THAW = "policies:\n" + thaw("a", "{ bucket: b-1 }")


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        ("writes_per_hour", "write"),
        ("calls_per_minute", "write"),
        ("objects_per_day", "restore"),
        ("restore_gib_per_day", "restore"),
    ],
)
def test_a_brake_of_0_is_told(tmp_path: Path, limit: str, what: str) -> None:
    said = f"{limit}: 0 lets no {what} by, ever; to plan only, say mode: dry-run"
    (told,) = doubts(tmp_path, f"brakes: {{ {limit}: 0 }}\n{THAW}")
    assert told.endswith(f"brakes.{said}")
    (told,) = doubts(tmp_path, "policies:\n" + thaw("a", "{ bucket: b-1 }", f", brakes: {{ {limit}: 0 }}"))
    assert told.endswith(f"policies[0].brakes.{said}")


def test_a_brake_of_0_that_may_be_meant_is_left_alone(tmp_path: Path) -> None:
    assert doubts(tmp_path, f"brakes: {{ cost_per_day: {{ amount: 0 }}, low_trust_share: 0 }}\n{THAW}") == []
    cors = "policies:\n  - { name: c, on: AccessForbidden, match: { bucket: b-1 } }\n"
    assert doubts(tmp_path, f"brakes: {{ objects_per_day: 0 }}\n{cors}") == []


def test_a_policy_s_limit_beyond_that_of_all_policies_is_told(tmp_path: Path) -> None:
    own = thaw("a", "{ bucket: b-1 }", ", brakes: { objects_per_day: 5000, cost_per_day: { amount: 60 } }")
    objects, cost = doubts(tmp_path, f"policies:\n{own}")
    assert objects.endswith(
        "brakes.objects_per_day: is never reached: brakes.objects_per_day, of all policies together, is 1000"
    )
    assert cost.endswith("brakes.cost_per_day, of all policies together, is 50")
    open_ = "brakes: { objects_per_day: unlimited, cost_per_day: unlimited }\n"
    assert doubts(tmp_path, f"{open_}policies:\n{own}") == []


LOGS = "sources: [ { access_log: { bucket: logs } } ]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cases: { most_open: 5000, most_open_per_policy: 6000 }\n", "is never reached: most_open is 5000"),
        ("recurrence: 60d\n", "recurrence: is never reached: retention.closed_cases_for is 30d"),
        (
            "policies:\n" + thaw("a", "{ bucket: b-1 }", ", recurrence: 60d"),
            "policies[0].recurrence: is never reached: retention.closed_cases_for is 30d",
        ),
        (LOGS + "retention: { request_ids_for: 1d }\n", "retention.request_ids_for: an access log may come 48h late"),
        ("clock: { every: 6h }\n", "clock.every: a clock drifts unseen for so long"),
    ],
)
def test_a_time_or_a_number_that_nothing_reaches_is_told(tmp_path: Path, text: str, told: str) -> None:
    (found,) = doubts(tmp_path, text)
    assert told in found


def test_a_patience_beyond_the_deadline_is_told(tmp_path: Path) -> None:
    head = "version: 1\ncloud: { region: cn-hangzhou, deadline: 10s%s }\n"
    (told,) = doubts(tmp_path, "", head % ", connect_timeout: 30s")
    assert told == "2:63: cloud.connect_timeout: is never reached: deadline is 10s"
    assert doubts(tmp_path, "", head % "") == []
    assert doubts(tmp_path, "", head % ", read_timeout: 30s") == [], "a long download has more time"


@pytest.mark.parametrize(
    "text",
    [
        "cases: { most_open: 5000 }\n",
        "retention: { closed_cases_for: 3d }\n",
        "retention: { request_ids_for: 1d }\n",
        LOGS + "retention: { request_ids_for: 2d }\n",
        "clock: { every: 1h }\n",
        "recurrence: 30d\n",
    ],
)
def test_what_is_left_to_a_default_or_is_reached_is_left_alone(tmp_path: Path, text: str) -> None:
    assert doubts(tmp_path, text) == []
