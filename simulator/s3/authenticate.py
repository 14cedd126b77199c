"""Turns an S3 signature into an access key, or into the refusal OSS would give: SigV4 and SigV2, header and URL.

Like oss/authenticate.py in two steps. `read` only parses (400, before anything is looked up); `verify` asks whose key
it is, whether its time is near ours, and whether the signature is right. The region in the scope is not checked: OSS
takes any. The ECs are documented, most of their statuses and words are not (UNCONFIRMED: 400 InvalidArgument).
"""

from __future__ import annotations

import re
from typing import Final

from ossmend.simulator.identity import AccessKey
from ossmend.simulator.oss import refusals, signed_dates
from ossmend.simulator.oss.authenticate import find_key, mismatch, same
from ossmend.simulator.oss.call import Call
from ossmend.simulator.oss.credentials import MAX_URL_SECONDS, Credentials, claimed
from ossmend.simulator.s3 import bodies, signatures
from ossmend.simulator.wire import Refusal

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SCOPE = re.compile(r"\d{8}/[A-Za-z0-9_-]{1,64}/s3/aws4_request\Z")
_HEX = re.compile(r"[0-9a-f]{64}\Z")


def _bad(field: str, value: str, ec: str) -> Refusal:
    return refusals.invalid_argument(f"The {field} is missing or not valid.", field, value[:200], ec)


def read(call: Call) -> Credentials | None:
    """What the request claims; None is anonymous."""
    authorization = call.header("authorization")
    query = call.query
    if authorization is not None:
        scheme, _, rest = authorization.partition(" ")
        credentials = _v2_header(call, rest) if scheme == "AWS" else _v4_header(call, scheme, rest)
    elif any(name.startswith("X-Amz-") for name in query):
        credentials = _v4_url(call)
    elif "AWSAccessKeyId" in query:
        credentials = _v2_url(call)
    else:
        return None
    return claimed(call, credentials)


def _v2_header(call: Call, rest: str) -> Credentials:
    key_id, colon, signature = rest.strip().rpartition(":")
    if not colon or not key_id or not signature:
        raise _bad("Authorization", call.header("authorization") or "", "0002-00000202")  # EC ours
    return Credentials("S3V2", key_id, signature, token=call.header("x-amz-security-token"))


def _v4_header(call: Call, scheme: str, rest: str) -> Credentials:
    if scheme != ALGORITHM:
        raise _bad("X-Amz-Algorithm", scheme, "0002-00000411")
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        fields.setdefault(name, value.strip())
    key_id, scope = _credential(fields.get("Credential", ""))
    call.request.access_key_id = key_id
    signed = _signed_headers(fields.get("SignedHeaders", ""))
    signature = _signature(key_id, fields.get("Signature", ""))
    if call.header("x-amz-content-sha256") is None:
        raise _bad("x-amz-content-sha256", "", "0002-00000427")
    token = call.header("x-amz-security-token")
    return Credentials("S3V4", key_id, signature, token=token, additional=signed, scope=scope)


def _v4_url(call: Call) -> Credentials:
    query = call.query
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        raise _bad("X-Amz-Algorithm", query.get("X-Amz-Algorithm", ""), "0002-00000411")
    key_id, scope = _credential(query.get("X-Amz-Credential", ""))
    call.request.access_key_id = key_id
    if not signed_dates.COMPACT.match(query.get("X-Amz-Date", "")):
        raise _bad("X-Amz-Date", query.get("X-Amz-Date", ""), "0002-00000415")
    expires = query.get("X-Amz-Expires", "")
    if not expires:
        raise _bad("X-Amz-Expires", "", "0002-00000416")
    if not expires.isascii() or not expires.isdigit() or len(expires) > 9 or not 0 < int(expires) <= MAX_URL_SECONDS:
        raise _bad("X-Amz-Expires", expires, "0002-00000417")
    return Credentials(
        "S3V4",
        key_id,
        _signature(key_id, query.get("X-Amz-Signature", "")),
        by_url=True,
        token=query.get("X-Amz-Security-Token"),
        additional=_signed_headers(query.get("X-Amz-SignedHeaders", "")),
        scope=scope,
        expires=expires,
    )


def _v2_url(call: Call) -> Credentials:
    query = call.query
    if not query.get("AWSAccessKeyId") or not query.get("Signature") or "Expires" not in query:
        raise refusals.access_denied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
            "0002-00000061",  # ours
        )
    token = query.get("x-amz-security-token")
    return Credentials(
        "S3V2", query["AWSAccessKeyId"], query["Signature"], by_url=True, token=token, expires=query["Expires"]
    )


def _credential(text: str) -> tuple[str, str]:
    """Key id and scope of `AK/date/region/s3/aws4_request`."""
    key_id, _, scope = text.partition("/")
    if not key_id or not _SCOPE.match(scope):
        raise _bad("X-Amz-Credential", text, "0002-00000425")
    return key_id, scope


def _signed_headers(text: str) -> tuple[str, ...]:
    """In the order they were signed. Without Host, a signature would be good for any bucket."""
    names = tuple(name.lower() for name in text.split(";") if name)
    if "host" not in names:
        raise _bad("X-Amz-SignedHeaders", text, "0002-00000419")
    return names


def _signature(key_id: str, text: str) -> str:
    if not _HEX.match(text):
        raise Refusal(
            403,
            "SignatureDoesNotMatch",
            "The signature is missing or not well formed.",
            "0002-00000423",
            [("OSSAccessKeyId", key_id), ("SignatureProvided", text[:200])],
        )
    return text


# ------------------------------------------------------------------------------------------------------------- verify


def verify(call: Call, credentials: Credentials) -> AccessKey:
    """Key, token, time, signature; then the body, whose digest or chunks the signature vouches for."""
    key = find_key(call, credentials)
    if credentials.version == "S3V4":
        _verify_v4(call, credentials, key)
    else:
        _verify_v2(call, credentials, key)
    call.cloud.account_of_key(key.id).use(key.id, "Oss", call.request.received)
    return key


def _verify_v4(call: Call, credentials: Credentials, key: AccessKey) -> None:
    when = call.query["X-Amz-Date"] if credentials.by_url else call.header("x-amz-date") or ""
    signed_at = signed_dates.read_compact(when)
    if signed_at is None:
        raise _bad("X-Amz-Date", when, "0002-00000415")
    if when[:8] != credentials.scope[:8]:
        raise _bad("X-Amz-Date", when, "0002-00000421")
    if credentials.by_url:
        signed_dates.check_life(call, signed_at, int(credentials.expires), "0002-00000418")
    else:
        signed_dates.check_skew(call, signed_at, "0002-00000501")
    payload = _payload(call)
    canonical = signatures.v4_canonical_request(call, signed=credentials.additional, payload=payload)
    text = signatures.v4_string(canonical, when=when, scope=credentials.scope)
    expected = signatures.v4_signature(key.secret, credentials.scope, text)
    if not same(expected, credentials.signature):
        raise _mismatch(credentials, canonical, text)
    bodies.check_digest(call)
    if bodies.is_chunked(call):
        chain = signatures.v4_key(key.secret, credentials.scope)
        bodies.unwrap(call, when=when, scope=credentials.scope, seed=credentials.signature, key=chain)


def _payload(call: Call) -> str:
    """What stands for the body in the canonical request."""
    return call.header("x-amz-content-sha256") or call.query.get("X-Amz-Content-Sha256") or bodies.UNSIGNED


def _verify_v2(call: Call, credentials: Credentials, key: AccessKey) -> None:
    if credentials.by_url:
        date = signed_dates.check_expiry(call, credentials.expires)
    else:
        text = call.header("x-amz-date") or call.header("date") or ""
        signed_at = signed_dates.read_date(text)
        if signed_at is None:
            raise refusals.access_denied("OSS authentication requires a valid Date.", "0002-00000503")
        signed_dates.check_skew(call, signed_at, "0002-00000501")
        date = "" if call.header("x-amz-date") is not None else text
    strings = [signatures.v2_string(call, date=date, token=credentials.token, ending=text) for text in _endings(call)]
    expected = [signatures.v2_signature(key.secret, string) for string in strings]
    if not any(same(each, credentials.signature) for each in expected):
        raise _mismatch(credentials, b"", strings[0])


def _endings(call: Call) -> tuple[str, ...]:
    """Botocore asks for `/bucket` in path style and signs `/bucket/`, as it does in virtual-hosted style."""
    bare = call.level == "bucket" and not call.in_host and not call.request.path.endswith("/")
    return ("", "/") if bare else ("",)


def _mismatch(credentials: Credentials, canonical: bytes, text: bytes) -> Refusal:
    """SigV2's EC is that of V1, whose scheme it shares (ours)."""
    ec = "0002-00000429" if credentials.version == "S3V4" else "0002-00000040"
    return mismatch(credentials, canonical, text, ec)
