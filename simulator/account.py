"""Turns the rows of an account into who is there and what each may do: users, groups, roles, policies, principals.

identity.py adds their keys, and what was deleted lately.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from ossmend.simulator.policies import SYSTEM_POLICIES, Document, Grant, Policy, PolicyVersion
from ossmend.simulator.principals import (
    Attachment,
    Balance,
    CredentialReport,
    Group,
    OidcProvider,
    Principal,
    Role,
    User,
    new_role_id,
    new_user_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ACCOUNT_ID = "1234567890123456"
AccountStatus = Literal["normal", "overdue", "security", "in_debt", "in_debt_overdue", "cancelled"]
ACCOUNT_STATUSES: tuple[AccountStatus, ...] = get_args(AccountStatus)
"""overdue and security are UserDisable; the other three have codes of their own (docs/facts.md#codes-with-403)."""


class Clock(Protocol):
    """What this module needs of clock.py."""

    def shown(self) -> float: ...

    def elapsed(self) -> float: ...


Entity = User | Group | Role


class Account:
    """One account without its keys."""

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
        self.balance = Balance()
        self.account_status: AccountStatus = "normal"
        self.oss_activated = True
        self.ram_activated = True
        self.any_role = True
        """Any role of the account can be assumed, even one nobody created; a scene's own roles turn this off."""
        self.control_policies: list[Document] = []
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

    def upn(self, user_name: str) -> str:
        return f"{user_name}@{self.domain}"

    def user_by_upn(self, upn: str) -> User | None:
        name, _, domain = upn.partition("@")
        user = self.users.get(name)
        return user if domain in (self.domain, f"{self.account_id}.onaliyun.com") else None

    def user_by_id(self, user_id: str) -> User | None:
        return next((user for user in self.users.values() if user.id == user_id), None)

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
