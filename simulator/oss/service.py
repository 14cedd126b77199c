"""Turns requests to the service root into answers: the account's buckets, the regions, the account-wide switch."""

from __future__ import annotations

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.state import Bucket
from ossmend.simulator.wire import Response, iso_date

XML = {"Content-Type": "application/xml"}


def owner(account_id: str) -> str:
    return xml.group("Owner", xml.element("ID", account_id), xml.element("DisplayName", account_id))


def page_size(call: Call, name: str = "max-keys", *, default: int = 100, largest: int = 1000) -> int:
    """A page size from 1 to `largest`; what is not a number, or out of range, is 400 InvalidArgument."""
    text = call.query.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= largest:
        message = f"Argument {name} must be an integer between 1 and {largest}."
        raise refusals.invalid_argument(message, name, text)
    return int(text)


def _bucket(bucket: Bucket) -> str:
    return xml.group(
        "Bucket",
        xml.element("Comment", bucket.comment),
        xml.element("CreationDate", iso_date(bucket.created)),
        xml.element("ExtranetEndpoint", bucket.endpoint),
        xml.element("IntranetEndpoint", f"{bucket.location}-internal.aliyuncs.com"),
        xml.element("Location", bucket.location),
        xml.element("Name", bucket.name),
        xml.element("Region", bucket.region),
        xml.element("ResourceGroupId", "rg-default"),
        xml.element("StorageClass", bucket.storage_class),
    )


@operation("GET", "service", name="ListBuckets", log_name="GetService")
def list_buckets(call: Call) -> Response:
    """The buckets of the caller's account, in order of their names."""
    account = call.principal.account_id if call.principal else ""
    prefix, marker, limit = call.query.get("prefix", ""), call.query.get("marker", ""), page_size(call)
    names = sorted(
        name
        for name, bucket in call.cloud.buckets.items()
        if bucket.owner == account and name.startswith(prefix) and name > marker
    )
    children = []
    if any(name in call.query for name in ("prefix", "marker", "max-keys")):
        truncated = len(names) > limit
        children = [
            xml.element("Prefix", prefix),
            xml.element("Marker", marker),
            xml.element("MaxKeys", str(limit)),
            xml.element("IsTruncated", xml.flag(truncated)),
        ]
        if truncated:
            children.append(xml.element("NextMarker", names[limit - 1]))
    children.append(owner(account))
    children.append(xml.group("Buckets", *(_bucket(call.cloud.buckets[name]) for name in names[:limit])))
    return Response(200, dict(XML), xml.document("ListAllMyBucketsResult", children))


@operation("GET", "service", "regions", name="DescribeRegions")
def describe_regions(call: Call) -> Response:
    """The regions this simulator has heard of: its own and those of its buckets."""
    regions = {call.cloud.region} | {bucket.region for bucket in call.cloud.buckets.values()}
    wanted = call.query.get("regions")
    if wanted:
        if wanted.removeprefix("oss-") not in regions:
            raise refusals.invalid_argument("The region is not valid.", "regions", wanted)
        regions = {wanted.removeprefix("oss-")}
    infos = [
        xml.group(
            "RegionInfo",
            xml.element("Region", f"oss-{region}"),
            xml.element("InternetEndpoint", f"oss-{region}.aliyuncs.com"),
            xml.element("InternalEndpoint", f"oss-{region}-internal.aliyuncs.com"),
            xml.element("AccelerateEndpoint", "oss-accelerate.aliyuncs.com"),
        )
        for region in sorted(regions)
    ]
    return Response(200, dict(XML), xml.document("RegionInfoList", infos))


@operation("PUT", "service", "publicAccessBlock", name="PutPublicAccessBlock")
def put_public_access_block(call: Call) -> Response:
    document = xml.parse(call.request.body, "PublicAccessBlockConfiguration")
    call.cloud.account_block_public_access = xml.boolean(document.value("BlockPublicAccess"))
    return Response(200)


@operation("GET", "service", "publicAccessBlock", name="GetPublicAccessBlock")
def get_public_access_block(call: Call) -> Response:
    block = xml.flag(call.cloud.account_block_public_access)
    children = [xml.element("BlockPublicAccess", block)]
    return Response(200, dict(XML), xml.document("PublicAccessBlockConfiguration", children))


@operation("DELETE", "service", "publicAccessBlock", name="DeletePublicAccessBlock")
def delete_public_access_block(call: Call) -> Response:
    call.cloud.account_block_public_access = False
    return Response(204)
