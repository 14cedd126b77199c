"""Where each reading of a text came from, and that what is told worse never beats what is told better."""

from __future__ import annotations

import json

import pytest

from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.contract.case import Event, Origin
from ossmend.remediators.contract.values import ObjectRef

GO = (
    "oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, "
    'ErrorMessage="The operation is not valid for the object\'s state", RequestId=69786BB1C0FFEE1234ABCD01'
)
BODY = (
    "<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object's state</Message>"
    "<RequestId>69786BB1C0FFEE1234ABCD01</RequestId><HostId>inner.oss-cn-hangzhou.aliyuncs.com</HostId>{}</Error>"
)
OSS2 = (
    "{'status': 403, 'x-oss-request-id': '69786BB1C0FFEE1234ABCD01', 'details': {'Code': 'InvalidObjectState', "
    "'HostId': 'inner.oss-cn-hangzhou.aliyuncs.com'%s}}"
)

ORG = "org"
PYPI, NPM = f"pypi.{ORG}", f"npmjs.{ORG}"
"""No file of the project names them as an address."""


def one(text: str, *, strict: bool = True) -> Event:
    (event,) = events_in(text, source="test", strict=strict)
    return event


def readings(event: Event) -> set[tuple[ObjectRef | None, Origin | None]]:
    if event.readings:
        return {(reading.ref, reading.origin) for reading in event.readings}
    return {(event.object, event.origins.get("key"))}


# ------------------------------------------------------------------------------------------------ the order of belief


@pytest.mark.parametrize(
    ("text", "key", "origin"),
    [
        (BODY.format("<ObjectName>a/b.csv</ObjectName>"), "a/b.csv", Origin.BODY),
        (OSS2 % ", 'ObjectName': 'a/b.csv'", "a/b.csv", Origin.BODY),
        (f"GET https://inner.oss-cn-hangzhou.aliyuncs.com/a/b.csv: {GO}", "a/b.csv", Origin.REQUEST),
        (f"{GO} url=https://inner.oss-cn-hangzhou.aliyuncs.com/a/b.csv", "a/b.csv", Origin.REQUEST),
        (
            (
                "{ status: 403, code: 'InvalidObjectState', host: 'inner.oss-cn-hangzhou.aliyuncs.com', "
                "params: { object: 'a/b.csv', bucket: 'inner' } }"
            ),
            "a/b.csv",
            Origin.REQUEST,
        ),
        (json.dumps({"bucket": "inner", "key": "a/b.csv", "err": GO}), "a/b.csv", Origin.RECORD),
        (f"cannot read oss://inner/a/b.csv: {GO}", "a/b.csv", Origin.URI),
        (f"found it at https://inner.oss-cn-hangzhou.aliyuncs.com/a/b.csv - {GO}", "a/b.csv", Origin.REQUEST),
        (f"https://inner.oss-cn-hangzhou.aliyuncs.com/a/b.csv is archived, {GO}", "a/b.csv", Origin.URI),
        (f"inner is slow; cannot warm key: a/b.csv, {OSS2 % ''}", "a/b.csv", Origin.PROSE),
    ],
)
def test_a_key_carries_where_it_was_read(text: str, key: str, origin: Origin) -> None:
    event = one(text)
    assert (event.bucket, event.key, event.origins["key"]) == ("inner", key, origin)


BETTER_FIRST = [
    ("body", "<ObjectName>body.csv</ObjectName>"),
    ("request", "GET https://inner.oss-cn-hangzhou.aliyuncs.com/request.csv"),
    ("uri", "see oss://inner/uri.csv,"),
    ("prose", "warming cache key: prose.csv now,"),
]


@pytest.mark.parametrize("better", range(3))
@pytest.mark.parametrize("worse", range(1, 4))
def test_what_is_told_better_wins_wherever_it_stands(better: int, worse: int) -> None:
    if worse <= better:
        return
    parts = [text for _name, text in (BETTER_FIRST[worse], BETTER_FIRST[better])]
    inside = parts.pop() if better == 0 else ""
    event = one(f"{' '.join(parts)} {BODY.format(inside)}")
    name = BETTER_FIRST[better][0]
    assert (event.key, event.origins["key"]) == (f"{name}.csv", Origin(name))


def test_object_name_of_the_body_leaves_no_other_reading() -> None:
    event = one(
        "GET https://inner.oss-cn-hangzhou.aliyuncs.com/other.csv " + BODY.format("<ObjectName>right.csv</ObjectName>")
    )
    assert (event.key, event.readings) == ("right.csv", ())


def test_host_of_the_body_judges_the_bucket_of_every_other_address() -> None:
    event = one(f"copying oss://outer/x.csv failed {BODY.format('')}")
    assert (event.bucket, event.origins["bucket"], event.key) == ("inner", Origin.BODY, None)


def test_the_hosts_bucket_is_named_where_the_signed_resource_names_another() -> None:
    event = one(
        "<Error><Code>SignatureDoesNotMatch</Code><RequestId>69786BB1C0FFEE1234ABCD01</RequestId>"
        "<HostId>inner.oss-cn-hangzhou.aliyuncs.com</HostId><StringToSign>PUT\n\nimage/png\n1795827723\n/outer/a.png"
        "</StringToSign></Error>"
    )
    assert event.bucket == "inner"


def test_two_addresses_without_a_judge_are_two_readings() -> None:
    event = one(
        f"GET https://one.oss-cn-hangzhou.aliyuncs.com/a.csv, see https://two.oss-cn-hangzhou.aliyuncs.com/b.csv: {GO}"
    )
    assert readings(event) == {
        (ObjectRef("one", "a.csv"), Origin.REQUEST),
        (ObjectRef("two", "b.csv"), Origin.URI),
    }


# ------------------------------------------------------------------------------------------------ words are no places


@pytest.mark.parametrize(
    "before",
    [
        "failed to get object: ",
        "Error Reading Object: ",
        "could not open key: ",
        "unable to download object: ",
        "Could not create object: Creation of bucket failed. ",
        "no such bucket: ",
        "下载 object: ",
    ],
)
@pytest.mark.parametrize(
    "error",
    [
        GO,
        (
            'oss.ServiceError{XMLName:xml.Name{Space:"", Local:"Error"}, Code:"InvalidObjectState", StatusCode:403, '
            'RequestID:"69786BB1C0FFEE1234ABCD01"}'
        ),
    ],
)
def test_the_first_word_of_an_error_behind_a_colon_is_no_place(before: str, error: str) -> None:
    event = one(f"2026-03-01 10:00:00 ERROR {before}{error}")
    assert (event.bucket, event.key, event.readings) == (None, None, ())
    placed = one(f"2026-03-01 10:00:00 ERROR {before}{error} url=https://inner.oss-cn-hangzhou.aliyuncs.com/a.csv")
    assert (placed.bucket, placed.key, placed.readings) == ("inner", "a.csv", ())


@pytest.mark.parametrize("status", ["500", "200", "404"])
def test_the_applications_own_request_line_names_no_object(status: str) -> None:
    event = one(f'2026-03-01 10:00:00 ERROR 10.0.0.9 "GET /2024/bystander.csv HTTP/1.1" {status} {OSS2 % ""}')
    assert (event.bucket, event.key) == ("inner", None)


def test_a_request_line_with_a_host_of_oss_is_the_refused_request() -> None:
    event = one(
        "> GET /2024/a%20b.csv HTTP/1.1\n> Host: inner.oss-cn-hangzhou.aliyuncs.com\n>\n< HTTP/1.1 403 Forbidden\n"
        f"< x-oss-request-id: 69786BB1C0FFEE1234ABCD01\n{BODY.format('')}",
        strict=False,
    )
    assert (event.key, event.origins["key"]) == ("2024/a b.csv", Origin.REQUEST)


def test_a_host_and_a_request_line_of_one_record_are_the_refused_request() -> None:
    line = {
        "host": "inner.oss-cn-hangzhou.aliyuncs.com",
        "request": "GET /2024/a%20b.csv HTTP/1.1",
        "status": "403",
        "upstream_http_x_oss_request_id": "69786BB1C0FFEE1234ABCD01",
        "upstream_http_x_oss_ec": "0016-00000404",
    }
    event = one(json.dumps(line))
    assert (event.bucket, event.key, event.ec) == ("inner", "2024/a b.csv", "0016-00000404")
    assert event.origins["key"] is Origin.REQUEST


# -------------------------------------------------------------------------------- a client's own words are no error

FORGED = '{"status":403,"code":"InvalidObjectState","host":"inner.oss-cn-hangzhou.aliyuncs.com","key":"payroll/x.bin"}'
XML = BODY.format("<ObjectName>payroll/x.bin</ObjectName>")


@pytest.mark.parametrize("forged", [FORGED, XML, GO, f'x" 403 {FORGED} HTTP/1.1', "AccessDenied: no oss for you"])
@pytest.mark.parametrize(
    "line",
    [
        '203.0.113.5 - - [01/Mar/2026:10:00:00 +0800] "GET /?q=%s HTTP/1.1" 200 5 "-" "curl/8"',
        '203.0.113.5 - - [01/Mar/2026:10:00:00 +0800] "GET / HTTP/1.1" 403 5 "-" "%s"',
        '203.0.113.5 - - [01/Mar/2026:10:00:00 +0800] "GET / HTTP/1.1" 403 5 "%s" "curl/8"',
        '10.0.0.9 "POST /search?q=%s HTTP/2.0" 200 17',
        "User-Agent: %s",
        "< Referer: %s",
    ],
)
def test_an_error_inside_somebodys_request_is_no_event(line: str, forged: str) -> None:
    assert events_in(line % forged, source="test", strict=True) == []


@pytest.mark.parametrize("forged", [FORGED, XML, GO])
@pytest.mark.parametrize("name", ["url", "uri", "request", "user_agent", "http_user_agent", "referer", "query", "args"])
def test_an_error_inside_a_field_that_holds_a_clients_words_is_no_event(name: str, forged: str) -> None:
    line = {"status": 200, name: f"GET /?q={forged}" if name == "request" else forged, "host": "app.example.com"}
    assert events_in(json.dumps(line), source="test", strict=True) == []
    if name in ("query", "args"):
        nested = {"status": 200, name: {"q": json.loads(FORGED)}}
        assert events_in(json.dumps(nested), source="test", strict=True) == []


def test_a_quoted_agent_hides_what_stands_in_it_and_nothing_else() -> None:
    quoted = json.dumps(FORGED)
    assert events_in(f"level=info user_agent={quoted} oss ok", source="test", strict=True) == []
    event = one(f"level=error user_agent={quoted} err={json.dumps(GO)} bucket=inner key=a.csv")
    assert (event.key, event.request_id) == ("a.csv", "69786BB1C0FFEE1234ABCD01")


def test_a_genuine_error_behind_a_request_line_is_read() -> None:
    event = one(f'10.0.0.9 "GET /?q=1 HTTP/1.1" 500 {OSS2 % ""}')
    assert (event.code, event.bucket) == ("InvalidObjectState", "inner")


# ----------------------------------------------------------------------------------------------- one refusal, one event


@pytest.mark.parametrize(
    "wrapper",
    [
        "rpc error: code = Unknown desc = %s",
        "rpc error: code = InvalidArgument desc = %s",
        'level=error status=500 msg="upload failed" error="%s"',
        "code=500, message=cannot read, internal=%s",
        'E1101 10:00:00.000000 1 driver.go:9] GRPC error: rpc error: code = Internal desc = mount: "%s"',
        '{"code": "E5001", "requestId": "0a1b2c3d-1111-2222-3333-444455556666", "cause": "%s"}',
        "Error Code: WRAPPED_ERROR, Request Id: 0a1b2c3d-1111-2222-3333-444455556666: %s",
        "HTTP 502 Bad Gateway: %s",
    ],
)
def test_the_innermost_error_wins_over_its_wrappers(wrapper: str) -> None:
    error = "oss: service returned error: StatusCode=403, ErrorCode=AccessDenied, RequestId=69786BB1C0FFEE1234ABCD01"
    event = one(wrapper % error)
    assert (event.code, event.status, event.request_id) == ("AccessDenied", 403, "69786BB1C0FFEE1234ABCD01")


def test_a_loggers_message_gives_way_to_the_errors_own() -> None:
    line = {
        "msg": "oss refused",
        "code": "AccessForbidden",
        "message": "CORSResponse: This CORS request is not allowed.",
        "bucket": "web",
    }
    assert one(json.dumps(line)).message == "CORSResponse: This CORS request is not allowed."
    assert one(json.dumps(dict(reversed(line.items())))).message == "CORSResponse: This CORS request is not allowed."


def test_two_objects_refused_under_one_request_id_are_two_events() -> None:
    first, second = (BODY.format(f"<ObjectName>{key}</ObjectName>") for key in ("a.csv", "b.csv"))
    events = events_in(f"{first}\n{second}", source="test", strict=True)
    assert [event.key for event in events] == ["a.csv", "b.csv"]


def test_one_refusal_told_in_two_records_is_one_event() -> None:
    text = (
        "2026-03-01 10:00:00 ERROR oss said InvalidAccessKeyId: The OSS Access Key Id you provided is disabled.\n"
        "2026-03-01 10:00:00 ERROR answer: <Error><Code>InvalidAccessKeyId</Code>"
        "<RequestId>69786BB1C0FFEE1234ABCD01</RequestId><OSSAccessKeyId>LTAI5tMadeUp</OSSAccessKeyId></Error>"
    )
    event = one(text)
    assert (event.access_key_id, event.request_id) == ("LTAI5tMadeUp", "69786BB1C0FFEE1234ABCD01")


@pytest.mark.parametrize("mark", ["!", ".", ",", ")", "]", "'", ";"])
def test_a_mark_behind_a_request_id_is_not_part_of_it(mark: str) -> None:
    event = one(f"oss AccessDenied, RequestId: 69786BB1C0FFEE1234ABCD01{mark}")
    assert event.request_id == "69786BB1C0FFEE1234ABCD01"


# -------------------------------------------------------------------------------------------------- 403s without a code


@pytest.mark.parametrize(
    "text",
    [
        "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: {url}",
        "Request to {url} failed with status code 403.",
        "System.Net.WebException: The remote server returned an error: (403) Forbidden. at GET {url}",
        'wx.downloadFile {{"errMsg":"downloadFile:ok","statusCode":403,"url":"{url}"}}',
        "upstream image response failed for {url} 403",
        "GET {url} 403 (Forbidden)",
        "urllib.error.HTTPError: HTTP Error 403: Forbidden ({url})",
        "curl: (22) The requested URL returned error: 403 {url}",
        '403 Forbidden on GET request for "{url}"',
    ],
)
def test_a_403_without_a_code_beside_a_host_of_oss_is_an_event(text: str) -> None:
    event = one(text.format(url="https://inner.oss-cn-hangzhou.aliyuncs.com/a/b.jpg"))
    assert (event.code, event.status, event.bucket, event.key) == (None, 403, "inner", "a/b.jpg")


@pytest.mark.parametrize(
    "text",
    [
        (
            "operation error S3: HeadBucket, https response error StatusCode: 403, "
            "RequestID: 69786BB1C0FFEE1234ABCD01, HostID: , api error Forbidden: Forbidden"
        ),
        (
            "software.amazon.awssdk.services.s3.model.S3Exception: null (Service: S3, Status Code: 403, "
            "Request ID: 69786BB1C0FFEE1234ABCD01)"
        ),
        "HEAD https://inner.oss-cn-hangzhou.aliyuncs.com/a.csv 403 x-oss-request-id: 69786BB1C0FFEE1234ABCD01",
        "oss2.exceptions.ServerError: {'status': 403, 'x-oss-request-id': '69786BB1C0FFEE1234ABCD01', 'details': {}}",
    ],
)
def test_a_refused_head_is_called_one(text: str) -> None:
    event = one(text)
    assert (event.method, event.request_id) == ("HEAD", "69786BB1C0FFEE1234ABCD01")
    assert event.code in (None, "Forbidden")


@pytest.mark.parametrize(
    "text",
    [
        "Could not PUT 'https://oss.sonatype.org/service/local/staging/x.pom'. Received status code 403 from server",
        "Failed to transfer https://oss.jfrog.org/artifactory/x.jar: 403 Forbidden",
        "HTTP 403 https://developer.api.autodesk.com/oss/v2/buckets/models/objects/a.rvt",
        "java.nio.file.AccessDeniedException: /mnt/oss/reports/a.csv",
        "org.springframework.security.access.AccessDeniedException: Access is denied to /oss/admin",
    ],
)
def test_another_oss_is_left_alone(text: str) -> None:
    assert events_in(text, source="test", strict=True) == []


@pytest.mark.parametrize(
    "text",
    [
        f"twine: HTTPError: 403 Forbidden from https://upload.{PYPI}/legacy/ (project 'oss2-tools')",
        "GET https://api.github.com/repos/acme/aliyun-oss-php-sdk/zipball/1: HTTP 403 rate limit exceeded",
        f'npm ERR! 403 403 Forbidden - PUT https://registry.{NPM}/acme-ali-oss - you may not publish "acme-ali-oss"',
        "reading https://proxy.golang.org/github.com/acme/aliyun-oss-go-sdk/@v/v3.0.2.zip: 403 Forbidden",
        "Error response from daemon: Head https://ghcr.io/v2/acme/ossutil/manifests/1: 403 Forbidden",
    ],
)
def test_a_package_that_has_oss_in_its_name_is_refused_by_its_registry_and_not_by_oss(text: str) -> None:
    assert events_in(text, source="test", strict=True) == []
    assert all(event.fields.get("foreign_service") for event in events_in(text, source="test"))


def test_a_code_host_beside_a_refusal_of_oss_takes_nothing_from_it() -> None:
    event = one("GET https://inner.oss-cn-hangzhou.aliyuncs.com/a.csv 403 (Forbidden), see https://github.com/acme/x")
    assert (event.bucket, event.fields.get("foreign_service")) == ("inner", None)


# ------------------------------------------------------------------------------------------------- bodies in disguise


@pytest.mark.parametrize("mark", ["<EOL>", "<LF>", "<br>", "<br/>"])
def test_marks_for_line_ends_are_line_ends(mark: str) -> None:
    text = (
        f'<?xml version="1.0"?>{mark}<Error>{mark}  <Code>AccessDenied</Code>{mark}'
        f"  <RequestId>69786BB1C0FFEE1234ABCD01</RequestId>{mark}"
        f"  <HostId>inner.oss-cn-hangzhou.aliyuncs.com</HostId>{mark}  <EC>0003-00000501</EC>{mark}</Error>"
    )
    event = one(text)
    assert (event.code, event.bucket, event.ec) == ("AccessDenied", "inner", "0003-00000501")


@pytest.mark.parametrize("blank", [" ", "\n", "\n  "])
def test_a_body_without_its_tags_is_read(blank: str) -> None:
    words = (
        "AccessDenied",
        "You are denied by bucket referer policy.",
        "69786BB1C0FFEE1234ABCD01",
        "inner.oss-cn-hangzhou.aliyuncs.com",
        "inner",
        "0003-00000501",
    )
    event = one(f'403 Forbidden: "{blank}{blank.join(words)}"', strict=False)
    assert (event.code, event.request_id, event.bucket, event.ec) == (words[0], words[2], "inner", words[5])
    assert event.message == words[1]


def test_what_stands_beside_a_body_of_oss_is_not_believed_like_the_body() -> None:
    body = "<Error><Message>No.</Message><HostId>reports.oss-cn-hangzhou.aliyuncs.com</HostId></Error>"
    (event,) = events_in(f"code=AccessDenied request_id=6929B33D0000000000000001 {body}", source="app_log:/x")
    assert event.shape == "xml"
    assert event.origins == {"code": Origin.REQUEST, "bucket": Origin.BODY, "request_id": Origin.REQUEST}
