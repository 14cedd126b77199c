"""Turns an access key id into who it belongs to and what that principal may do; authorize.py decides with it.

One account's identities: users, groups, roles, policies, keys and what was deleted lately. The RAM, IMS, STS, BSS and
ActionTrail operations in rpc/ change it, scenes fill it, and OSS (oss/authenticate.py) asks it on every request.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from ossmend.simulator.policies import (
    SYSTEM_POLICIES,
    Document,
    Grant,
    Policy,
    PolicyVersion,
    in_network,
)
from ossmend.simulator.principals import (
    AccessKey,
    Attachment,
    Balance,
    CredentialReport,
    Group,
    KeyStatus,
    OidcProvider,
    Principal,
    RecycledKey,
    RecycledUser,
    Role,
    User,
    network_rule,
    new_key_id,
    new_role_id,
    new_secret,
    new_token_id,
    new_user_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["AccessKey", "Identity", "Principal"]

ACCOUNT_ID = "1234567890123456"
DEFAULT_USER = "app"
"""Who is there when no scene says otherwise: one RAM user with one active key, who may use OSS."""
RECYCLE_SECONDS = 31 * 86400.0
_KEPT_TOKENS = 20_000


AccountStatus = Literal["normal", "overdue", "security", "in_debt", "in_debt_overdue", "cancelled"]
ACCOUNT_STATUSES: tuple[AccountStatus, ...] = get_args(AccountStatus)
"""overdue and security are UserDisable; the other three have codes of their own (docs/facts.md#codes-with-403)."""


class Clock(Protocol):
    """What this module needs of clock.py."""

    def shown(self) -> float: ...

    def elapsed(self) -> float: ...


Entity = User | Group | Role


class Identity:
    """One account. `key` and `admits` are asked on every request and therefore cheap."""

    def __init__(self, clock: Clock, *, account_id: str = ACCOUNT_ID) -> None:
        self.clock = clock
        self.account_id = account_id
        self.alias = account_id
        self.region = "cn-hangzhou"
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.roles: dict[str, Role] = {}
        self.oidc_providers: dict[str, OidcProvider] = {}
        self.policies: dict[tuple[str, str], Policy] = {}
        self.keys: dict[str, AccessKey] = {}
        self.recycled_keys: dict[str, RecycledKey] = {}
        self.recycled_users: dict[str, RecycledUser] = {}
        self.balance = Balance()
        self.account_status: AccountStatus = "normal"
        self.oss_activated = True
        self.ram_activated = True
        self.any_role = True
        """Any role of the account can be assumed, even one nobody created; a scene's own roles turn this off."""
        self.networks: tuple[str, ...] = ()
        self.network_rule: str | None = None
        """The account-wide address rule, for keys without one of their own."""
        self.control_policies: list[Document] = []
        self.keys_per_user = 2
        self.diagnosis_lag_seconds = 0.0
        self.diagnosis_life_seconds = 86400.0
        self.diagnosis_secret = secrets.token_bytes(16)
        self.report: CredentialReport | None = None
        self.report_seconds = 0.0
        """How long making a credential report takes; rpc/reports.py makes it."""
        self.report_limit = 3500
        self._principals: dict[str, Principal] = {}
        self._root = Principal("root", account_id, account_id, "root", f"acs:ram::{account_id}:root")
        for name, (description, document) in SYSTEM_POLICIES.items():
            self._store_policy("System", name, description, document, json.dumps(document))
        self.administrator_key = self.add_key()
        """A root key that may do everything, AssumeRole included, which other root keys may not."""
        self.add_user(DEFAULT_USER)
        self.attach(self.users[DEFAULT_USER], "System", "AliyunOSSFullAccess")
        self.add_key(DEFAULT_USER)

    # ------------------------------------------------------------------------------------------------------- keys

    def key(self, access_key_id: str) -> AccessKey | None:
        """The key with that id; unknown, recycled and purged ones are None. A frozen user's keys count as inactive."""
        key = self.keys.get(access_key_id)
        if key is None:
            return None
        owner = key.owner
        if owner.role is not None and owner.role.lower() not in self.roles:
            return None  # deleting a role ends its sessions
        if owner.kind == "user" and key.status == "Active":
            user = self.users.get(owner.name)
            if user is not None and user.status == "freeze" and owner.account_id == self.account_id:
                return dataclasses.replace(key, status="Inactive")
        return key

    def admits(self, key: AccessKey, address: str) -> bool:
        """May the key be used from that address? A rule of its own wins over the account's; tokens have none."""
        if key.token is not None:
            return True
        networks = key.networks or (self.networks if key.owner.account_id == self.account_id else ())
        return not networks or in_network(address, networks)

    def use(self, access_key_id: str, service: str, when: float) -> None:
        """Record that a key was used: `service` as RAM names it (`Oss`, `Ram`), `when` on the shown clock."""
        key = self.keys.get(access_key_id)
        if key is not None:
            key.last_used, key.last_service = when, service

    def add_key(
        self,
        user_name: str | None = None,
        *,
        key_id: str | None = None,
        secret: str | None = None,
        status: KeyStatus = "Active",
        networks: tuple[str, ...] = (),
        created: float | None = None,
    ) -> AccessKey:
        """A new key of a user, or of the account itself (root) without a name."""
        now = self.clock.shown() if created is None else created
        owner = self._root if user_name is None else self.principal(self.users[user_name])
        key = AccessKey(key_id or new_key_id(), secret or new_secret(), owner, status, networks, network_rule(networks))
        key.created = key.updated = now
        self.keys[key.id] = key
        if user_name is not None:
            self.users[user_name].keys.append(key.id)
        return key

    def add_foreign_key(self, account_id: str, *, key_id: str | None = None, secret: str | None = None) -> AccessKey:
        """A key of another account's root: OSS knows it, this account's RAM does not."""
        owner = Principal("root", account_id, account_id, "root", f"acs:ram::{account_id}:root")
        key = AccessKey(key_id or new_key_id(), secret or new_secret(), owner)
        key.created = key.updated = self.clock.shown()
        self.keys[key.id] = key
        return key

    def keys_of(self, principal: Principal) -> list[AccessKey]:
        """The long-term keys of a user or of root, oldest first."""
        if principal.kind == "user" and principal.name in self.users:
            return [self.keys[key_id] for key_id in self.users[principal.name].keys]
        return [key for key in self.keys.values() if key.owner is principal and key.token is None]

    def recycle_key(self, key_id: str) -> RecycledKey:
        """Delete a key; the recycle bin keeps it for a month."""
        key = self.keys.pop(key_id)
        user = self.users.get(key.owner.name) if key.owner.kind == "user" else None
        if user is not None and key_id in user.keys:
            user.keys.remove(key_id)
        shown, purge_at = self.clock.shown(), self.clock.elapsed() + RECYCLE_SECONDS
        recycled = RecycledKey(key, key.owner.user_id, key.owner.name, shown, purge_at, shown + RECYCLE_SECONDS)
        self.recycled_keys[key_id] = recycled
        return recycled

    def recycled_key(self, key_id: str) -> RecycledKey | None:
        """A key in the recycle bin that is not purged yet."""
        self.purge()
        return self.recycled_keys.get(key_id)

    def restore_key(self, key_id: str) -> AccessKey:
        """Take a key back out of the recycle bin; it comes back disabled."""
        recycled = self.recycled_keys.pop(key_id)
        recycled.key.status, recycled.key.updated = "Inactive", self.clock.shown()
        self.keys[key_id] = recycled.key
        self.users[recycled.user_name].keys.append(key_id)
        return recycled.key

    def issue_token(
        self, role: Role, session: str, seconds: float, session_policy: Document | None, *, key_id: str | None = None
    ) -> AccessKey:
        """A temporary key for a session of a role, living for `seconds` of the elapsed clock."""
        now = self.clock.shown()
        key = AccessKey(
            key_id or new_token_id(),
            new_secret(),
            self.session(role, session, session_policy),
            token="CAIS" + secrets.token_urlsafe(240).replace("-", "+").replace("_", "/"),
            expires_at=self.clock.elapsed() + seconds,
            created=now,
            updated=now,
        )
        if len(self.keys) > _KEPT_TOKENS:
            self._forget_tokens()
        self.keys[key.id] = key
        return key

    def _forget_tokens(self) -> None:
        """Drop tokens that ended a day ago: a test that asks for tokens all night must not fill the memory."""
        limit = self.clock.elapsed() - 86400
        for key in [key for key in self.keys.values() if key.expires_at is not None and key.expires_at < limit]:
            del self.keys[key.id]

    # ------------------------------------------------------------------------------------------------- principals

    @property
    def root(self) -> Principal:
        return self._root

    @property
    def domain(self) -> str:
        """The account's default domain; user principal names end in it."""
        return f"{self.alias}.onaliyun.com"

    def principal(self, user: User) -> Principal:
        """The one principal of a user; its list of policies follows every change."""
        found = self._principals.get(user.id)
        if found is None:
            arn = f"acs:ram::{self.account_id}:user/{user.name.lower()}"
            found = Principal("user", self.account_id, user.id, user.name, arn, self.grants(user))
            self._principals[user.id] = found
        return found

    def session(self, role: Role, session: str, session_policy: Document | None) -> Principal:
        """A principal for one session of a role; it shares the role's list of policies."""
        arn = f"acs:ram::{self.account_id}:assumed-role/{role.name.lower()}/{session}"
        granted = self._principals.setdefault(
            role.id, Principal("role-session", self.account_id, role.id, role.name, arn, self.grants(role))
        )
        name = f"{role.name}:{session}"
        principal = Principal("role-session", self.account_id, f"{role.id}:{session}", name, arn)
        principal.policies, principal.session_policy, principal.role = granted.policies, session_policy, role.name
        return principal

    def grants(self, entity: User | Role) -> list[Grant]:
        """Every policy that reaches a user (directly or through groups) or a role."""
        found = list(self._grants_of(entity))
        if isinstance(entity, User):
            for name in entity.groups:
                found.extend(self._grants_of(self.groups[name]))
        return found

    def _grants_of(self, entity: Entity) -> Iterator[Grant]:
        kind: Literal["RamUser", "RamGroup", "RamRole"] = (
            "RamUser" if isinstance(entity, User) else "RamGroup" if isinstance(entity, Group) else "RamRole"
        )
        for policy_type, policy_name, scope in entity.attached:
            policy = self.policies[policy_type, policy_name]
            yield Grant(policy.name, policy.type, policy.default_version, policy.current.document, kind, scope)

    def refresh(self, entities: Iterable[Entity]) -> None:
        """Bring the principals of these entities up to date, after an attachment or a policy changed."""
        for entity in entities:
            if isinstance(entity, Group):
                self.refresh(self.members(entity.name))
            elif (principal := self._principals.get(entity.id)) is not None:
                principal.policies[:] = self.grants(entity)

    # ------------------------------------------------------------------------------------- users, groups and roles

    def add_user(self, name: str, *, user_id: str | None = None, created: float | None = None) -> User:
        now = self.clock.shown() if created is None else created
        user = User(user_id or new_user_id(), name, now, now, display_name=name)
        self.users[name] = user
        return user

    def rename_user(self, user: User, name: str) -> None:
        """A new name; keys and rights stay, because they hang on the id."""
        principal = self.principal(user)
        self.users[name] = self.users.pop(user.name)
        user.name = principal.name = name
        principal.arn = f"acs:ram::{self.account_id}:user/{name.lower()}"

    def forget_user(self, name: str) -> None:
        """Remove a user and its keys without a trace, as if they had never been."""
        user = self.users.pop(name)
        for key_id in user.keys:
            del self.keys[key_id]
        self._principals.pop(user.id, None)

    def remove_user(self, name: str) -> RecycledUser:
        """Delete a user and its keys; both go to the recycle bin."""
        user = self.users[name]
        for key_id in list(user.keys):
            self.recycle_key(key_id)
        del self.users[name]
        self._principals.pop(user.id, None)
        shown, purge_at = self.clock.shown(), self.clock.elapsed() + RECYCLE_SECONDS
        recycled = RecycledUser(user, shown, purge_at, shown + RECYCLE_SECONDS)
        self.recycled_users[user.id] = recycled
        return recycled

    def upn(self, user_name: str) -> str:
        return f"{user_name}@{self.domain}"

    def user_by_upn(self, upn: str) -> User | None:
        name, _, domain = upn.partition("@")
        user = self.users.get(name)
        return user if domain in (self.domain, f"{self.account_id}.onaliyun.com") else None

    def user_by_id(self, user_id: str) -> User | None:
        return next((user for user in self.users.values() if user.id == user_id), None)

    def user_by_key(self, key_id: str) -> User | None:
        """Whose key it is, disabled or not, if it is a RAM user of this account."""
        key = self.keys.get(key_id)
        if key is None or key.token is not None or key.owner.kind != "user":
            return None
        return self.users.get(key.owner.name)

    def recycled_user(self, user_id: str) -> RecycledUser | None:
        """A user in the recycle bin that is not purged yet."""
        self.purge()
        return self.recycled_users.get(user_id)

    def purge(self) -> None:
        """Forget what has been in the recycle bin for its time."""
        now = self.clock.elapsed()
        for key_id in [k for k, recycled in self.recycled_keys.items() if recycled.purge_at <= now]:
            del self.recycled_keys[key_id]
        for user_id in [u for u, gone in self.recycled_users.items() if gone.purge_at <= now]:
            del self.recycled_users[user_id]

    def add_group(self, name: str, *, comments: str = "") -> Group:
        now = self.clock.shown()
        group = Group("g-" + secrets.token_hex(10), name, now, now, comments)
        self.groups[name] = group
        return group

    def members(self, group_name: str) -> list[User]:
        return [user for user in self.users.values() if group_name in user.groups]

    def add_role(self, name: str, *, trust: Document | None = None, role_id: str | None = None) -> Role:
        """A new role, by default one that every identity of the account may assume."""
        now = self.clock.shown()
        trust = trust or {
            "Version": "1",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [self._root.arn]}},
            ],
        }
        role = Role(role_id or new_role_id(), name, now, now, trust)
        self.roles[name.lower()] = role
        return role

    # --------------------------------------------------------------------------------------------------- policies

    def _store_policy(
        self, kind: Literal["System", "Custom"], name: str, description: str, document: Document, text: str
    ) -> Policy:
        now = self.clock.shown()
        version = PolicyVersion("v1", document, text, now)
        policy = Policy(name, kind, description, now, now, {"v1": version}, "v1")
        self.policies[kind, name] = policy
        return policy

    def add_policy(self, name: str, document: Document, *, description: str = "", text: str = "") -> Policy:
        """A custom policy; `text` is the document as it was sent, which is how it is given back."""
        return self._store_policy("Custom", name, description, document, text or json.dumps(document))

    def attach(self, entity: Entity, policy_type: str, policy_name: str, scope: str = "Account") -> None:
        entity.attached[policy_type, policy_name, scope] = self.clock.shown()
        self.refresh([entity])

    def detach(self, entity: Entity, policy_type: str, policy_name: str, scope: str = "Account") -> None:
        del entity.attached[policy_type, policy_name, scope]
        self.refresh([entity])

    def holders(self, policy_type: str, policy_name: str) -> list[Entity]:
        """Every user, group and role that a policy is attached to."""
        everyone: list[Entity] = [*self.users.values(), *self.groups.values(), *self.roles.values()]
        return [entity for entity in everyone if any(a[:2] == (policy_type, policy_name) for a in entity.attached)]

    def attachment(self, entity: Entity, policy_type: str, policy_name: str) -> Attachment | None:
        return next((a for a in entity.attached if a[:2] == (policy_type, policy_name)), None)
