"""OSS's XML and JSON about rights, referers and versions -> values of contract/answers.py. Pure reading.

inquiries.py asks; answers.py is the same for objects and CORS.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from ossmend.daemon.cloud.wire.answers import iso_date, storage_class
from ossmend.daemon.cloud.wire.elements import Unreadable, children, name_of, root_of, text_of
from ossmend.remediators.contract.answers import ObjectVersion, RefererRules


@dataclass(frozen=True, slots=True)
class BucketInfo:
    """The parts of GetBucketInfo that a diagnosis needs; None where OSS leaves one out."""

    acl: str | None
    owner: str | None
    region: str | None
    block_public: bool | None


def bucket_info(body: bytes) -> BucketInfo:
    """`BucketInfo/Bucket` (docs/facts.md#bucket-info); oss2's own parser drops BlockPublicAccess."""
    bucket = next(children(root_of(body, "BucketInfo"), "Bucket"), None)
    if bucket is None:
        raise Unreadable("no Bucket in BucketInfo")
    blocked = text_of(bucket, "BlockPublicAccess")
    location = text_of(bucket, "Location")
    return BucketInfo(
        acl=_inside(bucket, "AccessControlList", "Grant"),
        owner=_inside(bucket, "Owner", "ID"),
        region=location.removeprefix("oss-") if location else None,
        block_public=None if blocked is None else blocked.lower() == "true",
    )


def bucket_names(body: bytes) -> tuple[str, ...]:
    within = next(children(root_of(body, "ListAllMyBucketsResult"), "Buckets"), None)
    return () if within is None else tuple(text_of(each, "Name") or "" for each in children(within, "Bucket"))


def acl(body: bytes) -> str:
    grant = _inside(root_of(body, "AccessControlPolicy"), "AccessControlList", "Grant")
    if not grant:
        raise Unreadable("no Grant in it")
    return grant


def referer(body: bytes) -> RefererRules:
    root = root_of(body, "RefererConfiguration")
    return RefererRules(
        allow_empty=(text_of(root, "AllowEmptyReferer") or "true").lower() == "true",
        allowed=_listed(root, "RefererList"),
        denied=_listed(root, "RefererBlacklist"),
    )


def requester_pays(body: bytes) -> bool:
    return (text_of(root_of(body, "RequestPaymentConfiguration"), "Payer") or "").lower() == "requester"


def versions(key: str, body: bytes) -> tuple[ObjectVersion, ...]:
    """The versions of this one key in a page of ListObjectVersions: the current one first, then newest first."""
    root = root_of(body, "ListVersionsResult")
    encoded = (text_of(root, "EncodingType") or "").lower() == "url"
    found: list[ObjectVersion] = []
    for item in root:
        told = text_of(item, "Key")
        if told is None or (unquote(told) if encoded else told) != key:
            continue  # another key with the same beginning, or no version at all
        found.insert(0 if text_of(item, "IsLatest") == "true" else len(found), _version(item))
    return tuple(found)


def _version(item: Element) -> ObjectVersion:
    size, modified, etag = (text_of(item, name) for name in ("Size", "LastModified", "ETag"))
    return ObjectVersion(
        version_id=text_of(item, "VersionId") or "null",
        size=int(size) if size and size.isascii() and size.isdigit() else 0,
        etag=etag.strip('"').upper() if etag else None,
        storage_class=storage_class(text_of(item, "StorageClass")),
        last_modified=iso_date(modified) if modified else None,
        delete_marker=name_of(item) == "DeleteMarker",
    )


def _inside(element: Element, outer: str, inner: str) -> str | None:
    within = next(children(element, outer), None)
    return text_of(within, inner) or None if within is not None else None


def _listed(root: Element, name: str) -> tuple[str, ...]:
    within = next(children(root, name), None)
    return () if within is None else tuple((entry.text or "").strip() for entry in children(within, "Referer"))
