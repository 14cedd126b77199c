"""Turns CopyObject and UploadPartCopy's source into bytes that may be used, and a copy into a new version."""

from __future__ import annotations

import re
from dataclasses import replace

from ossmend.simulator.oss import metadata, permit, refusals, stacks, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.objects import check_conditions, stored_response
from ossmend.simulator.oss.readable import require_readable
from ossmend.simulator.oss.route import check_key, valid_bucket_name
from ossmend.simulator.oss.service import XML
from ossmend.simulator.state import Bucket, ObjectVersion
from ossmend.simulator.wire import Content, Refusal, Response, iso_date, parse_pairs, percent_decode

COPY_LIMIT = 5 * 1024**3
_SOURCE = re.compile(r"/?(?P<bucket>[^/?]+)/(?P<key>[^?]+)(?:\?(?P<query>.*))?\Z", re.DOTALL)


def source_of(call: Call) -> tuple[Bucket, str, ObjectVersion]:
    """The version `x-oss-copy-source` names: it must exist, be ours to read, and not be frozen."""
    text = call.header("x-oss-copy-source") or ""
    match = _SOURCE.match(text)
    if match is None:
        raise refusals.invalid_argument(
            "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.", "x-oss-copy-source", text
        )
    name, key = match["bucket"], percent_decode(match["key"], plus=False)
    version_id = dict(parse_pairs(match["query"] or "")).get("versionId")
    if not valid_bucket_name(name):
        raise refusals.invalid_bucket_name(name)
    check_key(key)
    bucket = call.cloud.buckets.get(name)
    if bucket is None:
        raise refusals.no_such_bucket(name)
    if bucket.region != call.bucket.region:
        raise refusals.access_denied(
            "Target object does not reside in the same data center as source object.",
            "0003-00001404",  # ours
        )
    action = "oss:GetObjectVersion" if version_id else "oss:GetObject"
    permit.require(call, action, bucket, key, permit.object_acl(bucket, key, version_id))
    version = stacks.find(call, bucket, key, version_id)
    call.object_size, call.storage_class = version.size, version.storage_class
    require_readable(call.cloud, bucket, key, version, "0016-00000330")
    check_conditions(call, version, "x-oss-copy-source-")
    return bucket, key, version


def _directive(call: Call, name: str) -> bool:
    """Is the metadata replaced (True) or copied?"""
    text = call.header(name) or "COPY"
    if text.upper() not in ("COPY", "REPLACE"):
        raise refusals.invalid_argument("Unknown metadata directive.", name, text)
    return text.upper() == "REPLACE"


def _is_current(call: Call, bucket: Bucket, key: str, source: ObjectVersion) -> bool:
    """Is the source what the target key answers with now? An older version is another object."""
    return bucket is call.bucket and key == call.key and bucket.stack(key)[0] is source


@operation("PUT", "object", "copy", name="CopyObject", action="oss:PutObject")
def copy_object(call: Call) -> Response:
    """Copy. Onto itself, too: that is how metadata and classes are changed."""
    stacks.forbid_overwrite(call)
    replaced = _directive(call, "x-oss-metadata-directive")
    replaced_tags = _directive(call, "x-oss-tagging-directive") if call.header("x-oss-tagging-directive") else False
    source_bucket, source_key, source = source_of(call)
    if source.symlink_target is not None:
        raise Refusal(400, "OperationNotSupported", "The operation is not supported for this resource", "0016-00000703")
    if source.size > COPY_LIMIT:
        raise Refusal(
            400,
            "EntityTooLarge",
            "The object is too large to copy in a single operation.",
            "0016-00000302",  # ours
            [("MaxSizeAllowed", str(COPY_LIMIT)), ("ProposedSize", str(source.size))],
        )
    storage_class = metadata.storage_class(call, call.bucket)
    keep = metadata.replaced_headers if replaced else metadata.copied_headers
    headers = keep(call, source.headers)
    if _is_current(call, source_bucket, source_key, source):
        # Documented: onto itself, whatever the directive says, the request's metadata replaces the object's.
        headers = metadata.stored_headers(call)
        if call.header("x-oss-storage-class") is None:
            storage_class = source.storage_class
    version = replace(
        source,
        modified=call.now,
        storage_class=storage_class,
        kind="Normal" if source.kind == "Appendable" else source.kind,
        headers=headers,
        tags=metadata.tagging_header(call) if replaced_tags else source.tags,
        acl=metadata.object_acl(call),
        restore=None,
        transitioned=None,
    )
    response = stored_response(call, version)
    response.body = xml.document(
        "CopyObjectResult",
        [f'<ETag>"{version.etag}"</ETag>', xml.element("LastModified", iso_date(version.modified))],
    )
    response.headers.update(XML)
    response.headers.pop("Content-MD5", None)
    if source_bucket.versioning:
        response.headers["x-oss-copy-source-version-id"] = source.version_id
    return response


def part_of(call: Call, content: Content) -> bytes:
    """The bytes `x-oss-copy-source-range` selects; the whole source without it."""
    text = call.header("x-oss-copy-source-range")
    if text is None:
        return content.read(0, content.size)
    match = re.match(r"bytes=([0-9]{1,18})-([0-9]{0,18})\Z", text)
    if match is None:
        raise refusals.invalid_argument("The range is not valid.", "x-oss-copy-source-range", text)
    start, end = int(match[1]), min(int(match[2]) + 1 if match[2] else content.size, content.size)
    if start >= content.size or end <= start:
        raise Refusal(
            416,
            "InvalidRange",
            "The requested range cannot be satisfied.",
            "0017-00000416",  # ours
        )
    return content.read(start, end)
