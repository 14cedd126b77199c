"""Turns PutBucket into a bucket: its class, ACL and redundancy, and what the request's headers say of it besides."""

from __future__ import annotations

from ossmend.simulator.oss import documents, metadata, refusals, xml
from ossmend.simulator.oss.buckets import BUCKET_ACLS, acl_header, create, public_acl_refused
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.state import STORAGE_CLASSES
from ossmend.simulator.wire import Refusal, Response, parse_pairs


def _configuration(call: Call) -> tuple[str, str]:
    """Storage class and redundancy of a new bucket."""
    storage_class, redundancy = "Standard", "LRS"
    if call.request.body.strip():
        document = xml.parse(call.request.body, "CreateBucketConfiguration")
        storage_class = document.value("StorageClass") or storage_class
        redundancy = document.value("DataRedundancyType") or redundancy
    if storage_class not in STORAGE_CLASSES:
        raise refusals.invalid_argument("The storage class is not valid.", "StorageClass", storage_class)
    if redundancy not in ("LRS", "ZRS"):
        raise refusals.invalid_argument("The redundancy type is not valid.", "DataRedundancyType", redundancy)
    return storage_class, redundancy


@operation("PUT", "bucket", name="PutBucket", bucket_must_exist=False)
def put_bucket(call: Call) -> Response:
    """Create; again by the same owner is fine and may change the ACL; somebody else's name is taken."""
    acl = acl_header(call, BUCKET_ACLS, "x-oss-acl")
    storage_class, redundancy = _configuration(call)
    account = call.principal.account_id if call.principal else ""
    existing = call.bucket_or_none
    if existing is not None:
        if existing.owner != account:
            raise Refusal(
                409,
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                "system. Please select a different name and try again.",
                "0015-00000104",
                [("BucketName", existing.name)],
            )
        if call.request.body.strip() and storage_class != existing.storage_class:
            raise Refusal(
                409,
                "BucketAlreadyExists",
                "The bucket exists with another storage class.",
                "0015-00000111",  # ours
                [("BucketName", existing.name)],
            )
        public_acl_refused(call, existing, acl or "")
        existing.acl = acl or existing.acl
        return Response(200, {"Location": f"/{existing.name}"})
    tags = metadata.check_tags(tuple(parse_pairs(call.header("x-oss-bucket-tagging") or "")), metadata.MOST_BUCKET_TAGS)
    group = documents.named_group(call)
    bucket = create(call, acl or "private", storage_class=storage_class, redundancy=redundancy)
    bucket.tags = tags
    if group is not None:
        bucket.documents["resourceGroup"] = group
    return Response(200, {"Location": f"/{call.bucket_name}"})
