"""What a row tells of a request: every field, preflights, how it was signed, sessions, and what may be beside it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import oss2
import pytest
import requests

from ossmend.simulator.serve import Running, running_simulator
from tests.patience import HUNG
from tests.simulator.oss.clients import bucket_of, logged, stopped
from tests.simulator.rpc.rpc_client import Account
from tests.simulator.sls.conftest import SCENE
from tests.simulator.sls.log_client import PROJECT, STORE, client, control, everything, refused_read

DENIED = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "oss:*", "Resource": "*"}]}
FIELDS = set(
    "__time__ __topic__ __source__ acc_access_region access_id bucket bucket_location bucket_storage_type client_ip "
    "content_length_in content_length_out delta_data_size error_code extend_information host http_method http_status "
    "http_type logging_flag object object_size operation owner_id referer request_id request_length request_uri "
    "requester_id response_body_length response_time restore_priority server_cost_time sign_type sync_request time "
    "user_agent user_defined_log_fields vpc_addr vpc_id".split()
)


def last(sim: Running) -> dict[str, Any]:
    """The row of the latest OSS request."""
    wanted = [each for each in logged(sim) if each["service"] == "oss"][-1]["request_id"]
    return next(row for row in everything(client(sim)) if row["request_id"] == wanted)


def test_every_field_of_a_refused_read(sim: Running, photos: Any) -> None:
    now = stopped(sim)
    request_id = refused_read(photos)
    row = last(sim)
    assert set(row) == FIELDS
    assert all(isinstance(value, str) for name, value in row.items() if name != "__time__")
    assert row["__time__"] == int(now)
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d", row["time"])
    wanted = {
        "access_id": sim.access_key_id,
        "requester_id": "1234567890123456",
        "owner_id": "1234567890123456",
        "bucket": "photos",
        "object": "cold%20%C3%A4.bin",
        "request_uri": "%2Fcold%2520%25C3%25A4.bin",
        "operation": "GetObject",
        "http_method": "GET",
        "http_status": "403",
        "error_code": "InvalidObjectState",
        "request_id": request_id,
        "host": "photos.oss-cn-hangzhou.aliyuncs.com",
        "bucket_location": "oss-cn-hangzhou",
        "bucket_storage_type": "archive",
        "user_agent": "app/1",
        "client_ip": "127.0.0.1",
        "sync_request": "-",
        "vpc_id": "-",
        "sign_type": "NormalSign",
        "extend_information": "-",
        "user_defined_log_fields": "-",
    }
    assert {name: row[name] for name in wanted} == wanted


def test_time_is_china_s(sim: Running, photos: Any) -> None:
    sim.do(lambda cloud: setattr(cloud.clock, "machine", lambda: 1519711125.0))  # 27 February 2018, 05:58:45 UTC
    requests.get(f"{sim.oss}/photos/a", timeout=HUNG)
    row = sim.do(lambda cloud: cloud.log_service.projects[PROJECT].shards[0].groups[0].rows[0])
    assert (row.fields["time"], row.time) == ("27/Feb/2018:13:58:45", 1519711125)


def test_a_preflight_that_is_refused_is_a_row(sim: Running) -> None:
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    assert requests.options(f"{sim.oss}/photos/a", headers=headers, timeout=HUNG).status_code == 403
    row = last(sim)
    assert (row["http_method"], row["error_code"], row["operation"]) == ("OPTIONS", "AccessForbidden", "OptionObject")
    assert (row["access_id"], row["requester_id"], row["sign_type"]) == ("-", "-", "NotSign")


@pytest.mark.parametrize(
    ("version", "by_url", "sign_type"),
    [("v1", False, "NormalSign"), ("v1", True, "UriSign"), ("v4", False, "NORMAL_SIGN4"), ("v4", True, "URI_SIGN4")],
)
def test_how_it_was_signed(sim: Running, version: str, by_url: bool, sign_type: str) -> None:
    bucket = bucket_of(sim, "photos", version)
    if by_url:
        requests.get(bucket.sign_url("GET", "a", 60), timeout=HUNG)
    else:
        assert not bucket.object_exists("a")
    assert last(sim)["sign_type"] == sign_type


def test_an_unknown_key_is_told_and_nobody_as_requester(sim: Running) -> None:
    bucket = bucket_of(sim, "photos", key=("LTAI5tTYPO", "x"))
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.get_object("a")
    row = last(sim)
    assert (row["error_code"], row["access_id"], row["requester_id"]) == ("InvalidAccessKeyId", "LTAI5tTYPO", "-")


def test_a_session_is_told_with_its_role(sim: Running) -> None:
    control(sim, "PUT", "roles/reader", {"policy": DENIED})
    asked = {"RoleArn": "acs:ram::1234567890123456:role/reader", "RoleSessionName": "night"}
    account = Account(sim.rpc, sim.access_key_id, sim.access_key_secret)
    given = account.call("Sts", "AssumeRole", asked)["Credentials"]
    auth = oss2.StsAuth(given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])
    with pytest.raises(oss2.exceptions.AccessDenied):
        oss2.Bucket(auth, sim.oss, "photos").get_object("a")
    row = last(sim)
    assert row["extend_information"] == "1234567890123456,reader,night,1234567890123456"
    assert row["access_id"].startswith("STS.")


def test_the_ec_is_there_when_it_is_switched_on(sim: Running, photos: Any) -> None:
    refused_read(photos)
    assert "ec" not in last(sim)
    control(sim, "PATCH", "real-time-log", {"ec": True})
    refused_read(photos)
    assert last(sim)["ec"] == "0016-00000404"
    photos.put_object("k", b"1")
    assert last(sim)["ec"] == "-"


def test_the_field_of_the_user_agent_has_the_name_that_is_chosen(sim: Running, photos: Any) -> None:
    control(sim, "PATCH", "real-time-log", {"user_agent_field": "User-Agent"})
    refused_read(photos)
    row = last(sim)
    assert (row["User-Agent"], "user_agent" in row) == ("app/1", False)


def test_headers_that_the_bucket_names_are_told(sim: Running, photos: Any) -> None:
    document = (
        "<UserDefinedLogFieldsConfiguration><HeaderSet><header>origin</header><header>x-none</header></HeaderSet>"
        "<ParamSet><parameter>p</parameter></ParamSet></UserDefinedLogFieldsConfiguration>"
    )
    control(sim, "PATCH", "buckets/photos", {"documents": {"userDefinedLogFieldsConfig": document}})
    requests.options(
        f"{sim.oss}/photos/a?p=1",
        headers={"Origin": "https://app.example", "Access-Control-Request-Method": "GET"},
        timeout=HUNG,
    )
    told = json.loads(base64.b64decode(last(sim)["user_defined_log_fields"]))
    assert told == {"truncated": False, "headers": {"origin": "https://app.example"}, "querys": {"p": "1"}}
    requests.get(f"{sim.oss}/photos/a", headers={"Origin": "o" * 1100}, timeout=HUNG)
    told = json.loads(base64.b64decode(last(sim)["user_defined_log_fields"]))
    assert told == {"truncated": True, "headers": {}, "querys": {}}


@pytest.mark.parametrize(("every", "count"), [(None, 2), (3, 6), (0, 0)])
def test_rows_about_what_is_billed_are_mixed_in(sim: Running, photos: Any, every: int | None, count: int) -> None:
    if every is not None:
        control(sim, "PATCH", "real-time-log", {"metering_every": every})
    for _ in range(20):
        refused_read(photos)
    found = []
    for shard in (0, 1):
        begin = client(sim).get_begin_cursor(PROJECT, STORE, shard).get_cursor()
        found += client(sim).pull_logs(PROJECT, STORE, shard, begin).get_flatten_logs_json()
    metered = [row for row in found if row["__topic__"] == "oss_metering_log"]
    assert (len(metered), len(found)) == (count, 20 + count)
    assert all("http_status" not in row for row in metered)


def test_a_request_that_broke_off_is_no_row(sim: Running, photos: Any) -> None:
    control(sim, "POST", "faults", {"operation": "GetObject", "abort": "reset", "times": 1})
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sim.oss}/photos/a", timeout=HUNG)
    assert everything(client(sim)) == []


def test_over_tls_the_log_is_on_the_plain_port() -> None:
    with running_simulator(scene=SCENE, speed=0.0, tls=True) as sim:
        ca_file = sim.ready.ca_file
        assert requests.get(f"{sim.oss}/photos/a", verify=ca_file, timeout=HUNG).status_code == 403
        assert sim.rpc.startswith("http://")
        assert last(sim)["http_type"] == "https"
