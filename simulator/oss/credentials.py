"""Turns a request's Authorization header or query string into Credentials, or into a 400; authenticate.py checks them.

Only parsing: whose key it is and whether the signature is right are not asked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ossmend.simulator.oss import refusals, signatures
from ossmend.simulator.oss.call import Call
from ossmend.simulator.wire import Refusal

MAX_URL_SECONDS = 7 * 86400
_URL_CREDENTIAL = "x-oss-credential"
_KEY_ID = re.compile(r"[0-9A-Za-z._-]+\Z")
_SCOPE = re.compile(r"\d{8}(?:/[^/]*)?/[a-z0-9-]+/aliyun_v4_request\Z")
"""Date, region, product: whether it is a region of ours, or one at all, is asked later, and refused in other words."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A parsed signature. `by_url`: it came in the query string. `expires`: absolute (V1, V2) or a duration (V4)."""

    version: Literal["V1", "V2", "V4", "S3V2", "S3V4"]
    key_id: str
    signature: str
    by_url: bool = False
    token: str | None = None
    additional: tuple[str, ...] = ()
    scope: str = ""
    expires: str = ""


def bad_authorization(call: Call, message: str = "The Authorization header is invalid.", ec: str = "") -> Refusal:
    shown = call.request.headers.get("authorization", "")
    return refusals.invalid_argument(message, "Authorization", shown, ec or "0002-00000202")  # EC ours


def read_credentials(call: Call) -> Credentials | None:
    """What the request claims; None is anonymous. Header wins over query string (UNCONFIRMED)."""
    authorization = call.request.headers.get("authorization")
    if authorization is not None:
        credentials = _from_header(call, authorization)
    else:
        query = call.request.query
        version = query.get("x-oss-signature-version")
        if version is not None:
            credentials = _from_v4_url(call) if version == "OSS4-HMAC-SHA256" else _from_v2_url(call, version)
        elif "OSSAccessKeyId" in query or "Signature" in query:
            credentials = _from_v1_url(call)
        else:
            return None
    return claimed(call, credentials)


def claimed(call: Call, credentials: Credentials) -> Credentials:
    """The log of requests, and who asks how a request was signed, go by what it claims, be it right or not."""
    call.request.access_key_id = credentials.key_id
    call.by_url = credentials.by_url
    return credentials


def _from_header(call: Call, authorization: str) -> Credentials:
    scheme, _, rest = authorization.partition(" ")
    headers = call.request.headers
    # One SDK's V1 signer sends the token as plain `security-token`.
    token = headers.get("x-oss-security-token") or headers.get("security-token")
    if scheme == "OSS":
        key_id, colon, signature = rest.strip().rpartition(":")
        if not colon or not key_id or not signature:
            raise bad_authorization(call)
        return Credentials("V1", key_id, signature, token=token)
    if scheme == "OSS2":
        return _from_v2_header(call, rest, token)
    if scheme == "OSS4-HMAC-SHA256":
        return _from_v4_header(call, rest, token)
    raise bad_authorization(call)


def _fields(call: Call, text: str, separator: str) -> dict[str, str]:
    """`A=1, B=2` in any order and with any blanks: every SDK writes it differently."""
    fields: dict[str, str] = {}
    for part in text.split(","):
        name, found, value = part.strip().partition(separator)
        if not found or name in fields:
            raise bad_authorization(call)
        fields[name] = value.strip()
    return fields


def _names(text: str) -> tuple[str, ...]:
    return tuple(sorted(name.lower() for name in text.split(";") if name))


def _from_v2_header(call: Call, rest: str, token: str | None) -> Credentials:
    fields = _fields(call, rest, ":")
    if not fields.get("AccessKeyId") or not fields.get("Signature"):
        raise bad_authorization(call)
    additional = _names(fields.get("AdditionalHeaders", ""))
    return Credentials("V2", fields["AccessKeyId"], fields["Signature"], token=token, additional=additional)


def _from_v4_header(call: Call, rest: str, token: str | None) -> Credentials:
    fields = _fields(call, rest, "=")
    if not fields.get("Credential") or not fields.get("Signature"):
        raise bad_authorization(call)
    key_id, _, scope = fields["Credential"].partition("/")
    _check_scope(call, key_id, scope, "Authorization header")
    payload = call.header("x-oss-content-sha256")
    if payload not in (None, signatures.UNSIGNED_PAYLOAD):
        raise refusals.invalid_argument(
            "x-oss-content-sha256 must be UNSIGNED-PAYLOAD.", "x-oss-content-sha256", payload or ""
        )
    additional = _names(fields.get("AdditionalHeaders", ""))
    return Credentials("V4", key_id, fields["Signature"], token=token, additional=additional, scope=scope)


def _check_scope(call: Call, key_id: str, scope: str, place: str) -> None:
    if not key_id or not _SCOPE.match(scope):
        raise bad_authorization(call, f"Invalid credential in {place}.")
    if not _KEY_ID.match(key_id):
        raise Refusal(
            403,
            "InvalidAccessKeyId",
            "The OSS Access Key Id you provided contains illegal characters.",
            "0002-00000206",
            [("OSSAccessKeyId", key_id)],
        )
    if scope.split("/")[-2] != "oss":
        raise bad_authorization(call, f"Invalid signing product in {place}.", "0002-00000225")  # EC ours
    if signs_for_here(call, scope):
        return
    if place == _URL_CREDENTIAL:
        raise wrong_region(f"{key_id}/{scope}", "0002-00000226")
    raise bad_authorization(call, f"Invalid signing region in {place}.", "0002-00000226")


def signs_for_here(call: Call, scope: str) -> bool:
    """Does a V4 scope name this endpoint's region? Python's SDK without a region signs for one called `None`. A domain
    is in its bucket's region, and in no other.
    """
    _date, *region, _product, _terminator = scope.split("/")
    return region == [call.endpoint_region] or (region == [call.cloud.region] and not call.at_domain)


def wrong_region(credential: str, ec: str) -> Refusal:
    """In a URL and in a form; a header's refusal has other words."""
    return refusals.invalid_argument("The signing region in credential is invalid.", _URL_CREDENTIAL, credential, ec)


def _from_v1_url(call: Call) -> Credentials:
    query = call.request.query
    if not query.get("OSSAccessKeyId") or not query.get("Signature") or "Expires" not in query:
        raise refusals.access_denied(
            "Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters",
            "0002-00000061",  # ours
        )
    token = query.get("security-token")
    return Credentials(
        "V1", query["OSSAccessKeyId"], query["Signature"], by_url=True, token=token, expires=query["Expires"]
    )


def _incomplete_url(name: str) -> Refusal:
    message = f"Query-string authentication requires the {name} parameter."
    return refusals.invalid_argument(message, name, "", "0002-00000234")  # EC ours


def _from_v2_url(call: Call, version: str) -> Credentials:
    query = call.request.query
    if version != "OSS2":
        raise refusals.invalid_argument("The signature version is invalid.", "x-oss-signature-version", version)
    for name in ("x-oss-access-key-id", "x-oss-expires", "x-oss-signature"):
        if name not in query:
            raise _incomplete_url(name)
    return Credentials(
        "V2",
        query["x-oss-access-key-id"],
        query["x-oss-signature"],
        by_url=True,
        token=query.get("security-token") or query.get("x-oss-security-token"),
        additional=_names(query.get("x-oss-additional-headers", "")),
        expires=query["x-oss-expires"],
    )


def _from_v4_url(call: Call) -> Credentials:
    query = call.request.query
    for name in ("x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-signature"):
        if not query.get(name):
            raise _incomplete_url(name)
    key_id, _, scope = query["x-oss-credential"].partition("/")
    _check_scope(call, key_id, scope, _URL_CREDENTIAL)
    expires = query["x-oss-expires"]
    if not expires.isascii() or not expires.isdigit() or len(expires) > 9 or not 0 < int(expires) <= MAX_URL_SECONDS:
        raise refusals.invalid_argument(
            "x-oss-expires must be a number of seconds from 1 to 604800.", "x-oss-expires", expires
        )
    return Credentials(
        "V4",
        key_id,
        query["x-oss-signature"],
        by_url=True,
        token=query.get("x-oss-security-token"),
        additional=_names(query.get("x-oss-additional-headers", "")),
        scope=scope,
        expires=expires,
    )
