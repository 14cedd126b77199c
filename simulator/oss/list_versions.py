"""Turns a bucket's stacks into pages of versions and delete markers: ListObjectVersions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.listing import Encode, beyond, check_parameters, common_prefixes, encoder, fold
from ossmend.simulator.oss.readable import restore_text
from ossmend.simulator.oss.service import XML, owner, page_size
from ossmend.simulator.oss.stacks import stack_of
from ossmend.simulator.state import ObjectVersion, Stack, version_serial
from ossmend.simulator.wire import Response, iso_date

Row = tuple[str, ObjectVersion, bool]
"""Key, version, is it the latest?"""


@dataclass(slots=True)
class _Page:
    rows: list[Row] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    key_marker: str = ""
    version_marker: str = ""
    truncated: bool = False


def _rows(call: Call, key: str, key_marker: str, version_marker: str) -> Iterator[Row]:
    """The versions of one key, newest first; of the marker's key only those after the marker's version."""
    stack = stack_of(call, call.bucket, key)
    skipped = _skipped(stack, version_marker) if key == key_marker and version_marker else 0
    for position in range(skipped, len(stack)):
        yield key, stack[position], position == 0


def _skipped(stack: Stack, version_marker: str) -> int:
    """How many versions lie before the marker's and with it.

    Whoever empties a bucket deletes the marker's version before asking for the next page. Then the ids that are newer
    count; where ids tell no age, nothing is skipped: an entry shown twice is better than one never shown.
    """
    for position, version in enumerate(stack):
        if version.version_id == version_marker:
            return position + 1
    marker = version_serial(version_marker)
    if marker is None:
        return 0
    newer = (serial is not None and serial > marker for serial in (version_serial(v.version_id) for v in stack))
    return sum(takewhile(bool, newer))


def _page_of(call: Call, prefix: str, delimiter: str, key_marker: str, version_marker: str, limit: int) -> _Page:
    page = _Page()
    keys = call.bucket.index.keys()
    position = bisect_left(keys, max(prefix, key_marker))
    if position < len(keys) and key_marker and keys[position] == key_marker and not version_marker:
        position += 1
    while position < len(keys) and keys[position].startswith(prefix):
        key = keys[position]
        rows = list(_rows(call, key, key_marker, version_marker))
        folded = fold(key, prefix, delimiter) if rows else None
        if folded is not None:
            position = bisect_left(keys, beyond(folded), position)
            if folded == key_marker:
                continue
            if len(page.rows) + len(page.prefixes) == limit:
                page.truncated = True
                return page
            page.prefixes.append(folded)
            page.key_marker, page.version_marker = folded, ""
            continue
        for row in rows:
            if len(page.rows) + len(page.prefixes) == limit:
                page.truncated = True
                return page
            page.rows.append(row)
            page.key_marker, page.version_marker = key, row[1].version_id
        position += 1
    return page


def _row(call: Call, row: Row, encode: Encode, owner_xml: str) -> str:
    key, version, latest = row
    common = (
        f"<Key>{encode(key)}</Key><VersionId>{version.version_id}</VersionId><IsLatest>{xml.flag(latest)}</IsLatest>"
        f"<LastModified>{iso_date(version.modified)}</LastModified>"
    )
    if version.delete_marker:
        return f"<DeleteMarker>{common}{owner_xml}</DeleteMarker>"
    restore = restore_text(call.cloud, version)
    return (
        f'<Version>{common}<ETag>"{version.etag}"</ETag><Type>{version.kind}</Type><Size>{version.size}</Size>'
        f"<StorageClass>{version.storage_class}</StorageClass>"
        f"{f'<RestoreInfo>{restore}</RestoreInfo>' if restore else ''}{owner_xml}</Version>"
    )


@operation("GET", "bucket", "versions", name="ListObjectVersions", log_name="GetBucketVersions", signed_only=False)
def list_object_versions(call: Call) -> Response:
    query = call.query
    check_parameters(call, "prefix", "key-marker", "delimiter")
    encode, encoding = encoder(call)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    key_marker, version_marker = query.get("key-marker", ""), query.get("version-id-marker", "")
    if version_marker and not key_marker:
        raise refusals.invalid_argument(
            "A version-id marker cannot be specified without a key marker.", "version-id-marker", version_marker
        )
    limit = page_size(call)
    page = _page_of(call, prefix, delimiter, key_marker, version_marker, limit)
    owner_xml = owner(call.bucket.owner)
    children = [
        xml.element("Name", call.bucket_name),
        f"<Prefix>{encode(prefix)}</Prefix>",
        f"<KeyMarker>{encode(key_marker)}</KeyMarker>",
        xml.element("VersionIdMarker", version_marker),
        xml.element("MaxKeys", str(limit)),
        f"<Delimiter>{encode(delimiter)}</Delimiter>",
        encoding,
        xml.element("IsTruncated", xml.flag(page.truncated)),
    ]
    if page.truncated:
        children.append(f"<NextKeyMarker>{encode(page.key_marker)}</NextKeyMarker>")
        children.append(xml.element("NextVersionIdMarker", page.version_marker))
    children.append("".join(_row(call, row, encode, owner_xml) for row in page.rows))
    children.append(common_prefixes(page.prefixes, encode))
    return Response(200, dict(XML), xml.document("ListVersionsResult", children))
