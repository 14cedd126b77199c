"""Server access logs in a bucket: refusals are found there late, once, and never the daemon's own."""

from __future__ import annotations

import gzip
from pathlib import Path

import oss2
import pytest
import requests

from tests.journeys.conftest import Daemon, World
from tests.journeys.test_restore import POLICY, archive, refusal
from tests.patience import HUNG


def flush(world: World) -> None:
    """Let OSS write its hourly access logs now."""
    with requests.Session() as session:
        session.trust_env = False
        assert session.post(f"{world.simulator.control}/logs/flush", json={}, timeout=HUNG).ok


def logged(world: World, daemon: Daemon, name: str, keys: list[str]) -> oss2.Bucket:
    """An archive whose requests are logged to another bucket, which the daemon reads."""
    world.bucket("the-logs", create=True)
    bucket = archive(world, name, keys)
    bucket.put_bucket_logging(oss2.models.BucketLogging("the-logs", "oss/"))
    daemon.configure(POLICY)
    text = daemon.config.read_text(encoding="utf-8")
    source = "sources: [ { access_log: { bucket: the-logs, prefix: oss/ } } ]"
    lines = [source if line.startswith("sources:") else line for line in text.splitlines()]
    daemon.config.write_text("\n".join(lines), encoding="utf-8")
    return bucket


def refused(bucket: oss2.Bucket, key: str) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.get_object(key)
    assert caught.value.code == "InvalidObjectState"


def test_refusals_in_an_access_log_are_restored_once_and_not_again_by_the_next_object(
    world: World, daemon: Daemon
) -> None:
    keys = ["a b/ü+%.csv", "c"]
    bucket = logged(world, daemon, "reports-logged", keys)
    for _ in range(5):
        for key in keys:
            refused(bucket, key)
    flush(world)
    status, told = daemon.command("once")
    assert (status, sorted(case["events"] for case in told["cases"])) == (0, [5, 5])
    assert sorted(each["key"] for each in world.requests("RestoreObject")) == sorted(keys)
    flush(world)
    daemon.command("once")
    assert len(world.requests("RestoreObject")) == 2


def test_the_daemons_own_refused_requests_make_no_case(world: World, daemon: Daemon) -> None:
    bucket = logged(world, daemon, "reports-own", ["c"])
    refused(bucket, "c")
    flush(world)
    daemon.command("once")  # its own ranged GET of the frozen object may be refused, and is logged
    agents = {each["user_agent"] for each in world.requests() if "ossmend/" in each["user_agent"]}
    assert agents
    flush(world)
    before = daemon.cases()
    daemon.command("once")
    after = daemon.cases()
    assert [case["events"] for case in before] == [case["events"] for case in after] == [1]


def test_a_log_bucket_that_is_not_there_is_said_and_the_rest_goes_on(world: World, daemon: Daemon) -> None:
    bucket = logged(world, daemon, "reports-gone", ["c"])
    text = daemon.config.read_text(encoding="utf-8").replace("bucket: the-logs", "bucket: no-such-logs")
    both = text.replace("sources: [", f"sources: [ {{ app_log: {{ path: '{daemon.log}', start: beginning }} }},")
    daemon.config.write_text(both, encoding="utf-8")
    daemon.log.write_text(refusal(bucket, "c"), encoding="utf-8")
    daemon.command("once")
    assert len(world.requests("RestoreObject")) == 1


def test_a_log_that_was_copied_to_a_packed_file_tells_the_same(world: World, daemon: Daemon, tmp_path: Path) -> None:
    bucket = logged(world, daemon, "reports-copied", ["c"])
    refused(bucket, "c")
    flush(world)
    logs = world.bucket("the-logs")
    copied = b"".join(logs.get_object(each.key).read() for each in oss2.ObjectIterator(logs))
    (tmp_path / "hour.log.gz").write_bytes(gzip.compress(copied))
    text = daemon.config.read_text(encoding="utf-8")
    there = f"path: {tmp_path}/*.gz, start: beginning, trust: high"
    daemon.config.write_text(text.replace("bucket: the-logs, prefix: oss/", there), encoding="utf-8")
    status, told = daemon.command("once")
    assert (status, [case["events"] for case in told["cases"]]) == (0, [1])
    assert [each["key"] for each in world.requests("RestoreObject")] == ["c"]
