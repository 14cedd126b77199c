"""An entry of OSS's log in the log service says what its line in the access log says, and here and there more."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossmend.daemon.sources.parsers import events_in
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


@pytest.mark.parametrize("truncated", [True, "true", 1])
def test_of_headers_that_were_cut_off_none_is_taken_for_what_was_asked(truncated: object) -> None:
    told = {"truncated": truncated, "headers": {"origin": "https://app.exam", "access-control-request-method": "PUT"}}
    packed = base64.b64encode(json.dumps(told).encode()).decode()
    asked = {"http_method": "OPTIONS", "error_code": "AccessForbidden", "referer": "https://app.example/page"}
    found = event(**asked, user_defined_log_fields=packed)
    assert (found.origin, found.origin_from, found.cors_method) == ("https://app.example", "referer", None)


def test_without_them_the_referer_tells_the_origin_and_is_marked_so() -> None:
    found = preflight({}, referer="https://app.example/page?x=1")
    assert (found.origin, found.origin_from, found.cors_method) == ("https://app.example", "referer", None)


@pytest.mark.parametrize(
    "packed",
    [
        *("!", "e30=", "bnVsbA==", "W10=", "eyJoZWFkZXJzIjogW119"),
        *(logged({"origin": told}) for told in (7, "a\nb", "\ud800", json.loads("[" * 400 + "]" * 400))),
        logged({"\ud800": "a"}),
    ],
)
def test_logged_headers_of_another_form_are_left_alone(packed: str) -> None:
    found = event(error_code="AccessForbidden", http_method="OPTIONS", user_defined_log_fields=packed)
    assert found.origin is None
    assert found.sample.encode()


def test_a_version_in_the_address_is_the_objects() -> None:
    assert event(request_uri="%2Fa.csv%3FversionId%3DCAEQABC").version_id == "CAEQABC"


def exported(**other: str) -> dict[str, str]:
    return {"__time__": str(NOON), "__topic__": "oss_access_log", "__source__": "", **fields(**other)}


@pytest.mark.parametrize("indent", [None, 2], ids=["a line", "over lines"])
@pytest.mark.parametrize("strict", [False, True], ids=["pasted", "in a log"])
def test_a_row_that_was_copied_or_exported_says_what_the_source_reads(indent: int | None, strict: bool) -> None:
    (found,) = events_in(json.dumps(exported(), indent=indent), source="sls:oss-log", strict=strict)
    assert replace(found, where="p/s/0") == event()


def test_an_export_may_have_made_numbers_of_texts() -> None:
    row = {**exported(), "__time__": NOON, "http_status": 403, "response_time": 15}
    (found,) = events_in(json.dumps(row), source="sls:oss-log", strict=True)
    assert replace(found, where="p/s/0") == event()


def test_of_exported_rows_those_that_were_answered_are_no_events() -> None:
    rows = [exported(), exported(http_status="200", error_code="-"), exported(request_id="692A3A80C0FFEE1200000002")]
    found = events_in("\n".join(map(json.dumps, rows)), source="s", strict=True)
    assert [each.request_id for each in found] == ["692A3A80C0FFEE1200000001", "692A3A80C0FFEE1200000002"]


def test_a_row_that_an_application_quotes_is_no_word_of_oss() -> None:
    (found,) = events_in(f"WARN refused: {json.dumps(exported())}", source="s")
    assert found.shape != "access_log"


def test_nobody_can_sign_with_what_an_event_keeps_of_a_signed_address() -> None:
    signed = "%2Fa.csv%3FOSSAccessKeyId%3DLTAI5tExample%26Expires%3D1764374400%26Signature%3Dc2VjcmV0U2lnbmF0dXJl"
    found = event(request_uri=f"{signed}%26security-token%3DCAISsecretToken")
    for secret in ("c2VjcmV0U2lnbmF0dXJl", "CAISsecretToken"):
        assert secret not in found.sample
        assert secret not in (found.url or "")


@pytest.mark.parametrize("times", range(4))
def test_nor_is_there_however_often_the_log_service_has_encoded_it(times: int) -> None:
    target = "/a.csv?versionId=CAEQ%2B&Signature=c2VjcmV0U2lnbmF0dXJl%3D&security-token=CAISsecretToken%2B"
    for _ in range(times):
        target = quote(target, safe="")
    found = event(request_uri=target)
    assert (found.version_id, found.url) == ("CAEQ+", "/a.csv?versionId=CAEQ%2B&security-")
    for secret in ("c2VjcmV0U2lnbmF0dXJl", "CAISsecretToken"):
        assert secret not in found.sample


@pytest.mark.parametrize("encode", [lambda text: text, lambda text: quote(text, safe="")], ids=["plain", "encoded"])
def test_a_signed_address_within_the_referer_is_kept_without_what_signs_it(encode: Callable[[str], str]) -> None:
    inner = quote("https://reports.oss-cn-hangzhou.aliyuncs.com/a?Expires=1&Signature=c2VjcmV0%3D", safe="")
    found = event(referer=encode(f"https://app.example/view?file={inner}"))
    assert "app.example" in found.fields["referer"]
    assert "c2VjcmV0" not in found.fields["referer"]
    assert "c2VjcmV0" not in found.sample


@pytest.mark.parametrize(
    "told",
    [
        {"headers": {"authorization": "OSS LTAI5tExample:c2VjcmV0U2lnbmF0dXJl="}},
        {"headers": {"x-oss-security-token": "c2VjcmV0U2lnbmF0dXJl"}},
        {"headers": {"Cookie": "session=c2VjcmV0U2lnbmF0dXJl"}},
        {"querys": {"Signature": "c2VjcmV0U2lnbmF0dXJl="}},
        {"querys": {"security-token": "c2VjcmV0U2lnbmF0dXJl"}},
    ],
)
def test_of_headers_and_parameters_that_the_account_logs_no_secret_is_kept(told: dict[str, dict[str, str]]) -> None:
    told = {"headers": {"Range": "bytes=0-7", **told.get("headers", {})}, "querys": told.get("querys", {})}
    packed = base64.b64encode(json.dumps(told).encode()).decode()
    found = event(user_defined_log_fields=packed)
    assert packed[:20] not in found.sample
    assert "c2VjcmV0U2lnbmF0dXJl" not in found.sample
    assert "bytes=0-7" in found.sample


def test_of_logged_headers_that_cannot_be_read_nothing_is_kept() -> None:
    cut = logged({"authorization": "OSS LTAI5tExample:c2VjcmV0U2lnbmF0dXJl="})[:-8]
    assert cut[:20] not in event(user_defined_log_fields=cut).sample


@given(st.dictionaries(st.sampled_from([*fields()]), st.text(max_size=40)), st.integers(0, 2**70))
def test_no_values_whatsoever_raise(told: dict[str, str], time: int) -> None:
    found = event_of_entry({**fields(), **told, "http_status": "403"}, time, source="s", where="w")
    assert found is not None
