"""Turns (who, what, on which resource) into go-ahead or AccessDenied; the judging is authorize.py's, the wording OSS's.

What comes before judging lies here as well: an overdue account, a disabled bucket, hotlink protection, requester pays.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from time import gmtime, strftime

from ossmend.simulator.authorize import decide
from ossmend.simulator.decisions import Decision
from ossmend.simulator.identity import Identity
from ossmend.simulator.oss import refusals
from ossmend.simulator.oss.call import Call, Operation
from ossmend.simulator.state import Bucket
from ossmend.simulator.wire import Extra, Refusal

_DISABLED = ("UserDisable", "UserDisable", "0003-00000801")
_ACCOUNT_REFUSALS = {
    "in_debt": ("InDebt", "The account is in arrears.", "0003-00000804"),
    "in_debt_overdue": ("InDebtOverdue", "The account is in arrears for too long.", "0003-00000805"),
    "cancelled": ("AbnormalBucketOwnerStatus", "The status of the bucket owner is abnormal.", "0003-00000806"),
}
"""The codes are documented; their words and ECs are ours: UNCONFIRMED."""


def check_account(call: Call) -> None:
    """An account that is overdue, held for security or without OSS can do nothing, nor can anybody in its buckets."""
    bucket = call.bucket_or_none
    principal = call.principal
    owner = bucket.owner if bucket else call.cloud.account_id
    _check_status(call.cloud.account(owner))
    if principal is not None and principal.account_id != owner:
        _check_status(call.cloud.account(principal.account_id))
    if bucket is not None and bucket.disabled:
        raise Refusal(
            403,
            "BucketDisable",
            "The bucket is disabled.",
            "0003-00000802",  # ours
            [("BucketName", bucket.name)],
        )


def _check_status(account: Identity | None) -> None:
    if account is not None and (account.account_status != "normal" or not account.oss_activated):
        raise Refusal(403, *_ACCOUNT_REFUSALS.get(account.account_status, _DISABLED))


def check_referer(call: Call) -> None:
    """Hotlink protection concerns anonymous reads and signed URLs, never a signed header."""
    bucket = call.bucket_or_none
    if bucket is None or call.level != "object" or (call.principal is not None and not call.by_url):
        return
    rules = bucket.referer
    if rules.allow_empty and not rules.allowed and not rules.denied:
        return
    referer = call.header("referer") or ""
    if not referer:
        allowed = rules.allow_empty or not rules.allowed
    else:
        text = referer.partition("?")[0] if rules.allow_truncate_query else referer
        denied = any(_matches(text, pattern) for pattern in rules.denied)
        allowed = not denied and (not rules.allowed or any(_matches(text, pattern) for pattern in rules.allowed))
    if not allowed:
        raise Refusal(
            403,
            "AccessDenied",
            "You are denied by bucket referer policy.",
            "0003-00000501",
            [("BucketName", bucket.name)],
        )


def _matches(referer: str, pattern: str) -> bool:
    """`*` and `?` are wildcards, nothing else is; a rule for a site also covers the pages below it."""
    literal = pattern.replace("[", "[[]")
    return fnmatchcase(referer, literal) or fnmatchcase(referer, literal.rstrip("/") + "/*")


def check_requester_pays(call: Call) -> None:
    bucket = call.bucket_or_none
    if bucket is None or bucket.request_payer != "Requester":
        return
    principal = call.principal
    if principal is not None and principal.account_id == bucket.owner:
        return
    if call.header("x-oss-request-payer") != "requester" and call.query.get("x-oss-request-payer") != "requester":
        raise refusals.access_denied(
            "The bucket is a requester-pays bucket; x-oss-request-payer is missing.", "0003-00000703"
        )


def judge(call: Call, action: str, bucket: Bucket | None, key: str, object_acl: str | None = None) -> Decision:
    """Ask authorize.py."""
    caller = call.principal.account_id if call.principal else call.cloud.account_id
    owner = bucket.owner if bucket else caller
    name = bucket.name if bucket else call.bucket_name or "*"
    if object_acl is not None and _public_access_blocked(call, bucket):
        object_acl = "private"
    region = bucket.region if bucket else call.endpoint_region
    resource = f"acs:oss:oss-{region}:{owner}:{name}" + (f"/{key}" if key else "")
    return decide(
        call.principal,
        action,
        resource,
        _context(call),
        bucket_owner=owner,
        bucket_acl=effective_acl(call, bucket),
        object_acl=object_acl,
        bucket_policy=bucket.policy if bucket else None,
        identity=call.cloud.account(caller) or call.cloud.identity,
    )


def effective_acl(call: Call, bucket: Bucket | None) -> str:
    """Block Public Access makes a public ACL count as private."""
    return "private" if bucket is None or _public_access_blocked(call, bucket) else bucket.acl


def _public_access_blocked(call: Call, bucket: Bucket | None) -> bool:
    return call.cloud.account_block_public_access or (bucket is not None and bucket.block_public_access)


def _context(call: Call) -> dict[str, str]:
    context = {
        "acs:SourceIp": call.request.peer,
        "acs:SecureTransport": "true" if call.request.secure else "false",
        "acs:CurrentTime": _iso(call.now),
        "acs:UserAgent": call.header("user-agent") or "",
    }
    for parameter, condition in (("prefix", "oss:Prefix"), ("delimiter", "oss:Delimiter"), ("max-keys", "oss:MaxKeys")):
        if parameter in call.query:
            context[condition] = call.query[parameter]
    acl = call.header("x-oss-acl") or call.header("x-oss-object-acl")
    if acl:
        context["oss:x-oss-acl"] = acl
    return context


def _iso(seconds: int) -> str:

    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


def require(call: Call, action: str, bucket: Bucket | None, key: str = "", object_acl: str | None = None) -> None:
    """Go ahead, or AccessDenied in the words of the layer that said no."""
    principal = call.principal
    owner = bucket.owner if bucket is not None and bucket.policy is None else None
    if principal is not None and principal.kind == "root" and principal.account_id == owner:
        return  # what nearly every request in a test is: no need to weigh policies
    decision = judge(call, action, bucket, key, object_acl)
    if not decision.allowed:
        raise denied(decision)


_VERSIONED = {
    "oss:GetObject": "oss:GetObjectVersion",
    "oss:DeleteObject": "oss:DeleteObjectVersion",
    "oss:RestoreObject": "oss:RestoreObjectVersion",
    "oss:GetObjectAcl": "oss:GetObjectVersionAcl",
    "oss:PutObjectAcl": "oss:PutObjectVersionAcl",
    "oss:GetObjectTagging": "oss:GetObjectVersionTagging",
    "oss:PutObjectTagging": "oss:PutObjectVersionTagging",
    "oss:DeleteObjectTagging": "oss:DeleteObjectVersionTagging",
}


def require_for(call: Call, operation: Operation) -> None:
    """What the operation itself needs; those that need more (a copy's source, each deleted key) ask again."""
    if operation.action == "none":
        return
    action = operation.action
    if call.version_id is not None:
        action = _VERSIONED.get(action, action)
    if operation.name == "PutBucket":
        # Whose name it is already is for the operation to say; the right to make buckets is the caller's own.
        require(call, action, None)
        return
    require(call, action, call.bucket_or_none, call.key, object_acl(call.bucket_or_none, call.key, call.version_id))


def object_acl(bucket: Bucket | None, key: str, version_id: str | None = None) -> str | None:
    """The ACL of the addressed version if it has one of its own; `default` inherits the bucket's."""
    if bucket is None or not key:
        return None
    for version in bucket.stack(key):
        if version_id is None or version.version_id == version_id:
            return None if version.acl == "default" else version.acl
    return None


def denied(decision: Decision) -> Refusal:
    extras: list[Extra] = []
    if decision.detail is not None:
        extras.append(("AccessDeniedDetail", _detail(decision)))
    return Refusal(403, "AccessDenied", decision.message, decision.ec, extras)


def _detail(decision: Decision) -> tuple[Extra, ...]:
    detail = decision.detail
    fields = (
        "PolicyType",
        "AuthPrincipalOwnerId",
        "AuthPrincipalType",
        "AuthPrincipalDisplayName",
        "NoPermissionType",
        "AuthAction",
        "EncodedDiagnosticMessage",
    )
    return tuple((name, str(getattr(detail, name))) for name in fields if getattr(detail, name, None))


def forbid_anonymous(call: Call) -> None:
    """Settings and listings of the service are never anonymous."""
    if call.principal is None:
        raise refusals.access_denied("Anonymous access is forbidden for this operation.", "0003-00001201")
