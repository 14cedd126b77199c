"""Turns RAM's role operations into roles; sts.py lets somebody be one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ossmend.simulator.rpc.call import Answer, Call, conflict, invalid, not_found, operation, page
from ossmend.simulator.rpc.policies import read_document
from ossmend.simulator.rpc.shapes import role_members, tag_members
from ossmend.simulator.rpc.tags import checked_tags

if TYPE_CHECKING:
    from ossmend.simulator.principals import Role

SESSION_LIMITS = (3600, 43200)
_NAME = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")


def _role(call: Call, action: str) -> Role:
    name = call.text("RoleName")
    call.require(action, f"role/{name}")
    role = call.identity.roles.get(name.lower())
    if role is None:
        raise not_found("Role", "The role does not exist.")
    return role


def _members(call: Call, role: Role) -> Answer:
    return role_members(call, role) | {"AssumeRolePolicyDocument": json.dumps(role.trust)}


@operation("Ram", name="CreateRole")
def create_role(call: Call) -> Answer:
    name = call.text("RoleName")
    if not _NAME.match(name):
        raise invalid("RoleName", suffix=".InvalidChars")
    call.require("ram:CreateRole", f"role/{name}")
    trust = read_document(call, "AssumeRolePolicyDocument", principals=True)
    seconds = call.number("MaxSessionDuration", SESSION_LIMITS[0], *SESSION_LIMITS)
    tags = checked_tags(call)
    if name.lower() in call.identity.roles:
        raise conflict("EntityAlreadyExists.Role", "The role does already exist.")
    role = call.identity.add_role(name, trust=trust)
    role.description, role.max_session_seconds = call.optional("Description"), seconds
    role.tags |= tags
    return {"Role": _members(call, role)}


@operation("Ram", name="GetRole")
def get_role(call: Call) -> Answer:
    return {"Role": _members(call, _role(call, "ram:GetRole"))}


@operation("Ram", name="ListRoles")
def list_roles(call: Call) -> Answer:
    call.require("ram:ListRoles", "role/*")
    roles, more = page(call, list(call.identity.roles.values()), default=100)
    rows = [role_members(call, role) | {"Tags": {"Tag": tag_members(role.tags)}} for role in roles]
    return {**more, "Roles": {"Role": rows}}


@operation("Ram", name="UpdateRole")
def update_role(call: Call) -> Answer:
    role = _role(call, "ram:UpdateRole")
    if call.optional("NewAssumeRolePolicyDocument"):
        role.trust = read_document(call, "NewAssumeRolePolicyDocument", principals=True)
    role.max_session_seconds = call.number("NewMaxSessionDuration", role.max_session_seconds, *SESSION_LIMITS)
    role.description = call.parameters.get("NewDescription", role.description)
    role.updated = call.cloud.clock.shown()
    return {"Role": _members(call, role)}


@operation("Ram", name="DeleteRole")
def delete_role(call: Call) -> Answer:
    """The tokens of a deleted role are dead at once: Identity.key no longer finds them."""
    role = _role(call, "ram:DeleteRole")
    if role.attached:
        raise conflict("DeleteConflict.Role.Policy", "The role still has policies attached.")
    del call.identity.roles[role.name.lower()]
    return {}
