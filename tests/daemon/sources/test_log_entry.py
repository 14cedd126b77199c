"""An entry of OSS's log in the log service says what its line in the access log says, and here and there more."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossmend.daemon.sources.parsers.log_entry import event_of_entry
from ossmend.remediators.contract.case import Event, Origin

NOON = 1_764_374_400


def fields(**other: str) -> dict[str, str]:
    """A refused GET of an archived object, as the log service has it; `-` is what is not there."""
    return {
        "time": "29/Nov/2025:08:00:00",
        "bucket": "reports",
        "object": "2024%2Fa%20b.csv",
        "operation": "GetObject",
        "http_method": "GET",
        "http_status": "403",
        "error_code": "InvalidObjectState",
        "access_id": "LTAI5tExample",
        "requester_id": "300000000000000033",
        "owner_id": "1000000000000011",
        "request_id": "692A3A80C0FFEE1200000001",
        "client_ip": "198.51.100.23",
        "host": "reports.oss-cn-hangzhou.aliyuncs.com",
        "request_uri": "%2F2024%252Fa%2520b.csv",
        "user_agent": "aliyun-sdk-python/2.19.1",
        "referer": "-",
        "sign_type": "NormalSign",
        "sync_request": "-",
        "bucket_location": "oss-cn-hangzhou",
        "bucket_storage_type": "archive",
        "object_size": "370070",
        "response_time": "15",
        "user_defined_log_fields": "-",
    } | other


def event(**other: str) -> Event:
    found = event_of_entry(fields(**other), NOON, source="sls:oss-log", where="p/s/0")
    assert found is not None
    return found


def logged(headers: Mapping[str, object]) -> str:
    told = {"truncated": False, "headers": headers, "querys": {}}
    return base64.b64encode(json.dumps(told).encode()).decode()


def preflight(headers: Mapping[str, object], **other: str) -> Event:
    asked = {"http_method": "OPTIONS", "error_code": "AccessForbidden", "access_id": "-", "requester_id": "-"}
    return event(**asked, user_defined_log_fields=logged(headers), **other)


def test_a_refused_entry_becomes_an_event_that_oss_tells() -> None:
    found = event()
    assert (found.code, found.status, found.bucket, found.key) == ("InvalidObjectState", 403, "reports", "2024/a b.csv")
    assert (found.client, found.user_agent, found.access_key_id) == (
        "198.51.100.23",
        "aliyun-sdk-python/2.19.1",
        "LTAI5tExample",
    )
    assert (found.method, found.operation, found.requester_id) == ("GET", "GetObject", "300000000000000033")
    assert found.request_id == "692A3A80C0FFEE1200000001"
    assert (found.shape, found.where, found.source) == ("access_log", "p/s/0", "sls:oss-log")
    assert found.origins["key"] is Origin.BODY
    assert found.fields["storage_class"] == "archive"


def test_its_time_is_the_entrys_own_and_not_the_text_without_a_zone() -> None:
    assert event().time == datetime(2025, 11, 29, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("other", [{"http_status": "200", "error_code": "-"}, {"http_status": "404"}])
def test_what_was_answered_or_refused_for_another_reason_is_no_event(other: dict[str, str]) -> None:
    assert event_of_entry(fields(**other), NOON, source="s", where="w") is None


def test_a_damaged_picture_counts_with_400_too() -> None:
    assert event(http_status="400", error_code="ImageDamage").code == "ImageDamage"


def test_the_ec_is_taken_where_there_is_one_and_missed_by_nobody_where_not() -> None:
    assert event(ec="0002-00000040").ec == "0002-00000040"
    assert event().ec is None


@pytest.mark.parametrize("name", ["user_agent", "user-agent", "User-Agent"])
def test_the_agent_has_one_of_three_names(name: str) -> None:
    told = {key: value for key, value in fields().items() if key != "user_agent"}
    found = event_of_entry({**told, name: "curl/8.7.1"}, NOON, source="s", where="w")
    assert found is not None
    assert found.user_agent == "curl/8.7.1"


def test_a_preflights_own_headers_are_read_where_the_account_has_them_logged() -> None:
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type, x-oss-meta-a",
    }
    found = preflight(asked, referer="https://other.example/page")
    assert (found.origin, found.origin_from) == ("https://app.example", "origin")
    assert (found.cors_method, found.cors_headers) == ("PUT", ("content-type", "x-oss-meta-a"))


def test_without_them_the_referer_tells_the_origin_and_is_marked_so() -> None:
    found = preflight({}, referer="https://app.example/page?x=1")
    assert (found.origin, found.origin_from, found.cors_method) == ("https://app.example", "referer", None)


@pytest.mark.parametrize(
    "packed",
    ["!", "e30=", "bnVsbA==", "W10=", "eyJoZWFkZXJzIjogW119", logged({"origin": 7}), logged({"origin": "a\nb"})],
)
def test_logged_headers_of_another_form_are_left_alone(packed: str) -> None:
    found = event(error_code="AccessForbidden", http_method="OPTIONS", user_defined_log_fields=packed)
    assert found.origin is None


def test_a_version_in_the_address_is_the_objects() -> None:
    assert event(request_uri="%2Fa.csv%3FversionId%3DCAEQABC").version_id == "CAEQABC"


def test_nobody_can_sign_with_what_an_event_keeps_of_a_signed_address() -> None:
    signed = "%2Fa.csv%3FOSSAccessKeyId%3DLTAI5tExample%26Expires%3D1764374400%26Signature%3Dc2VjcmV0U2lnbmF0dXJl"
    found = event(request_uri=f"{signed}%26security-token%3DCAISsecretToken")
    for secret in ("c2VjcmV0U2lnbmF0dXJl", "CAISsecretToken"):
        assert secret not in found.sample
        assert secret not in (found.url or "")


@given(st.dictionaries(st.sampled_from([*fields()]), st.text(max_size=40)), st.integers(0, 2**70))
def test_no_values_whatsoever_raise(told: dict[str, str], time: int) -> None:
    found = event_of_entry({**fields(), **told, "http_status": "403"}, time, source="s", where="w")
    assert found is not None
