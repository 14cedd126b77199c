"""Turns parts of the cloud into JSON for the control API."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ossmend.simulator.faults import Fault
from ossmend.simulator.given import BadSetting
from ossmend.simulator.oss.readable import restore_text, state_of
from ossmend.simulator.state import ARCHIVE_CLASSES, Bucket, Cloud, ObjectVersion, RequestRecord

Json = dict[str, Any]


def when(shown: float) -> str:
    """ISO 8601 in UTC, microseconds."""
    return datetime.fromtimestamp(shown, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _printable(value: str | None) -> str | None:
    return None if value is None else value.encode("utf-8", "replace").decode()


def request(record: RequestRecord) -> Json:
    return {
        "operation": record.operation,
        "method": record.method,
        "bucket": _printable(record.bucket),
        "key": _printable(record.key),
        "access_key_id": record.access_key_id,
        "status": record.status,
        "time": when(record.shown),
        "code": record.code or None,
        "request_id": record.request_id,
        "user_agent": record.user_agent or None,
        "target": record.target,
        "service": record.service,
    }


def requests(cloud: Cloud, query: dict[str, str]) -> Json:
    """Everything since the start, or what the filters let through; `after=N` skips the first N of all."""
    after = query.get("after", "0")
    if not after.isdigit():
        raise BadSetting("after must be a number")
    records = cloud.requests[int(after) :]
    for name in ("operation", "bucket", "method", "code", "access_key_id", "service"):
        if name in query:
            records = [record for record in records if (getattr(record, name) or "") == query[name]]
    return {"requests": [request(record) for record in records], "total": len(cloud.requests)}


def clock(cloud: Cloud) -> Json:
    return {
        "shown": when(cloud.clock.shown()),
        "offset_seconds": cloud.clock.offset_seconds,
        "elapsed_seconds": cloud.clock.elapsed(),
        "speed": cloud.clock.speed,
        "realistic": cloud.clock.realistic,
    }


def version(cloud: Cloud, value: ObjectVersion) -> Json:
    archived = value.storage_class in ARCHIVE_CLASSES and not value.delete_marker
    return {
        "version_id": value.version_id,
        "size": value.size,
        "etag": value.etag,
        "storage_class": value.storage_class,
        "kind": value.kind,
        "acl": value.acl,
        "tags": dict(value.tags),
        "headers": dict(value.headers),
        "modified": value.modified,
        "delete_marker": value.delete_marker,
        "symlink_target": value.symlink_target,
        "restore": state_of(cloud, value) if archived else None,
        "restore_header": restore_text(cloud, value),
        "restore_tier": value.restore.tier if value.restore else None,
        "restore_days": value.restore.days if value.restore else None,
    }


def objects(cloud: Cloud, value: Bucket, query: dict[str, str]) -> Json:
    """The first keys from `prefix` on; `limit` at most."""
    limit = query.get("limit", "1000")
    if not limit.isdigit():
        raise BadSetting("limit must be a number")
    prefix = query.get("prefix", "")
    found: Json = {}
    for key in value.index.from_key(prefix):
        if not key.startswith(prefix) or len(found) == int(limit):
            break
        found[key] = [version(cloud, item) for item in value.stack(key)]
    return {"objects": found, "total": len(value.objects)}


def bucket(cloud: Cloud, value: Bucket) -> Json:
    return {
        "name": value.name,
        "owner": value.owner,
        "region": value.region,
        "created": value.created,
        "storage_class": value.storage_class,
        "acl": value.acl,
        "block_public_access": value.block_public_access,
        "archive_direct_read": value.archive_direct_read,
        "versioning": value.versioning,
        "transfer_acceleration": bool(value.transfer_acceleration),
        "request_payer": value.request_payer,
        "disabled": value.disabled,
        "cnames": sorted(value.cnames),
        "cors": None if value.cors is None else asdict(value.cors),
        "policy": value.policy,
        "referer": asdict(value.referer),
        "logging": None if value.logging is None else asdict(value.logging),
        "real_time_log": value.real_time_log,
        "tags": dict(value.tags),
        "documents": {name: text.decode("utf-8", "replace") for name, text in value.documents.items()},
        "objects": len(value.objects),
        "uploads": len(value.uploads),
        "pending_log_lines": sum(
            len(lines) for (source, _), lines in cloud.pending_log_lines.items() if source == value.name
        ),
    }


def buckets(cloud: Cloud) -> Json:
    """By name, each as it is shown alone."""
    return {name: bucket(cloud, value) for name, value in sorted(cloud.buckets.items())}


def fault(value: Fault) -> Json:
    return asdict(value)


def batch(cloud: Cloud) -> Json:
    """The jobs that clients made, oldest first, and what was chosen where no source says how they behave."""
    jobs = [
        {
            "job_id": job.job_id,
            "account_id": job.account_id,
            "region": job.region,
            "status": job.status,
            "priority": job.priority,
            "description": job.order.description,
            "created": when(cloud.clock.shown_when(job.created)),
            "tasks": None if job.tasks is None else len(job.tasks),
            "done": job.done,
            "failed": job.failed,
            "failure": job.failure[0] if job.failure else None,
        }
        for job in cloud.batch.jobs.values()
    ]
    return {"switches": asdict(cloud.batch.switches), "jobs": jobs}


def state(cloud: Cloud) -> Json:
    """Everything but the objects themselves and secrets."""
    identity = cloud.identity
    return {
        "region": cloud.region,
        "account_id": cloud.account_id,
        "account_status": identity.account_status,
        "clock": clock(cloud),
        "buckets": buckets(cloud),
        "users": {
            name: {"id": user.id, "status": user.status, "keys": list(user.keys)}
            for name, user in sorted(identity.users.items())
        },
        "keys": {
            key.id: {"status": key.status, "owner": key.owner.name, "networks": list(key.networks)}
            for key in identity.keys.values()
        },
        "faults": [fault(value) for value in cloud.faults.rules],
        "restore_durations": cloud.restore_seconds,
        "propagation": {"cors_seconds": cloud.cors_delay_seconds},
        "batch_jobs": len(cloud.batch.jobs),
        "requests": len(cloud.requests),
    }
