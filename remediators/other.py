"""Every other refusal: which events are one trouble, and a case that tells a person. Nothing is written for it."""

from __future__ import annotations

from ossmend.remediators import causes
from ossmend.remediators.contract import Case, Event, Subject, Tell, View

ACCOUNT_CODES = ("UserDisable", "InDebt", "InDebtOverdue", "BucketDisable", "AbnormalBucketOwnerStatus")
"""Codes that speak of the whole account: one case for all its buckets."""


def subject_other(event: Event) -> Subject:
    """What makes events of a code without a remediator one case (design: section 4)."""
    if event.code == "SignatureDoesNotMatch":
        return Subject("signer", (event.access_key_id or "", event.client or "", event.user_agent or ""))
    if event.code == "AccessDenied":
        principal = event.fields.get("AccessDeniedDetail.AuthPrincipalDisplayName") or event.requester_id
        operation = event.fields.get("AccessDeniedDetail.AuthAction") or event.operation or event.method
        return Subject("denied", (event.bucket or "", principal or event.access_key_id or "", operation or ""))
    if event.code in ACCOUNT_CODES:
        return Subject("account", ())
    return Subject("code", (event.code or "", event.bucket or ""))


def plan_other(case: Case, _view: View) -> Tell:
    """Say what the text tells, with everything known; a person decides."""
    diagnosis = causes.diagnose_event(case.event, others=case.samples[:-1], usage=case.usage)
    what = case.code or "a refusal without a code"
    place = f" on {case.event.bucket}" if case.event.bucket else ""
    return Tell(f"{what}{place}: {causes.CAUSES[diagnosis.cause].title.en}", diagnosis)
