"""Features -> Diagnosis: weigh every cause of the code against the others and against "unknown".

A cause's score is its prior plus the weights of the signs that were found; the scores become confidences by softmax,
in which `unknown` takes part with a score of its own. So weak evidence stays weak, and two causes that fit alike share.
Which causes are weighed at all is in candidates.py; what else the text lets one compute, in findings.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ossmend.remediators.causes import candidates, contradictions, findings
from ossmend.remediators.causes.features import features
from ossmend.remediators.causes.model import Cause, Text
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.verdict import Diagnosis

MOST_CONFIDENT = 0.98
"""A text is never proof: it is a claim about the past."""
MOST_UNSUPPORTED = 0.69
"""A cause that nothing in the text speaks for is at best the commonest one: below what counts as sure."""
MOST_ALTERNATIVES = 6
LEAST_ALTERNATIVE = 0.02
USUAL = Text(
    "nothing in the text points elsewhere; it is a common cause of this code",
    "文本没有指向其他原因；这是该错误码的常见原因",
)
NOTHING = Text("nothing in the text speaks clearly for one cause", "文本中没有明确指向某一原因的依据")


@dataclass(frozen=True, slots=True)
class Weighed:
    """One cause with what was found for it."""

    cause: Cause
    confidence: float
    evidence: tuple[str, ...]
    supported: bool = False
    """Does anything in the text speak for it?"""


def weigh(causes: Iterable[Cause], found: Mapping[str, str], lang: str = "en", unknown: float = 0.0) -> list[Weighed]:
    """All causes, the likeliest first; their confidences and that of `unknown` add up to 1."""
    scored: list[tuple[float, Cause, tuple[str, ...], bool]] = []
    for cause in causes:
        if cause.prior is None:
            continue
        here = [sign for sign in cause.signs if sign.fits(found)]
        here.sort(key=lambda sign: -sign.weight)
        sentences = [sentence for sign in here if (sentence := sign.sentence(found, lang))]
        score, spoken = cause.prior + sum(sign.weight for sign in here), any(sign.weight > 0 for sign in here)
        scored.append((score, cause, tuple(dict.fromkeys(sentences)), spoken))
    most = max((score for score, *_ in scored), default=0.0)
    total = math.exp(unknown - most) + sum(math.exp(score - most) for score, *_ in scored)
    weighed = [Weighed(cause, math.exp(score - most) / total, said, spoken) for score, cause, said, spoken in scored]
    return sorted(weighed, key=lambda each: (-each.confidence, each.cause.id))


def diagnose(
    catalogue: Mapping[str, Cause],
    event: Event,
    others: Sequence[Event] = (),
    usage: Mapping[str, Mapping[str, int]] | None = None,
    lang: str = "en",
    around: str = "",
    world: Mapping[str, str] | None = None,
) -> Diagnosis:
    """What the text tells, and what the cloud said about it. `unknown` where no cause is likelier than none."""
    found = features(event, others, usage, around, world)
    chosen = candidates.choose(catalogue, event, found)
    weighed = weigh(chosen.causes, found, lang, chosen.unknown)
    contradiction = contradictions.of(event, catalogue)
    said = findings.of(event, found, lang, others, contradiction)
    why = tuple(each.words(lang) for each in chosen.why)
    if not weighed:
        facts = {**said.facts, "did_you_mean": chosen.meant} if chosen.meant else said.facts
        return _from(catalogue[chosen.otherwise], chosen.sure, (*said.first, *why, *said.evidence), chosen.open, facts)
    left = 1.0 - sum(each.confidence for each in weighed)
    best = weighed[0]
    if best.confidence < left:
        options = _alternatives(weighed, chosen.sure)
        evidence = (*said.first, NOTHING.words(lang), *said.evidence)
        return _from(catalogue["unknown"], round(left, 2), evidence, options, said.facts)
    most = MOST_CONFIDENT if best.supported else MOST_UNSUPPORTED
    confidence = round(min(best.confidence * chosen.sure, most, chosen.most), 2)
    evidence = (*said.first, *(best.evidence or (USUAL.words(lang),)), *why)
    facts = {**said.facts, **findings.about(best.cause, event)}
    return _from(best.cause, confidence, (*evidence, *said.evidence), _alternatives(weighed[1:], chosen.sure), facts)


def _alternatives(weighed: Sequence[Weighed], sure: float) -> tuple[tuple[str, float], ...]:
    named = [(each.cause.id, round(each.confidence * sure, 2)) for each in weighed[:MOST_ALTERNATIVES]]
    return tuple((name, confidence) for name, confidence in named if confidence >= LEAST_ALTERNATIVE)


def _from(
    cause: Cause,
    confidence: float,
    evidence: Sequence[str],
    alternatives: tuple[tuple[str, float], ...],
    facts: Mapping[str, Any],
) -> Diagnosis:
    return Diagnosis(
        cause=cause.id,
        confidence=confidence,
        evidence=tuple(dict.fromkeys(evidence)),
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
