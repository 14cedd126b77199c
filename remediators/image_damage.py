"""ImageDamage: is the stored picture damaged, cut off, too large, no picture, or missing? Offers the last good version.

The object is fetched within OSS's own size limit, looked at and decoded, and OSS is asked again: it is stricter than
any viewer. Where the bucket keeps versions, the newest one that decodes may be copied back; a person approves that,
unless the policy says `restore_version: enforce` (docs/facts.md#images).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ossmend.remediators import agreement, causes
from ossmend.remediators.causes import correlation as company
from ossmend.remediators.contract.answers import ImageAnswer, ImageCheck, ObjectVersion
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.registry import Explained, OptIn, Proposal, remedies
from ossmend.remediators.contract.values import Missing, ObjectRef, shortened
from ossmend.remediators.contract.verdict import Act, Diagnosis, Done, Refused, Tell, Verdict
from ossmend.remediators.contract.view import Pictures
from ossmend.remediators.contract.write import Place
from ossmend.remediators.writes.restore_version import RestoreVersion, versions_digest

if TYPE_CHECKING:
    from ossmend.remediators.settings.image import ImageSettings

CAUSE_OF = {
    "empty": "image-truncated",
    "zeros": "image-damaged",
    "truncated": "image-truncated",
    "damaged": "image-damaged",
    "not-an-image": "image-not-an-image",
    "unsupported": "image-unsupported",
    "too-large": "image-too-large",
}
"""What was found in the bytes -> the catalogue's cause."""
CURED_BY_A_VERSION = frozenset({"empty", "zeros", "truncated", "damaged", "not-an-image"})
MOST_VERSIONS = 5
"""Older versions that are fetched and decoded, at most."""


def subject(event: Event, _settings: ImageSettings) -> Subject:
    if event.object is None:
        return Subject("code", ("ImageDamage", event.bucket or ""))
    return Subject("object", (event.object.bucket, event.object.key, event.object.version_id or ""))


def proposes(told: Explained, settings: ImageSettings | None) -> Proposal | None:
    """The copy of an older version over the one object that the text names, where its cause is one that this cures."""
    curable = {CAUSE_OF[verdict] for verdict in CURED_BY_A_VERSION}
    refs = {reading.ref for reading in agreement.naming(agreement.readings(told.event))}
    if told.diagnosis.cause not in curable or len(refs) != 1:
        return None
    (ref,) = refs
    if ref.version_id or agreement.borrows_its_bucket(told.event, ref):
        return None
    only_if = "if the object is damaged indeed and the bucket keeps an older version that decodes"
    if settings is None or settings.restore_version == "approve":
        only_if += "; a person approves it"
    return Proposal("RestoreVersion", str(ref), (Place(ref.bucket, ref.key),), only_if)


@remedies(
    "ImageDamage",
    subject=subject,
    section="image",
    opt_in=(OptIn("RestoreVersion", "restore_version", ("approve", "enforce")),),
    proposes=proposes,
    statuses=(400, 403),
    asks=("object", "image", "processes", "versions"),
)
def plan(case: Case, view: Pictures, settings: ImageSettings) -> Verdict:
    """Look at the picture; tell what it is; offer the last good version."""
    meant = agreement.one(case.event, view, lambda _state: True)
    if meant is None or (isinstance(meant, Tell) and case.event.object is None):
        return _tell(case, company.diagnosed(case), "the text does not name the object")
    if isinstance(meant, Tell):
        return _guessed(case, view, settings.only_telling(), meant)
    return _looked(case, view, settings, meant)


def _guessed(case: Case, view: Pictures, settings: ImageSettings, meant: Tell) -> Verdict:
    """Which object is meant is open: the likeliest is looked at, but a guess offers no write and ends no case."""
    guess = case.event.object
    assert guess is not None  # asked before
    verdict = _looked(case, view, settings, guess)
    if not isinstance(verdict, Tell):
        return meant
    told = verdict.diagnosis
    return replace(verdict, diagnosis=replace(told, evidence=(*told.evidence, meant.why)))


def _looked(case: Case, view: Pictures, settings: ImageSettings, ref: ObjectRef) -> Verdict:
    try:
        found = view.image(ref)
        if isinstance(found, Missing):
            evidence = (f"{ref} is not there: the {found.what} is missing",)
            return _tell(case, causes.diagnosis("image-source-missing", 0.95, evidence), "the source image is missing")
        answer = view.processes(ref)
    except Refused as refused:
        return _unfetched(case, refused)
    if answer.ok and found.verdict == "good":  # image/info alone reads the header: it proves nothing about the rest
        return Done("the image decodes, and OSS answers image/info for it", "image-damaged")
    diagnosis = _diagnosis(case, found, answer)
    if found.verdict not in CURED_BY_A_VERSION or ref.version_id:
        return _tell(case, diagnosis, found.says)
    return _with_version(case, view, settings, ref, diagnosis, found)


def _unfetched(case: Case, refused: Refused) -> Tell:
    """We may not read it, or it is archived by now: the text is all there is."""
    if refused.code == "InvalidObjectState":
        said = "the object is archived: it has to be restored before anybody can look at it"
    else:
        said = f"could not fetch it: our own {refused.operation} was refused with {refused.code}"
    told = company.diagnosed(case)
    return _tell(case, replace(told, evidence=(*told.evidence, said)), said)


def _diagnosis(case: Case, found: ImageCheck, answer: ImageAnswer) -> Diagnosis:
    """The bytes decide; where they seem good, OSS's own words do."""
    evidence = [f"fetched: {found.says}"]
    if found.intact is True and found.verdict != "good":
        evidence.append("its checksum is the one that OSS keeps: it was already damaged when it was stored")
    elif found.intact is False:
        evidence.append("its checksum is not the one that OSS keeps: what we fetched is not what was stored")
    if not answer.ok:
        evidence.append(shortened(f"image/info is answered with {answer.code}: {answer.message}", 300))
    facts: dict[str, Any] = {"verdict": found.verdict, "format": found.format, "size": found.size}
    facts |= {"width": found.width, "height": found.height} if found.width else {}
    cause = CAUSE_OF.get(found.verdict)
    if cause is not None and found.intact is not False:
        return causes.diagnosis(cause, 0.95, (*evidence, *_who(case)), facts)
    told = company.diagnosed(case, _as_answered(case.event, answer))
    if found.verdict == "good":
        evidence.append("it decodes here; OSS is stricter than most programs")
    return replace(told, evidence=(*evidence, *told.evidence), facts={**told.facts, **facts})


def _as_answered(event: Event, answer: ImageAnswer) -> Event:
    """The event with what OSS says now: newer than the log, and whole."""
    return replace(event, code="ImageDamage", message=answer.message) if answer.message else event


def _who(case: Case) -> tuple[str, ...]:
    """One client's uploads or everybody's (docs/facts.md#images)."""
    clients = company.usage(case).get("clients", {})
    return (f"asked for by {len(clients)} clients",) if len(clients) > 1 else ()


# ------------------------------------------------------------------------------------------------------ older versions


def _with_version(
    case: Case, view: Pictures, settings: ImageSettings, ref: ObjectRef, diagnosis: Diagnosis, found: ImageCheck
) -> Verdict:
    """Tell which version is good, and plan the copy where the settings allow it."""
    try:
        versions = view.versions(ref)
        good, said = _newest_good(view, ref, versions)
    except Refused as refused:
        said = f"could not look at older versions: our own {refused.operation} was refused: {refused.code}"
        good, versions = None, ()
    diagnosis = replace(diagnosis, evidence=(*diagnosis.evidence, said))
    if good is None or not versions:
        return _tell(case, diagnosis, found.says)
    diagnosis = replace(diagnosis, facts={**diagnosis.facts, "good_version": good.version_id})
    if settings.restore_version == "never" or case.receipts:
        return _tell(case, diagnosis, found.says)
    try:
        acl = view.object_acl(ref)
    except Refused as refused:
        lacking = (
            f"could not read the object's ACL, which a copy would lose: our own {refused.operation}: {refused.code}"
        )
        return _tell(case, replace(diagnosis, evidence=(*diagnosis.evidence, lacking)), found.says)
    current = versions[0]
    write = RestoreVersion(
        bucket=ref.bucket,
        key=ref.key,
        version_id=good.version_id,
        etag=good.etag,
        size=good.size,
        current=current.version_id,
        current_etag=current.etag,
        storage_class=current.storage_class,
        acl=acl,
        planned_on=versions_digest(current.version_id, current.etag),
    )
    why = f"{found.says}; version {good.version_id} decodes, and can be copied over it"
    return Act((write,), why, diagnosis, approve=settings.restore_version == "approve")


def _newest_good(
    view: Pictures, ref: ObjectRef, versions: tuple[ObjectVersion, ...]
) -> tuple[ObjectVersion | None, str]:
    """The newest older version that decodes, and a sentence of what was looked at."""
    older = [version for version in versions[1:] if not version.delete_marker]
    if not older:
        return None, "the bucket keeps no older version of it: only a new upload helps"
    frozen: list[str] = []
    for version in older[:MOST_VERSIONS]:
        try:
            found = view.image(ObjectRef(ref.bucket, ref.key, version.version_id))
        except Refused as refused:
            if refused.code != "InvalidObjectState":
                raise
            frozen.append(version.version_id)
            continue
        if isinstance(found, ImageCheck) and found.verdict == "good":
            return version, f"version {version.version_id} is good: {found.says}"
    looked = f"none of the {min(len(older), MOST_VERSIONS)} newest older versions decodes"
    archived = f"; archived, and not looked at: {', '.join(frozen)}" if frozen else ""
    return None, looked + archived


def _tell(case: Case, diagnosis: Diagnosis, why: str) -> Tell:
    place = f" {case.event.object}" if case.event.object else ""
    return Tell(f"ImageDamage{place}: {why}", diagnosis)
