"""A log line goes in, an object reads again: the restore journeys, with crashes in the middle."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import oss2
import pytest

from tests.journeys.conftest import Daemon, World, until
from tests.journeys.story import Story
from tests.journeys.test_every_cause import get
from tests.simulator.test_scenes_refuse import REPORTS

POLICY = """\
  - name: thaw
    on: InvalidObjectState
    mode: enforce
    match: { bucket: "reports-*" }
    restore: { days: 1 }
"""
KEYS = [f"2024/q{number % 4}/report {number:03d} 100%+ü.csv" for number in range(100)]


def archive(world: World, name: str, keys: list[str]) -> oss2.Bucket:
    bucket = world.bucket(name, create=True)
    for key in keys:
        bucket.put_object(key, b"x" * 10, headers={"x-oss-storage-class": "Archive"})
    return bucket


def refusal(bucket: oss2.Bucket, key: str) -> str:
    """The line an application logs when a real client is refused that read."""
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.get_object(key)
    assert caught.value.code == "InvalidObjectState"
    return f"2026-11-24 10:00:00,123 ERROR reader: cannot read oss://{bucket.bucket_name}/{key}: {caught.value}\n"


def reads(bucket: oss2.Bucket, key: str) -> bool:
    try:
        return len(bucket.get_object(key).read()) == 10
    except oss2.exceptions.ServerError:
        return False


def write_storm(world: World, daemon: Daemon, lines_each: int) -> oss2.Bucket:
    """Many refused reads of each of 100 archived objects under one prefix, with request ids of their own."""
    bucket = archive(world, "reports-storm", KEYS)
    lines = [refusal(bucket, key) for key in KEYS]
    with daemon.log.open("a", encoding="utf-8") as log:
        for repeat in range(lines_each):
            for line in lines:
                request_id = line.split("'x-oss-request-id': '")[1][:24]
                log.write(line.replace(request_id, f"{request_id[:8]}{repeat:04X}{request_id[12:]}"))
    return bucket


def test_what_lies_together_costs_a_list_call_a_look(stories: Callable[..., Story]) -> None:
    story = stories("invalid_object_state")
    keys = [f"batch/{number:04d}.bin" for number in range(100)]
    for key in keys:
        story.refused(get("reports-archive", key, REPORTS))
    before = len(story.operations())
    story.passes()
    asked = Counter(story.operations()[before:])
    assert (asked["ListObjectsV2"], asked["RestoreObject"]) == (1, 100)
    assert asked["HeadObject"] == 0, "a page of this moment is the look just before each write"
    before = len(story.operations())
    rows = story.passes(10.0)
    asked = Counter(story.operations()[before:])
    assert asked == {"ListObjectsV2": 1, "GetObject": 100}, "one look, and the proof of each"
    assert {row["state"] for row in rows} == {"watching"}


def restored_at_least(world: World, number: int) -> bool:
    return len(world.requests("RestoreObject")) >= number


def settled(daemon: Daemon, events: int) -> bool:
    """Every line was read and every case verified: the last line may be read long after the last restore."""
    cases = daemon.cases()
    verified = [case for case in cases if case["state"] in ("watching", "closed")]
    return len(cases) == len(verified) == 100 and sum(case["events"] for case in cases) == events


def test_a_storm_of_refusals_is_a_hundred_restores(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    bucket = write_storm(world, daemon, lines_each=100)
    before = len(world.requests())
    daemon.start()
    until("every line is read and every case verified", lambda: settled(daemon, events=10_000))
    assert daemon.stop() == 0
    assert len(world.requests("RestoreObject")) == 100
    asked = world.requests()[before:]
    proved = {each["key"] for each in asked if each["operation"] == "GetObject" and each["status"] in (200, 206)}
    assert proved == set(KEYS)
    assert all(reads(bucket, key) for key in KEYS)


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_it_restores_each_object_once(world: World, daemon: Daemon, seed: int) -> None:
    moments = random.Random(seed)  # a reproducible choice of moments, no secret
    daemon.configure(POLICY)
    bucket = write_storm(world, daemon, lines_each=40)
    for _ in range(3):
        enough = moments.randint(0, 100)
        daemon.start()
        until("some restores went out", partial(restored_at_least, world, enough))
        daemon.kill()
    daemon.start()
    until("every line is read and every case verified", lambda: settled(daemon, events=4_000))
    assert daemon.stop() == 0
    assert len(world.requests("RestoreObject")) == 100
    assert all(reads(bucket, key) for key in KEYS)


def test_a_dry_run_plans_the_same_restores_and_sends_nothing(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    bucket = archive(world, "reports-dry", KEYS[:5])
    with daemon.log.open("a", encoding="utf-8") as log:
        log.writelines(refusal(bucket, key) for key in KEYS[:5])
    before = len(world.requests())
    status, report = daemon.command("once", "--dry-run")
    assert (status, {case["state"] for case in report["cases"]}) == (0, {"planned"})
    asked = world.requests()[before:]
    assert {each["method"] for each in asked} <= {"GET", "HEAD", "POST"}
    assert world.requests("RestoreObject") == []
    assert daemon.cases() == [], "the live state is untouched by a dry run"


def test_an_object_outside_the_policy_is_told_and_left_alone(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    bucket = archive(world, "private-data", KEYS[:1])
    daemon.log.write_text(refusal(bucket, KEYS[0]), encoding="utf-8")
    status, report = daemon.command("once")
    assert (status, [case["state"] for case in report["cases"]]) == (1, ["reported"])
    assert world.requests("RestoreObject") == []
