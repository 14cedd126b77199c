"""Turns Host, path and query into bucket, key and Operation; handle.py calls this first.

One rule serves every SDK against loopback: a Host that names a bucket (`b.oss-cn-hangzhou...`, `b.localhost`, a bound
domain) wins, else the first path segment does. Real endpoints keep their own rule: no path style there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ossmend.simulator.oss import refusals
from ossmend.simulator.oss.call import OPERATIONS, Call, Level, Operation, known_subresources
from ossmend.simulator.oss.service import REGIONS
from ossmend.simulator.s3 import dialect
from ossmend.simulator.state import Cloud
from ossmend.simulator.wire import Refusal, Request, Response, percent_decode

_OSS_HOST = re.compile(
    r"(?:(?P<bucket>(?!s3\.)[^.]+)\.)?(?:s3\.)?oss-(?P<region>[a-z0-9-]+?)(?:-internal)?(?:\.[a-z0-9.-]+)?\Z"
)
_FIRST_HOST = re.compile(r"(?:(?P<bucket>[^.]+)\.)?oss(?:-internal)?\.aliyuncs\.com\Z")
"""OSS's name from when it had one region, China (Hangzhou): in samples of OSS's pages, and Apache Libcloud's default.

Users of other regions were told `Endpoint` in a 403, as everywhere. Whether it is served today is UNCONFIRMED.
"""
_FIRST_REGION: Final = "cn-hangzhou"
_DUAL_STACK_HOST = re.compile(r"(?:(?P<bucket>[^.]+)\.)?(?P<region>[a-z0-9-]+)\.oss\.(?:aliyuncs\.com|localhost)\Z")
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")
_LOOPBACK_DOMAIN: Final = ".localhost"

NOT_SIMULATED: Final = frozenset(
    "inventoryId comp replication replicationLocation replicationProgress "
    "qos qosInfo requesterQosInfo qosRequester styleName metaQuery cname accessPoint accessPointPolicy "
    "resourcePool resourcePoolInfo resourcePoolBuckets redundancyTransition asyncFetch overwriteConfig quota "
    "objectWorm retention legalHold metadataConfiguration rtc dataPipeline seal cloudboxes "
    "x-oss-async-process x-oss-write-get-object-response callbackPolicy metadataJournalTable metadataInventoryTable "
    "img channel".split()
)
"""Sub-resources OSS has and the simulator has not: refused as NotImplemented rather than taken for something else."""

_METHODS: Final = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Post", "DELETE": "Delete"}
_SELECTS: Final = {"select": "selectObject", "meta": "selectObjectMeta"}
"""What a process of the families `csv` and `json` does."""
_LISTINGS: Final = ("", "list-type", "versions", "uploads")
"""Operations that take parameters beside their sub-resource, so that a misspelt one must not pass for none."""

_PLAIN_PARAMETERS: Final = frozenset(
    "prefix marker delimiter max-keys encoding-type start-after continuation-token fetch-owner list-type key-marker "
    "version-id-marker max-uploads upload-id-marker max-parts part-number-marker versionId security-token Expires "
    "Signature OSSAccessKeyId response-content-type response-content-language response-expires position partNumber "
    "response-cache-control response-content-disposition response-content-encoding callback callback-var sequential "
    "regions regionList tag-key tag-value tagging versions uploads AWSAccessKeyId x-id".split()
)


@lru_cache(maxsize=1024)
def valid_bucket_name(name: str) -> bool:
    return _BUCKET_NAME.match(name) is not None


def is_utf8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)


def check_key(key: str) -> None:
    """1 to 1023 bytes of UTF-8 that do not begin with a slash or backslash, as documented; NUL is refused as well."""
    if not is_utf8(key) or len(key.encode("utf-8")) > 1023 or key[0] in "/\\" or "\0" in key:
        raise refusals.invalid_object_name(key)


def locate(cloud: Cloud, request: Request) -> Call:
    """Which bucket and key are addressed; refuses names that cannot exist and hosts that cannot be used so."""
    host = request.host.rpartition(":")[0] if ":" in request.host else request.host
    host = host.lower().rstrip(".")
    region, bucket_in_host, real_endpoint = _read_host(cloud, host)
    heard = dialect.hear(request)
    # OSS's own clients may write a blank as `+`: Go's did so for years, and signed the blank.
    path = percent_decode(request.path.lstrip("*"), plus=heard is None)
    rest = path[1:]
    if bucket_in_host is not None:
        first = rest.partition("/")[0]
        both = first == bucket_in_host
        call = _call(cloud, request, (bucket_in_host, rest), region, heard, in_host=True)
        call.path_also_names_bucket = both and not real_endpoint
        return call
    if not rest:
        return _call(cloud, request, ("", ""), region, heard)
    bucket, _, key = rest.partition("/")
    call = _call(cloud, request, (bucket, key), region, heard)
    # Who signed a form is in the form: whether it may have a path is asked there, of those that are S3's.
    if real_endpoint and call.s3 is None and not (cloud.s3_path_style and _is_form(request)):
        raise Refusal(
            403,
            "SecondLevelDomainForbidden",
            "The bucket you are attempting to access must be addressed using OSS third level domain.",
            "0003-00001408",
        )
    return call


def _oss_host(cloud: Cloud, host: str) -> tuple[str | None, str] | None:
    """Bucket and region that one of OSS's names says. Looks for the letters first: nearly no Host has them here."""
    match = _DUAL_STACK_HOST.match(host) if ".oss." in host else None
    if match and (match["bucket"] is not None or _is_region(cloud, match["region"])):
        return match["bucket"], match["region"]
    if host.endswith(".aliyuncs.com") and (match := _FIRST_HOST.match(host)):
        return match["bucket"], _FIRST_REGION
    match = _OSS_HOST.match(host) if "oss-" in host else None
    if match is None:
        return None
    if match["bucket"] is None and host.endswith(_LOOPBACK_DOMAIN) and not _is_region(cloud, match["region"]):
        return None  # `oss-pictures.localhost` is a bucket with that name
    return match["bucket"], match["region"]


def _is_region(cloud: Cloud, name: str) -> bool:
    known = name in REGIONS or name == cloud.region or name.startswith("accelerate")
    return known or any(bucket.region == name for bucket in cloud.buckets.values())


def _read_host(cloud: Cloud, host: str) -> tuple[str, str | None, bool]:
    """Region of the endpoint, bucket if the host names one, and whether it is a name only real OSS has."""
    named = _oss_host(cloud, host)
    if named:
        # One SDK forces `bucket.oss-region...` as Host when it is pointed at an address; without a bucket, nothing
        # but a client that resolves the real name to this machine sends it.
        bucket, region = named
        return region, bucket, bucket is None
    if host and not host[-1].isdigit() and host != "localhost":
        for bound in cloud.buckets.values():
            if host in bound.cnames:
                return bound.region, bound.name, False
    if host.endswith(_LOOPBACK_DOMAIN):
        return cloud.region, host[: -len(_LOOPBACK_DOMAIN)], False
    return cloud.region, None, False


def settle_region(call: Call) -> None:
    """An address stands for the endpoints of all regions: what is signed for the bucket's region has reached it."""
    host = call.request.host.partition(":")[0].lower()
    call.any_region = _oss_host(call.cloud, host) is None
    bucket = call.bucket_or_none
    call.at_domain = bucket is not None and host.rstrip(".") in bucket.cnames
    if call.any_region and bucket is not None:
        told = (call.header("authorization") or call.query.get("x-oss-credential", ""))[:300]
        if f"/{bucket.region}/oss/" in told or f"/{bucket.region}/s3/" in told:
            call.endpoint_region = bucket.region


def _call(
    cloud: Cloud,
    request: Request,
    place: tuple[str, str],
    region: str,
    heard: dialect.Sent | None,
    *,
    in_host: bool = False,
) -> Call:
    bucket, key = place
    level: Level = "service" if not bucket and not key else "object" if key else "bucket"
    request.bucket = bucket or None
    request.key = key or None
    return Call(cloud, request, level, bucket, key, region, in_host=in_host, s3=heard)


def check_names(call: Call) -> None:
    """Refuse names OSS could never have given."""
    if call.level == "service":
        return
    if not valid_bucket_name(call.bucket_name):
        raise refusals.invalid_bucket_name(call.bucket_name)
    if call.key:
        check_key(call.key)


def choose(call: Call) -> Operation:
    """The operation that method, level and query select.

    Where they select none, one that refuses: bucket, key, signature and permission are asked first, as everywhere.
    """
    request = call.request
    if request.method == "OPTIONS":
        return OPERATIONS["OPTIONS", "object", ""]
    if request.method not in _METHODS:
        return _refusing(refusals.method_not_allowed(request.method, call.level.upper()))
    subresource = _subresource(call)
    unknown = _unknown_parameter(call) if subresource in _LISTINGS else None
    if unknown is not None:
        return _refusing(unknown)
    found = OPERATIONS.get((request.method, call.level, subresource))
    if found is not None:
        return found
    if subresource in NOT_SIMULATED:
        return _not_simulated(request.method, call.level, subresource)
    return _refusing(refusals.method_not_allowed(request.method, (subresource or call.level).upper()))


def _refusing(refusal: Refusal) -> Operation:
    def run(_: Call) -> Response:
        raise refusal

    return Operation("", run, "none", "")


@lru_cache(maxsize=1024)
def _not_simulated(method: str, level: Level, subresource: str) -> Operation:
    """OSS has it, the simulator has not. Name and permission follow OSS's usual pattern (each UNCONFIRMED)."""

    def run(_: Call) -> Response:
        raise refusals.not_implemented(subresource)

    kind = "" if level == "service" else level.title()
    words = "".join(word[:1].upper() + word[1:] for word in subresource.removeprefix("x-oss-").split("-"))
    name = f"{_METHODS[method]}{kind}{words}"
    return Operation(name, run, f"oss:{name}", name, signed_only=True)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _subresource(call: Call) -> str:
    request = call.request
    if call.level == "object" and request.method == "PUT" and "x-oss-copy-source" in request.headers:
        return "uploadPartCopy" if "uploadId" in request.query else "copy"
    if call.level == "object" and request.method == "POST" and "x-oss-process" in request.query:
        kind, _, step = request.query["x-oss-process"].partition("/")
        return _SELECTS.get(step, "process") if kind in ("csv", "json") else "process"
    if _is_form(request) and call.level == "bucket" and request.method == "POST" and "delete" not in request.query:
        return "form"
    if not request.query_string:
        return ""
    if call.level == "service" and request.method == "GET" and {"batchJob", "batchJobId"} <= request.query.keys():
        return "batchJob of an id"
    if "wormExtend" in request.query:
        return "wormExtend"  # beside wormId, which is CompleteBucketWorm's
    known = known_subresources()
    for name in request.query:
        if name in known and name != "list-type" and (name != "tagging" or call.level != "service"):
            return name
    for name in request.query:
        if name in NOT_SIMULATED:
            return name
    return "list-type" if call.level == "bucket" and request.query.get("list-type") == "2" else ""


def _unknown_parameter(call: Call) -> Refusal | None:
    """A bare name nobody knows (`PUT /bucket?nonsense`) is a sub-resource meant for something else.

    OSS's own answer is UNCONFIRMED; ours is 400, so that a misspelt `?delette` never deletes a bucket. To a listing
    an unknown name is a filter, with or without a value: ignored, it would show what was to be left out. Reads of an
    object keep ignoring it: `app.js?20240101` is how browsers' caches are defeated.
    """
    request = call.request
    if call.level == "object" and request.method in ("GET", "HEAD"):
        return None
    if call.level == "bucket" and request.query.get("list-type", "2") != "2":
        return refusals.invalid_argument("The list-type is not valid.", "list-type", request.query["list-type"])
    lists = request.method == "GET"
    for name, value in request.pairs:
        if call.s3 is not None and name == "max-buckets":
            continue  # S3's page size: passed over, it leaves nothing out (UNCONFIRMED)
        if (lists or not value) and name not in _PLAIN_PARAMETERS and not name.lower().startswith(("x-oss-", "x-amz-")):
            return refusals.invalid_argument("The sub-resource is not supported.", "subresource", name)
    return None
