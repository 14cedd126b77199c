"""Every other refusal: which events are one trouble, and a case that tells a person. Nothing is written for it."""

from __future__ import annotations

from dataclasses import replace

from ossmend.remediators import causes
from ossmend.remediators.causes import correlation as company
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.verdict import Tell
from ossmend.remediators.contract.view import Now


def subject_other(event: Event) -> Subject:
    """What makes events of a code without a remediator one case: code and bucket (docs/pipeline.md#cases)."""
    return Subject("code", (event.code or "", event.bucket or ""))


def plan_other(case: Case, _view: Now) -> Tell:
    """Say what the text tells, with everything known; a person decides."""
    diagnosis = company.diagnosed(case)
    diagnosis = replace(diagnosis, evidence=(*diagnosis.evidence, *company.onset(case)))
    what = case.code or "a refusal without a code"
    place = f" on {case.event.bucket}" if case.event.bucket else ""
    return Tell(f"{what}{place}: {causes.worded(diagnosis).en}", diagnosis)
