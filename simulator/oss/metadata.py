"""Turns request headers into what an object keeps (headers, class, ACL, tags), and that back into response headers."""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from typing import Final

from ossmend.simulator.oss import permit, refusals, xml
from ossmend.simulator.oss.buckets import acl_header, public_acl_refused
from ossmend.simulator.oss.call import Call
from ossmend.simulator.oss.readable import restore_text
from ossmend.simulator.oss.stacks import version_header
from ossmend.simulator.state import STORAGE_CLASSES, Bucket, Cloud, ObjectVersion
from ossmend.simulator.wire import Refusal, http_date, iso_date, parse_pairs

OBJECT_ACLS: Final = ("default", "private", "public-read", "public-read-write")
_KEPT: Final = (
    ("content-type", "Content-Type"),
    ("cache-control", "Cache-Control"),
    ("content-disposition", "Content-Disposition"),
    ("content-encoding", "Content-Encoding"),
    ("content-language", "Content-Language"),
    ("expires", "Expires"),
)
CLIENT_ENCRYPTION: Final = "x-oss-meta-client-side-encryption-"
_META_LIMIT = 8 * 1024
_READ_CONDITIONS: Final = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
MOST_OBJECT_TAGS: Final = 10
MOST_BUCKET_TAGS: Final = 20
_TAG_SIGNS: Final = "+-=._:/ "
ENCRYPTIONS: Final = ("AES256", "KMS", "SM4")
_SSE: Final = "x-oss-server-side-encryption"
_SSE_DATA: Final = "x-oss-server-side-data-encryption"
_SSE_KEY: Final = "x-oss-server-side-encryption-key-id"

Pairs = tuple[tuple[str, str], ...]


def stored_headers(call: Call) -> Pairs:
    """What PutObject and its kin keep of the request's headers. The key's ending tells OSS nothing; SDKs guess."""
    headers = call.request.headers
    kept = [(name, headers[lower]) for lower, name in _KEPT if headers.get(lower)]
    if not headers.get("content-type"):
        kept.insert(0, ("Content-Type", "application/octet-stream"))
    meta = [(name, value) for name, value in headers.items() if name.startswith("x-oss-meta-")]
    if sum(len(name) + len(value) for name, value in meta) > _META_LIMIT:
        raise Refusal(
            400,
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size.",
            "0011-00000001",  # ours
        )
    return tuple(kept + _encryption(call) + meta)


def bad_algorithm() -> Refusal:
    return Refusal(
        400,
        "InvalidEncryptionAlgorithmError",
        "The Encryption request you specified is not valid. Supported value: AES256/KMS.",
        "0005-00000002",  # ours
    )


def _encryption(call: Call) -> list[tuple[str, str]]:
    """An upload's encryption, or its bucket's. Only KMS has a key, the account's own if none is named, and a cipher."""
    algorithm, key, cipher = (call.header(name) for name in (_SSE, _SSE_KEY, _SSE_DATA))
    if algorithm is None:
        algorithm, key, cipher = _default_encryption(call.bucket)
    if not algorithm:
        return []
    if algorithm not in ENCRYPTIONS:
        raise bad_algorithm()
    if algorithm != "KMS":
        return [(_SSE, algorithm)]
    own_key = str(uuid.uuid5(uuid.NAMESPACE_OID, call.bucket.owner))
    return [(_SSE, algorithm), (_SSE_KEY, key or own_key), *([(_SSE_DATA, cipher)] if cipher else [])]


def _default_encryption(bucket: Bucket) -> tuple[str, str, str]:
    """Algorithm, key and cipher of the bucket's rule; the first is empty without a rule."""
    document = bucket.documents.get("encryption")
    rule = document and xml.parse(document, "ServerSideEncryptionRule").first("ApplyServerSideEncryptionByDefault")
    if not rule:
        return "", "", ""
    return rule.value("SSEAlgorithm"), rule.value("KMSMasterKeyID"), rule.value("KMSDataEncryption")


def copied_headers(call: Call, source: Pairs) -> Pairs:
    """What a copy keeps of its source's metadata. Documented: how that was encrypted is not told to the copy."""
    kept = tuple(pair for pair in source if pair[0] not in (_SSE, _SSE_KEY, _SSE_DATA))
    return (*kept, *_encryption(call))


def refuse_encryption(call: Call) -> None:
    """An upload in parts says at its beginning how it is encrypted, and not again."""
    for name in (_SSE, _SSE_KEY, _SSE_DATA):
        if call.header(name) is not None:
            raise refusals.invalid_argument(
                "The encryption was settled when the upload began.", name, call.header(name) or ""
            )


def encryption_headers(stored: Pairs) -> dict[str, str]:
    """How an answer to an upload, or to its beginning, says that the object is encrypted."""
    return {name: value for name, value in stored if name in (_SSE, _SSE_KEY, _SSE_DATA)}


def replaced_headers(call: Call, source: Pairs) -> Pairs:
    """What a copy to another key keeps when its request replaces the metadata.

    Two things stay the source's unless the request names them: Content-Type, and how the client encrypted the data.
    Documented for the second: CopyObject cannot change it, since without it nobody reads the object again.
    """
    named = stored_headers(call)
    given = {name for name, _ in named if name != "Content-Type" or call.header("content-type")}
    stays = [
        pair for pair in source if pair[0] not in given and pair[0].startswith(("Content-Type", CLIENT_ENCRYPTION))
    ]
    return (*stays, *(pair for pair in named if pair[0] not in dict(stays)))


def storage_class(call: Call, bucket: Bucket) -> str:
    """`x-oss-storage-class`, or the bucket's."""
    text = call.header("x-oss-storage-class")
    if text is None:
        return bucket.storage_class
    if text not in STORAGE_CLASSES:
        raise Refusal(
            400,
            "InvalidArgument",
            "The storage class you specified is not valid.",
            "0013-00000001",  # ours
            [("ArgumentName", "x-oss-storage-class"), ("ArgumentValue", text)],
        )
    return text


def object_acl(call: Call) -> str:
    acl = acl_header(call, OBJECT_ACLS, "x-oss-object-acl") or "default"
    public_object_acl_refused(call, acl)
    return acl


def public_object_acl_refused(call: Call, acl: str) -> None:
    try:
        public_acl_refused(call, call.bucket_or_none, acl)
    except Refusal as refusal:
        refusal.message = "Put public object acl is not allowed"
        raise


def has_only_tag_signs(text: str) -> bool:
    return all(c.isalnum() or c in _TAG_SIGNS for c in text)


def check_tags(tags: Pairs, limit: int = MOST_OBJECT_TAGS) -> Pairs:
    """Unique keys and documented lengths; an object's tags, at most ten, have letters, digits and few signs only."""
    names = [name for name, _ in tags]
    bad = next((n for n, v in tags if not n or len(n) > 128 or len(v) > 256), None)
    if bad is None and limit == MOST_OBJECT_TAGS:
        bad = next((n for n, v in tags if not has_only_tag_signs(n + v)), None)
    if bad is not None or len(set(names)) != len(names):
        raise Refusal(400, "InvalidTag", "The tags you specified are not valid.", "0010-00000001")  # EC ours
    if len(tags) > limit:
        raise Refusal(
            400,
            "InvalidTag",
            f"The number of tags is beyond the limit of {limit}.",
            "0010-00000002",  # ours
        )
    return tags


def tagging_header(call: Call) -> Pairs:
    """`x-oss-tagging: a=1&b=2`, which needs a right of its own."""
    text = call.header("x-oss-tagging")
    if not text:
        return ()
    tags = check_tags(tuple(parse_pairs(text)))
    try:
        permit.require(call, "oss:PutObjectTagging", call.bucket, call.key)
    except Refusal as refusal:
        refusal.ec = "0003-00000905"
        raise
    return tags


def check_md5(call: Call) -> None:
    """A Content-MD5 that does not fit refuses the request, whatever its body is, before anything is changed."""
    text = call.header("content-md5")
    if text is None or call.request.method not in ("PUT", "POST"):
        return
    try:
        given = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        given = b""
    if len(given) != 16 or given != hashlib.md5(call.request.body, usedforsecurity=False).digest():
        raise Refusal(
            400,
            "InvalidDigest",
            "The Content-MD5 you specified was invalid.",
            "0016-00000016",  # ours
            [("Content-MD5", text)],
        )


def require_length(call: Call) -> None:
    """An upload must say how long it is, or come in chunks."""
    headers = call.request.headers
    if "content-length" not in headers and "transfer-encoding" not in headers:
        raise Refusal(
            411,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
            "0017-00000411",  # ours
        )


def refuse_conditions(call: Call) -> None:
    """Conditions that only reads have: passed over, an upload would overwrite what it was to spare.

    Of PutObject only: one SDK repeats a copy's conditions under these names, and OSS does not mind.
    """
    for name in _READ_CONDITIONS:
        if call.header(name.lower()) is not None:
            raise refusals.not_implemented(name)


def describe(cloud: Cloud, bucket: Bucket, version: ObjectVersion) -> dict[str, str]:
    """The headers of GetObject and HeadObject, without Content-Length."""
    headers = dict(version.headers)
    headers["ETag"] = f'"{version.etag}"'
    headers["Last-Modified"] = http_date(version.modified)
    headers["Accept-Ranges"] = "bytes"
    headers["x-oss-object-type"] = version.kind
    headers["x-oss-storage-class"] = version.storage_class
    headers["x-oss-hash-crc64ecma"] = str(version.crc)
    if version.kind == "Appendable":
        headers["x-oss-next-append-position"] = str(version.size)
    if version.kind == "Normal" and len(version.etag) == 32:
        headers["Content-MD5"] = base64.b64encode(bytes.fromhex(version.etag)).decode("ascii")
    if version.tags:
        headers["x-oss-tagging-count"] = str(len(version.tags))
    if version.transitioned is not None:
        headers["x-oss-transition-time"] = http_date(version.transitioned)
    text = restore_text(cloud, version)
    if text is not None:
        headers["x-oss-restore"] = text
        if version.restore is not None and version.storage_class != "Archive":
            headers["x-oss-object-restore-priority"] = version.restore.tier
    headers.update(version_header(bucket, version))
    return headers


def modified_text(version: ObjectVersion) -> str:
    return iso_date(version.modified)
