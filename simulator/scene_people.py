"""Turns a scene's policies, groups, users, roles and keys into rows of the account; scene.py does the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ossmend.simulator import given
from ossmend.simulator.given import BadSetting
from ossmend.simulator.identity import DEFAULT_USER
from ossmend.simulator.policies import network
from ossmend.simulator.policy_complaints import complaint
from ossmend.simulator.principals import network_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from ossmend.simulator.identity import Entity, Identity
    from ossmend.simulator.policies import Document
    from ossmend.simulator.principals import AccessKey, KeyStatus, Role, User
    from ossmend.simulator.scene_file import Scene
    from ossmend.simulator.state import Cloud

_USER = (
    "id display_name comments email mobile_phone status tags policies groups console mfa keys created_days_ago deleted"
)
_KEY = "id secret status networks created_days_ago last_used_days_ago last_service deleted"
_ROLE = "id description trust policies max_session_seconds tags sessions"
_SESSION = "name id secret token seconds policy expired"
DAY = 86400.0


def each(scene: Scene, section: str, apply: Callable[[str, given.Settings], None]) -> None:
    """Apply the named entries of a section; an empty one has no settings, and what is wrong is told with its place."""
    if scene.data.get(section) is None:
        return
    with scene.at(section):
        named = given.mapping(scene.data[section], section)
    for name, settings in named.items():
        with scene.at(section, name):
            apply(name, given.mapping(settings or {}, name))


def document(value: object, where: str, *, principals: bool = False) -> Document:
    """A policy document, if it is one."""
    found = dict(given.mapping(value, where))
    wrong = complaint(found, principals=principals)
    if wrong is not None:
        raise BadSetting(f"{where}: {wrong}")
    return found


def networks(value: object, where: str) -> tuple[str, ...]:
    found = given.texts(value, where)
    for one in found:
        if network(one) is None:
            raise BadSetting(f"{where}: {one!r} is no network")
    return found


def apply_people(cloud: Cloud, scene: Scene) -> None:
    """Everybody in the scene. A scene with users of its own has only those; one with roles, only those roles."""
    identity = cloud.identity
    if "users" in scene.data and DEFAULT_USER in identity.users:
        identity.forget_user(DEFAULT_USER)
    if "roles" in scene.data and "any_role" not in (scene.data.get("account") or {}):
        identity.any_role = False
    each(scene, "policies", lambda name, settings: _policy(identity, name, settings))
    each(scene, "groups", lambda name, settings: _group(identity, name, settings))
    each(scene, "users", lambda name, settings: _user(cloud, name, settings))
    _many_users(cloud, scene)
    each(scene, "roles", lambda name, settings: _role(cloud, name, settings))
    for position, settings in enumerate(scene.data.get("keys") or []):
        with scene.at("keys", position):
            _account_key(cloud, given.mapping(settings, "a key"))


def _policy(identity: Identity, name: str, settings: given.Settings) -> None:
    if "Statement" in settings:
        identity.add_policy(name, document(settings, name))
    else:
        given.unknown(settings, "description document", "a policy")
        description = given.text(settings.get("description", ""), "description")
        identity.add_policy(name, document(settings.get("document"), "document"), description=description)


def _group(identity: Identity, name: str, settings: given.Settings) -> None:
    given.unknown(settings, "comments policies", "a group")
    group = identity.add_group(name, comments=given.text(settings.get("comments", ""), "comments"))
    _attach(identity, group, settings)


def _attach(identity: Identity, entity: Entity, settings: given.Settings) -> None:
    """Policies by name (one's own or the system's), or written out on the spot, or limited to a resource group."""
    value = settings.get("policies") or []
    if not isinstance(value, list):
        raise BadSetting("policies must be a list")
    for number, one in enumerate(value, 1):
        name, scope = one, "Account"
        if isinstance(one, dict) and "Statement" in one:
            name = f"{entity.name}-{number}"
            identity.add_policy(name, document(one, "policies"))
        elif isinstance(one, dict):
            given.unknown(one, "name scope", "an attached policy")
            name, scope = given.text(one.get("name"), "name"), given.text(one.get("scope", "Account"), "scope")
        kind = next((kind for kind in ("Custom", "System") if (kind, name) in identity.policies), None)
        if kind is None:
            raise BadSetting(f"policies: there is no policy {name!r}")
        identity.attach(entity, kind, given.text(name, "policies"), scope)


def _days_ago(cloud: Cloud, settings: given.Settings, name: str) -> float | None:
    if settings.get(name) is None:
        return None
    return cloud.clock.shown() - given.number(settings[name], name) * DAY


def _user(cloud: Cloud, name: str, settings: given.Settings) -> None:
    given.unknown(settings, _USER, "a user")
    identity = cloud.identity
    user_id = None if settings.get("id") is None else given.text(settings["id"], "id")
    user = identity.add_user(name, user_id=user_id, created=_days_ago(cloud, settings, "created_days_ago"))
    for field in ("display_name", "comments", "email", "mobile_phone"):
        if field in settings:
            setattr(user, field, given.text(settings[field], field))
    for field in ("console", "mfa"):
        setattr(user, field, given.truth(settings.get(field, False), field))
    user.status = cast("Any", given.one_of(settings.get("status", "active"), ("active", "freeze"), "status"))
    user.tags.update(given.pairs(settings.get("tags") or {}, "tags"))
    for group in given.texts(settings.get("groups") or [], "groups"):
        if group not in identity.groups:
            raise BadSetting(f"groups: there is no group {group!r}")
        user.groups[group] = user.created
    _attach(identity, user, settings)
    identity.refresh([user])
    _user_keys(cloud, user, settings)
    if given.truth(settings.get("deleted", False), "deleted"):
        identity.remove_user(name)


def _user_keys(cloud: Cloud, user: User, settings: given.Settings) -> None:
    keys = settings.get("keys") or []
    if not isinstance(keys, list):
        raise BadSetting("keys must be a list")
    for one in keys:
        key_settings = given.mapping(one, "keys")
        given.unknown(key_settings, _KEY, "a key")
        _key(cloud, user.name, key_settings)


def _key(cloud: Cloud, user_name: str | None, settings: given.Settings) -> AccessKey:
    """A key in the state the scene describes; a deleted one is put into the recycle bin."""
    identity = cloud.identity
    key = identity.add_key(
        user_name,
        key_id=_new_id(identity, settings),
        secret=None if settings.get("secret") is None else given.text(settings["secret"], "secret"),
        status=cast("KeyStatus", given.one_of(settings.get("status", "Active"), ("Active", "Inactive"), "status")),
        networks=networks(settings.get("networks") or [], "networks"),
        created=_days_ago(cloud, settings, "created_days_ago"),
    )
    key.last_used = _days_ago(cloud, settings, "last_used_days_ago")
    if key.last_used is not None:
        key.last_service = given.text(settings.get("last_service", "oss"), "last_service")
    if given.truth(settings.get("deleted", False), "deleted"):
        identity.recycle_key(key.id)
    return key


def _new_id(identity: Identity, settings: given.Settings) -> str | None:
    if settings.get("id") is None:
        return None
    key_id = given.text(settings["id"], "id")
    if key_id in identity.keys:
        raise BadSetting(f"id: there is already a key {key_id!r}")
    return key_id


def _account_key(cloud: Cloud, settings: given.Settings) -> None:
    """A key of root, or (with `account_id`) of another account."""
    given.unknown(settings, _KEY + " account_id", "a key")
    if settings.get("account_id") is None:
        _key(cloud, None, settings)
        return
    cloud.identity.add_foreign_key(
        given.text(settings["account_id"], "account_id"),
        key_id=_new_id(cloud.identity, settings),
        secret=None if settings.get("secret") is None else given.text(settings["secret"], "secret"),
    )


def _many_users(cloud: Cloud, scene: Scene) -> None:
    if scene.data.get("many_users") is None:
        return
    with scene.at("many_users"):
        settings = given.mapping(scene.data["many_users"], "many_users")
        given.unknown(settings, "pattern count keys", "many_users")
        pattern = given.text(settings.get("pattern", "user-{n:04d}"), "pattern")
        for number in range(int(given.number(settings.get("count"), "count", least=1))):
            user = cloud.identity.add_user(pattern.replace("{n:04d}", f"{number:04d}").replace("{n}", str(number)))
            for _ in range(int(given.number(settings.get("keys", 0), "keys"))):
                cloud.identity.add_key(user.name)


def _role(cloud: Cloud, name: str, settings: given.Settings) -> None:
    given.unknown(settings, _ROLE, "a role")
    identity = cloud.identity
    trust = settings.get("trust")
    role = identity.add_role(
        name,
        trust=None if trust is None else document(trust, "trust", principals=True),
        role_id=None if settings.get("id") is None else given.text(settings["id"], "id"),
    )
    role.description = given.text(settings.get("description", ""), "description")
    role.max_session_seconds = int(
        given.number(settings.get("max_session_seconds", 3600), "max_session_seconds", least=900)
    )
    role.tags.update(given.pairs(settings.get("tags") or {}, "tags"))
    _attach(identity, role, settings)
    for one in settings.get("sessions") or []:
        _session(cloud, role, given.mapping(one, "sessions"))


def _session(cloud: Cloud, role: Role, settings: given.Settings) -> None:
    """A temporary key that somebody already holds, maybe expired."""
    given.unknown(settings, _SESSION, "a session")
    policy = settings.get("policy")
    seconds = given.number(settings.get("seconds", 3600), "seconds")
    if given.truth(settings.get("expired", False), "expired"):
        seconds = -1.0
    key = cloud.identity.issue_token(
        role,
        given.text(settings.get("name", "session"), "name"),
        seconds,
        None if policy is None else document(policy, "policy"),
        key_id=_new_id(cloud.identity, settings),
    )
    if settings.get("secret") is not None:
        key.secret = given.text(settings["secret"], "secret")
    if settings.get("token") is not None:
        key.token = given.text(settings["token"], "token")


def apply_networks(identity: Identity, value: object) -> None:
    """The account-wide address rule."""
    identity.networks = networks(value, "networks")
    identity.network_rule = network_rule(identity.networks)
