"""Turns the rows of an account into values: keys, users, groups, roles, the recycle bin; identity.py keeps them.

Times named `created`, `updated`, `last_used`, ... are on the shown clock; `expires_at` and `purge_at` are on the
elapsed one, because they are waited for.
"""

from __future__ import annotations

import json
import random
import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ossmend.simulator.policies import Document, Grant

KeyStatus = Literal["Active", "Inactive"]
Attachment = tuple[str, str, str]
"""Policy type, policy name, scope (`Account` or a resource group)."""


_ALPHABET = string.ascii_letters + string.digits


def new_key_id() -> str:
    return "LTAI5t" + "".join(secrets.choice(_ALPHABET) for _ in range(18))


def new_token_id() -> str:
    return "STS.NT" + "".join(secrets.choice(_ALPHABET) for _ in range(23))


def new_secret() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(30))


def new_user_id() -> str:
    return "2" + "".join(random.choice(string.digits) for _ in range(17))


def new_role_id() -> str:
    return "3" + "".join(random.choice(string.digits) for _ in range(17))


@dataclass(slots=True)
class Principal:
    """Who signed a request, and the policies that reach it now (kept up to date in place)."""

    kind: Literal["root", "user", "role-session"]
    account_id: str
    user_id: str
    """The user's id; the account's for root; `RoleId:SessionName` for a role session."""
    name: str
    """The user name, or `RoleName:SessionName`."""
    arn: str
    policies: list[Grant] = field(default_factory=list)
    session_policy: Document | None = None
    role: str | None = None

    @property
    def type(self) -> str:
        """The `AuthPrincipalType` of a refusal."""
        return {"user": "SubUser", "role-session": "AssumedRoleUser", "root": "Account"}[self.kind]

    @property
    def display_name(self) -> str:
        """The `AuthPrincipalDisplayName` of a refusal: a user's id, but a role session's name."""
        return self.name if self.kind == "role-session" else self.user_id


@dataclass(slots=True)
class AccessKey:
    """A long-term key, or (with a token) a temporary one."""

    id: str
    secret: str
    owner: Principal
    status: KeyStatus = "Active"
    networks: tuple[str, ...] = ()
    """Addresses it may be used from; empty means any. Ask Identity.admits, which knows the account's rule too."""
    network_rule: str | None = None
    """The rule that `networks` was read from, as RAM stores it; None if none was ever set."""
    token: str | None = None
    expires_at: float | None = None
    created: float = 0.0
    updated: float = 0.0
    last_used: float | None = None
    last_service: str | None = None


@dataclass(slots=True)
class User:
    """A RAM user. `attached` are its own policies, `groups` the names of its groups."""

    id: str
    name: str
    created: float
    updated: float
    display_name: str = ""
    comments: str = ""
    email: str = ""
    mobile_phone: str = ""
    status: Literal["active", "freeze"] = "active"
    provision_type: str = "Manual"
    last_login: float | None = None
    console: bool = False
    """Has a login profile: may log on to the console with a password."""
    mfa: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    attached: dict[Attachment, float] = field(default_factory=dict)
    groups: dict[str, float] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """A group of users; its policies reach all of them."""

    id: str
    name: str
    created: float
    updated: float
    comments: str = ""
    attached: dict[Attachment, float] = field(default_factory=dict)


@dataclass(slots=True)
class Role:
    """A role: `trust` says who may assume it, `attached` what it may do."""

    id: str
    name: str
    created: float
    updated: float
    trust: Document
    description: str = ""
    max_session_seconds: int = 3600
    tags: dict[str, str] = field(default_factory=dict)
    attached: dict[Attachment, float] = field(default_factory=dict)


@dataclass(slots=True)
class OidcProvider:
    """Who signs OIDC tokens that roles trust; rpc/oidc.py verifies them."""

    issuer: str
    client_ids: tuple[str, ...]
    secret: str


@dataclass(slots=True)
class RecycledKey:
    """A deleted key, until it is purged."""

    key: AccessKey
    user_id: str
    user_name: str
    recycled: float
    purge_at: float
    purge_shown: float


@dataclass(slots=True)
class RecycledUser:
    """A deleted user, until it is purged."""

    user: User
    recycled: float
    purge_at: float
    purge_shown: float


@dataclass(slots=True)
class Balance:
    """What BSS says about money. `outcome` replaces the amounts by one of its refusals."""

    available: str = "10000.00"
    cash: str = "10000.00"
    credit: str = "0.00"
    mybank: str = "0.00"
    quota: str = "0.00"
    currency: str = "CNY"
    outcome: Literal["", "unsuccessful", "NotAuthorized", "NotApplicable", "InternalError"] = ""


@dataclass(slots=True)
class CredentialReport:
    """A credential report that was ordered: its rows are taken when it is ordered, and ready a while later."""

    ordered_at: float
    ready_at: float
    generated: float
    rows: list[str]


def network_rule(networks: tuple[str, ...]) -> str | None:
    """A key's or an account's address rule, as RAM prints it; None if there is none."""
    if not networks:
        return None
    whitelist = {"Type": "ClassicWhiteList", "IPList": list(networks)}
    return json.dumps({"Version": 1, "Status": "Active", "Statements": [whitelist]}, separators=(",", ":"))
