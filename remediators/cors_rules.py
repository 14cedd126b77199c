"""A bucket's CORS rules and what a browser asked for -> does a rule allow it, what is lacking, what would a merge be?

The one matching function of this project: access_forbidden.py asks it about OSS's own answer and about what a browser's
console tells, and the tests' fake cloud answers preflights by it (docs/facts.md#cors-matching).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import translate
from html import escape
from re import IGNORECASE, fullmatch

from ossmend.remediators.contract.values import CorsConfiguration, CorsRule

MOST_RULES = 10
MOST_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser asked for, as far as it is known."""

    origin: str
    method: str | None
    headers: tuple[str, ...]
    derived: bool
    """From an access log's Referer: no method, no headers, and an origin that is only likely."""


def covers_origin(rule: CorsRule, origin: str) -> bool:
    return any(_glob(pattern, origin) for pattern in rule.allowed_origins)


def covers(rule: CorsRule, asked: Asked) -> bool:
    """Would OSS let this rule answer? Origin, method and every header (docs/facts.md#cors-matching)."""
    return not lacking(rule, asked)


def first_allowing(rules: tuple[CorsRule, ...], asked: Asked) -> int:
    """The number of the rule that OSS lets answer, counted from 1 as people do; 0 where none allows it."""
    return next((number for number, rule in enumerate(rules, 1) if covers(rule, asked)), 0)


def lacking(rule: CorsRule, asked: Asked) -> tuple[str, ...]:
    """What a rule does not allow of what was asked, in words; empty where it covers all."""
    lacks = []
    if not covers_origin(rule, asked.origin):
        lacks.append(f"origin {asked.origin}")
    if asked.method is not None and asked.method not in {method.upper() for method in rule.allowed_methods}:
        lacks.append(f"method {asked.method}")
    lacks += [
        f"header {name}" for name in asked.headers if not any(_glob(h, name, IGNORECASE) for h in rule.allowed_headers)
    ]
    return tuple(lacks)


def _glob(pattern: str, value: str, flags: int = 0) -> bool:
    """`*` is the only wildcard, and there is at most one."""
    literal = pattern.replace("[", "[[]").replace("?", "[?]")
    return fullmatch(translate(literal), value, flags) is not None


def why_refused(configuration: CorsConfiguration, asked: Asked, otherwise: str) -> tuple[str, tuple[str, ...]]:
    """Why no rule matches, and the sentences that show it."""
    if not configuration.rules:
        return "cors-not-enabled", ("the bucket has no CORS configuration",)
    shortfalls = [lacking(rule, asked) for rule in configuration.rules]
    evidence = tuple(
        f"rule {number} does not allow {', '.join(lacks)}" for number, lacks in enumerate(shortfalls, 1) if lacks
    )
    if any(not lacks for lacks in shortfalls):
        return "cors-rule-present-not-effective", (f"a rule allows it already: {otherwise}",)
    nearest = min(shortfalls, key=lambda lacks: (lacks[0].startswith("origin"), len(lacks)))
    cause = {"origin": "cors-origin-not-allowed", "method": "cors-method-not-allowed"}
    return cause.get(nearest[0].split()[0], "cors-header-not-allowed"), evidence


# ---------------------------------------------------------------------------------------------------------- the merge


def present(configuration: CorsConfiguration, stored: CorsRule) -> bool:
    """Does the bucket have the stored rule, or one with the same origins and methods that allows all its headers?"""
    return any(_same_target(rule, stored) and not _missing_headers(rule, stored) for rule in configuration.rules)


def merged(rules: tuple[CorsRule, ...], stored: CorsRule) -> tuple[CorsRule, ...]:
    """The one rule with the same origins and methods gets the missing headers; without one, append the stored rule."""
    same = [number for number, rule in enumerate(rules) if _same_target(rule, stored)]
    if len(same) != 1:
        return (*rules, stored)
    old = rules[same[0]]
    wider = replace(old, allowed_headers=(*old.allowed_headers, *_missing_headers(old, stored)))
    return (*rules[: same[0]], wider, *rules[same[0] + 1 :])


def _same_target(rule: CorsRule, stored: CorsRule) -> bool:
    return set(rule.allowed_origins) == set(stored.allowed_origins) and _upper(rule) == _upper(stored)


def _upper(rule: CorsRule) -> set[str]:
    return {method.upper() for method in rule.allowed_methods}


def _missing_headers(rule: CorsRule, stored: CorsRule) -> tuple[str, ...]:
    if "*" in rule.allowed_headers:
        return ()
    have = {header.lower() for header in rule.allowed_headers}
    return tuple(header for header in stored.allowed_headers if header.lower() not in have)


def size_of(rules: tuple[CorsRule, ...], response_vary: bool | None) -> int:
    """Bytes of the configuration's XML, as it would be sent."""
    text = "<CORSConfiguration></CORSConfiguration>" + "<ResponseVary>false</ResponseVary>" * (
        response_vary is not None
    )
    for rule in rules:
        text += "<CORSRule></CORSRule>"
        for name, values in (
            ("AllowedOrigin", rule.allowed_origins),
            ("AllowedMethod", rule.allowed_methods),
            ("AllowedHeader", rule.allowed_headers),
            ("ExposeHeader", rule.expose_headers),
            ("MaxAgeSeconds", () if rule.max_age_seconds is None else (str(rule.max_age_seconds),)),
        ):
            text += "".join(f"<{name}>{escape(value, quote=False)}</{name}>" for value in values)
    return len(text.encode())


def shadow(before: tuple[CorsRule, ...], after: tuple[CorsRule, ...], asked: Asked) -> str:
    """The *actual* request has no header list: an earlier rule may answer it, with its own ExposeHeader and MaxAge."""
    simple = replace(asked, headers=())
    for number, rule in enumerate(before, 1):
        if asked.method is not None and rule in after and covers(rule, simple):
            return f" (rule {number} will still answer the actual request: its ExposeHeader and MaxAge apply)"
    return ""


# --------------------------------------------------------------------------------------------------- as facts, in JSON


def needed(asked: Asked) -> dict[str, object]:
    return {"origin": asked.origin, "method": asked.method, "headers": list(asked.headers)}


def shown(rule: CorsRule) -> dict[str, object]:
    return {
        "origins": list(rule.allowed_origins),
        "methods": list(rule.allowed_methods),
        "headers": list(rule.allowed_headers),
    }
