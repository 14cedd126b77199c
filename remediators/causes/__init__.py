"""The catalogue of causes: knowledge as data, one file per family, weighed by engine.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from itertools import chain
from typing import Any

from ossmend.remediators.causes import (
    access_denied,
    access_denied_request,
    access_key,
    account,
    agreement,
    archive,
    clock,
    cors,
    engine,
    general,
    image,
    other_403,
    requests_400,
    s3_client,
    signature,
    sureness,
    token,
)
from ossmend.remediators.causes import other_codes as neighbours
from ossmend.remediators.causes.model import Cause, Text
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.verdict import Diagnosis

FAMILIES = (
    archive, agreement, cors, access_key, clock, access_denied, access_denied_request, signature, image, account, token,
    other_403, s3_client, requests_400, neighbours, general,
)  # fmt: skip
"""The data files, in the order in which docs/causes.md tells them."""


CAUSES: Mapping[str, Cause] = {cause.id: cause for cause in chain.from_iterable(each.CAUSES for each in FAMILIES)}
"""Every cause by its id."""

CODES = frozenset(code for cause in CAUSES.values() for code in cause.codes)
"""Every code that the catalogue explains."""


SPOKEN: ContextVar[str] = ContextVar("spoken", default="en")
"""The language of evidence where the caller names none: a remediator does not know who asks. The journal is English."""


def diagnosis(
    cause_id: str,
    confidence: float,
    evidence: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    alternatives: tuple[tuple[str, float], ...] = (),
) -> Diagnosis:
    """A diagnosis that names one cause of the catalogue. Raises KeyError for an id that is not in it."""
    return engine.named(CAUSES[cause_id], confidence, evidence, facts, alternatives)


def diagnose_event(
    event: Event,
    *,
    others: Sequence[Event] = (),
    usage: Mapping[str, Mapping[str, int]] | None = None,
    lang: str | None = None,
    around: str = "",
    world: Mapping[str, str] | None = None,
) -> Diagnosis:
    """What the text of one event tells, with the others of its case beside it; evidence in `lang` (en, zh), else SPOKEN.

    `around` is more of the text than the event's sample, where all of it is about this one refusal. `world` is what
    the cloud said when it was asked: features whose names begin with `cloud.`.
    """
    return engine.diagnose(CAUSES, event, others, usage, lang or SPOKEN.get(), around, world)


def worded(said: Diagnosis) -> Text:
    """The title of its cause, in words as sure as its confidence."""
    return sureness.worded(said.cause, CAUSES[said.cause].title, said.confidence)
