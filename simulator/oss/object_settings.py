"""Turns requests about an object's ACL and tags into changes of one version."""

from __future__ import annotations

from dataclasses import replace

from ossmend.simulator.oss import metadata, refusals, stacks, xml
from ossmend.simulator.oss.bucket_settings import read_tags, tags_response, xml_response
from ossmend.simulator.oss.buckets import acl_header
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import owner
from ossmend.simulator.state import ObjectVersion
from ossmend.simulator.wire import Response


def _change(call: Call, old: ObjectVersion, new: ObjectVersion) -> dict[str, str]:
    stacks.replace_version(call, call.bucket, call.key, old, new)
    return stacks.version_header(call.bucket, new)


@operation("PUT", "object", "acl", name="PutObjectAcl", signed_only=False)
def put_object_acl(call: Call) -> Response:
    acl = acl_header(call, metadata.OBJECT_ACLS, "x-oss-object-acl")
    if acl is None:
        raise refusals.invalid_argument("no such object access control exists", "x-oss-object-acl", "")
    metadata.public_object_acl_refused(call, acl)
    version = stacks.addressed(call)
    return Response(200, _change(call, version, replace(version, acl=acl)))


@operation("GET", "object", "acl", name="GetObjectAcl", signed_only=False)
def get_object_acl(call: Call) -> Response:
    version = stacks.addressed(call)
    grant = xml.group("AccessControlList", xml.element("Grant", version.acl))
    response = xml_response("AccessControlPolicy", owner(call.bucket.owner), grant)
    response.headers.update(stacks.version_header(call.bucket, version))
    return response


@operation("PUT", "object", "tagging", name="PutObjectTagging")
def put_object_tagging(call: Call) -> Response:
    tags = read_tags(call.request.body, metadata.MOST_OBJECT_TAGS)
    version = stacks.addressed(call)
    return Response(200, _change(call, version, replace(version, tags=tags)))


@operation("GET", "object", "tagging", name="GetObjectTagging")
def get_object_tagging(call: Call) -> Response:
    version = stacks.addressed(call)
    response = tags_response(version.tags)
    response.headers.update(stacks.version_header(call.bucket, version))
    return response


@operation("DELETE", "object", "tagging", name="DeleteObjectTagging")
def delete_object_tagging(call: Call) -> Response:
    version = stacks.addressed(call)
    return Response(204, _change(call, version, replace(version, tags=())))
