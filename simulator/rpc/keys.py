"""Turns RAM's and IMS's access-key operations into changes of the account; recycle_bin.py keeps what is deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ossmend.simulator.policies import as_list, network
from ossmend.simulator.principals import network_rule
from ossmend.simulator.rpc.call import Answer, Call, RpcError, invalid, not_found, operation, read_json, utc
from ossmend.simulator.rpc.shapes import check_user_name, key_members, name_parameter, no_key, no_user, upn_name

if TYPE_CHECKING:
    from ossmend.simulator.principals import AccessKey, KeyStatus, Principal

SERVICES = {"oss": ("Oss", "Object Storage Service"), "ram": ("Ram", "Resource Access Management")} | {
    "ims": ("Ims", "Identity Management Service"),
    "sts": ("Sts", "Security Token Service"),
    "bssopenapi": ("BssOpenApi", "Billing"),
    "actiontrail": ("Actiontrail", "ActionTrail"),
}
"""How a service that a key was used for is called, in code and in English."""


def service_names(key: AccessKey) -> tuple[str, str]:
    service = key.last_service or ""
    return SERVICES.get(service.lower(), (service, service))


def _owner(call: Call, action: str) -> Principal:
    """Whose keys are meant. Nobody named means the caller's own: for root that is root, as in the real API."""
    parameter = name_parameter(call)
    if not call.optional(parameter):
        if call.principal.kind == "role-session":
            raise RpcError(400, "MissingParameter", f"{parameter} is mandatory for a role.")
        call.require(action, f"user/{call.principal.name}")
        return call.principal
    name = upn_name(call, parameter) if call.ims else check_user_name(call.text(parameter), parameter)
    call.require(action, f"user/{name}")
    user = call.identity.users.get(name)
    if user is None:
        raise no_user()
    return call.identity.principal(user)


def _owned_key(call: Call, action: str) -> AccessKey:
    """The key the request names; it must belong to the user it names (or to the caller)."""
    key_id = call.text("UserAccessKeyId")
    owner = _owner(call, action)
    key = call.identity.keys.get(key_id)
    if key is None or key.owner is not owner or key.token is not None:
        raise no_key()
    return key


@operation("Ram", "Ims", name="ListAccessKeys")
def list_access_keys(call: Call) -> Answer:
    owner = _owner(call, "ram:ListAccessKeys")
    keys = call.identity.keys_of(owner)
    return {"AccessKeys": {"AccessKey": [key_members(call, key) for key in keys]}}


@operation("Ram", "Ims", name="CreateAccessKey")
def create_access_key(call: Call) -> Answer:
    """The only answer that ever holds the secret."""
    owner = _owner(call, "ram:CreateAccessKey")
    if len(call.identity.keys_of(owner)) >= call.identity.keys_per_user:
        text = "The count of access keys beyond the current limits."
        raise RpcError(409, "LimitExceeded.User.AccessKey", text)
    key = call.identity.add_key(owner.name if owner.kind == "user" else None)
    members = key_members(call, key)
    return {"AccessKey": {"AccessKeyId": key.id, "AccessKeySecret": key.secret, **members}}


@operation("Ram", "Ims", name="UpdateAccessKey")
def update_access_key(call: Call) -> Answer:
    statuses: dict[str, KeyStatus] = {"Active": "Active", "Inactive": "Inactive"}
    status = statuses.get(call.text("Status"))
    if status is None:
        raise invalid("Status")
    key = _owned_key(call, "ram:UpdateAccessKey")
    key.status, key.updated = status, call.cloud.clock.shown()
    return {}


@operation("Ram", "Ims", name="DeleteAccessKey")
def delete_access_key(call: Call) -> Answer:
    key = _owned_key(call, "ram:DeleteAccessKey")
    call.identity.recycle_key(key.id)
    return {}


@operation("Ram", "Ims", name="GetAccessKeyLastUsed")
def get_access_key_last_used(call: Call) -> Answer:
    """Empty for a key that was never used; RAM tells the time only, IMS the service too."""
    key = _owned_key(call, "ram:GetAccessKeyLastUsed")
    last = {"LastUsedDate": utc(key.last_used)}
    return {"AccessKeyLastUsed": last | {"ServiceName": service_names(key)[0]} if call.ims else last}


# ------------------------------------------------------------------------------------------------- address rules


def _no_rule() -> RpcError:
    return not_found("AccessKeyPolicy", "The access key policy does not exist.")


def rule_in_force(networks: tuple[str, ...], stored: str | None) -> str | None:
    """The rule as RAM prints it. One that is switched off lets every address in, and is shown all the same."""
    if networks:
        return network_rule(networks)
    return stored if stored is not None and json.loads(stored).get("Status") == "Inactive" else None


def _read_rule(call: Call) -> tuple[str, tuple[str, ...]]:
    """The rule of the request, and the networks that follow from it."""
    text = call.text("AccessKeyPolicy")
    problem = invalid("AccessKeyPolicy")
    try:
        rule = read_json(text)
    except ValueError as error:
        raise problem from error
    if not isinstance(rule, dict) or rule.get("Status") not in ("Active", "Inactive"):
        raise problem
    statements = rule.get("Statements")
    if not isinstance(statements, list) or not all(isinstance(one, dict) for one in statements):
        raise problem
    networks = [address for one in statements for address in as_list(one.get("IPList"))]
    if not all(isinstance(one, str) and network(one) is not None for one in networks):
        raise problem
    if rule["Status"] == "Inactive":
        return text, ()
    if not networks:
        raise problem
    return text, tuple(networks)


@operation("Ims", name="GetAccessKeyPolicy")
def get_access_key_policy(call: Call) -> Answer:
    key = _owned_key(call, "ram:GetAccessKeyPolicy")
    rule = rule_in_force(key.networks, key.network_rule)
    if rule is None:
        raise _no_rule()
    return {"AccessKeyId": key.id, "AccessKeyPolicy": rule}


@operation("Ims", name="GetAccessKeyPolicyForAccount")
def get_access_key_policy_for_account(call: Call) -> Answer:
    call.require("ram:GetAccessKeyPolicyForAccount")
    rule = rule_in_force(call.identity.networks, call.identity.network_rule)
    if rule is None:
        raise _no_rule()
    return {"AccessKeyPolicy": rule}


@operation("Ims", name="SetAccessKeyPolicy")
def set_access_key_policy(call: Call) -> Answer:
    rule, networks = _read_rule(call)
    key = _owned_key(call, "ram:SetAccessKeyPolicy")
    key.network_rule, key.networks = rule, networks
    return {}


@operation("Ims", name="SetAccessKeyPolicyForAccount")
def set_access_key_policy_for_account(call: Call) -> Answer:
    rule, networks = _read_rule(call)
    call.require("ram:SetAccessKeyPolicyForAccount")
    call.identity.network_rule, call.identity.networks = rule, networks
    return {}
