"""Very many frozen objects -> one of OSS's own batch jobs: made suspended, compared, released, watched to its end.

The daemon gathers cases of one policy, bucket, class, tier and days (daemon/stages/gather.py) and opens one more, of
the kind `batch`, which is planned here; invalid_object_state.py calls. A job's end closes no case: each object is
looked at as ever, and what is still frozen then is restored by a call of its own. Facts: docs/facts.md#batch-jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ossmend.remediators import causes
from ossmend.remediators.contract.answers import BatchJob
from ossmend.remediators.contract.case import Case, Receipt
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.values import Missing, ObjectState
from ossmend.remediators.contract.verdict import Act, Done, Verdict, Wait
from ossmend.remediators.contract.view import Batches
from ossmend.remediators.contract.write import GIB
from ossmend.remediators.writes.create_job import CREATED, NO_JOB, CreateJob, description_of
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.remediators.writes.update_job_status import CANCELLABLE, UpdateJobStatus

if TYPE_CHECKING:
    from ossmend.remediators.settings.batch import BatchSettings

PATIENCE = timedelta(hours=24)
"""A job that nothing has released by then is cancelled; its objects are restored one by one."""
JOINING = timedelta(minutes=2)
"""So long it may take until all are there that have waited: the daemon takes a thousand cases a turn."""
SHOWN_AFTER = timedelta(seconds=60)
"""A job that was made and is not listed: so long it may only be late."""
PREPARING, ACTIVE = timedelta(seconds=5), timedelta(seconds=30)
"""How soon a job is looked at again."""
ENDED = ("Complete", "Cancelled", "Failed")
ENDING = ("Cancelling", "Failing", "Completing")
TOO_MUCH = "AliyunOSSBatchOperationBucketLevelJobRolePolicy"
"""A system policy that may write ACLs and policies of buckets: a job that restores needs nothing of it."""
PLAIN = regex(r"[A-Za-z0-9!$&'()*./:;=@_~-]{1,1023}")
"""Keys that mean the same in a list whether its reader decodes them or not, which is not documented. Others are
restored one by one."""


def may_be_listed(write: RestoreObject) -> bool:
    """May a job restore it? Not a version, not a class without tiers, not a key that a list could spell in two ways."""
    tiered = write.tier in ("Standard", "Bulk")
    return tiered and write.version_id is None and PLAIN.fullmatch(write.key) is not None


def plan(case: Case, view: Batches, batch: BatchSettings | None) -> Verdict:
    """Look for the job, and say what follows."""
    bucket, name = case.subject.parts[0], case.subject.parts[-1]
    jobs = view.batch_jobs(bucket, description_of(name))
    made = _made(case)
    job = _ours(jobs, made)
    strays = [each for each in jobs if each is not job and each.status not in (*ENDED, *ENDING)]
    if strays:
        why = f"{len(strays)} batch jobs of ours are not the one that is followed: they are cancelled"
        return _act([_cancel(case, stray) for stray in strays], why)
    if job is None:
        return _without_job(case, view, batch, made)
    if job.status in ENDED:
        counted = f"{job.succeeded} of {job.total} tasks succeeded" if job.total >= 0 else "before it had tasks"
        return _over(f"batch job {job.id} ended as {job.status}, {counted}: each object is looked at now")
    if job.status == "Suspended" and not _was_released(case):
        return _suspended(case, view, batch, job)
    pause = ACTIVE if job.status in ("Active", "Paused", "Ready") else PREPARING
    return Wait(view.now() + pause, f"batch job {job.id} is {job.status}", "restoring")


def _made(case: Case) -> Receipt | None:
    found = [receipt for receipt in case.receipts if isinstance(receipt.write, CreateJob)]
    return found[-1] if found else None


def _was_released(case: Case) -> bool:
    return any(isinstance(each.write, UpdateJobStatus) and each.write.status == "Ready" for each in case.receipts)


def _ours(jobs: Sequence[BatchJob], made: Receipt | None) -> BatchJob | None:
    """The job that the journal holds: by its id, or where that answer was lost, the oldest of its description."""
    if made is None or not isinstance(made.write, CreateJob):
        return None
    if made.outcome.startswith(CREATED):
        return next((job for job in jobs if job.id == made.outcome.removeprefix(CREATED)), None)
    return next((job for job in jobs if job.description == made.write.description), None)


# ---------------------------------------------------------------------------------------------------- there is no job


def _without_job(case: Case, view: Batches, batch: BatchSettings | None, made: Receipt | None) -> Verdict:
    now = view.now()
    if made is not None and now - made.at < SHOWN_AFTER:
        return Wait(now + PREPARING, "OSS took the batch job and does not list it yet", "restoring")
    if made is not None:
        return _over("OSS lists the batch job no more: each object is looked at now")
    if batch is None:
        return _over("the policy has no batch jobs any more: its objects are restored one by one")
    if now - case.opened_at > PATIENCE:
        return _over("no batch job could be made within 24 h: its objects are restored one by one")
    if TOO_MUCH in (view.role_policies(batch.role) or ()):
        return _over(f"role {batch.role} has {TOO_MUCH}, which may change buckets: no batch job is made with it")
    return _create(case, view, batch)


def _create(case: Case, view: Batches, batch: BatchSettings) -> Verdict:
    bucket, storage_class, tier, days, _, name = case.subject.parts
    now = view.now()
    if len(case.members) < batch.at_least and now - case.opened_at < JOINING:
        return Wait(now + PREPARING, "other objects are still joining the batch job", "restoring")
    frozen = _frozen(case, view)
    if len(frozen) < batch.at_least:
        return _over(f"only {len(frozen)} of the objects are still frozen: they are restored one by one")
    write = CreateJob(
        bucket=bucket,
        keys=tuple(sorted(state.ref.key for state in frozen)),
        days=int(days),
        tier="Bulk" if tier == "Bulk" else "Standard" if tier else None,
        storage_class=storage_class,
        size=sum(state.size for state in frozen),
        role_arn=batch.role_arn,
        into=batch.bucket,
        prefix=batch.prefix,
        name=name,
        planned_on=NO_JOB,
    )
    return _act([write], f"{len(frozen)} objects of {bucket} are {storage_class} and frozen: one batch job for them")


def _frozen(case: Case, view: Batches) -> list[ObjectState]:
    """Of the cases that wait for the job, the objects that are as they were when they were gathered."""
    found = []
    for ref in case.members:
        state = view.object(ref)
        if isinstance(state, Missing) or state.restore != "none":
            continue
        if state.storage_class == case.subject.parts[1] and PLAIN.fullmatch(ref.key):
            found.append(state)
    return found


# ------------------------------------------------------------------------------------------------- the job is suspended


def _suspended(case: Case, view: Batches, batch: BatchSettings | None, job: BatchJob) -> Verdict:
    """Nothing is restored yet. Release it if it is what was planned; brakes and perhaps a person have their word."""
    made = _made(case)
    assert made is not None  # what makes the job ours
    planned = made.write
    assert isinstance(planned, CreateJob)  # _made sees to it
    problem = _problem(job, planned, _frozen(case, view), batch, view.now() - made.at)
    if problem is not None:
        return _act([_cancel(case, job)], f"batch job {job.id} is cancelled: {problem}")
    write = UpdateJobStatus(
        bucket=planned.bucket,
        job_id=job.id,
        description=job.description,
        status="Ready",
        number=len(planned.keys),
        days=planned.days,
        tier=planned.tier,
        storage_class=planned.storage_class,
        size=planned.size,
        planned_on=job.digest,
    )
    gib = f"{planned.size / GIB:.2f} GiB"
    return _act([write], f"batch job {job.id} is as planned: {len(planned.keys)} objects, {gib}, may be restored")


def _problem(
    job: BatchJob, planned: CreateJob, frozen: Sequence[ObjectState], batch: BatchSettings | None, age: timedelta
) -> str | None:
    """Why the job must not be released; None where it may. `age`: by our clock, for OSS's may be another."""
    if batch is None:
        return "the policy has no batch jobs any more"
    if age > PATIENCE:
        return "it was not released within 24 h"
    told = (job.restores, job.days, job.tier, job.role_arn, job.total, job.manifest[:2], job.confirmation_required)
    asked = (
        True, planned.days, planned.tier, planned.role_arn, len(planned.keys),
        (planned.into, planned.manifest_key), True,
    )  # fmt: skip
    if told != asked:
        return "it is not what was planned"
    listed = set(planned.keys)
    if sum(state.size for state in frozen if state.ref.key in listed) > planned.size:
        return "its objects have grown since it was planned"
    return None


def _cancel(case: Case, job: BatchJob) -> UpdateJobStatus:
    bucket, storage_class, _, _, _, _ = case.subject.parts
    return UpdateJobStatus(
        bucket=bucket, job_id=job.id, description=job.description, status="Cancelled", number=max(job.total, 0),
        days=job.days or 0, storage_class=storage_class, size=0, planned_on=CANCELLABLE,
    )  # fmt: skip


def _act(writes: Sequence[CreateJob | UpdateJobStatus], why: str) -> Act:
    return Act(tuple(writes), why, causes.diagnosis("never-restored", 0.97, (why,)))


def _over(why: str) -> Done:
    """What became of its objects is seen when each is looked at."""
    return Done(why, "never-restored", well=False)
