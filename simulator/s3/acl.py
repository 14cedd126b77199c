"""Turns S3's grants into OSS's one word and back: AccessControlPolicy documents; translate.py calls it.

OSS knows four words, S3 any number of grants to anybody. Only grants that one of the words means are taken.
"""

from __future__ import annotations

from typing import Final

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.call import Call
from ossmend.simulator.oss.service import owner

_EVERYBODY: Final = "http://acs.amazonaws.com/groups/global/AllUsers"
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_WORDS = {frozenset[str](): "private", frozenset({"READ"}): "public-read"} | {
    frozenset({"READ", "WRITE"}): "public-read-write"
}
_PUBLIC = {word: rights for rights, word in _WORDS.items()}


def document_in(call: Call) -> None:
    """`PUT ?acl` with a document instead of a header: the header that means the same."""
    headers, request = call.request.headers, call.request
    name = "x-oss-object-acl" if call.level == "object" else "x-oss-acl"
    if request.method != "PUT" or "acl" not in request.query or name in headers or not request.body.strip():
        return
    policy = xml.parse(request.body, "AccessControlPolicy")
    grants = policy.first("AccessControlList")
    rights: set[str] = set()
    for grant in grants.all("Grant") if grants is not None else ():
        grantee = grant.first("Grantee")
        if grantee is not None and grantee.value("URI") == _EVERYBODY:
            rights.add(grant.value("Permission"))
        elif grantee is None or grantee.value("ID") != _owner_of(call):
            raise refusals.not_implemented("Grantee")
    word = _WORDS.get(frozenset(rights))
    if word is None:
        raise refusals.not_implemented("Permission")
    headers[name] = word


def _owner_of(call: Call) -> str:
    """Whose bucket it is; the caller's account where there is none, which is refused soon after."""
    bucket = call.cloud.buckets.get(call.bucket_name)
    return bucket.owner if bucket is not None else call.cloud.account_id


def document_out(body: bytes) -> bytes:
    """OSS's AccessControlPolicy as S3 clients read it: their parsers look for grantees (UNCONFIRMED)."""
    policy = xml.parse(body, "AccessControlPolicy")
    node, grants = policy.first("Owner"), policy.first("AccessControlList")
    assert node is not None  # it is our own document
    assert grants is not None
    account = node.value("ID")
    user = f'<Grantee {_XSI} xsi:type="CanonicalUser">{xml.element("ID", account)}</Grantee>'
    children = [xml.group("Grant", user, xml.element("Permission", "FULL_CONTROL"))]
    everybody = f'<Grantee {_XSI} xsi:type="Group">{xml.element("URI", _EVERYBODY)}</Grantee>'
    rights = sorted(_PUBLIC.get(grants.value("Grant"), ()))
    children += [xml.group("Grant", everybody, xml.element("Permission", right)) for right in rights]
    return xml.document("AccessControlPolicy", [owner(account), xml.group("AccessControlList", *children)])
