"""A text that ends within a code: read by its beginning, and nothing is written for it."""

from __future__ import annotations

import pytest

from ossmend.config.load import load_text
from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources.parsers import events_in

CONFIG = load_text("""
version: 1
cloud: { region: cn-hangzhou }
sources: [ { app_log: { path: /var/log/app.log } } ]
policies: [ { name: thaw, on: InvalidObjectState, mode: enforce, match: { bucket: "*" } } ]
""")
PLACE = "oss://reports/2024/a.csv"


@pytest.mark.parametrize(
    "text",
    [
        f"{PLACE} <Error><Code>InvalidObjectSta",
        f"{PLACE} oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectSt",
        f"{PLACE} {{'status': 403, 'details': {{'Code': 'InvalidObjectS...",
        f'{PLACE} {{"status":403,"code":"InvalidObjec…',
    ],
)
def test_the_only_code_that_begins_so_is_explained_and_never_written_for(text: str) -> None:
    (event,) = explain_text(text, config=CONFIG)["events"]
    said = event["diagnosis"]
    assert said["cause"] == "never-restored"
    assert any("cut off after InvalidObjec" in line for line in said["evidence"])
    assert event["code"] is None
    assert event["writes"] == []


def test_where_several_codes_begin_so_their_causes_are_weighed() -> None:
    (event,) = explain_text("<Error><Code>Access")["events"]
    causes = {event["diagnosis"]["cause"], *(each["cause"] for each in event["diagnosis"]["alternatives"])}
    assert "denied-ram-implicit" in causes
    assert "cors-origin-not-allowed" in causes


@pytest.mark.parametrize(
    "text",
    [
        "<Error><Code>InvalidObjectState</Code>",
        "StatusCode=403, ErrorCode=InvalidObjectState",
        "StatusCode=403, ErrorCode=InvalidObjectState...",
    ],
)
def test_a_whole_code_is_no_cut_one(text: str) -> None:
    (event,) = explain_text(text)["events"]
    assert event["code"] == "InvalidObjectState"
    assert not any("cut off" in line for line in event["diagnosis"]["evidence"])


def test_an_unknown_code_in_the_middle_of_a_text_stays_unknown() -> None:
    (event,) = explain_text("StatusCode=403, ErrorCode=AccessDen, RequestId=69786BB1C0FFEE1234ABCD01")["events"]
    assert (event["code"], event["diagnosis"]["cause"]) == ("AccessDen", "unknown-code")


@pytest.mark.parametrize(
    ("page", "server"),
    [
        ("<html><h1>403 Forbidden</h1><hr><center>nginx/1.24.0</center></html>", "nginx/1.24.0"),
        ("HTTP/1.1 403 Forbidden\nServer: openresty\nContent-Type: text/html", "openresty"),
    ],
)
def test_a_servers_own_page_is_named_as_what_answered(page: str, server: str) -> None:
    (event,) = explain_text(page)["events"]
    assert event["diagnosis"]["cause"] == "no-code"
    assert event["diagnosis"]["evidence"][0].startswith(f"{server} answered, in its own name")


def test_what_has_a_mark_of_oss_is_not_told_as_a_servers_own() -> None:
    (event,) = explain_text("HTTP/1.1 403 Forbidden\nServer: AliyunOSS\nVia: nginx/1.2")["events"]
    assert not any("in its own name" in line for line in event["diagnosis"]["evidence"])


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("我的 bucket 是 my-photos，报错 AccessDenied", "my-photos"),
        ("存储空间 my-bucket 报错 InvalidObjectState", "my-bucket"),
        ("AccessDenied on bucket my-data-2 since today", "my-data-2"),
        ("my bucket is called photos and I get AccessDenied", "photos"),
        ("Bucket名称：photos 上传失败 AccessDenied", "photos"),
        ("create bucket: oss: service returned error: StatusCode=403, ErrorCode=AccessDenied", None),
        ("AccessDenied. The bucket is private, and the bucket policy says no", None),
        ("the bucket acl denied it: AccessDenied", None),
        ("AccessDenied, though my bucket is public-read", None),
        ("AccessDenied. My bucket is in cn-hangzhou, and the other bucket is non-public", None),
    ],
)
def test_the_bucket_that_a_person_speaks_of(text: str, bucket: str | None) -> None:
    (event,) = explain_text(text, config=CONFIG)["events"]
    assert (event["bucket"], event["writes"]) == (bucket, [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("com.aliyun.oss.OSSException: The request signature we calculated does not mat", "SignatureDoesNotMatch"),
        ("com.aliyun.oss.OSSException: The difference between the request time and", "RequestTimeTooSkewed"),
        ("Error: com.aliyun.oss.OSSException: You have no right to acc...", "AccessDenied"),
        ("{'status': 403, 'details': {'Message': 'You have no right to access this obj", "AccessDenied"),
        (f"{PLACE}: The operation is not valid for the ob…", "InvalidObjectState"),
    ],
)
def test_a_sentence_of_osss_that_is_cut_off_implies_its_code_and_no_write(text: str, code: str) -> None:
    (event,) = explain_text(text, config=CONFIG)["events"]
    assert event["code"] == code
    assert any("sentence is cut off after" in line for line in event["diagnosis"]["evidence"])
    assert event["writes"] == []
    assert events_in(text, source="log", strict=True) == [] or "'status': 403" in text


@pytest.mark.parametrize(
    "text",
    [
        "com.aliyun.oss.OSSException: You have no right to a",  # fewer than 24 characters
        "com.aliyun.oss.OSSException: The security token you provided",  # of two codes
        "we know that you have no right to access this obj is what it says",
        "xyou have no right to access this obj",
    ],
)
def test_what_may_be_anybodys_beginning_implies_nothing(text: str) -> None:
    assert explain_text(text)["events"] == []


def test_in_a_log_a_cut_sentence_beside_a_status_implies_no_code() -> None:
    text = "oss2: {'status': 403, 'x-oss-request-id': '66F10B88C0FFEE1234ABCD01', 'Message': 'You have no right to acc"
    assert [event.code for event in events_in(text, source="log", strict=True)] == [None]
    assert [event.code for event in events_in(text, source="paste")] == ["AccessDenied"]


DICT = "oss2.exceptions.ServerError: {'status': 403, 'x-oss-request-id': '66F10B88C0FFEE1234ABCD01', "


@pytest.mark.parametrize("end", ["'det", "'details': {'HostId': 'a-b.oss-cn-hangzhou.aliyuncs.com', 'Mess", "'deta..."])
def test_a_text_that_ends_within_a_dict_is_cut_off_and_no_head(end: str) -> None:
    said = explain_text(DICT + end)["events"][0]["diagnosis"]
    assert said["cause"] == "code-not-shown"
    assert "the text ends within the answer: the code may have stood behind the cut" in said["evidence"]


def test_a_whole_dict_without_a_code_is_still_a_heads() -> None:
    said = explain_text(DICT + "'details': {}}")["events"][0]["diagnosis"]
    assert said["cause"] == "head-refused"
    assert not any("ends within" in line for line in said["evidence"])
