"""Who is let in: both signatures, keys in every state, sessions, clocks; and in which words others are refused."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from aliyun.log import LogClient

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import advance
from tests.simulator.rpc.rpc_client import Account
from tests.simulator.sls.log_client import PROJECT, STORE, NotRefused, client, control, refusal, refused_read, rows

VERSIONS = pytest.mark.parametrize("version", ["v1", "v4"])


def reads(sim: Running, key: tuple[str, ...] = (), version: str = "v4", **settings: Any) -> tuple[int, str, str]:
    """What ListShards says to a key: the refusal, or 200."""
    made = client(sim, key, version, **settings)
    try:
        return refusal(made.list_shards, PROJECT, STORE)
    except NotRefused:
        return 200, "", ""


def own(sim: Running) -> tuple[str, str]:
    return sim.access_key_id, sim.access_key_secret


@VERSIONS
def test_the_right_secret_reads_and_a_wrong_one_does_not(sim: Running, version: str) -> None:
    assert reads(sim, own(sim), version)[0] == 200
    status, code, words = reads(sim, (sim.access_key_id, "wrong"), version)
    assert (status, code) == (401, "SignatureNotMatch")
    assert words.startswith("Signature ")


@VERSIONS
def test_a_query_with_blanks_signs_and_other_letters_sign_too(sim: Running, photos: Any, version: str) -> None:
    request_id = refused_read(photos)
    begin = client(sim).get_cursor(PROJECT, STORE, 0, "begin").get_cursor()
    query = "* | where user_agent != 'ä+~*/&=%' and bucket = 'photos'"
    (row,) = rows(client(sim, version=version).pull_logs(PROJECT, STORE, 0, begin, query=query))
    assert row["request_id"] == request_id


@VERSIONS
def test_a_body_is_signed(sim: Running, version: str) -> None:
    made = client(sim, version=version)
    made.create_consumer_group(PROJECT, STORE, "g", 30)
    assert made.list_consumer_group(PROJECT, STORE).get_consumer_groups()[0].get_consumer_group_name() == "g"


@VERSIONS
def test_a_key_that_nobody_has_is_not_found(sim: Running, version: str) -> None:
    assert reads(sim, ("LTAInobody", "x"), version) == (401, "Unauthorized", "AccessKeyId not found: LTAInobody")


@VERSIONS
def test_a_disabled_key_is_told_so(sim: Running, version: str) -> None:
    key = control(sim, "POST", "keys", {})
    assert reads(sim, (key["id"], key["secret"]), version)[0] == 200
    control(sim, "PATCH", f"keys/{key['id']}", {"status": "Inactive"})
    told = reads(sim, (key["id"], key["secret"]), version)
    assert told == (401, "Unauthorized", f"AccessKeyId is disabled: {key['id']}")


@VERSIONS
def test_a_session_reads_while_it_lives(sim: Running, version: str) -> None:
    scene_role = {"policy": {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]}}
    control(sim, "PUT", "roles/reader", scene_role)
    asked = {"RoleArn": "acs:ram::1234567890123456:role/reader", "RoleSessionName": "tests", "DurationSeconds": "900"}
    given = Account(sim.rpc, *own(sim)).call("Sts", "AssumeRole", asked)["Credentials"]
    key = (given["AccessKeyId"], given["AccessKeySecret"], given["SecurityToken"])
    assert reads(sim, key, version)[0] == 200
    assert reads(sim, key[:2], version) == (401, "Unauthorized", f"AccessKeyId not found: {key[0]}")
    told = reads(sim, (*key[:2], "CAISwrong"), version)
    assert told == (401, "Unauthorized", "The security token you provided is invalid.")
    told = reads(sim, (*own(sim), "CAISwrong"), version)
    assert told == (401, "Unauthorized", "The security token you provided is invalid.")
    advance(sim, 901)
    assert reads(sim, key, version) == (401, "Unauthorized", "The security token you provided has expired.")


@VERSIONS
@pytest.mark.parametrize(("offset", "status"), [(880, 200), (-880, 200), (920, 400), (-920, 400)])
def test_a_clock_may_be_wrong_by_a_quarter_of_an_hour(sim: Running, version: str, offset: int, status: int) -> None:
    control(sim, "PATCH", "clock", {"offset_seconds": offset})
    told = reads(sim, version=version)
    assert told[0] == status
    if status == 400:
        assert told[1] == "RequestTimeExpired"
        assert "has been expired while server time is" in told[2]


def test_another_regions_signature_does_not_match(sim: Running) -> None:
    assert reads(sim, region="cn-beijing")[:2] == (401, "SignatureNotMatch")
    assert reads(sim, region="")[:2] == (401, "SignatureNotMatch")


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, ("MissingParameter", "Missing http extend header key : authorization.")),
        (
            {"Authorization": "LOG nonsense"},
            ("ParameterInvalid", "Http extend authorization : LOG nonsense pair is invalid."),
        ),
        ({"Authorization": "SLS4-HMAC-SHA256 Credential=a"}, ("ParameterInvalid", None)),
        ({"Authorization": "Bearer a"}, ("ParameterInvalid", None)),
        ({"Authorization": "LOG a:b"}, ("MissingParameter", "Missing http extend header key : x-log-signaturemethod.")),
        (
            {"Authorization": "LOG a:b", "x-log-signaturemethod": "hmac-md5"},
            ("ParameterInvalid", "x-log-signaturemethod: hmac-md5 pair is invalid."),
        ),
        (
            {"Authorization": "LOG a:b", "x-log-signaturemethod": "hmac-sha1"},
            ("MissingParameter", "Missing http extend header key : x-log-date."),
        ),
        (
            {"Authorization": "LOG a:b", "x-log-signaturemethod": "hmac-sha1", "Date": "yesterday"},
            ("InvalidRequestTime", "Request time yesterday not follow RFC822 spec."),
        ),
    ],
)
def test_what_is_no_signature_is_refused(sim: Running, headers: dict[str, str], told: tuple[str, str | None]) -> None:
    host = {"Host": f"{PROJECT}.127.0.0.1", "x-log-apiversion": "0.6.0"}
    answer = requests.get(f"{sim.rpc}/logstores/{STORE}/shards", headers=host | headers, timeout=HUNG)
    body = answer.json()
    assert (answer.status_code, body["errorCode"]) == (400, told[0])
    assert told[1] in (None, body["errorMessage"])
    assert len(answer.headers["x-log-requestid"]) == 24


@pytest.mark.parametrize(
    "host",
    [
        f"{PROJECT}.127.0.0.1",
        f"{PROJECT}.127.0.0.1:8080",
        f"{PROJECT}.localhost",
        f"{PROJECT}.cn-hangzhou.log.aliyuncs.com",
        f"{PROJECT}.cn-hangzhou-intranet.log.aliyuncs.com",
    ],
)
@VERSIONS
def test_the_project_is_in_the_host(sim: Running, monkeypatch: pytest.MonkeyPatch, version: str, host: str) -> None:
    made = client(sim, version=version)
    made._logHost = host.removeprefix(f"{PROJECT}.")
    assert made.list_shards(PROJECT, STORE).count == 2


@VERSIONS
def test_the_real_name_is_reached_through_the_simulator_as_proxy(sim: Running, version: str) -> None:
    made = LogClient(
        "http://cn-hangzhou.log.aliyuncs.com",
        *own(sim),
        source="127.0.0.1",
        auth_version=version,
        region="cn-hangzhou",
    )
    made._isRowIp = False
    made._session.trust_env = False
    made._session.proxies = {"http": sim.rpc}
    assert made.list_shards(PROJECT, STORE).count == 2


@pytest.mark.parametrize(
    ("project", "host", "told"),
    [
        ("nothing-here", "127.0.0.1", (404, "ProjectNotExist", "The Project does not exist : nothing-here")),
        (PROJECT, "cn-beijing.log.aliyuncs.com", (404, "ProjectNotExist", f"The Project does not exist : {PROJECT}")),
        ("", "127.0.0.1", (400, "InvalidHost", "Host header 127.0.0.1 is invalid.")),
    ],
)
def test_a_project_that_is_not_there_is_told_so(
    sim: Running, project: str, host: str, told: tuple[int, str, str]
) -> None:
    made = client(sim, version="v1")
    made._logHost = host
    assert refusal(made.list_shards, project, STORE) == told


def test_a_project_is_there_once_one_bucket_has_the_log_on(sim: Running) -> None:
    beijing = PROJECT.replace("hangzhou", "beijing")
    made = client(sim, region="cn-beijing")
    assert refusal(made.list_shards, beijing, STORE)[:2] == (404, "ProjectNotExist")
    control(sim, "PUT", "buckets/north", {"region": "cn-beijing"})
    assert refusal(made.list_shards, beijing, STORE)[:2] == (404, "ProjectNotExist")
    control(sim, "PATCH", "buckets/north", {"real_time_log": True})
    assert made.list_shards(beijing, STORE).count == 2
    control(sim, "PATCH", "buckets/north", {"real_time_log": False})
    assert made.list_shards(beijing, STORE).count == 2


def test_only_oss_s_logstore_is_there(sim: Running) -> None:
    told = refusal(client(sim).list_shards, PROJECT, "mine")
    assert told == (404, "LogStoreNotExist", "logstore mine does not exist")


def test_what_is_not_simulated_is_501_in_words_the_sdk_reads(sim: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    status, code, words = refusal(client(sim).list_logstore, PROJECT)
    assert (status, code, words) == (501, "NotImplemented", "GET /logstores is not simulated")


def test_the_log_of_requests_has_the_operations_by_their_names(sim: Running) -> None:
    made = client(sim)
    begin = made.get_cursor(PROJECT, STORE, 0, "begin").get_cursor()
    made.pull_logs(PROJECT, STORE, 0, begin)
    made.get_log(PROJECT, STORE, 0, 10)
    made.get_logstore(PROJECT, STORE)
    told = control(sim, "GET", "requests?service=sls")["requests"]
    assert [each["operation"] for each in told] == ["GetCursor", "PullLogs", "GetLogs", "GetLogStore"]
    assert {each["bucket"] for each in told} == {PROJECT}
    assert told[1]["key"] == f"{STORE}/shards/0"
    assert {each["access_key_id"] for each in told} == {sim.access_key_id}


def test_oss_does_not_answer_under_a_name_before_an_address(sim: Running) -> None:
    answer = requests.get(f"{sim.oss}/photos", headers={"Host": "photos.127.0.0.1"}, timeout=HUNG)
    assert (answer.status_code, "NonStandardHostForbidden" in answer.text) == (403, True)
