"""Turns requests to the service root into answers: the account's buckets, the regions, the account-wide switch."""

from __future__ import annotations

import re

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.state import Bucket
from ossmend.simulator.wire import Refusal, Response, iso_date

XML = {"Content-Type": "application/xml"}

REGIONS = frozenset(
    "cn-hangzhou cn-shanghai cn-nanjing cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote cn-wulanchabu cn-shenzhen "
    "cn-heyuan cn-guangzhou cn-chengdu cn-hongkong us-west-1 us-east-1 ap-northeast-1 ap-northeast-2 ap-southeast-1 "
    "ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 eu-central-1 eu-west-1 me-east-1".split()
)
"""OSS's regions, as its page of endpoints has them."""
_NAME_START = re.compile(r"[a-z0-9-]{0,63}\Z")
_TAG = re.compile(r'"(?P<key>[^"]{1,128})"(?::"(?P<value>[^"]{0,256})")?')
_TAG_LIST = re.compile(rf"{_TAG.pattern}(?:,{_TAG.pattern.replace('?P<key>', '').replace('?P<value>', '')})*\Z")


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


def _bucket(bucket: Bucket, *, with_tags: bool) -> str:
    tags = [xml.group("Tag", xml.element("Key", key), xml.element("Value", value)) for key, value in bucket.tags]
    return xml.group(
        "Bucket",
        xml.element("Comment", bucket.comment),
        xml.element("CreationDate", iso_date(bucket.created)),
        xml.element("ExtranetEndpoint", bucket.endpoint),
        xml.element("IntranetEndpoint", f"{bucket.location}-internal.aliyuncs.com"),
        xml.element("Location", bucket.location),
        xml.element("Name", bucket.name),
        xml.element("Region", bucket.region),
        xml.element("ResourceGroupId", resource_group(bucket)),
        xml.element("StorageClass", bucket.storage_class),
        xml.group("Tagging", xml.group("TagSet", *tags)) if with_tags and tags else "",
    )


def resource_group(bucket: Bucket) -> str:
    """The group its configuration names; the account's default without one."""
    document = bucket.documents.get("resourceGroup")
    stored = xml.parse(document, "BucketResourceGroupConfiguration").value("ResourceGroupId") if document else ""
    return stored or "rg-default"


def _tag_filter(call: Call) -> list[tuple[str, str | None]]:
    """The tags a bucket must have: `tag-key` with or without `tag-value`, and the pairs of `tagging`."""
    query = call.query
    wanted: list[tuple[str, str | None]] = []
    if query.get("tag-key"):
        wanted.append((query["tag-key"], query.get("tag-value")))
    elif query.get("tag-value"):
        raise refusals.invalid_argument("A tag-value needs a tag-key.", "tag-value", query["tag-value"])
    text = query.get("tagging", "")
    if text and not _TAG_LIST.match(text):
        raise refusals.invalid_argument('The tags must be written as "key":"value".', "tagging", text)
    wanted += [(found["key"], found["value"]) for found in _TAG.finditer(text)]
    return wanted


def _wanted(call: Call, account: str) -> list[Bucket]:
    """The account's buckets that every filter of the request lets through, in order of their names."""
    query, tags = call.query, _tag_filter(call)
    prefix, marker = query.get("prefix", ""), query.get("marker", "")
    if not _NAME_START.match(prefix):
        raise refusals.invalid_argument("The prefix cannot begin a bucket's name.", "prefix", prefix)
    group = call.header("x-oss-resource-group-id")
    return [
        bucket
        for name, bucket in sorted(call.cloud.buckets.items())
        if bucket.owner == account
        and name.startswith(prefix)
        and name > marker
        and (not group or resource_group(bucket) == group)
        and all(any(key == tag[0] and value in (None, tag[1]) for tag in bucket.tags) for key, value in tags)
    ]


@operation("GET", "service", name="ListBuckets", log_name="GetService")
def list_buckets(call: Call) -> Response:
    """The buckets of the caller's account, page by page; with their tags where `tagging` was asked for."""
    account = call.principal.account_id if call.principal else ""
    prefix, marker, limit = call.query.get("prefix", ""), call.query.get("marker", ""), page_size(call)
    buckets = _wanted(call, account)
    children = []
    truncated = len(buckets) > limit
    if truncated or any(name in call.query for name in ("prefix", "marker", "max-keys")):
        children = [
            xml.element("Prefix", prefix),
            xml.element("Marker", marker),
            xml.element("MaxKeys", str(limit)),
            xml.element("IsTruncated", xml.flag(truncated)),
        ]
        if truncated:
            children.append(xml.element("NextMarker", buckets[limit - 1].name))
    with_tags = "tagging" in call.query
    children.append(owner(account))
    children.append(xml.group("Buckets", *(_bucket(bucket, with_tags=with_tags) for bucket in buckets[:limit])))
    return Response(200, dict(XML), xml.document("ListAllMyBucketsResult", children))


@operation("GET", "service", "regions", name="DescribeRegions")
def describe_regions(call: Call) -> Response:
    """OSS's regions, and those that a scene made up."""
    regions = REGIONS | {call.cloud.region} | {bucket.region for bucket in call.cloud.buckets.values()}
    wanted = call.query.get("regions")
    if wanted:
        if wanted.removeprefix("oss-") not in regions:
            raise Refusal(404, "NoSuchRegion", "The specified region does not exist.", "0021-00000001")  # EC ours
        regions = frozenset({wanted.removeprefix("oss-")})
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
