"""Turns prefix, delimiter and markers into pages of keys: ListObjects v1 and v2.

A page costs a page, not a bucket: it starts by bisection and leaps over what a delimiter folds away.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.readable import restore_text
from ossmend.simulator.oss.service import XML, owner, page_size
from ossmend.simulator.oss.stacks import stack_of
from ossmend.simulator.state import ObjectVersion
from ossmend.simulator.wire import Response, iso_date, xml_key

Encode = Callable[[str], str]


@dataclass(slots=True)
class Page:
    """What one listing answers: keys with their current version, folded prefixes, and where to go on."""

    entries: list[tuple[str, ObjectVersion]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    truncated: bool = False


def encoder(call: Call) -> tuple[Encode, str]:
    """How keys are written in the answer: percent-encoded only when `encoding-type=url` was asked for."""
    encoding = call.query.get("encoding-type", "")
    if encoding not in ("", "url"):
        raise refusals.invalid_argument("Invalid Encoding Method specified in Request.", "encoding-type", encoding)
    if encoding:
        return (lambda text: quote(text, safe="/-_.~", errors="replace")), xml.element("EncodingType", "url")
    return xml_key, ""


def check_parameters(call: Call, *names: str) -> None:
    for name in names:
        value = call.query.get(name, "")
        if len(value.encode("utf-8", "surrogateescape")) > 1024:
            raise refusals.invalid_argument(f"The length of {name} is beyond 1024 bytes.", name, value[:64])


def beyond(prefix: str) -> str:
    """The smallest string that is greater than everything beginning with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if ord(prefix[-1]) < 0x10FFFF else prefix + "\U0010ffff"


def fold(key: str, prefix: str, delimiter: str) -> str | None:
    """The common prefix that stands for this key, if a delimiter folds it."""
    if not delimiter:
        return None
    position = key.find(delimiter, len(prefix))
    return None if position < 0 else key[: position + len(delimiter)]


def page_of(call: Call, *, prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """The keys after `after`, current versions only."""
    bucket, page = call.bucket, Page()
    keys = bucket.index.keys()
    start = max(after, prefix)
    position = bisect_left(keys, start)
    if position < len(keys) and keys[position] == after and after:
        position += 1
    while position < len(keys):
        key = keys[position]
        if not key.startswith(prefix):
            break
        stack = stack_of(call, bucket, key)
        if not stack or stack[0].delete_marker:
            position += 1
            continue
        folded = fold(key, prefix, delimiter)
        if folded is not None and folded == after:
            position = bisect_left(keys, beyond(folded), position)
            continue
        if len(page.entries) + len(page.prefixes) == limit:
            page.truncated = True
            break
        if folded is None:
            page.entries.append((key, stack[0]))
            page.last = key
            position += 1
        else:
            page.prefixes.append(folded)
            page.last = folded
            position = bisect_left(keys, beyond(folded), position)
    return page


def contents(call: Call, page: Page, encode: Encode, *, with_owner: bool) -> str:
    """The <Contents> elements. What follows the key is the same for keys that share a version, so it is made once."""
    owner_xml = owner(call.bucket.owner) if with_owner else ""
    tails: dict[int, str] = {}
    parts = []
    for key, version in page.entries:
        tail = tails.get(id(version))
        if tail is None:
            restore = restore_text(call.cloud, version)
            tail = tails[id(version)] = (
                f"</Key><LastModified>{iso_date(version.modified)}</LastModified>"
                f'<ETag>"{version.etag}"</ETag><Type>{version.kind}</Type><Size>{version.size}</Size>'
                f"<StorageClass>{version.storage_class}</StorageClass>{owner_xml}"
                f"{f'<RestoreInfo>{restore}</RestoreInfo>' if restore else ''}</Contents>"
            )
        parts.append(f"<Contents><Key>{encode(key)}{tail}")
    return "".join(parts)


def common_prefixes(prefixes: list[str], encode: Encode) -> str:
    return "".join(f"<CommonPrefixes><Prefix>{encode(prefix)}</Prefix></CommonPrefixes>" for prefix in prefixes)


def _encoded(name: str, value: str, encode: Encode) -> str:
    return f"<{name}>{encode(value)}</{name}>"


@operation("GET", "bucket", name="ListObjects", log_name="GetBucket", signed_only=False)
def list_objects(call: Call) -> Response:
    query = call.query
    check_parameters(call, "prefix", "marker", "delimiter")
    encode, encoding = encoder(call)
    prefix, marker, delimiter = query.get("prefix", ""), query.get("marker", ""), query.get("delimiter", "")
    limit = page_size(call)
    page = page_of(call, prefix=prefix, delimiter=delimiter, after=marker, limit=limit)
    children = [
        xml.element("Name", call.bucket_name),
        _encoded("Prefix", prefix, encode),
        _encoded("Marker", marker, encode),
        xml.element("MaxKeys", str(limit)),
        _encoded("Delimiter", delimiter, encode),
        encoding,
        xml.element("IsTruncated", xml.flag(page.truncated)),
        _encoded("NextMarker", page.last, encode) if page.truncated else "",
        contents(call, page, encode, with_owner=True),
        common_prefixes(page.prefixes, encode),
    ]
    return Response(200, dict(XML), xml.document("ListBucketResult", children))


_TOKEN_SIGNS = bytes.maketrans(b"+/=", b"._-")
_BASE64_SIGNS = bytes.maketrans(b"._-", b"+/=")


def _token(key: str) -> str:
    """Without a sign that a URL escapes, as OSS's own: S3 clients give a token back as it came, escaped or not."""
    return base64.b64encode(key.encode("utf-8", "surrogateescape")).translate(_TOKEN_SIGNS).decode("ascii")


def _key_of(token: str) -> str:
    try:
        return base64.b64decode(token.encode("ascii").translate(_BASE64_SIGNS), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise refusals.invalid_argument(
            "The continuation token provided is incorrect.", "continuation-token", token
        ) from None


@operation(
    "GET",
    "bucket",
    "list-type",
    name="ListObjectsV2",
    action="oss:ListObjects",
    log_name="GetBucket",
    signed_only=False,
)
def list_objects_v2(call: Call) -> Response:
    query = call.query
    check_parameters(call, "prefix", "start-after", "delimiter")
    encode, encoding = encoder(call)
    prefix, delimiter, start_after = query.get("prefix", ""), query.get("delimiter", ""), query.get("start-after", "")
    token, limit = query.get("continuation-token", ""), page_size(call)
    after = _key_of(token) if token else start_after
    page = page_of(call, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
    children = [
        xml.element("Name", call.bucket_name),
        _encoded("Prefix", prefix, encode),
        _encoded("StartAfter", start_after, encode) if start_after else "",
        xml.element("MaxKeys", str(limit)),
        _encoded("Delimiter", delimiter, encode),
        encoding,
        xml.element("IsTruncated", xml.flag(page.truncated)),
        _encoded("ContinuationToken", token, encode) if token else "",
        _encoded("NextContinuationToken", _token(page.last), encode) if page.truncated else "",
        xml.element("KeyCount", str(len(page.entries) + len(page.prefixes))),
        contents(call, page, encode, with_owner=query.get("fetch-owner", "").lower() == "true"),
        common_prefixes(page.prefixes, encode),
    ]
    return Response(200, dict(XML), xml.document("ListBucketResult", children))
