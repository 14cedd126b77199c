"""AccessDenied: who lacks which action on which resource, and which layer said no. Nothing is ever written for it.

The text is weighed together with what the cloud says: RAM decodes the diagnostic message (it lags, and it expires), OSS
tells ACL, policy, referers and owner. What ossmend may not read is named as such, and the rest still counts. An Allow
is proposed only where one helps, and never more than what was denied (docs/facts.md#denial-details).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ossmend.remediators import causes
from ossmend.remediators.causes import correlation as company
from ossmend.remediators.causes import findings
from ossmend.remediators.causes.denying import denying, like, relative
from ossmend.remediators.contract.answers import BucketAccess, Denial, RefererRules
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.registry import remedies
from ossmend.remediators.contract.values import shortened
from ossmend.remediators.contract.verdict import Refused, Tell, TryAgain, Verdict, Wait
from ossmend.remediators.contract.view import Access

if TYPE_CHECKING:
    from ossmend.remediators.contract.settings import NoSettings

DETAIL = "AccessDeniedDetail."
MESSAGE = DETAIL + "EncodedDiagnosticMessage"
DECODED = 0.97
"""RAM's own word on its own decision; only what happened since can be otherwise."""
PATIENCE = timedelta(minutes=2)
"""So long a diagnostic message is waited for; the text alone is told after that."""
_ENDPOINT = regex(r"(?:^|\.)oss-((?:cn|ap|us|eu|me|na|sa)-[a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$")
_BY_METHOD = {"GET": "oss:GetObject", "HEAD": "oss:GetObject", "PUT": "oss:PutObject", "DELETE": "oss:DeleteObject"}


def subject(event: Event, _settings: NoSettings) -> Subject:
    """Bucket, principal and operation (docs/pipeline.md#cases)."""
    principal = event.fields.get(f"{DETAIL}AuthPrincipalDisplayName") or event.requester_id
    operation = event.fields.get(f"{DETAIL}AuthAction") or event.operation or event.method
    return Subject("denied", (event.bucket or "", principal or event.access_key_id or "", operation or ""))


@remedies("AccessDenied", subject=subject, asks=("denial", "bucket_access", "object_acl", "account_id"), sees_end=False)
def plan(case: Case, view: Access, _settings: NoSettings) -> Verdict:
    """Decode, look at the bucket, weigh all of it."""
    event = case.event
    evidence: list[str] = []
    facts: dict[str, Any] = {}
    try:
        denial = _decoded(case, view, evidence)
    except TryAgain as later:
        if view.now() - case.opened_at < PATIENCE:
            return Wait(view.now() + later.after, later.why, "unknown")
        evidence.append("the diagnostic message could not be decoded yet")
        denial = None
    if denial is not None:
        event = _with(event, denial)
        evidence += _of_denial(denial)
        facts |= {"action": denial.action, "resource": denial.resource, "principal": denial.principal}
    world, beside = _world(event, view)
    diagnosis = company.diagnosed(case, event, world)
    decided = _by_layer(denial) if denial is not None else None
    if decided is not None:
        diagnosis = causes.diagnosis(decided, DECODED, diagnosis.evidence, diagnosis.facts)
    if denial is not None and decided == "denied-ram-implicit" and (statement := _statement(denial)) is not None:
        facts["statement"] = statement
    diagnosis = replace(
        diagnosis,
        evidence=(*evidence, *diagnosis.evidence, *company.onset(case), *beside),
        facts={**diagnosis.facts, **facts},
    )
    place = f" on {event.bucket}" if event.bucket else ""
    what = f" ({denial.action} for {denial.principal or 'the caller'})" if denial is not None else ""
    return Tell(f"AccessDenied{place}: {causes.worded(diagnosis).en}{what}", diagnosis)


# ---------------------------------------------------------------------------------------------- the diagnostic message


def _decoded(case: Case, view: Access, evidence: list[str]) -> Denial | None:
    """The newest message of the case, decoded. The text is anybody's; what RAM makes of it is not."""
    message = next((text for sample in reversed(case.samples) if (text := sample.fields.get(MESSAGE))), None)
    if message is None:
        return None
    try:
        denial = view.denial(message)
    except Refused as refused:
        evidence.append(f"could not decode the diagnostic message: our own {refused.operation}: {refused.code}")
        return None
    if denial is None:
        evidence.append("the diagnostic message has expired, and was not decoded")
    elif not _fits(denial, case.event):
        evidence.append(f"the diagnostic message speaks of {denial.resource}, not of this request: left aside")
        return None
    return denial


def _fits(denial: Denial, event: Event) -> bool:
    """A message of another denial must not explain this one."""
    place = relative(denial.resource)
    return not event.bucket or place in ("", "*") or place.partition("/")[0] in (event.bucket, "*")


def _with(event: Event, denial: Denial) -> Event:
    """The event with RAM's own words where the text had its claims."""
    told = {
        f"{DETAIL}NoPermissionType": "ExplicitDeny" if denial.explicit else "ImplicitDeny",
        f"{DETAIL}PolicyType": denial.layer,
        f"{DETAIL}AuthAction": denial.action,
    }
    return replace(event, fields={**event.fields, **{name: value for name, value in told.items() if value}})


def _of_denial(denial: Denial) -> list[str]:
    kind = "an explicit Deny" if denial.explicit else "no Allow"
    who = f" to {denial.principal}" if denial.principal else ""
    said = [
        f"RAM decoded it: {kind} in the layer {denial.layer or 'unknown'}, {denial.action} on {denial.resource}{who}"
    ]
    for policy in denial.policies:
        at = f", attached to a {policy.attached_to}" if policy.attached_to else ""
        said.append(f"{policy.effect} by the {policy.kind or 'unnamed'} policy {policy.name}{at}")
    said += [f"the request had {name} = {value}" for name, value in denial.conditions[:3]]
    return said


def _by_layer(denial: Denial) -> str | None:
    """The cause that RAM itself names; None for a layer that is not known."""
    match denial.layer:
        case "ControlPolicy":
            return "denied-control-policy"
        case "SessionPolicy":
            return "denied-session-policy"
        case "ResourceGroupLevelIdentityBasedPolicy":
            return "denied-ram-explicit" if denial.explicit else "denied-resource-group"
        case "AccountLevelIdentityBasedPolicy":
            return "denied-ram-explicit" if denial.explicit else "denied-ram-implicit"
        case _:
            return None


def _statement(denial: Denial) -> dict[str, Any] | None:
    """What would allow exactly this; None where the name itself would be read as a pattern, and allow more."""
    place = relative(denial.resource)
    if not denial.action or not place or (set("*?") & set(place) and denial.action != "oss:ListBuckets"):
        return None
    return {"Effect": "Allow", "Action": [denial.action], "Resource": [f"acs:oss:*:*:{place}"]}


# -------------------------------------------------------------------------------------------------- what the bucket is


def _world(event: Event, view: Access) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Features of the bucket, by the names that the catalogue's signs have; and what no sign says of it, or could not
    be read.
    """
    if not event.bucket:
        return {}, ()
    try:
        access = view.bucket_access(event.bucket)
    except TryAgain as later:
        return {}, (f"could not read the bucket's rights: {later.why}",)
    seen, unread = [], list(access.unread)
    world = _rights(event, access) | _region(event, access) | _owner(event, access, view)
    if event.object is not None:
        try:
            acl = world["cloud.object_acl"] = view.object_acl(event.object)
            if acl == "default":
                seen.append("the object's own ACL is default: it follows the bucket's, and refuses nobody by itself")
        except Refused as refused:
            if refused.status != 404:
                unread.append(f"our own {refused.operation} was refused: {refused.code}")
        except TryAgain as later:
            unread.append(f"could not read the object's ACL: {later.why}")
    return world, (*seen, *unread)


def _rights(event: Event, access: BucketAccess) -> dict[str, str]:
    world: dict[str, str] = {}
    if access.acl is not None:
        world["cloud.acl"] = access.acl
    if access.block_public is not None:
        public = (access.acl or "").startswith("public")
        world["cloud.block_public"] = "on, and the ACL is public" if access.block_public and public else (
            "on" if access.block_public else "off"
        )  # fmt: skip
    if access.policy is not None:
        sentences = denying(access.policy, _action(event), event.bucket or "", event.key) if access.policy else ()
        world["cloud.policy"] = "there" if access.policy else "none"
        if sentences:
            world["cloud.policy_denies"] = "; ".join(sentences)
    if access.requester_pays is not None:
        world["cloud.requester_pays"] = "on" if access.requester_pays else "off"
    if access.referer is not None:
        world |= _referers(event, access.referer)
    return world


def _referers(event: Event, rules: RefererRules) -> dict[str, str]:
    """Is there a list at all, and would it refuse the page that the event names?"""
    if not rules.allowed and not rules.denied:
        return {"cloud.referer": "none"}
    page = next((value for name, value in event.fields.items() if name.lower() == "referer" and value != "-"), None)
    world = {"cloud.referer": "there"}
    if page is None:
        if not rules.allow_empty and any(name.lower() == "referer" for name in event.fields):
            world["cloud.referer_refuses"] = "requests without a Referer"
    elif any(_listed(page, pattern) for pattern in rules.denied) or (
        rules.allowed and not any(_listed(page, pattern) for pattern in rules.allowed)
    ):
        world["cloud.referer_refuses"] = shortened(page, 200)
    return world


def _listed(page: str, pattern: str) -> bool:
    """`*` and `?`; a pattern without a path is a prefix of the page's address."""
    page, pattern = page.lower(), pattern.lower()
    return like(page, pattern) or like(page, f"{pattern.rstrip('/')}/*")


def _region(event: Event, access: BucketAccess) -> dict[str, str]:
    """The endpoint's region, where its name shows one, against the bucket's."""
    asked = _ENDPOINT.search(event.host or "")
    if asked is None or access.region is None or asked[1] == access.region:
        return {}
    return {"cloud.region_differs": f"{access.region}, and was asked for in {asked[1]}"}


def _owner(event: Event, access: BucketAccess, view: Access) -> dict[str, str]:
    """Whose bucket it is, against the account of the caller, where the text tells it, else against ours."""
    if access.owner is None:
        return {}
    caller = event.fields.get(f"{DETAIL}AuthPrincipalOwnerId")
    try:
        mine = caller or view.account_id()
    except (Refused, TryAgain):
        return {}
    if access.owner == mine:
        return {"cloud.owner": "ours"} if caller else {}
    return {"cloud.owner": f"another account ({access.owner})"}


def _action(event: Event) -> str | None:
    told = event.fields.get(f"{DETAIL}AuthAction") or findings.ACTIONS.get(event.operation or "")
    return told or (_BY_METHOD.get(event.method or "") if event.key else None)
