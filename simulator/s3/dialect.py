"""Turns a request into "an S3 client signed this" or not, and keeps what it signed; oss/route.py asks for each request.

Everything after that works on OSS's own names: translate.py renames the headers on the way in and out, listed.py
refuses what OSS does not offer to S3 clients, authenticate.py recomputes the signatures over what is kept here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ossmend.simulator.wire import Request

_S3_HOST = re.compile(r"(?:[^.]+\.)?s3\.oss-")
_URL_PARAMETERS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "AWSAccessKeyId")


@dataclass(frozen=True, slots=True)
class Sent:
    """What the client signed, before any header is renamed."""

    headers: dict[str, str]
    body: bytes


def hear(request: Request) -> Sent | None:
    """None for OSS's own language. The header decides before the URL, and both before the host."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        spoken = authorization.startswith("AWS")
    else:
        spoken = _signed_in_url(request) or (_S3_HOST.match(request.host.lower()) is not None and not _native(request))
    return Sent(dict(request.headers), request.body) if spoken else None


def _signed_in_url(request: Request) -> bool:
    """Looks for the letters first: nearly no URL has them, and then its parameters need not be decoded for this."""
    text = request.query_string
    if not text or ("mz-" not in text and "AWS" not in text and "%" not in text):
        return False
    return any(name in request.query for name in _URL_PARAMETERS)


def _native(request: Request) -> bool:
    return any(name in request.query for name in ("OSSAccessKeyId", "x-oss-signature-version"))
