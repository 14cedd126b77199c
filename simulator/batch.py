"""Turns a scene's switches and the jobs that clients made into one value; oss/batch_run.py lets their time pass.

OSS's batch operations are documented in part. Whatever no source says is a switch here, so that a client can be tried
both ways; the defaults are what live answers showed, or else the less convenient of the two.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field, fields
from typing import Any, Final

from ossmend.simulator import given

ENDED: Final = ("Complete", "Cancelled", "Failed")
MOST_SUSPENDED_SECONDS: Final = 14 * 86400.0


@dataclass(slots=True)
class Switches:
    """What no source says, and how long things take. A name in `_CHOICES` takes one of those words."""

    repeated: str = "same-job"
    """What a known ClientRequestToken answers: the same JobId, a refusal, or (the token unread) another job."""
    token_seconds: float = 86400.0
    """How long a token is known."""
    restored_counts: str = "success"
    """A task that RestoreObject answers with 200: restored already, only extended."""
    in_progress_counts: str = "failure"
    """A task that it answers with 409: restoring already."""
    not_archived_counts: str = "failure"
    """A task that it answers with 400: not of an archive class."""
    counts_without_preparation: str = "-1"
    """The three numbers of a job that failed before its tasks were known."""
    all_failed: str = "Failed"
    """How a job ends of which each task failed; live answers were Failed, documented is Complete."""
    report_shape: str = "folder"
    """A folder with manifest.json and one file of results, or that one file alone."""
    report_header: bool = False
    """Does the file of results begin with the names of its columns?"""
    manifest_keys: str = "encoded"
    """Are the keys of a manifest URL-encoded, or taken as they stand?"""
    manifest_header: bool = False
    """Is a manifest's first line its header?"""
    tier_on_archive: str = "ignored"
    """A Tier for an object of class Archive: passed over, or the task fails as the single call does."""
    expedited: bool = False
    """Is the Tier Expedited taken?"""
    arn_prefix: bool = False
    """Is `arn:acs:ram::` taken for a role, as the documentation prints it?"""
    pass_role: bool = False
    """Does the caller need ram:PassRole?"""
    missing_job_status: int = 404
    """The HTTP status for a JobId that is not there; its EC is documented, the status is not."""
    most_jobs: int = 100
    """Jobs of one account and region that have not ended."""
    kept_seconds: float = 90 * 86400.0
    """How long a job is listed after its end."""
    preparing_seconds: float = 2.0
    ready_seconds: float = 0.5
    completing_seconds: float = 1.0
    cancelling_seconds: float = 1.0
    objects_per_second: float = 500.0
    """The documented average of Archive and ColdArchive, over all jobs of an account and region."""
    deep_objects_per_second: float = 100.0
    """That of DeepColdArchive."""
    pause_after: int = 0
    """OSS pauses a job after so many tasks, and goes on by itself; 0: never."""
    pause_seconds: float = 30.0


_CHOICES: Final = {
    "repeated": ("same-job", "refused", "new-job"),
    "restored_counts": ("success", "failure"),
    "in_progress_counts": ("success", "failure"),
    "not_archived_counts": ("success", "failure"),
    "counts_without_preparation": ("-1", "0"),
    "all_failed": ("Failed", "Complete"),
    "report_shape": ("folder", "file"),
    "manifest_keys": ("encoded", "plain"),
    "tier_on_archive": ("ignored", "refused"),
}
_POSITIVE: Final = ("objects_per_second", "deep_objects_per_second")


def switched(switches: Switches, settings: given.Settings) -> None:
    """Apply the settings that were given; none of them if one is wrong."""
    given.unknown(settings, " ".join(each.name for each in fields(Switches)), "batch_jobs")
    checked = {name: _checked(switches, name, value) for name, value in settings.items()}
    for name, value in checked.items():
        setattr(switches, name, value)


def _checked(switches: Switches, name: str, value: object) -> Any:
    old = getattr(switches, name)
    if name in _CHOICES:
        return given.one_of(value, _CHOICES[name], name)
    if isinstance(old, bool):
        return given.truth(value, name)
    if name == "missing_job_status":
        if value not in (400, 404):
            raise given.BadSetting("missing_job_status must be 400 or 404")
        return value
    number = given.number(value, name, least=0.001 if name in _POSITIVE else 0.0)
    return int(number) if isinstance(old, int) else number


@dataclass(frozen=True, slots=True)
class Order:
    """What a client asked for, as CreateJob's document said it."""

    token: str
    days: int
    tier: str | None
    confirmation_required: bool
    manifest: tuple[str, str, str, str | None]
    """Bucket, key, ETag, version."""
    with_versions: bool
    """Does each line of the manifest end in a version?"""
    report: tuple[str, str, str] | None
    """Bucket, prefix and scope; None: no report."""
    role: str
    role_arn: str
    priority: int
    description: str


@dataclass(frozen=True, slots=True)
class Task:
    bucket: str
    key: str
    version_id: str | None


@dataclass(slots=True)
class BatchJob:
    """One job. Times are on the elapsed clock."""

    serial: int
    job_id: str
    account_id: str
    region: str
    order: Order
    created: float
    priority: int
    status: str = "New"
    due: float = 0.0
    """When the status ends by itself, or the next task is done."""
    active_since: float | None = None
    active_seconds: float = 0.0
    ended: float | None = None
    tasks: list[Task] | None = None
    """None until the manifest was read."""
    done: int = 0
    results: list[tuple[Task, int, str]] = field(default_factory=list)
    """Each task that was done, with RestoreObject's status and code."""
    failed: int = 0
    failure: tuple[str, str] | None = None
    reason: str = ""
    released: bool = False
    """Was it confirmed? That may come while it is being prepared."""
    paused: bool = False
    """Was it paused already? Once is enough."""


class Batch:
    """The jobs of a cloud."""

    def __init__(self) -> None:
        self.switches = Switches()
        self.jobs: dict[str, BatchJob] = {}
        self.slots: dict[tuple[str, str, bool], float] = {}
        """Account, region, deep cold -> when the next restore may begin."""
        self._serial = 0

    def add(self, account_id: str, region: str, order: Order, now: float) -> BatchJob:
        self._serial += 1
        job_id = base64.b64encode(uuid.uuid4().hex.encode()).decode()
        job = BatchJob(self._serial, job_id, account_id, region, order, now, order.priority, due=now)
        self.jobs[job_id] = job
        return job

    def of(self, account_id: str, region: str) -> list[BatchJob]:
        """The jobs of an account in a region, newest first."""
        mine = [job for job in self.jobs.values() if (job.account_id, job.region) == (account_id, region)]
        return sorted(mine, key=lambda job: -job.serial)
