"""(policy documents, a need) -> allowed, missing, denied, or not to be known; by reading alone, nothing is asked.

RAM has no call that answers this question without the call itself, so the documents are read here as RAM reads them:
a Deny wins, what nobody allows is denied. A need is a pattern, so an Allow counts only where it covers all of it, and a
Deny as soon as it touches it. What a condition decides is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ossmend.config.globs import within

Verdict = Literal["allowed", "missing", "denied", "unknown"]


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy document as it is attached to us."""

    name: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    verdict: Verdict
    why: str
    partly: bool = False
    """A part of it is allowed, or denied: what is answered for one place says nothing about the others."""


def judge(attached: Iterable[Attached], action: str, resource: str) -> Judged:
    """What these documents say together of that action on that resource."""
    said = [
        (policy.name, *word)
        for policy in attached
        for statement in _statements(policy.document)
        if (word := _says(statement, action, resource)) is not None
    ]
    for name, effect, extent in said:
        if (effect, extent) == ("Deny", "all"):
            return Judged("denied", f"policy {name} denies it: an Allow more does not help")
    for name, effect, extent in said:
        if effect == "Deny":
            return Judged("unknown", f"policy {name} denies {_EXTENTS[extent]}", extent == "part")
    for wanted, verdict in _BEST_FIRST:
        for name, effect, extent in said:
            if (effect, extent) == ("Allow", wanted):
                return Judged(verdict, f"policy {name} allows {_EXTENTS[extent]}", extent == "part")
    return Judged("missing", "no attached policy allows it")


Extent = Literal["all", "part", "condition"]
_EXTENTS: Mapping[str, str] = {"all": "it", "part": "a part of it only", "condition": "it under a condition"}
_BEST_FIRST: tuple[tuple[Extent, Verdict], ...] = (("all", "allowed"), ("condition", "unknown"), ("part", "missing"))


def _statements(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in _listed(document.get("Statement")):
        if isinstance(each, Mapping):
            yield each


def _says(statement: Mapping[str, Any], action: str, resource: str) -> tuple[str, Extent] | None:
    """(effect, how much of it), or nothing. Where something decides that is not read here, that is a condition."""
    if not _names(statement, action):
        return None
    effect = str(statement.get("Effect"))
    listed = [str(each) for each in _listed(statement.get("Resource"))]
    if "NotResource" not in statement and not any(meets(each, resource) for each in listed):
        return None
    if statement.get("Condition") or "NotResource" in statement:
        return effect, "condition"
    return effect, "all" if any(covers(each, resource) for each in listed) else "part"


def _names(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(within(action.lower(), str(each).lower()) for each in _listed(statement["NotAction"]))
    return any(within(action.lower(), str(each).lower()) for each in _listed(statement.get("Action")))


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


# ------------------------------------------------------------------------------------------------------------ patterns


def covers(granted: str, needed: str) -> bool:
    """Does a granted resource hold everything that the needed one may be? The account is ours, and so is the region of
    a need that names none.
    """
    one, other = _relative(granted), _relative(needed)
    if granted == "*" or one is None or other is None:
        return granted == "*"
    there = other.region == "*" or within(other.region, one.region)
    return there and one.service == other.service and within(other.rest, one.rest)


def meets(granted: str, needed: str) -> bool:
    """Is there anything that both may be?"""
    one, other = _relative(granted), _relative(needed)
    if granted == "*" or needed == "*":
        return True
    if one is None or other is None or one.service != other.service:
        return False
    return _common(one.region, other.region) and _common(one.rest, other.rest)


class _Relative(NamedTuple):
    """A resource without its account: a document that is attached to us is about our own."""

    service: str
    region: str
    rest: str


def _relative(resource: str) -> _Relative | None:
    parts = resource.split(":", 4)
    return _Relative(parts[1], parts[2] or "*", parts[4]) if len(parts) == 5 else None


def _common(one: str, other: str) -> bool:
    """Does any text fit both patterns? By the places in `other` that can be reached with each sign of `one`."""
    reached = _skipping({0}, other)
    for sign in one:
        if sign == "*":
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
        else:
            reached = _skipping(set(_steps(reached, other, sign)), other)
    return len(other) in reached


def _steps(reached: Iterable[int], other: str, sign: str) -> Iterator[int]:
    for place in reached:
        there = other[place : place + 1]
        if there == "*":
            yield place
        elif there and (sign == "?" or there in ("?", sign)):
            yield place + 1


def _skipping(places: set[int], other: str) -> set[int]:
    """A star may also stand for nothing."""
    found = set(places)
    for place in sorted(places):
        after = place
        while other[after : after + 1] == "*":
            after += 1
            found.add(after)
    return found
