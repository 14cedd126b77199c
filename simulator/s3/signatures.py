"""Turns what an S3 client sent into the strings that SigV4 and SigV2 sign, and a secret into signatures.

Both sign the path as it was sent: with the bucket in path style, without it in virtual-hosted style.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import Final
from urllib.parse import quote_from_bytes

from ossmend.simulator.oss.call import Call
from ossmend.simulator.wire import percent_decode

_V2_PARAMETERS: Final = frozenset(
    "accelerate acl cors delete lifecycle location logging notification partNumber policy requestPayment restore "
    "tagging torrent uploadId uploads versionId versioning versions website response-content-type replication "
    "response-content-language response-expires response-cache-control response-content-disposition "
    "response-content-encoding".split()
)
"""The query parameters that are part of SigV2's resource."""


def _encode(text: str, safe: str = "") -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogateescape"), safe)


def v4_canonical_request(call: Call, *, signed: tuple[str, ...], payload: str) -> bytes:
    """Method, path, query, signed headers, their names, digest of the body: each on a line, or several."""
    assert call.s3 is not None
    sent = call.s3.headers
    query = sorted((_encode(name), _encode(value)) for name, value in call.request.pairs if name != "X-Amz-Signature")
    headers = "".join(f"{name}:{' '.join(sent.get(name, '').split())}\n" for name in signed)
    path = _encode(percent_decode(call.request.path, plus=False), "/")
    return b"\n".join(
        (
            call.request.method.encode("ascii"),
            path.encode("ascii"),
            "&".join(f"{name}={value}" for name, value in query).encode("ascii"),
            headers.encode("latin-1"),
            ";".join(signed).encode("latin-1", "replace"),
            payload.encode("latin-1", "replace"),
        )
    )


def v4_string(canonical_request: bytes, *, when: str, scope: str) -> bytes:
    digest = hashlib.sha256(canonical_request).hexdigest()
    return f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{digest}".encode("latin-1", "replace")


@lru_cache(maxsize=512)
def v4_key(secret: str, scope: str) -> bytes:
    """`date/region/s3/aws4_request`, each step one link of the chain."""
    key = ("AWS4" + secret).encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


def v4_signature(secret: str, scope: str, text: bytes) -> str:
    return hmac.digest(v4_key(secret, scope), text, "sha256").hex()


def v2_string(call: Call, *, date: str, token: str | None, ending: str = "") -> bytes:
    """`date` is Expires for a URL, and empty where `x-amz-date` is sent, which is then among the headers."""
    assert call.s3 is not None
    sent = dict(call.s3.headers)
    if token is not None:
        sent.setdefault("x-amz-security-token", token)
    lines = "".join(f"{name}:{sent[name].strip()}\n" for name in sorted(sent) if name.startswith("x-amz-"))
    path = (f"/{call.bucket_name}" if call.in_host else "") + call.request.path
    parameters = sorted((name, value) for name, value in call.request.pairs if name in _V2_PARAMETERS)
    tail = "&".join(f"{name}={value}" if value else name for name, value in parameters)
    resource = (path + ending).encode("latin-1") + (f"?{tail}" if tail else "").encode("utf-8", "surrogateescape")
    first = (call.request.method, sent.get("content-md5", ""), sent.get("content-type", ""), date)
    return "\n".join(first).encode("latin-1", "replace") + b"\n" + lines.encode("latin-1", "replace") + resource


def v2_signature(secret: str, text: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode("ascii")
