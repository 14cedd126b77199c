"""Turns requests about a bucket's inventories into stored configurations, by id; no list is ever made of them.

Sources: the pages of the four calls and of their ECs, and what the SDKs' own suites assert. Which ECs a missing child
and a bad id come with is UNCONFIRMED.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML
from ossmend.simulator.state import STORAGE_CLASSES
from ossmend.simulator.wire import Refusal, Response

_ROOT: Final = "InventoryConfiguration"
_PAGE: Final = 100
_MOST: Final = 1000
"""Documented: so many of one bucket by the API."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,127}\Z")
_FIELDS: Final = frozenset(
    "Size LastModifiedDate ETag StorageClass IsMultipartUploaded EncryptionStatus ObjectAcl TaggingCount ObjectType "
    "Crc64 TransitionTime SequenceNumber RecordType".split()
)
_CHOICES: Final = (
    ("IncludedObjectVersions", ("All", "Current")),
    ("Schedule/Frequency", ("Daily", "Weekly", "Monthly", "Once")),
    ("Destination/OSSBucketDestination/Format", ("CSV", "Parquet", "ORC")),
)
_NEEDED: Final = tuple(f"Destination/OSSBucketDestination/{name}" for name in ("AccountId", "RoleArn", "Bucket"))


def _at(document: xml.Node, path: str) -> xml.Node | None:
    node: xml.Node | None = document
    for name in path.split("/"):
        node = node.first(name) if node is not None else None
    return node


def _text(document: xml.Node, path: str) -> str:
    node = _at(document, path)
    if node is None or not node.text.strip():
        raise xml.malformed_xml(f"{path} is required")
    return node.text.strip()


def _invalid(name: str, value: str, ec: str = "0020-00000001") -> Refusal:
    """The EC without a page of its own is ours."""
    return refusals.invalid_argument(f"The {name} of the inventory is not valid.", name, value[:200], ec)


def _checked(body: bytes, inventory_id: str) -> bytes:
    """The configuration as OSS gives it back: a switch in small letters, the classes of a filter in order."""
    document = xml.parse(body, _ROOT)
    if _text(document, "Id") != inventory_id:
        raise _invalid("Id", _text(document, "Id"), "0020-00000043")
    for path, choices in _CHOICES:
        if _text(document, path) not in choices:
            raise _invalid(path.rpartition("/")[2], _text(document, path))
    for path in _NEEDED:
        _text(document, path)
    if not _text(document, _NEEDED[-1]).startswith("acs:oss:::"):
        raise _invalid("Bucket", _text(document, _NEEDED[-1]))
    fields = document.first("OptionalFields")
    for name in fields.values("Field") if fields else ():
        if name not in _FIELDS:
            raise _invalid("Field", name, "0020-00000036")
    classes = _at(document, "Filter/StorageClass")
    if classes is not None and classes.text.strip():
        wanted = sorted(classes.text.strip().split(","))
        if not set(wanted) <= {"All", *STORAGE_CLASSES}:
            raise _invalid("StorageClass", classes.text, "0020-00000026")
        classes.text = ",".join(wanted)
    switch = _at(document, "IsEnabled")
    if switch is None:
        raise xml.malformed_xml("IsEnabled is required")
    switch.text = xml.flag(xml.boolean(switch.text))
    return xml.markup(document).encode()


def _id(call: Call) -> str:
    inventory_id = call.query.get("inventoryId", "")
    if not _ID.match(inventory_id):
        raise _invalid("inventoryId", inventory_id)
    return inventory_id


def _none(call: Call) -> Refusal:
    return Refusal(
        404,
        "NoSuchInventory",
        "The specified inventory does not exist.",
        "0020-00000002",  # ours
        [("InventoryId", call.query.get("inventoryId", ""))],
    )


@operation("PUT", "bucket", "inventory", name="PutBucketInventory")
def put(call: Call) -> Response:
    """A new one: an id that is taken is refused, as documented."""
    inventory_id = _id(call)
    configuration = _checked(call.request.body, inventory_id)
    kept = call.bucket.inventories
    if inventory_id in kept:
        raise Refusal(409, "InventoryAlreadyExist", "The inventory already exists.", "0020-00000003")  # EC ours
    if len(kept) >= _MOST:
        raise Refusal(400, "InventoryExceedLimit", "The bucket has too many inventories.", "0020-00000004")  # EC ours
    kept[inventory_id] = configuration
    return Response(200)


@operation("GET", "bucket", "inventory", name="GetBucketInventory")
def get(call: Call) -> Response:
    """One by its id; without an id the page of a list. The permission is the same."""
    if "inventoryId" not in call.query:
        return _list(call)
    found = call.bucket.inventories.get(_id(call))
    if found is None:
        raise _none(call)
    return Response(200, dict(XML), b'<?xml version="1.0" encoding="UTF-8"?>\n' + found)


def _list(call: Call) -> Response:
    call.log_operation = "ListBucketInventory"
    kept, token = call.bucket.inventories, call.query.get("continuation-token", "")
    if not kept:
        raise _none(call)
    names = sorted(kept)
    start = bisect_right(names, token) if token else 0
    page, more = names[start : start + _PAGE], start + _PAGE < len(names)
    children = [
        *(kept[name].decode() for name in page),
        xml.element("IsTruncated", xml.flag(more)),
        xml.element("ContinuationToken", token) if token else "",
        xml.element("NextContinuationToken", page[-1]) if more else "",
    ]
    return Response(200, dict(XML), xml.document("ListInventoryConfigurationsResult", children))


@operation("DELETE", "bucket", "inventory", name="DeleteBucketInventory")
def delete(call: Call) -> Response:
    call.bucket.inventories.pop(_id(call), None)
    return Response(204)
