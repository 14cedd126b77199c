"""Turns control requests about roles, OIDC providers and the ECS instance into changes of them."""

from __future__ import annotations

from typing import Any

from ossmend.simulator import given
from ossmend.simulator.control_views import Json
from ossmend.simulator.principals import OidcProvider, Role
from ossmend.simulator.scene_people import document
from ossmend.simulator.state import Cloud
from ossmend.simulator.wire import Request

_LONGEST_SESSION = 43200


class NoSuch(LookupError):
    """No such role or provider."""


def role(cloud: Cloud, names: list[str], body: Json, request: Request) -> Any:
    """`trust` says who may assume it; `policy` becomes its only right, by default everything. From the first PUT on,
    only roles that somebody made can be assumed. DELETE ends its sessions, too.
    """
    identity, name = cloud.identity, names[0]
    given.unknown(body, "trust policy max_session_seconds", "a role")
    found = identity.roles.get(name.lower())
    if found is None and request.method == "PUT":
        identity.any_role = False
        found = identity.add_role(name)
        identity.attach(found, "System", "AdministratorAccess")
    if found is None:
        raise NoSuch(f"there is no role {name}")
    if request.method == "DELETE":
        identity.any_role = False
        del identity.roles[name.lower()]
        return {}
    _change(cloud, found, body)
    return {"name": found.name, "trust": found.trust, "max_session_seconds": found.max_session_seconds}


def _change(cloud: Cloud, found: Role, body: Json) -> None:
    identity = cloud.identity
    if "trust" in body:
        found.trust = document(body["trust"], "trust", principals=True)
    if "max_session_seconds" in body:
        seconds = given.number(body["max_session_seconds"], "max_session_seconds", least=900)
        found.max_session_seconds = min(int(seconds), _LONGEST_SESSION)
    if "policy" in body:
        for attached in list(found.attached):
            identity.detach(found, *attached)
        name = f"control-role-{found.name}"
        identity.add_policy(name, document(body["policy"], "policy"))
        identity.attach(found, "Custom", name)


def oidc_provider(cloud: Cloud, names: list[str], body: Json, request: Request) -> Any:
    """Who signs OIDC tokens: HS256 with this secret."""
    providers = cloud.identity.oidc_providers
    if request.method == "DELETE":
        if providers.pop(names[0], None) is None:
            raise NoSuch(f"there is no OIDC provider {names[0]}")
        return {}
    given.unknown(body, "issuer client_ids secret", "an OIDC provider")
    providers[names[0]] = OidcProvider(
        given.text(body.get("issuer"), "issuer"),
        given.texts(body.get("client_ids", ["sts.aliyuncs.com"]), "client_ids"),
        given.text(body.get("secret"), "secret"),
    )
    return {"arn": f"acs:ram::{cloud.account_id}:oidc-provider/{names[0]}"}


def instance(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    """The machine that clients run on: which role it has (null: none), and how its metadata service answers."""
    given.unknown(body, "role hardened session_seconds", "the instance")
    found = cloud.instance
    if "role" in body:
        found.role = None if body["role"] is None else given.text(body["role"], "role")
        found.session = None
    if "hardened" in body:
        found.hardened = given.truth(body["hardened"], "hardened")
    if "session_seconds" in body:
        found.session_seconds = given.number(body["session_seconds"], "session_seconds", least=1)
    return {"role": found.role, "hardened": found.hardened, "session_seconds": found.session_seconds}
