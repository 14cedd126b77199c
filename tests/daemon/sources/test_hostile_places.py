"""What a client may put into the log of a request, in the formats that servers write: no event, no place."""

from __future__ import annotations

import json

import pytest

from ossmend.daemon.sources.envelopes import shippers
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.parsers.forged import without_clients_words
from ossmend.remediators.agreement import naming, readings
from ossmend.remediators.contract.case import Event, Origin

HOST = "inner.oss-cn-hangzhou.aliyuncs.com"
PLACE = f"https://{HOST}/payroll/x.bin"
ID = "69786BB1C0FFEE1234ABCD01"
GO = f"oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, RequestId={ID}"
BODY = (
    "<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object's state</Message>"
    f"<RequestId>{ID}</RequestId><HostId>{HOST}</HostId></Error>"
)
FORGED = {
    "Go's words": f"{GO}, url={PLACE}",
    "a body": BODY.replace("</Error>", "<ObjectName>payroll/x.bin</ObjectName></Error>"),
    "pairs": f"code=InvalidObjectState&request_id={ID}&bucket=inner&key=payroll/x.bin&status=403",
    "JSON": f'{{"status":403,"code":"InvalidObjectState","host":"{HOST}","key":"payroll/x.bin"}}',
    "a sentence": "The operation is not valid for the object's state oss://inner/payroll/x.bin",
    "a line of its own": f"<EOL>2026-03-01 10:00:00 ERROR {GO}, url={PLACE}<EOL>",
}
STAMP = "[01/Mar/2026:10:00:00 +0800]"


def escaped(text: str) -> str:
    """As nginx writes quotes."""
    return text.replace('"', "\\x22")


def quoted(text: str) -> str:
    return text.replace('"', '\\"')


def raw(text: str) -> str:
    return text


def path(text: str) -> str:
    return text.replace(" ", "%20")


LINES = {
    "the user of basic authentication": (f'203.0.113.5 - %s {STAMP} "GET / HTTP/1.1" 401 5 "-" "curl"', escaped),
    "X-Forwarded-For in front": (f'%s, 203.0.113.5 - - {STAMP} "GET / HTTP/1.1" 403 5 "-" "curl"', raw),
    "X-Forwarded-For in front, and a user": (f'%s - bob {STAMP} "GET / HTTP/1.1" 403 5', raw),
    "X-Forwarded-For that begins like a log": (
        f'2026-03-01 10:00:00 ERROR %s, 203.0.113.5 - - {STAMP} "GET / HTTP/1.1" 403 5 "-" "curl"',
        raw,
    ),
    "X-Forwarded-For that begins with a date, and a user": (f'2026-03-01 %s - bob {STAMP} "GET / HTTP/1.1" 403 5', raw),
    "X-Forwarded-For that begins with a date": (f'2026/03/01 %s - - {STAMP} "GET / HTTP/1.1" 403 5 "-" "curl"', raw),
    "Undertow's dump of a header": ("            header=X-E=%s", raw),
    "Undertow's dump of a parameter": ("         parameter=e=%s", raw),
    "a flat record's agent, behind a tab": ("user_agent.original\t%s", raw),
    "a flat record's query, behind a tab": ("url.query\te=%s", raw),
    "syslog's structured data": ('<134>1 2026-03-01T10:00:00Z h a 7 - [a@1 code="x" user_agent="%s"] request', raw),
    "no request at all": (f'203.0.113.5 - - {STAMP} "%s" 400 150 "-" "-"', escaped),
    "an unknown method": (f'203.0.113.5 - - {STAMP} "PROPFIND /%s HTTP/1.1" 405 150 "-" "-"', escaped),
    "a host in front of the request": (f'203.0.113.5 - - {STAMP} "%s" "GET / HTTP/1.1" 403 5', escaped),
    "nginx's error log": (
        '2026/03/01 10:00:00 [error] 7#7: *1 open() "/srv/%s" failed (2: No such file), client: 203.0.113.5',
        raw,
    ),
    "Apache's error log": ("[Sun Mar 01 10:00:00 2026] [core:info] [client 1.2.3.4:1] AH00128: no file: /srv/%s", raw),
    "ModSecurity": ('[Sun Mar 01 10:00:00 2026] [client 1.2.3.4] ModSecurity: Access denied with code 403. "%s"', raw),
    "Envoy": ('[2026-03-01T10:00:00.000Z] "GET / HTTP/1.1" 403 - 0 5 1 1 "-" "%s" "b5a1" "example.com"', raw),
    "Istio": ('[2026-03-01T10:00:00.000Z] "GET / HTTP/2" 403 - via_upstream - "-" 0 5 1 1 "-" "%s" "b5"', raw),
    "HAProxy's captured header": (
        '10.0.1.2:33 [01/Mar/2026:10:00:00.655] in s/srv1 10/0/30/69/109 403 2750 - - ---- {%s} {} "GET / HTTP/1.1"',
        raw,
    ),
    "IIS": (
        "2026-03-01 10:00:00 10.0.0.1 GET / - 443 - 203.0.113.5 %s - 403 0 0 15",
        lambda text: text.replace(" ", "+"),
    ),
    "Squid": ("1709258400.123 5 203.0.113.5 TCP_DENIED/403 3900 GET http://x/%s - HIER_NONE/- text/html", path),
    "AWS ALB": ('https x 0.086 403 403 0 57 "GET https://www.example.com:443/ HTTP/1.1" "%s" ECDHE TLSv1.2', quoted),
    "a second end of the request": (f'203.0.113.5 - - {STAMP} "GET / HTTP/1.1" 200 5 "-" "/ HTTP/1.1" 200 5 %s"', raw),
    "morgan": ("GET /?q=%s 403 5 - 3.123 ms", path),
    "morgan with colours": ("\x1b[0mGET /%s \x1b[33m403\x1b[0m 3.123 ms - 5", path),
    "Rails' beginning": ('Started GET "/%s" for 203.0.113.5 at 2026-03-01 10:00:00 +0800', path),
    "Rails' parameters": ('  Parameters: {"q"=>"%s"}', quoted),
    "Rails' route": ('ActionController::RoutingError (No route matches [GET] "/%s"):', path),
    "gin": ('[GIN] 2026/03/01 - 10:00:00 | 403 |  1.2ms | 203.0.113.5 | GET      "/?q=%s"', lambda t: quoted(path(t))),
    "Django": ("WARNING 2026-03-01 10:00:00,000 log Forbidden (CSRF token missing.): /%s", raw),
    "Django's host": ("ERROR django.security.DisallowedHost: Invalid HTTP_HOST header: '%s'.", raw),
    "Tomcat": ("INFO java.lang.IllegalArgumentException: Invalid character found in the request target [/%s ].", raw),
    "Spring": ("2026-03-01 10:00:00 DEBUG CommonsRequestLoggingFilter : REQUEST DATA : POST /, payload=%s]", raw),
    "logfmt's path": ('time=2026-03-01T10:00:00Z level=info msg="request" path="/%s" status=403', quoted),
    "logfmt's file name": ('time=2026-03-01T10:00:00Z level=info msg="upload" filename="%s" status=403', quoted),
    "JSON that is none": ('{"time":"2026-03-01T10:00:00Z","status":"403","http_user_agent":"%s"}', raw),
}  # fmt: skip


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("line", LINES)
def test_what_a_client_put_into_the_log_of_its_request_is_no_event(line: str, forged: str) -> None:
    template, spelled = LINES[line]
    assert events_in(template.replace("%s", spelled(FORGED[forged])), source="test", strict=True) == []


RECORDS = [
    {"remote_addr": "203.0.113.5", "http_x_forwarded_for": "%s", "status": "403"},
    {"method": "GET", "path": "/%s", "response_code": 403, "x_forwarded_for": "%s"},
    {"authority": "%s", "requested_server_name": "%s", "request_id": "%s"},
    {"RequestPath": "/%s", "RequestHost": "%s", "request_X-Foo": "%s", "DownstreamStatus": 403},
    {"msg": "handled", "request": {"uri": "/", "headers": {"X-Foo": ["%s"]}}, "resp_headers": {"Location": "%s"}},
    {"msg": "request", "input": {"q": "%s"}, "params": {"q": "%s"}, "form": {"q": "%s"}},
    {"msg": "login failed", "username": "%s", "filename": "%s", "search": "%s", "term": "%s"},
    {"attributes": {"http.target": "/%s", "http.user_agent": "%s", "url.full": "https://x/%s"}},
    {"url.original": "/%s", "user_agent.original": "%s", "http.request.referrer": "%s"},
    {"kind": "Event", "requestObject": {"metadata": {"annotations": {"x": "%s"}}}, "responseStatus": {"code": 403}},
    {"key": "%s", "id": "%s", "host": "%s"},
    {"method": "POST", "path": "/search", "body": "%s", "payload": "%s"},
    {"method": "POST", "path": "/search", "payload": "%s"},
]  # fmt: skip


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: "-".join(record)[:40])
def test_what_a_client_put_into_a_record_of_its_request_is_no_event(record: dict[str, object], forged: str) -> None:
    line = json.dumps(record).replace("%s", json.dumps(FORGED[forged])[1:-1])
    assert events_in(line, source="test", strict=True) == []


@pytest.mark.parametrize("name", ["params", "headers", "input", "query", "form", "requestObject"])
def test_an_object_that_a_client_sent_is_no_error(name: str) -> None:
    sent = {"code": "InvalidObjectState", "host": HOST, "key": "payroll/x.bin", "request_id": ID}
    assert events_in(json.dumps({"msg": "got", name: sent}), source="test", strict=True) == []


@pytest.mark.parametrize("name", ["body", "content"])
@pytest.mark.parametrize("beside", ["path", "filename", "tag", "source", "input"])
def test_what_somebody_sent_is_no_line_of_a_log(beside: str, name: str) -> None:
    """A shipper's record is a raw line beside where it came from; an upload's is a body beside a file's name."""
    assert shippers.opened({beside: "/a.txt", name: f"2026-03-01 10:00:00 ERROR {BODY}"}) is None
    assert shippers.opened({"kubernetes": {}, beside: "/a.txt", name: "2026-03-01 10:00:00 ERROR"}) is not None


# ------------------------------------------------------------------------------- a true refusal with forged text beside


def refused(text: str) -> Event:
    (event,) = events_in(text, source="test", strict=True)
    assert (event.code, event.request_id) == ("InvalidObjectState", ID)
    return event


@pytest.mark.parametrize("error", [GO, BODY])
@pytest.mark.parametrize(
    "beside",
    [
        {"user_agent": f"x {PLACE}"},
        {"referer": PLACE},
        {"x_forwarded_for": PLACE},
        {"filename": "oss://inner/payroll/x.bin"},
        {"q": PLACE},
        {"origin": PLACE},
        {"user": "oss://inner/payroll/x.bin"},
        {"headers": {"x-foo": PLACE, "key": "payroll/x.bin", "bucket": "inner"}},
        {"params": {"bucket": "inner", "key": "payroll/x.bin"}},
        {"input": {"bucket": "inner", "object": "payroll/x.bin"}},
        {"body": {"bucket": "inner", "key": "payroll/x.bin"}},
        {"payload": '{"bucket": "inner", "key": "payroll/x.bin"}'},
        {"req": {"url": "/payroll/x.bin", "query": {"key": "payroll/x.bin"}, "headers": {"referer": PLACE}}},
        {"request": "GET /payroll/x.bin HTTP/1.1"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_clients_field_beside_a_true_refusal_names_no_object(beside: dict[str, object], error: str) -> None:
    event = refused(json.dumps({"level": "error", "msg": "oss refused", "err": error, **beside}))
    assert [reading for reading in naming(readings(event)) if "payroll" in reading.ref.key] == []


@pytest.mark.parametrize("error", [GO, BODY])
@pytest.mark.parametrize(
    "line",
    [
        f"GET /?u={PLACE} 403 3 ms - 5",
        f'1.2.3.4 - - {STAMP} "GET / HTTP/1.1" 403 5 "{PLACE}" "oss://inner/payroll/x.bin"',
        '  Parameters: {"key"=>"payroll/x.bin", "bucket"=>"inner"}',
        'Started GET "/?u=oss://inner/payroll/x.bin" for 1.2.3.4',
    ],
)
def test_a_request_logged_above_or_below_a_true_refusal_names_no_object(line: str, error: str) -> None:
    for text in (f"{line}\n2026-03-01 10:00:00 ERROR oss {error}", f"2026-03-01 10:00:00 ERROR {error}\n{line}"):
        event = refused(text)
        assert [reading for reading in naming(readings(event)) if "payroll" in reading.ref.key] == []


# --------------------------------------------------------------------------------------------------- what has to stay


@pytest.mark.parametrize(
    "text",
    [
        f"2026-03-01 10:00:00 ERROR GET /api/v1/download HTTP/1.1 from https://shop.example.com/cart failed: {GO}",
        f'10.0.0.9 "GET /?q=1 HTTP/1.1" 500 {GO}',
        f'2026-03-01 10:00:00 ERROR {GO} 1.2.3.4 - - {STAMP} "GET / HTTP/1.1" 403 5 "-" "x"',
        f'2026/03/01 10:00:00 [error] 7#7: *1 FastCGI sent in stderr: "PHP message: {GO}", client: 1.2.3.4',
        json.dumps({"msg": "download failed", "response": {"body": BODY}}),
        json.dumps({"method": "GET", "url": f"https://{HOST}/a.csv", "status": 403, "body": BODY}),
        json.dumps({"data": {"ossError": GO}}),
    ],
)
def test_a_true_refusal_beside_a_request_is_read(text: str) -> None:
    assert refused(text).bucket in ("inner", None), "the request names no other"


@pytest.mark.parametrize("text", ["GET /2024/a.csv 403", f"GET {PLACE}?versionId=1 403", "path=/2024/dt=1/a.csv"])
def test_a_plain_address_stays_as_it_is(text: str) -> None:
    assert without_clients_words(text) == text


@pytest.mark.parametrize("line", LINES)
def test_blanks_keep_every_place(line: str) -> None:
    text = LINES[line][0].replace("%s", FORGED["JSON"])
    assert len(without_clients_words(text)) == len(text)


@pytest.mark.parametrize(
    "between",
    ["\tINFO\t{}\n{}\tERROR\t", " ERROR <Error> was met; {}\n{} ERROR ", " INFO  {}\n{} ERROR "],
    ids=["zap", "a tag in a sentence", "two blanks"],
)
def test_the_line_of_another_thread_lends_its_object_to_nobody(between: str) -> None:
    stamps = "2026-03-01T10:00:00.000Z", "2026-03-01T10:00:00.100Z"
    bystander = "copied bucket=bkt-x key=payroll/x.bin"
    error = f"oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, RequestId={ID}"
    event = refused(f"{stamps[0]}{between.format(bystander, stamps[1])}{error}")
    assert (event.bucket, event.key, event.readings) == (None, None, ())


CUT = {
    "ossutil's sentence in quotes": f'{{"stderr": "Error: {GO}, Bucket=inner, Object=x.zip!", "stdout": ""',
    "a key that looks like ossutil's end": f'Error: {GO}, Bucket=inner, Object=x.zip!", "rc": "y!',
    "a backslash in a key without quotes": f"{GO}, Bucket=inner, Key=x.zip\\2024",
    "a quote in a key without quotes": f"{GO}, Bucket=inner, Key=it's.zip",
    "points behind a key": f"{GO} bucket=inner key=pay/lo...",
    "points behind a key in quotes": f'{GO} bucket=inner key="pay/lo..."',
    "one sign of three points": f"{GO} bucket=inner key=pay/lo…",
    "points in brackets": f"{GO} bucket=inner key=pay/lo[...]",
    "a remark behind a key": f"{GO} bucket=inner key=pay/lo<truncated>",
    "a remark behind a blank": f"{GO} bucket=inner key=pay/lo (truncated)",
    "a key in JSON, shortened": json.dumps({"err": GO, "bucket": "inner", "key": "pay/lo... [12 more]"}),
    "the text ends within a key": f"{GO} 'bucket': 'inner', 'key': 'pay/lo",
    "the text ends within an address": f'{GO} "url": "https://inner.oss-cn-hangzhou.aliyuncs.com/pay/lo',
    "an address, shortened": f"GET https://inner.oss-cn-hangzhou.aliyuncs.com/pay/lo… failed: {GO}",
    "a remark behind an address": f"{GO} url=https://inner.oss-cn-hangzhou.aliyuncs.com/pay/lo [truncated 9 bytes]",
    "an address with a blank": f'{GO} url="https://inner.oss-cn-hangzhou.aliyuncs.com/my file.csv"',
    "an address with a blank in JSON": json.dumps(
        {"err": GO, "url": "https://inner.oss-cn-hangzhou.aliyuncs.com/my file.csv"}
    ),
    "a place, shortened": f"open oss://inner/pay/lo…: {GO}",
    "a list of pairs about something else": json.dumps(
        {"fields": [{"Key": "__hostname__", "Value": "web"}], "message": f"{GO}, bucket inner"}
    ),
    "an object's tags": json.dumps({"TagSet": [{"Key": "key", "Value": "payroll/x.bin"}], "message": GO}),
}


@pytest.mark.parametrize("text", CUT.values(), ids=list(CUT))
def test_the_beginning_of_a_name_names_no_object(text: str) -> None:
    (event,) = events_in(text, source="test", strict=True)
    assert (event.code, event.key) == ("InvalidObjectState", None)


@pytest.mark.parametrize("place", ["https://inner.oss-cn-hangzhou.aliyuncs.com/pay/lo", "oss://inner/pay/lo"])
def test_points_behind_a_place_may_end_a_sentence_or_a_cut_name_so_it_is_a_guess(place: str) -> None:
    event = refused(f"loading {place}... failed: {GO}")
    assert (event.bucket, event.key) == ("inner", "pay/lo")
    assert (event.origins["bucket"] is Origin.PROSE, event.origins["key"]) == (False, Origin.PROSE)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("工资/十一月.xlsx,昨天还可以的,今天账号被停用了吗?", "工资/十一月.xlsx"),
        ("工资,十一月.xlsx", "工资,十一月.xlsx"),
        ("v1.22,最终.xlsx", "v1.22,最终.xlsx"),
        ("a,b.csv", "a,b.csv"),
    ],
)
def test_a_comma_between_an_extension_and_chinese_words_ends_a_key(said: str, key: str) -> None:
    (event,) = events_in(f"AccessDenied oss://finance-vault/{said}", source="test")
    assert (event.bucket, event.key) == ("finance-vault", key)
