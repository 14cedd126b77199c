"""StringToSign -> what was signed, compared with what was asked: which header, which resource, which region differs.

OSS answers a wrong signature with the string that it has signed itself. So it shows how OSS saw the request: where that
is not what the client meant to send, something on the way, or the client, is at fault (docs/facts.md#signatures).
"""

from __future__ import annotations

import re

from ossmend.remediators.causes.model import Bilingual
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.values import shortened

V1_LENGTH = 28
"""Base64 of an HMAC-SHA1."""
_METHODS = frozenset({"GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS"})
_EPOCH = regex(r"\d{9,11}")
_HEADER = regex(r"(x-[a-z0-9-]{1,80}):")
_DELICATE = regex(r"[%#{}$+&=;,?@\\\[\]|^`~!*'()]")
_HOST_REGION = regex(r"(?:^|\.)oss-([a-z]{2}-[a-z0-9-]{2,30}?)(?:-internal|-vpc)?\.aliyuncs\.com")
_QUERY_SIGNED = regex(
    r"[?&](?:OSSAccessKeyId|Expires|Signature|x-oss-(?:signature|credential|expires|signature-version))=", re.IGNORECASE
)


def features(event: Event) -> dict[str, str]:
    """`presigned`, `signed.*`, `signature`, `delicate_key`, ..."""
    found: dict[str, str] = {}
    if event.key and (characters := sorted(set(_DELICATE.findall(event.key)))):
        found["delicate_key"] = " ".join(characters)
    if event.key and not event.key.isascii():
        found["foreign_key"] = event.key
    if event.key and re.search(r"\s|//", event.key):
        found["gap_in_key"] = event.key
    if _QUERY_SIGNED.search(f"{event.url or ''} {event.sample}"):
        found["presigned"] = Bilingual("the signature stands in the URL", "签名位于 URL 中")
    string = event.fields.get("StringToSign", "")
    if string.startswith(("OSS4-HMAC", "AWS4-HMAC")):
        found |= _v4(event, string)
    elif string:
        found |= _v1(event, string)
    return found | _signature(event, in_url="presigned" in found)


def _signature(event: Event, *, in_url: bool) -> dict[str, str]:
    """What the shape of the signature tells; the signature itself is never kept. Only a URL gets cut when it is copied."""
    if event.fields.get("signature_has_blank"):
        return {"signature": "blank"}
    if event.fields.get("signature_has_percent"):
        return {"signature": "percent"}
    length = event.fields.get("signature_length", "")
    if in_url and length.isdigit() and 0 < int(length) < V1_LENGTH:
        return {"signature": Bilingual(f"short ({length} characters)", f"{length} 个字符")}
    return {}


def _v1(event: Event, string: str) -> dict[str, str]:
    """VERB, Content-MD5, Content-Type, date, x-oss- headers, resource; one a line."""
    lines = string.split("\n")
    if len(lines) < 5 or lines[0] not in _METHODS:
        return {"signed.odd": shortened(string, 60)} if lines[0] not in _METHODS else {}
    method, md5, content_type, date = (line.strip() for line in lines[:4])
    found = {"signed.method": method}
    if md5:
        found["signed.md5"] = md5
    if content_type:
        found["signed.type"] = content_type
    if _EPOCH.fullmatch(date):
        found["presigned"] = Bilingual("the signed date is an expiry time", "签名中的日期是过期时间")
    headers = [header for line in lines[4:-1] if (header := _HEADER.match(line))]
    if headers:
        found["signed.headers"] = shortened(", ".join(header[1] for header in headers), 200)
    if event.method and event.method != method:
        found["method_differs"] = Bilingual(
            f"{method} was signed, {event.method} was sent", f"签名为 {method}，实际发送 {event.method}"
        )
    return found | _resource(event, lines[-1])


def _resource(event: Event, resource: str) -> dict[str, str]:
    if not resource.startswith("/"):
        return {}
    found = {"signed.resource": resource}
    path = resource.partition("?")[0]
    bucket, _, key = path[1:].partition("/")
    if bucket and key.startswith(f"{bucket}/"):
        found["bucket_twice"] = path
    if re.search(r"\s|//", path):
        found["gap_in_key"] = path
    if characters := sorted(set(_DELICATE.findall(key))):
        found["delicate_key"] = " ".join(characters)
    if event.bucket and bucket and bucket != event.bucket and "*" not in bucket:
        found["other_bucket"] = Bilingual(
            f"{bucket}, not {event.bucket}", f"签名中为 {bucket}，请求的是 {event.bucket}"
        )
    return found


def _v4(event: Event, string: str) -> dict[str, str]:
    """Algorithm, time, scope, hash; one a line. The scope is DATE/REGION/oss/aliyun_v4_request."""
    lines = string.split("\n")
    found = {"signed.v4": lines[0]}
    parts = lines[2].split("/") if len(lines) > 2 else []
    if len(parts) < 3:
        return found
    region = parts[1]
    if not region or region.startswith("oss-") or not re.fullmatch(r"[a-z]{2}-[a-z0-9-]+", region):
        found["odd_region"] = region or Bilingual("empty", "空")
    host = _HOST_REGION.search(event.host or "")
    if host and region and region.removeprefix("oss-") != host[1]:
        found["region_differs"] = Bilingual(
            f"{region}, while the endpoint is in {host[1]}", f"{region}，而 Endpoint 位于 {host[1]}"
        )
    return found
