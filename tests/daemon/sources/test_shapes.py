"""Whatever an SDK prints of a refusal is read back to the refusal; what is no refusal, or somebody else's, is left
alone."""

from __future__ import annotations

import json
from dataclasses import astuple
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossmend.daemon.sources.parsers import event_for_code, events_in
from ossmend.daemon.sources.parsers.messages import MESSAGE_CODES, SHARED
from ossmend.remediators.contract.case import Event, Origin
from ossmend.remediators.contract.values import ObjectRef
from tests.naming import each_named
from tests.samples.printed import CODES, SHAPES, Refused
from tests.work import grows

FIRST = Refused(code="InvalidObjectState", message=CODES["InvalidObjectState"])
SECOND = Refused(
    code="AccessDenied",
    message=CODES["AccessDenied"],
    request_id="66F10B99C0FFEE1234ABCD02",
    bucket="other-bucket",
    key="x/y.txt",
    ec="0003-00000002",
)


def one(text: str, *, strict: bool = True) -> Event:
    (event,) = events_in(text, source="test", strict=strict)
    return event


# ---------------------------------------------------------------------------------------------------- every shape


@pytest.mark.parametrize("strict", [False, True], ids=["pasted", "in a log"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_every_code_is_read_back(shape: str, strict: bool) -> None:
    with each_named() as of:
        for code, message in CODES.items():
            with of(code):
                refused = Refused(code=code, message=message)
                told = SHAPES[shape](refused)
                event = one(told.text, strict=strict)
                fields = told.fields - (
                    {"message"} if code == "UserDisable" else frozenset()
                )  # its message is its code
                assert {name: getattr(event, name) for name in fields} == {
                    name: getattr(refused, name) for name in fields
                }


@pytest.mark.parametrize("between", ["\n", "\n2026-03-01 10:00:00,123 ERROR next: "], ids=["plain", "stamped"])
@pytest.mark.parametrize("first", SHAPES)
def test_two_refusals_below_each_other_stay_two(first: str, between: str) -> None:
    for second, shape in SHAPES.items():
        if second == "java_compose" and between != "\n":
            continue  # its lines say which container printed them; a stamp before the first alone is nobody's
        told = SHAPES[first](FIRST), shape(SECOND)
        events = events_in(told[0].text.rstrip("\n") + between + told[1].text, source="test", strict=True)
        assert [event.code for event in events] == ["InvalidObjectState", "AccessDenied"], second
        for event, refused, each in zip(events, (FIRST, SECOND), told, strict=True):
            for name in each.fields & {"request_id", "bucket"}:
                assert getattr(event, name) == getattr(refused, name), (second, name)


PREFIXES = {
    "compose": "web-1     | ",
    "cri": "2026-03-01T10:00:00.123456789Z stderr F ",
    "syslog": "Mar  1 10:00:00 host-1 shop[123]: ",
    "logcat": "03-01 10:00:00.123  1234  5678 E OSS-SDK: ",
    "quoted mail": "> ",
    "indented": "        ",
    "stamped lines": "2026-03-01 10:00:00,123 ",
}


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "shape", ["body", "java", "node_inspect", "oss2_traceback", "go_v2", "body_json_escaped", "oss2_class"]
)
def test_what_a_container_or_logger_puts_before_each_line_does_not_matter(shape: str, prefix: str) -> None:
    told = SHAPES[shape](FIRST)
    text = "\n".join(PREFIXES[prefix] + line for line in told.text.rstrip("\n").split("\n"))
    event = one(text)
    assert (event.code, event.request_id) == (FIRST.code, FIRST.request_id)


@pytest.mark.parametrize("shape", ["body", "java", "oss2_class", "node_inspect", "go_v2"])
def test_dockers_own_log_file_is_unwrapped(shape: str) -> None:
    lines = SHAPES[shape](FIRST).text.rstrip("\n").split("\n")
    wrapped = [json.dumps({"log": f"{line}\n", "stream": "stderr", "time": "2026-03-01T10:00:00.1Z"}) for line in lines]
    event = one("\n".join(wrapped))
    assert (event.code, event.request_id, event.bucket) == (FIRST.code, FIRST.request_id, FIRST.bucket)


@pytest.mark.parametrize("depth", range(1, 6))
def test_a_body_is_found_at_any_depth_of_json(depth: int) -> None:
    text = SHAPES["body"](FIRST).text
    for _ in range(depth):
        text = json.dumps({"level": "error", "error": text})
    event = one(text)
    assert (event.code, event.request_id, event.bucket) == (FIRST.code, FIRST.request_id, FIRST.bucket)


def test_a_body_that_is_escaped_for_html_twice_is_found() -> None:
    assert one(escape(escape(SHAPES["body"](FIRST).text))).request_id == FIRST.request_id


@pytest.mark.parametrize("cut", range(60, 420, 7))
def test_a_body_may_be_cut_off_anywhere(cut: int) -> None:
    text = SHAPES["body"](FIRST).text[:cut]
    events = events_in(text, source="test", strict=True)
    assert len(events) <= 1
    for event in events:
        assert event.code in (None, FIRST.code)
        assert event.request_id in (None, FIRST.request_id)
        assert event.bucket in (None, FIRST.bucket)


def test_the_same_request_told_twice_is_one_event() -> None:
    text = f"2026-03-01 10:00:00 ERROR a: {SHAPES['oss2'](FIRST).text}\n" * 3 + SHAPES["java"](FIRST).text
    assert one(text).request_id == FIRST.request_id


def test_two_bodies_without_request_ids_are_two_events() -> None:
    body = (
        "<Error><Code>AccessForbidden</Code><Message>CORSResponse: CORS is not enabled for this "
        "bucket.</Message></Error>"
    )
    assert len(events_in(f"{body}\n{body}\n", source="test", strict=True)) == 2


def test_events_come_in_order_of_appearance() -> None:
    texts = [
        SHAPES[shape](Refused(request_id=f"66F10B88C0FFEE12{number:08X}")).text
        for number, shape in enumerate(("java", "oss2", "go", "body"))
    ]
    ids = [event.request_id for event in events_in("\n".join(texts), source="test", strict=True)]
    assert ids == sorted(ids, key=str)
    assert len(ids) == 4


# ------------------------------------------------------------------------------------------------------ its parts


def test_nested_details_keep_their_dotted_names() -> None:
    parts = "<PolicyType>SessionPolicy</PolicyType>\n<AuthAction>oss:GetObject</AuthAction>"
    extra = f"<AccessDeniedDetail>\n{parts}\n</AccessDeniedDetail>\n<EC>"
    event = one(SHAPES["body"](SECOND).text.replace("<EC>", extra))
    assert event.fields["AccessDeniedDetail.PolicyType"] == "SessionPolicy"
    assert event.fields["AccessDeniedDetail.AuthAction"] == "oss:GetObject"
    assert event.ec == SECOND.ec


def test_blanks_in_an_access_key_id_are_kept() -> None:
    refused = Refused(
        code="InvalidAccessKeyId", message=CODES["InvalidAccessKeyId"], extra=(("OSSAccessKeyId", " LTAI5tExample\n"),)
    )
    for shape in ("body", "oss2", "body_json_escaped", "body_html_escaped"):
        assert (one(SHAPES[shape](refused).text).access_key_id or "").startswith(" LTAI5tExample")


@pytest.mark.parametrize("key", [" a.bin", "a.bin ", "\u3000a.bin"])
def test_blanks_at_the_ends_of_a_key_are_kept_and_the_bare_reading_beside_them(key: str) -> None:
    body = (
        f"<Error><Code>InvalidObjectState</Code><BucketName>photos</BucketName><ObjectName>{key}</ObjectName></Error>"
    )
    for text in (body, json.dumps({"bucket": "photos", "key": key, "code": "InvalidObjectState", "error": body})):
        event = one(text)
        assert event.key == key
        assert [reading.ref.key for reading in event.readings] == [key, "a.bin"]


def test_a_key_on_a_line_of_its_own_has_no_blanks() -> None:
    body = "<Error><Code>InvalidObjectState</Code><ObjectName>\n    a.bin\n  </ObjectName></Error>"
    assert one(body).key == "a.bin"


def test_both_clocks_of_a_skew_are_read() -> None:
    extra = (
        ("MaxAllowedSkewMilliseconds", "900000"),
        ("RequestTime", "2024-09-22T06:32:38.000Z"),
        ("ServerTime", "2024-09-23T06:32:40.000Z"),
    )
    refused = Refused(code="RequestTimeTooSkewed", message=CODES["RequestTimeTooSkewed"], extra=extra)
    for shape in ("body", "oss2", "java", "body_in_json_twice", "curl"):
        event = one(SHAPES[shape](refused).text)
        assert event.request_time == datetime(2024, 9, 22, 6, 32, 38, tzinfo=UTC)
        assert event.server_time == datetime(2024, 9, 23, 6, 32, 40, tzinfo=UTC)
        assert event.fields["MaxAllowedSkewMilliseconds"] == "900000"


def test_the_string_to_sign_is_kept_and_the_signature_is_not() -> None:
    signed = (
        "PUT\n\napplication/json\nFri, 14 Jun 2019 03:53:30 "
        "GMT\nx-oss-security-token:CAISsecretsecret\n/reports-2024/2024/q1/report.csv"
    )
    extra = (
        ("OSSAccessKeyId", "LTAI5tExample"),
        ("SignatureProvided", "abc defghijklmnopqrstuvwxy="),
        ("StringToSign", signed),
        ("StringToSignBytes", "50 55"),
    )
    refused = Refused(code="SignatureDoesNotMatch", message=CODES["SignatureDoesNotMatch"], extra=extra)
    for shape in ("body", "oss2", "body_json_escaped"):
        event = one(SHAPES[shape](refused).text)
        assert event.fields["StringToSign"].startswith("PUT\n\napplication/json\n")
        assert event.key == "2024/q1/report.csv"
        assert event.fields["signature_has_blank"] == "yes"
        kept = f"{event.sample}{event.fields}"
        assert "defghijkl" not in kept
        assert "CAISsecret" not in kept


def test_the_right_endpoint_is_kept() -> None:
    refused = Refused(extra=(("Bucket", "reports-2024"), ("Endpoint", "oss-cn-beijing.aliyuncs.com")))
    for shape in ("body", "oss2", "java"):
        assert one(SHAPES[shape](refused).text).fields["Endpoint"] == "oss-cn-beijing.aliyuncs.com"


def test_the_error_header_of_a_head_request_is_decoded() -> None:
    import base64

    header = base64.b64encode(SHAPES["body"](FIRST).text.encode()).decode()
    event = one(
        f"HTTP/1.1 403 Forbidden\nServer: AliyunOSS\nx-oss-request-id: {FIRST.request_id}\nx-oss-err: {header}\n"
    )
    assert (event.code, event.status, event.bucket) == (FIRST.code, 403, FIRST.bucket)


@pytest.mark.parametrize(
    "host", ["img.example.com", "oss-cn-hangzhou.aliyuncs.com", "aliyuncs.com", "127.0.0.1:9300", ""]
)
def test_a_host_that_names_no_bucket_gives_none(host: str) -> None:
    assert one(SHAPES["body"](FIRST).text.replace(FIRST.host, host)).bucket is None


@pytest.mark.parametrize("masked", ["xxxxxxx", "5C3D8D2A0ACA54D87B43****", "##########", "id-1234", "null"])
def test_a_made_up_request_id_is_none(masked: str) -> None:
    event = one(SHAPES["java"](FIRST).text.replace(FIRST.request_id, masked))
    assert event.request_id is None
    assert event.code == FIRST.code


def test_status_of_the_answer_wins_over_numbers_around_it() -> None:
    text = f"500: Failed to download: {SHAPES['oss2'](FIRST).text}"
    assert one(text).status == 403
    assert one(json.dumps({"status": 500, "code": "E1001", "error": SHAPES["oss2"](FIRST).text})).status == 403


# ------------------------------------------------------------------------------------------------- bucket and key

OSS2 = "{'status': 403, 'x-oss-request-id': '66F10B88C0FFEE1234ABCD01', 'details': {'Code': 'InvalidObjectState'}}"


@pytest.mark.parametrize(
    "key",
    [
        "a.csv",
        "2024/q1/report 001 100%+ü.csv",
        "报表/一月.csv",
        "a%20b.txt",
        "a+b c",
        "dir/no extension",
        "x" * 1000,
        "a'b.txt",
        "a, b.txt",
        "#?.txt",
    ],
)
def test_a_raw_key_before_the_error_is_read_whole(key: str) -> None:
    event = one(f"2026-03-01 10:00:00 ERROR cannot read oss://reports/{key}: {OSS2}")
    assert (event.bucket, event.key) == ("reports", key)


@pytest.mark.parametrize(
    "text",
    [
        f"failed to read oss://reports/a.csv because of {OSS2}",
        f"GET oss://reports/a.csv failed: {OSS2}",
        f"'oss://reports/a.csv' -> {OSS2}",
        f"(oss://reports/a.csv) {OSS2}",
        f"oss://reports/a.csv - {OSS2}",
        f"读取 oss://reports/a.csv 失败：{OSS2}",
        f"read https://reports.oss-cn-hangzhou.aliyuncs.com/a.csv: {OSS2}",
        f"read http://127.0.0.1:9300/reports/a.csv: {OSS2}",
        json.dumps({"bucket": "reports", "object_key": "a.csv", "err": OSS2}),
        json.dumps({"request": {"bucketName": "reports", "objectName": "a.csv"}, "stack": OSS2}),
        f"bucket=reports key=a.csv err={OSS2}",
        f"{OSS2} bucket=reports key=a.csv",
    ],
)
def test_bucket_and_key_are_found_wherever_the_line_tells_them(text: str) -> None:
    event = one(text)
    assert (event.bucket, event.key) == ("reports", "a.csv")


def test_a_url_is_decoded_once_and_the_raw_reading_is_kept() -> None:
    event = one(
        f"GET https://reports.oss-cn-hangzhou.aliyuncs.com/a%2520b%2Fc.txt?versionId=CAEQ"
        f"&Signature=secretsecret: {OSS2}"
    )
    assert (event.key, event.version_id) == ("a%20b/c.txt", "CAEQ")
    assert tuple(reading.ref for reading in event.readings) == (
        ObjectRef("reports", "a%20b/c.txt", "CAEQ"),
        ObjectRef("reports", "a%2520b%2Fc.txt", "CAEQ"),
    )
    assert "secretsecret" not in f"{event.url}{event.sample}"


def test_fields_of_the_error_win_over_everything_around_it() -> None:
    text = OSS2.replace("'Code'", "'ObjectName': 'right.csv', 'Code'")
    event = one(
        json.dumps(
            {
                "bucket": "reports",
                "key": "cache:17",
                "url": "https://reports.oss-cn-hangzhou.aliyuncs.com/wrong.csv",
                "err": text,
            }
        )
    )
    assert (event.bucket, event.key, event.readings) == ("reports", "right.csv", ())


def test_of_a_copy_the_source_is_meant() -> None:
    event = one(f"copy oss://source/a.txt to oss://target/b.txt: {OSS2}")
    assert (event.bucket, event.key) == ("source", "a.txt")


def test_the_last_object_before_the_error_is_meant_otherwise() -> None:
    event = one(f"read oss://reports/old.txt, now reading oss://reports/new.txt: {OSS2}")
    assert event.key == "new.txt"


def test_the_applications_own_route_is_no_key() -> None:
    event = one(
        f"2026-03-01 10:00:00 ERROR GET /api/v1/download HTTP/1.1 from https://shop.example.com/cart failed: {OSS2}"
    )
    assert (event.bucket, event.key) == (None, None)


def test_a_preflight_tells_what_the_browser_asked() -> None:
    body = (
        "<Error><Code>AccessForbidden</Code><Message>CORSResponse: CORS is not enabled for this "
        "bucket.</Message></Error>"
    )
    event = one(
        f"OPTIONS /web/upload.png origin=https://app.example.com method=PUT "
        f"headers=content-type,x-oss-date bucket=web: {body}"
    )
    assert (event.bucket, event.key, event.origin, event.cors_method) == (
        "web",
        "upload.png",
        "https://app.example.com",
        "PUT",
    )
    assert event.cors_headers == ("content-type", "x-oss-date")


# --------------------------------------------------------------------------------------------------------- when


def test_the_lines_own_stamp_tells_when() -> None:
    text = f"2026-03-01T10:00:00.250+08:00 ERROR {OSS2}"
    assert one(text).time == datetime(2026, 3, 1, 2, 0, 0, 250000, tzinfo=UTC)


def test_the_request_id_tells_the_zone_of_a_stamp_without_one() -> None:
    assert one(f"2024-09-23 14:32:41,900 ERROR {OSS2}").time == datetime(2024, 9, 23, 6, 32, 40, tzinfo=UTC)


def test_the_request_id_tells_when_where_nothing_else_does() -> None:
    assert one(OSS2).time == datetime(2024, 9, 23, 6, 32, 40, tzinfo=UTC)
    assert events_in(OSS2, source="test", now=datetime(2020, 1, 1, tzinfo=UTC))[0].time is None


def test_json_lines_tell_when_in_seconds_or_milliseconds() -> None:
    for stamp in (1772359200, 1772359200000, "2026-03-01T10:00:00Z"):
        assert one(json.dumps({"time": stamp, "err": OSS2})).time == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def test_a_json_line_that_is_the_error_itself_tells_when_whatever_its_request_id_says() -> None:
    line = {
        "time": "2026-03-01T10:00:00Z",
        "status": 403,
        "code": "InvalidAccessKeyId",
        "requestId": "66F10B88C0FFEE1234ABCD01",
    }
    assert one(json.dumps(line)).time == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


# ------------------------------------------------------------------------------------- strangers, and no refusals

STRANGERS = {
    "s3": "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>4442587FB7D0A2F9</RequestId>"
    "<HostId>xGnT1uVx7XkxZvvC1DkVyL3TOWYvY3b7jOEOFNZWj0qQ8pH0ZWx8fMhZrC3TsmQZRZ3mGfXe8kE=</HostId></Error>",
    "minio": "<Error><Code>InvalidAccessKeyId</Code><Message>The Access Key Id you provided does not exist "
    "in our records.</Message>"
    "<BucketName>b</BucketName><Resource>/b/k</Resource><RequestId>17A5F7C2D1E3B4A0</RequestId>"
    "<HostId>dd9025bab4ad464b049177c95eb6ebf374d3b3fd1af9251148b658df7ac2e3e8</HostId></Error>",
    "s3 by boto": "botocore.exceptions.ClientError: An error occurred (InvalidAccessKeyId) when calling the "
    "PutObject operation: "
    "The AWS Access Key Id you provided does not exist in our records.",
    "s3 by go": "AccessDenied: Access Denied\n\tstatus code: 403, request id: 4442587FB7D0A2F9, host id: "
    "xGnT1uVx7XkxZvvC1DkVyL3TOWYvY3b7jOEOFNZWj0qQ8pH0ZWx8fMhZrC3TsmQZRZ3mGfXe8kE=",
    "cos": "<Error><Code>AccessDenied</Code><Message>Access "
    "Denied.</Message><Resource>/b-1250000000.cos.ap-guangzhou.myqcloud.com/k</Resource>"
    "<RequestId>NWQ1ZjNi</RequestId><TraceId>OGVmYz</TraceId></Error>",
    "alibaba:ecs": '{"RequestId":"B04D4D1F-4B84-5E2F-9B4C-2E6F7A8B9C0D","HostId":"ecs.aliyuncs.com",'
    '"Code":"InvalidAccessKeyId.NotFound",'
    '"Message":"Specified access key is not found."}',
    "alibaba by tea": "TeaException: Error: InvalidAccessKeyId.NotFound code: 404, Specified access key is not found. "
    "request id: B04D4D1F-4B84-5E2F-9B4C-2E6F7A8B9C0D",
    "alibaba by the core SDK": "HTTP Status: 403 Error:SignatureDoesNotMatch "
    "Specified signature is not matched with our "
    "calculation. "
    "RequestID: B04D4D1F-4B84-5E2F-9B4C-2E6F7A8B9C0D",
    "alibaba:mns": '<Error xmlns="http://mns.aliyuncs.com/doc/v1/"><Code>AccessDenied</Code><Message>Forbidden.</Message>'
    "<RequestId>5C3D8D2A0ACA54D87B43ABCD</RequestId><HostId>http://1234.mns.cn-hangzhou.aliyuncs.com</HostId></Error>",
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_strangers_error_is_named_and_has_no_code_that_a_policy_could_match(name: str) -> None:
    event = one(STRANGERS[name])
    assert event.fields["foreign_service"] == name.partition(" ")[0]
    assert event.code is None
    assert event.fields["code"]


def test_oss_reached_by_an_s3_client_is_no_stranger() -> None:
    body = SHAPES["body"](FIRST).text.replace("\n", "")
    event = one(
        f"botocore.exceptions.ClientError: An error occurred (InvalidObjectState) when calling the "
        f"GetObject operation: {body}"
    )
    assert (event.code, "foreign_service" in event.fields) == (FIRST.code, False)


def test_a_browsers_cors_message_has_no_code() -> None:
    event = one(
        "Access to XMLHttpRequest at 'https://web.oss-cn-hangzhou.aliyuncs.com/a%20b.png' from origin "
        "'https://app.example.com' has been blocked "
        "by CORS policy: Request header field x-oss-date is not allowed by Access-Control-Allow-Headers "
        "in preflight response."
    )
    assert (event.code, event.bucket, event.key, event.origin) == (None, "web", "a b.png", "https://app.example.com")
    assert event.cors_headers == ("x-oss-date",)


def test_a_browsers_cors_message_about_another_host_is_left_alone_in_a_log() -> None:
    text = (
        "Access to fetch at 'https://api.example.com/x' from origin 'https://app.example.com' has been "
        "blocked by CORS policy: No header."
    )
    assert events_in(text, source="test", strict=True) == []


def test_a_403_without_a_code_is_an_event_without_one() -> None:
    page = (
        "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body><h1>403 "
        "Forbidden</h1><hr><center>tengine</center></body></html>"
    )
    assert (one(page, strict=False).code, one(page, strict=False).status) == (None, 403)
    answer = one(
        "HTTP/1.1 403 Forbidden\nServer: AliyunOSS\nx-oss-request-id: 66F10B88C0FFEE1234ABCD01\nx-oss-ec: 0061-00000001"
    )
    assert (answer.code, answer.status, answer.ec) == (None, 403, "0061-00000001")


@pytest.mark.parametrize(("message", "code"), MESSAGE_CODES.items())
def test_a_sentence_of_osss_implies_its_code(message: str, code: str) -> None:
    event = one(f"2026-03-01 10:00:00 WARN upload to OSS failed - {message} (see above)")
    assert (event.code, event.origins["code"]) == (code, Origin.IMPLIED)
    assert (event.message or "").startswith(message)


def test_osss_sentence_ends_where_somebody_goes_on_in_chinese() -> None:
    said = "The OSS Access Key Id you provided does not exist in our records."
    for behind in (" 我的 AccessKey 是昨天创建的", "，本地可以用", "（ECS 上）"):
        (event,) = events_in(f"OSS 返回：{said}{behind}", source="x")
        assert (event.code, event.message) == ("InvalidAccessKeyId", said)


@pytest.mark.parametrize("message", sorted(SHARED))
def test_a_sentence_that_s3_says_as_well_is_left_alone_in_a_log_without_a_sign_of_oss(message: str) -> None:
    assert events_in(f"2026-03-01 10:00:00 WARN upload failed - {message}", source="test", strict=True) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "all is well",
        "2026-03-01 10:00:00 INFO nginx: GET /api/items 403 12ms",
        '{"level":"error","code":"AccessDenied","msg":"user may not open the page"}',
        "policy AccessDenied is evaluated before AccessForbidden",
        "StatusCode=200, RequestId=66F10B88C0FFEE1234ABCD01",
        "<html><head><title>403 Forbidden</title></head><body><center>nginx</center></body></html>",
        "status: 403, code: 'EPERM', message: 'not yours'",
        "HTTP/1.1 200 OK\nServer: AliyunOSS\nx-oss-request-id: 66F10B88C0FFEE1234ABCD01",
        "def test_invalid_object_state(): raise InvalidObjectState",
        "InvalidObjectState",
    ],
)
def test_what_is_no_refusal_is_left_alone_in_a_log(text: str) -> None:
    assert events_in(text, source="test", strict=True) == []


@pytest.mark.parametrize("code", ["NoSuchKey", "RestoreAlreadyInProgress", "MalformedXML"])
def test_an_answer_that_is_never_403_says_so_even_where_the_text_does_not(code: str) -> None:
    assert one(SHAPES["java"](Refused(code=code, message="x")).text).status not in (None, 403)


# ------------------------------------------------------------------------------------------------------ bare codes


@pytest.mark.parametrize("word", ["InvalidObjectState", " AccessDenied\n", "UserDisableError"])
def test_a_bare_code_is_an_event_to_explain(word: str) -> None:
    (event,) = events_in(word, source="explain")
    assert event.code == word.strip().removesuffix("Error")


@pytest.mark.parametrize("word", ["0003-00000801", "EC: 0003-00000801"])
def test_a_bare_ec_is_an_event_without_a_code(word: str) -> None:
    event = event_for_code(word, source="explain")
    assert event is not None
    assert (event.code, event.ec) == (None, "0003-00000801")


@pytest.mark.parametrize("word", ["", "hello", "Something", "12345"])
def test_other_words_are_no_codes(word: str) -> None:
    assert event_for_code(word, source="explain") is None


def test_prose_about_a_code_is_explained_when_pasted() -> None:
    assert [event.code for event in events_in("What does AccessDenied mean, and UserDisable?", source="explain")] == [
        "AccessDenied",
        "UserDisable",
    ]


# -------------------------------------------------------------------------------------------------------- hostility

NOISE = st.text(max_size=60)
PIECES = st.one_of(
    NOISE,
    st.sampled_from(
        [
            "<Error>",
            "</Error>",
            "<Code>",
            "</Code>",
            "AccessDenied",
            "{'status': 403, ",
            "'Code': '",
            "\\",
            "\\n",
            '"',
            "'",
            "{",
            "}",
            "[ErrorCode]: ",
            "ErrorCode=",
            "oss://b/",
            "403",
            "\n",
            "2026-01-01 00:00:00 ",
            "&lt;",
            "\\u003c",
            "x-oss-err: ",
            "https://",
            "OPTIONS /",
            "GET /a HTTP/1.1",
            '{"log":"',
            "İ",
            "\x00",
            "\ud800",
            "StringToSign",
            "<StringToSign>",
            "code: [ '",
            "RequestId: 66F10B88C0FFEE1234ABCD01",
            "versionId=",
            "?",
            '1.1.1.1 - - [01/Jan/2026:00:00:00 +0800] "GET / HTTP/1.1" 403 1 1 "',
            '" "',
            "has been blocked by CORS policy",
            "http://[",
            "%ff",
            "\u2028",
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_no_text_raises_and_every_event_can_be_stored(pieces: list[str]) -> None:
    for strict in (False, True):
        for event in events_in("".join(pieces), source="test", strict=strict):
            for value in (*astuple(event)[:-2], *event.fields.values(), event.sample):
                str(value).encode("utf-8")
            assert "\x00" not in (event.key or "") + event.sample


KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=80)


@settings(max_examples=150, deadline=None)
@given(key=KEYS, shape=st.sampled_from(["oss2", "body", "body_json_escaped"]))
def test_any_key_in_the_error_itself_comes_back(key: str, shape: str) -> None:
    refused = Refused(code="InvalidObjectState", message=CODES["InvalidObjectState"], extra=(("ObjectName", key),))
    event = one(SHAPES[shape](refused).text)
    expected = key.strip() if shape != "oss2" else key
    if (
        expected
        and expected == key
        and "\\" not in key
        and "\r" not in key
        and key not in ("-", "null", "None", "undefined")
    ):
        readings = {event.key, *(reading.ref.key for reading in event.readings)}
        assert key in readings


UNITS = [
    "<Error>",
    "<Code>",
    "<a><Error><Code>AccessDenied</Code>",
    "{'Code': '",
    "'Code': 'AccessDenied', ",
    '{"a":',
    "\\",
    '\\"',
    "code: '",
    "ErrorCode=",
    "ErrorCode=AccessDenied, ",
    "oss://b/",
    "oss://bucket/key k k ",
    "https://b.oss-cn-x.aliyuncs.com/",
    "403 AccessDenied\n",
    "AccessDeniedError: x\n",
    "[ErrorCode]: AccessDenied\n",
    "&amp;lt;Error&gt;",
    "\\u003cError\\u003e",
    "\n",
    "a | ",
    "> ",
    "2026-01-01 00:00:00 x\n",
    "GET /a HTTP/1.1 ",
    "x-oss-err: ",
    "at 'x' from origin '",
    '1.1.1.1 - - [01/Jan/2026:00:00:00 +0800] "GET / HTTP/1.1" 403 1 1 "',
    "RequestId: 66F10B88C0FFEE1234ABCD01\n",
    "message: ",
    "code:AccessDenied,message:",
    '{"log":"<Error>"}\n',
    "<StringToSign>",
    "You have no right to access this object ",
    "'x-oss-request-id', '",
    "https://b.oss-cn-x.aliyuncs.com/ 403 ",
    'Host:"a.aliyuncs.com", ',
    "code,status,a\n1,403,a\n",
]


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_hostile_text_is_twice_the_work(unit: str) -> None:
    """bench/hostile_text.py looks at the same texts by the clock, and so into the regular expressions too."""
    assert grows(lambda size: events_in(unit * (size // len(unit)), source="test", strict=True), 20_000) < 2.5


@pytest.mark.parametrize(
    ("signature", "blank"),
    [
        ("GG7b6FS0IxPTRW6cse3sqd0ln1E=", None),
        ("GG7b6FS0Ix TRW6cse3sqd0ln1E=", "yes"),
        (" G7b6FS0IxPTRW6cse3sqd0ln1E=", "yes"),
        ("GG7b6FS0IxPTRW6cse3sqd", None),
        ("GG7b6FS0IxPTRW6cse3sqd0ln1E", None),
    ],
)
def test_a_lost_plus_is_seen_in_the_middle_and_at_the_beginning(signature: str, blank: str | None) -> None:
    text = f"<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>{signature}</SignatureProvided></Error>"
    (event,) = events_in(text, source="t", now=datetime(2026, 3, 1, tzinfo=UTC))
    assert event.fields.get("signature_has_blank") == blank


# ----------------------------------------------------------------------------------------- what a text prints in parts


@pytest.mark.parametrize(
    "address",
    [
        'Url { host: Some(Domain("reports.oss-cn-hangzhou.aliyuncs.com")), port: None, path: "/a.csv", query: None }',
        'url.URL{Scheme:"https", Host:"reports.oss-cn-hangzhou.aliyuncs.com", Path:"/a.csv", RawPath:""}',
        "SplitResult(scheme='https', netloc='reports.oss-cn-hangzhou.aliyuncs.com', path='/a.csv', query='')",
    ],
    ids=["Rust", "Go", "Python"],
)
def test_an_address_that_is_printed_as_a_structure_is_read(address: str) -> None:
    event = one(f"{OSS2} {address}")
    assert (event.bucket, event.key) == ("reports", "a.csv")


def test_a_list_of_names_and_values_is_read_as_the_object_that_is_meant() -> None:
    headers = [{"name": "x-oss-request-id", "value": FIRST.request_id}, {"name": "Server", "value": "AliyunOSS"}]
    request = {"method": "GET", "url": "https://reports.oss-cn-hangzhou.aliyuncs.com/a.csv"}
    event = one(json.dumps({"request": request, "response": {"status": 403, "headers": headers}}))
    assert (event.bucket, event.key, event.request_id) == ("reports", "a.csv", FIRST.request_id)


@pytest.mark.parametrize("name", ["name", "key", "title", "field", "label"])
def test_a_list_of_fields_in_a_chats_card_is_the_error_that_is_meant(name: str) -> None:
    told = {"Code": "AccessDenied", "RequestId": FIRST.request_id, "Bucket": "reports", "Object": "a.csv"}
    card = {"type": "FactSet", "facts": [{name: spelling, "value": value} for spelling, value in told.items()]}
    event = one(json.dumps({"body": [card]}))
    assert (event.code, event.bucket, event.key) == ("AccessDenied", "reports", "a.csv")


def test_lines_that_stand_in_lists_within_lists_are_read() -> None:
    line = (
        f"put failed: oss: service returned error: StatusCode=403, ErrorCode=AccessDenied, RequestId={FIRST.request_id}"
    )
    event = one(
        json.dumps({"data": {"result": [{"stream": {"app": "up"}, "values": [["1763780000000000000", line]]}]}})
    )
    assert (event.code, event.request_id) == ("AccessDenied", FIRST.request_id)


def test_a_key_with_an_escape_character_comes_back_from_json() -> None:
    record = {"level": "error", "bucket": "reports", "key": "a\x1b[31mb.txt", "code": "AccessDenied"}
    event = one(json.dumps({**record, "requestId": FIRST.request_id}))
    assert event.key == record["key"]


def test_each_line_of_a_list_with_a_code_and_an_id_is_one_refusal() -> None:
    text = "\n".join(f"{n}) oss://reports/{n}.csv InvalidObjectState 66F10B99C0FFEE1234ABCD0{n}" for n in (1, 2, 3))
    assert [event.key for event in events_in(text, source="test", strict=True)] == ["1.csv", "2.csv", "3.csv"]


@pytest.mark.parametrize("between", [",", "\t"])
def test_a_place_in_a_column_ends_with_its_column(between: str) -> None:
    event = one(between.join(("2024-01-01", "oss://reports/a.csv", "FAILED", "InvalidObjectState", FIRST.request_id)))
    assert (event.bucket, event.key, event.readings) == ("reports", "a.csv", ())


def test_a_quoted_address_in_a_browsers_sentence_ends_with_its_quote() -> None:
    event = one(
        "Access to XMLHttpRequest at 'https://reports.oss-cn-hangzhou.aliyuncs.com/a.csv?uploads=' from origin "
        "'https://app.example.com' has been blocked by CORS policy: Method PUT is not allowed by "
        "Access-Control-Allow-Methods in preflight response."
    )
    assert (event.bucket, event.key, event.origin) == ("reports", "a.csv", "https://app.example.com")


def test_a_code_that_is_said_once_more_above_a_known_id_is_no_second_refusal() -> None:
    error = f"AccessDenied: Anonymous access is forbidden.\n\tstatus code: 403, request id: {FIRST.request_id}"
    text = f"2026-03-01 10:00:00 ERROR listing: {error}, host id: \n2026-03-01 10:00:00 Failed: last error was: {error}"
    assert one(text, strict=False).request_id == FIRST.request_id


def test_a_refusal_of_another_service_with_an_id_of_the_same_form_is_left_alone() -> None:
    text = (
        f'{{"errorCode": "Unauthorized", "errorMessage": "denied by sts or ram", "requestId": "{FIRST.request_id}"}} '
        "from cn-hangzhou.log.aliyuncs.com"
    )
    assert all(event.fields.get("foreign_service") for event in events_in(text, source="test"))


def test_an_empty_field_with_a_remark_behind_it_names_no_object() -> None:
    text = f"oss: service returned error: StatusCode=403, ErrorCode=AccessDenied, RequestId={FIRST.request_id}"
    event = one(f"{text}, Bucket=, Object= (try 1) [store.go:404]")
    assert (event.bucket, event.key) == (None, None)


def test_a_request_above_an_empty_line_may_explain_where_it_went() -> None:
    event = one(
        "HEAD https://reports.oss-cn-hangzhou.aliyuncs.com/a.csv HTTP/1.1\n\n"
        f"HTTP/1.1 403 Forbidden\nServer: AliyunOSS\nx-oss-request-id: {FIRST.request_id}",
        strict=False,
    )
    assert (event.bucket, event.key, event.origins["bucket"]) == ("reports", "a.csv", Origin.PROSE)


def test_a_domain_of_somebodys_own_is_oss_where_the_answer_says_so() -> None:
    answer = f"server: AliyunOSS\nx-oss-request-id: {FIRST.request_id}"
    assert one(f"https://img.example.com/a.png 403\n{answer}").status == 403
    assert events_in("https://img.example.com/a.png 403\nserver: nginx", source="test", strict=True) == []
