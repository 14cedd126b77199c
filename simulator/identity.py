"""Turns an access key id into who it belongs to and what that principal may do; authorize.py decides with it.

One account's identities: account.py has the people, this file their keys and what was deleted lately. The RAM, IMS,
STS, BSS and ActionTrail operations in rpc/ change it, scenes fill it, and OSS (oss/authenticate.py) asks it on every
request.
"""

from __future__ import annotations

import dataclasses
import secrets

from ossmend.simulator.account import ACCOUNT_ID, ACCOUNT_STATUSES, Account, AccountStatus, Clock, Entity
from ossmend.simulator.policies import Document, in_network
from ossmend.simulator.principals import (
    AccessKey,
    KeyStatus,
    Principal,
    RecycledKey,
    RecycledUser,
    Role,
    User,
    network_rule,
    new_key_id,
    new_secret,
    new_token_id,
)

__all__ = ["ACCOUNT_STATUSES", "AccessKey", "AccountStatus", "Entity", "Identity", "Principal"]

DEFAULT_USER = "app"
"""Who is there when no scene says otherwise: one RAM user with one active key, who may use OSS."""
RECYCLE_SECONDS = 31 * 86400.0
_KEPT_TOKENS = 20_000


class Identity(Account):
    """One account with its keys. `key` and `admits` are asked on every request and therefore cheap."""

    def __init__(self, clock: Clock, *, account_id: str = ACCOUNT_ID) -> None:
        super().__init__(clock, account_id=account_id)
        self.keys: dict[str, AccessKey] = {}
        self.keys_per_user = 2
        self.recycled_keys: dict[str, RecycledKey] = {}
        self.recycled_users: dict[str, RecycledUser] = {}
        self.networks: tuple[str, ...] = ()
        self.network_rule: str | None = None
        """The account-wide address rule, for keys without one of their own."""
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

    # ------------------------------------------------------------------------------------------------ users with keys

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
