"""Turns the body an S3 client sent into the object's bytes, or into OSS's 400: aws-chunked, trailers, digests.

OSS takes one kind of aws-chunked: signed chunks without a trailer. Since 2025 SDKs send the other kind over https by
default, which is the most frequent breakage of S3 clients against OSS.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from ossmend.simulator.oss import refusals
from ossmend.simulator.oss.call import Call
from ossmend.simulator.wire import Refusal

SIGNED_CHUNKS: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15});chunk-signature=([0-9a-f]{64})\Z")
_LINE_LIMIT = 256
_CHUNKED_WORDS = "aws-chunked encoding is not supported with the specified x-amz-content-sha256 value."


def is_chunked(call: Call) -> bool:
    return call.header("x-amz-content-sha256") == SIGNED_CHUNKS


def refuse_unsupported(call: Call) -> None:
    """What the headers already say of the body; before the signature, as any 400 of the parser."""
    payload = call.header("x-amz-content-sha256") or ""
    chunked = "aws-chunked" in (call.header("content-encoding") or "").lower()
    if payload.startswith("STREAMING-") and payload != SIGNED_CHUNKS:
        raise refusals.invalid_argument(_CHUNKED_WORDS, "x-amz-content-sha256", payload[:200], "0017-00000804")
    if (chunked and payload != SIGNED_CHUNKS) or "x-amz-trailer" in call.request.headers:
        raise refusals.invalid_argument(_CHUNKED_WORDS, "Content-Encoding", "aws-chunked", "0017-00000804")


def check_digest(call: Call) -> None:
    """A digest must be one, and that of the body. OSS's words are UNCONFIRMED, its EC is documented."""
    payload = call.header("x-amz-content-sha256")
    if payload in (None, UNSIGNED, SIGNED_CHUNKS):
        return
    assert payload is not None
    if not _DIGEST.match(payload) or hashlib.sha256(call.request.body).hexdigest() != payload:
        raise refusals.invalid_argument(
            "The x-amz-content-sha256 you specified is not that of the body.",
            "x-amz-content-sha256",
            payload[:200],
            "0002-00000427",
        )


def unwrap(call: Call, *, when: str, scope: str, seed: str, key: bytes) -> None:
    """Verify each chunk against the one before it, and leave the plain body and its own Content-Encoding."""
    data, previous = bytearray(), seed
    head = f"AWS4-HMAC-SHA256-PAYLOAD\n{when}\n{scope}\n"
    for chunk, given in _chunks(call.request.body):
        digests = f"{hashlib.sha256(b'').hexdigest()}\n{hashlib.sha256(chunk).hexdigest()}"
        text = f"{head}{previous}\n{digests}".encode("latin-1", "replace")
        previous = hmac.digest(key, text, "sha256").hex()
        if not hmac.compare_digest(previous, given):
            raise _bad_chunk(call, given, text)
        data += chunk
    declared = call.header("x-amz-decoded-content-length") or ""
    if declared != str(len(data)):
        raise refusals.invalid_argument("The decoded length is not that of the body.", _DECODED, declared[:200])
    call.request.body = bytes(data)
    codings = [part.strip() for part in (call.header("content-encoding") or "").split(",")]
    kept = [coding for coding in codings if coding and coding.lower() != "aws-chunked"]
    call.request.headers.pop("content-encoding", None)
    if kept:
        call.request.headers["content-encoding"] = ", ".join(kept)


_DECODED: Final = "x-amz-decoded-content-length"


def _malformed() -> Refusal:
    return Refusal(
        400, "IncompleteBody", "The chunks of the request body are not well formed.", "0017-00000805"
    )  # ours


def _chunks(body: bytes) -> list[tuple[bytes, str]]:
    """`size;chunk-signature=…`, data, to the empty chunk; nothing may follow it."""
    found, position = [], 0
    while True:
        end = body.find(b"\r\n", position, position + _LINE_LIMIT)
        line = _CHUNK.match(body[position:end]) if end >= 0 else None
        if line is None:
            raise _malformed()
        size, start = int(line[1], 16), end + 2
        if body[start + size : start + size + 2] != b"\r\n":
            raise _malformed()
        found.append((body[start : start + size], line[2].decode("ascii")))
        position = start + size + 2
        if size == 0:
            break
    if position != len(body):
        raise _malformed()
    return found


def _bad_chunk(call: Call, given: str, text: bytes) -> Refusal:
    return Refusal(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        "0002-00000430",
        [
            ("OSSAccessKeyId", call.request.access_key_id or ""),
            ("SignatureProvided", given),
            ("StringToSign", text.decode("utf-8", "replace")),
        ],
    )
