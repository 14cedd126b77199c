"""Any text -> what it means: the events in it, each with its cause, next steps, and what the policies would do.

Reads only the text, unless live.py is given along. What may be written because of it is in proposals.py, how a person
sees it in page.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ossmend.daemon.explain import proposals
from ossmend.daemon.explain.where import Lines, when
from ossmend.daemon.host.redact import mask_key_id, printable
from ossmend.daemon.host.show import clean
from ossmend.daemon.sources.parsers import told_in
from ossmend.daemon.sources.parsers.escapes import readable
from ossmend.remediators import causes
from ossmend.remediators.causes import preflights
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.registry import Explained
from ossmend.remediators.contract.verdict import Diagnosis

if TYPE_CHECKING:
    from ossmend.config.model import Config
    from ossmend.daemon.explain.live import Live

SOURCE = "explain"
SHORT = 5
"""In a text with so few refusals they all belong to one story; in a longer one only those of one client or key do."""
LONGEST_AROUND = 64 * 1024
"""How much of a text that tells of one refusal is read for what else it says about it."""
MOST_BESIDE = 50
"""How many other refusals one is looked at with: a log of a million must not be compared with itself."""


def explain_text(
    text: str, *, config: Config | None = None, lang: str = "en", live: Live | None = None
) -> dict[str, Any]:
    """{"events": [...]}, one for each refused request, in order of appearance; null where the text does not say.

    With `live` the cloud is asked about them, by reads alone.
    """
    found = told_in(text, source=SOURCE, now=datetime.now(UTC))
    events = [told.event for told in found]
    correlation, lines = _Correlation(events), Lines(text)
    around = readable(text[:LONGEST_AROUND]) if len(events) == 1 else ""
    reported = [_explained(event, correlation, around, config, lang, live) for event in events]
    for told, report in zip(found, reported, strict=True):
        report["lines"] = lines.of(told) if told.event.shape != proposals.BARE else None
    return {"events": reported}


def _explained(
    event: Event, correlation: _Correlation, around: str, config: Config | None, lang: str, live: Live | None
) -> dict[str, Any]:
    others = correlation.of(event)
    diagnosis = causes.diagnose_event(event, others=others, lang=lang, around=around)
    found = live.found(event, others, diagnosis, lang) if live is not None and event.shape != proposals.BARE else None
    told = Explained(event, diagnosis, around)
    writes = proposals.of(told, others, config, lang) if found is None else found.writes
    key_id = mask_key_id(printable(event.access_key_id)) if event.access_key_id else None
    said = _said(diagnosis if found is None else found.diagnosis)
    if found is not None and "contradiction" in diagnosis.facts:
        _keep_contradiction(said, diagnosis)
    if event.code == "InvalidAccessKeyId" and key_id is not None:
        said["evidence"].insert(0, f"被拒绝的密钥是 {key_id}" if lang == "zh" else f"the refused key is {key_id}")
    return {
        "code": event.code,
        "ec": event.ec,
        "request_id": clean(event.request_id),
        "bucket": clean(event.bucket),
        "key": clean(event.key),
        "host": clean(event.host),
        "client": clean(event.client),
        "access_key_id": key_id,
        "operation": clean(event.operation),
        "status": event.status,
        **when(event),
        "shape": event.shape,
        "diagnosis": said,
        "writes": writes,
    }


def _said(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as JSON. What comes from a text or from the cloud is made safe; the catalogue's texts are ours."""
    return {
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence,
        "evidence": clean(list(diagnosis.evidence)),
        "next_steps": {lang: list(steps) for lang, steps in diagnosis.next_steps.items()},
        "avoid": {lang: list(steps) for lang, steps in diagnosis.avoid.items()},
        "alternatives": [
            {"cause": cause, "confidence": confidence, "title": causes.CAUSES[cause].title._asdict()}
            for cause, confidence in diagnosis.alternatives
        ],
        "facts": clean(dict(diagnosis.facts)),
        "title": causes.CAUSES[diagnosis.cause].title._asdict(),
    }


def _keep_contradiction(said: dict[str, Any], told: Diagnosis) -> None:
    """The cloud was asked about what the code says. That the text contradicts itself stays the first thing to know."""
    first = clean(told.evidence[0])
    said["facts"]["contradiction"] = clean(dict(told.facts["contradiction"]))
    said["evidence"] = [first, *(each for each in said["evidence"] if each != first)]


class _Correlation:
    """Which other refusals of a text tell something about one of them."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._few = len(events) <= SHORT
        self._of_code: dict[str | None, list[Event]] = {}
        counts: Counter[str | None] = Counter()
        for event in events:
            counts[event.code] += 1
            if counts[event.code] <= MOST_BESIDE:
                self._of_code.setdefault(event.code, []).append(event)

    def of(self, event: Event) -> list[Event]:
        """Those of the same code, and those of other codes that belong to the same story."""
        found: list[Event] = []
        for code, events in self._of_code.items():
            if code == event.code:
                found += [other for other in events if other is not event]
            else:
                story = [other for other in events if _one_story(event, other)]
                found += (story or (events if self._few else []))[:1]
        return found


def _one_story(one: Event, other: Event) -> bool:
    """The same key or the same client ran into both; or they are one preflight, told by the browser and by OSS."""
    if preflights.are_one_trouble(one, other):
        return True
    pairs = ((one.access_key_id, other.access_key_id), (one.client, other.client))
    return any(mine is not None and mine == theirs for mine, theirs in pairs)
