"""Turns Credentials into an access key, or into the refusal OSS would give; handle.py calls credentials.py first.

`verify` asks whose key it is, whether its time is near ours, and whether the signature is right, in that order.
"""

from __future__ import annotations

import hmac

from ossmend.simulator.identity import AccessKey
from ossmend.simulator.oss import refusals, signatures, signed_dates
from ossmend.simulator.oss.call import Call
from ossmend.simulator.oss.credentials import Credentials, bad_authorization, read_credentials
from ossmend.simulator.wire import Refusal


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
    is_v4 = credentials.version == "V4"
    signed_at = signed_dates.read_compact(text) if is_v4 else signed_dates.read_date(text)
    if signed_at is None:
        raise refusals.access_denied("OSS authentication requires a valid Date.", "0002-00000503")
    if is_v4 and text[:8] != credentials.scope[:8]:
        raise bad_authorization(call, "Invalid signing date in Authorization header.", "0002-00000227")  # EC ours
    signed_dates.check_skew(call, signed_at, "0002-00000504")
    return text


def _check_url_time(call: Call, credentials: Credentials) -> str:
    if credentials.version != "V4":
        return signed_dates.check_expiry(call, credentials.expires)
    when = call.query["x-oss-date"]
    signed_at = signed_dates.read_compact(when)
    if signed_at is None or when[:8] != credentials.scope[:8]:
        raise refusals.access_denied("OSS authentication requires a valid Date.", "0002-00000503")
    signed_dates.check_life(call, signed_at, int(credentials.expires), "0002-00000236")
    return when


def _check_signature(call: Call, credentials: Credentials, key: AccessKey, when: str) -> None:
    canonical, text, expected = _sign(call, credentials, key.secret, when, call.key)
    if not same(expected, credentials.signature):
        ec = "0002-00000201" if credentials.version == "V4" else "0002-00000040"
        raise mismatch(credentials, canonical, text, ec)


def same(expected: str, given: str) -> bool:
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
    if same(_sign(call, credentials, key.secret, when, rest)[2], credentials.signature):
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


def mismatch(credentials: Credentials, canonical: bytes, text: bytes, ec: str) -> Refusal:
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
        ec,
        extras,
    )
