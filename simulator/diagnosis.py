"""Turns a denial into an EncodedDiagnosticMessage and back; authorize.py writes them, rpc/reports.py reads them.

The message carries its own record, sealed with a secret of this process: nothing is stored however many denials there
are. The real ones appear with a delay and expire, so the issue time (elapsed clock) travels inside.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = b"\x01\x01\x00\x00\x00\x00"
_SEAL_BYTES = 10


def encode(record: Mapping[str, Any], *, issued_at: float, secret: bytes) -> str:
    """The opaque text that goes into AccessDeniedDetail."""
    body = zlib.compress(json.dumps([issued_at, record], separators=(",", ":")).encode(), 1)
    return base64.b64encode(_HEAD + _seal(body, secret) + body).decode("ascii")


def decode(message: str, *, secret: bytes) -> tuple[float, dict[str, Any]] | None:
    """When it was issued and what it records; None for a text that this process did not issue."""
    try:
        raw = base64.b64decode(message, validate=True)
    except (ValueError, binascii.Error):
        return None
    start = len(_HEAD) + _SEAL_BYTES
    body = raw[start:]
    if raw[: len(_HEAD)] != _HEAD or not hmac.compare_digest(raw[len(_HEAD) : start], _seal(body, secret)):
        return None
    issued_at, record = json.loads(zlib.decompress(body))
    return float(issued_at), record


def _seal(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, body, hashlib.sha256)[:_SEAL_BYTES]
