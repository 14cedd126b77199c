"""One refusal -> the text that each SDK and tool prints of it, with what that text still tells.

Written from how the SDKs format their errors, not from how the parser reads them: the twin of daemon/sources/parsers/.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape as html_escape
from urllib.parse import quote
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Refused:
    """What OSS answered, and to which request."""

    code: str = "AccessDenied"
    message: str = "You have no right to access this object because of bucket acl."
    status: int = 403
    request_id: str = "66F10B88C0FFEE1234ABCD01"
    bucket: str = "reports-2024"
    key: str = "2024/q1/report.csv"
    ec: str = "0003-00000001"
    region: str = "oss-cn-hangzhou"
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def host(self) -> str:
        return f"{self.bucket}.{self.region}.aliyuncs.com"

    @property
    def url(self) -> str:
        return f"https://{self.host}/{quote(self.key, safe='/')}"

    def without(self, **changes: str) -> Refused:
        return replace(self, **changes)  # type: ignore[arg-type]  # mypy cannot see through the keywords


@dataclass(frozen=True)
class Told:
    """What a text still tells: names of Event's fields."""

    text: str
    fields: frozenset[str]


EVERYTHING = frozenset({"code", "status", "message", "request_id", "bucket", "ec"})
BODY = EVERYTHING - {"status"}


def xml(r: Refused, indent: str = "  ", newline: str = "\n") -> str:
    lines = [
        f"<Code>{escape(r.code)}</Code>",
        f"<Message>{escape(r.message)}</Message>",
        f"<RequestId>{r.request_id}</RequestId>",
        f"<HostId>{r.host}</HostId>",
        *(f"<{name}>{escape(value)}</{name}>" for name, value in r.extra),
        f"<EC>{r.ec}</EC>",
        f"<RecommendDoc>https://api.aliyun.com/troubleshoot?q={r.ec}</RecommendDoc>",
    ]
    inner = newline.join(f"{indent}{line}" for line in lines)
    return f'<?xml version="1.0" encoding="UTF-8"?>{newline}<Error>{newline}{inner}{newline}</Error>{newline}'


def details(r: Refused) -> dict[str, str]:
    return {
        "Code": r.code,
        "Message": r.message,
        "RequestId": r.request_id,
        "HostId": r.host,
        **dict(r.extra),
        "EC": r.ec,
    }


def oss2(r: Refused) -> Told:
    return Told(str({"status": r.status, "x-oss-request-id": r.request_id, "details": details(r)}), EVERYTHING)


def oss2_class(r: Refused) -> Told:
    return Told(f"oss2.exceptions.ServerError: {oss2(r).text}", EVERYTHING)


def oss2_old(r: Refused) -> Told:
    return Told(str({"status": r.status, "request-id": r.request_id, "details": details(r)}), EVERYTHING)


def oss2_traceback(r: Refused) -> Told:
    text = (
        'Traceback (most recent call last):\n  File "app.py", line 12, in <module>\n    bucket.get_object(key)\n'
        f"{oss2_class(r).text}\n\nDuring handling of the above exception, another exception occurred:\n\n"
        f'Traceback (most recent call last):\n  File "app.py", line 14, in <module>\n    raise\n{oss2_class(r).text}\n'
    )
    return Told(text, EVERYTHING)


def oss2_in_json(r: Refused) -> Told:
    line = {"level": "error", "ts": "2026-03-01T10:00:00.123Z", "msg": f"read failed: {oss2(r).text}", "key": r.key}
    return Told(json.dumps(line), EVERYTHING | {"key"})


def body(r: Refused) -> Told:
    return Told(xml(r), BODY)


def body_one_line(r: Refused) -> Told:
    return Told(f"upload failed: {xml(r, '', '')}", BODY)


def body_no_root(r: Refused) -> Told:
    return Told("\n".join(xml(r).splitlines()[2:-1]), BODY)


def body_namespaced(r: Refused) -> Told:
    return Told(xml(r).replace("<Error>", '<Error xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com">'), BODY)


def body_python_repr(r: Refused) -> Told:
    return Told(f"body={xml(r).encode()!r}", BODY)


def body_json_escaped(r: Refused) -> Told:
    return Told(f"StatusCodeError: {r.status} - {json.dumps(xml(r))}", EVERYTHING)


def body_angle_escaped(r: Refused) -> Told:
    return Told(json.dumps({"err": xml(r)}).replace("<", "\\u003c").replace(">", "\\u003e"), BODY)


def body_html_escaped(r: Refused) -> Told:
    return Told(f"<pre>{html_escape(xml(r))}</pre>", BODY)


def body_in_json_twice(r: Refused) -> Told:
    inner = json.dumps({"body": xml(r), "statusCode": r.status})
    return Told(json.dumps({"log": "x", "payload": inner, "bucket": r.bucket, "object": r.key}), EVERYTHING | {"key"})


def body_truncated(r: Refused) -> Told:
    text = xml(r)
    return Told(text[: text.index("<EC>")], BODY - {"ec"})


def curl(r: Refused) -> Told:
    head = (
        f"> GET /{quote(r.key, safe='/')} HTTP/1.1\n> Host: {r.host}\n> User-Agent: curl/8.7.1\n> Accept: */*\n>\n"
        f"< HTTP/1.1 {r.status} Forbidden\n< Server: AliyunOSS\n< Date: Mon, 23 Sep 2024 06:32:40 GMT\n"
        f"< Content-Type: application/xml\n< x-oss-request-id: {r.request_id}\n< x-oss-ec: {r.ec}\n<\n"
    )
    return Told(f"{head}{xml(r)}", EVERYTHING | {"key"})


def java(r: Refused) -> Told:
    return Told(
        f"com.aliyun.oss.OSSException: {r.message}\n[ErrorCode]: {r.code}\n[RequestId]: "
        f"{r.request_id}\n[HostId]: {r.host}\n"
        f"[ResponseError]:\n{xml(r)}\n\tat "
        f"com.aliyun.oss.common.utils.ExceptionFactory.createOSSException(ExceptionFactory.java:104)\n",
        BODY,
    )


def java_short(r: Refused) -> Told:
    text = (
        f"com.aliyun.oss.OSSException: {r.message}\n[ErrorCode]: {r.code}\n[RequestId]: "
        f"{r.request_id}\n[HostId]: {r.host}\n"
    )
    return Told(text, BODY - {"ec"})


def java_compose(r: Refused) -> Told:
    first = (
        f"2026-03-01 17:59:47.402 |-WARN  [pool-3-thread-11] com.aliyun.oss [62] -|   [Server]Unable to "
        f"execute HTTP request: {r.message}"
    )
    lines = [first, *java(r).text.splitlines()[1:-2]]
    return Told("\n".join(f"demo-course     | {line}" for line in lines), BODY)


def java_escaped(r: Refused) -> Told:
    text = java(r).text.replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return Told(f"1,'upload failed:[{text}]'", BODY)


def java_getters(r: Refused) -> Told:
    return Told(
        "Caught an OSSException, which means your request made it to OSS, but was rejected with an "
        "error response for some reason.\n"
        f"Error Message:{r.message}\nError Code:{r.code}\nRequest ID:{r.request_id}\nHost ID:{r.host}\n",
        BODY - {"ec"},
    )


def go(r: Refused) -> Told:
    return Told(
        f"copyObject err: oss: service returned error: StatusCode={r.status}, ErrorCode={r.code}, "
        f'ErrorMessage="{r.message}", RequestId={r.request_id}, Ec={r.ec}',
        EVERYTHING - {"bucket"},
    )


def ossutil(r: Refused) -> Told:
    return Told(
        f"Error: oss: service returned error: StatusCode={r.status}, ErrorCode={r.code}, "
        f'ErrorMessage="{r.message}", RequestId={r.request_id}, Ec={r.ec}, Bucket={r.bucket}, Object={r.key}!',
        EVERYTHING | {"key"},
    )


def go_v2(r: Refused) -> Told:
    return Told(
        f"operation error GetObject: Error returned by Service.\nHttp Status Code: {r.status}.\nError Code: {r.code}.\n"
        f"Request Id: {r.request_id}.\nMessage: {r.message}.\nEC: {r.ec}.\nTimestamp: 2024-09-23 06:32:40 +0000 UTC.\n"
        f"Request Endpoint: GET {r.url}.",
        (EVERYTHING | {"key"}) - {"message"},
    )


def python_v2(r: Refused) -> Told:
    gap = "\n" + " " * 8
    return Told(
        f"operation error GetObject: Error returned by Service.{gap}Http Status Code: "
        f"{r.status}.{gap}Error Code: {r.code}.{gap}"
        f"Request Id: {r.request_id}.{gap}Message: {r.message}.{gap}EC: {r.ec}.{gap}Timestamp: "
        f"2024-09-23 06:32:40.{gap}"
        f"Request Endpoint: GET {r.url}..",
        (EVERYTHING | {"key"}) - {"message"},
    )


def node_inspect(r: Refused) -> Told:
    return Told(
        f"{r.code}Error: {r.message}\n    at Client.requestError (/app/node_modules/ali-oss/lib/client.js:366:13)\n"
        f"    at request (/app/node_modules/ali-oss/lib/client.js:206:22) "
        f"{{\n  status: {r.status},\n  code: '{r.code}',\n"
        f"  requestId: '{r.request_id}',\n  hostId: '{r.host}',\n  ecCode: '{r.ec}',\n  name: "
        f"'{r.code}Error',\n  params: {{\n"
        f"    object: {js(r.key)},\n    bucket: '{r.bucket}',\n    method: 'GET'\n  }}\n}}\n",
        EVERYTHING | {"key"},
    )


def js(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def node_json(r: Refused) -> Told:
    error = {
        "name": f"{r.code}Error",
        "message": r.message,
        "status": r.status,
        "code": r.code,
        "requestId": r.request_id,
        "hostId": r.host,
        "ecCode": r.ec,
        "stack": f"{r.code}Error: {r.message}\n    at Client.requestError (client.js:366:13)",
    }
    line = {
        "level": 50,
        "time": 1727073160123,
        "pid": 7,
        "hostname": "web-1",
        "err": error,
        "objectKey": r.key,
        "msg": "upload failed",
    }
    return Told(json.dumps(line, ensure_ascii=False), EVERYTHING | {"key"})


def node_old(r: Refused) -> Told:
    return Told(
        f"{{ [Error: {r.message}]\n  status: {r.status},\n  code: [ '{r.code}' ],\n"
        f"  message: [ {json.dumps(r.message)} ],\n"
        f"  requestId: [ '{r.request_id}' ] }}",
        EVERYTHING - {"bucket", "ec"},
    )


def node_message(r: Refused) -> Told:
    return Told(f"error {r.code}Error: {r.message}", frozenset({"code", "message"}))


def php(r: Refused) -> Told:
    return Told(
        f"PHP Fatal error:  Uncaught OSS\\Core\\OssException: {r.code}: {r.message} RequestId: "
        f"{r.request_id} in /app/vendor/OssClient.php:2891",
        frozenset({"code", "message", "request_id"}),
    )


def php_print_r(r: Refused) -> Told:
    return Told(
        f"OSS\\Core\\OssException Object\n(\n    [details:OSS\\Core\\OssException:private] => Array\n    "
        f"    (\n            [status] => {r.status}\n"
        f"            [request-id] => {r.request_id}\n            [code] => {r.code}\n            "
        f"[message] => {r.message}\n        )\n)\n",
        EVERYTHING - {"bucket", "ec"},
    )


def dotnet(r: Refused) -> Told:
    return Told(
        f"Failed with error code: {r.code}; Error info: {r.message}. \nRequestID:{r.request_id}\tHostID:{r.host}",
        BODY - {"ec", "message"},
    )


def c_sdk(r: Refused) -> Told:
    return Told(
        f"get object from file failed, code:{r.status}, error_code:{r.code}, error_msg:{r.message}, "
        f"req_id:{r.request_id}",
        EVERYTHING - {"bucket", "ec"},
    )


def cpp(r: Refused) -> Told:
    return Told(f"PutObject fail,code:{r.code},message:{r.message},requestId:{r.request_id}", BODY - {"bucket", "ec"})


def ios(r: Refused) -> Told:
    return Told(
        f'Error Domain=com.aliyun.oss.serverError Code=-{r.status} "(null)" UserInfo={{__name=Error, Code={r.code}, '
        f"Message={r.message}, RequestId={r.request_id}, HostId={r.host}, EC={r.ec}}}",
        EVERYTHING,
    )


def android(r: Refused) -> Told:
    return Told(
        f"[StatusCode]: {r.status}, [Code]: {r.code}, [Message]: {r.message}, [Requestid]: "
        f"{r.request_id}, [HostId]: {r.host}, [RawMessage]: {xml(r)}",
        EVERYTHING,
    )


def ruby(r: Refused) -> Told:
    return Told(
        f'Aliyun::OSS::ServerError: {{:status=>{r.status}, :code=>"{r.code}", '
        f':message=>{json.dumps(r.message)}, :request_id=>"{r.request_id}"}}',
        EVERYTHING - {"bucket", "ec"},
    )


def browser_text(r: Refused) -> Told:
    return Told(f"{r.code}:{r.message}", frozenset({"code", "message"}))


def rust_debug(r: Refused) -> Told:
    return Told(
        f'OssError {{ code: "{r.code}", message: {json.dumps(r.message)}, '
        f'request_id: "{r.request_id}", host_id: "{r.host}", ec: "{r.ec}" }}',
        BODY,
    )


def chinese(r: Refused) -> Told:
    return Told(
        f"上传文件失败，错误码：{r.code}，错误信息：{r.message}，请求ID：{r.request_id}，存储空间：{r.bucket}",
        frozenset({"code", "message", "request_id", "bucket"}),
    )


def logfmt(r: Refused) -> Told:
    return Told(
        f'time=2024-09-23T06:32:40Z level=error msg="oss read" bucket={r.bucket} key={r.key} '
        f"status={r.status} code={r.code} "
        f"request_id={r.request_id} ec={r.ec}",
        (EVERYTHING | {"key"}) - {"message"},
    )


SHAPES: dict[str, Callable[[Refused], Told]] = {
    shape.__name__: shape
    for shape in (
        oss2,
        oss2_class,
        oss2_old,
        oss2_traceback,
        oss2_in_json,
        body,
        body_one_line,
        body_no_root,
        body_namespaced,
        body_python_repr,
        body_json_escaped,
        body_angle_escaped,
        body_html_escaped,
        body_in_json_twice,
        body_truncated,
        curl,
        java,
        java_short,
        java_compose,
        java_escaped,
        java_getters,
        go,
        ossutil,
        go_v2,
        python_v2,
        node_inspect,
        node_json,
        node_old,
        node_message,
        php,
        php_print_r,
        dotnet,
        c_sdk,
        cpp,
        ios,
        android,
        ruby,
        browser_text,
        rust_debug,
        chinese,
        logfmt,
    )
}

CODES: dict[str, str] = {
    "AccessDenied": "You have no right to access this object because of bucket acl.",
    "AccessForbidden": "CORSResponse: CORS is not enabled for this bucket.",
    "InvalidObjectState": "The operation is not valid for the object's state",
    "InvalidAccessKeyId": "The OSS Access Key Id you provided does not exist in our records.",
    "RequestTimeTooSkewed": "The difference between the request time and the current time is too large.",
    "SignatureDoesNotMatch": "The request signature we calculated does not match the signature you provided. "
    "Check your key "
    "and signing method.",
    "ImageDamage": "The image file may be damaged.",
    "UserDisable": "UserDisable",
    "SecurityTokenExpired": "The security token you provided has expired.",
    "InDebtOverdue": "Your account is overdue.",
    "BucketDisable": "The bucket is disabled.",
    "SecondLevelDomainForbidden": "Please use virtual hosted style to access.",
}
