"""Features -> Diagnosis: weigh every cause of the code against the others and against "unknown".

A cause's score is its prior plus the weights of the signs that were found; the scores become confidences by softmax,
in which `unknown` takes part with a score of its own. So weak evidence stays weak, and two causes that fit alike share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ossmend.remediators.causes.features import drift_of, features
from ossmend.remediators.causes.model import Cause
from ossmend.remediators.contract import Diagnosis, Event

UNKNOWN_SCORE = 0.0
MOST_CONFIDENT = 0.98
"""A text is never proof: it is a claim about the past."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """One cause with what was found for it."""

    cause: Cause
    confidence: float
    evidence: tuple[str, ...]


def weigh(causes: Iterable[Cause], found: dict[str, str]) -> list[Weighed]:
    """All causes, the likeliest first; their confidences and that of `unknown` add up to 1."""
    scored: list[tuple[float, Cause, tuple[str, ...]]] = []
    for cause in causes:
        score, evidence = cause.prior, []
        for sign in cause.signs:
            sentence = sign.found(found)
            if sentence is not None:
                score += sign.weight
                evidence += [sentence] if sign.weight > 0 else []
        scored.append((score, cause, tuple(evidence)))
    total = math.exp(UNKNOWN_SCORE) + sum(math.exp(score) for score, _, _ in scored)
    weighed = [Weighed(cause, math.exp(score) / total, evidence) for score, cause, evidence in scored]
    return sorted(weighed, key=lambda each: (-each.confidence, each.cause.id))


def diagnose(
    catalogue: Mapping[str, Cause],
    event: Event,
    others: Sequence[Event] = (),
    usage: Mapping[str, Mapping[str, int]] | None = None,
) -> Diagnosis:
    """What the text alone tells. `unknown` where no cause is likelier than none."""
    found = features(event, others, usage)
    weighed = weigh(_candidates(catalogue, event), found)
    if not weighed:
        return _from(catalogue[_fallback(event)], 0.9, (_no_cause(event),), (), {})
    left = 1.0 - sum(each.confidence for each in weighed)
    best, alternatives = weighed[0], [(each.cause.id, round(each.confidence, 2)) for each in weighed[1:4]]
    kept = tuple((name, confidence) for name, confidence in alternatives if confidence >= 0.1)
    if best.confidence < left:
        options = tuple((each.cause.id, round(each.confidence, 2)) for each in weighed[:3])
        return _from(
            catalogue["unknown"], round(left, 3), ("nothing in the text speaks clearly for one cause",), options, {}
        )
    confidence = round(min(best.confidence, MOST_CONFIDENT), 3)
    facts = _facts(event, best.cause)
    evidence = (*best.evidence, *_measured(facts)) or ("it is the usual cause of this code",)
    return _from(best.cause, confidence, evidence, kept, facts)


def _facts(event: Event, cause: Cause) -> dict[str, Any]:
    """What the text lets one compute: how far a clock is off, the narrowest statement that would allow a request."""
    facts: dict[str, Any] = {}
    drift = drift_of(event)
    if event.code == "RequestTimeTooSkewed" and drift is not None:
        facts["drift_seconds"] = drift
    action = event.fields.get("AccessDeniedDetail.AuthAction")
    if cause.id == "denied-ram-implicit" and action and event.bucket:
        about_object = event.key is not None and "Bucket" not in action and not action.startswith("oss:List")
        resource = f"acs:oss:*:*:{event.bucket}/{event.key}" if about_object else f"acs:oss:*:*:{event.bucket}"
        facts["statement"] = {"Effect": "Allow", "Action": [action], "Resource": [resource]}
    if endpoint := event.fields.get("Endpoint"):
        facts["endpoint"] = endpoint
    return facts


def _measured(facts: Mapping[str, Any]) -> tuple[str, ...]:
    if "drift_seconds" not in facts:
        return ()
    drift = facts["drift_seconds"]
    return (f"RequestTime minus ServerTime is {drift:+.0f} s: the client is {'behind' if drift < 0 else 'ahead'}",)


def _candidates(catalogue: Mapping[str, Cause], event: Event) -> list[Cause]:
    if event.fields.get("stranger"):
        return [catalogue["another-service"]]
    if event.code is None and event.ec:
        return [cause for cause in catalogue.values() if _knows_ec(cause, event.ec)]
    return [cause for cause in catalogue.values() if event.code in cause.codes]


def _knows_ec(cause: Cause, ec: str) -> bool:
    return any(sign.feature == "ec" and sign.weight > 0 and sign.regex.search(ec) for sign in cause.signs)


def _fallback(event: Event) -> str:
    return "no-code" if event.code is None else "unknown-code"


def _no_cause(event: Event) -> str:
    return "the refusal carries no OSS error code" if event.code is None else f"{event.code} is not in the catalogue"


def _from(
    cause: Cause,
    confidence: float,
    evidence: tuple[str, ...],
    alternatives: tuple[tuple[str, float], ...],
    facts: Mapping[str, Any],
) -> Diagnosis:
    return Diagnosis(
        cause=cause.id,
        confidence=confidence,
        evidence=evidence,
        next_steps={"en": tuple(t.en for t in cause.next_steps), "zh": tuple(t.zh for t in cause.next_steps)},
        avoid={"en": tuple(t.en for t in cause.avoid), "zh": tuple(t.zh for t in cause.avoid)},
        alternatives=alternatives,
        facts=facts,
    )


def named(
    cause: Cause,
    confidence: float,
    evidence: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    alternatives: tuple[tuple[str, float], ...] = (),
) -> Diagnosis:
    """A diagnosis that a remediator has come to by asking the cloud."""
    return _from(cause, confidence, tuple(evidence), alternatives, facts or {})
