"""Turns the signature of a log service's request into an access key, or into the refusal; __init__.py asks for it.

The order is ours: what must be there, time (near ours by 15 minutes), key, token, signature. Both signatures are
recomputed as the Python SDK 0.9.52 makes them; `x-log-date` may be left out of V1's: that SDK adds it after signing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ossmend.simulator.oss.signed_dates import MAX_SKEW_SECONDS, read_compact, read_date
from ossmend.simulator.sls.call import SlsError, invalid, missing
from ossmend.simulator.wire import http_date, percent_decode

if TYPE_CHECKING:
    from ossmend.simulator.principals import AccessKey
    from ossmend.simulator.state import Cloud
    from ossmend.simulator.wire import Request

V1: Final = "LOG"
V4: Final = "SLS4-HMAC-SHA256"
_V4_FIELDS: Final = re.compile(
    r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]*)/sls/aliyun_v4_request,\s*Signature=([0-9a-f]+)\Z"
)
_META: Final = "x-log-meta-"


@dataclass(frozen=True, slots=True)
class Claim:
    """What the Authorization header says; `region` and `day` are V4's."""

    version: str
    key_id: str
    signature: str
    day: str = ""
    region: str = ""


def read(request: Request) -> Claim | None:
    """The claim; None where the header is absent or is none."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme == V1:
        key_id, _, signature = rest.strip().partition(":")
        return Claim(V1, key_id, signature) if key_id and signature else None
    match = _V4_FIELDS.match(rest.strip()) if scheme == V4 else None
    return Claim(V4, match[1], match[4], match[2], match[3]) if match else None


def verify(cloud: Cloud, request: Request, region: str) -> AccessKey:
    """Whose request it is; `region` is the project's, empty where there is none."""
    claim = _claim(request)
    _check_time(cloud, request, claim)
    key = _key(cloud, request, claim)
    _check_signature(request, claim, key, region)
    cloud.account_of_key(key.id).use(key.id, "Log", request.received)
    return key


def _claim(request: Request) -> Claim:
    headers = request.headers
    shown = headers.get("authorization")
    if not shown:
        raise missing("Missing http extend header key : authorization.")
    claim = read(request)
    if claim is None:
        raise invalid(f"Http extend authorization : {shown} pair is invalid.")
    needed = ["x-log-apiversion"] + (["x-log-signaturemethod"] if claim.version == V1 else [])
    for name in needed:
        if not headers.get(name):
            raise missing(f"Missing http extend header key : {name}.")
    if claim.version == V1 and headers["x-log-signaturemethod"] != "hmac-sha1":
        raise invalid(f"x-log-signaturemethod: {headers['x-log-signaturemethod']} pair is invalid.")
    return claim


def _check_time(cloud: Cloud, request: Request, claim: Claim) -> None:
    text = _date(request, claim)
    if not text:
        raise missing("Missing http extend header key : x-log-date.")
    signed_at = read_compact(text) if claim.version == V4 else read_date(text)
    if signed_at is None:
        raise SlsError(400, "InvalidRequestTime", f"Request time {text} not follow RFC822 spec.")
    now = int(cloud.clock.shown())
    if abs(signed_at - now) > MAX_SKEW_SECONDS:
        message = f"Request time {text} has been expired while server time is {http_date(now)}."
        raise SlsError(400, "RequestTimeExpired", message)


def _date(request: Request, claim: Claim) -> str:
    headers = request.headers
    if claim.version == V4:
        return headers.get("x-log-date", "")
    return headers.get("date") or headers.get("x-log-date", "")


def _key(cloud: Cloud, request: Request, claim: Claim) -> AccessKey:
    account = cloud.account_of_key(claim.key_id)
    key, token = account.key(claim.key_id), request.headers.get("x-acs-security-token")
    if key is None or (key.token is not None and not token):
        raise SlsError(401, "Unauthorized", f"AccessKeyId not found: {claim.key_id}")
    if key.status != "Active" or not account.admits(key, request.peer):
        # for an address that the key may not be used from: UNCONFIRMED
        raise SlsError(401, "Unauthorized", f"AccessKeyId is disabled: {claim.key_id}")
    if token != key.token:
        raise SlsError(401, "Unauthorized", "The security token you provided is invalid.")
    if key.expires_at is not None and cloud.clock.elapsed() >= key.expires_at:
        raise SlsError(401, "Unauthorized", "The security token you provided has expired.")
    return key


def _check_signature(request: Request, claim: Claim, key: AccessKey, region: str) -> None:
    if claim.version == V1:
        wanted = [_v1(request, key.secret, dated=dated) for dated in (False, True)]
    elif (region and claim.region != region) or request.headers["x-log-date"][:8] != claim.day:
        wanted = []  # the service signs with its own region (UNCONFIRMED: no page says what another one answers)
    else:
        wanted = [_v4(request, key.secret, claim, host) for host in (request.host, request.host.partition(":")[0])]
    shown = claim.signature.encode("utf-8", "surrogateescape")
    if not any(hmac.compare_digest(each.encode(), shown) for each in wanted):
        raise SlsError(401, "SignatureNotMatch", f"Signature {claim.signature} not matched.")


def _own_headers(request: Request) -> list[tuple[str, str]]:
    """The headers that both signatures cover, sorted."""
    ours = (name for name in request.headers if name.startswith(("x-log-", "x-acs-")) and not name.startswith(_META))
    return [(name, request.headers[name].strip()) for name in sorted(ours)]


def _path(request: Request) -> str:
    return percent_decode(request.path, plus=False)


def _v1(request: Request, secret: str, *, dated: bool) -> str:
    headers = request.headers
    lines = [request.method, headers.get("content-md5", ""), headers.get("content-type", "")]
    lines.append(headers.get("date") or headers.get("x-log-date", ""))
    lines += [f"{name}:{value}" for name, value in _own_headers(request) if dated or name != "x-log-date"]
    asked = "&".join(f"{name}={value}" for name, value in sorted(request.query.items()))
    lines.append(_path(request) + (f"?{asked}" if asked else ""))
    text = "\n".join(lines).encode("utf-8", "surrogateescape")
    return base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode("ascii")


def _encode(text: str) -> str:
    return quote(text, safe="~", errors="surrogateescape")


def _v4(request: Request, secret: str, claim: Claim, host: str) -> str:
    """`host` is told: the SDK signs the name alone, and sends it with a port to a proxy."""
    asked = sorted((name, _encode(value)) for name, value in request.query.items())
    told = [("content-type", request.headers["content-type"])] if "content-type" in request.headers else []
    signed = sorted([*_own_headers(request), *told, ("host", host)])
    canonical = "\n".join(
        (
            request.method,
            _path(request),
            "&".join(f"{name}={value}" if value else name for name, value in asked),
            *(f"{name}:{value}" for name, value in signed),
            "",
            ";".join(name for name, _ in signed),
            request.headers.get("x-log-content-sha256", hashlib.sha256(request.body).hexdigest()),
        )
    )
    scope = (claim.day, claim.region, "sls", "aliyun_v4_request")
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    text = "\n".join((V4, request.headers.get("x-log-date", ""), "/".join(scope), digest))
    chain = ("aliyun_v4" + secret).encode()
    for step in scope:
        chain = hmac.digest(chain, step.encode(), "sha256")
    return hmac.digest(chain, text.encode("utf-8", "surrogateescape"), "sha256").hex()
