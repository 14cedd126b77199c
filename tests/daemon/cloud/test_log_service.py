"""The log service is asked as its own SDK would ask, answers are bounded, and what cannot be read is said to be so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aliyun.log.auth import AuthV4
from aliyun.log.credentials import StaticCredentialsProvider

from ossmend.config.sources.sls import OF_OSS_STORE
from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.ask.logstores import Logstores, Pulled
from ossmend.daemon.cloud.credentials import static
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.guard import READ_ONLY, Guard, WriteForbidden
from ossmend.daemon.cloud.wire.log_service import LogService, Logstore
from ossmend.remediators.contract.verdict import Refused, TryAgain
from tests.daemon.cloud.stubs import Liar, StillClock, answer, liar, settings_for, wire_for
from tests.daemon.cloud.test_log_groups import everything, group, log, part

STORE = Logstore("oss-log-1-cn-hangzhou", OF_OSS_STORE, "cn-hangzhou")
QUERY = "* | where http_status = '403' and a != '~/+ü'"
SHARDS = answer(200, b'[{"shardID":1,"status":"readwrite"},{"shardID":0,"status":"readonly"}]')


def pulled_answer(*logs: bytes, cursor: str = "MTI=", more: str = "") -> bytes:
    return answer(200, part(1, group(*logs)) if logs else b"", f"x-log-cursor: {cursor}\r\n{more}")


def refusal(status: int, code: str, message: str = "m") -> bytes:
    told = f'{{"errorCode":"{code}","errorMessage":"{message}"}}'
    return answer(status, told.encode(), "x-log-requestid: 674000000000000000000001\r\n")


def stores(server: Liar, **settings: object) -> Logstores:
    given = settings_for(server.url, **settings)  # type: ignore[arg-type]  # any of its settings
    clock = StillClock()
    service = LogService(given, wire_for(given, clock), READ_ONLY, clock)
    return Logstores(service, lambda: pytest.fail("nobody asks"), "")


def pull(server: Liar, **settings: object) -> Pulled:
    return stores(server, **settings).pull(STORE, 0, "MTA=", QUERY, everything)


def headers_of(head: str) -> dict[str, str]:
    lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
    return {name.lower(): value for name, _, value in lines}


@pytest.mark.parametrize("token", [None, "CAISecurityToken"])
def test_it_is_signed_as_the_services_own_sdk_signs(token: str | None) -> None:
    with liar(pulled_answer()) as server:
        pull(server, token=token)
    (head,) = server.heads
    line = head.split(" ")[1]
    sent = headers_of(head)
    moment = StillClock().now().strftime("%Y%m%dT%H%M%SZ")
    unsigned = {
        name: value for name, value in sent.items()
        if name in {"host", "x-log-apiversion", "x-log-bodyrawsize", "accept", "accept-encoding"}
    }  # fmt: skip
    provider: Any = StaticCredentialsProvider("LTAI5tStubStubStubStub12", "secret", token or "")
    signer: Any = AuthV4(provider, "cn-hangzhou")
    path, query = urlsplit(line).path, dict(parse_qsl(urlsplit(line).query))
    assert sent["authorization"] == signer._do_sign_request("GET", path, query, unsigned, b"", moment)
    assert query == {
        "type": "log", "cursor": "MTA=", "count": "1000", "pullMode": "scan_on_stream", "query": QUERY,
    }  # fmt: skip


def test_at_an_address_the_host_names_the_project() -> None:
    with liar(SHARDS) as server:
        stores(server).shards(STORE)
    port = server.url.rpartition(":")[2]
    assert headers_of(server.heads[0])["host"] == f"oss-log-1-cn-hangzhou.127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("network", "region", "host"),
    [
        ("public", "cn-hangzhou", "cn-hangzhou.log.aliyuncs.com"),
        ("internal", "cn-hangzhou", "cn-hangzhou-intranet.log.aliyuncs.com"),
        ("internal", "cn-beijing", "cn-beijing.log.aliyuncs.com"),
        ("accelerate", "cn-beijing", "cn-beijing.log.aliyuncs.com"),
    ],
)
def test_a_region_has_a_host_of_its_own_and_inside_of_it_another(network: str, region: str, host: str) -> None:
    settings = CloudSettings(region="cn-hangzhou", credentials=static("a", "b"), network=network)  # type: ignore[arg-type]  # a word of the configuration
    assert settings.log_url(region) == f"https://{host}"


def test_the_project_that_oss_writes_to_is_called_after_account_and_region(open_port: Callable[..., Cloud]) -> None:
    told = b'{"AccountId":"1000000000000011","Arn":"acs:ram::1:user/a","IdentityType":"RAMUser","UserId":"2"}'
    with liar(answer(200, told)) as server:
        cloud = open_port(server.url)
        assert str(cloud.logstores.of(None)) == "oss-log-1000000000000011-cn-hangzhou/oss-log-store"
        assert cloud.logstores.of(None, region="cn-beijing").project == "oss-log-1000000000000011-cn-beijing"
        assert len(server.asked) == 1


def test_shards_come_in_their_order_with_those_that_only_hold_old_entries() -> None:
    with liar(SHARDS) as server:
        assert stores(server).shards(STORE) == (0, 1)


def test_entries_come_with_the_cursor_behind_them() -> None:
    with liar(pulled_answer(log(7, http_status="403"))) as server:
        found = pull(server)
    assert [each.fields for each in found.entries] == [{"http_status": "403"}]
    assert found.cursor == "MTI="


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (answer(200, b"", "Server: a\r\n"), "no cursor"),
        (answer(200, b"\x0a\x7f", "x-log-cursor: a\r\n"), "in the middle of field 1"),
        (answer(200, b"x", "x-log-cursor: a\r\nx-log-compresstype: lz4\r\n"), "packed as lz4"),
        (answer(200, b"", f"x-log-cursor: {'a' * 2000}\r\n"), "no cursor"),
    ],
)
def test_an_answer_that_is_none_is_unreadable_and_moves_nothing(given: bytes, why: str) -> None:
    with liar(given) as server, pytest.raises(Refused, match=why) as caught:
        pull(server)
    assert caught.value.code == "UnreadableAnswer"


@pytest.mark.parametrize("body", [b"", b"{}", b"[{}]", b'[{"shardID":"a"}]', b"[1]", b"null", b"<html>"])
def test_a_list_of_shards_that_is_none_is_unreadable(body: bytes) -> None:
    with liar(answer(200, body)) as server, pytest.raises(Refused) as caught:
        stores(server).shards(STORE)
    assert caught.value.code == "UnreadableAnswer"


def test_a_refusal_keeps_the_services_own_code_and_words_and_no_key() -> None:
    told = "denied by sts or ram, action: log:GetCursorOrData, key LTAI5tStubStubStubStub12"
    with liar(refusal(401, "Unauthorized", told)) as server, pytest.raises(Refused) as caught:
        pull(server)
    assert caught.value.code == "Unauthorized"
    assert caught.value.request_id == "674000000000000000000001"
    assert "denied by sts or ram" in caught.value.message
    assert "LTAI5tStubStubStubStub12" not in caught.value.message
    assert len(server.asked) == 1, "a refusal is not asked again"


@pytest.mark.parametrize(
    ("status", "code", "next_step"),
    [
        (404, "ProjectNotExist", "real-time log query is on for no bucket of this region"),
        (404, "LogStoreNotExist", "no logstore of this name"),
        (403, "ProjectForbidden", "the account may be overdue"),
        (400, "ParameterInvalid", "`filter: ossmend` in this source reads without it"),
    ],
)
def test_a_refusal_that_a_person_can_end_says_how(status: int, code: str, next_step: str) -> None:
    with liar(refusal(status, code, "as the service says it")) as server, pytest.raises(Refused) as found:
        pull(server)
    assert found.value.message.startswith("as the service says it (")
    assert next_step in found.value.message
    assert (found.value.code, found.value.request_id) == (code, "674000000000000000000001")


@pytest.mark.parametrize(
    ("code", "query"), [("ParameterInvalid", None), ("InvalidCursor", QUERY)], ids=["no filter", "a cursor"]
)
def test_what_no_filter_can_be_the_cause_of_is_not_laid_to_it(code: str, query: str | None) -> None:
    with liar(refusal(400, code)) as server, pytest.raises(Refused) as found:
        stores(server).pull(STORE, 0, "MTA=", query, everything)
    assert found.value.message == "m"


@pytest.mark.parametrize(
    "trouble",
    [refusal(403, "ShardReadQuotaExceed"), refusal(403, "ReadQuotaExceed"), refusal(500, "InternalServerError")],
)
def test_quotas_and_faults_of_the_service_pass_by(trouble: bytes) -> None:
    with liar(trouble, pulled_answer(cursor="MTM=")) as server:
        assert pull(server).cursor == "MTM="


def test_a_page_that_something_in_between_has_sent_is_no_answer_of_the_service() -> None:
    with liar(*[answer(503, b"<html>busy</html>", "Server: proxy\r\n")] * 3) as server, pytest.raises(TryAgain):
        pull(server)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/logstores/a-b/shards/0", {"type": "checkpoint"}),
        ("/logstores/a-b/shards/0", {}),
        ("/logstores/a-b/shards", {"type": "log"}),
        ("/logstores/a-b/consumergroups", {}),
        ("/logstores/a-b/shards/0/..", {"type": "log"}),
        ("/logstores/A B/shards", {}),
        ("/logs", {}),
    ],
)
def test_nothing_else_leaves(path: str, params: dict[str, str]) -> None:
    with pytest.raises(WriteForbidden):
        READ_ONLY.log_operation(path, params)


def test_a_client_that_writes_has_no_way_to_the_log_service() -> None:
    with pytest.raises(WriteForbidden):
        Guard().log_operation("/logstores/oss-log-store/shards", {})


def test_the_time_of_a_signature_is_the_clocks() -> None:
    with liar(SHARDS) as server:
        stores(server).shards(STORE)
    assert headers_of(server.heads[0])["x-log-date"] == datetime(2026, 11, 24).strftime("%Y%m%dT%H%M%SZ")  # noqa: DTZ001  # a text


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("denied by sts or ram, action: log:ListShards, resource: acs:log:cn-hangzhou:1:project/p", "Unauthorized"),
        ("AccessKeyId not found: LTAI5tNobody", "InvalidAccessKeyId"),
        ("AccessKeyId is disabled: LTAI5tNobody", "InvalidAccessKeyId"),
        ("The security token you provided has expired.", "InvalidSecurityToken"),
    ],
)
def test_one_code_of_the_service_is_told_apart_by_its_words(message: str, code: str) -> None:
    with liar(refusal(401, "Unauthorized", message)) as server, pytest.raises(Refused) as caught:
        stores(server).shards(STORE)
    assert caught.value.code == code
