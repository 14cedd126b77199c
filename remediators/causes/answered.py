"""Event -> who answered and to whom: does anything show that OSS itself refused, was it a HEAD, did the caller sign?

A refusal without a code is a proxy's only where nothing of OSS is in the answer. features.py collects what is found
here; codeless.py reads it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ossmend.remediators.causes.model import Bilingual
from ossmend.remediators.causes.times import EARLIEST, LATEST
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.light import regex

_REQUEST_ID = regex(r"[0-9A-F]{24}")
_PAGE = regex(r"<(?:!DOCTYPE html|html|body)\b", re.IGNORECASE)
"""A page for people: OSS answers with XML, so somebody else wrote this, whatever headers came along."""
_SERVER = regex(r"\bAliyunOSS\b")
_SERVERS_NAME = (
    r"(?:nginx|openresty|apache|cloudflare|varnish|haproxy|envoy|istio-envoy|caddy|traefik|kong|microsoft-iis)"
)
_SERVERS_OWN = regex(
    rf"<center>({_SERVERS_NAME}(?:/[\w.]{{1,20}})?)</center>|<address>({_SERVERS_NAME}(?:/[\w.]{{1,20}})?)"
    rf"|(?:^|[\s<'\"{{,])server['\"]?: {{0,2}}['\"]?({_SERVERS_NAME}(?:/[\w.]{{1,20}})?)(?![\w:])",
    re.IGNORECASE | re.MULTILINE,
)
"""A web server's or proxy's own page, or its name in the answer's headers."""
_HEADS = frozenset({"HeadObject", "HeadBucket", "GetObjectMeta", "HEAD"})
_SAYS_HEAD = regex(
    r"\bHEAD (?:https?://|/|request\b)|\bHead(?:Object|Bucket)\b|\bhead_(?:object|bucket)\b|\bhead(?:Object|Bucket)\b|\bGetObjectMeta\b"
    r"|\bcurl (?:-\S{1,30} ){0,4}(?:-I|--head)\b|\bSpider mode\b"
    r"|\bmethod['\"]?\s{0,2}[:=]\s{0,2}['\"]?HEAD\b"
)
_NO_ID = regex(r"['\"]?x-oss-request-id['\"]?: {0,2}(?:''|\"\")", re.IGNORECASE)
_OTHER_CALL = regex(
    r"\bin (?:get|put|post|append|copy|list|delete|upload|init|complete|abort|restore|create)_(?!object_meta\b)\w{1,40}$",
    re.MULTILINE,
)
"""A frame of the SDK's: the call that was refused, and no HEAD."""
_AUTHORIZED = regex(r"(?i)\bauthorization['\"]?\s{0,2}[:=]\s{0,2}['\"]?(?:OSS|AWS|\*{3})|\bOSS4-HMAC-SHA256\b")
_IN_QUERY = regex(r"(?i)[?&](?:OSSAccessKeyId|x-oss-credential|AWSAccessKeyId|X-Amz-Credential)=")
_RAM_USER = regex(r"\bRAM (?:sub-?)?user\b|\bsub-?account\b|RAM ?(?:子)?用户|子账号|子用户", re.IGNORECASE)
_ACL_MESSAGE = regex(r"\bbecause of bucket acl\b", re.IGNORECASE)


def features(event: Event, sample: str) -> dict[str, str]:
    """`oss_answered`, `head`, `signed_by`, `acl_told_to`, `not_cors`, `server`, `no_id`, `other_call`."""
    found: dict[str, str] = {}
    if (who := _oss(event, sample)) is not None:
        found["oss_answered"] = who
    elif server := _SERVERS_OWN.search(sample):
        found["server"] = next(name for name in server.groups() if name)
    if who is None and _NO_ID.search(sample):
        found["no_id"] = "x-oss-request-id"
    if (head := _head(event, sample)) is not None:
        found["head"] = head
    elif call := _OTHER_CALL.search(sample):
        found["other_call"] = call[0]
    if (signer := _signer(event, sample)) is not None:
        found["signed_by"] = signer
        if _ACL_MESSAGE.search(event.message or ""):
            found["acl_told_to"] = signer
    if event.code == "AccessForbidden" and event.message and not event.message.startswith("CORSResponse"):
        found["not_cors"] = event.message
    return found


def _oss(event: Event, sample: str) -> Bilingual | None:
    """What only OSS's own answers carry."""
    if _PAGE.search(sample):
        return None
    if "AliyunOSS" in event.fields.get("server", "") or _SERVER.search(sample):
        return Bilingual("the answer has Server: AliyunOSS", "响应头含有 Server: AliyunOSS")
    if event.request_id and _of_oss(event.request_id):
        return Bilingual(
            f"the request id {event.request_id} has OSS's form", f"请求 ID {event.request_id} 符合 OSS 的格式"
        )
    if event.ec:
        return Bilingual(f"the answer carries the EC {event.ec}", f"响应带有 EC {event.ec}")
    return None


def _of_oss(request_id: str) -> bool:
    """24 upper-case hexadecimal digits, of which the first eight are the time of the request (docs/facts.md#request-ids)."""
    if _REQUEST_ID.fullmatch(request_id) is None:
        return False
    return EARLIEST <= datetime.fromtimestamp(int(request_id[:8], 16), UTC) <= LATEST


def _head(event: Event, sample: str) -> str | None:
    """What says that it was a HEAD; another method or operation that is told rules it out."""
    for told in (event.operation, event.method):
        if told in _HEADS:
            return told
    if event.method or event.operation:
        return None
    said = _SAYS_HEAD.search(sample)
    return said[0] if said else None


def _signer(event: Event, sample: str) -> Bilingual | None:
    """Who signed: without any of these the request may have been anonymous."""
    kind = event.fields.get("AccessDeniedDetail.AuthPrincipalType")
    if kind:
        return Bilingual(f"AuthPrincipalType {kind}", f"AuthPrincipalType 为 {kind}")
    if event.access_key_id or _IN_QUERY.search(sample):
        return Bilingual("an access key id is told", "文本中有 AccessKey ID")
    if event.requester_id:
        return Bilingual(f"the requester is {event.requester_id}", f"请求者为 {event.requester_id}")
    if _AUTHORIZED.search(sample):
        return Bilingual("it carries an Authorization header", "请求带有 Authorization 头")
    if _RAM_USER.search(sample):
        return Bilingual("the text speaks of a RAM user", "文本提到 RAM 用户")
    return None
