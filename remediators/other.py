"""Every other refusal: which events are one trouble, and a case that tells a person. Nothing is written for it.

What is told of a bucket that is not there is the same for every code, and stands here, too.
"""

from __future__ import annotations

from dataclasses import replace

from ossmend.remediators import causes
from ossmend.remediators.causes import correlation as company
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.verdict import Refused, Tell
from ossmend.remediators.contract.view import Now

NO_BUCKET = "NoSuchBucket"


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


def gone(bucket: str, refused: Refused) -> Tell:
    """OSS knows no bucket of that name, in any account: a typing error, or it was deleted. Nothing can be repaired."""
    diagnosis = causes.diagnosis("no-such-bucket", 1.0, answered(refused), {"bucket": bucket})
    return Tell(f"there is no bucket {bucket}", diagnosis)


def answered(refused: Refused) -> tuple[str]:
    """The evidence that a question of our own was refused."""
    return (f"our own {refused.operation} was refused: {refused.code} {refused.request_id or ''}".strip(),)
