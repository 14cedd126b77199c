"""Any text -> what it means: the events in it, each with its cause, next steps, and what the policies would do.

Reads only the text, unless live.py is given along. What may be written because of it is in proposals.py, how a person
sees it in page.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ossmend.daemon.explain import proposals
from ossmend.daemon.explain.gathered import Gathered, gathered
from ossmend.daemon.explain.passed_over import passed_over
from ossmend.daemon.explain.planning import decided_of
from ossmend.daemon.explain.where import Lines, when
from ossmend.daemon.host.redact import mask_key_id, printable
from ossmend.daemon.host.show import clean, subject_text
from ossmend.daemon.sources.parsers import told_in
from ossmend.daemon.sources.parsers.escapes import readable
from ossmend.remediators import causes
from ossmend.remediators.causes import correlation, near, preflights
from ossmend.remediators.causes.codeless import NO_CODE
from ossmend.remediators.contract.case import Case, Event
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.registry import Explained
from ossmend.remediators.contract.values import ANY_ACCOUNT
from ossmend.remediators.contract.verdict import Diagnosis

if TYPE_CHECKING:
    from ossmend.config.model import Config
    from ossmend.daemon.explain.live import Live

SOURCE = "explain"
SHORT = 5
"""In a text with so few refusals they all belong to one story; in a longer one only those of one client or key do."""
LONGEST_AROUND = 64 * 1024
"""How much of a text that tells of one refusal is read for what else it says about it."""
LONGEST_MISTYPED, MOST_WORDS = 2000, 10
"""Of a text without a code: so much of it, and so many of its words, may be a code that is spelled wrong."""
_WORD = regex(r"\b(?:[A-Z][a-z]{2,20}){2,5}\b")
MOST_BESIDE = 50
"""How many other refusals one is looked at with: a log of a million must not be compared with itself."""


def explain_text(
    text: str, *, config: Config | None = None, lang: str = "en", live: Live | None = None
) -> dict[str, Any]:
    """{"events": [...]}, one for each refused request, in order of appearance; null where the text does not say. Each
    has the case that the daemon would make of it and the others like it, as an audit counts them.

    With `live` the cloud is asked about them, by reads alone.
    """
    domains = config.domains_of(ANY_ACCOUNT) if config is not None else {}
    found = told_in(text, source=SOURCE, now=datetime.now(UTC), domains=domains)
    events, passed = [told.event for told in found], passed_over(text, found, domains)
    company, lines = _Company(events, gathered(events, config, without=passed)), Lines(text)
    around = readable(text[:LONGEST_AROUND]) if len(events) == 1 else ""
    reported = [_explained(number, company, around, config, lang, live) for number in range(len(events))]
    for number, (told, report) in enumerate(zip(found, reported, strict=True)):
        report.update(when(told.event, zoneless=told.zoneless))
        report["passed_over"] = number in passed
        report["lines"] = lines.of(told) if told.event.shape != proposals.BARE else None
    for case in company.cases:
        witness = _witness(case, events)
        whole = _case(case, reported, witness, config, lang)
        for number in case.refusals:
            same = events[number].code == events[witness].code
            reported[number]["case"] = whole if same else whole | {"diagnosis": None}
        _agree([reported[number] for number in case.refusals])
    return {"events": reported}


def _witness(of: Gathered, events: Sequence[Event]) -> int:
    """Which refusal speaks for its case: the newest that has a code; a browser's console, which has none, only where
    OSS has answered nothing.
    """
    return next((number for number in reversed(of.refusals) if events[number].code is not None), of.refusals[-1])


def _case(
    of: Gathered, reported: Sequence[dict[str, Any]], witness: int, config: Config | None, lang: str
) -> dict[str, Any]:
    """What an audit has of it, too. One of its refusals speaks for it, unless its plan says it of all."""
    case, speaks = of.case, reported[witness]
    decided = decided_of(_told_by_oss(case), config, lang) if case.events > 1 and not speaks["asked_cloud"] else None
    whole = speaks["diagnosis"] if decided is None else _said(decided)
    return {
        "number": case.id,
        "policy": case.policy,
        "subject": subject_text(case.subject),
        "events": case.events,
        "cause": whole["cause"],
        "confidence": whole["confidence"],
        "diagnosis": None if decided is None else whole,
    }


def _told_by_oss(case: Case) -> Case:
    """The case, with the newest answer of OSS's as its newest sample: a console says nothing of an answer."""
    told = next((each for each in reversed(case.samples) if each.code is not None), case.event)
    return replace(case, samples=(*(each for each in case.samples if each is not told), told))


def _agree(reported: Sequence[dict[str, Any]]) -> None:
    """One policy writes in one case on one condition: that of OSS's own answer, where a console stands beside one."""
    told = [each for each in reported if not each["asked_cloud"]]
    notes = {
        (write["operation"], write["policy"]): write["note"]
        for each in told
        if each["code"] is not None
        for write in each["writes"]
    }
    for write in (write for each in told for write in each["writes"]):
        write["note"] = notes.get((write["operation"], write["policy"]), write["note"])


def _explained(
    number: int, company: _Company, around: str, config: Config | None, lang: str, live: Live | None
) -> dict[str, Any]:
    event, others = company.events[number], company.of(number)
    usage = company.usage(number)
    diagnosis = causes.diagnose_event(event, others=others, usage=usage, lang=lang, around=around)
    found = live.found(event, others, diagnosis, lang) if live is not None and event.shape != proposals.BARE else None
    told = Explained(event, diagnosis, around)
    writes = proposals.of(told, others, config, lang) if found is None else found.writes
    meant = _meant(around) if diagnosis.cause == NO_CODE and event.shape != proposals.BARE else None
    key_id = mask_key_id(printable(event.access_key_id)) if event.access_key_id else None
    said = _said(diagnosis if found is None else found.diagnosis)
    if found is not None and "contradiction" in diagnosis.facts:
        _keep_contradiction(said, diagnosis)
    if meant is not None:
        said["facts"]["did_you_mean"] = meant
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
        "time": None,
        "time_from": None,
        "shape": event.shape,
        "diagnosis": said,
        "asked_cloud": found is not None,
        "case": None,
        "writes": writes,
    }


def _meant(text: str) -> str | None:
    """The code that a word of a pasted text is nearly: asked, and never believed. A log is not read so."""
    words = dict.fromkeys(_WORD.findall(text[:LONGEST_MISTYPED]))
    return next((code for word in list(words)[:MOST_WORDS] if (code := near.nearest(word, causes.CODES))), None)


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


class _Company:
    """Which other refusals of a text tell something about one of them: those that the daemon weighs it with. Where
    nobody says that they belong together, a text that somebody has pasted may say so by being short.
    """

    def __init__(self, events: Sequence[Event], cases: list[Gathered]) -> None:
        self.events, self.cases = events, cases
        self._of = {number: each for each in cases for number in each.refusals}
        self._few = len(events) <= SHORT
        self._of_code: dict[str | None, list[Event]] = {}
        for event in events:
            alike = self._of_code.setdefault(event.code, [])
            if len(alike) < MOST_BESIDE:
                alike.append(event)

    def of(self, number: int) -> list[Event]:
        """Its case's and its neighbours', and one of each other code that belongs to the same story."""
        event, mine = self.events[number], self._of.get(number)
        found = list(mine.beside(event)) if mine is not None else []
        there = {each.code for each in found}
        for code, events in self._of_code.items():
            if code != event.code and code not in there:
                story = [other for other in events if _one_story(event, other)]
                found += (story or (events if self._few else []))[:1]
        return found

    def usage(self, number: int) -> Mapping[str, Mapping[str, int]]:
        """Who runs into it, as far as its case and those beside it tell."""
        mine = self._of.get(number)
        return correlation.usage(mine.case) if mine is not None else {}


def _one_story(one: Event, other: Event) -> bool:
    """The same key or the same client ran into both; or they are one preflight, told by the browser and by OSS."""
    if preflights.are_one_trouble(one, other):
        return True
    pairs = ((one.access_key_id, other.access_key_id), (one.client, other.client))
    return any(mine is not None and mine == theirs for mine, theirs in pairs)
