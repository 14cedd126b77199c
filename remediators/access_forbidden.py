"""AccessForbidden: a browser's preflight was refused. Merge the *stored* CORS rule into the bucket, if it covers it.

The rule to merge is always one that a person has stored: an origin seen in an event is a stranger's claim. The whole
configuration is read, kept in its order and written back with one change, and it is over only when the browser's own
preflight passes (docs/facts.md#cors).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import translate
from html import escape
from re import IGNORECASE, fullmatch
from typing import TYPE_CHECKING

from ossmend.remediators import agreement, causes
from ossmend.remediators.contract.case import Case, Event, Receipt, Subject
from ossmend.remediators.contract.registry import Explained, Proposal, remedies
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule, PreflightAnswer, shortened
from ossmend.remediators.contract.verdict import Act, Done, Tell, Verdict, Wait
from ossmend.remediators.contract.view import Cors
from ossmend.remediators.contract.write import Place
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors

if TYPE_CHECKING:
    from ossmend.remediators.settings.cors import CorsSettings

NOT_ENABLED = "CORSResponse: CORS is not enabled"
NOT_ALLOWED = "CORSResponse: This CORS request is not allowed"
FIGHT, FIGHT_WITHIN = 2, timedelta(hours=24)
"""After so many merges within that time that did not last, a person decides."""
MOST_RULES = 10
MOST_BYTES = 16 * 1024
PROPAGATION = timedelta(seconds=60)
"""A change that is not visible after this long did not help."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser asked for, as far as it is known."""

    origin: str
    method: str | None
    headers: tuple[str, ...]
    derived: bool
    """From an access log's Referer: no method, no headers, and an origin that is only likely."""


def subject(event: Event, settings: CorsSettings) -> Subject:
    """Bucket and stored rule; bucket and origin where the stored rule does not cover it."""
    origin = event.origin or ""
    if settings.stored is not None and origin and covers_origin(settings.stored, origin):
        return Subject("cors", (event.bucket or "", f"rule={settings.rule}"))
    return Subject("cors", (event.bucket or "", origin))


def proposes(told: Explained, settings: CorsSettings | None) -> Proposal | None:
    """The merge of the stored rule, only where OSS, or an OPTIONS in its log, says that a preflight was refused."""
    event = told.event
    was_preflight = is_cors(event) if event.message is not None else event.method == "OPTIONS"
    if event.bucket is None or not was_preflight or agreement.bucket(event) is not None:
        return None
    if settings is not None:
        asked = _asked_by(event)
        if settings.stored is None or asked is None or _against(settings.stored, asked, event, settings.rule):
            return None
    return Proposal(
        "PutBucketCors",
        f"oss://{event.bucket}",
        (Place(event.bucket),),
        "only a rule that a person has stored, and only if it covers the page's origin, method and headers",
    )


@remedies(
    "AccessForbidden",
    subject=subject,
    section="cors",
    writes=("PutBucketCors",),
    proposes=proposes,
    asks=("cors", "preflight"),
)
def plan(case: Case, view: Cors, settings: CorsSettings) -> Verdict:
    """Look at the configuration, and say what follows."""
    event = case.event
    if event.message is not None and not is_cors(event):
        why = f"AccessForbidden with another message than CORS's: {shortened(event.message, 300)}"
        return Tell(why, causes.diagnosis("forbidden-not-cors", 0.7, (why,)))
    asked = _asked(case)
    if event.bucket is None or asked is None:
        missing = "bucket" if event.bucket is None else "origin"
        why = f"the text does not name the {missing} of the refused preflight"
        return Tell(why, causes.diagnosis(_by_message(event), 0.5, (why,)))
    answer = _preflight(view, event, asked, settings)
    receipt = _last_merge(case)
    if answer is not None and answer.allows(asked.origin, _method(asked, settings), _headers(asked, settings)):
        cause = "cors-already-allowed" if receipt is None else _cause_before(receipt, asked, event)
        return Done(f"the preflight of {asked.origin} on {event.bucket} passes", cause)
    configuration = view.cors(event.bucket)
    if receipt is not None:
        verdict = _after_merge(case, view, configuration, asked, settings, receipt)
    else:
        verdict = _merge(event, configuration, asked, settings)
    if isinstance(verdict, Act) and (fight := _changed_back(case, view, settings)) is not None:
        return fight
    unsure = agreement.bucket(event)
    return unsure if unsure is not None and isinstance(verdict, Act) else verdict


# -------------------------------------------------------------------------------------------------- what was asked for


def _asked(case: Case) -> Asked | None:
    """The newest sample that names its origin; one with method and headers is better."""
    named = [event for event in case.samples if event.origin]
    if not named:
        return None
    return _asked_by(next((event for event in reversed(named) if event.cors_method), named[-1]))


def _asked_by(event: Event) -> Asked | None:
    """What one refused preflight asked for; None where its origin is not told."""
    if not event.origin:
        return None
    method = event.cors_method.upper() if event.cors_method else None
    return Asked(event.origin, method, event.cors_headers, derived=event.origin_from == "referer" or method is None)


def _method(asked: Asked, settings: CorsSettings) -> str:
    return asked.method or (settings.stored.allowed_methods[0] if settings.stored else "GET")


def _headers(asked: Asked, settings: CorsSettings) -> tuple[str, ...]:
    if asked.method is not None or settings.stored is None:
        return asked.headers
    return tuple(header for header in settings.stored.allowed_headers if "*" not in header)


def _preflight(view: Cors, event: Event, asked: Asked, settings: CorsSettings) -> PreflightAnswer | None:
    """The browser's preflight, asked again; None where an access log cannot tell what it was and no rule is stored."""
    if asked.method is None and settings.stored is None:
        return None
    assert event.bucket is not None  # the plan has told without one
    return view.preflight(event.bucket, event.key, asked.origin, _method(asked, settings), _headers(asked, settings))


def is_cors(event: Event) -> bool:
    """Does OSS's message speak of CORS?"""
    return (event.message or "").startswith("CORSResponse:")


def _by_message(event: Event) -> str:
    return "cors-not-enabled" if (event.message or "").startswith(NOT_ENABLED) else "cors-origin-not-allowed"


# ------------------------------------------------------------------------------------------------ which rule says what


def covers_origin(rule: CorsRule, origin: str) -> bool:
    return any(_glob(pattern, origin) for pattern in rule.allowed_origins)


def covers(rule: CorsRule, asked: Asked) -> bool:
    """Would OSS let this rule answer? Origin, method and every header (docs/facts.md#cors-matching)."""
    return not lacking(rule, asked)


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


def _cause(configuration: CorsConfiguration, asked: Asked, otherwise: str) -> tuple[str, tuple[str, ...]]:
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


def _merge(event: Event, configuration: CorsConfiguration, asked: Asked, settings: CorsSettings) -> Verdict:
    """Merge the stored rule, or say why not."""
    bucket = event.bucket
    assert bucket is not None  # the plan has told without one
    cause, evidence = _cause(configuration, asked, _by_message(event))
    evidence = (*evidence, *_derived(asked, event))
    facts = {"needed": _needed(asked), "present": [_shown(rule) for rule in configuration.rules]}

    def tell(why: str, which: str, confidence: float = 0.95) -> Tell:
        return Tell(why, causes.diagnosis(which, confidence, (why, *evidence), facts))

    stored = settings.stored
    if stored is None:
        return Tell(f"{bucket} refuses preflights of {asked.origin}, and no rule is stored for it",
                    causes.diagnosis(cause, 0.9, evidence, facts))  # fmt: skip
    against = _against(stored, asked, event, settings.rule)
    if against is not None:
        return tell(*against)
    if configuration.unknown:
        names = ", ".join(configuration.unknown)
        return tell(
            f"the bucket's configuration has elements that a write would lose: {names}", "cors-unknown-elements"
        )
    if present(configuration, stored):
        return tell(f"the stored rule {settings.rule} is in the bucket, and the preflight is still refused",
                    "cors-rule-present-not-effective", 0.8)  # fmt: skip
    rules = merged(configuration.rules, stored)
    if len(rules) > MOST_RULES or size_of(rules, configuration.response_vary) > MOST_BYTES:
        return tell(
            f"with the stored rule {settings.rule} the bucket would exceed 10 rules or 16 KB", "cors-limit-reached"
        )
    write = PutBucketCors(
        bucket=bucket,
        rules=rules,
        response_vary=configuration.response_vary,
        before=configuration.rules,
        before_response_vary=configuration.response_vary,
        planned_on=configuration.digest,
    )
    shadow = _shadow(configuration.rules, rules, asked)
    why = f"merge the stored rule {settings.rule} into {bucket}, for {asked.origin}{shadow}"
    return Act((write,), why, causes.diagnosis(cause, 0.95, evidence, facts))


def _against(stored: CorsRule, asked: Asked, event: Event, name: str | None) -> tuple[str, str] | None:
    """Why the stored rule would not help, whatever the bucket has: a sentence and its cause; None if it would."""
    if lacks := lacking(stored, asked):
        return f"the stored rule {name} does not allow {', '.join(lacks)}", "cors-stored-rule-does-not-cover"
    if _credentials(event) and "*" in stored.allowed_origins:
        why = "the page sends credentials, and browsers refuse a wildcard origin then"
        return why, "cors-wildcard-with-credentials"
    return None


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


def _shadow(before: tuple[CorsRule, ...], after: tuple[CorsRule, ...], asked: Asked) -> str:
    """The *actual* request has no header list: an earlier rule may answer it, with its own ExposeHeader and MaxAge."""
    simple = replace(asked, headers=())
    for number, rule in enumerate(before, 1):
        if asked.method is not None and rule in after and covers(rule, simple):
            return f" (rule {number} will still answer the actual request: its ExposeHeader and MaxAge apply)"
    return ""


def _credentials(event: Event) -> bool:
    return event.fields.get("credentials", "").lower() in ("include", "true")


def _derived(asked: Asked, event: Event) -> tuple[str, ...]:
    if event.origin_from == "referer":
        return (f"the access log has no Origin: {asked.origin} is taken from the Referer",)
    return ()


def _needed(asked: Asked) -> dict[str, object]:
    return {"origin": asked.origin, "method": asked.method, "headers": list(asked.headers)}


def _shown(rule: CorsRule) -> dict[str, object]:
    return {
        "origins": list(rule.allowed_origins),
        "methods": list(rule.allowed_methods),
        "headers": list(rule.allowed_headers),
    }


# ------------------------------------------------------------------------------------------------------- and after it


def _cause_before(receipt: Receipt, asked: Asked, event: Event) -> str:
    """Why the merge was needed: the rules as they were then."""
    assert isinstance(receipt.write, PutBucketCors)  # _last_merge sees to it
    return _cause(CorsConfiguration(receipt.write.before), asked, _by_message(event))[0]


def _last_merge(case: Case) -> Receipt | None:
    merges = [receipt for receipt in case.receipts if isinstance(receipt.write, PutBucketCors)]
    if not merges or (case.verified_at is not None and case.verified_at > merges[-1].at):
        return None  # that merge did its work once; what is refused now is another trouble
    return merges[-1]


def _changed_back(case: Case, view: Cors, settings: CorsSettings) -> Tell | None:
    """The stored rule was merged, and is gone, and that twice: two who write in turn never come to rest."""
    assert settings.stored is not None  # without a stored rule nothing is merged
    merges = [
        receipt
        for receipt in case.receipts
        if isinstance(receipt.write, PutBucketCors)
        and view.now() - receipt.at < FIGHT_WITHIN
        and present(CorsConfiguration(receipt.write.rules), settings.stored)
    ]
    if len(merges) < FIGHT:
        return None
    bucket = merges[-1].write.target
    why = f"the stored rule {settings.rule} was merged into {bucket} {len(merges)} times, and is gone each time"
    when = ", ".join(f"{receipt.at:%H:%M:%S}Z ({receipt.request_id or 'no request id'})" for receipt in merges)
    return Tell(why, causes.diagnosis("cors-rule-changed-back", 0.95, (why, f"accepted at {when}")))


def _after_merge(
    case: Case, view: Cors, configuration: CorsConfiguration, asked: Asked, settings: CorsSettings, receipt: Receipt
) -> Verdict:
    """The preflight does not pass yet: the change takes time to spread, or it did not help."""
    waited = view.now() - receipt.at
    cause = _by_message(case.event)
    if waited < PROPAGATION:
        pause = max(timedelta(seconds=1), waited)  # 1 s, 2 s, 4 s, ... in all
        return Wait(
            view.now() + min(pause, PROPAGATION - waited + timedelta(seconds=1)), "the change is spreading", cause
        )
    if settings.stored is not None and not present(configuration, settings.stored):
        return _merge(case.event, configuration, asked, settings)  # somebody has replaced it since
    why = (
        f"the rule was merged {waited.total_seconds():.0f} s ago, and the preflight of {asked.origin} is still refused"
    )
    return Tell(why, causes.diagnosis("cors-rule-present-not-effective", 0.9, (why,)))
