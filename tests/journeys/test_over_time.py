"""Causes that one refusal does not show: what expires again, what a lifecycle rule does, what stands beside it.

The daemon works for real (enforce) on a scene, pass by pass; its clock and the simulator's durations go on by hand.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.story import Story
from tests.journeys.test_every_cause import ADMIN, Ask, at, get, plain, shifted, v1
from tests.simulator.test_scenes_refuse import REPORTS, SKEWED, UPLOADER

Stories = Callable[..., Story]


@pytest.mark.parametrize(
    ("name", "key", "cause"),
    [
        ("reports-archive", "2024/q1.csv", "restored-copy-expired"),
        ("reports-lifecycle", "hot.csv", "archived-by-lifecycle"),
        ("reports-lifecycle", "cold/hot.csv", "archived-by-lifecycle"),
    ],
)
def test_what_freezes_again_is_told_with_its_reason_and_not_restored_for_ever(
    stories: Stories, name: str, key: str, cause: str
) -> None:
    story = stories("invalid_object_state")
    read = get(name, key, REPORTS)
    story.refused(read)
    story.passes()
    assert [row["state"] for row in story.long(4)] == ["watching"]
    rows = story.passes(2 * 86400.0)
    assert [row["state"] for row in rows] == ["closed"], "nobody has asked for it since"
    story.passes(60.0)
    story.refused(read)
    rows = story.passes(5.0)
    assert [(row["state"], row["cause"]) for row in rows] == [("reported", cause)]
    assert story.operations().count("RestoreObject") == 1


def test_a_slow_clock_is_named_behind_the_expired_urls_of_its_client(stories: Stories) -> None:
    story = stories("access_denied")
    story.refused(expired_since(1200), "10.0.0.8")
    (row,) = story.passes()
    assert row["cause"] == "url-expired"
    story.refused(shifted(1387, get("vault", "payroll.csv", ADMIN)), "10.0.0.8")
    causes = {row["code"]: row["cause"] for row in story.passes(400.0)}
    assert causes == {"AccessDenied": "url-expired-slow-clock", "RequestTimeTooSkewed": "clock-drift"}


def test_a_clock_that_is_less_behind_than_the_url_is_old_explains_nothing(stories: Stories) -> None:
    story = stories("access_denied")
    story.refused(expired_since(7200), "10.0.0.8")
    story.refused(shifted(1387, get("vault", "payroll.csv", ADMIN)), "10.0.0.8")
    causes = {row["code"]: row["cause"] for row in story.passes()}
    assert causes["AccessDenied"] == "url-expired"


def expired_since(seconds: int) -> Ask:
    return plain("GET", lambda sim: str(v1(sim, "vault", ADMIN).sign_url("GET", "payroll.csv", -seconds)))


def test_an_expired_url_of_another_client_stays_what_it_is(stories: Stories) -> None:
    story = stories("access_denied")
    story.refused(expired_since(1200), "10.0.0.7")
    story.refused(shifted(1387, get("vault", "payroll.csv", ADMIN)), "10.0.0.8")
    causes = {row["code"]: row["cause"] for row in story.passes()}
    assert causes["AccessDenied"] == "url-expired"


def test_a_wrong_secret_in_one_release_shows_as_a_release(stories: Stories) -> None:
    story = stories("signature_does_not_match")
    wrong = plain("GET", lambda sim: str(v1(sim, "uploads", (UPLOADER[0], "old")).sign_url("GET", "plain.txt", 60)))
    for number in range(6):
        story.refused(wrong, f"10.0.0.{number}")
    rows = story.passes()
    assert len(rows) == 6
    assert {row["facts"].get("view") for row in rows} == {"release"}


def test_one_client_with_a_wrong_secret_is_no_release(stories: Stories) -> None:
    story = stories("signature_does_not_match")
    wrong = plain("GET", lambda sim: str(v1(sim, "uploads", (UPLOADER[0], "old")).sign_url("GET", "plain.txt", 60)))
    for _ in range(6):
        story.refused(wrong, "10.0.0.1")
    (row,) = story.passes()
    assert row["facts"].get("view") is None


def test_a_skewed_clock_of_one_device_names_that_device(stories: Stories) -> None:
    story = stories("request_time_too_skewed")
    bogus = {"Authorization": f"OSS {SKEWED[0]}:x", "Date": "Thu, 01 Jan 1970 00:03:00 GMT"}
    story.refused(plain("GET", at("reports/hello.txt"), bogus), "10.0.0.9")
    (row,) = story.passes()
    assert row["cause"] == "clock-unset"
    assert "10.0.0.9" in row["subject"]
