"""Causes that one refusal does not show: what expires again, what a lifecycle rule does, what stands beside it.

The daemon works for real (enforce) on a scene, pass by pass; its clock and the simulator's durations go on by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ossmend.daemon import listing
from ossmend.daemon.app import App
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import HandClock
from tests.journeys.test_every_cause import (
    ADMIN,
    Ask,
    at,
    configured,
    expired,
    get,
    plain,
    shifted,
    text_of,
    v1,
)
from tests.simulator.test_scenes_refuse import REPORTS, SKEWED, UPLOADER, playing

AGENT = "reports-app/2.0"


class Story:
    """One scene, one log, one daemon at work."""

    def __init__(self, directory: Path, sim: Running) -> None:
        self.sim = sim
        self.clock = HandClock()
        self._log = directory / "app.log"
        self._log.touch()
        path = configured(directory, sim)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("policies:", "mode: enforce\npolicies:"), encoding="utf-8")
        self.app = App(path, dry_run=False, clock=self.clock)

    def refused(self, ask: Ask, client: str | None = None, agent: str = AGENT) -> None:
        who = f"client_ip={client} user_agent={agent} " if client else ""
        stamp = f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        text = f"{stamp} ERROR request failed {who}{text_of(ask, self.sim)}\n"
        with self._log.open("a", encoding="utf-8") as log:
            log.write(text.replace("\n", " ").strip() + "\n" if client else text)

    def passes(self, seconds: float = 0.0) -> list[dict[str, Any]]:
        """So much time, then one pass; the cases after it."""
        self.clock.pass_by(seconds)
        self.sim.do(lambda cloud: cloud.clock.advance(seconds))
        self.app.once()
        with self.app.store.read() as connection:
            return listing.all_cases(connection)


@pytest.fixture
def stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    open_ones: list[Any] = []

    def begin(scene: str) -> Story:
        playing_it = playing(scene)
        sim = playing_it.__enter__()
        open_ones.append(playing_it)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", sim.access_key_id)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", sim.access_key_secret)
        story = Story(tmp_path, sim)
        open_ones.append(story)
        return story

    yield begin
    for each in reversed(open_ones):
        if isinstance(each, Story):
            each.app.close()
        else:
            each.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("name", "key", "cause"),
    [
        ("reports-archive", "2024/q1.csv", "restored-copy-expired"),
        ("reports-lifecycle", "hot.csv", "archived-by-lifecycle"),
        ("reports-lifecycle", "cold/hot.csv", "archived-by-lifecycle"),
    ],
)
def test_what_freezes_again_is_told_with_its_reason_and_not_restored_for_ever(
    stories: Any, name: str, key: str, cause: str
) -> None:
    story = stories("invalid_object_state")
    read = get(name, key, REPORTS)
    story.refused(read)
    story.passes()
    story.passes(3.0)
    story.passes(6.0)
    rows = story.passes(30.0)
    assert [row["state"] for row in rows] == ["watching"]
    rows = story.passes(2 * 86400.0)
    assert [row["state"] for row in rows] == ["closed"], "nobody has asked for it since"
    story.passes(60.0)
    story.refused(read)
    rows = story.passes(5.0)
    assert [(row["state"], row["cause"]) for row in rows] == [("told", cause)]
    operations = [each.operation for each in story.sim.do(lambda cloud: cloud.requests)]
    assert operations.count("RestoreObject") == 1


def test_a_slow_clock_is_named_behind_the_expired_urls_of_its_client(stories: Any) -> None:
    story = stories("access_denied")
    story.refused(expired_since(1200), "10.0.0.8")
    (row,) = story.passes()
    assert row["cause"] == "url-expired"
    story.refused(shifted(1387, get("vault", "payroll.csv", ADMIN)), "10.0.0.8")
    causes = {row["code"]: row["cause"] for row in story.passes(400.0)}
    assert causes == {"AccessDenied": "url-expired-slow-clock", "RequestTimeTooSkewed": "clock-drift"}


def test_a_clock_that_is_less_behind_than_the_url_is_old_explains_nothing(stories: Any) -> None:
    story = stories("access_denied")
    story.refused(expired_since(7200), "10.0.0.8")
    story.refused(shifted(1387, get("vault", "payroll.csv", ADMIN)), "10.0.0.8")
    causes = {row["code"]: row["cause"] for row in story.passes()}
    assert causes["AccessDenied"] == "url-expired"


def expired_since(seconds: int) -> Ask:
    return plain("GET", lambda sim: str(v1(sim, "vault", ADMIN).sign_url("GET", "payroll.csv", -seconds)))


def test_an_expired_url_of_another_client_stays_what_it_is(stories: Any) -> None:
    story = stories("access_denied")
    story.refused(plain("GET", expired), "10.0.0.7")
    story.refused(shifted(1800, get("vault", "payroll.csv", ADMIN)), "10.0.0.8")
    causes = {row["code"]: row["cause"] for row in story.passes()}
    assert causes["AccessDenied"] == "url-expired"


def test_a_wrong_secret_in_one_release_shows_as_a_release(stories: Any) -> None:
    story = stories("signature_does_not_match")
    wrong = plain("GET", lambda sim: str(v1(sim, "uploads", (UPLOADER[0], "old")).sign_url("GET", "plain.txt", 60)))
    for number in range(6):
        story.refused(wrong, f"10.0.0.{number}")
    rows = story.passes()
    assert len(rows) == 6
    assert {row["facts"].get("view") for row in rows} == {"release"}


def test_one_client_with_a_wrong_secret_is_no_release(stories: Any) -> None:
    story = stories("signature_does_not_match")
    wrong = plain("GET", lambda sim: str(v1(sim, "uploads", (UPLOADER[0], "old")).sign_url("GET", "plain.txt", 60)))
    for _ in range(6):
        story.refused(wrong, "10.0.0.1")
    (row,) = story.passes()
    assert row["facts"].get("view") is None


def test_a_skewed_clock_of_one_device_names_that_device(stories: Any) -> None:
    story = stories("request_time_too_skewed")
    bogus = {"Authorization": f"OSS {SKEWED[0]}:x", "Date": "Thu, 01 Jan 1970 00:03:00 GMT"}
    story.refused(plain("GET", at("reports/hello.txt"), bogus), "10.0.0.9")
    (row,) = story.passes()
    assert row["cause"] == "clock-unset"
    assert "10.0.0.9" in row["subject"]
