"""Turns RestoreObject and CleanRestoredObject into changes of an object's restore state; readable.py reads it.

202 begins, 409 says it runs already, 200 extends: three answers that clients must tell apart, and nothing is written
when the request is refused. Unconfirmed in the sources and chosen here: a Tier on Archive is MalformedXML, an unknown
tier InvalidArgument (both as the SDKs' suites assert), a lower tier while restoring 409 RestoreAlreadyInProgress with
the EC documented for it, an extension counts its days from now and never shortens.
"""

from __future__ import annotations

from dataclasses import replace

from ossmend.simulator.oss import refusals, stacks, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.readable import state_at, state_of
from ossmend.simulator.state import ARCHIVE_CLASSES, Cloud, ObjectVersion, Restore
from ossmend.simulator.wire import Refusal, Response

DAY = 86400.0
_RANK = {"Bulk": 0, "Standard": 1, "Expedited": 2}
_TIERS = {"ColdArchive": ("Expedited", "Standard", "Bulk"), "DeepColdArchive": ("Expedited", "Standard")}
_MOST_DAYS = {"Archive": 7, "ColdArchive": 365, "DeepColdArchive": 365}


def check(storage_class: str, days: int, tier: str) -> None:
    """Days and tier that this class has."""
    if tier not in _TIERS.get(storage_class, (tier,)):
        raise refusals.invalid_argument("The restore tier is not valid.", "Tier", tier, "0016-00000703")
    if not 1 <= days <= _MOST_DAYS[storage_class]:
        message = f"The Days of a restore must be between 1 and {_MOST_DAYS[storage_class]}."
        raise refusals.invalid_argument(message, "Days", str(days), "0016-00000704")


def _read(call: Call, storage_class: str) -> tuple[int, str]:
    """Days and tier asked for; both have defaults, and the body may be missing altogether."""
    if not call.request.body.strip():
        return 1, "Standard"
    document = xml.parse(call.request.body, "RestoreRequest")
    parameters = document.first("JobParameters")
    tier = "Standard"
    if parameters is not None and parameters.first("Tier") is not None:
        tier = parameters.value("Tier")
        if storage_class == "Archive":
            raise xml.malformed_xml("Tier does not apply to the storage class Archive")
    check(storage_class, 1, tier)
    node = document.first("Days")
    if node is None:
        return 1, tier
    text = node.text.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise xml.malformed_xml("Days must be a number")
    check(storage_class, int(text), tier)
    return int(text), tier


def _in_progress(ec: str) -> Refusal:
    return Refusal(409, "RestoreAlreadyInProgress", "The restore operation is in progress.", ec)


def _begin(
    cloud: Cloud, version: ObjectVersion, days: int, tier: str, now: float, started: float | None = None
) -> Restore:
    """A restore that is ready when its tier says, counted from `started` when an earlier one is only sped up."""
    takes = cloud.restore_seconds[version.storage_class].get(tier, 0.0)
    ready = max(now, (now if started is None else started) + takes)
    return Restore(tier, days, ready, ready + days * DAY)


def require_archived(version: ObjectVersion) -> None:
    if version.storage_class not in ARCHIVE_CLASSES or version.symlink_target is not None:
        raise Refusal(
            400,
            "OperationNotSupported",
            "The operation is not supported for this resource",
            "0016-00000702",
            [("Detail", "RESTORE operation is only supported for archived objects.")],
        )


def restored(cloud: Cloud, version: ObjectVersion, days: int, tier: str, now: float) -> tuple[int, Restore]:
    """Status of the answer, and the restore that the version has from that moment on; batch_tasks.py asks as well."""
    earlier = version.restore
    match state_at(version, now):
        case "restoring":
            assert earlier is not None
            if version.storage_class == "Archive" or tier == earlier.tier:
                raise _in_progress("0026-00000011")
            if _RANK[tier] < _RANK[earlier.tier]:
                raise _in_progress("0016-00000715")
            started = earlier.ready_at - cloud.restore_seconds[version.storage_class].get(earlier.tier, 0.0)
            return 202, _begin(cloud, version, days, tier, now, started)
        case "restored":
            assert earlier is not None
            longer = Restore(earlier.tier, days, now, now + days * DAY)
            return 200, longer if longer.expires_at > earlier.expires_at else earlier
        case _:
            return 202, _begin(cloud, version, days, tier, now)


@operation("POST", "object", "restore", name="RestoreObject")
def restore_object(call: Call) -> Response:
    version = stacks.addressed(call)
    require_archived(version)
    days, tier = _read(call, version.storage_class)
    status, restore = restored(call.cloud, version, days, tier, call.cloud.clock.elapsed())
    stacks.replace_version(call, call.bucket, call.key, version, replace(version, restore=restore))
    headers: dict[str, str] = {}
    if version.storage_class != "Archive":
        headers["x-oss-object-restore-priority"] = restore.tier
    if call.version_id is not None:
        headers["x-oss-version-id"] = call.version_id
    return Response(status, headers)


@operation("POST", "object", "cleanRestoredObject", name="CleanRestoredObject")
def clean_restored_object(call: Call) -> Response:
    """End the readable copy early; the colder classes only."""
    version = stacks.addressed(call)
    if version.storage_class not in ("ColdArchive", "DeepColdArchive"):
        raise Refusal(
            400,
            "OperationNotSupported",
            "The operation is not supported for this resource",
            "0016-00000702",
            [("Detail", "CleanRestoredObject is only supported for ColdArchive and DeepColdArchive objects.")],
        )
    match state_of(call.cloud, version):
        case "restoring":
            raise Refusal(
                409, "ArchiveRestoreNotFinished", "The archive file's restore is not finished.", "0016-00000719"
            )
        case "frozen":
            raise Refusal(
                409,
                "ArchiveRestoreFileStale",
                "The archive file's restore is outdated.",
                "0016-00000720",  # ours
            )
        case "restored":
            pass
    stacks.replace_version(call, call.bucket, call.key, version, replace(version, restore=None))
    return Response(200)
