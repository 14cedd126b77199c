"""Turns a request into the strings that V1, V2 and V4 sign, and a secret into signatures; authenticate.py compares.

Everything is bytes: the client signed the octets it sent. Parameters are decoded once and encoded again, so `%2F`, `+`
and `%20` sign alike however an SDK spells them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import Final
from urllib.parse import quote_from_bytes

from ossmend.simulator.oss.call import Call

V1_SUBRESOURCES: Final = frozenset(
    "response-content-type response-content-language response-cache-control response-content-encoding "
    "response-expires response-content-disposition logging acl uploadId uploads partNumber group link delete "
    "website location objectInfo objectMeta cors lifecycle restore qos referer stat bucketInfo append position "
    "security-token live comp status vod startTime endTime x-oss-process symlink callback callback-var tagging "
    "encryption versions versioning versionId policy requestPayment x-oss-traffic-limit qosInfo asyncFetch "
    "x-oss-request-payer sequential inventory inventoryId continuation-token worm wormId wormExtend replication "
    "replicationLocation replicationProgress transferAcceleration cname metaQuery x-oss-ac-source-ip "
    "x-oss-ac-subnet-mask x-oss-ac-vpc-id x-oss-ac-forward-allow resourceGroup style styleName x-oss-async-process "
    "regionList x-oss-write-get-object-response bucketArchiveDirectRead httpsConfig redundancyTransition "
    "x-oss-target-redundancy-type x-oss-redundancy-transition-taskid accessPoint accessPointPolicy "
    "publicAccessBlock x-oss-access-point-name requesterQosInfo qosRequester resourcePoolInfo resourcePool "
    "resourcePoolBuckets cloudboxes cleanRestoredObject overwriteConfig quota objectWorm retention legalHold "
    "policyStatus rtc seal userDefinedLogFieldsConfig metadataConfiguration dataPipeline metadataJournalTable "
    "metadataInventoryTable".split()
)
"""The query parameters that are part of V1's resource; all others are not signed."""

UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"


def _bytes(text: str) -> bytes:
    """Decoded names and values back to their octets."""
    return text.encode("utf-8", "surrogateescape")


def _header(call: Call, name: str) -> bytes:
    return call.request.headers.get(name, "").encode("latin-1")


def _oss_headers(call: Call, also: tuple[str, ...] = ()) -> bytes:
    headers, wanted = call.request.headers, set(also)
    signed = sorted(name for name in headers if name.startswith("x-oss-") or name in wanted)
    return "".join(f"{name}:{headers[name].strip()}\n" for name in signed).encode("latin-1")


def v1_string(call: Call, *, date: bytes, key: str) -> bytes:
    """The V1 string to sign; `date` is the Date header's value, or Expires for a URL."""
    parameters = sorted((name, value) for name, value in call.request.pairs if name in V1_SUBRESOURCES)
    resource = f"/{call.bucket_name}/{key}" if call.bucket_name else "/"
    if parameters:
        resource += "?" + "&".join(f"{name}={value}" if value else name for name, value in parameters)
    return b"\n".join(
        (
            call.request.method.encode("ascii"),
            _header(call, "content-md5"),
            _header(call, "content-type"),
            date,
            _oss_headers(call) + _bytes(resource),
        )
    )


def v1_signature(secret: str, text: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode("ascii")


def _encode(text: str, safe: str = "") -> str:
    return quote_from_bytes(_bytes(text), safe)


def _canonical_query(call: Call, leave_out: str) -> str:
    encoded = sorted((_encode(name), _encode(value)) for name, value in call.request.pairs if name != leave_out)
    return "&".join(f"{name}={value}" if value else name for name, value in encoded)


def v2_string(call: Call, *, date: bytes, key: str, additional: tuple[str, ...]) -> bytes:
    """The V2 string to sign: like V1, but every parameter, and the slashes of the path encoded."""
    resource = _encode(f"/{call.bucket_name}/{key}" if call.bucket_name else "/")
    query = _canonical_query(call, "x-oss-signature")
    return b"\n".join(
        (
            call.request.method.encode("ascii"),
            _header(call, "content-md5"),
            _header(call, "content-type"),
            date,
            _oss_headers(call, additional) + ";".join(additional).encode("latin-1"),
            (resource + ("?" + query if query else "")).encode("ascii"),
        )
    )


def v2_signature(secret: str, text: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text, "sha256")).decode("ascii")


def v4_canonical_request(call: Call, *, key: str, additional: tuple[str, ...]) -> bytes:
    """V4's canonical request. The bucket is part of the path even when only the Host names it; Host is not signed."""
    path = _encode(f"/{call.bucket_name}/{key}" if call.bucket_name else "/", "/")
    return b"\n".join(
        (
            call.request.method.encode("ascii"),
            path.encode("ascii"),
            _canonical_query(call, "x-oss-signature").encode("ascii"),
            _oss_headers(call, ("content-type", "content-md5", *additional)),
            ";".join(additional).encode("latin-1"),
            (call.request.headers.get("x-oss-content-sha256") or UNSIGNED_PAYLOAD).encode("latin-1"),
        )
    )


def v4_string(canonical_request: bytes, *, when: str, scope: str) -> bytes:
    digest = hashlib.sha256(canonical_request).hexdigest()
    return f"OSS4-HMAC-SHA256\n{when}\n{scope}\n{digest}".encode("latin-1")


@lru_cache(maxsize=512)
def _v4_key(secret: str, scope: str) -> bytes:
    key = ("aliyun_v4" + secret).encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


def v4_signature(secret: str, scope: str, text: bytes) -> str:
    """Hex signature; `scope` is `date/region/oss/aliyun_v4_request`, each step one link of the key chain."""
    return hmac.digest(_v4_key(secret, scope), text, "sha256").hex()
