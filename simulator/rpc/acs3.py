"""Reads the signature that the current SDKs of RAM, STS and the rest make: ACS3-HMAC-SHA256, everything in headers.

gateway.py asks first whether a request has one. Source: the page "Request syntax and signature method V3". The address,
the key's checks and the operations are the same; Action, Version, time and nonce are `x-acs-` headers. Statuses and
words of what is refused are the older signature's where the page names none (UNCONFIRMED).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ossmend.simulator.rpc.call import RpcError, missing

if TYPE_CHECKING:
    from ossmend.simulator.principals import AccessKey
    from ossmend.simulator.wire import Request

ALGORITHM: Final = "ACS3-HMAC-SHA256"
_FAMILY: Final = "ACS3-"
_HEADERS: Final = {
    "Action": "x-acs-action",
    "Version": "x-acs-version",
    "Timestamp": "x-acs-date",
    "SignatureNonce": "x-acs-signature-nonce",
    "SecurityToken": "x-acs-security-token",
}
"""Where a parameter of the older signature went."""
_NEEDED: Final = ("x-acs-date", "x-acs-signature-nonce")
_FIELD: Final = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]*)\Z")


@dataclass(frozen=True, slots=True)
class Claim:
    """What the Authorization header says."""

    key_id: str
    signed: tuple[str, ...]
    signature: str


def is_used(request: Request) -> bool:
    return request.headers.get("authorization", "").startswith(_FAMILY)


def action(request: Request) -> str | None:
    """The operation that the headers name; a call that proves itself otherwise (AssumeRoleWithOIDC) is not signed."""
    return request.headers.get(_HEADERS["Action"])


def told(request: Request, found: dict[str, str]) -> dict[str, str]:
    """The parameters with what the headers say. Unsigned, only Action and Version are looked for there."""
    if not is_used(request):
        return {name: text for name in ("Action", "Version") if (text := request.headers.get(_HEADERS[name]))} | found
    ours = {name: request.headers[header] for name, header in _HEADERS.items() if header in request.headers}
    accepts_xml = "xml" in request.headers.get("accept", "").lower()
    shown = _claim(request)
    ours["AccessKeyId"] = shown.key_id if shown else ""
    return {"Format": "XML" if accepts_xml else "JSON"} | found | ours


def _claim(request: Request) -> Claim | None:
    _, _, rest = request.headers["authorization"].partition(" ")
    fields = {match[1]: match[2] for part in rest.split(",") if (match := _FIELD.match(part.strip()))}
    if not all(fields.get(name) for name in ("Credential", "SignedHeaders", "Signature")):
        return None
    return Claim(fields["Credential"], tuple(fields["SignedHeaders"].lower().split(";")), fields["Signature"])


def read(request: Request) -> Claim:
    """The claim, or the refusal of one that is not whole: every `x-acs-` header must be signed, and Host."""
    if request.headers["authorization"].partition(" ")[0] != ALGORITHM:
        raise RpcError(400, "InvalidSignatureMethod", "Specified parameter SignatureMethod is not valid.")
    claim = _claim(request)
    for name in _NEEDED:
        if not request.headers.get(name):
            raise missing(name)
    owed = {"host", *(name for name in request.headers if name.startswith("x-acs-"))}
    if claim is None or not owed <= set(claim.signed):
        raise RpcError(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.")
    return claim


def _encode(text: str) -> str:
    return quote(text, safe="~", errors="surrogateescape")


def canonical_request(request: Request, signed: tuple[str, ...]) -> str:
    """Method, path, sorted query, the signed headers, their names, and the body's own hash, whatever a header says."""
    query = "&".join(f"{name}={value}" for name, value in sorted((_encode(k), _encode(v)) for k, v in request.pairs))
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in sorted(signed))
    names = ";".join(sorted(signed))
    body = hashlib.sha256(request.body).hexdigest()
    return f"{request.method}\n{request.path}\n{query}\n{headers}\n{names}\n{body}"


def check(request: Request, claim: Claim, key: AccessKey) -> None:
    """SignatureDoesNotMatch tells both texts that the service made, as seen in public notes of its users."""
    canonical = canonical_request(request, claim.signed)
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode('latin-1')).hexdigest()}"
    wanted = hmac.digest(key.secret.encode(), text.encode(), "sha256").hex()
    if not hmac.compare_digest(wanted.encode(), claim.signature.encode("utf-8", "surrogateescape")):
        told_texts = f"server StringToSign is [{text}] server CanonicalRequest is [{canonical}]"
        message = f"Specified signature does not match our calculation. {told_texts}"
        raise RpcError(400, "SignatureDoesNotMatch", message)
