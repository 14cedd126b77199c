"""Turns GetObject, HeadObject, GetObjectMeta and PutObject into answers: ranges, conditions, overrides."""

from __future__ import annotations

import re
from dataclasses import replace
from email.utils import parsedate_to_datetime

from ossmend.simulator.contents import Stored, digest
from ossmend.simulator.oss import access_time, callbacks, images, metadata, refusals, stacks, website
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.compressing import compressed
from ossmend.simulator.oss.readable import require_readable
from ossmend.simulator.state import ObjectVersion
from ossmend.simulator.wire import Content, Refusal, Response, Slice, http_date

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
"""Of more digits no object has any: such a range is one that OSS cannot follow, and int() has a limit of its own."""
_OVERRIDES = {
    "response-content-type": "Content-Type",
    "response-content-language": "Content-Language",
    "response-expires": "Expires",
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
}


def _seconds(text: str | None) -> float | None:
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, IndexError, OverflowError):
        return None


def _etags(text: str) -> set[str]:
    return {part.strip().strip('"').upper() for part in text.split(",")}


def check_conditions(call: Call, version: ObjectVersion, prefix: str = "") -> None:
    """If-Match and its kin; `prefix` is `x-oss-copy-source-` for a copy, where 304 is the answer to nobody."""
    headers = call.request.headers
    match = headers.get(f"{prefix}if-match")
    if match is not None and match.strip() != "*" and version.etag not in _etags(match):
        raise refusals.precondition_failed("If-Match")
    unmodified = _seconds(headers.get(f"{prefix}if-unmodified-since"))
    if unmodified is not None and match is None and version.modified > unmodified:
        raise refusals.precondition_failed("If-Unmodified-Since")
    none_match = headers.get(f"{prefix}if-none-match")
    if none_match is not None:
        if none_match.strip() == "*" or version.etag in _etags(none_match):
            raise _not_modified(version)
        return
    modified = _seconds(headers.get(f"{prefix}if-modified-since"))
    if modified is not None and version.modified <= modified:
        raise _not_modified(version)


def _not_modified(version: ObjectVersion) -> Refusal:
    headers = {"ETag": f'"{version.etag}"', "Last-Modified": http_date(version.modified)}
    return Refusal(304, "NotModified", "Not Modified", headers=headers)


def _range(call: Call, size: int) -> tuple[int, int] | None:
    """The half-open range asked for; None sends everything, which is OSS's answer to a range it cannot follow.

    With `x-oss-range-behavior: standard` a range that begins past the end is 416 and a long one is cut, as in HTTP.
    """
    match = _RANGE.match(call.header("range") or "")
    if match is None or match.group(0) == "bytes=-":
        return None
    standard = (call.header("x-oss-range-behavior") or "").lower() == "standard"
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
        valid = 0 < int(last) <= size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
        valid = start < size and (not last or int(last) < size)
    if valid:
        return start, end
    if not standard:
        return None
    if start >= size or end <= start:
        raise Refusal(
            416,
            "InvalidRange",
            "The requested range cannot be satisfied.",
            "0017-00000416",  # ours
            [("ActualObjectSize", str(size)), ("RangeRequested", call.header("range") or "")],
            {"Content-Range": f"bytes */{size}"},
        )
    return start, end


def _follow(call: Call, version: ObjectVersion) -> ObjectVersion:
    """A symlink answers with its target's content and its own metadata."""
    if version.symlink_target is None:
        return version
    stack = stacks.stack_of(call, call.bucket, version.symlink_target)
    if not stack or stack[0].delete_marker:
        raise Refusal(
            404,
            "SymlinkTargetNotExist",
            "The symlink target object does not exist",
            "0043-00000001",  # ours
            [("TargetObject", version.symlink_target)],
        )
    target = stack[0]
    if target.symlink_target is not None:
        raise Refusal(
            400,
            "InvalidTargetType",
            "The target object's type is symlink",
            "0043-00000002",  # ours
        )
    return replace(
        version,
        content=target.content,
        etag=target.etag,
        crc=target.crc,
        modified=max(version.modified, target.modified),
        storage_class=target.storage_class,
        restore=target.restore,
    )


def _override(call: Call, headers: dict[str, str]) -> None:
    for parameter, value in call.query.items():
        name = _OVERRIDES.get(parameter)
        if name is None:
            continue
        if call.principal is None:
            raise Refusal(
                400,
                "InvalidRequest",
                "Request specific response headers cannot be used for anonymous GET requests.",
                "0017-00000701",  # ours
            )
        if any(ord(c) < 32 for c in value):
            raise refusals.invalid_argument("The response header is not valid.", parameter, value)
        headers[name] = value.encode("utf-8", "surrogateescape").decode("latin-1")


def _body(content: Content, start: int, end: int) -> bytes | Slice:
    if isinstance(content, Stored):
        return content.data if end - start == content.size else content.data[start:end]
    return Slice(content, start, end)


@operation("GET", "object", name="GetObject", signed_only=False)
def get_object(call: Call) -> Response:
    version = _follow(call, website.addressed(call))
    require_readable(call.cloud, call.bucket, call.key, version)
    check_conditions(call, version)
    access_time.note(call)
    process = call.query.get("x-oss-process")
    if process is not None:
        return images.process(call, version, process)
    headers = metadata.describe(call.cloud, call.bucket, version)
    _override(call, headers)
    size = version.size
    wanted = _range(call, size)
    if wanted is None:
        return compressed(call, version, headers) or Response(200, headers, _body(version.content, 0, size))
    start, end = wanted
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(206, headers, _body(version.content, start, end))


@operation("HEAD", "object", name="HeadObject", action="oss:GetObject", signed_only=False)
def head_object(call: Call) -> Response:
    """200 even when frozen: the answer says so in its headers."""
    version = _follow(call, stacks.addressed(call))
    check_conditions(call, version)
    headers = metadata.describe(call.cloud, call.bucket, version) | access_time.header(call, version)
    return Response(200, headers, content_length=version.size)


_META = ("ETag", "Last-Modified", "x-oss-version-id", "x-oss-transition-time", "x-oss-hash-crc64ecma")


@operation("GET", "object", "objectMeta", name="GetObjectMeta", action="oss:GetObject", signed_only=False)
@operation("HEAD", "object", "objectMeta", name="GetObjectMeta", action="oss:GetObject", signed_only=False)
def get_object_meta(call: Call) -> Response:
    """A few headers of HeadObject; not `x-oss-restore`.

    A GET, as older SDKs send it, has no body either, whatever its Content-Length says: only the end of the connection
    tells the client so.
    """
    version = stacks.addressed(call)
    check_conditions(call, version)
    described = metadata.describe(call.cloud, call.bucket, version)
    headers = {name: described[name] for name in _META if name in described} | access_time.header(call, version)
    return Response(200, headers, content_length=version.size, close=call.request.method == "GET")


@operation("PUT", "object", name="PutObject", signed_only=False)
def put_object(call: Call) -> Response:
    metadata.require_length(call)
    metadata.refuse_conditions(call)
    stacks.forbid_overwrite(call)
    callback = callbacks.asked(call)
    body = call.request.body
    content = Stored(body)
    etag, crc = digest(content)
    version = ObjectVersion(
        content=content,
        etag=etag,
        crc=crc,
        modified=call.now,
        storage_class=metadata.storage_class(call, call.bucket),
        headers=metadata.stored_headers(call),
        tags=metadata.tagging_header(call),
        acl=metadata.object_acl(call),
    )
    return callbacks.answer(stored_response(call, version), asked=callback)


def stored_response(call: Call, version: ObjectVersion) -> Response:
    """Store, and answer with what an upload answers with."""
    before = call.bucket.stack(call.key)
    version = stacks.store(call.cloud, call.bucket, call.key, version)
    call.object_size = version.size
    call.storage_class = version.storage_class
    call.delta_size = version.size - (before[0].size if before and not call.bucket.versioning else 0)
    headers = {"ETag": f'"{version.etag}"', "x-oss-hash-crc64ecma": str(version.crc)}
    if version.kind == "Normal" and len(version.etag) == 32:
        headers["Content-MD5"] = metadata.describe(call.cloud, call.bucket, version)["Content-MD5"]
    headers.update(stacks.version_header(call.bucket, version))
    headers.update(metadata.encryption_headers(version.headers))
    return Response(200, headers)
