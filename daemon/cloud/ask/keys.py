"""An access key id -> whose it is and what became of it: the ladder of calls to IMS, ActionTrail and STS.

Key ids come from logs: unauthenticated text that anybody can write there. So their form is checked before use, the
calls keep to a rate limit, and what was learned is kept. An empty principal is never sent: IMS would answer about
ourselves. Only `EntityNotExist` means "no such thing"; the gateway's own 404s are about *our* key and stay refusals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from ossmend.daemon.cloud.ask.cache import Cache
from ossmend.daemon.cloud.wire import answers as wire
from ossmend.daemon.cloud.wire.elements import Unreadable
from ossmend.daemon.cloud.wire.rate_limit import RateLimit
from ossmend.daemon.cloud.wire.rpc import Rpc
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.values import KeyLastUsed, KeyNetworks, KeyOwner, KeyStatus, RecycledKey
from ossmend.remediators.contract.verdict import Refused

Result = TypeVar("Result")

KNOWN, UNKNOWN = 15 * 60.0, 5 * 60.0
"""Seconds that an owner, and that "nobody", is kept."""
STATUS = 10.0
"""Seconds that a key's status is kept: as long as a view lives. People switch keys on while they watch the daemon."""
_KEY_ID = re.compile(r"[0-9A-Za-z._=]{1,128}")
_GATEWAY = ("InvalidAccessKeyId", "InvalidAction", "InvalidVersion", "InvalidApi", "InvalidProduct")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who we are, by STS."""

    account_id: str
    arn: str
    kind: str
    """RAMUser, AssumedRoleUser or Account."""
    id: str = ""
    """Of the user or the role, as bucket policies name it."""

    @property
    def user(self) -> str:
        """A RAM user's name; empty where it is none."""
        return self._named("user")

    @property
    def role(self) -> str:
        """The name of the role that was assumed; empty where none was."""
        return self._named("assumed-role") or self._named("role")

    def _named(self, kind: str) -> str:
        what, _, rest = self.arn.rpartition(":")[2].partition("/")
        return rest.partition("/")[0] if what == kind else ""

    @property
    def is_root(self) -> bool:
        return self.kind == "Account" or self.arn.endswith(":root")


class KeyLadder:
    """One rung, one method. Lives as long as the cloud port: what was learned serves many passes."""

    def __init__(self, rpc: Rpc, clock: Clock, limit: RateLimit) -> None:
        self._rpc = rpc
        self._limit = limit
        self._cache = Cache(clock, room=10_000)

    def caller(self) -> Caller:
        def ask() -> Caller:
            told = self._call("Sts", "GetCallerIdentity")
            own = _text(told, "UserId") or _text(told, "RoleId")
            return Caller(_need(told, "AccountId"), _need(told, "Arn"), str(told.get("IdentityType") or ""), own)

        return self._cache.get("caller", ask, lambda _: float("inf"))

    def owner(self, access_key_id: str) -> KeyOwner | None:
        def ask() -> KeyOwner | None:
            told = self._found("Ims", "GetUser", {"UserAccessKeyId": access_key_id})
            return _owner(_part(told, "User")) if told is not None else None

        return self._kept("owner", access_key_id, ask)

    def status(self, owner: KeyOwner, access_key_id: str) -> KeyStatus | None:
        """None for a key of the account itself: RAM does not list those."""
        if owner.kind == "root":
            return None

        def ask() -> KeyStatus | None:
            told = self._found("Ims", "ListAccessKeys", _of(owner))
            for key in _items(told or {}, "AccessKeys", "AccessKey"):
                if key.get("AccessKeyId") == access_key_id:
                    return _status(key)
            return None

        return self._cache.get(("status", owner.principal, access_key_id), ask, lambda _: STATUS)

    def recycled(self, access_key_id: str) -> RecycledKey | None:
        """In the bin itself, or gone with its user."""

        def ask() -> RecycledKey | None:
            told = self._found("Ims", "GetAccessKeyInfoInRecycleBin", {"UserAccessKeyId": access_key_id})
            if told is not None:
                return _recycled(_part(told, "AccessKey"), user_too=False)
            told = self._found("Ims", "GetUserInRecycleBin", {"UserAccessKeyId": access_key_id})
            return _recycled(_part(told, "User"), user_too=True) if told is not None else None

        return self._kept("recycled", access_key_id, ask)

    def last_used(self, access_key_id: str) -> KeyLastUsed | None:
        def ask() -> KeyLastUsed | None:
            told = self._found("Actiontrail", "GetAccessKeyLastUsedInfo", {"AccessKey": access_key_id})
            return _last_used(told) if told is not None else None

        return self._kept("used", access_key_id, ask)

    def networks(self, owner: KeyOwner, access_key_id: str) -> KeyNetworks:
        """The key's own restriction, which goes before the account's; none where neither is set."""

        def ask() -> KeyNetworks:
            if owner.kind != "root":
                told = self._found("Ims", "GetAccessKeyPolicy", {"UserAccessKeyId": access_key_id} | _of(owner))
                allowed = _networks(told or {})
                if allowed:
                    return KeyNetworks(allowed, "key")
            allowed = _networks(self._found("Ims", "GetAccessKeyPolicyForAccount") or {})
            return KeyNetworks(allowed, "account") if allowed else KeyNetworks()

        return self._cache.get(("networks", owner.principal, access_key_id), ask, lambda _: STATUS)

    def user_tags(self, principal: str) -> Mapping[str, str]:
        """A RAM user's tags, read now: what a TagUser is planned on and settled by. Raises Refused if it is gone."""
        if not principal:
            raise Refused("GetUser", "NoPrincipal", "an empty principal would be ourselves")
        return _owner(_part(self._call("Ims", "GetUser", {"UserPrincipalName": principal}), "User")).tags

    def forget(self, principal: str) -> None:
        """Drop what is known of this user: it has just been written to."""
        self._cache.forget_if(lambda answer: isinstance(answer, KeyOwner) and answer.principal == principal)

    # --------------------------------------------------------------------------------------------------------- asking

    def _kept(self, what: str, access_key_id: str, ask: Callable[[], Result | None]) -> Result | None:
        if _KEY_ID.fullmatch(access_key_id) is None:
            return None  # no key can look like this, and a stranger's text goes no further
        return self._cache.get((what, access_key_id), ask, lambda found: UNKNOWN if found is None else KNOWN)

    def _found(self, product: str, action: str, params: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """The answer, or None where the cloud says that there is no such thing."""
        try:
            return self._call(product, action, params)
        except Refused as refused:
            if refused.code.startswith("EntityNotExist"):
                return None
            if refused.status == 404 and not refused.code.startswith(("HTTP", *_GATEWAY)):
                return None
            raise

    def _call(self, product: str, action: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            self._limit.wait()
            return self._rpc.call(product, action, params)

        return self._rpc.asked(call)


def _of(owner: KeyOwner) -> dict[str, str]:
    if not owner.principal:
        raise Refused("ListAccessKeys", "NoPrincipal", "an empty principal would be ourselves")
    return {"UserPrincipalName": owner.principal}


# --------------------------------------------------------------------------------------------------- reading the JSON


def _need(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("GetCallerIdentity", "UnreadableAnswer", f"no {name} in it")
    return value


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _items(told: Mapping[str, Any], outer: str, inner: str) -> list[Mapping[str, Any]]:
    """RAM wraps lists twice, and leaves the wrapper out or null when they are empty."""
    items = _part(told, outer).get(inner)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return "" if value is None else str(value)


def _when(told: Mapping[str, Any], name: str) -> datetime | None:
    """ISO text or milliseconds: both are seen in one product."""
    text = _text(told, name)
    try:
        return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdigit() else wire.iso_date(text)
    except (Unreadable, OverflowError, OSError, ValueError):
        return None


def _owner(user: Mapping[str, Any]) -> KeyOwner:
    principal = _text(user, "UserPrincipalName")
    if not principal:
        raise Refused("GetUser", "UnreadableAnswer", "no UserPrincipalName in it")
    tags = {_text(tag, "TagKey"): _text(tag, "TagValue") for tag in _items(user, "Tags", "Tag")}
    return KeyOwner(
        user_id=_text(user, "UserId"),
        principal=principal,
        name=_text(user, "UserName") or principal.partition("@")[0],
        display_name=_text(user, "DisplayName"),
        tags=tags,
    )


def _status(key: Mapping[str, Any]) -> KeyStatus:
    match _text(key, "Status"):
        case "Active":
            return KeyStatus(status="Active", created=_when(key, "CreateDate"), updated=_when(key, "UpdateDate"))
        case "Inactive":
            return KeyStatus(status="Inactive", created=_when(key, "CreateDate"), updated=_when(key, "UpdateDate"))
        case other:
            raise Refused("ListAccessKeys", "UnreadableAnswer", f"a key with the status {other[:40]!r}")


def _recycled(entry: Mapping[str, Any], *, user_too: bool) -> RecycledKey:
    return RecycledKey(
        user_id=_text(entry, "UserId"),
        principal=_text(entry, "UserPrincipalName"),
        recycled=_when(entry, "RecycleDate"),
        purged_by=_when(entry, "DeleteDate"),
        user_recycled=user_too or entry.get("UserRecycled") in (True, "true"),
    )


def _last_used(told: Mapping[str, Any]) -> KeyLastUsed | None:
    """Empty fields: ActionTrail has never seen the key."""
    kind, owner = _text(told, "AccountType"), _text(told, "OwnerId")
    if not kind or not owner:
        return None
    return KeyLastUsed(
        kind="root" if kind == "root-account" else "ram-user",
        owner_id=owner,
        name=_text(told, "UserName"),
        service=_text(told, "ServiceNameEn") or _text(told, "ServiceName") or None,
        at=_when(told, "UsedTimestamp"),
    )


def _networks(told: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of a policy that is switched on. The policy is JSON inside a JSON text."""
    text = told.get("AccessKeyPolicy")
    try:
        policy = json.loads(text) if isinstance(text, str) and text else text
    except ValueError:
        raise Refused("GetAccessKeyPolicy", "UnreadableAnswer", "the policy is no JSON") from None
    if not isinstance(policy, dict) or policy.get("Status") != "Active":
        return ()
    allowed: list[str] = []
    for statement in policy.get("Statements") or ():
        if isinstance(statement, dict):
            lists = [value for name, value in statement.items() if name != "Type" and isinstance(value, list)]
            allowed += [str(entry) for entries in lists for entry in entries]
    return tuple(dict.fromkeys(allowed))
