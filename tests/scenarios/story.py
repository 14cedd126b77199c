"""What a person ran into, as data, and the texts that each SDK, tool and log makes of it.

`Story` holds the request and OSS's answer. `WHOLE` are shapes that carry OSS's whole body, so that nothing is lost;
`PARTIAL` are those of SDKs that print a part of it; `access_log` is the one line that a bucket's log keeps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape as html_escape
from urllib.parse import quote
from xml.sax.saxutils import escape

RESTORE, CORS = "RestoreObject", "PutBucketCors"
NESTED = "AccessDeniedDetail"


@dataclass(frozen=True, kw_only=True)
class Story:
    """One refused request, what was behind it, and what may be written because of it."""

    id: str
    causes: frozenset[str]
    """Causes of the catalogue that are right, given the whole text."""
    write: str | None = None
    """The only write that the whole text justifies."""
    reduced_write: str | None = None
    """What the request alone justifies, where only another line of the text tells that it is not needed."""
    code: str = "AccessDenied"
    message: str = ""
    ec: str = ""
    status: int = 403
    bucket: str = "shop-data"
    key: str = "img/2024/a.jpg"
    region: str = "oss-cn-hangzhou"
    host: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Further elements of the body, in their order."""
    detail: Mapping[str, str] = field(default_factory=dict)
    """Of AccessDeniedDetail."""
    request_id: str = "66F10B88C0FFEE1234ABCD01"
    before: str = ""
    """What the program logged about the same request before the error."""
    after: str = ""
    method: str = "GET"
    operation: str = "GetObject"
    query: str = ""
    agent: str = "aliyun-sdk-python/2.19.1(Linux/5.10/x86_64;3.11)"
    client: str = "10.1.2.3"
    key_id: str = "LTAI5tMadeUpForThisTest1"
    requester: str = "2012345678901234"
    referer: str = "-"
    storage_class: str = "standard"
    took_ms: int = 12
    length: int = 512
    logged: bool = True
    """Does OSS's access log have a line of it?"""

    @property
    def host_id(self) -> str:
        return self.host or f"{self.bucket}.{self.region}.aliyuncs.com"

    @property
    def url(self) -> str:
        return f"https://{self.host_id}/{quote(self.key, safe='/')}{'?' + self.query if self.query else ''}"


# ------------------------------------------------------------------------------------------------------ OSS's own body


def xml(s: Story, indent: str = "  ", newline: str = "\n", order: int = 1) -> str:
    lines = [f"<Code>{escape(s.code)}</Code>", f"<Message>{escape(s.message)}</Message>"]
    lines += [f"<RequestId>{s.request_id}</RequestId>", f"<HostId>{s.host_id}</HostId>"]
    lines += [f"<{name}>{escape(value)}</{name}>" for name, value in s.fields.items()]
    if s.detail:
        inner = newline.join(f"{indent * 2}<{name}>{escape(value)}</{name}>" for name, value in s.detail.items())
        lines.append(f"<{NESTED}>{newline}{inner}{newline}{indent}</{NESTED}>")
    if s.ec:
        lines += [f"<EC>{s.ec}</EC>", f"<RecommendDoc>https://api.aliyun.com/troubleshoot?q={s.ec}</RecommendDoc>"]
    body = newline.join(f"{indent}{line}" for line in lines[::order])
    return f'<?xml version="1.0" encoding="UTF-8"?>{newline}<Error>{newline}{body}{newline}</Error>{newline}'


def _told(s: Story, text: str) -> str:
    """With what the program itself logged around it."""
    return "".join((f"{s.before}\n" if s.before else "", text, f"\n{s.after}" if s.after else ""))


def request_line(s: Story) -> str:
    return f"{s.method} {s.url}"


def body(s: Story) -> str:
    return _told(s, f"{request_line(s)} -> {s.status}\n{xml(s)}")


def body_on_one_line(s: Story) -> str:
    return _told(s, f"{request_line(s)} failed: {s.status} {xml(s, '', '')}")


def body_backwards(s: Story) -> str:
    return _told(s, f"{request_line(s)} -> {s.status}\n{xml(s, order=-1)}")


def body_in_json_log(s: Story) -> str:
    line = {
        "level": "error",
        "msg": f"oss: {xml(s)}",
        "bucket": s.bucket,
        "key": s.key,
        "method": s.method,
        "url": s.url,
    }
    return _told(s, json.dumps(line, ensure_ascii=False))


def body_as_repr(s: Story) -> str:
    return _told(s, f"{request_line(s)}: status={s.status} body={xml(s).encode()!r}")


def body_in_chinese_noise(s: Story) -> str:
    return _told(
        s,
        f"2026-03-01 10:00:01,123 [INFO] 开始同步文件\n2026-03-01 10:00:02,001 [ERROR] 请求失败（{request_line(s)}）：{xml(s)}\n"
        "2026-03-01 10:00:02,400 [INFO] 稍后重试，请联系管理员",
    )


def curl(s: Story) -> str:
    path = f"/{quote(s.key, safe='/')}{'?' + s.query if s.query else ''}"
    head = f"> {s.method} {path} HTTP/1.1\n> Host: {s.host_id}\n> User-Agent: {s.agent}\n>\n< HTTP/1.1 {s.status} Forbidden\n< Server: AliyunOSS\n"
    return _told(s, f"{head}< x-oss-request-id: {s.request_id}\n<\n{xml(s)}")


def java(s: Story) -> str:
    return _told(
        s,
        f"{request_line(s)}\ncom.aliyun.oss.OSSException: {s.message}\n[ErrorCode]: {s.code}\n[RequestId]: {s.request_id}\n[HostId]: {s.host_id}\n"
        f"[ResponseError]:\n{xml(s)}\n\tat com.aliyun.oss.common.utils.ExceptionFactory.createOSSException(ExceptionFactory.java:104)\n",
    )


def compose(s: Story) -> str:
    return "\n".join(f"web-1  | {line}" for line in body(s).splitlines())


WHOLE: tuple[Callable[[Story], str], ...] = (
    body, body_on_one_line, body_backwards, body_in_json_log, body_as_repr, body_in_chinese_noise, curl, java, compose,
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------ parts of it


def oss2(s: Story) -> str:
    """oss2 prints a flat dict: what is nested is lost."""
    details = {"Code": s.code, "Message": s.message, "RequestId": s.request_id, "HostId": s.host_id, **s.fields}
    if s.detail:
        details[NESTED] = "\n    "
    if s.ec:
        details["EC"] = s.ec
    return _told(
        s,
        f"oss2.exceptions.ServerError: { ({'status': s.status, 'x-oss-request-id': s.request_id, 'details': details}) }",
    )


def go(s: Story) -> str:
    ec = f", Ec={s.ec}" if s.ec else ""
    text = f'oss: service returned error: StatusCode={s.status}, ErrorCode={s.code}, ErrorMessage="{s.message}", RequestId={s.request_id}{ec}'
    return _told(s, text)


def ossutil(s: Story) -> str:
    return f"Error: {go(s)}, Bucket={s.bucket}, Object={s.key}!"


def node(s: Story) -> str:
    return _told(
        s,
        f"{s.code}Error: {s.message}\n    at Client.requestError (/app/node_modules/ali-oss/lib/client.js:366:13) {{\n  status: {s.status},\n"
        f"  code: '{s.code}',\n  requestId: '{s.request_id}',\n  hostId: '{s.host_id}',\n  params: {{ object: {json.dumps(s.key)}, bucket: '{s.bucket}' }}\n}}",
    )


def node_json(s: Story) -> str:
    error = {
        "name": f"{s.code}Error",
        "message": s.message,
        "status": s.status,
        "code": s.code,
        "requestId": s.request_id,
    }
    return _told(
        s, json.dumps({"level": 50, "err": error, "bucket": s.bucket, "objectKey": s.key, "msg": "oss failed"})
    )


def php(s: Story) -> str:
    return _told(
        s,
        f"PHP Fatal error:  Uncaught OSS\\Core\\OssException: {s.code}: {s.message} RequestId: {s.request_id} in /app/OssClient.php:2891",
    )


def go_v2(s: Story) -> str:
    return _told(
        s,
        f"operation error {s.operation}: Error returned by Service.\nHttp Status Code: {s.status}.\nError Code: {s.code}.\nRequest Id: {s.request_id}.\n"
        f"Message: {s.message}.\nEC: {s.ec}.\nRequest Endpoint: {request_line(s)}.",
    )


def sentence(s: Story) -> str:
    return _told(s, f"{s.code}: {s.message}")


def chinese(s: Story) -> str:
    return _told(s, f"操作失败，错误码：{s.code}，错误信息：{s.message}，请求ID：{s.request_id}，存储空间：{s.bucket}")


def html(s: Story) -> str:
    return _told(s, f"<pre>{html_escape(xml(s))}</pre>")


def cut_off(s: Story) -> str:
    """Somebody's log keeps the first 160 characters of a body."""
    return _told(s, f"{request_line(s)} -> {s.status}\n{xml(s)[:230]}")


def without_message(s: Story) -> str:
    return _told(s, f"{request_line(s)} status={s.status} code={s.code} request_id={s.request_id} ec={s.ec}")


PARTIAL: tuple[Callable[[Story], str], ...] = (
    oss2, go, ossutil, node, node_json, php, go_v2, sentence, chinese, html, cut_off, without_message,
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------- access log


def access_log(s: Story) -> str:
    """The line of the bucket's access log: a code, no message, no EC, no Origin, no further fields."""
    path = f"/{quote(s.key, safe='/')}{'?' + s.query if s.query else ''}"
    return (
        f'{s.client} - - [23/Sep/2024:14:32:40 +0800] "{s.method} {path} HTTP/1.1" {s.status} 512 {s.took_ms} "{s.referer}" "{s.agent}" '
        f'"{s.host_id}" "{s.request_id}" "true" "{s.requester}" "{s.operation}" "{s.bucket}" "{quote(s.key, safe="")}" - 3 '
        f'"{s.code}" {s.length} "1012345678901234" - "-" "{s.storage_class}" "-" "-" "{s.key_id}"'
    )
