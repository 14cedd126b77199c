"""The control API: everything can be set and seen, and what is set wrongly is told."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import oss2
import pytest
import requests

from ossmend.simulator.clock import Clock
from ossmend.simulator.serve import Running, running_simulator, serve
from tests.patience import HUNG
from tests.simulator.oss.clients import bucket_of, control, logged


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("PUT", "requests", None, 405),
        ("POST", "advance", {}, 400),
        ("POST", "advance", {"seconds": "many"}, 400),
        ("POST", "advance", {"seconds": -1}, 400),
        ("POST", "advance", {"seconds": True}, 400),
        ("POST", "advance", {"seconds": 1, "minutes": 2}, 400),
        ("POST", "advance", [1], 400),
        ("POST", "clock", {"offset_seconds": None}, 400),
        ("PUT", "buckets/Bad_Name", {}, 400),
        ("PUT", "buckets/good-name", {"acl": "open"}, 400),
        ("PUT", "buckets/good-name", {"colour": "blue"}, 400),
        ("PUT", "buckets/good-name", {"cors": [{"allowed_methods": ["PATCH"]}]}, 400),
        ("PUT", "buckets/good-name", {"objects": ["a"]}, 400),
        ("PATCH", "buckets/not-there", {}, 404),
        ("GET", "buckets/not-there/objects/k", None, 404),
        ("PATCH", "buckets/examplebucket/objects/k", {"size": 1}, 404),
        ("PUT", "buckets/examplebucket/objects/k", {"size": -1}, 400),
        ("PUT", "buckets/examplebucket/objects/k", {"size": 1, "content": "x"}, 400),
        ("PUT", "buckets/examplebucket/objects/k", {"content_base64": "%"}, 400),
        ("PUT", "buckets/examplebucket/objects/k", {"storage_class": "Glacier"}, 400),
        ("PUT", "buckets/examplebucket/objects/k", {"restore": "restoring"}, 400),
        ("PUT", "buckets/examplebucket/objects/k", {"headers": {"A": "b\r\nc"}}, 400),
        ("PUT", "buckets/examplebucket/objects/k", {"etag": "zz"}, 400),
        ("POST", "buckets/examplebucket/objects", {"count": 2, "pattern": "same"}, 400),
        ("POST", "buckets/examplebucket/objects", {"count": 2, "pattern": "{x}"}, 400),
        ("POST", "buckets/examplebucket/objects", {}, 400),
        ("POST", "faults", {"status": 99}, 400),
        ("POST", "faults", {"abort": "explode"}, 400),
        ("POST", "faults", {"headers": {"a": "b\r\n"}}, 400),
        ("GET", "faults/7", None, 404),
        ("PUT", "restore-durations", {"Standard": 1}, 400),
        ("PUT", "restore-durations", {"Archive": "long"}, 400),
        ("PUT", "propagation", {"cors_seconds": -1}, 400),
        ("PATCH", "account", {"status": "happy"}, 400),
        ("PATCH", "users/nobody", {}, 404),
        ("POST", "keys", {"user": "nobody"}, 400),
        ("POST", "keys", {"networks": ["nonsense"]}, 400),
        ("PATCH", "keys/LTAInobody", {"status": "Active"}, 404),
        ("GET", "requests?after=x", None, 400),
    ],
)
def test_bad_input_is_told_in_json(
    sim: Running, bucket: Any, method: str, path: str, body: object, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = requests.request(method, f"{sim.control}/{path}", json=body, headers=headers, timeout=HUNG)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


def test_body_that_is_no_json_is_400(sim: Running) -> None:
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{sim.control}/advance", data=b"{nonsense", headers=headers, timeout=HUNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadSetting")


def test_requests_are_recorded_from_the_start_and_in_order(sim: Running, bucket: Any) -> None:
    before = datetime.now(UTC).replace(microsecond=0)  # the log tells whole seconds
    bucket.put_object("k ä", b"1")
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object("nothing")
    bucket.list_objects_v2()
    after = datetime.now(UTC)
    entries = logged(sim)
    assert [entry["operation"] for entry in entries] == ["PutBucket", "PutObject", "GetObject", "ListObjectsV2"]
    put, missing = entries[1], entries[2]
    assert (put["method"], put["bucket"], put["key"], put["status"]) == ("PUT", "examplebucket", "k ä", 200)
    assert put["access_key_id"] == sim.access_key_id
    assert before <= datetime.fromisoformat(put["time"]) <= after
    assert (missing["status"], missing["code"]) == (404, "NoSuchKey")
    assert len(missing["request_id"]) == 24
    assert missing["user_agent"].startswith("aliyun-sdk-python/")
    found = control(sim, "GET", "requests?operation=GetObject&after=1")
    assert (len(found["requests"]), found["total"]) == (1, 4)


def test_cors_rules_are_shown_as_they_are_given_and_can_be_given_as_they_are_shown(sim: Running) -> None:
    rule = {
        "allowed_origins": ["https://app.example.com"],
        "allowed_methods": ["GET", "PUT"],
        "allowed_headers": ["x-a"],
        "expose_headers": ["ETag"],
        "max_age_seconds": 60,
    }
    given = {"rules": [rule], "response_vary": True}
    shown = control(sim, "PUT", "buckets/first", {"cors": given})["cors"]
    assert shown == given
    assert control(sim, "PUT", "buckets/second", {"cors": shown})["cors"] == given
    bare = control(sim, "PATCH", "buckets/second", {"cors": [{"allowed_origins": ["*"], "allowed_methods": ["GET"]}]})
    assert control(sim, "PATCH", "buckets/first", {"cors": bare["cors"]})["cors"] == bare["cors"]


def test_the_buckets_are_listed_each_as_it_is_shown_alone(sim: Running) -> None:
    assert control(sim, "GET", "buckets") == {"buckets": {}}
    for name in ("shop-b", "shop-a"):
        control(sim, "PUT", f"buckets/{name}", {"objects": {"k": {"content": "1"}}})
    listed = control(sim, "GET", "buckets")["buckets"]
    assert list(listed) == ["shop-a", "shop-b"]
    assert listed["shop-a"] == control(sim, "GET", "buckets/shop-a")
    control(sim, "DELETE", "buckets/shop-a")
    assert list(control(sim, "GET", "buckets")["buckets"]) == ["shop-b"]


def test_bucket_is_set_up_and_taken_down(sim: Running) -> None:
    control(
        sim,
        "PUT",
        "buckets/made-here",
        {
            "acl": "public-read",
            "versioning": "Enabled",
            "tags": {"a": "b"},
            "cors": [{"allowed_origins": ["*"], "allowed_methods": ["GET"], "max_age_seconds": 5}],
            "referer": {"allow_empty": False, "allowed": ["http://a"]},
            "policy": {"Version": "1", "Statement": []},
            "objects": {"dir/k": {"content": "text", "content_type": "text/x", "tags": {"t": "1"}}},
        },
    )
    bucket = bucket_of(sim, "made-here")
    assert bucket.get_bucket_cors().rules[0].max_age_seconds == 5
    assert bucket.get_object("dir/k").headers["Content-Type"] == "text/x"
    control(sim, "PATCH", "buckets/made-here", {"cors": None, "acl": "private"})
    with pytest.raises(oss2.exceptions.NoSuchCors):
        bucket.get_bucket_cors()
    assert control(sim, "GET", "buckets/made-here")["acl"] == "private"
    control(sim, "DELETE", "buckets/made-here")
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        bucket.get_bucket_acl()


def test_object_is_damaged_aged_and_deleted(sim: Running, bucket: Any) -> None:
    bucket.put_object("a/k ä", b"good")
    path = "buckets/examplebucket/objects/a/k%20%C3%A4"
    control(sim, "PATCH", path, {"content_base64": "AAAA", "modified": 1_600_000_000})
    result = bucket.get_object("a/k ä")
    assert (result.read(), result.headers["Last-Modified"]) == (b"\0\0\0", "Sun, 13 Sep 2020 12:26:40 GMT")
    assert control(sim, "GET", path)["versions"][0]["size"] == 3
    control(sim, "DELETE", path)
    assert not bucket.object_exists("a/k ä")


def test_state_has_no_secrets(sim: Running, bucket: Any) -> None:
    text = json.dumps(control(sim, "GET", "state"))
    assert sim.access_key_id in text
    assert sim.access_key_secret not in text


def test_only_loopback_is_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback only"):
        serve("0.0.0.0", 0)


@contextmanager
def ended(program: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever fails meanwhile: Popen's own end would wait for a program that nobody stops."""
    try:
        yield
    finally:
        program.terminate()


def test_program_says_when_it_is_ready_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "ossmend.simulator", "--port", "0", "--ready-json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program, ended(program):
        assert program.stdout is not None
        ready = json.loads(program.stdout.readline())
        assert set(ready) == {"oss", "rpc", "control", "region", "access_key_id", "access_key_secret"}
        assert ready["region"] == "cn-hangzhou"
        assert ready["control"].startswith(ready["oss"] + "/_simulator/")
        assert requests.get(ready["control"] + "/requests", timeout=HUNG).json() == {"requests": [], "total": 0}
        bucket = oss2.Bucket(
            oss2.Auth(ready["access_key_id"], ready["access_key_secret"]), ready["oss"], "examplebucket"
        )
        bucket.create_bucket()
        program.terminate()
        assert program.wait(HUNG) == 0


def test_taken_port_and_impossible_scene_are_told(sim: Running, capfd: pytest.CaptureFixture[str]) -> None:
    port = int(sim.oss.rpartition(":")[2])
    assert serve(port=port) == 1
    assert "cannot listen" in capfd.readouterr().err
    with pytest.raises(RuntimeError, match="did not start"), running_simulator(port=port):
        pass
    assert serve(port=0, scene={"nonsense": 1}) == 2
    assert "nonsense" in capfd.readouterr().err


def test_do_runs_in_the_simulators_thread(sim: Running) -> None:
    sim.do(lambda cloud: cloud.create_bucket("from-python"))
    assert bucket_of(sim, "from-python").get_bucket_acl().acl == "private"


def unshared_port() -> int:
    """A free port that nobody is given who asks for any: those are taken from the system's range above it."""
    for port in range(20_000, 30_000):
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    pytest.skip("no port is free")


def test_stopping_twice_is_fine_and_frees_the_port() -> None:
    port = unshared_port()
    with running_simulator(port=port) as sim:
        sim.stop()
    with running_simulator(port=port) as again:
        assert again.oss == sim.oss


class Hands:
    """Clocks moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_clock_knows_when_something_was_over() -> None:
    hands = Hands()
    clock = Clock(machine=hands, monotonic=hands)
    hands.now += 10
    assert (clock.shown(), clock.elapsed()) == (1010, 10)
    clock.advance(100)
    assert (clock.shown(), clock.elapsed()) == (1010, 110)
    assert clock.shown_when(5) == 1005
    assert clock.shown_when(50) == 1010
    assert clock.shown_when(115) == 1015
    clock.set_speed(2)
    hands.now += 10
    assert clock.elapsed() == 130
    assert clock.shown_when(120) == 1015
    assert clock.shown_when(50) == 1010
    clock.offset_seconds = 500
    assert clock.shown() == 1520
    clock.set_speed(0)
    hands.now += 10
    assert clock.elapsed() == 130


def test_clock_does_not_run_backwards() -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="only be advanced"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="negative"):
        Clock(speed=-1)
