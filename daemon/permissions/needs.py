"""Configuration -> what each policy and source needs of RAM: an action on a resource, and which call needs it.

The reads come from the questions that a remediator asks (`asks`), the writes from the writes themselves, and both only
for what is configured. document.py makes a RAM policy of it, live.py asks whether it is granted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ossmend.config.accounts import ALL
from ossmend.config.model import Config
from ossmend.config.policy import Policy
from ossmend.daemon.cloud.ask.questions import ABOUT_OURSELVES, QUESTIONS
from ossmend.daemon.cloud.wire.permissions import PERMISSIONS, RESOURCES, Permission
from ossmend.daemon.permissions.patterns import Places, places
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT
from ossmend.remediators.writes import WRITES

Identity = Literal["user", "role"]


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource, for one call of one part of the configuration."""

    who: str
    """`policy thaw`, `source access_log:my-logs/`, `check --live`."""
    operation: str
    """The call as OSS or RAM names it; for a source, the action says it."""
    action: str
    resource: str
    writes: bool = False
    confirmed: bool = True
    """False: the action's name is not documented (wire/permissions.py)."""


def accounts(config: Config) -> tuple[str, ...]:
    """The names of the accounts that the configuration has."""
    return tuple(config.clouds)


def needs(
    config: Config, account: str = DEFAULT_ACCOUNT.account, *, mode: str | None = None, identity: Identity = "user"
) -> tuple[Need, ...]:
    """What this account's credentials have to be allowed; `mode` instead of each policy's own."""
    found = [need for source in config.sources if _of(source.given, account) for need in _source(source.given)]
    for policy in config.policies:
        if policy.enabled and _of(policy, account):
            found += _policy(policy, mode or policy.mode)
    if any(need.writes or _unnamed(need.resource) for need in found):
        found += _ourselves(identity)
    if len(accounts(config)) > 1:
        found += _read("several accounts", "ListBuckets", Places((), ()))  # whose a bucket is that refuses another
    return tuple(dict.fromkeys(found))


def widened(config: Config, account: str = DEFAULT_ACCOUNT.account) -> tuple[str, ...]:
    """Where the patterns allow more than the configuration's `match`, a sentence each."""
    policies = (policy for policy in config.policies if policy.enabled and _of(policy, account))
    return tuple(f"policy {policy.name}: {said}" for policy in policies for said in places(policy.match).widened)


def _of(part: object, account: str) -> bool:
    """Does a policy or a source concern the account? Without a word about one, or with "*", it concerns all."""
    return getattr(part, "account", None) in (None, ALL, account)


def _source(given: object) -> Iterator[Need]:
    name, pairs = getattr(given, "name", ""), getattr(given, "needs", ())
    for action, resource in pairs:
        yield Need(f"source {name}", action.partition(":")[2], action, resource)


def _policy(policy: Policy, mode: str) -> Iterator[Need]:
    where, who = places(policy.match), f"policy {policy.name}"
    operations = sorted(policy.writes) if mode != "dry-run" else []
    # a dry run plans the very writes that it does not send, so it asks what they are planned on
    asked = [question for code in policy.on for question in _asks(code)]
    asked += [question for name in policy.writes for question in WRITES[name].asks]
    for question in dict.fromkeys(asked):
        for operation in QUESTIONS[question]:
            yield from _read(who, operation, where)
    for operation in operations:
        yield from _write(who, operation, where)
    for code in policy.on if operations else ():
        for action, resource in policy.settings_for(code).needs:
            yield Need(who, "CreateJob", action, resource, writes=True, confirmed=action != "ram:PassRole")


def _asks(code: str) -> tuple[str, ...]:
    remediator = Remediator.registry.get(code)
    return remediator.asks if remediator is not None else ()


def _read(who: str, operation: str, where: Places) -> Iterator[Need]:
    permission = PERMISSIONS[operation]
    if permission is None:
        return
    for resource in _resources(permission, where):
        for action in filter(None, (permission.action, permission.of_version)):
            yield Need(who, operation, action, resource, confirmed=permission.confirmed)


def _resources(permission: Permission, where: Places) -> tuple[str, ...]:
    if permission.on == "object":
        return where.objects
    return where.buckets if permission.on == "bucket" else (RESOURCES[permission.on],)


def _write(who: str, operation: str, where: Places) -> Iterator[Need]:
    """The places of a write's examples stand for any: they become the policy's own."""
    for example in WRITES[operation].examples():
        for action, resource in example.permissions:
            for granted in _granted(resource, where):
                yield Need(who, operation, action, granted, writes=True)


def _granted(resource: str, where: Places) -> tuple[str, ...]:
    if resource == RESOURCES["service"]:
        return (resource,)
    if not resource.startswith("acs:oss:"):
        return (RESOURCES["user"],)
    return where.objects if "/" in resource else where.buckets


def _unnamed(resource: str) -> bool:
    """A bucket that the configuration gives a pattern of: nothing can be asked of it."""
    return resource.startswith("acs:oss:*:*:") and not {"*", "?"}.isdisjoint(resource[12:].partition("/")[0])


def _ourselves(identity: Identity) -> Iterator[Need]:
    """No harmless call shows whether a write is allowed, or a read of a bucket without a name; our own policies do."""
    for operation in ABOUT_OURSELVES[identity]:
        yield from _read("check --live", operation, Places((), ()))
