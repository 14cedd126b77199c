"""Turns requests about a bucket as a whole into answers: delete, info, location, stat; new_buckets.py makes one."""

from __future__ import annotations

from ossmend.simulator.oss import access_time, refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML, owner, resource_group
from ossmend.simulator.state import STORAGE_CLASSES, Bucket
from ossmend.simulator.wire import Refusal, Response, iso_date

BUCKET_ACLS = ("private", "public-read", "public-read-write")
_BUCKETS_PER_ACCOUNT = 100


def public_acl_refused(call: Call, bucket: Bucket | None, acl: str) -> None:
    """Block Public Access refuses to set what it would override."""
    blocked = call.cloud.account_block_public_access or (bucket is not None and bucket.block_public_access)
    if blocked and acl.startswith("public"):
        raise refusals.access_denied("Put public bucket acl is not allowed", "0016-00000901")


def acl_header(call: Call, allowed: tuple[str, ...], name: str) -> str | None:
    acl = call.header(name)
    if acl is None:
        return None
    if acl not in allowed:
        raise refusals.invalid_argument(f"no such {name.removeprefix('x-oss-')} exists", name, acl)
    return acl


def create(call: Call, acl: str, *, storage_class: str = "Standard", redundancy: str = "LRS") -> Bucket:
    """A new bucket for the caller in the endpoint's region, if its account may have one more and the ACL is allowed."""
    account = call.principal.account_id if call.principal else ""
    if sum(bucket.owner == account for bucket in call.cloud.buckets.values()) >= _BUCKETS_PER_ACCOUNT:
        raise Refusal(
            400,
            "TooManyBuckets",
            "You have attempted to create more buckets than allowed.",
            "0015-00000103",  # ours
        )
    public_acl_refused(call, None, acl)
    anywhere = call.endpoint_region.startswith("accelerate")
    return call.cloud.create_bucket(
        call.bucket_name,
        owner=account,
        region=call.cloud.region if anywhere else call.endpoint_region,
        created=call.now,
        storage_class=storage_class,
        redundancy=redundancy,
        acl=acl,
    )


@operation("DELETE", "bucket", name="DeleteBucket")
def delete_bucket(call: Call) -> Response:
    bucket = call.bucket
    if bucket.objects or bucket.uploads:
        raise Refusal(
            409,
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty.",
            "0015-00000301",
            [("BucketName", bucket.name)],
        )
    del call.cloud.buckets[bucket.name]
    return Response(204)


@operation("GET", "bucket", "location", name="GetBucketLocation")
def get_bucket_location(call: Call) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{xml.element("LocationConstraint", call.bucket.location)}'
    return Response(200, dict(XML), body.encode())


def _encryption(bucket: Bucket) -> str:
    """The default-encryption rule in the shape bucketInfo has it."""
    document = bucket.documents.get("encryption")
    algorithm, key_id, cipher = "None", "", ""
    if document is not None:
        rule = xml.parse(document, "ServerSideEncryptionRule").first("ApplyServerSideEncryptionByDefault")
        if rule is not None:
            algorithm, key_id = rule.value("SSEAlgorithm"), rule.value("KMSMasterKeyID")
            cipher = rule.value("KMSDataEncryption")
    children = [xml.element("SSEAlgorithm", algorithm)]
    if algorithm == "KMS":
        children.append(xml.element("KMSMasterKeyID", key_id))
    if cipher:
        children.append(xml.element("KMSDataEncryption", cipher))
    return xml.group("ServerSideEncryptionRule", *children)


@operation("GET", "bucket", "bucketInfo", name="GetBucketInfo")
def get_bucket_info(call: Call) -> Response:
    bucket = call.bucket
    logging = bucket.logging
    children = [
        xml.element("Comment", bucket.comment),
        xml.element("CreationDate", iso_date(bucket.created)),
        xml.element("CrossRegionReplication", "Disabled"),
        xml.element("DataRedundancyType", bucket.redundancy),
        xml.element("ExtranetEndpoint", bucket.endpoint),
        xml.element("IntranetEndpoint", f"{bucket.location}-internal.aliyuncs.com"),
        xml.element("Location", bucket.location),
        xml.element("Name", bucket.name),
        xml.element("ResourceGroupId", resource_group(bucket)),
        xml.element("StorageClass", bucket.storage_class),
        xml.element("TransferAcceleration", "Enabled" if bucket.transfer_acceleration else "Disabled"),
        xml.element("AccessMonitor", access_time.status(bucket)),
        owner(bucket.owner),
        xml.group("AccessControlList", xml.element("Grant", bucket.acl)),
        _encryption(bucket),
        xml.group(
            "BucketPolicy",
            xml.element("LogBucket", logging.target_bucket if logging else ""),
            xml.element("LogPrefix", logging.target_prefix if logging else ""),
        ),
        xml.element("BlockPublicAccess", xml.flag(bucket.block_public_access)),
    ]
    if bucket.versioning:
        children.append(xml.element("Versioning", bucket.versioning))
    return Response(200, dict(XML), xml.document("BucketInfo", [xml.group("Bucket", *children)]))


_STAT_NAMES = {
    "Standard": "Standard",
    "IA": "InfrequentAccess",
    "Archive": "Archive",
    "ColdArchive": "ColdArchive",
    "DeepColdArchive": "DeepColdArchive",
}
_BILLED_AT_LEAST = 64 * 1024


@operation("GET", "bucket", "stat", name="GetBucketStat")
def get_bucket_stat(call: Call) -> Response:
    """Counts are exact here; the real ones lag by an hour. Of a bucket with nothing in it nothing was modified."""
    bucket = call.bucket
    counts = dict.fromkeys(STORAGE_CLASSES, 0)
    sizes, billed = dict(counts), dict(counts)
    markers = 0
    for stack in bucket.objects.values():
        for version in stack:
            if version.delete_marker:
                markers += 1
                continue
            counts[version.storage_class] += 1
            sizes[version.storage_class] += version.size
            billed[version.storage_class] += max(version.size, _BILLED_AT_LEAST)
    fields = {
        "Storage": sum(sizes.values()),
        "ObjectCount": sum(counts.values()),
        "MultipartUploadCount": len(bucket.uploads),
        "LiveChannelCount": len(bucket.live_channels),
        "LastModifiedTime": call.now if bucket.objects or bucket.uploads else 0,
    }
    for storage_class, name in _STAT_NAMES.items():
        if storage_class == "Standard":
            fields["StandardStorage"] = sizes[storage_class]
        else:
            fields[f"{name}Storage"] = billed[storage_class]
            fields[f"{name}RealStorage"] = sizes[storage_class]
        fields[f"{name}ObjectCount"] = counts[storage_class]
    fields["MultipartPartCount"] = sum(len(upload.parts) for upload in bucket.uploads.values())
    fields["DeleteMarkerCount"] = markers
    children = [xml.element(name, str(value)) for name, value in fields.items()]
    return Response(200, dict(XML), xml.document("BucketStat", children))


@operation("HEAD", "bucket", name="HeadBucket", action="oss:GetBucketInfo")
def head_bucket(call: Call) -> Response:
    return Response(200, {"x-oss-bucket-region": call.bucket.region})
