"""Turns a multipart upload's steps into one object: initiate, parts, copy of parts, complete, abort."""

from __future__ import annotations

import base64
import hashlib

from ossmend.simulator.contents import Stored, crc64
from ossmend.simulator.oss import callbacks, copying, metadata, refusals, stacks, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.listing import encoder
from ossmend.simulator.oss.objects import stored_response
from ossmend.simulator.oss.service import XML
from ossmend.simulator.state import ObjectVersion, Part, Upload
from ossmend.simulator.wire import Refusal, Response, iso_date

SMALLEST_PART = 100 * 1024
MOST_PARTS = 10000


def no_such_upload(upload_id: str) -> Refusal:
    return Refusal(
        404,
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed.",
        "0042-00000002",
        [("UploadId", upload_id)],
    )


def upload_of(call: Call) -> Upload:
    """The upload `uploadId` names, which must be one of this key."""
    upload_id = call.query.get("uploadId", "")
    upload = call.bucket.uploads.get(upload_id)
    if upload is None or upload.key != call.key:
        raise no_such_upload(upload_id)
    return upload


@operation("POST", "object", "uploads", name="InitiateMultipartUpload", action="oss:PutObject")
def initiate(call: Call) -> Response:
    stacks.forbid_overwrite(call)
    upload = Upload(
        key=call.key,
        upload_id=call.cloud.new_upload_id(),
        initiated=call.now,
        storage_class=metadata.storage_class(call, call.bucket),
        headers=metadata.stored_headers(call),
        tags=metadata.tagging_header(call),
        # OSS's own clients give the ACL when they complete an upload; at its beginning it is passed over.
        acl=metadata.object_acl(call) if call.s3 is not None else "default",
        forbid_overwrite=(call.header("x-oss-forbid-overwrite") or "").lower() == "true",
    )
    call.bucket.uploads[upload.upload_id] = upload
    encode, encoding = encoder(call)
    children = [
        encoding,
        xml.element("Bucket", call.bucket_name),
        f"<Key>{encode(call.key)}</Key>",
        xml.element("UploadId", upload.upload_id),
    ]
    headers = XML | metadata.encryption_headers(upload.headers)
    return Response(200, headers, xml.document("InitiateMultipartUploadResult", children))


def _part_number(call: Call) -> int:
    text = call.query.get("partNumber", "")
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not 1 <= int(text) <= MOST_PARTS:
        raise refusals.invalid_argument(
            "Part number must be an integer between 1 and 10000, inclusive.", "partNumber", text
        )
    return int(text)


def _keep(call: Call, upload: Upload, number: int, data: bytes) -> Part:
    etag = hashlib.md5(data, usedforsecurity=False).hexdigest().upper()
    part = Part(data, etag, crc64(data), call.now)
    upload.parts[number] = part
    return part


@operation("PUT", "object", "uploadId", name="UploadPart", action="oss:PutObject")
def upload_part(call: Call) -> Response:
    metadata.require_length(call)
    metadata.refuse_encryption(call)
    upload, number = upload_of(call), _part_number(call)
    part = _keep(call, upload, number, call.request.body)
    headers = {
        "ETag": f'"{part.etag}"',
        "x-oss-hash-crc64ecma": str(part.crc),
        "Content-MD5": base64.b64encode(bytes.fromhex(part.etag)).decode("ascii"),
    }
    return Response(200, headers | metadata.encryption_headers(upload.headers))


@operation("PUT", "object", "uploadPartCopy", name="UploadPartCopy", action="oss:PutObject")
def upload_part_copy(call: Call) -> Response:
    upload, number = upload_of(call), _part_number(call)
    source_bucket, _, source = copying.source_of(call)
    part = _keep(call, upload, number, copying.part_of(call, source.content))
    children = [xml.element("LastModified", iso_date(part.modified)), f'<ETag>"{part.etag}"</ETag>']
    headers = dict(XML) | {"ETag": f'"{part.etag}"'}
    if source_bucket.versioning:
        headers["x-oss-copy-source-version-id"] = source.version_id
    return Response(200, headers, xml.document("CopyPartResult", children))


def _chosen(call: Call, upload: Upload) -> list[tuple[int, Part]]:
    """The parts to join: those the document lists, or all with `x-oss-complete-all: yes`."""
    if (call.header("x-oss-complete-all") or "").lower() == "yes":
        if call.request.body.strip():
            raise refusals.invalid_argument("x-oss-complete-all does not go with a body.", "x-oss-complete-all", "yes")
        return sorted(upload.parts.items())
    document = xml.parse(call.request.body, "CompleteMultipartUpload")
    chosen: list[tuple[int, Part]] = []
    for node in document.all("Part"):
        number_text, etag = node.value("PartNumber"), node.value("ETag").strip('"').upper()
        if not number_text.isascii() or not number_text.isdigit() or len(number_text) > 6:
            raise xml.malformed_xml("PartNumber must be a number")
        number = int(number_text)
        part = upload.parts.get(number)
        if part is None or part.etag != etag:
            raise Refusal(
                400,
                "InvalidPart",
                "One or more of the specified parts could not be found or the specified entity tag might not have "
                "matched the part's entity tag.",
                "0042-00000003",
                [("UploadId", upload.upload_id), ("PartNumber", number_text), ("PartEtag", etag)],
            )
        if chosen and number <= chosen[-1][0]:
            raise Refusal(
                400,
                "InvalidPartOrder",
                "The list of parts was not in ascending order. Parts list must specified in order by part number.",
                "0042-00000004",
                [("UploadId", upload.upload_id)],
            )
        chosen.append((number, part))
    return chosen


@operation("POST", "object", "uploadId", name="CompleteMultipartUpload", action="oss:PutObject")
def complete(call: Call) -> Response:
    metadata.refuse_encryption(call)
    callback = callbacks.asked(call)
    upload = upload_of(call)
    chosen = _chosen(call, upload)
    if not chosen:
        raise xml.malformed_xml("at least one Part is needed")
    for number, part in chosen[:-1]:
        if len(part.data) < SMALLEST_PART:
            raise Refusal(
                400,
                "EntityTooSmall",
                "Your proposed upload smaller than the minimum allowed size.",
                "0042-00000005",
                [
                    ("MinSizeAllowed", str(SMALLEST_PART)),
                    ("ProposedSize", str(len(part.data))),
                    ("PartNumber", str(number)),
                ],
            )
    if upload.forbid_overwrite or call.header("x-oss-forbid-overwrite"):
        call.request.headers["x-oss-forbid-overwrite"] = call.header("x-oss-forbid-overwrite") or "true"
        stacks.forbid_overwrite(call)
    data = b"".join(part.data for _, part in chosen)
    joined = hashlib.md5(b"".join(bytes.fromhex(part.etag) for _, part in chosen), usedforsecurity=False)
    version = ObjectVersion(
        Stored(data),
        f"{joined.hexdigest().upper()}-{len(chosen)}",
        crc64(data),
        call.now,
        storage_class=upload.storage_class,
        kind="Multipart",
        headers=upload.headers,
        tags=upload.tags,
        acl=metadata.object_acl(call) if call.header("x-oss-object-acl") else upload.acl,
    )
    encode, encoding = encoder(call)
    response = stored_response(call, version)
    del call.bucket.uploads[upload.upload_id]
    location = f"http://{call.bucket_name}.{call.bucket.endpoint}/{call.key}"
    children = [
        encoding,
        xml.element("Location", location),
        xml.element("Bucket", call.bucket_name),
        f"<Key>{encode(call.key)}</Key>",
        f'<ETag>"{version.etag}"</ETag>',
    ]
    response.headers.update(XML)
    response.body = xml.document("CompleteMultipartUploadResult", children)
    return callbacks.answer(response, asked=callback)


@operation("DELETE", "object", "uploadId", name="AbortMultipartUpload")
def abort(call: Call) -> Response:
    del call.bucket.uploads[upload_of(call).upload_id]
    return Response(204)
