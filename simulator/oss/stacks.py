"""Turns "this key, perhaps this version" into an ObjectVersion, and a new version into a changed stack.

The only place that knows what versioning Enabled, Suspended and never-enabled mean for writing and deleting.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ossmend.simulator.oss import immutable, refusals
from ossmend.simulator.oss.call import Call
from ossmend.simulator.state import NULL_VERSION, Bucket, Cloud, ObjectVersion, Stack, delete_marker
from ossmend.simulator.wire import Refusal

_VERSION_ID = re.compile(r"CA[0-9A-Za-z]{14,}\Z")


def stack_of(call: Call, bucket: Bucket, key: str) -> Stack:
    """The versions of a key; the ones before its last change, if a fault makes reads stale."""
    if call.stale_seconds and key in bucket.previous:
        before, changed_at = bucket.previous[key]
        if call.cloud.clock.elapsed() - changed_at < call.stale_seconds:
            return before
    return bucket.stack(key)


def find(call: Call, bucket: Bucket, key: str, version_id: str | None) -> ObjectVersion:
    """The version a request means, or the 404 (405 for a delete marker that was named) it deserves."""
    stack = stack_of(call, bucket, key)
    if version_id is None:
        if not stack:
            raise refusals.no_such_key(key)
        if stack[0].delete_marker:
            refusal = refusals.no_such_key(key)
            refusal.headers = {"x-oss-delete-marker": "true", "x-oss-version-id": stack[0].version_id}
            raise refusal
        return stack[0]
    for version in stack:
        if version.version_id == version_id:
            if version.delete_marker:
                refusal = refusals.method_not_allowed(call.request.method, "DELETE_MARKER")
                refusal.headers = {"x-oss-delete-marker": "true", "x-oss-version-id": version_id, "Allow": "DELETE"}
                raise refusal
            return version
    check_version_id(version_id)
    raise refusals.no_such_version(key, version_id)


def check_version_id(version_id: str) -> None:
    """An id that OSS could never have given is refused as such, also where deleting an unknown one succeeds.

    Documented: letters and digits. Every real one begins alike and is long; how exactly OSS tells is UNCONFIRMED.
    """
    if version_id != NULL_VERSION and not _VERSION_ID.match(version_id):
        raise refusals.invalid_version(version_id)


def addressed(call: Call) -> ObjectVersion:
    """The version this request's own key and versionId mean."""
    version = find(call, call.bucket, call.key, call.version_id)
    call.object_size = version.size
    call.storage_class = version.storage_class
    return version


def replace_version(call: Call, bucket: Bucket, key: str, old: ObjectVersion, new: ObjectVersion) -> None:
    """Change one version in place (restore, ACL, tags)."""
    stack = tuple(new if version is old else version for version in bucket.stack(key))
    bucket.set_stack(key, stack, now=call.cloud.clock.elapsed())


def store(cloud: Cloud, bucket: Bucket, key: str, version: ObjectVersion) -> ObjectVersion:
    """Make `version` the current one; answers with it as stored.

    Its version id is the bucket's to give: a copy brings its source's along, and only Enabled makes new ones.
    """
    immutable.check(cloud, bucket, key)
    stack = bucket.stack(key)
    if bucket.versioning == "Enabled":
        version = replace(version, version_id=cloud.new_version_id())
        rest = stack
    else:
        if version.version_id != NULL_VERSION:
            version = replace(version, version_id=NULL_VERSION)
        rest = tuple(old for old in stack if old.version_id != NULL_VERSION) if bucket.versioning else ()
    bucket.set_stack(key, (version, *rest), now=cloud.clock.elapsed())
    return version


def version_header(bucket: Bucket, version: ObjectVersion) -> dict[str, str]:
    """`x-oss-version-id`, which only buckets that ever had versioning send."""
    return {"x-oss-version-id": version.version_id} if bucket.versioning else {}


def forbid_overwrite(call: Call) -> None:
    """`x-oss-forbid-overwrite: true` refuses to replace an object; versioned buckets ignore it."""
    text = (call.header("x-oss-forbid-overwrite") or "").lower()
    if text != "true" or call.bucket.versioning:
        return
    if call.bucket.stack(call.key):
        raise Refusal(
            409,
            "FileAlreadyExists",
            "The object you specified already exists and can not be overwritten.",
            "0026-00000002",  # ours
        )


def delete(cloud: Cloud, bucket: Bucket, key: str, version_id: str | None, now: int) -> dict[str, str]:
    """Delete a key or one version of it; answers with the headers that say what happened. Absent is fine."""
    immutable.check(cloud, bucket, key)
    stack = bucket.stack(key)
    elapsed = cloud.clock.elapsed()
    if version_id is not None:
        gone = next((version for version in stack if version.version_id == version_id), None)
        if gone is None:
            check_version_id(version_id)
        bucket.set_stack(key, tuple(version for version in stack if version is not gone), now=elapsed)
        headers = {"x-oss-version-id": version_id}
        if gone is not None and gone.delete_marker:
            headers["x-oss-delete-marker"] = "true"
        return headers
    if not bucket.versioning:
        bucket.set_stack(key, (), now=elapsed)
        return {}
    enabled = bucket.versioning == "Enabled"
    marker = delete_marker(now, cloud.new_version_id() if enabled else NULL_VERSION)
    rest = stack if enabled else tuple(old for old in stack if old.version_id != NULL_VERSION)
    bucket.set_stack(key, (marker, *rest), now=elapsed)
    return {"x-oss-delete-marker": "true", "x-oss-version-id": marker.version_id}
