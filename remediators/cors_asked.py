"""Samples of a case -> what the refused preflight asked for, as OSS's answer, its log, or a browser's console tells it.

A console seldom tells the method and the headers. What it leaves open is not taken for nothing: all that the page may
have asked for has to pass, or a case would be closed while its page still fails. access_forbidden.py judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ossmend.remediators.contract.case import Case, Event, Neighbour
from ossmend.remediators.contract.console import REASON, is_console
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.values import CorsRule
from ossmend.remediators.contract.verdict import Act, Tell, Verdict
from ossmend.remediators.cors_rules import Asked, covers_origin

if TYPE_CHECKING:
    from ossmend.remediators.settings.cors import CorsSettings

SIMPLE, PREFLIGHTED = ("GET",), ("GET", "PUT", "POST")
"""What a page may have asked for where neither the console nor a stored rule says it: it reads, or it uploads."""
_PREFLIGHT = regex(r"(?i)preflight|预检")
_CREDENTIALS = regex(r"(?i)credentials\smode|wildcard")


def newest(samples: Iterable[Event], *, console: bool) -> Event | None:
    """The newest sample that a console tells, or the newest that OSS does."""
    return next((each for each in reversed(tuple(samples)) if is_console(each) is console), None)


# ------------------------------------------------------------------------------------------ as OSS or its log tells it


def by_oss(samples: Iterable[Event]) -> Asked | None:
    """The newest sample that names its origin; one with method and headers is better."""
    named = [event for event in samples if event.origin and not is_console(event)]
    if not named:
        return None
    return asked_by(next((event for event in reversed(named) if event.cors_method), named[-1]))


def asked_by(event: Event) -> Asked | None:
    """What one refused preflight asked for; None where its origin is not told."""
    if not event.origin:
        return None
    method = event.cors_method.upper() if event.cors_method else None
    return Asked(event.origin, method, event.cors_headers, derived=event.origin_from == "referer" or method is None)


def method_of(asked: Asked, settings: CorsSettings) -> str:
    return asked.method or (settings.stored.allowed_methods[0] if settings.stored else "GET")


def headers_of(asked: Asked, settings: CorsSettings) -> tuple[str, ...]:
    """Those that a preflight can name: a pattern is none."""
    if asked.method is not None or settings.stored is None:
        return plain(asked.headers)
    return plain(settings.stored.allowed_headers)


def plain(headers: Iterable[str]) -> tuple[str, ...]:
    return tuple(header for header in headers if "*" not in header)


# ------------------------------------------------------------------------------------------------ as a console tells it


def by_console(event: Event, stored: CorsRule | None) -> tuple[Asked, ...]:
    """All that has to pass before the page is believed to work. What the console leaves open is what the stored rule
    gives to its origin: that is what a person says the page needs. Patterns count as headers, for cors_rules.py to fit.
    """
    told = told_by_console(event)
    mine = stored if stored is not None and covers_origin(stored, told.origin) else None
    if told.method is not None:
        methods: tuple[str, ...] = (told.method,)
    elif mine is not None:
        methods = mine.allowed_methods
    else:
        methods = PREFLIGHTED if _was_preflight(event) else SIMPLE
    headers = tuple(dict.fromkeys((*told.headers, *(mine.allowed_headers if mine is not None else ()))))
    return tuple(Asked(told.origin, method.upper(), headers, derived=True) for method in methods)


def told_by_console(event: Event) -> Asked:
    """What the console says itself, and no more."""
    assert event.origin is not None  # without one it is nobody's case here (contract/console.py)
    method = event.cors_method or (event.method if event.method != "OPTIONS" else None)
    return Asked(event.origin, method.upper() if method else None, event.cors_headers, derived=True)


def sends_credentials(event: Event) -> bool:
    """Does the page send cookies or the like? Then browsers take no `*` for its origin."""
    told = event.fields.get("credentials", "").lower() in ("include", "true")
    return told or _CREDENTIALS.search(event.fields.get(REASON, "")) is not None


def _was_preflight(event: Event) -> bool:
    return _PREFLIGHT.search(event.fields.get(REASON, "")) is not None


# ------------------------------------------------------------------------------------------------ what people are told


def left_open(asked: Asked, event: Event) -> tuple[str, ...]:
    """What of it is no word of OSS's, in sentences."""
    if is_console(event):
        told = told_by_console(event)
        return () if told.method else (f"the console does not tell the method: {asked.method} was looked at",)
    if event.origin_from == "referer":
        return (f"the access log has no Origin: {asked.origin} is taken from the Referer",)
    return ()


def beside(case: Case, verdict: Verdict) -> Verdict:
    """The verdict; where another open case may be the same trouble, it says so. Cases are one by bucket and origin, so
    the other is one whose text does not name the origin, or that another policy took.
    """
    if not isinstance(verdict, Act | Tell):
        return verdict
    said = tuple(_said(case.event, other) for other in case.correlated if _may_be_one(case, other))
    if not said:
        return verdict
    diagnosis = replace(verdict.diagnosis, evidence=(*verdict.diagnosis.evidence, *said))
    return replace(verdict, why=f"{verdict.why}; {said[0]}", diagnosis=diagnosis)


def _may_be_one(case: Case, other: Neighbour) -> bool:
    """Nothing that is told is about another preflight; a text that somebody pasted has no cases, and so no numbers."""
    mine, theirs = case.event, other.event
    if not other.id or other.code != case.code or not mine.bucket or mine.bucket != theirs.bucket:
        return False
    return mine.origin is None or theirs.origin is None or mine.origin == theirs.origin


def _said(mine: Event, other: Neighbour) -> str:
    if mine.origin is not None and mine.origin == other.event.origin:
        return f"see case {other.id}: the same bucket and origin"
    if other.event.origin is not None:
        return f"see case {other.id}: the same bucket, refused to pages of {other.event.origin}"
    return f"see case {other.id}: the same bucket, and its text names no origin"
