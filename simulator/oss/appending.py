"""Turns AppendObject and symlinks into objects that are no plain uploads."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from ossmend.simulator.contents import Stored, crc64, digest
from ossmend.simulator.oss import immutable, metadata, refusals, stacks
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.objects import stored_response
from ossmend.simulator.oss.route import check_key
from ossmend.simulator.state import ObjectVersion
from ossmend.simulator.wire import Refusal, Response, percent_decode


def _position(call: Call) -> int:
    text = call.query.get("position", "")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise refusals.invalid_argument("The position is not valid.", "position", text)
    return int(text)


@operation("POST", "object", "append", name="AppendObject", action="oss:PutObject", signed_only=False)
def append_object(call: Call) -> Response:
    """Grow an Appendable object, if the client knows where it ends."""
    metadata.require_length(call)
    position, body = _position(call), call.request.body
    stack = call.bucket.stack(call.key)
    current = stack[0] if stack and not stack[0].delete_marker else None
    if current is not None and current.kind != "Appendable":
        raise Refusal(409, "ObjectNotAppendable", "The object is not appendable", "0026-00000017", [("Key", call.key)])
    size = current.size if current else 0
    if position != size:
        raise Refusal(
            409,
            "PositionNotEqualToLength",
            "Position is not equal to file length",
            "0026-00000016",
            headers={
                "x-oss-next-append-position": str(size),
                "x-oss-hash-crc64ecma": str(current.crc if current else 0),
            },
        )
    if current is None:
        content = Stored(body)
        version = ObjectVersion(
            content,
            digest(content)[0],
            crc64(body),
            call.now,
            storage_class=metadata.storage_class(call, call.bucket),
            kind="Appendable",
            headers=metadata.stored_headers(call),
            tags=metadata.tagging_header(call),
            acl=metadata.object_acl(call),
        )
        response = stored_response(call, version)
    else:
        immutable.check(call.cloud, call.bucket, call.key)  # whether growing counts as overwriting is UNCONFIRMED
        grown = Stored(current.content.read(0, size) + body)
        version = replace(
            current, content=grown, etag=digest(grown)[0], crc=crc64(body, current.crc), modified=call.now
        )
        if call.header("x-oss-object-acl") is not None:  # of the headers, this one counts each time
            version = replace(version, acl=metadata.object_acl(call))
        stacks.replace_version(call, call.bucket, call.key, current, version)
        call.object_size, call.delta_size = version.size, len(body)
        response = Response(200, {"ETag": f'"{version.etag}"', "x-oss-hash-crc64ecma": str(version.crc)})
        response.headers.update(metadata.encryption_headers(version.headers))
    response.headers["x-oss-next-append-position"] = str(size + len(body))
    return response


@operation("PUT", "object", "symlink", name="PutSymlink", action="oss:PutObject")
def put_symlink(call: Call) -> Response:
    """A name that answers with another key's content; the target need not exist yet."""
    stacks.forbid_overwrite(call)
    raw = call.header("x-oss-symlink-target")
    if not raw:
        raise refusals.invalid_argument("The symlink target is required.", "x-oss-symlink-target", "")
    target = percent_decode(raw, plus=False)
    check_key(target)
    if target == call.key:
        raise refusals.invalid_argument("A symlink cannot point to itself.", "x-oss-symlink-target", raw)
    content = Stored(b"")
    etag, crc = digest(Stored(target.encode()))
    version = ObjectVersion(
        content,
        etag,
        crc,
        call.now,
        storage_class=metadata.storage_class(call, call.bucket),
        kind="Symlink",
        headers=metadata.stored_headers(call),
        tags=metadata.tagging_header(call),
        acl=metadata.object_acl(call),
        symlink_target=target,
    )
    return stored_response(call, version)


@operation("GET", "object", "symlink", name="GetSymlink", action="oss:GetObject", signed_only=False)
def get_symlink(call: Call) -> Response:
    version = stacks.addressed(call)
    if version.symlink_target is None:
        raise Refusal(
            400,
            "NotSymlink",
            "The object is not a symlink",
            "0043-00000003",  # ours
            [("Key", call.key)],
        )
    headers = {"x-oss-symlink-target": quote(version.symlink_target), "ETag": f'"{version.etag}"'}
    headers["Last-Modified"] = metadata.describe(call.cloud, call.bucket, version)["Last-Modified"]
    headers.update(stacks.version_header(call.bucket, version))
    return Response(200, headers)
