"""Turns the uploads and parts that wait into pages: ListMultipartUploads and ListParts."""

from __future__ import annotations

from dataclasses import dataclass, field

from ossmend.simulator.oss import metadata, refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.listing import check_parameters, common_prefixes, encoder, fold
from ossmend.simulator.oss.multipart import upload_of
from ossmend.simulator.oss.service import XML, page_size
from ossmend.simulator.state import Upload
from ossmend.simulator.wire import Response, iso_date


@dataclass(slots=True)
class _Page:
    uploads: list[Upload] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    key_marker: str = ""
    id_marker: str = ""
    truncated: bool = False


def _page_of(call: Call, prefix: str, delimiter: str, key_marker: str, id_marker: str, limit: int) -> _Page:
    """Both kinds of entries move the marker: one that only uploads moved would begin again at a folded prefix."""
    page = _Page()
    for upload in sorted(call.bucket.uploads.values(), key=lambda item: (item.key, item.upload_id)):
        if not upload.key.startswith(prefix) or not _after(upload, key_marker, id_marker):
            continue
        folded = fold(upload.key, prefix, delimiter)
        if folded is not None and folded in (key_marker, page.key_marker):
            continue
        if len(page.uploads) + len(page.prefixes) == limit:
            page.truncated = True
            break
        if folded is not None:
            page.prefixes.append(folded)
            page.key_marker, page.id_marker = folded, ""
        else:
            page.uploads.append(upload)
            page.key_marker, page.id_marker = upload.key, upload.upload_id
    return page


@operation("GET", "bucket", "uploads", name="ListMultipartUploads")
def list_multipart_uploads(call: Call) -> Response:
    query = call.query
    check_parameters(call, "prefix", "key-marker", "delimiter")
    encode, encoding = encoder(call)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    key_marker, id_marker = query.get("key-marker", ""), query.get("upload-id-marker", "")
    limit = page_size(call, "max-uploads", default=1000)
    page = _page_of(call, prefix, delimiter, key_marker, id_marker, limit)
    children = [
        encoding,
        xml.element("Bucket", call.bucket_name),
        f"<KeyMarker>{encode(key_marker)}</KeyMarker>",
        xml.element("UploadIdMarker", id_marker),
        f"<NextKeyMarker>{encode(page.key_marker)}</NextKeyMarker>",
        xml.element("NextUploadIdMarker", page.id_marker),
        f"<Delimiter>{encode(delimiter)}</Delimiter>",
        f"<Prefix>{encode(prefix)}</Prefix>",
        xml.element("MaxUploads", str(limit)),
        xml.element("IsTruncated", xml.flag(page.truncated)),
    ]
    children += [
        f"<Upload><Key>{encode(upload.key)}</Key><UploadId>{upload.upload_id}</UploadId>"
        f"<StorageClass>{upload.storage_class}</StorageClass><Initiated>{iso_date(upload.initiated)}</Initiated>"
        "</Upload>"
        for upload in page.uploads
    ]
    children.append(common_prefixes(page.prefixes, encode))
    return Response(200, dict(XML), xml.document("ListMultipartUploadsResult", children))


def _after(upload: Upload, key_marker: str, id_marker: str) -> bool:
    """Without an upload marker all uploads of the marker's key are behind us."""
    if not key_marker:
        return True
    if id_marker:
        return (upload.key, upload.upload_id) > (key_marker, id_marker)
    return upload.key > key_marker


_CLIENT_ENCRYPTION = {
    f"{metadata.CLIENT_ENCRYPTION}{name}": "ClientEncryption" + "".join(map(str.title, name.split("-")))
    for name in ("key", "start", "cek-alg", "wrap-alg", "data-size", "part-size")
}


def _client_encryption(upload: Upload) -> list[str]:
    """How the client encrypts the parts, as it said at the beginning: it needs that to go on after a restart."""
    return [
        xml.element(_CLIENT_ENCRYPTION[name], value) for name, value in upload.headers if name in _CLIENT_ENCRYPTION
    ]


@operation("GET", "object", "uploadId", name="ListParts")
def list_parts(call: Call) -> Response:
    upload = upload_of(call)
    encode, encoding = encoder(call)
    limit = page_size(call, "max-parts", default=1000)
    marker_text = call.query.get("part-number-marker") or "0"
    if not marker_text.isascii() or not marker_text.isdigit() or len(marker_text) > 9:
        raise refusals.invalid_argument("The part number marker is not valid.", "part-number-marker", marker_text)
    marker = int(marker_text)
    waiting = [(number, part) for number, part in sorted(upload.parts.items()) if number > marker]
    shown = waiting[:limit]
    children = [
        encoding,
        xml.element("Bucket", call.bucket_name),
        f"<Key>{encode(call.key)}</Key>",
        xml.element("UploadId", upload.upload_id),
        xml.element("StorageClass", upload.storage_class),
        xml.element("PartNumberMarker", str(marker)),
        xml.element("NextPartNumberMarker", str(shown[-1][0] if shown else marker)),
        xml.element("MaxParts", str(limit)),
        xml.element("IsTruncated", xml.flag(len(waiting) > limit)),
    ]
    children += _client_encryption(upload)
    children += [
        f"<Part><PartNumber>{number}</PartNumber><LastModified>{iso_date(part.modified)}</LastModified>"
        f'<ETag>"{part.etag}"</ETag><HashCrc64ecma>{part.crc}</HashCrc64ecma><Size>{len(part.data)}</Size></Part>'
        for number, part in shown
    ]
    return Response(200, dict(XML), xml.document("ListPartsResult", children))
