"""InvalidObjectState: the object is archived. Ask OSS to restore it, then wait until it really reads again.

OSS answers HEAD with 200 for a frozen object, cannot tell "never asked" from "expired" or "lost", and may take longer
than a tier's reference time. So the state is read anew each time, time passed is never a failure, and it is over only
when one byte has been read (docs/facts.md#restore-states).
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ossmend.remediators import agreement, batch_restore, causes
from ossmend.remediators.causes.restoring import timed
from ossmend.remediators.contract.case import Case, Event, Origin, Reading, Receipt, Subject
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.registry import Explained, OptIn, Proposal, remedies
from ossmend.remediators.contract.values import Missing, ObjectRef, ObjectState
from ossmend.remediators.contract.verdict import Act, Done, Tell, Verdict, Wait
from ossmend.remediators.contract.view import Batches, Objects
from ossmend.remediators.contract.write import Place
from ossmend.remediators.writes.restore_object import RestoreObject, Tier

if TYPE_CHECKING:
    from ossmend.remediators.settings.restore import RestoreSettings

FIRST_LOOK = timedelta(seconds=2)
CADENCE = {
    "Archive": timedelta(seconds=20),
    "ColdArchive/Expedited": timedelta(minutes=3),
    "ColdArchive": timedelta(minutes=15),
    "DeepColdArchive": timedelta(minutes=30),
}
"""How often a restore is looked at once it has been running for a while: a fraction of what the class takes."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOST_AFTER = timedelta(seconds=60)
"""OSS showed no trace of a restore it had accepted: wait this long before calling it lost."""
MOST_RESTORES_LOST = 2
DAYS = {"Archive": 7, "ColdArchive": 365, "DeepColdArchive": 365}
TIERS: dict[str, tuple[str, ...]] = {
    "Archive": (),
    "ColdArchive": ("Expedited", "Standard", "Bulk"),
    "DeepColdArchive": ("Expedited", "Standard"),
}


def subject(event: Event, _settings: RestoreSettings) -> Subject:
    """The object; a version of its own where one was asked for."""
    return Subject("object", (event.bucket or "", event.key or "", event.version_id or ""))


_COPYING = regex(
    r"(?i)copy_?object|uploadpartcopy|(?:server|oss)[- ]side copy|(?:fail(?:ed|s|ure)? to|cannot|could not) copy"
    r"|copy (?:fail|from|to\b)"
    r"|copying |\bcp (?:-\w{1,9} ){0,4}oss://|拷贝|复制"
)
"""The program was copying: whatever object the text names may be the target."""
DOUBT = 0.25
"""When a copy is at least this likely, the named object may be its target, which must not be restored."""


def proposes(told: Explained, _settings: RestoreSettings | None) -> Proposal | None:
    """The restore of the object that the text names, by more than prose and by one reading alone; of the source of a
    copy, never of its target.
    """
    if causes.CAUSES[told.diagnosis.cause].cure != "RestoreObject":
        return None
    refs = _frozen_by_text(told)
    if len({(ref.bucket, unquote(ref.key), ref.version_id) for ref in refs}) != 1:
        return None  # none, or several: the world decides between them
    places = tuple(Place(ref.bucket, ref.key, ref.version_id) for ref in refs)
    return Proposal("RestoreObject", str(refs[0]), places, "if the object is still frozen when it is looked at")


def _frozen_by_text(told: Explained) -> list[ObjectRef]:
    """The object that was to be read, once for each way of reading it."""
    event = told.event
    copied = dict(told.diagnosis.alternatives).get("copy-source-archived", 0.0)
    if is_copy(event) or event.method == "PUT" or _COPYING.search(f"{event.sample}\n{told.around}"):
        source = copy_source(event)  # a PUT that reads an object is a copy; bucket and key are its target's
        return [source] if source is not None and agreement.copy_source_named(event) else []
    another_version = told.diagnosis.cause == "archived-version" and event.version_id is None
    if copied >= DOUBT or told.diagnosis.cause == "copy-source-archived" or another_version:
        return []  # the named object may be the target of a copy, or another version is meant
    refs = [reading.ref for reading in agreement.naming(agreement.readings(event))]
    return [] if any(agreement.borrows_its_bucket(event, ref) for ref in refs) else refs


@remedies(
    "InvalidObjectState",
    subject=subject,
    section="restore",
    writes=("RestoreObject",),
    opt_in=(OptIn("CreateJob", "batch"), OptIn("UpdateJobStatus", "batch")),
    proposes=proposes,
    asks=("object", "reads", "archive_direct_read", "lifecycle_rules"),
)
def plan(case: Case, view: Batches, settings: RestoreSettings) -> Verdict:
    """Look at the object and say what follows; of a batch job, at that."""
    if case.subject.kind == "batch":
        return batch_restore.plan(case, view, settings.batch)
    meant = _meant(case.event, view)
    if isinstance(meant, Tell):
        return _followed(case, meant, view, settings)
    return _judged(case, meant, view, settings)


def _judged(case: Case, ref: ObjectRef, view: Objects, settings: RestoreSettings) -> Verdict:
    """What the object's state asks for."""
    state = view.object(ref)
    if isinstance(state, Missing):
        return _missing(ref, state)
    match state.restore:
        case _ if state.storage_class not in DAYS:
            return _not_archived(ref, state, view)
        case "restored":
            return _restored(case, state, view, settings)
        case "ongoing":
            why = f"OSS is restoring {ref} ({state.storage_class})"
            return Wait(_next_look(case, state, view.now(), settings), why, "restoring")
        case _:
            return _frozen(case, state, view, settings)


# ------------------------------------------------------------------------------------------------ which object is meant


def is_copy(event: Event) -> bool:
    """A refused CopyObject or UploadPartCopy: its *source* is frozen, and bucket and key name the target."""
    return (event.operation or "") in ("CopyObject", "UploadPartCopy") or "x-oss-copy-source" in event.fields


def copy_source(event: Event) -> ObjectRef | None:
    """The object that a refused copy wanted to read; None where the text does not name it, or it is another bucket's.

    The policy was matched on the target's bucket: another bucket is not its to touch.
    """
    source = event.fields.get("x-oss-copy-source", "").lstrip("/")
    bucket, slash, rest = source.partition("/")
    key, _, version = rest.partition("?versionId=")
    if not (bucket and slash and key) or bucket != event.bucket:
        return None
    return ObjectRef(bucket, key, version or None)


def _meant(event: Event, view: Objects) -> ObjectRef | Tell:
    """The one object that may be restored, or what a person is told."""
    if is_copy(event):
        return _copied(event)
    meant = agreement.one(event, view, lambda state: state.storage_class in DAYS)
    if meant is not None:
        return meant
    why = "the text does not say which object is archived"
    return Tell(why, causes.diagnosis("object-unnamed", 0.9, (why,)))


def _copied(event: Event) -> ObjectRef | Tell:
    ref = copy_source(event)
    if ref is None:
        why = "a copy was refused because its source is archived, and the text does not name the source"
        return Tell(why, causes.diagnosis("copy-source-archived", 0.8, (why,)))
    if not agreement.copy_source_named(event):
        return agreement.in_prose((Reading(ref, Origin.PROSE),))
    return ref


def _followed(case: Case, told: Tell, view: Objects, settings: RestoreSettings) -> Verdict:
    """What this case has restored before is followed to its end, also where today's text would be no ground for it (an
    older ossmend stored it, or a new sample reads otherwise). But nothing is written on such ground again.
    """
    receipt = _last_restore(case)
    if receipt is None or not isinstance(receipt.write, RestoreObject):
        return told
    verdict = _judged(case, receipt.write.ref, view, settings)
    return told if isinstance(verdict, Act) else verdict


def _missing(ref: ObjectRef, missing: Missing) -> Tell:
    why = f"{ref}: OSS says that there is no such {missing.what}"
    return Tell(why, causes.diagnosis("object-missing", 0.95, (why,)))


# ---------------------------------------------------------------------------------------------------------- its states


def _not_archived(ref: ObjectRef, state: ObjectState, view: Objects) -> Verdict:
    if view.reads(ref):
        return Done(f"{ref} is {state.storage_class} now and reads", "not-archived")
    why = f"{ref} is {state.storage_class} and still does not read"
    return Tell(why, causes.diagnosis("not-archived", 0.6, (why,), {"storage_class": state.storage_class}))


def _restored(case: Case, state: ObjectState, view: Objects, settings: RestoreSettings) -> Verdict:
    ref, now = state.ref, view.now()
    if not view.reads(ref):
        return Wait(_next_look(case, state, now, settings), f"{ref} is restored, but does not read yet", "restoring")
    cause = "never-restored" if case.receipts else "already-readable"
    until = state.until
    told = f"until {until:%Y-%m-%d %H:%M}Z" if until else "now"
    return Done(f"{ref} reads again {told}", cause, watch_until=until)


def _frozen(case: Case, state: ObjectState, view: Objects, settings: RestoreSettings) -> Verdict:
    ref, now = state.ref, view.now()
    if state.storage_class == "Archive" and view.archive_direct_read(ref.bucket) and view.reads(ref):
        return Done(f"{ref} reads by archive direct read", "direct-read-on")
    receipt = _last_restore(case)
    if receipt is None:
        return _restore(state, settings, "never-restored", f"{ref} is {state.storage_class} and was not restored")
    if case.verified_at is not None and case.verified_at >= receipt.at:
        return _refrozen(case, state, view, settings)
    return _vanished(case, state, receipt, now, settings)


def _last_restore(case: Case) -> Receipt | None:
    restores = [receipt for receipt in case.receipts if isinstance(receipt.write, RestoreObject)]
    return restores[-1] if restores else None


def _restore(state: ObjectState, settings: RestoreSettings, cause: str, why: str) -> Act:
    tier = tier_for(state.storage_class, settings)
    write = RestoreObject(
        bucket=state.ref.bucket,
        key=state.ref.key,
        version_id=state.ref.version_id,
        days=min(settings.days, DAYS[state.storage_class]),
        tier=tier,
        storage_class=state.storage_class,
        size=state.size,
        planned_on=state.digest,
    )
    evidence = (f"HEAD of {state.ref}: storage class {state.storage_class}, no restore running and none in effect",)
    facts = {"storage_class": state.storage_class, "size": state.size, "tier": tier}
    return Act((write,), why, timed(causes.diagnosis(cause, 0.97, evidence, facts), state.storage_class, tier))


def tier_for(storage_class: str, settings: RestoreSettings) -> Tier | None:
    """The tier to ask for: None for Archive, and never one that the class does not know."""
    tiers = TIERS[storage_class]
    if not tiers:
        return None
    return settings.tier if settings.tier in tiers else "Standard"


def _refrozen(case: Case, state: ObjectState, view: Objects, settings: RestoreSettings) -> Verdict:
    """The readable copy has expired. Only somebody who asked for it since then makes that a trouble."""
    ref = state.ref
    assert case.verified_at is not None  # what makes it a re-freeze
    if case.last_seen <= case.verified_at:
        why = f"the restored copy of {ref} has expired, and nobody has asked for it since"
        return Done(why, "restored-copy-expired", well=False)
    why = f"{ref} was restored, its copy expired, and it was asked for again"
    if settings.on_refreeze == "extend":
        return _restore(state, settings, "restored-copy-expired", why)
    rules = [rule for rule in view.lifecycle_rules(ref.bucket) if rule.may_have_moved(ref.key, state.storage_class)]
    evidence = [
        f"last verified read {case.verified_at:%Y-%m-%d %H:%M}Z, asked for again {case.last_seen:%Y-%m-%d %H:%M}Z"
    ]
    evidence += [f"lifecycle rule of the bucket: {rule}" for rule in rules]
    facts = {"storage_class": state.storage_class}
    if rules and state.transitioned:
        return Tell(why, causes.diagnosis("archived-by-lifecycle", 0.95, tuple(evidence), facts))
    if any(not rule.conditional for rule in rules):
        # OSS dates the move of the cold classes alone, and not of every object: it may have been written archived
        evidence.append("OSS does not say when the object came into its class")
        return Tell(why, causes.diagnosis("archived-by-lifecycle", 0.8, tuple(evidence), facts))
    return Tell(why, causes.diagnosis("restored-copy-expired", 0.95, tuple(evidence), facts))


def _vanished(case: Case, state: ObjectState, receipt: Receipt, now: datetime, settings: RestoreSettings) -> Verdict:
    """OSS took a restore and shows no trace of it: expired unseen, or lost. Never done."""
    ref, write = state.ref, receipt.write
    assert isinstance(write, RestoreObject)  # _last_restore sees to it
    if now - receipt.at > timedelta(days=write.days):
        if case.last_seen <= receipt.at + timedelta(days=write.days):
            why = f"the restored copy of {ref} has expired before anybody looked"
            return Done(why, "restored-copy-expired", well=False)
        return _restore(
            state, settings, "restored-copy-expired", f"{ref} was restored, expired unseen, and is asked for again"
        )
    if now - receipt.at < LOST_AFTER:
        return Wait(
            _next_look(case, state, now, settings),
            f"OSS took the restore of {ref} and does not show it yet",
            "restoring",
        )
    restores = [each for each in case.receipts if isinstance(each.write, RestoreObject)]
    if len(restores) < MOST_RESTORES_LOST:
        return _restore(state, settings, "restore-lost", f"OSS took the restore of {ref} and lost it")
    why = f"OSS took {len(restores)} restores of {ref} and shows no trace of them"
    return Tell(why, causes.diagnosis("restore-lost", 0.8, (why, f"request id {receipt.request_id or 'unknown'}")))


# --------------------------------------------------------------------------------------------------------------- pace


def _next_look(case: Case, state: ObjectState, now: datetime, settings: RestoreSettings) -> datetime:
    """From 2 s after the restore, doubling to the class's cadence; then all of a bucket at the same moments."""
    if settings.poll is not None:
        return _tick(state.ref.bucket, now, settings.poll)
    receipt = _last_restore(case)
    tier = receipt.write.tier if receipt is not None and isinstance(receipt.write, RestoreObject) else None
    cadence = CADENCE.get(f"{state.storage_class}/{tier}", CADENCE.get(state.storage_class, CADENCE["Archive"]))
    running = now - (receipt.at if receipt is not None else case.opened_at)
    pause = min(max(running, FIRST_LOOK), cadence)
    if pause < cadence:
        return now + pause  # keys that were restored together stay together: one list call answers for all of them
    return _tick(state.ref.bucket, now, cadence)


def _tick(bucket: str, now: datetime, cadence: timedelta) -> datetime:
    """The bucket's next moment: whatever was restored when, a list page finds as many of ours on it as there can be.
    Spread over the cadence by case, the same keys would cost many times the pages. Buckets are apart.
    """
    apart = timedelta(milliseconds=zlib.crc32(bucket.encode()) % (cadence // timedelta(milliseconds=1)))
    ticks = (now - apart - EPOCH) // cadence
    return EPOCH + apart + (ticks + 1) * cadence
