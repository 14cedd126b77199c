"""One gate: whatever the parser finds, the daemon's filter lets through, and a followed file tells the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from html import escape
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from ossmend.daemon.sources import gate
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.parsers.messages import MESSAGE_CODES
from ossmend.daemon.sources.parsers.names import KNOWN_CODES, spellings
from ossmend.remediators.contract.case import Event
from tests.daemon.sources.writing import at_once, line_by_line
from tests.naming import each_named
from tests.samples.printed import CODES, SHAPES, Refused

ID = "66F10B88C0FFEE1234ABCD01"
HOST = "reports.oss-cn-hangzhou.aliyuncs.com"
STAMP = "2026-03-01 10:00:00,123 ERROR reader: "
ORDINARY = "2026-03-01 10:00:00,123 INFO  [worker-3] c.e.shop.Orders : order 1042 of 77 was stored in 12 ms\n"
SHARED = Path(os.environ.get("OSSMEND_SHARED") or Path(__file__).parents[4] / "shared")

STATUSES = (
    "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://{host}/a.csv",
    "An error occurred (403) when calling the HeadObject operation: Forbidden {host}",
    "GET https://{host}/a.csv failed with status code 403",
    "GET https://{host}/a.csv 403 (Forbidden)",
    "OPTIONS https://{host}/a.csv 403 (Forbidden)",
    "curl: (22) The requested URL returned error: 403 https://{host}/a.csv",
    '{{"url":"https://{host}/a.csv","statusCode":403,"errMsg":"downloadFile:ok"}}',
    "oss: StatusCode=403 for {host}",
    "status: \x1b[33m403\x1b[39m, host: \x1b[32m'{host}'\x1b[39m",
    "读取 oss://reports/a.csv 返回 403 错误",
    "System.Net.WebException: The remote server returned an error: (403) Forbidden. https://{host}/a.csv",
    "S3Exception: null (Service: S3, Status Code: 403, Request ID: {id})",
    "HTTP/1.1 403 Forbidden Server: AliyunOSS x-oss-request-id: {id}",
    "Connecting to {host}... connected.\nHTTP request sent, awaiting response... 403 Forbidden\nERROR 403: Forbidden.",
)
BROWSERS = (
    (
        "Access to XMLHttpRequest at 'https://{host}/a' from origin 'https://app.example.com' has been blocked by CORS "
        "policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
    ),
    (
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
        "https://{host}/a. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing)."
    ),
    "Origin https://app.example.com is not allowed by Access-Control-Allow-Origin. Status code: 403 https://{host}/a",
    "XMLHttpRequest cannot load https://{host}/a due to access control checks.",
    (
        "Failed to load https://{host}/a: Response to preflight request doesn't pass access control check: No "
        "'Access-Control-Allow-Origin' header is present. Origin 'https://app.example.com' is therefore not allowed."
    ),
    'XHR error (req "error"), POST https://{host}/a.rar?uploads= -1 (connected: false, keepalive socket: false)',
    "已拦截跨源请求：同源策略禁止读取位于 https://{host}/a 的远程资源。（原因：CORS 请求未能成功）。",
)
FIELDS = (
    "<Error><Code>{code}</Code><RequestId>{id}</RequestId><HostId>{host}</HostId></Error>",
    "&lt;Error&gt;&lt;Code&gt;{code}&lt;/Code&gt;&lt;HostId&gt;{host}&lt;/HostId&gt;&lt;/Error&gt;",
    "\\u003cError\\u003e\\u003cCode\\u003e{code}\\u003c/Code\\u003e\\u003cHostId\\u003e{host}\\u003c/HostId\\u003e",
    "com.aliyun.oss.OSSException: no\n[ErrorCode]: {code}\n[RequestId]: {id}\n[HostId]: {host}",
    "oss: service returned error: StatusCode=403, ErrorCode={code}, RequestId={id}",
    "Http Status Code: 403.\nError Code: {code}.\nRequest Id: {id}.\nRequest Endpoint: GET https://{host}/a.",
    "{{'status': 403, 'details': {{'Code': '{code}', 'HostId': '{host}', 'RequestId': '{id}'}}}}",
    '{{"err":{{"code":"{code}","requestId":"{id}","host":"{host}"}}}}',
    '{{"log":"{{\\"error_code\\": \\"{code}\\", \\"host\\": \\"{host}\\"}}\\n","stream":"stderr","time":"x"}}',
    "code: \x1b[32m'{code}'\x1b[39m, host: '{host}', requestId: '{id}'",
    "oss 错误码: {code}, 请求ID: {id}",
    "An error occurred ({code}) when calling the GetObject operation: no {host}",
    "operation error S3: GetObject, StatusCode: 400, HostID: {host}, api error {code}: No such thing.",
    "[oss] error='{code}', message='No such thing.' {host}",
)


TOGETHER = 40
"""So many texts are one test: each for itself is done in a millisecond."""


def by_the_dozen(texts: Iterator[tuple[str, str]]) -> list[Any]:
    return [pytest.param(some, id=f"{some[0][0]} ...") for some in iter(lambda: list(islice(texts, TOGETHER)), [])]


def everything() -> Iterator[tuple[str, str]]:
    for code in sorted(KNOWN_CODES):
        yield f"word {code}", f"{STAMP}oss get failed: {code}: The reason of it"
        yield f"class {code}", f"{STAMP}{code}Error: The reason of it. {HOST}"
    for number, (field, code) in enumerate(
        (field, code) for field in FIELDS for code in ("NoSuchThing", "AccessDenied")
    ):
        yield f"field {number} {code}", STAMP + field.format(code=code, id=ID, host=HOST)
    for sentence in MESSAGE_CODES:
        yield f"sentence {sentence[:40]}", f"{STAMP}oss get failed: {sentence} and so on."
        yield f"lower {sentence[:40]}", f"{STAMP}oss get failed: {sentence.lower()} and so on."
        yield f"json {sentence[:40]}", json.dumps({"level": "error", "lib": "oss", "err": {"message": f"{sentence} x"}})
        yield f"html {sentence[:40]}", f"{STAMP}oss: {escape(sentence)} x"
    for number, form in enumerate((*STATUSES, *BROWSERS)):
        yield f"form {number}", STAMP + form.format(host=HOST, id=ID)
        yield f"bare form {number}", form.format(host=HOST, id=ID)
    for spelling in spellings("ec"):
        yield f"ec as {spelling}", f"{STAMP}oss refused, {spelling}: 0016-00000404"
    for shape, printed in SHAPES.items():
        for code, message in CODES.items():
            yield f"{shape} {code}", f"{STAMP}failed\n{printed(Refused(code=code, message=message)).text}"


def collected() -> Iterator[tuple[str, str]]:
    pasted = Path(__file__).parents[2] / "samples" / "pasted" / "reports.jsonl"
    for path in (pasted, SHARED / "samples" / "reports_dev.jsonl", SHARED / "samples" / "real_samples_dev.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            row = json.loads(line)
            yield f"{path.stem} {row['id']}", row["text"]


def parts(events: list[Event]) -> list[tuple[object, ...]]:
    """What is compared. A followed file may tell one request in two blocks: by its id the journal knows it."""
    events_of = {(e.request_id, e.code, e.key) if e.request_id else n: e for n, e in reversed(list(enumerate(events)))}
    once = [e for e in events if any(e is each for each in events_of.values())]
    return [(e.code, e.status, e.request_id, e.ec, e.bucket, e.key, e.message, e.origin) for e in once]


@pytest.mark.parametrize("texts", by_the_dozen(chain(everything(), collected())))
def test_what_the_parser_finds_passes_the_gate_and_a_followed_file_tells_it(
    texts: list[tuple[str, str]], tmp_path: Path
) -> None:
    with each_named() as of:
        for name, text in texts:
            with of(name):
                assert_passes_and_is_told(text, tmp_path / "app.log")


def assert_passes_and_is_told(text: str, log: Path) -> None:
    events = events_in(text, source="test", strict=True)
    data = f"{text}\n".encode(errors="surrogatepass")
    assert not events or gate.may_tell(data)
    assert parts(at_once(log, data)) == parts(events)
    assert parts(line_by_line(log, data)) == parts(events)


def test_the_texts_of_every_kind_are_mostly_refusals() -> None:
    """Or the comparison above would compare nothing with nothing."""
    found = [bool(events_in(text, source="test", strict=True)) for name, text in everything() if "lower" not in name]
    assert sum(found) > 0.9 * len(found)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_other_encodings_pass_as_well(encoding: str, tmp_path: Path) -> None:
    text = f"{STAMP}oss 错误码: NoSuchThing, 请求ID: {ID} 报表/三季度.xlsx\n{ORDINARY}"
    events = events_in(text, source="test", strict=True)
    assert len(events) == 1
    assert parts(at_once(tmp_path / "app.log", text.encode(encoding))) == parts(events)


@pytest.mark.parametrize(
    "line",
    [
        ORDINARY,
        '10.0.0.9 - - [01/Mar/2026:10:00:00 +0800] "GET /admin HTTP/1.1" 403 153 "-" "scanner/1.0"\n',
        '{"ts":"2026-03-01T10:00:00.201Z","level":"info","msg":"3 items left","statusCode":200,"code":0}\n',
        "2026-03-01 10:00:00 GET https://shop.oss-cn-hangzhou.aliyuncs.com/a 200 in 403 ms\n".replace(" 403", " 40.3"),
        "order a403f of 1403 was stored, 0.403 s\n",
        "token=valid state=object bucket=a status=200\n",
    ],
)
def test_ordinary_lines_are_left_alone(line: str) -> None:
    assert not gate.may_tell(line.encode())
    assert not gate.may_tell(line.encode() * 2000)


def test_a_403_counts_only_near_to_oss() -> None:
    line = f"{STAMP}the shop answered with status 403\n".encode()
    assert not gate.may_tell(line)
    assert gate.may_tell(line + f"{STAMP}asking {HOST}\n".encode())
    assert not gate.may_tell(line + ORDINARY.encode() * 1000 + f"{STAMP}asking {HOST}\n".encode())


def test_every_hit_of_a_long_log_is_found_in_order() -> None:
    lines = [ORDINARY] * 30_000
    for number in range(0, 30_000, 700):
        lines[number] = f"{STAMP}StatusCode=403, ErrorCode=InvalidObjectState, RequestId={number:024X}\n"
    data = "".join(lines).encode()
    found = [hit.place for hit in gate.hits(data)]
    assert found == sorted(found)
    assert len({data.rfind(b"\n", 0, place) for place in found}) == len(range(0, 30_000, 700))
