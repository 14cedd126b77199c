"""What authorize.py answers with: yes, or no with the layer that said so, OSS's words and its EC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["ram", "bucket-policy", "session-policy", "acl", "object-acl", "control-policy", "trust-policy"]

NO_BUCKET_RIGHT = "You have no right to access this object because of bucket acl."
BY_BUCKET_POLICY = "Access denied by bucket policy."
NO_PERMISSION = "You are not authorized to do this action."
BY_AUTHORIZER = "Access denied by authorizer's policy."

EC_BUCKET_ACL = "0003-00000001"
EC_BUCKET_POLICY = "0003-00000101"
EC_RAM_DENY = "0003-00000201"
EC_RAM_IMPLICIT = "0003-00000202"
EC_RAM_AND_BUCKET = "0003-00000203"
EC_ANONYMOUS = "0003-00001201"


@dataclass(frozen=True, slots=True)
class AccessDeniedDetail:
    """The element of that name in a refusal; the members are spelt as on the wire."""

    PolicyType: str
    AuthPrincipalOwnerId: str
    AuthPrincipalType: str
    AuthPrincipalDisplayName: str
    NoPermissionType: Literal["ExplicitDeny", "ImplicitDeny"]
    AuthAction: str
    EncodedDiagnosticMessage: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes, or no with the layer that said so and OSS's words for it."""

    allowed: bool
    explicit: bool = False
    layer: Layer = "ram"
    detail: AccessDeniedDetail | None = None
    message: str = ""
    ec: str = ""


ALLOWED = Decision(allowed=True)


def no(
    layer: Layer, message: str, ec: str, detail: AccessDeniedDetail | None = None, *, explicit: bool = False
) -> Decision:
    return Decision(allowed=False, explicit=explicit, layer=layer, detail=detail, message=message, ec=ec)
