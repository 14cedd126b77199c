"""Turns RAM's policy operations into policies, versions and attachments; simulator/policies.py reads documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ossmend.simulator.policies import DOCUMENT_LIMIT, Document, Policy, PolicyVersion
from ossmend.simulator.policy_complaints import complaint
from ossmend.simulator.principals import Group, Role, User
from ossmend.simulator.rpc.call import (
    Answer,
    Call,
    RpcError,
    conflict,
    invalid,
    not_found,
    operation,
    page,
    read_json,
    utc,
)
from ossmend.simulator.rpc.shapes import check_user_name, group_members, no_user, role_members
from ossmend.simulator.rpc.tags import checked_tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from ossmend.simulator.identity import Entity

_NAME = re.compile(r"[A-Za-z0-9-]{1,128}\Z")
VERSIONS_PER_POLICY = 5


def read_document(call: Call, parameter: str, *, limit: int = DOCUMENT_LIMIT, principals: bool = False) -> Document:
    """A policy document of the request, or MalformedPolicyDocument with what is wrong with it."""
    text = call.text(parameter)
    if len(text) > limit:
        raise invalid(parameter, f'The parameter - "{parameter}" beyond the length limit.', suffix=".Length")
    try:
        document = read_json(text)
    except ValueError as error:
        raise RpcError(400, "MalformedPolicyDocument", "The policy document is not valid JSON.") from error
    wrong = complaint(document, principals=principals)
    if wrong is not None:
        raise RpcError(400, "MalformedPolicyDocument", wrong)
    found: Document = document
    return found


def _members(call: Call, policy: Policy) -> Answer:
    members: Answer = {
        "PolicyName": policy.name,
        "PolicyType": policy.type,
        "Description": policy.description,
        "DefaultVersion": policy.default_version,
        "CreateDate": utc(policy.created),
        "UpdateDate": utc(policy.updated),
        "AttachmentCount": len(call.identity.holders(policy.type, policy.name)),
    }
    return members


def _version_members(policy: Policy, version: PolicyVersion, *, document: bool = True) -> Answer:
    members: Answer = {
        "VersionId": version.id,
        "IsDefaultVersion": version.id == policy.default_version,
        "CreateDate": utc(version.created),
    }
    return members | {"PolicyDocument": version.text} if document else members


def _policy(call: Call, action: str, *, custom: bool = False) -> Policy:
    """The policy the request names, after the right to it was checked; `custom`: only one's own can be changed."""
    name = call.text("PolicyName")
    kind = "Custom" if custom else call.text("PolicyType")
    if kind not in ("System", "Custom"):
        raise invalid("PolicyType")
    call.require(action, f"policy/{name}")
    policy = call.identity.policies.get((kind, name))
    if policy is None:
        raise not_found("Policy", "The policy does not exist.")
    return policy


def _version(call: Call, policy: Policy) -> PolicyVersion:
    version = policy.versions.get(call.text("VersionId"))
    if version is None:
        raise not_found("Policy.Version", "The policy version does not exist.")
    return version


@operation("Ram", name="CreatePolicy")
def create_policy(call: Call) -> Answer:
    name = call.text("PolicyName")
    if not _NAME.match(name):
        raise invalid("PolicyName", suffix=".InvalidChars")
    call.require("ram:CreatePolicy", f"policy/{name}")
    document = read_document(call, "PolicyDocument")
    if any(other == name for _, other in call.identity.policies):
        raise conflict("EntityAlreadyExists.Policy", "The policy does already exist.")
    tags = checked_tags(call)
    text, description = call.text("PolicyDocument"), call.optional("Description")
    policy = call.identity.add_policy(name, document, description=description, text=text)
    policy.tags |= tags
    return {"Policy": _members(call, policy)}


@operation("Ram", name="GetPolicy")
def get_policy(call: Call) -> Answer:
    policy = _policy(call, "ram:GetPolicy")
    deprecated = {"PolicyDocument": "N/A"}
    return {
        "Policy": _members(call, policy) | deprecated,
        "DefaultPolicyVersion": _version_members(policy, policy.current),
    }


@operation("Ram", name="GetPolicyVersion")
def get_policy_version(call: Call) -> Answer:
    policy = _policy(call, "ram:GetPolicyVersion")
    return {"PolicyVersion": _version_members(policy, _version(call, policy))}


@operation("Ram", name="ListPolicyVersions")
def list_policy_versions(call: Call) -> Answer:
    policy = _policy(call, "ram:ListPolicyVersions")
    return {"PolicyVersions": {"PolicyVersion": [_version_members(policy, one) for one in policy.versions.values()]}}


@operation("Ram", name="ListPolicies")
def list_policies(call: Call) -> Answer:
    call.require("ram:ListPolicies", "policy/*")
    kind = call.optional("PolicyType")
    found = [policy for policy in call.identity.policies.values() if kind in ("", policy.type)]
    policies, more = page(call, found, default=100)
    return {**more, "Policies": {"Policy": [_members(call, policy) for policy in policies]}}


@operation("Ram", name="CreatePolicyVersion")
def create_policy_version(call: Call) -> Answer:
    policy = _policy(call, "ram:CreatePolicyVersion", custom=True)
    document = read_document(call, "PolicyDocument")
    if len(policy.versions) >= VERSIONS_PER_POLICY:
        raise conflict("LimitExceeded.Policy.Version", "The count of policy versions beyond the current limits.")
    policy.last_version += 1
    version = PolicyVersion(f"v{policy.last_version}", document, call.text("PolicyDocument"), call.cloud.clock.shown())
    policy.versions[version.id] = version
    if call.flag("SetAsDefault"):
        _make_default(call, policy, version)
    return {"PolicyVersion": _version_members(policy, version)}


def _make_default(call: Call, policy: Policy, version: PolicyVersion) -> None:
    policy.default_version, policy.updated = version.id, call.cloud.clock.shown()
    call.identity.refresh(call.identity.holders(policy.type, policy.name))


@operation("Ram", name="SetDefaultPolicyVersion")
def set_default_policy_version(call: Call) -> Answer:
    policy = _policy(call, "ram:SetDefaultPolicyVersion", custom=True)
    _make_default(call, policy, _version(call, policy))
    return {}


@operation("Ram", name="DeletePolicyVersion")
def delete_policy_version(call: Call) -> Answer:
    policy = _policy(call, "ram:DeletePolicyVersion", custom=True)
    version = _version(call, policy)
    if version.id == policy.default_version:
        raise conflict("DeleteConflict.Policy.Version.Default", "The default policy version cannot be deleted.")
    del policy.versions[version.id]
    return {}


@operation("Ram", name="DeletePolicy")
def delete_policy(call: Call) -> Answer:
    policy = _policy(call, "ram:DeletePolicy", custom=True)
    for holder in call.identity.holders(policy.type, policy.name):
        kind = type(holder).__name__
        raise conflict(f"DeleteConflict.Policy.{kind}", f"The policy is still attached to a {kind.lower()}.")
    if len(policy.versions) > 1:
        raise conflict("DeleteConflict.Policy.Version", "The policy still has versions besides the default one.")
    del call.identity.policies[policy.type, policy.name]
    return {}


# ---------------------------------------------------------------------------------------------------- attachments


def _user(call: Call) -> tuple[str, User | None]:
    name = check_user_name(call.text("UserName"), "UserName")
    return f"user/{name}", call.identity.users.get(name)


def _group(call: Call) -> tuple[str, Group | None]:
    name = call.text("GroupName")
    return f"group/{name}", call.identity.groups.get(name)


def _role(call: Call) -> tuple[str, Role | None]:
    name = call.text("RoleName")
    return f"role/{name}", call.identity.roles.get(name.lower())


_FINDERS: dict[str, Callable[[Call], tuple[str, Entity | None]]] = {"User": _user, "Group": _group, "Role": _role}


def entity(call: Call, kind: str, action: str) -> Entity:
    """The user, group or role the request names, after the right to it was checked."""
    resource, found = _FINDERS[kind](call)
    call.require(action, resource)
    if found is None:
        raise no_user() if kind == "User" else not_found(kind, f"The {kind.lower()} does not exist.")
    return found


def _change(call: Call, kind: str, *, attach: bool) -> Answer:
    action = f"ram:{call.action}"
    policy = _policy(call, action)
    holder = entity(call, kind, action)
    attachment = call.identity.attachment(holder, policy.type, policy.name)
    if attach:
        if attachment is not None:
            text = f"The policy has already been attached to the {kind.lower()}."
            raise conflict(f"EntityAlreadyExists.{kind}.Policy", text)
        call.identity.attach(holder, policy.type, policy.name)
    else:
        if attachment is None:
            raise not_found(f"{kind}.Policy", f"The policy is not attached to the {kind.lower()}.")
        call.identity.detach(holder, *attachment)
    return {}


def _list(call: Call, kind: str) -> Answer:
    """The policies attached to the account-wide scope: grants limited to a resource group are not seen here."""
    holder = entity(call, kind, f"ram:{call.action}")
    rows: list[Answer] = []
    for (policy_type, policy_name, scope), when in holder.attached.items():
        if scope == "Account":
            members = _members(call, call.identity.policies[policy_type, policy_name])
            names = ("PolicyName", "PolicyType", "Description", "DefaultVersion")
            rows.append({name: members[name] for name in names} | {"AttachDate": utc(when)})
    return {"Policies": {"Policy": rows}}


def _register(kind: str) -> None:
    operation("Ram", name=f"AttachPolicyTo{kind}")(lambda call: _change(call, kind, attach=True))
    operation("Ram", name=f"DetachPolicyFrom{kind}")(lambda call: _change(call, kind, attach=False))
    operation("Ram", name=f"ListPoliciesFor{kind}")(lambda call: _list(call, kind))


for _kind in _FINDERS:
    _register(_kind)


@operation("Ram", name="ListEntitiesForPolicy")
def list_entities_for_policy(call: Call) -> Answer:
    policy = _policy(call, "ram:ListEntitiesForPolicy")
    found: dict[str, list[Any]] = {"User": [], "Group": [], "Role": []}
    for holder in call.identity.holders(policy.type, policy.name):
        attachment = call.identity.attachment(holder, policy.type, policy.name)
        when = {"AttachDate": utc(holder.attached[attachment])} if attachment else {}
        if isinstance(holder, User):
            names = {"UserId": holder.id, "UserName": holder.name, "DisplayName": holder.display_name}
            found["User"].append(names | when)
        elif isinstance(holder, Group):
            found["Group"].append(group_members(holder) | when)
        else:
            found["Role"].append(role_members(call, holder) | when)
    return {"Users": {"User": found["User"]}, "Groups": {"Group": found["Group"]}, "Roles": {"Role": found["Role"]}}
