"""Turns plain settings (from the control API or a scene) into objects and versions; given.py checks each value.

The bucket they are in is edit_buckets.py's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ossmend.simulator import given
from ossmend.simulator.contents import Stored, Zeros, digest
from ossmend.simulator.oss.route import is_utf8
from ossmend.simulator.state import ARCHIVE_CLASSES, STORAGE_CLASSES, Bucket, Cloud, ObjectVersion, Restore
from ossmend.simulator.wire import Content

_TIERS = ("Expedited", "Standard", "Bulk")
_VERSION_SETTINGS = (
    "size content content_base64 storage_class content_type headers tags acl modified transitioned restore "
    "symlink_target kind etag delete_marker"
)
OBJECT_SETTINGS = f"{_VERSION_SETTINGS} version_id"


def _content(settings: given.Settings) -> Content | None:
    kinds = [name for name in ("size", "content", "content_base64") if name in settings]
    if len(kinds) > 1:
        raise given.BadSetting(f"give one of size, content and content_base64, not {' and '.join(kinds)}")
    if "size" in settings:
        return Zeros(int(given.number(settings["size"], "size")))
    if "content" in settings:
        return Stored(given.text(settings["content"], "content").encode())
    if "content_base64" in settings:
        try:
            return Stored(base64.b64decode(given.text(settings["content_base64"], "content_base64"), validate=True))
        except (binascii.Error, ValueError):
            raise given.BadSetting("content_base64 is not base64") from None
    return None


def _restore(cloud: Cloud, value: object, storage_class: str) -> Restore | None:
    """`frozen`, `restoring`, `restored`, or an object with state, tier, days, ready_in_seconds, expires_in_seconds."""
    settings: given.Settings = (
        {"state": value} if isinstance(value, str) else given.mapping(value or {"state": "frozen"}, "restore")
    )
    given.unknown(settings, "state tier days ready_in_seconds expires_in_seconds", "restore")
    state = given.one_of(settings.get("state", "restored"), ("frozen", "restoring", "restored"), "restore.state")
    idle = set(settings) - {"state"} if state == "frozen" else set(settings) & {"ready_in_seconds"}
    if idle and state != "restoring":
        raise given.BadSetting(f"restore {min(idle)} means nothing while the object is {state}")
    if state == "frozen":
        return None
    if storage_class not in ARCHIVE_CLASSES:
        raise given.BadSetting(f"an object of class {storage_class} cannot be {state}")
    tier = given.one_of(settings.get("tier", "Standard"), _TIERS, "restore.tier")
    days = int(given.number(settings.get("days", 1), "restore.days", least=1))
    now = cloud.clock.elapsed()
    ready = now
    if state == "restoring":
        takes = cloud.restore_seconds[storage_class].get(tier, 0.0)
        ready += given.number(settings.get("ready_in_seconds", takes), "restore.ready_in_seconds")
    expires = ready + given.number(settings.get("expires_in_seconds", days * 86400), "restore.expires_in_seconds")
    return Restore(tier, days, ready, expires)


_OBJECT_ACLS = ("default", "private", "public-read", "public-read-write")
_KINDS = ("Normal", "Multipart", "Appendable", "Symlink")
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "storage_class": lambda v: given.one_of(v, STORAGE_CLASSES, "storage_class"),
    "headers": lambda v: given.header_pairs(v, "headers"),
    "tags": lambda v: given.pairs(v, "tags"),
    "acl": lambda v: given.one_of(v, _OBJECT_ACLS, "acl"),
    "modified": lambda v: int(given.number(v, "modified")),
    "transitioned": lambda v: int(given.number(v, "transitioned")),
    "etag": given.etag,
    "kind": lambda v: given.one_of(v, _KINDS, "kind"),
    "delete_marker": lambda v: given.truth(v, "delete_marker"),
}


def _version(cloud: Cloud, base: ObjectVersion, settings: given.Settings) -> ObjectVersion:
    """`base` with the settings on top."""
    content = _content(settings)
    _check_content(base, settings, content)
    if content is not None:
        md5, crc = digest(content)
        base = replace(base, content=content, etag=md5, crc=crc)
    base = replace(base, **{name: check(settings[name]) for name, check in _FIELDS.items() if name in settings})
    if "content_type" in settings:
        others = tuple(h for h in base.headers if h[0].lower() != "content-type")
        content_type = given.header_pairs({"Content-Type": settings["content_type"]}, "content_type")
        base = replace(base, headers=(*content_type, *others))
    if "symlink_target" in settings:
        base = replace(base, kind="Symlink", symlink_target=given.text(settings["symlink_target"], "symlink_target"))
    if "restore" in settings:
        base = replace(base, restore=_restore(cloud, settings["restore"], base.storage_class))
    return base


def _check_content(base: ObjectVersion, settings: given.Settings, content: Content | None) -> None:
    """Content that nobody could ever read, and a link to nowhere."""
    if content is not None and settings.get("delete_marker") is True:
        raise given.BadSetting("a delete_marker has no content")
    if content is not None and "symlink_target" in settings:
        raise given.BadSetting("an object with a symlink_target has no content of its own")
    if settings.get("kind") == "Symlink" and base.symlink_target is None and "symlink_target" not in settings:
        raise given.BadSetting("an object of kind Symlink needs a symlink_target")


def _blank(cloud: Cloud, bucket: Bucket) -> ObjectVersion:
    md5, crc = digest(Zeros(0))
    return ObjectVersion(Zeros(0), md5, crc, int(cloud.clock.shown()), storage_class=bucket.storage_class)


def bucket_of(cloud: Cloud, name: str) -> Bucket:
    bucket = cloud.buckets.get(name)
    if bucket is None:
        raise given.BadSetting(f"there is no bucket {name}")
    return bucket


def check_key(key: str) -> None:
    if not key or not is_utf8(key) or len(key.encode()) > 1023:
        raise given.BadSetting(f"{key!r} is no object key")


def put_object(cloud: Cloud, bucket_name: str, key: str, settings: given.Settings) -> ObjectVersion:
    """A new version of a key (replacing the old one unless the bucket keeps versions)."""
    bucket = bucket_of(cloud, bucket_name)
    check_key(key)
    given.unknown(settings, OBJECT_SETTINGS, "an object")
    version = _version(cloud, _blank(cloud, bucket), settings)
    version_id = "null"
    if "version_id" in settings:
        version_id = given.text(settings["version_id"], "version_id")
    elif bucket.versioning == "Enabled":
        version_id = cloud.new_version_id()
    version = replace(version, version_id=version_id)
    older = bucket.stack(key) if bucket.versioning else ()
    kept = tuple(old for old in older if old.version_id != version_id)
    bucket.set_stack(key, (version, *kept), now=cloud.clock.elapsed())
    return version


def patch_object(
    cloud: Cloud, bucket_name: str, key: str, settings: given.Settings, version_id: str | None = None
) -> ObjectVersion:
    """Change one version in place: its content (damage it), class, restore state, ..."""
    bucket = bucket_of(cloud, bucket_name)
    given.unknown(settings, _VERSION_SETTINGS, "a version")
    stack = bucket.stack(key)
    for position, old in enumerate(stack):
        if version_id is None or old.version_id == version_id:
            version = _version(cloud, old, settings)
            changed = (*stack[:position], version, *stack[position + 1 :])
            bucket.set_stack(key, changed, now=cloud.clock.elapsed())
            return version
    raise given.BadSetting(
        f"there is no object {key} in {bucket_name}" + (f" with version {version_id}" if version_id else "")
    )


def put_objects(cloud: Cloud, bucket_name: str, settings: given.Settings) -> int:
    """Many keys that share one version: `{"pattern": "2024/{n:07d}.bin", "count": 1000000, "size": ..., ...}`."""
    bucket = bucket_of(cloud, bucket_name)
    given.unknown(settings, _VERSION_SETTINGS + " count pattern first", "many objects")
    pattern = given.text(settings.get("pattern", "{n:07d}"), "pattern")
    count = int(given.number(settings.get("count"), "count", least=1))
    first = int(given.number(settings.get("first", 0), "first"))
    try:
        check_key(pattern.format(n=first + count - 1))
        distinct = pattern.format(n=0) != pattern.format(n=1)
    except (KeyError, IndexError, ValueError, AttributeError):
        raise given.BadSetting(
            f"the pattern {pattern!r} must hold {{n}} or {{n:07d}} and nothing else in braces"
        ) from None
    if not distinct:
        raise given.BadSetting("the pattern must hold {n}, or all objects would have one key")
    stack = (_version(cloud, _blank(cloud, bucket), settings),)
    for n in range(first, first + count):
        bucket.set_stack(pattern.format(n=n), stack)
    bucket.index.keys()
    return count
