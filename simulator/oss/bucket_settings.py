"""Turns requests about a bucket's settings into changes: ACL, policy, referer, versioning, tagging and switches."""

from __future__ import annotations

import json
from typing import Any

from ossmend.simulator.oss import immutable, metadata, permit, refusals, xml
from ossmend.simulator.oss.buckets import BUCKET_ACLS, acl_header, create, public_acl_refused
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML, owner
from ossmend.simulator.state import Referer
from ossmend.simulator.wire import Refusal, Response

_POLICY_LIMIT = 16 * 1024
_REFERER_LIMIT = 20 * 1024


def xml_response(root: str, *children: str) -> Response:
    return Response(200, dict(XML), xml.document(root, children))


@operation("PUT", "bucket", "acl", name="PutBucketAcl", bucket_must_exist=False)
def put_bucket_acl(call: Call) -> Response:
    """A bucket that is not there is made, with the right that making one needs."""
    acl = acl_header(call, BUCKET_ACLS, "x-oss-acl")
    if acl is None:
        raise refusals.invalid_argument("no such bucket access control exists", "x-oss-acl", "")
    bucket = call.bucket_or_none
    if bucket is None:
        permit.require(call, "oss:PutBucket", None)
        create(call, acl)
    else:
        public_acl_refused(call, bucket, acl)
        bucket.acl = acl
    return Response(200, {"Location": f"/{call.bucket_name}"})


@operation("GET", "bucket", "acl", name="GetBucketAcl")
def get_bucket_acl(call: Call) -> Response:
    grant = xml.group("AccessControlList", xml.element("Grant", call.bucket.acl))
    return xml_response("AccessControlPolicy", owner(call.bucket.owner), grant)


def _invalid_policy(message: str) -> Refusal:
    return Refusal(400, "InvalidPolicyDocument", message, "0030-00000001")  # EC ours


@operation("PUT", "bucket", "policy", name="PutBucketPolicy")
def put_bucket_policy(call: Call) -> Response:
    """JSON, kept word for word; only its frame is checked here, its meaning when somebody asks for access.

    A statement without a Principal is taken, as OSS takes it; it speaks about nobody.
    """
    if len(call.request.body) > _POLICY_LIMIT:
        raise _invalid_policy("The policy is longer than 16 KB.")
    try:
        text = call.request.body.decode("utf-8")
        policy = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid_policy("The policy is not valid JSON.") from None
    if not isinstance(policy, dict) or policy.get("Version") != "1":
        raise _invalid_policy('The policy needs "Version": "1".')
    statements = policy.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise _invalid_policy("The policy needs at least one Statement.")
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise _invalid_policy("Every Statement needs an Effect of Allow or Deny.")
        for names in (("Action", "NotAction"), ("Resource", "NotResource")):
            if not any(name in statement for name in names):
                raise _invalid_policy(f"Every Statement needs {names[0]}.")
    call.bucket.policy, call.bucket.policy_text = policy, text
    return Response(200)


@operation("GET", "bucket", "policy", name="GetBucketPolicy")
def get_bucket_policy(call: Call) -> Response:
    if call.bucket.policy is None:
        raise Refusal(
            404,
            "NoSuchBucketPolicy",
            "The bucket policy does not exist.",
            "0030-00000006",
            [("BucketName", call.bucket_name)],
        )
    return Response(200, {"Content-Type": "application/json"}, call.bucket.policy_text.encode())


@operation("DELETE", "bucket", "policy", name="DeleteBucketPolicy")
def delete_bucket_policy(call: Call) -> Response:
    call.bucket.policy, call.bucket.policy_text = None, ""
    return Response(204)


def _is_public(statement: dict[str, Any]) -> bool:
    """Does it allow something to everybody? Whether a Condition makes it less public is UNCONFIRMED; here it does."""
    principal = statement.get("Principal", "*")
    named = principal if isinstance(principal, list) else [principal]
    return statement["Effect"] == "Allow" and "*" in named and not statement.get("Condition")


@operation("GET", "bucket", "policyStatus", name="GetBucketPolicyStatus")
def get_bucket_policy_status(call: Call) -> Response:
    """Public, if the policy says so; without a policy it is not. A missing Principal counts as everybody."""
    statements = (call.bucket.policy or {}).get("Statement", [])
    public = any(map(_is_public, [statements] if isinstance(statements, dict) else statements))
    return xml_response("PolicyStatus", xml.element("IsPublic", xml.flag(public)))


def _switch(node: xml.Node, name: str, *, default: bool) -> bool:
    child = node.first(name)
    return default if child is None else xml.boolean(child.text)


@operation("PUT", "bucket", "referer", name="PutBucketReferer")
def put_bucket_referer(call: Call) -> Response:
    document = xml.parse(call.request.body, "RefererConfiguration")
    if document.first("AllowEmptyReferer") is None:
        raise xml.malformed_xml("AllowEmptyReferer is required")
    allowed, denied = document.first("RefererList"), document.first("RefererBlacklist")
    referer = Referer(
        allow_empty=_switch(document, "AllowEmptyReferer", default=True),
        allow_truncate_query=_switch(document, "AllowTruncateQueryString", default=True),
        truncate_path=_switch(document, "TruncatePath", default=False),
        allowed=allowed.values("Referer") if allowed else (),
        denied=denied.values("Referer") if denied else (),
    )
    if len(call.request.body) > _REFERER_LIMIT:
        raise xml.malformed_xml("the referer list is longer than 20 KB")
    call.bucket.referer = replace_empty(referer)
    return Response(200)


def replace_empty(referer: Referer) -> Referer:
    """An empty <Referer/> is how one SDK spells an empty list."""
    return Referer(
        referer.allow_empty,
        referer.allow_truncate_query,
        referer.truncate_path,
        tuple(filter(None, referer.allowed)),
        tuple(filter(None, referer.denied)),
    )


@operation("GET", "bucket", "referer", name="GetBucketReferer")
def get_bucket_referer(call: Call) -> Response:
    referer = call.bucket.referer
    children = [
        xml.element("AllowEmptyReferer", xml.flag(referer.allow_empty)),
        xml.element("AllowTruncateQueryString", xml.flag(referer.allow_truncate_query)),
        xml.element("TruncatePath", xml.flag(referer.truncate_path)),
        xml.group("RefererList", *(xml.element("Referer", text) for text in referer.allowed)),
    ]
    if referer.denied:
        children.append(xml.group("RefererBlacklist", *(xml.element("Referer", text) for text in referer.denied)))
    return xml_response("RefererConfiguration", *children)


@operation("PUT", "bucket", "versioning", name="PutBucketVersioning")
def put_bucket_versioning(call: Call) -> Response:
    status = xml.parse(call.request.body, "VersioningConfiguration").value("Status")
    if status not in ("Enabled", "Suspended"):
        raise xml.malformed_xml("Status must be Enabled or Suspended")
    if immutable.policy(call.cloud, call.bucket) is not None:
        message = "A bucket with a WORM Configuration cannot have versioning."
        raise Refusal(400, "InvalidWORMConfiguration", message, "0027-00000003")  # Code (UNCONFIRMED) and EC ours
    call.bucket.versioning = status
    return Response(200)


@operation("GET", "bucket", "versioning", name="GetBucketVersioning")
def get_bucket_versioning(call: Call) -> Response:
    status = call.bucket.versioning
    return xml_response("VersioningConfiguration", *([xml.element("Status", status)] if status else []))


def read_tags(body: bytes, limit: int) -> tuple[tuple[str, str], ...]:
    """A <Tagging> document; blanks are part of a tag."""
    tag_set = xml.parse(body, "Tagging").first("TagSet")
    if tag_set is None:
        raise xml.malformed_xml("TagSet is required")
    pairs = tuple((_raw(tag, "Key"), _raw(tag, "Value")) for tag in tag_set.all("Tag"))
    return metadata.check_tags(pairs, limit)


def _raw(node: xml.Node, name: str) -> str:
    child = node.first(name)
    return "" if child is None else child.text


def tags_response(tags: tuple[tuple[str, str], ...]) -> Response:
    children = [xml.group("Tag", xml.element("Key", key), xml.element("Value", value)) for key, value in tags]
    return xml_response("Tagging", xml.group("TagSet", *children))


@operation("PUT", "bucket", "tagging", name="PutBucketTags", action="oss:PutBucketTagging")
def put_bucket_tags(call: Call) -> Response:
    call.bucket.tags = read_tags(call.request.body, metadata.MOST_BUCKET_TAGS)
    return Response(200)


@operation("GET", "bucket", "tagging", name="GetBucketTags", action="oss:GetBucketTagging")
def get_bucket_tags(call: Call) -> Response:
    return tags_response(call.bucket.tags)


@operation("DELETE", "bucket", "tagging", name="DeleteBucketTags", action="oss:DeleteBucketTagging")
def delete_bucket_tags(call: Call) -> Response:
    names = [name for name in call.query.get("tagging", "").split(",") if name]
    call.bucket.tags = tuple(tag for tag in call.bucket.tags if names and tag[0] not in names)
    return Response(204)


@operation("PUT", "bucket", "publicAccessBlock", name="PutBucketPublicAccessBlock")
def put_public_access_block(call: Call) -> Response:
    """Case does not matter: one SDK sends `True`."""
    document = xml.parse(call.request.body, "PublicAccessBlockConfiguration")
    call.bucket.block_public_access = xml.boolean(document.value("BlockPublicAccess"))
    return Response(200)


@operation("GET", "bucket", "publicAccessBlock", name="GetBucketPublicAccessBlock")
def get_public_access_block(call: Call) -> Response:
    block = xml.element("BlockPublicAccess", xml.flag(call.bucket.block_public_access))
    return xml_response("PublicAccessBlockConfiguration", block)


@operation("DELETE", "bucket", "publicAccessBlock", name="DeleteBucketPublicAccessBlock")
def delete_public_access_block(call: Call) -> Response:
    call.bucket.block_public_access = False
    return Response(204)


@operation("PUT", "bucket", "bucketArchiveDirectRead", name="PutBucketArchiveDirectRead")
def put_archive_direct_read(call: Call) -> Response:
    document = xml.parse(call.request.body, "ArchiveDirectReadConfiguration")
    call.bucket.archive_direct_read = xml.boolean(document.value("Enabled"))
    return Response(200)


@operation("GET", "bucket", "bucketArchiveDirectRead", name="GetBucketArchiveDirectRead")
def get_archive_direct_read(call: Call) -> Response:
    enabled = xml.element("Enabled", xml.flag(call.bucket.archive_direct_read))
    return xml_response("ArchiveDirectReadConfiguration", enabled)


@operation("PUT", "bucket", "requestPayment", name="PutBucketRequestPayment")
def put_request_payment(call: Call) -> Response:
    payer = xml.parse(call.request.body, "RequestPaymentConfiguration").value("Payer")
    if payer not in ("BucketOwner", "Requester"):
        raise refusals.invalid_argument("The Payer is not valid.", "Payer", payer)
    call.bucket.request_payer = payer
    return Response(200)


@operation("GET", "bucket", "requestPayment", name="GetBucketRequestPayment")
def get_request_payment(call: Call) -> Response:
    return xml_response("RequestPaymentConfiguration", xml.element("Payer", call.bucket.request_payer))


@operation("PUT", "bucket", "transferAcceleration", name="PutBucketTransferAcceleration")
def put_transfer_acceleration(call: Call) -> Response:
    document = xml.parse(call.request.body, "TransferAccelerationConfiguration")
    call.bucket.transfer_acceleration = xml.boolean(document.value("Enabled"))
    return Response(200)


@operation("GET", "bucket", "transferAcceleration", name="GetBucketTransferAcceleration")
def get_transfer_acceleration(call: Call) -> Response:
    """Switched off is not the same as never set."""
    if call.bucket.transfer_acceleration is None:
        raise Refusal(
            404,
            "NoSuchTransferAccelerationConfiguration",
            "The specified bucket does not have a transfer acceleration configuration.",
            "0028-00000002",  # ours
            [("BucketName", call.bucket_name)],
        )
    enabled = xml.element("Enabled", xml.flag(call.bucket.transfer_acceleration))
    return xml_response("TransferAccelerationConfiguration", enabled)
