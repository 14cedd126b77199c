"""Turns a raw RPC request into an authenticated Call, or into the gateway's refusal; __init__.py runs it.

The order is the gateway's: parameters, key, token, time, signature, nonce, and only then which operation it is. The
signature is recomputed from query and form together, empty values included: SDKs sign `SignatureType=` as it is. The
newer signature has all that in headers: acs3.py.
"""

from __future__ import annotations

import base64
import calendar
import hmac
import re
import time
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from ossmend.simulator.rpc import acs3
from ossmend.simulator.rpc.call import RpcError, missing
from ossmend.simulator.wire import parse_pairs

if TYPE_CHECKING:
    from ossmend.simulator.principals import AccessKey
    from ossmend.simulator.state import Cloud
    from ossmend.simulator.wire import Request

PRODUCTS: Final = {
    "2015-05-01": ("Ram", "ram.aliyuncs.com"),
    "2019-08-15": ("Ims", "ims.aliyuncs.com"),
    "2015-04-01": ("Sts", "sts.aliyuncs.com"),
    "2017-12-14": ("BssOpenApi", "business.aliyuncs.com"),
    "2020-07-06": ("Actiontrail", "actiontrail.cn-hangzhou.aliyuncs.com"),
}
"""One address answers for all products here; what tells them apart is the version."""

MAX_SKEW_SECONDS = 900
_NONCE_SECONDS = 2 * MAX_SKEW_SECONDS
_DIGESTS: Final[dict[str, Literal["sha1", "sha256"]]] = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
_TIMESTAMP: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z\Z", re.ASCII)
"""Fractions of a second are passed over: JavaScript writes them, and STS takes them."""


def parameters(request: Request) -> dict[str, str]:
    """Query and form fields by name, blank values kept; the first of a repeated name counts. Then what headers say."""
    pairs = list(request.pairs)
    if request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        pairs += parse_pairs(request.body.decode("latin-1"))
    return acs3.told(request, dict(reversed(pairs)))


class Nonces:
    """Nonces that were used lately. Old ones are forgotten: their timestamps are refused by then anyway."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], float] = {}

    def spend(self, key_id: str, nonce: str, now: float) -> bool:
        """Use up a nonce; False if it was used before."""
        while self._seen and (oldest := next(iter(self._seen.items())))[1] < now - _NONCE_SECONDS:
            del self._seen[oldest[0]]
        if (key_id, nonce) in self._seen:
            return False
        self._seen[key_id, nonce] = now
        return True


def authenticate(cloud: Cloud, request: Request, found: dict[str, str], nonces: Nonces) -> AccessKey:
    """Whose call it is."""
    claim = acs3.read(request) if acs3.is_used(request) else None
    if claim is None:
        for name in ("AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"):
            if not found.get(name):
                raise missing(name)
    key = _key(cloud, request, found)
    _check_time(cloud, found["Timestamp"])
    if claim is None:
        _check_signature(request, found, key)
    else:
        acs3.check(request, claim, key)
    if not nonces.spend(key.id, found["SignatureNonce"], cloud.clock.machine()):
        raise RpcError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
    return key


def _key(cloud: Cloud, request: Request, found: dict[str, str]) -> AccessKey:
    account = cloud.account_of_key(found["AccessKeyId"])
    key = account.key(found["AccessKeyId"])
    if key is None:
        raise RpcError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    if key.status != "Active" or not account.admits(key, request.peer):
        raise RpcError(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
    token = found.get("SecurityToken")
    if key.token is None:
        if token:
            text = "Specified SecurityToken mismatch with the AccessKey."
            raise RpcError(400, "InvalidSecurityToken.MismatchWithAccessKey", text)
        return key
    if not token:
        raise RpcError(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
    if token != key.token:
        raise RpcError(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
    if key.expires_at is not None and cloud.clock.elapsed() >= key.expires_at:
        raise RpcError(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
    return key


def _check_time(cloud: Cloud, timestamp: str) -> None:
    signed_at = _moment(timestamp)
    if signed_at is None:
        text = "Specified time stamp or date value is not well formatted."
        raise RpcError(400, "InvalidTimeStamp.Format", text)
    if abs(signed_at - int(cloud.clock.shown())) > MAX_SKEW_SECONDS:  # whole seconds, as OSS counts them
        raise RpcError(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")


def _moment(timestamp: str) -> int | None:
    found = _TIMESTAMP.match(timestamp)
    if found is None:
        return None
    try:
        return calendar.timegm(time.strptime(found[1], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None


def encode(text: str) -> str:
    """RFC 3986: everything but letters, digits and `-_.~`."""
    return quote(text, safe="~", errors="surrogateescape")


def string_to_sign(method: str, found: dict[str, str]) -> str:
    pairs = sorted((encode(name), encode(value)) for name, value in found.items() if name != "Signature")
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"{method}&%2F&{encode(query)}"


def _check_signature(request: Request, found: dict[str, str], key: AccessKey) -> None:
    digest = _DIGESTS.get(found["SignatureMethod"])
    if digest is None or found["SignatureVersion"] != "1.0":
        name = "SignatureVersion" if digest else "SignatureMethod"
        raise RpcError(400, f"Invalid{name}", f"Specified parameter {name} is not valid.")
    text = string_to_sign(request.method, found)
    wanted = base64.b64encode(hmac.digest(f"{key.secret}&".encode(), text.encode(), digest)).decode("ascii")
    if not hmac.compare_digest(wanted.encode(), found["Signature"].encode("utf-8", "surrogateescape")):
        # The colon matters: the core SDK splits the message at it, and fails with an IndexError without.
        message = f"Specified signature is not matched with our calculation. server string to sign is:{text}"
        raise RpcError(400, "SignatureDoesNotMatch", message)
