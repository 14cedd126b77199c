"""Turns `x-amz-*` headers into `x-oss-*` on the way in, and answers into S3's names on the way out.

A header that is in none of the lists is refused: to ignore a lock or a customer's key would be a wrong success.
"""

from __future__ import annotations

import re
from typing import Final

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.call import Call, Level
from ossmend.simulator.s3 import acl
from ossmend.simulator.wire import Response

CLASSES: Final = {"STANDARD": "Standard", "STANDARD_IA": "IA", "GLACIER": "Archive"}
"""S3's names for OSS's classes. OSS's colder ones keep their own name in answers (UNCONFIRMED)."""
_CLASS_NAMES = {ours: theirs for theirs, ours in CLASSES.items()}

_RENAMED_IN = {
    "x-amz-copy-source": "x-oss-copy-source",
    "x-amz-copy-source-range": "x-oss-copy-source-range",
    "x-amz-copy-source-if-match": "x-oss-copy-source-if-match",
    "x-amz-copy-source-if-none-match": "x-oss-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since": "x-oss-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since": "x-oss-copy-source-if-unmodified-since",
    "x-amz-metadata-directive": "x-oss-metadata-directive",
    "x-amz-request-payer": "x-oss-request-payer",
    "x-amz-security-token": "x-oss-security-token",
    "x-amz-server-side-encryption": "x-oss-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "x-oss-server-side-encryption-key-id",
    "x-amz-storage-class": "x-oss-storage-class",
}
_PASSED_OVER = frozenset(
    "x-amz-content-sha256 x-amz-date x-amz-decoded-content-length x-amz-trailer x-amz-user-agent x-amz-te "
    "x-amz-checksum-mode x-amz-checksum-algorithm x-amz-checksum-type x-amz-sdk-checksum-algorithm "
    "x-amz-checksum-crc32 x-amz-checksum-crc32c x-amz-checksum-crc64nvme x-amz-checksum-sha1 x-amz-checksum-sha256 "
    "x-amz-mp-object-size x-amz-sdk-invocation-id x-amz-sdk-request x-amz-api-version".split()
)
"""Part of the signature or body, which others read; or checksums beside a plain body, which OSS passes over."""

_RENAMED_OUT = {
    "x-oss-request-id": "x-amz-request-id",
    "x-oss-bucket-region": "x-amz-bucket-region",
    "x-oss-copy-source-version-id": "x-amz-copy-source-version-id",
    "x-oss-delete-marker": "x-amz-delete-marker",
    "x-oss-restore": "x-amz-restore",
    "x-oss-server-side-encryption": "x-amz-server-side-encryption",
    "x-oss-server-side-encryption-key-id": "x-amz-server-side-encryption-aws-kms-key-id",
    "x-oss-storage-class": "x-amz-storage-class",
    "x-oss-tagging-count": "x-amz-tagging-count",
    "x-oss-version-id": "x-amz-version-id",
}
"""The request id is live knowledge, as is that `x-oss-ec` and `x-oss-server-time` keep their names; the rest is what
S3 clients look for.
"""
_LISTINGS = frozenset(
    "ListObjects ListObjectsV2 ListParts CopyObject UploadPartCopy CompleteMultipartUpload PostObject".split()
)
_ETAG = re.compile(rb'<ETag>("?[0-9A-F]{32}(?:-\d{1,5})?"?)</ETag>')
_CLASS = re.compile(rb"<StorageClass>(Standard|IA|Archive)</StorageClass>")


def headers_in(call: Call) -> None:
    """Rename what the operations read. What was signed stays as it was in `call.s3`."""
    headers = call.request.headers
    for name, value in tuple(headers.items()):
        if name.startswith("x-amz-"):
            headers.update(renamed(name, value, level=call.level))
    acl.document_in(call)


def renamed(name: str, value: str, *, level: Level) -> dict[str, str]:
    """OSS's header for one of S3's; nothing for those that others read, or nobody."""
    if name.startswith("x-amz-meta-"):
        return {"x-oss-meta-" + name.removeprefix("x-amz-meta-"): value}
    if name == "x-amz-acl":
        return {"x-oss-object-acl" if level == "object" else "x-oss-acl": value}
    if name in _RENAMED_IN:
        return {_RENAMED_IN[name]: _value_in(name, value)}
    if name not in _PASSED_OVER:
        raise refusals.not_implemented(name)
    return {}


def _value_in(name: str, value: str) -> str:
    if name == "x-amz-copy-source" and "/" not in value:
        return re.sub("%2F", "/", value, count=1, flags=re.IGNORECASE)  # encoded as a whole, as AWS's JavaScript does
    if name == "x-amz-storage-class":
        if value not in CLASSES:
            raise refusals.invalid_argument("The storage class you specified is not valid.", name, value)
        return CLASSES[value]
    return "KMS" if name == "x-amz-server-side-encryption" and value == "aws:kms" else value


def answer_out(call: Call, response: Response) -> None:
    """S3's names for headers, classes and grants; ETags in small letters, which S3 clients compare with their own."""
    for name in tuple(response.headers):
        value = response.headers[name]
        if name.startswith("x-oss-meta-"):
            response.headers["x-amz-meta-" + name.removeprefix("x-oss-meta-")] = response.headers.pop(name)
        elif name in _RENAMED_OUT:
            del response.headers[name]
            response.headers[_RENAMED_OUT[name]] = _value_out(name, value)
        elif name == "ETag":
            response.headers[name] = value.lower()
    operation = call.operation.name if call.operation is not None else ""
    if response.status != 200 or not isinstance(response.body, bytes):
        return
    if operation in _LISTINGS:
        body = _ETAG.sub(lambda found: found[0].lower().replace(b"etag>", b"ETag>"), response.body)
        response.body = _CLASS.sub(_class_out, body)
    elif operation in ("GetBucketAcl", "GetObjectAcl"):
        response.body = acl.document_out(response.body)
    elif operation == "DeleteMultipleObjects" and not response.body:
        response.body = xml.document("DeleteResult", ())  # Quiet: S3 clients want a document, if an empty one


def _value_out(name: str, value: str) -> str:
    if name == "x-oss-storage-class":
        return _CLASS_NAMES.get(value, value)
    return "aws:kms" if name == "x-oss-server-side-encryption" and value == "KMS" else value


def _class_out(found: re.Match[bytes]) -> bytes:
    return f"<StorageClass>{_CLASS_NAMES[found[1].decode()]}</StorageClass>".encode()
