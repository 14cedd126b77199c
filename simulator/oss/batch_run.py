"""Lets the time of batch jobs pass: New, Preparing, perhaps Suspended, Ready, Active, Completing, Complete.

Nothing runs in the background. Whoever asks the simulator anything first lets the jobs do what they had time for by
then, each step and each restore at its own moment, never more of them than the quota gives. batch_tasks.py knows what
one task does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ossmend.simulator.batch import ENDED, MOST_SUSPENDED_SECONDS, BatchJob
from ossmend.simulator.oss import batch_tasks
from ossmend.simulator.state import Cloud


def catch_up(cloud: Cloud) -> None:
    """Everything that was due by now, in the order in which it was due."""
    if not cloud.batch.jobs:
        return
    now = cloud.clock.elapsed()
    while (job := _first_due(cloud)) is not None and job.due <= now:
        _STEPS[job.status](cloud, job)
    kept = cloud.batch.switches.kept_seconds
    for old in [each for each in cloud.batch.jobs.values() if each.ended is not None and now - each.ended > kept]:
        del cloud.batch.jobs[old.job_id]


def _first_due(cloud: Cloud) -> BatchJob | None:
    """Of jobs that are due at one moment the one of greater priority, then the older one."""
    alive = [job for job in cloud.batch.jobs.values() if job.status not in ENDED]
    return min(alive, key=lambda job: (job.due, -job.priority, job.serial), default=None)


def _go(job: BatchJob, status: str, seconds: float = 0.0) -> None:
    """The next status, which lasts for so long if nothing else happens."""
    job.status, job.due = status, job.due + seconds


def _prepare(cloud: Cloud, job: BatchJob) -> None:
    _go(job, "Preparing", cloud.batch.switches.preparing_seconds)


def _prepared(cloud: Cloud, job: BatchJob) -> None:
    """The manifest is read now; an object that is written later is another one's business."""
    try:
        job.tasks = batch_tasks.tasks_of(cloud, job)
    except batch_tasks.CannotPrepare as problem:
        job.failure = (problem.code, problem.reason)
        return _end(cloud, job, "Failed")
    if job.order.confirmation_required and not job.released:
        return _go(job, "Suspended", MOST_SUSPENDED_SECONDS)
    return _go(job, "Ready", cloud.batch.switches.ready_seconds)


def _forgotten(cloud: Cloud, job: BatchJob) -> None:
    job.failure = ("ConfirmationTimeout", "The job was not confirmed in 14 days.")  # ours
    _end(cloud, job, "Failed")


def _start(cloud: Cloud, job: BatchJob) -> None:
    job.active_since = job.due
    _go(job, "Active")
    _plan_next(cloud, job)


def _plan_next(cloud: Cloud, job: BatchJob) -> None:
    """When its next task may be done; jobs of one account and region share the quota."""
    assert job.tasks is not None
    switches = cloud.batch.switches
    if job.done == len(job.tasks):
        rest = switches.completing_seconds
        all_failed = job.failed == job.done > 0 and switches.all_failed == "Failed"
        _stop_clock(job)
        return _go(job, "Failing" if all_failed else "Completing", rest)
    if switches.pause_after and job.done >= switches.pause_after and not job.paused:
        job.paused = True
        _stop_clock(job)
        return _go(job, "Pausing")
    task = job.tasks[job.done]
    job.due = max(job.due, cloud.batch.slots.get(batch_tasks.slot_of(cloud, job, task), 0.0))
    return None


def _work(cloud: Cloud, job: BatchJob) -> None:
    assert job.tasks is not None
    task = job.tasks[job.done]
    slot = batch_tasks.slot_of(cloud, job, task)
    switches = cloud.batch.switches
    if cloud.batch.slots.get(slot, 0.0) > job.due:
        return _plan_next(cloud, job)  # another job was first
    rate = switches.deep_objects_per_second if slot[2] else switches.objects_per_second
    cloud.batch.slots[slot] = job.due + 1.0 / rate
    status, code = batch_tasks.run(cloud, job, task)
    job.results.append((task, status, code))
    job.done += 1
    job.failed += not batch_tasks.counts_as_success(switches, status)
    return _plan_next(cloud, job)


def _stop_clock(job: BatchJob) -> None:
    if job.active_since is not None:
        job.active_seconds += job.due - job.active_since
        job.active_since = None


def _complete(cloud: Cloud, job: BatchJob) -> None:
    _end(cloud, job, "Complete")


def _fail(cloud: Cloud, job: BatchJob) -> None:
    job.failure = ("TooManyFailures", "Too many failures.")
    _end(cloud, job, "Failed")


def _cancel(cloud: Cloud, job: BatchJob) -> None:
    _stop_clock(job)
    _end(cloud, job, "Cancelled")


def _end(cloud: Cloud, job: BatchJob, status: str) -> None:
    """Its report tells what was done, however it ended; a job that never had tasks has none."""
    job.status, job.ended = status, job.due
    if job.tasks is not None:
        batch_tasks.write_report(cloud, job)


_STEPS: Final[dict[str, Callable[[Cloud, BatchJob], None]]] = {
    "New": _prepare,
    "Preparing": _prepared,
    "Suspended": _forgotten,
    "Ready": _start,
    "Active": _work,
    "Pausing": lambda cloud, job: _go(job, "Paused", cloud.batch.switches.pause_seconds),
    "Paused": _start,
    "Completing": _complete,
    "Failing": _fail,
    "Cancelling": _cancel,
}
"""What is due at the end of each status."""
