"""Turns a manifest into tasks, a task into a restore by the job's role, and the results into a report.

The role does it all: it reads the manifest, restores each object, writes the report, and each needs its permission.
Codes of failures are ours where live answers have shown none; names and columns of a report are ours as well.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from ossmend.simulator.authorize import decide
from ossmend.simulator.batch import BatchJob, Switches, Task
from ossmend.simulator.contents import Stored, digest
from ossmend.simulator.oss import restore
from ossmend.simulator.policies import as_list
from ossmend.simulator.principals import Principal, Role
from ossmend.simulator.state import Bucket, Cloud, ObjectVersion
from ossmend.simulator.wire import Refusal

SERVICE = "oss.aliyuncs.com"


class CannotPrepare(Exception):
    """The job fails before its tasks are known."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code, self.reason = code, reason


# ------------------------------------------------------------------------------------------------------------ the role


def _role(cloud: Cloud, job: BatchJob) -> Role | None:
    """The role, if it is there and OSS may assume it; where any role can be assumed, one that may do everything."""
    identity = cloud.account(job.account_id)
    if identity is None:
        return None
    role = identity.roles.get(job.order.role.lower())
    if role is None and identity.any_role:
        role = identity.add_role(job.order.role)
        identity.attach(role, "System", "AdministratorAccess")
    return role if role is not None and (identity.any_role or _trusts_oss(role)) else None


def _trusts_oss(role: Role) -> bool:
    found: list[Any] = as_list(role.trust.get("Statement", []))
    principals = [one.get("Principal") for one in found if isinstance(one, dict) and one.get("Effect") == "Allow"]
    return any(SERVICE in as_list(one.get("Service", [])) for one in principals if isinstance(one, dict))


def may(cloud: Cloud, job: BatchJob, action: str, bucket: Bucket, key: str = "") -> bool:
    """May the job's role do that?"""
    role, identity = _role(cloud, job), cloud.account(job.account_id)
    if role is None or identity is None:
        return False
    principal: Principal = identity.session(role, "oss-batch", None)
    resource = f"acs:oss:oss-{bucket.region}:{bucket.owner}:{bucket.name}" + (f"/{key}" if key else "")
    decision = decide(
        principal,
        action,
        resource,
        {"acs:SecureTransport": "true"},
        bucket_owner=bucket.owner,
        bucket_acl="private",
        object_acl=None,
        bucket_policy=bucket.policy,
        identity=identity,
    )
    return decision.allowed


# -------------------------------------------------------------------------------------------------------- the manifest


def tasks_of(cloud: Cloud, job: BatchJob) -> list[Task]:
    """The tasks that the manifest names. It must be the very object that the job pinned."""
    if _role(cloud, job) is None:
        raise CannotPrepare("InvalidRole", "OSS cannot assume the role.")
    bucket_name, key, etag, version_id = job.order.manifest
    bucket = cloud.buckets.get(bucket_name)
    action = "oss:GetObjectVersion" if version_id else "oss:GetObject"
    if bucket is None or not may(cloud, job, action, bucket, key):
        raise CannotPrepare("ManifestAccessDenied", "The role cannot read the manifest.")
    stack = bucket.stack(key)
    found = next((v for v in stack if version_id in (None, v.version_id) and not v.delete_marker), None)
    if found is None:
        raise CannotPrepare("ManifestNotFound", "The manifest does not exist.")
    if found.etag.lower() != etag.lower():
        raise CannotPrepare("ManifestETagMismatch", "The ETag of the manifest is another one.")
    _require_report(cloud, job)
    tasks = list(_lines(found, job, cloud.batch.switches))
    _require_buckets(cloud, job, tasks)
    return tasks


def _lines(manifest: ObjectVersion, job: BatchJob, switches: Switches) -> list[Task]:
    try:
        text = manifest.content.read(0, manifest.size).decode()
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except (UnicodeDecodeError, csv.Error):
        raise CannotPrepare("InvalidManifest", "The manifest cannot be read.") from None
    columns = 3 if job.order.with_versions else 2
    rows = rows[1:] if switches.manifest_header else rows
    if any(len(row) != columns for row in rows):
        raise CannotPrepare("InvalidManifest", f"Each line of the manifest must have {columns} fields.")
    read = unquote if switches.manifest_keys == "encoded" else str
    return [Task(row[0], read(row[1]), row[2] or None if columns == 3 else None) for row in rows]


def _require_report(cloud: Cloud, job: BatchJob) -> None:
    if job.order.report is None:
        return
    bucket = cloud.buckets.get(job.order.report[0])
    if bucket is None or not may(cloud, job, "oss:PutObject", bucket, f"{job.order.report[1]}report"):
        raise CannotPrepare("ReportAccessDenied", "The role cannot write the report.")


def _require_buckets(cloud: Cloud, job: BatchJob, tasks: list[Task]) -> None:
    """Each bucket lies in the job's region, and the role may look at it."""
    for name in {task.bucket for task in tasks}:
        bucket = cloud.buckets.get(name)
        if bucket is None or bucket.region != job.region or not may(cloud, job, "oss:GetBucketInfo", bucket):
            raise CannotPrepare("BucketAccessDenied", f"The role cannot look at the bucket {name}.")


# -------------------------------------------------------------------------------------------------------------- a task


def _version(cloud: Cloud, task: Task) -> ObjectVersion | None:
    bucket = cloud.buckets.get(task.bucket)
    stack = bucket.stack(task.key) if bucket else ()
    if task.version_id is None:
        return None if not stack or stack[0].delete_marker else stack[0]
    return next((v for v in stack if v.version_id == task.version_id and not v.delete_marker), None)


def slot_of(cloud: Cloud, job: BatchJob, task: Task) -> tuple[str, str, bool]:
    """Whose quota the task takes: DeepColdArchive has one of its own."""
    version = _version(cloud, task)
    return job.account_id, job.region, version is not None and version.storage_class == "DeepColdArchive"


def run(cloud: Cloud, job: BatchJob, task: Task) -> tuple[int, str]:
    """Restore one object at the moment when the task is due; the status and code that the single call had got."""
    bucket, version = cloud.buckets.get(task.bucket), _version(cloud, task)
    if bucket is None or version is None:
        return 404, "NoSuchKey" if task.version_id is None else "NoSuchVersion"
    action = "oss:RestoreObjectVersion" if task.version_id else "oss:RestoreObject"
    if not may(cloud, job, action, bucket, task.key):
        return 403, "AccessDenied"
    try:
        status = _restore(cloud, job, bucket, task.key, version)
    except Refusal as refusal:
        return refusal.status, refusal.code
    return status, ""


def _restore(cloud: Cloud, job: BatchJob, bucket: Bucket, key: str, version: ObjectVersion) -> int:
    restore.require_archived(version)
    order, archive = job.order, version.storage_class == "Archive"
    if archive and order.tier is not None and cloud.batch.switches.tier_on_archive == "refused":
        raise Refusal(400, "MalformedXML", "Tier does not apply to the storage class Archive", "0017-00000208")
    tier = "Standard" if archive or order.tier is None else order.tier
    restore.check(version.storage_class, order.days, tier)
    status, began = restore.restored(cloud, version, order.days, tier, job.due)
    changed = replace(version, restore=began)
    stack = tuple(changed if each is version else each for each in bucket.stack(key))
    bucket.set_stack(key, stack, now=job.due)
    return status


def counts_as_success(switches: Switches, status: int) -> bool:
    """Accepted is success; what else is, no source says."""
    counted = {200: switches.restored_counts, 409: switches.in_progress_counts, 400: switches.not_archived_counts}
    return status == 202 or counted.get(status) == "success"


# ---------------------------------------------------------------------------------------------------------- the report


_COLUMNS = ("Bucket", "Key", "VersionId", "TaskStatus", "HTTPStatusCode", "ErrorCode")


def write_report(cloud: Cloud, job: BatchJob) -> None:
    """One row for each task that was done, or that failed."""
    bucket = cloud.buckets.get(job.order.report[0]) if job.order.report else None
    if bucket is None or job.order.report is None:
        return
    _, prefix, scope = job.order.report
    switches = cloud.batch.switches
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    if switches.report_header:
        writer.writerow(_COLUMNS)
    for task, status, code in job.results:
        succeeded = counts_as_success(switches, status)
        if not succeeded or scope == "AllTasks":
            outcome = "succeeded" if succeeded else "failed"
            writer.writerow((task.bucket, task.key, task.version_id or "", outcome, status, code))
    data = rows.getvalue().encode()
    folder = f"{prefix}job-{job.job_id.rstrip('=')}"
    alone = switches.report_shape == "file"
    name = f"{folder}.csv" if alone else f"{folder}/results/{uuid.uuid4()}.csv"
    md5 = _put(cloud, bucket, name, data, job.due)
    if not alone:
        results = [{"Key": name, "MD5Checksum": md5}]
        listed = {"Format": "Report_CSV", "ReportSchema": ", ".join(_COLUMNS), "Results": results}
        _put(cloud, bucket, f"{folder}/manifest.json", json.dumps(listed).encode(), job.due)


def _put(cloud: Cloud, bucket: Bucket, key: str, data: bytes, now: float) -> str:
    """Store an object of OSS's own; its MD5."""
    content = Stored(data)
    etag, crc = digest(content)
    version_id = cloud.new_version_id() if bucket.versioning == "Enabled" else "null"
    shown = int(cloud.clock.shown_when(now))
    version = ObjectVersion(content, etag, crc, shown, version_id=version_id, headers=(("Content-Type", "text/csv"),))
    older = bucket.stack(key) if bucket.versioning else ()
    bucket.set_stack(key, (version, *(old for old in older if old.version_id != version_id)), now=now)
    return etag
