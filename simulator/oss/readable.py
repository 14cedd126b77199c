"""Turns a version of an archive class into "can be read now" or InvalidObjectState; restore.py drives the states.

FROZEN -> RESTORING -> RESTORED -> FROZEN again. Nothing runs in the background: the state is computed from two points
in time, so a million restores cost nothing while they wait.
"""

from __future__ import annotations

from typing import Literal

from ossmend.simulator.oss import refusals
from ossmend.simulator.state import ARCHIVE_CLASSES, Bucket, Cloud, ObjectVersion
from ossmend.simulator.wire import http_date

State = Literal["frozen", "restoring", "restored"]


def state_of(cloud: Cloud, version: ObjectVersion) -> State:
    return state_at(version, cloud.clock.elapsed())


def state_at(version: ObjectVersion, now: float) -> State:
    """Its state at a moment of the elapsed clock."""
    restore = version.restore
    if restore is None:
        return "frozen"
    if now < restore.ready_at:
        return "restoring"
    return "restored" if now < restore.expires_at else "frozen"


def restore_text(cloud: Cloud, version: ObjectVersion) -> str | None:
    """The value of `x-oss-restore` and `<RestoreInfo>`; None once it has expired, as before it was asked for.

    The date is the documented one: completion plus days on the clock that clients see, however fast time is let pass.
    """
    restore = version.restore
    if restore is None or version.storage_class not in ARCHIVE_CLASSES:
        return None
    match state_of(cloud, version):
        case "restoring":
            return 'ongoing-request="true"'
        case "restored":
            completed = cloud.clock.shown_when(restore.ready_at)
            expiry = http_date(int(completed + restore.expires_at - restore.ready_at))
            return f'ongoing-request="false", expiry-date="{expiry}"'
        case "frozen":
            return None


def is_readable(cloud: Cloud, bucket: Bucket, version: ObjectVersion) -> bool:
    if version.storage_class not in ARCHIVE_CLASSES:
        return True
    if version.storage_class == "Archive" and bucket.archive_direct_read:
        return True
    return state_of(cloud, version) == "restored"


def require_readable(cloud: Cloud, bucket: Bucket, key: str, version: ObjectVersion, ec: str = "0016-00000404") -> None:
    if not is_readable(cloud, bucket, version):
        raise refusals.invalid_object_state(bucket.name, key, ec)
