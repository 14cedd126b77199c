"""Faults by rule: what goes wrong on the way, as a client sees it, and what the simulator did meanwhile."""

from __future__ import annotations

import time
from typing import Any

import oss2
import pytest
import requests

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import advance, control, logged


def _fault(sim: Running, **rule: Any) -> int:
    made: int = control(sim, "POST", "faults", rule)["id"]
    return made


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (503, "ServiceUnavailable"),
        (429, "QpsLimitExceeded"),
        (500, "InternalError"),
        (503, "MetaOperationQpsLimitExceeded"),
    ],
)
def test_refusals_by_rule(sim: Running, bucket: Any, status: int, code: str) -> None:
    _fault(sim, operation="PutObject", status=status, code=code, times=1, headers={"x-oss-qos-delay-time": "100"})
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"1")
    assert (refused.value.status, refused.value.code) == (status, code)
    assert refused.value.headers["x-oss-qos-delay-time"] == "100"
    assert not bucket.object_exists("k")
    bucket.put_object("k", b"1")
    assert [entry["status"] for entry in logged(sim) if entry["operation"] == "PutObject"] == [status, 200]


def test_rule_strikes_only_what_it_names(sim: Running, bucket: Any) -> None:
    bucket.put_object("hit/1", b"1")
    bucket.put_object("other", b"1")
    _fault(sim, operation="Get*", bucket="example*", key="hit/*", status=503)
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.get_object("hit/1")
    assert bucket.get_object("other").read() == b"1"
    assert bucket.head_object("hit/1").status == 200


def test_skip_and_times(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"1")
    _fault(sim, operation="GetObject", status=503, skip=1, times=1)
    outcomes = [requests.get(bucket.sign_url("GET", "k", 60), timeout=HUNG).status_code for _ in range(3)]
    assert outcomes == [200, 503, 200]


def test_reset_before_and_after_the_work(sim: Running, bucket: Any) -> None:
    _fault(sim, operation="PutObject", key="before", abort="reset")
    _fault(sim, operation="PutObject", key="after", abort="reset", execute=True)
    for key in ("before", "after"):
        with pytest.raises(oss2.exceptions.RequestError):
            bucket.put_object(key, b"1")
    assert [entry.key for entry in bucket.list_objects().object_list] == ["after"]


def test_half_a_body(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", bytes(100_000))
    _fault(sim, operation="GetObject", abort="half")
    answer = requests.get(bucket.sign_url("GET", "k", 60), stream=True, timeout=HUNG)
    assert answer.headers["Content-Length"] == "100000"
    received = answer.raw.read(100_000, decode_content=False) if hasattr(answer.raw, "enforce_content_length") else b""
    assert len(received) <= 50_000


def test_success_that_was_none(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"1", headers={"x-oss-storage-class": "Archive"})
    _fault(sim, operation="RestoreObject", lie=True, status=202)
    assert bucket.restore_object("k").status == 202
    advance(sim, 60)
    assert "x-oss-restore" not in bucket.head_object("k").headers


def test_refusal_after_the_work(sim: Running, bucket: Any) -> None:
    _fault(sim, operation="PutObject", status=500, execute=True, times=1)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"1")
    assert refused.value.status == 500
    assert bucket.get_object("k").read() == b"1"


def test_page_of_a_proxy_instead_of_xml(sim: Running, bucket: Any) -> None:
    _fault(sim, operation="GetObject", status=403, body="<html>Forbidden by security system</html>")
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object("k")
    assert (refused.value.status, refused.value.code) == (403, "")


def test_latency(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"1")
    _fault(sim, operation="GetObject", latency_seconds=0.3)
    started = time.monotonic()
    assert bucket.get_object("k").read() == b"1"
    assert time.monotonic() - started >= 0.3


def test_headers_are_added_to_the_real_answer(sim: Running, bucket: Any) -> None:
    _fault(sim, operation="ListObjects", headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT"})
    assert bucket.list_objects().headers["Date"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_stale_reads_end(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"old")
    advance(sim, 1000)
    bucket.put_object("k", b"new")
    bucket.put_object("fresh", b"1")
    number = _fault(sim, bucket="examplebucket", stale_seconds=30)
    assert bucket.get_object("k").read() == b"old"
    assert [entry.key for entry in bucket.list_objects().object_list] == ["k"]
    advance(sim, 31)
    assert bucket.get_object("k").read() == b"new"
    assert control(sim, "GET", f"faults/{number}")["struck"] == 3
    control(sim, "DELETE", f"faults/{number}")
    assert control(sim, "GET", "faults") == {"faults": []}


def test_rpc_calls_can_fail_too(sim: Running) -> None:
    _fault(sim, operation="GetCallerIdentity", status=503, body="<html>busy</html>")
    answer = requests.get(f"{sim.rpc}/?Action=GetCallerIdentity", timeout=HUNG)
    assert (answer.status_code, answer.text) == (503, "<html>busy</html>")
