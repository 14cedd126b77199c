"""What each value allows but the whole does not: names that lead nowhere, sections of other codes, writes without aim.

It works on the plain values of the document, not on the finished model, so that these complaints come together with
those about types and not one round later. What has the wrong type is passed over here; the model tells about it.
load.py calls this once for each file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from ossmend.config import whose
from ossmend.config.channels.registry import CHANNELS
from ossmend.config.document import Document
from ossmend.config.policy import sections
from ossmend.config.prices import Prices
from ossmend.config.problems import Where, nearest, printable
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.settings import Settings

TOLD_CODES = (
    "AbnormalBucketOwnerStatus AccessDenied AccessKeyIdAndSecurityTokenNotMatch BucketDisable BucketNotBelongTo "
    "CnameDenied ImageDamage InDebt InDebtOverdue InvalidPolicyDocument InvalidSecurityToken "
    "InvalidTargetBucketForLogging KmsInDebt KmsInDebtOverdue KmsUbsmsInvalidBid NonStandardHostForbidden "
    "PermanentRedirect SecondLevelDomainForbidden SecurityTokenExpired SecurityTokenNotSupported "
    "SignatureDoesNotMatch TransferAccelerationDisabled UbsmsInvalidBid UserDisable WORMConfigurationLocked"
).split()
"""Codes documented with 403 that have no remediator of their own (yet). Others are taken as well: the list only keeps
them from being taken for typing errors."""
SURELY_A_TYPO = 0.85
OF_OSS = ("access_log", "sls")
"""Kinds of sources that may be OSS's own log."""
OUTSIDE_BUCKETS = frozenset({"TagUser"})
"""Writes whose target lies in no bucket."""


def complain(document: Document) -> None:
    """Add what does not go together."""
    values = document.values
    if not isinstance(values, dict):
        return
    writers = {
        index: _policy(document, ("policies", index), policy) for index, policy in _entries(values.get("policies"))
    }
    _doubled_names(document, _entries(values.get("policies")))
    _doubled_channels(document)
    _currencies(document)
    _stored_rules(document)
    _witnesses(document)
    whose.complain(document, writers)


# ------------------------------------------------------------------------------------------------------- one policy


def _policy(document: Document, where: Where, policy: Mapping[str, Any]) -> set[str]:
    """What it could write."""
    codes = list(_codes(document, where, policy.get("on")))
    known = [Remediator.registry[code] for code in codes if code in Remediator.registry]
    own = {remediator.section for remediator in known}
    for name, settings in sections().items():
        if not isinstance(policy.get(name), dict):
            continue
        if codes and name not in own:
            owners = " or ".join(code for code, each in Remediator.registry.items() if each.section == name)
            document.complain((*where, name), f"belongs to {owners}, not to {printable(', '.join(codes))}", key=True)
        for hidden in _hidden(settings) & policy[name].keys():
            document.complain((*where, name, hidden), "unknown key", nearest(hidden, _shown(settings)), key=True)
            document.refused.add((*where, name, hidden))
    writes = {operation for each in known for operation in _writes(each, policy)}
    if writes:
        _aim(document, where, policy, writes)
    return writes


def _codes(document: Document, where: Where, on: Any) -> Iterator[str]:
    """The codes a policy names, complaining about those that were surely meant otherwise."""
    listed = isinstance(on, tuple)
    seen: set[str] = set()
    for index, code in enumerate(on if listed else (on,)):
        if not isinstance(code, str):
            continue
        at = (*where, "on", index) if listed else (*where, "on")
        if code in seen:
            document.complain(at, f"{printable(code)} stands here a second time")
        elif code not in Remediator.registry and code not in TOLD_CODES:
            meant = nearest(code, (*Remediator.registry, *TOLD_CODES), cutoff=SURELY_A_TYPO)
            if meant is not None:
                document.complain(at, f'"{printable(code)}" is not a known error code', meant)
        seen.add(code)
        yield code


def _aim(document: Document, where: Where, policy: Mapping[str, Any], writes: set[str]) -> None:
    """A policy that can write has to say where: an empty match never means "all"."""
    match = policy.get("match", {})
    if not isinstance(match, dict):
        return
    can = f"this policy can write ({', '.join(sorted(writes))})"
    if not match:
        document.complain(
            (*where, "match"), f'{can}, so it must say what it matches; all buckets are {{ bucket: "*" }}', key=True
        )
    elif "bucket" not in match and writes - OUTSIDE_BUCKETS:
        document.complain((*where, "match"), f'{can}, so its match must name the bucket; all buckets are "*"', key=True)


def _writes(remediator: Remediator, policy: Mapping[str, Any]) -> tuple[str, ...]:
    given = policy.get(remediator.section or "", {})
    try:
        return remediator.may_write(remediator.settings.model_validate(given, strict=True))
    except ValidationError:
        return remediator.writes


def _hidden(settings: type[Settings]) -> set[str]:
    """Fields that the loader fills; to the file they do not exist."""
    return {name for name, field in settings.model_fields.items() if field.exclude}


def _shown(settings: type[Settings]) -> set[str]:
    return set(settings.model_fields) - _hidden(settings)


# -------------------------------------------------------------------------------------------------- across the file


def _doubled_names(document: Document, policies: Iterator[tuple[int, Mapping[str, Any]]]) -> None:
    first: dict[str, int] = {}
    for index, policy in policies:
        name = policy.get("name")
        if not isinstance(name, str):
            continue
        if name in first:
            document.complain(("policies", index, "name"), f'"{printable(name)}" is already policies[{first[name]}]')
        first.setdefault(name, index)


def _doubled_channels(document: Document) -> None:
    """Who is told twice is soon told nothing: two entries of one kind must lead to two places."""
    first: dict[tuple[str, str], int] = {}
    for index, entry in _entries(document.at(("notify",))):
        for kind, settings in CHANNELS.items():
            address = entry[kind].get(settings.address) if isinstance(entry.get(kind), dict) else None
            if not isinstance(address, str):
                continue
            known = first.setdefault((kind, address), index)
            if known != index:
                document.complain(("notify", index, kind, settings.address), f"is already told by notify[{known}]")


def _currencies(document: Document) -> None:
    """Money is never converted: limits are in the currency of the prices, or mean nothing."""
    prices = document.at(("prices", "currency"))
    prices = prices if isinstance(prices, str) else Prices().currency
    limits: list[Where] = [("brakes", "cost_per_day")]
    limits += [("policies", index, "brakes", "cost_per_day") for index, _ in _entries(document.at(("policies",)))]
    for where in limits:
        limit = document.at(where)
        if limit is None and where[0] == "brakes":
            limit = {}  # the shipped limit is in the shipped currency
        if not isinstance(limit, dict) or not isinstance(currency := limit.get("currency", "CNY"), str):
            continue
        if currency != prices:
            message = f"is in {printable(currency)}, but the prices are in {printable(prices)}"
            document.complain((*where, "currency") if "currency" in limit else where, message)


def _stored_rules(document: Document) -> None:
    rules = document.at(("cors_rules",))
    rules = rules if isinstance(rules, dict) else {}
    for name, rule in rules.items():
        origins = rule.get("allowed_origins") if isinstance(rule, dict) else None
        if isinstance(origins, tuple) and "*" in origins and len(origins) > 1:
            star = ("cors_rules", name, "allowed_origins", origins.index("*"))
            document.complain(star, '"*" is every origin: write it alone, or leave it out')
    for index, policy in _entries(document.at(("policies",))):
        wanted = policy["cors"].get("rule") if isinstance(policy.get("cors"), dict) else None
        if isinstance(wanted, str) and wanted not in rules:
            there = "" if rules else "; there are no cors_rules in this file"
            at = ("policies", index, "cors", "rule")
            document.complain(at, f'cors_rules has no "{printable(wanted)}"{there}', nearest(wanted, rules))


def _witnesses(document: Document) -> None:
    """Who wants to hear OSS's own log before a write must read it, or nothing is ever written."""
    sources = list(_entries(document.at(("sources",))))
    logs = [each[kind] for _, each in sources for kind in OF_OSS if isinstance(each.get(kind), dict)]
    asking: list[Where] = []
    for index, source in sources:
        given = source.get("app_log")
        if not isinstance(given, dict) or "confirm" not in given:
            continue
        asking.append(("sources", index, "app_log", "confirm"))
        if given.get("trust") == "high":
            document.complain(asking[-1], "a source of high trust is believed as it is: leave out one of the two")
    policies = _entries(document.at(("policies",)))
    asking += [("policies", index, "confirm") for index, policy in policies if "confirm" in policy]
    for where in asking:
        if not logs:
            document.complain(where, "needs OSS's own log to be read, and sources has no access_log and no sls")
        elif all(log.get("trust", "low" if "path" in log else "high") == "low" for log in logs):
            document.complain(where, "needs a log of OSS's own that is trusted, and every one here has trust: low")


def _entries(listed: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if isinstance(listed, tuple):
        yield from ((index, each) for index, each in enumerate(listed) if isinstance(each, dict))
