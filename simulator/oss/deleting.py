"""Turns DeleteObject and DeleteMultipleObjects into changes; deleting what is not there succeeds."""

from __future__ import annotations

from ossmend.simulator.oss import immutable, metadata, permit, stacks, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.listing import encoder
from ossmend.simulator.oss.service import XML
from ossmend.simulator.wire import Refusal, Response

_MOST_KEYS = 1000


@operation("DELETE", "object", "symlink", name="DeleteObject", signed_only=False)
@operation("DELETE", "object", name="DeleteObject", signed_only=False)
def delete_object(call: Call) -> Response:
    headers = stacks.delete(call.cloud, call.bucket, call.key, call.version_id, call.now)
    return Response(204, headers)


@operation("POST", "bucket", "delete", name="DeleteMultipleObjects", action="none", signed_only=False)
def delete_multiple_objects(call: Call) -> Response:
    """Up to 1000 keys or versions. Each is judged on its own; one refusal refuses the whole request, before any."""
    metadata.require_length(call)
    if "content-md5" not in call.request.headers:
        raise Refusal(
            400,
            "MissingArgument",
            "Missing Some Required Arguments.",
            "0016-00000502",
            [("ArgumentName", "Content-MD5")],
        )
    document = xml.parse_keys(call.request.body, "Delete")
    quiet_node = document.first("Quiet")
    quiet = xml.boolean(quiet_node.text) if quiet_node is not None and quiet_node.text.strip() else False
    wanted = []
    for node in document.all("Object"):
        key_node = node.first("Key")
        if key_node is None or not key_node.text:
            raise xml.malformed_xml("every Object needs a Key")
        wanted.append((key_node.text, node.value("VersionId") or None))
    if not wanted or len(wanted) > _MOST_KEYS:
        raise xml.malformed_xml("a request deletes 1 to 1000 objects")
    for key, version_id in wanted:
        if version_id and not any(version.version_id == version_id for version in call.bucket.stack(key)):
            stacks.check_version_id(version_id)
        action = "oss:DeleteObjectVersion" if version_id else "oss:DeleteObject"
        permit.require(call, action, call.bucket, key, permit.object_acl(call.bucket, key, version_id))
        immutable.check(call.cloud, call.bucket, key)
    encode, encoding = encoder(call)
    results = [encoding]
    for key, version_id in wanted:
        headers = stacks.delete(call.cloud, call.bucket, key, version_id, call.now)
        results.append(_deleted(encode(key), version_id, headers))
    body = b"" if quiet else xml.document("DeleteResult", results)
    return Response(200, dict(XML), body)


def _deleted(encoded_key: str, version_id: str | None, headers: dict[str, str]) -> str:
    children = [f"<Key>{encoded_key}</Key>"]
    if version_id is not None:
        children.append(xml.element("VersionId", version_id))
    if headers.get("x-oss-delete-marker") == "true":
        children.append(xml.element("DeleteMarker", "true"))
        children.append(xml.element("DeleteMarkerVersionId", headers["x-oss-version-id"]))
    return xml.group("Deleted", *children)
