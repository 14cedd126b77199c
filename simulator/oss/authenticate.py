"""Turns a request's signature into an access key, or into the refusal OSS would give; handle.py calls it in two steps.

`read_credentials` only parses (400 for what is no signature at all, before anything is looked up); `verify` asks whose
key it is, whether its time is near ours, and whether the signature is right, in that order.
"""

from __future__ import annotations

import calendar
import hmac
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_tz
from typing import Literal

from ossmend.simulator.identity import AccessKey
from ossmend.simulator.oss import refusals, signatures
from ossmend.simulator.oss.call import Call
from ossmend.simulator.wire import Refusal, iso_date

MAX_SKEW_SECONDS = 900
MAX_URL_SECONDS = 7 * 86400
_URL_CREDENTIAL = "x-oss-credential"

_KEY_ID = re.compile(r"[0-9A-Za-z._-]+\Z")
_SCOPE = re.compile(r"\d{8}(?:/[^/]*)?/[a-z0-9-]+/aliyun_v4_request\Z")
"""Date, region, product: whether it is a region of ours, or one at all, is asked later, and refused in other words."""
_V4_DATE = re.compile(r"\d{8}T\d{6}Z\Z")


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


def _bad_authorization(call: Call, message: str = "The Authorization header is invalid.", ec: str = "") -> Refusal:
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
            raise _bad_authorization(call)
        return Credentials("V1", key_id, signature, token=token)
    if scheme == "OSS2":
        return _from_v2_header(call, rest, token)
    if scheme == "OSS4-HMAC-SHA256":
        return _from_v4_header(call, rest, token)
    raise _bad_authorization(call)


def _fields(call: Call, text: str, separator: str) -> dict[str, str]:
    """`A=1, B=2` in any order and with any blanks: every SDK writes it differently."""
    fields: dict[str, str] = {}
    for part in text.split(","):
        name, found, value = part.strip().partition(separator)
        if not found or name in fields:
            raise _bad_authorization(call)
        fields[name] = value.strip()
    return fields


def _names(text: str) -> tuple[str, ...]:
    return tuple(sorted(name.lower() for name in text.split(";") if name))


def _from_v2_header(call: Call, rest: str, token: str | None) -> Credentials:
    fields = _fields(call, rest, ":")
    if not fields.get("AccessKeyId") or not fields.get("Signature"):
        raise _bad_authorization(call)
    additional = _names(fields.get("AdditionalHeaders", ""))
    return Credentials("V2", fields["AccessKeyId"], fields["Signature"], token=token, additional=additional)


def _from_v4_header(call: Call, rest: str, token: str | None) -> Credentials:
    fields = _fields(call, rest, "=")
    if not fields.get("Credential") or not fields.get("Signature"):
        raise _bad_authorization(call)
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
        raise _bad_authorization(call, f"Invalid credential in {place}.")
    if not _KEY_ID.match(key_id):
        raise Refusal(
            403,
            "InvalidAccessKeyId",
            "The OSS Access Key Id you provided contains illegal characters.",
            "0002-00000206",
            [("OSSAccessKeyId", key_id)],
        )
    if scope.split("/")[-2] != "oss":
        raise _bad_authorization(call, f"Invalid signing product in {place}.", "0002-00000225")  # EC ours
    if signs_for_here(call, scope):
        return
    if place == _URL_CREDENTIAL:
        raise wrong_region(f"{key_id}/{scope}", "0002-00000226")
    raise _bad_authorization(call, f"Invalid signing region in {place}.", "0002-00000226")


def signs_for_here(call: Call, scope: str) -> bool:
    """Does a V4 scope name this endpoint's region? Python's SDK without a region signs for one called `None`."""
    _date, *region, _product, _terminator = scope.split("/")
    return region in ([call.endpoint_region], [call.cloud.region])


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
    if not expires.isascii() or not expires.isdigit() or not 0 < int(expires) <= MAX_URL_SECONDS:
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


def verify(call: Call, credentials: Credentials) -> AccessKey:
    """Key, token, time, signature."""
    key = find_key(call, credentials)
    when = _check_time(call, credentials)
    _check_signature(call, credentials, key, when)
    call.cloud.account_of_key(key.id).use(key.id, "Oss", call.request.received)
    return key


def _invalid_key(key_id: str, message: str, ec: str) -> Refusal:
    return Refusal(403, "InvalidAccessKeyId", message, ec, [("OSSAccessKeyId", key_id)])


def find_key(call: Call, credentials: Credentials) -> AccessKey:
    account = call.cloud.account_of_key(credentials.key_id)
    key = account.key(credentials.key_id)
    if key is None or (key.token is not None and credentials.token is None):
        # An STS id without its token is unknown, like any other id that is no long-term key.
        raise _invalid_key(
            credentials.key_id,
            "The OSS Access Key Id you provided does not exist in our records.",
            "0002-00000902" if credentials.token is None else "0002-00000002",
        )
    if key.status != "Active":
        raise _invalid_key(key.id, "The OSS Access Key Id you provided is disabled.", "0002-00000903")
    if not account.admits(key, call.request.peer):
        raise _invalid_key(key.id, "The OSS Access Key Id you provided is disabled.", "0002-00000904")
    _check_token(call, key, credentials.token)
    return key


def _check_token(call: Call, key: AccessKey, token: str | None) -> None:
    if key.token is None:
        if token is not None:
            raise _invalid_key(
                key.id, "The OSS Access Key Id you provided does not exist in our records.", "0002-00000002"
            )
        return
    if token != key.token:
        raise Refusal(
            403,
            "InvalidSecurityToken",
            "The security token you provided is invalid.",
            "0002-00000006",  # ours
        )
    if key.expires_at is not None and call.cloud.clock.elapsed() >= key.expires_at:
        raise Refusal(403, "SecurityTokenExpired", "The security token you provided has expired.", "0002-00000007")


def _check_time(call: Call, credentials: Credentials) -> str:
    """The date the signature covers, once it is near enough to ours."""
    if credentials.by_url:
        return _check_url_time(call, credentials)
    text = call.header("x-oss-date") or call.header("date") or ""
    signed_at = _read_date(text)
    if signed_at is None or (credentials.version == "V4" and not _V4_DATE.match(text)):
        raise refusals.access_denied("OSS authentication requires a valid Date.", "0002-00000503")
    if credentials.version == "V4" and text[:8] != credentials.scope[:8]:
        raise _bad_authorization(call, "Invalid signing date in Authorization header.", "0002-00000227")  # EC ours
    now = call.request.received
    if abs(signed_at - int(now)) > MAX_SKEW_SECONDS:
        raise Refusal(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            "0002-00000504",
            [
                ("MaxAllowedSkewMilliseconds", str(MAX_SKEW_SECONDS * 1000)),
                ("RequestTime", iso_date(signed_at)),
                ("ServerTime", iso_date(int(now))),
            ],
        )
    return text


def _read_date(text: str) -> int | None:
    """RFC 1123 (also with a zone) or V4's compact form, as Unix seconds."""
    if _V4_DATE.match(text):
        try:
            return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            return None
    parsed = parsedate_tz(text) if text else None
    if parsed is None or parsed[9] is None:
        return None
    try:
        return calendar.timegm((*parsed[:6], 0, 1, 0)) - parsed[9]
    except (ValueError, OverflowError):
        return None


def _expired(expires: float, now: float, ec: str) -> Refusal:
    extras = [("Expires", iso_date(int(expires))), ("ServerTime", iso_date(int(now)))]
    return Refusal(403, "AccessDenied", "Request has expired.", ec, extras)


def _check_url_time(call: Call, credentials: Credentials) -> str:
    now = call.request.received
    expires = credentials.expires
    if credentials.version == "V4":
        when = call.query["x-oss-date"]
        signed_at = _read_date(when) if _V4_DATE.match(when) else None
        if signed_at is None or when[:8] != credentials.scope[:8]:
            raise refusals.access_denied("OSS authentication requires a valid Date.", "0002-00000503")
        if signed_at - now > MAX_SKEW_SECONDS:
            raise refusals.access_denied("Request is not valid yet.", "0002-00000235")
        if now > signed_at + int(expires):
            raise _expired(signed_at + int(expires), now, "0002-00000236")
        return when
    if not expires:
        raise refusals.access_denied("Invalid date (should be seconds since epoch): ", "0002-00000068")
    if not expires.isascii() or not expires.isdigit() or len(expires) > 11:
        raise refusals.access_denied(f"Invalid date (should be seconds since epoch): {expires}", "0002-00000070")
    if int(expires) < now:
        raise _expired(int(expires), now, "0002-00000069")
    return expires


def _check_signature(call: Call, credentials: Credentials, key: AccessKey, when: str) -> None:
    canonical, text, expected = _sign(call, credentials, key.secret, when, call.key)
    if not _same(expected, credentials.signature):
        raise _mismatch(credentials, canonical, text)


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def settle_path(call: Call) -> None:
    """Host and path both name the bucket: is the first segment part of the key? Whoever signed it knows.

    One SDK, told to use path style on an address, sends it twice but signs it once. Only a signature that is right
    without the segment takes it away; everything else stays a key that happens to begin with its bucket's name.
    """
    try:
        credentials = read_credentials(call)
    except Refusal:
        return
    key = call.cloud.account_of_key(credentials.key_id).key(credentials.key_id) if credentials else None
    if credentials is None or key is None:
        return
    if credentials.by_url:
        when = call.query.get("x-oss-date", "") if credentials.version == "V4" else credentials.expires
    else:
        when = call.header("x-oss-date") or call.header("date") or ""
    rest = call.key.partition("/")[2]
    if _same(_sign(call, credentials, key.secret, when, rest)[2], credentials.signature):
        call.key = rest
        call.request.key = rest or None
        call.level = "object" if rest else "bucket"


def _sign(call: Call, credentials: Credentials, secret: str, when: str, key: str) -> tuple[bytes, bytes, str]:
    """Canonical request (V4 only), string to sign, signature."""
    date = when.encode("latin-1")
    if credentials.version == "V1":
        text = signatures.v1_string(call, date=date, key=key)
        return b"", text, signatures.v1_signature(secret, text)
    if credentials.version == "V2":
        text = signatures.v2_string(call, date=date, key=key, additional=credentials.additional)
        return b"", text, signatures.v2_signature(secret, text)
    canonical = signatures.v4_canonical_request(call, key=key, additional=credentials.additional)
    text = signatures.v4_string(canonical, when=when, scope=credentials.scope)
    return canonical, text, signatures.v4_signature(secret, credentials.scope, text)


def _mismatch(credentials: Credentials, canonical: bytes, text: bytes) -> Refusal:
    """With everything a client needs to find its fault; `CanonicalRequest` is by analogy (UNCONFIRMED)."""
    extras = [
        ("OSSAccessKeyId", credentials.key_id),
        ("SignatureProvided", credentials.signature),
        ("StringToSign", text.decode("utf-8", "replace")),
        ("StringToSignBytes", "".join(f"{octet:02X} " for octet in text)),
    ]
    if canonical:
        extras.append(("CanonicalRequest", canonical.decode("utf-8", "replace")))
    return Refusal(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        "0002-00000201" if credentials.version == "V4" else "0002-00000040",
        extras,
    )
