"""Turns (who, action, resource, circumstances) into a Decision; policies.py reads one document, this file orders them.

Control policy, then session policy, then RAM and bucket policy together, then the ACLs. A Deny anywhere wins; what
nobody allows is denied all the same, but says so differently: an ExplicitDeny cannot be cured by adding an Allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ossmend.simulator import diagnosis
from ossmend.simulator.acls import OBJECT_READS, OBJECT_WRITES, acl_allows, acl_refusal
from ossmend.simulator.decisions import (
    ALLOWED,
    BY_AUTHORIZER,
    BY_BUCKET_POLICY,
    EC_ANONYMOUS,
    EC_BUCKET_POLICY,
    EC_RAM_AND_BUCKET,
    EC_RAM_DENY,
    EC_RAM_IMPLICIT,
    NO_BUCKET_RIGHT,
    NO_PERMISSION,
    AccessDeniedDetail,
    Decision,
    Layer,
    no,
)
from ossmend.simulator.policies import Document, Effect, Grant, applies, as_list, evaluate, pattern, statements

if TYPE_CHECKING:
    from ossmend.simulator.identity import Identity
    from ossmend.simulator.principals import Principal

Context = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question, as every layer gets it."""

    principal: Principal
    action: str
    resource: str
    context: Context
    identity: Identity

    def says(self, document: Document | None) -> Effect | None:
        return evaluate(document, self.action, self.resource, self.context)


# ---------------------------------------------------------------------------------------------------- OSS requests


def decide(
    principal: Principal | None,
    action: str,
    resource: str,
    context: Context,
    *,
    bucket_owner: str,
    bucket_acl: str,
    object_acl: str | None,
    bucket_policy: Document | None,
    identity: Identity,
) -> Decision:
    """May this principal (None: anonymous) do that in OSS?"""
    if object_acl == "default":
        object_acl = None
    if principal is None:
        return _decide_anonymous(action, resource, context, acls=(bucket_acl, object_acl), bucket_policy=bucket_policy)
    asked = _Asked(principal, action, resource, context, identity)
    refused = _guard_rails(asked)
    if refused is not None:
        return refused
    owns = principal.account_id == bucket_owner
    ram = _ram_says(asked)
    bucket = _bucket_says(asked, bucket_policy, by_account=not owns and ram == "Allow")
    if bucket == "Deny" or ram == "Deny":
        return _denied(asked, bucket, ram)
    if bucket == "Allow" or (owns and ram == "Allow"):
        return ALLOWED
    if acl_allows(action, bucket_acl, object_acl):
        return ALLOWED
    if not owns or ram == "Allow":
        return acl_refusal(action, object_acl, stranger=True)
    detail = _detail(asked, "AccountLevelIdentityBasedPolicy", explicit=False)
    return no("ram", _implicit_message(action), EC_RAM_IMPLICIT, detail)


def _denied(asked: _Asked, bucket: Effect | None, ram: Effect | None) -> Decision:
    """Somebody said Deny: the bucket policy, RAM, or both. OSS's message blames the bucket policy either way."""
    if ram != "Deny":
        return no("bucket-policy", BY_BUCKET_POLICY, EC_BUCKET_POLICY, explicit=True)
    ec = EC_RAM_AND_BUCKET if bucket == "Deny" else EC_RAM_DENY
    return no("ram", BY_BUCKET_POLICY, ec, _ram_denial(asked), explicit=True)


def _implicit_message(action: str) -> str:
    if action == "oss:ListBuckets":
        return "You are forbidden to list buckets."
    return NO_BUCKET_RIGHT


def _decide_anonymous(
    action: str, resource: str, context: Context, *, acls: tuple[str, str | None], bucket_policy: Document | None
) -> Decision:
    bucket_acl, object_acl = acls
    said = evaluate(bucket_policy, action, resource, context, who=lambda named: named == "*")
    if said == "Deny":
        return no("bucket-policy", BY_BUCKET_POLICY, EC_BUCKET_POLICY, explicit=True)
    if said == "Allow" or acl_allows(action, bucket_acl, object_acl):
        return ALLOWED
    if action not in OBJECT_READS and action not in OBJECT_WRITES:
        return no("acl", "Anonymous access is forbidden for this operation.", EC_ANONYMOUS)
    return acl_refusal(action, object_acl, stranger=False)


def _guard_rails(asked: _Asked) -> Decision | None:
    """Control and session policies only ever take away: each must allow, and neither gives."""
    for document in asked.identity.control_policies:
        if asked.says(document) == "Deny":
            return _by_authorizer(asked, "control-policy", "ControlPolicy", explicit=True)
    controls = asked.identity.control_policies
    if controls and not any(asked.says(document) == "Allow" for document in controls):
        return _by_authorizer(asked, "control-policy", "ControlPolicy", explicit=False)
    session_policy = asked.principal.session_policy
    if session_policy is None:
        return None
    said = asked.says(session_policy)
    if said == "Allow":
        return None
    return _by_authorizer(asked, "session-policy", "SessionPolicy", explicit=said == "Deny")


def _by_authorizer(asked: _Asked, layer: Layer, policy_type: str, *, explicit: bool) -> Decision:
    detail = _detail(asked, policy_type, explicit=explicit)
    return no(layer, BY_AUTHORIZER, EC_RAM_DENY if explicit else EC_RAM_IMPLICIT, detail, explicit=explicit)


# ------------------------------------------------------------------------------------------------------------- RAM


def _in_scope(grant: Grant, context: Context) -> bool:
    return grant.scope == "Account" or context.get("acs:ResourceGroupId") == grant.scope


def _ram_says(asked: _Asked) -> Effect | None:
    """What all identity policies say together. Root is not subject to any: it may do everything in its account."""
    if asked.principal.kind == "root":
        return "Allow"
    allowed = False
    for grant in asked.principal.policies:
        if not _in_scope(grant, asked.context):
            continue
        said = asked.says(grant.document)
        if said == "Deny":
            return "Deny"
        allowed = allowed or said == "Allow"
    return "Allow" if allowed else None


def _denying(asked: _Asked) -> list[Grant]:
    grants = (grant for grant in asked.principal.policies if _in_scope(grant, asked.context))
    return [grant for grant in grants if asked.says(grant.document) == "Deny"]


def _ram_denial(asked: _Asked) -> AccessDeniedDetail:
    by_group = all(grant.scope != "Account" for grant in _denying(asked))
    kind = "ResourceGroupLevelIdentityBasedPolicy" if by_group else "AccountLevelIdentityBasedPolicy"
    return _detail(asked, kind, explicit=True)


def decide_ram(principal: Principal, action: str, resource: str, context: Context, *, identity: Identity) -> Decision:
    """May this principal call that RPC operation (`ram:GetUser` on `acs:ram:*:ACCOUNT:user/NAME`)?"""
    asked = _Asked(principal, action, resource, context, identity)
    refused = _guard_rails(asked)
    if refused is not None:
        return refused
    said = _ram_says(asked)
    if said == "Allow":
        return ALLOWED
    if said == "Deny":
        return no("ram", NO_PERMISSION, "", _ram_denial(asked), explicit=True)
    return no("ram", NO_PERMISSION, "", _detail(asked, "AccountLevelIdentityBasedPolicy", explicit=False))


def decide_assume(
    principal: Principal, trust: Document, resource: str, context: Context, identity: Identity
) -> Decision:
    """Does the role's trust policy let this principal in? The right to ask (`sts:AssumeRole`) is decide_ram's."""
    asked = _Asked(principal, "sts:AssumeRole", resource, context, identity)
    names = {
        f"acs:ram::{principal.account_id}:root",
        principal.arn.lower(),
        f"acs:ram::{principal.account_id}:role/{(principal.role or '').lower()}",
    }

    def who(named: str) -> bool:
        return named == "*" or named.lower() in names

    said: Effect | None = None
    for statement in statements(trust):
        flat = {**statement, "Principal": _trusted(statement)}
        if applies(flat, asked.action, resource, context, who=who):
            said = "Deny" if "Deny" in (said, statement.get("Effect")) else "Allow"
    if said == "Allow":
        return ALLOWED
    detail = _detail(asked, "AssumeRolePolicy", explicit=said == "Deny")
    return no("trust-policy", NO_PERMISSION, "", detail, explicit=said == "Deny")


def _trusted(statement: Mapping[str, Any]) -> list[str]:
    """`{"RAM": [...], "Service": [...]}`: only RAM identities sign requests here."""
    principals = statement.get("Principal")
    return as_list(principals.get("RAM") if isinstance(principals, dict) else principals)


# --------------------------------------------------------------------------------------------------- bucket policy


def _bucket_says(asked: _Asked, policy: Document | None, *, by_account: bool) -> Effect | None:
    if policy is None:
        return None
    who = _named_in_policy(asked.principal, by_account=by_account)
    return evaluate(policy, asked.action, asked.resource, asked.context, who=who)


def _named_in_policy(principal: Principal, *, by_account: bool) -> Callable[[str], bool]:
    """Does `Principal` mean this caller? `*`, a user's or an account's id, or a role session's ARN.

    An account's id means its root; its users are meant too where their own RAM policies allow (`by_account`).
    """
    own = {"*", principal.user_id}
    if by_account:
        own.add(principal.account_id)
    session = ""
    if principal.kind == "role-session":
        role, _, session_name = principal.name.partition(":")
        session = f"arn:sts::{principal.account_id}:assumed-role/{role}/{session_name}"

    def named(text: str) -> bool:
        return text in own or (bool(session) and bool(pattern(text, fold=True)(session)))

    return named


# ----------------------------------------------------------------------------------------------------------- detail


def _detail(asked: _Asked, policy_type: str, *, explicit: bool) -> AccessDeniedDetail:
    """Who was denied what, as the refusal tells it, with the longer story sealed inside the diagnostic message."""
    principal, identity = asked.principal, asked.identity
    who = {
        "AuthPrincipalType": principal.type,
        "AuthPrincipalOwnerId": principal.account_id,
        "AuthPrincipalDisplayName": principal.display_name,
    }
    by_ram = explicit and policy_type.endswith("IdentityBasedPolicy")
    record = {
        "ExplicitDeny": explicit,
        "NoPermissionPolicyType": policy_type,
        "AuthAction": asked.action,
        "AuthResource": asked.resource.replace("acs:oss:*:", f"acs:oss:oss-{identity.region}:", 1),
        "AuthPrincipal": who,
        "AuthConditions": [{"ConditionKey": k, "ConditionValues": [v]} for k, v in asked.context.items() if v],
        "MatchedPolicies": list(_matched(_denying(asked))) if by_ram else [],
    }
    return AccessDeniedDetail(
        PolicyType=policy_type,
        NoPermissionType="ExplicitDeny" if explicit else "ImplicitDeny",
        AuthAction=asked.action,
        EncodedDiagnosticMessage=diagnosis.encode(
            record, issued_at=identity.clock.elapsed(), secret=identity.diagnosis_secret
        ),
        **who,
    )


def _matched(grants: Iterable[Grant]) -> Iterable[dict[str, str]]:
    for grant in grants:
        yield {
            "Effect": "Deny",
            "PolicyIdentifier": grant.name,
            "PolicyType": grant.type,
            "PolicyVersion": grant.version,
            "AttachedEntityType": grant.entity,
            "AttachedScope": grant.scope,
        }
