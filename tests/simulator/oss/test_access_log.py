"""Access logs: one line for each request, 29 fields, delivered as an object of the target bucket."""

from __future__ import annotations

import re
import time
from typing import Any

import oss2
import pytest
import requests
from oss2.models import BucketLogging

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import advance, bucket_of, control

_LINE = re.compile(r'"[^"]*"|\[[^\]]*\]|\S+')


@pytest.fixture
def logging(sim: Running, bucket: Any) -> Any:
    target = bucket_of(sim, "logbucket")
    target.create_bucket()
    bucket.put_bucket_logging(BucketLogging("logbucket", "oss/"))
    return target


def _lines(sim: Running, target: Any) -> list[list[str]]:
    control(sim, "POST", "logs/flush")
    text = "".join(target.get_object(entry.key).read().decode() for entry in target.list_objects().object_list)
    lines = [_LINE.findall(line) for line in text.splitlines()]
    assert all(len(fields) == 29 for fields in lines), lines
    return lines


def test_name_is_prefix_bucket_hour_and_number_in_china_time(sim: Running, bucket: Any, logging: Any) -> None:
    before = time.time()
    bucket.put_object("k", b"1")
    (written,) = control(sim, "POST", "logs/flush")["written"]
    hours = {time.strftime("%Y-%m-%d-%H-00-00", time.gmtime(t + 8 * 3600)) for t in (before, time.time())}
    match = re.fullmatch(r"oss/examplebucket(\d{4}-\d\d-\d\d-\d\d-00-00)-\d{4}", written["key"])
    assert match is not None
    assert match[1] in hours


def test_line_of_a_refused_read(sim: Running, bucket: Any, logging: Any) -> None:
    bucket.put_object("dir/k ä", b"cold", headers={"x-oss-storage-class": "Archive"})
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object("dir/k ä", headers={"Referer": "http://ref.example/", "User-Agent": "agent/1 (x; y)"})
    line = _lines(sim, logging)[-1]
    assert line[0] == "127.0.0.1"
    assert re.fullmatch(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0800\]", line[3])
    assert line[4] == '"GET /dir%2Fk%20%C3%A4 HTTP/1.1"'
    assert line[5] == "403"
    assert int(line[6]) == len(refused.value.body)
    assert line[8:11] == ['"http://ref.example/"', '"agent/1 (x; y)"', '"examplebucket.oss-cn-hangzhou.aliyuncs.com"']
    assert line[11] == f'"{refused.value.request_id}"'
    assert line[12:17] == [
        '"true"',
        '"1234567890123456"',
        '"GetObject"',
        '"examplebucket"',
        '"dir%2Fk%20%C3%A4"',
    ]
    assert line[17] == "4"
    assert line[19] == '"InvalidObjectState"'
    assert line[21] == '"1234567890123456"'
    assert line[24] == '"archive"'
    assert line[27] == f'"{sim.access_key_id}"'
    assert line[28] == '"acs:oss:oss-cn-hangzhou:1234567890123456:examplebucket"'


def test_operations_have_their_log_names(sim: Running, bucket: Any, logging: Any) -> None:
    bucket.put_object("k", b"12")
    bucket.head_object("k")
    bucket.list_objects()
    bucket.list_objects_v2()
    bucket.get_bucket_acl()
    with pytest.raises(oss2.exceptions.OperationNotSupported):
        bucket.restore_object("k")
    bucket.delete_object("k")
    requests.options(f"{sim.oss}/examplebucket/k", headers={"Origin": "o"}, timeout=HUNG)
    lines = _lines(sim, logging)
    assert [line[14].strip('"') for line in lines] == [
        "PutBucketLogging",
        "PutObject",
        "HeadObject",
        "GetBucket",
        "GetBucket",
        "GetBucketAcl",
        "RestoreObject",
        "DeleteObject",
        "OptionObject",
    ]
    assert [line[19].strip('"') for line in lines][-3:] == ["OperationNotSupported", "-", "BadRequest"]


def test_preflight_and_unsigned_requests_have_no_requester(sim: Running, bucket: Any, logging: Any) -> None:
    headers = {"Origin": "https://a", "Access-Control-Request-Method": "GET"}
    requests.options(f"{sim.oss}/examplebucket/k", headers=headers, timeout=HUNG)
    line = _lines(sim, logging)[-1]
    assert (line[4], line[5], line[19]) == ('"OPTIONS /k HTTP/1.1"', "403", '"AccessForbidden"')
    assert (line[13], line[27]) == ('"-"', '"-"')


def test_failed_authentication_keeps_the_key_id(sim: Running, bucket: Any, logging: Any) -> None:
    with pytest.raises(oss2.exceptions.ServerError):
        bucket_of(sim, "examplebucket", key=("LTAInobody", "x")).get_object("k")
    line = _lines(sim, logging)[-1]
    assert (line[5], line[13], line[19], line[27]) == ("403", '"-"', '"InvalidAccessKeyId"', '"LTAInobody"')


def test_hour_that_passes_delivers_without_being_asked(sim: Running, bucket: Any, logging: Any) -> None:
    bucket.put_object("k", b"1")
    assert logging.list_objects().object_list == []
    advance(sim, 3601)
    assert len(logging.list_objects().object_list) == 1


def test_nothing_is_written_without_lines_and_nothing_twice(sim: Running, bucket: Any, logging: Any) -> None:
    bucket.put_object("k", b"1")
    assert len(control(sim, "POST", "logs/flush")["written"]) == 1
    assert control(sim, "POST", "logs/flush")["written"] == []


def test_broken_connections_are_not_logged(sim: Running, bucket: Any, logging: Any) -> None:
    control(sim, "POST", "faults", {"operation": "GetObject", "bucket": "examplebucket", "abort": "reset"})
    with pytest.raises(oss2.exceptions.RequestError):
        bucket.get_object("k")
    assert "GetObject" not in {line[14].strip('"') for line in _lines(sim, logging)}


def test_log_bucket_that_logs_itself_logs_its_own_log(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_logging(BucketLogging("examplebucket", "log/"))
    bucket.put_object("k", b"1")
    control(sim, "POST", "logs/flush")
    control(sim, "POST", "logs/flush")
    listed = [entry.key for entry in bucket.list_objects(prefix="log/").object_list]
    assert len(listed) == 2
    assert b"PutObject" in bucket.get_object(listed[1]).read()
