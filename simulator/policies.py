"""Turns a policy document and one request into Allow, Deny or nothing; authorize.py puts the layers together.

RAM policies, session policies, control policies, trust policies and bucket policies share one grammar; only who a
statement speaks about (`Principal`) is special to the last two. What is no document is policy_complaints.py's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Document = dict[str, Any]
Effect = Literal["Allow", "Deny"]

DOCUMENT_LIMIT = 6144


@dataclass(slots=True)
class PolicyVersion:
    """One of the at most five versions of a custom policy."""

    id: str
    document: Document
    text: str
    created: float


@dataclass(slots=True)
class Policy:
    """A managed policy; `attached` counts users, groups and roles."""

    name: str
    type: Literal["System", "Custom"]
    description: str
    created: float
    updated: float
    versions: dict[str, PolicyVersion]
    default_version: str
    last_version: int = 1
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def current(self) -> PolicyVersion:
        return self.versions[self.default_version]


@dataclass(frozen=True, slots=True)
class Grant:
    """One policy as it reaches a principal: which document, and through which attachment."""

    name: str
    type: str
    version: str
    document: Document
    entity: Literal["RamUser", "RamGroup", "RamRole"]
    scope: str = "Account"
    """`Account`, or the id of the resource group the grant is limited to."""


@lru_cache(maxsize=4096)
def pattern(text: str, *, fold: bool = False) -> Callable[[str], object]:
    """A matcher for a wildcard text: `*` is any run of characters, `?` any one."""
    if "*" not in text and "?" not in text:
        wanted = text.lower() if fold else text
        return (lambda value: value.lower() == wanted) if fold else (lambda value: value == wanted)
    if text == "*":
        return lambda _value: True
    flags = re.DOTALL | (re.IGNORECASE if fold else 0)
    parts = [re.compile("".join("." if c == "?" else re.escape(c) for c in part), flags) for part in text.split("*")]
    lengths = [len(part) for part in text.split("*")]
    return lambda value: _runs(parts, lengths, value)


def _runs(parts: list[re.Pattern[str]], lengths: list[int], value: str) -> bool:
    """Do the parts follow each other in the value, the first at its start and the last at its end?

    Taking the leftmost place for each is always right, and needs no backtracking: one regular expression for the
    whole text would take forever on `*a*a*a*a*`.
    """
    if len(parts) == 1:
        return parts[0].fullmatch(value) is not None
    first = parts[0].match(value)
    if first is None:
        return False
    position, end = first.end(), len(value) - lengths[-1]
    for part in parts[1:-1]:
        found = part.search(value, position)
        if found is None:
            return False
        position = found.end()
    return position <= end and parts[-1].fullmatch(value, end) is not None


def as_list(value: object) -> list[Any]:
    """Most members of a statement may be one text or a list of them."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _resource_matches(wanted: str, resource: str) -> bool:
    """Compare two ARNs segment by segment; an unknown region (`*`) of the request fits any region in the policy."""
    if wanted == "*":
        return True
    asked, given = wanted.split(":", 4), resource.split(":", 4)
    if len(asked) < 5 or len(given) < 5:
        return bool(pattern(wanted)(resource))
    if asked[0] != given[0] or not pattern(asked[1])(given[1]) or not pattern(asked[4])(given[4]):
        return False
    region_fits = given[2] in ("", "*") or asked[2] == "" or bool(pattern(asked[2])(given[2]))
    return region_fits and (asked[3] == "" or bool(pattern(asked[3])(given[3])))


# ------------------------------------------------------------------------------------------------------ conditions


@lru_cache(maxsize=4096)
def network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def in_network(address: str, networks: Iterable[str]) -> bool:
    """Is the address in one of the networks? What is not an address is in none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    found = (network(text) for text in networks)
    return any(net is not None and parsed.version == net.version and parsed in net for net in found)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _ordered(parse: Callable[[str], Any], test: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    def compare(value: str, wanted: str) -> bool:
        left, right = parse(value), parse(wanted)
        return left is not None and right is not None and test(left, right)

    return compare


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": lambda value, wanted: bool(pattern(wanted)(value)),
    "IpAddress": lambda value, wanted: in_network(value, (wanted,)),
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    **{f"Numeric{name}": _ordered(_number, test) for name, test in _TESTS.items()},
    **{f"Date{name}": _ordered(_moment, test) for name, test in _TESTS.items()},
}
_NEGATIONS = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
OPERATORS = frozenset((*_OPERATORS, *_NEGATIONS))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def conditions_hold(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Do all operators hold for all their keys? Of several values one is enough, or for a negation none may fit."""
    if not condition:
        return True
    folded = {key.lower(): value for key, value in context.items()}
    for operator, keys in condition.items():
        negated = _NEGATIONS.get(operator)
        test = _OPERATORS.get(negated or operator)
        if test is None:
            return False
        for key, wanted in keys.items():
            value = folded.get(key.lower())
            fits = value is not None and any(test(value, _text(one)) for one in as_list(wanted))
            if fits == (negated is not None):
                return False
    return True


# ------------------------------------------------------------------------------------------------------ statements


def statements(document: Document | None) -> list[dict[str, Any]]:
    return [] if document is None else as_list(document.get("Statement"))


def _covers(
    statement: Mapping[str, Any], names: tuple[str, str], fits: Callable[[str], object], *, absent: bool = False
) -> bool:
    """Does `Action`/`NotAction` (or the like) of the statement cover what `fits` tests for?"""
    positive, negative = names
    if positive in statement:
        return any(fits(str(one)) for one in as_list(statement[positive]))
    if negative in statement:
        return not any(fits(str(one)) for one in as_list(statement[negative]))
    return absent


def applies(
    statement: Mapping[str, Any],
    action: str,
    resource: str,
    context: Mapping[str, str],
    *,
    who: Callable[[str], object] | None = None,
) -> bool:
    """Does one statement speak about this request? `who` tests its principals, in policies that have them."""
    return (
        (who is None or _covers(statement, ("Principal", "NotPrincipal"), who))
        and _covers(statement, ("Action", "NotAction"), lambda one: pattern(one, fold=True)(action))
        and _covers(
            statement, ("Resource", "NotResource"), lambda one: _resource_matches(one, resource), absent=who is not None
        )
        and conditions_hold(statement.get("Condition") or {}, context)
    )


def evaluate(
    document: Document | None,
    action: str,
    resource: str,
    context: Mapping[str, str],
    *,
    who: Callable[[str], object] | None = None,
) -> Effect | None:
    """What one document says: Deny if any statement that applies denies, else Allow if one allows, else nothing."""
    allowed = False
    for statement in statements(document):
        if allowed and statement.get("Effect") != "Deny":
            continue
        if applies(statement, action, resource, context, who=who):
            if statement.get("Effect") == "Deny":
                return "Deny"
            allowed = True
    return "Allow" if allowed else None


# ---------------------------------------------------------------------------------------------------- system policies


def _allow(*actions: str) -> Document:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


_RAM_READS = ("ram:Get*", "ram:List*", "ram:DecodeDiagnosticMessage", "ram:GenerateCredentialReport")
SYSTEM_POLICIES: dict[str, tuple[str, Document]] = {
    "AdministratorAccess": ("Manages all resources.", _allow("*")),
    "ReadOnlyAccess": ("Reads all resources.", _allow("*:Get*", "*:List*", "*:Describe*", "*:Query*")),
    "AliyunOSSFullAccess": ("Manages OSS.", _allow("oss:*")),
    "AliyunOSSReadOnlyAccess": ("Reads OSS.", _allow("oss:Get*", "oss:List*")),
    "AliyunRAMFullAccess": ("Manages RAM.", _allow("ram:*")),
    "AliyunRAMReadOnlyAccess": ("Reads RAM.", _allow(*_RAM_READS)),
    "AliyunSTSAssumeRoleAccess": ("Assumes roles.", _allow("sts:AssumeRole")),
    "AliyunBSSFullAccess": ("Manages billing.", _allow("bss:*", "bssapi:*")),
    "AliyunBSSReadOnlyAccess": ("Reads billing.", _allow("bss:Describe*", "bssapi:Query*", "bssapi:Get*")),
    "AliyunLogFullAccess": ("Manages the log service.", _allow("log:*")),
    "AliyunLogReadOnlyAccess": ("Reads the log service.", _allow("log:Get*", "log:List*", "log:Query*")),
    "AliyunActionTrailFullAccess": ("Manages ActionTrail.", _allow("actiontrail:*")),
    "AliyunActionTrailReadOnlyAccess": ("Reads ActionTrail.", _allow("actiontrail:Get*", "actiontrail:Lookup*")),
}
