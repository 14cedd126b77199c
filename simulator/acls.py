"""Turns an action and two ACLs, the bucket's and the object's, into yes or a refusal; authorize.py asks them last."""

from __future__ import annotations

from ossmend.simulator.decisions import EC_BUCKET_ACL, NO_BUCKET_RIGHT, Decision, no

OBJECT_READS = frozenset(
    ("oss:GetObject", "oss:GetObjectVersion", "oss:GetObjectAcl", "oss:GetObjectVersionAcl", "oss:ListParts")
)
OBJECT_WRITES = frozenset(
    ("oss:PutObject", "oss:DeleteObject", "oss:DeleteObjectVersion", "oss:AbortMultipartUpload", "oss:PutObjectAcl")
)
_OPEN_READS = frozenset(("oss:GetObject", "oss:GetObjectVersion"))
_OPEN_WRITES = frozenset(("oss:PutObject", "oss:DeleteObject", "oss:AbortMultipartUpload", "oss:ListParts"))


def acl_allows(action: str, bucket_acl: str, object_acl: str | None) -> bool:
    """What an ACL opens to everybody: reading objects, or writing them too; never listing, never settings."""
    acl = object_acl or bucket_acl
    if action in _OPEN_READS:
        return acl in ("public-read", "public-read-write")
    return action in _OPEN_WRITES and acl == "public-read-write"


_OBJECT_REFUSALS = {
    "oss:GetObjectAcl": ("read acl", "0003-00000007"),
    "oss:GetObjectVersionAcl": ("read acl", "0003-00000007"),
    "oss:PutObjectAcl": ("write acl", "0003-00000008"),
}


def acl_refusal(action: str, object_acl: str | None, *, stranger: bool) -> Decision:
    """The object's own ACL answers first where it has one; else the bucket's, in one of its two wordings."""
    if object_acl is not None and (action in OBJECT_READS or action in OBJECT_WRITES):
        default = ("read", "0003-00000005") if action in OBJECT_READS else ("write", "0003-00000006")
        right, ec = _OBJECT_REFUSALS.get(action, default)
        return no("object-acl", f"You do not have {right} permission on this object.", ec)
    belongs = stranger and action not in OBJECT_READS and action not in OBJECT_WRITES
    message = "The bucket you access does not belong to you." if belongs else NO_BUCKET_RIGHT
    return no("acl", message, EC_BUCKET_ACL)
