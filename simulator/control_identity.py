"""Turns control requests about the account, its users and keys into changes of identity.py's Identity."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, cast

from ossmend.simulator import given
from ossmend.simulator.control_views import Json
from ossmend.simulator.identity import ACCOUNT_STATUSES, AccessKey, Identity
from ossmend.simulator.principals import KeyStatus, User
from ossmend.simulator.state import Cloud
from ossmend.simulator.wire import Request

_KEY_SETTINGS = "user secret status networks account_id"
_USER_SETTINGS = "status comments policy"


class NoSuch(LookupError):
    """No such user or key."""


def account(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    """`id` names one of several accounts."""
    given.unknown(body, "id status networks", "the account")
    identity = cloud.account(given.text(body.get("id", cloud.account_id), "id"))
    if identity is None:
        raise given.BadSetting(f"there is no account {body['id']}")
    if "status" in body:
        status = given.one_of(body["status"], ACCOUNT_STATUSES, "status")
        identity.account_status = cast("Any", status)
    if "networks" in body:
        identity.networks = _networks(body["networks"])
    return {
        "account_id": identity.account_id,
        "status": identity.account_status,
        "networks": list(identity.networks),
    }


def _networks(value: object) -> tuple[str, ...]:
    networks = given.texts(value, "networks")
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise given.BadSetting(f"{network!r} is no network") from None
    return networks


def _show_user(user: User) -> Json:
    return {"name": user.name, "id": user.id, "status": user.status, "keys": list(user.keys)}


def _user_of(identity: Identity, name: str) -> User:
    user = identity.users.get(name)
    if user is None:
        raise NoSuch(f"there is no user {name}")
    return user


def user(cloud: Cloud, names: list[str], body: Json, request: Request) -> Any:
    """`policy` is a RAM policy document that becomes the user's only right; null takes it away."""
    identity, name = cloud.identity, names[0]
    given.unknown(body, _USER_SETTINGS, "a user")
    if request.method == "PUT" and name not in identity.users:
        identity.add_user(name)
    found = _user_of(identity, name)
    if request.method == "DELETE":
        identity.remove_user(name)
        return {}
    if "status" in body:
        found.status = cast("Any", given.one_of(body["status"], ("active", "freeze"), "status"))
    if "comments" in body:
        found.comments = given.text(body["comments"], "comments")
    if "policy" in body:
        _set_policy(identity, found, body["policy"])
    return _show_user(found)


def _set_policy(identity: Identity, user: User, document: object) -> None:
    name = f"control-{user.name}"
    for policy_type, policy_name, scope in list(user.attached):
        identity.detach(user, policy_type, policy_name, scope)
    if document is not None:
        identity.add_policy(name, dict(given.mapping(document, "policy")))
        identity.attach(user, "Custom", name)


def _show_key(key: AccessKey) -> Json:
    return {
        "id": key.id,
        "secret": key.secret,
        "status": key.status,
        "owner": key.owner.name,
        "owner_kind": key.owner.kind,
        "networks": list(key.networks),
        "token": key.token,
        "last_used": key.last_used,
        "last_service": key.last_service,
    }


def keys(cloud: Cloud, _: list[str], body: Json, request: Request) -> Any:
    """List all, or make one with an id of its own."""
    if request.method == "POST":
        return _show_key(_make(cloud.identity, body, None))
    return {"keys": [_show_key(key) for key in cloud.identity.keys.values()]}


def _make(identity: Identity, body: Json, key_id: str | None) -> AccessKey:
    given.unknown(body, _KEY_SETTINGS, "a key")
    secret = None if body.get("secret") is None else given.text(body["secret"], "secret")
    if body.get("account_id") is not None:
        return identity.add_foreign_key(given.text(body["account_id"], "account_id"), key_id=key_id, secret=secret)
    name = body.get("user")
    if name is not None and given.text(name, "user") not in identity.users:
        raise given.BadSetting(f"there is no user {name}; PUT users/{name} first")
    return identity.add_key(
        name,
        key_id=key_id,
        secret=secret,
        status=_status(body.get("status", "Active")),
        networks=_networks(body.get("networks", [])),
    )


def _status(value: object) -> KeyStatus:
    return cast("KeyStatus", given.one_of(value, ("Active", "Inactive"), "status"))


def key(cloud: Cloud, names: list[str], body: Json, request: Request) -> Any:
    """DELETE puts a key into the recycle bin, as deleting it does."""
    identity, key_id = cloud.identity, names[0]
    found = identity.keys.get(key_id)
    if found is None:
        if request.method == "PUT":
            return _show_key(_make(identity, body, key_id))
        raise NoSuch(f"there is no key {key_id}")
    if request.method == "DELETE":
        identity.recycle_key(key_id)
        return {}
    if request.method in ("PUT", "PATCH"):
        given.unknown(body, "status networks secret user", "a key")
        if "status" in body:
            found.status = _status(body["status"])
            found.updated = cloud.clock.shown()
        if "networks" in body:
            found.networks = _networks(body["networks"])
        if "secret" in body:
            found.secret = given.text(body["secret"], "secret")
    return _show_key(found)
