"""Turns plain settings (from the control API or a scene) into changes of the cloud; what makes no sense is refused.

Everything arrives as JSON-like data, so every value is checked here and a wrong one is a BadSetting with a sentence.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ossmend.simulator.contents import Stored, Zeros, digest
from ossmend.simulator.oss.cors import METHODS, lower
from ossmend.simulator.oss.cors import store as store_cors
from ossmend.simulator.oss.documents import KINDS, check
from ossmend.simulator.oss.route import is_utf8, valid_bucket_name
from ossmend.simulator.state import (
    ARCHIVE_CLASSES,
    STORAGE_CLASSES,
    Bucket,
    Cloud,
    Cors,
    CorsRule,
    Logging,
    ObjectVersion,
    Referer,
    Restore,
)
from ossmend.simulator.wire import Content, Refusal

Settings = Mapping[str, Any]
_TIERS = ("Expedited", "Standard", "Bulk")


class BadSetting(ValueError):
    """A setting that cannot be; the message is for whoever wrote it."""


def mapping(value: object, where: str) -> Settings:
    if not isinstance(value, Mapping):
        raise BadSetting(f"{where} must be an object, not {type(value).__name__}")
    return value


def text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise BadSetting(f"{where} must be a string")
    return value


def truth(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise BadSetting(f"{where} must be true or false")
    return value


def number(value: object, where: str, *, least: float = 0.0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < 1e15:
        raise BadSetting(f"{where} must be a number of at least {least:g}")
    return float(value)


def texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise BadSetting(f"{where} must be a list")
    return tuple(text(item, where) for item in value)


def one_of(value: object, allowed: tuple[str, ...], where: str) -> str:
    if value not in allowed:
        raise BadSetting(f"{where} must be one of {', '.join(allowed)}; it is {value!r}")
    return str(value)


def pairs(value: object, where: str) -> tuple[tuple[str, str], ...]:
    return tuple((text(k, where), text(v, where)) for k, v in mapping(value, where).items())


def _cors(value: object) -> Cors | None:
    if value is None:
        return None
    vary = False
    if isinstance(value, Mapping):
        unknown(value, "rules response_vary", "cors")
        vary, value = truth(value.get("response_vary", False), "response_vary"), value.get("rules")
    if not isinstance(value, list):
        raise BadSetting("cors must be a list of rules")
    return Cors(tuple(_cors_rule(mapping(rule, "a CORS rule")) for rule in value), vary)


def _cors_rule(rule: Settings) -> CorsRule:
    unknown(rule, "allowed_origins allowed_methods allowed_headers expose_headers max_age_seconds", "a CORS rule")
    methods = texts(rule.get("allowed_methods", []), "allowed_methods")
    for method in methods:
        one_of(method, METHODS, "allowed_methods")
    for needed in ("allowed_origins", "allowed_methods"):
        if not rule.get(needed):
            raise BadSetting(f"a CORS rule without {needed} would allow nothing")
    age = rule.get("max_age_seconds")
    return CorsRule(
        texts(rule.get("allowed_origins", []), "allowed_origins"),
        methods,
        lower(texts(rule.get("allowed_headers", []), "allowed_headers")),
        texts(rule.get("expose_headers", []), "expose_headers"),
        None if age is None else int(number(age, "max_age_seconds")),
    )


def _referer(value: object) -> Referer:
    settings = mapping(value or {}, "referer")
    unknown(settings, "allow_empty allow_truncate_query truncate_path allowed denied", "referer")
    return Referer(
        truth(settings.get("allow_empty", True), "allow_empty"),
        truth(settings.get("allow_truncate_query", True), "allow_truncate_query"),
        truth(settings.get("truncate_path", False), "truncate_path"),
        texts(settings.get("allowed", []), "allowed"),
        texts(settings.get("denied", []), "denied"),
    )


def _logging(value: object) -> Logging | None:
    if value is None:
        return None
    settings = mapping(value, "logging")
    unknown(settings, "target_bucket target_prefix role", "logging")
    return Logging(
        text(settings.get("target_bucket"), "target_bucket"),
        text(settings.get("target_prefix", ""), "target_prefix"),
        text(settings.get("role", ""), "role"),
    )


def unknown(settings: Settings, allowed: str, where: str) -> None:
    strange = sorted(set(settings) - set(allowed.split()))
    if strange:
        raise BadSetting(f"{where} has no setting {', '.join(map(repr, strange))}; it has {', '.join(allowed.split())}")


def _policy(bucket: Bucket, value: object) -> None:
    if value is None:
        bucket.policy, bucket.policy_text = None, ""
    else:
        bucket.policy = dict(mapping(value, "policy"))
        bucket.policy_text = json.dumps(bucket.policy)


def _documents(bucket: Bucket, value: object) -> None:
    """Configurations that are only kept; those the simulator acts on are settings of their own."""
    given = dict(pairs(value, "documents"))
    own = sorted(set(given) & set(_PLAIN | {"cors": None}))
    if own:
        raise BadSetting(f"documents has no {own[0]!r}: it is a setting of the bucket itself, beside documents")
    unknown(given, " ".join(KINDS), "documents")
    for name, document in given.items():
        try:
            check(KINDS[name], document.encode("utf-8", "replace"))
        except Refusal as refusal:
            detail = next((str(text) for _, text in refusal.extras), refusal.message)
            raise BadSetting(f"documents {name} is no {KINDS[name].root}: {detail}") from None
    bucket.documents = {name: document.encode("utf-8", "replace") for name, document in given.items()}


_PLAIN: dict[str, Callable[[Bucket, Any], None]] = {
    "acl": lambda b, v: setattr(b, "acl", one_of(v, ("private", "public-read", "public-read-write"), "acl")),
    "storage_class": lambda b, v: setattr(b, "storage_class", one_of(v, STORAGE_CLASSES, "storage_class")),
    "redundancy": lambda b, v: setattr(b, "redundancy", one_of(v, ("LRS", "ZRS"), "redundancy")),
    "region": lambda b, v: setattr(b, "region", text(v, "region")),
    "owner": lambda b, v: setattr(b, "owner", text(v, "owner")),
    "versioning": lambda b, v: setattr(b, "versioning", one_of(v, ("", "Enabled", "Suspended"), "versioning")),
    "block_public_access": lambda b, v: setattr(b, "block_public_access", truth(v, "block_public_access")),
    "archive_direct_read": lambda b, v: setattr(b, "archive_direct_read", truth(v, "archive_direct_read")),
    "transfer_acceleration": lambda b, v: setattr(b, "transfer_acceleration", truth(v, "transfer_acceleration")),
    "disabled": lambda b, v: setattr(b, "disabled", truth(v, "disabled")),
    "comment": lambda b, v: setattr(b, "comment", text(v, "comment")),
    "request_payer": lambda b, v: setattr(b, "request_payer", one_of(v, ("BucketOwner", "Requester"), "request_payer")),
    "cnames": lambda b, v: setattr(b, "cnames", set(texts(v, "cnames"))),
    "tags": lambda b, v: setattr(b, "tags", pairs(v, "tags")),
    "referer": lambda b, v: setattr(b, "referer", _referer(v)),
    "logging": lambda b, v: setattr(b, "logging", _logging(v)),
    "policy": _policy,
    "documents": _documents,
}
BUCKET_SETTINGS = " ".join([*_PLAIN, "cors", "objects"])


def put_bucket(cloud: Cloud, name: str, settings: Settings, *, patch: bool = False) -> Bucket:
    """Create a bucket or change one; a PUT on an existing one changes what it names and keeps the objects."""
    if not valid_bucket_name(name):
        raise BadSetting(f"{name!r} is no bucket name")
    unknown(settings, BUCKET_SETTINGS, "a bucket")
    existing = cloud.buckets.get(name)
    if existing is None and patch:
        raise BadSetting(f"there is no bucket {name}")
    bucket = existing or Bucket(name, cloud.account_id, cloud.region, int(cloud.clock.shown()))
    for setting, change in _PLAIN.items():
        if setting in settings:
            change(bucket, settings[setting])
    if "cors" in settings:
        store_cors(cloud, bucket, _cors(settings["cors"]))
    cloud.buckets[name] = bucket
    objects = settings.get("objects", {})
    if isinstance(objects, Mapping):
        for key, described in objects.items():
            put_object(cloud, name, text(key, "a key"), mapping(described or {}, "an object"))
    else:
        raise BadSetting("objects must map keys to their settings")
    return bucket


_VERSION_SETTINGS = (
    "size content content_base64 storage_class content_type headers tags acl modified transitioned restore "
    "symlink_target kind etag delete_marker"
)
OBJECT_SETTINGS = f"{_VERSION_SETTINGS} version_id"


def _content(settings: Settings) -> Content | None:
    given = [name for name in ("size", "content", "content_base64") if name in settings]
    if len(given) > 1:
        raise BadSetting(f"give one of size, content and content_base64, not {' and '.join(given)}")
    if "size" in settings:
        return Zeros(int(number(settings["size"], "size")))
    if "content" in settings:
        return Stored(text(settings["content"], "content").encode())
    if "content_base64" in settings:
        try:
            return Stored(base64.b64decode(text(settings["content_base64"], "content_base64"), validate=True))
        except (binascii.Error, ValueError):
            raise BadSetting("content_base64 is not base64") from None
    return None


def _restore(cloud: Cloud, value: object, storage_class: str) -> Restore | None:
    """`frozen`, `restoring`, `restored`, or an object with state, tier, days, ready_in_seconds, expires_in_seconds."""
    settings: Settings = (
        {"state": value} if isinstance(value, str) else mapping(value or {"state": "frozen"}, "restore")
    )
    unknown(settings, "state tier days ready_in_seconds expires_in_seconds", "restore")
    state = one_of(settings.get("state", "restored"), ("frozen", "restoring", "restored"), "restore.state")
    idle = set(settings) - {"state"} if state == "frozen" else set(settings) & {"ready_in_seconds"}
    if idle and state != "restoring":
        raise BadSetting(f"restore {min(idle)} means nothing while the object is {state}")
    if state == "frozen":
        return None
    if storage_class not in ARCHIVE_CLASSES:
        raise BadSetting(f"an object of class {storage_class} cannot be {state}")
    tier = one_of(settings.get("tier", "Standard"), _TIERS, "restore.tier")
    days = int(number(settings.get("days", 1), "restore.days", least=1))
    now = cloud.clock.elapsed()
    ready = now
    if state == "restoring":
        takes = cloud.restore_seconds[storage_class].get(tier, 0.0)
        ready += number(settings.get("ready_in_seconds", takes), "restore.ready_in_seconds")
    expires = ready + number(settings.get("expires_in_seconds", days * 86400), "restore.expires_in_seconds")
    return Restore(tier, days, ready, expires)


def etag(value: object) -> str:
    given = text(value, "etag").upper()
    if not re.fullmatch(r"[0-9A-F]{32}(-[0-9]+)?", given):
        raise BadSetting("etag must be 32 hex digits, perhaps with the number of parts after a dash")
    return given


def header_pairs(value: object, where: str) -> tuple[tuple[str, str], ...]:
    """Pairs that fit into a header: no control characters, and UTF-8 in the octets of latin-1."""
    found = pairs(value, where)
    for name, header in found:
        if not name.isascii() or any(ord(c) < 32 for c in name + header) or ":" in name:
            raise BadSetting(f"{where} holds what no header can: {name!r}")
    return tuple((name, header.encode("utf-8", "replace").decode("latin-1")) for name, header in found)


_OBJECT_ACLS = ("default", "private", "public-read", "public-read-write")
_KINDS = ("Normal", "Multipart", "Appendable", "Symlink")
_FIELDS: dict[str, Callable[[Any], Any]] = {
    "storage_class": lambda v: one_of(v, STORAGE_CLASSES, "storage_class"),
    "headers": lambda v: header_pairs(v, "headers"),
    "tags": lambda v: pairs(v, "tags"),
    "acl": lambda v: one_of(v, _OBJECT_ACLS, "acl"),
    "modified": lambda v: int(number(v, "modified")),
    "transitioned": lambda v: int(number(v, "transitioned")),
    "etag": etag,
    "kind": lambda v: one_of(v, _KINDS, "kind"),
    "delete_marker": lambda v: truth(v, "delete_marker"),
}


def _version(cloud: Cloud, base: ObjectVersion, settings: Settings) -> ObjectVersion:
    """`base` with the settings on top."""
    content = _content(settings)
    _check_content(base, settings, content)
    if content is not None:
        md5, crc = digest(content)
        base = replace(base, content=content, etag=md5, crc=crc)
    base = replace(base, **{name: check(settings[name]) for name, check in _FIELDS.items() if name in settings})
    if "content_type" in settings:
        others = tuple(h for h in base.headers if h[0].lower() != "content-type")
        content_type = header_pairs({"Content-Type": settings["content_type"]}, "content_type")
        base = replace(base, headers=(*content_type, *others))
    if "symlink_target" in settings:
        base = replace(base, kind="Symlink", symlink_target=text(settings["symlink_target"], "symlink_target"))
    if "restore" in settings:
        base = replace(base, restore=_restore(cloud, settings["restore"], base.storage_class))
    return base


def _check_content(base: ObjectVersion, settings: Settings, content: Content | None) -> None:
    """Content that nobody could ever read, and a link to nowhere."""
    if content is not None and settings.get("delete_marker") is True:
        raise BadSetting("a delete_marker has no content")
    if content is not None and "symlink_target" in settings:
        raise BadSetting("an object with a symlink_target has no content of its own")
    if settings.get("kind") == "Symlink" and base.symlink_target is None and "symlink_target" not in settings:
        raise BadSetting("an object of kind Symlink needs a symlink_target")


def _blank(cloud: Cloud, bucket: Bucket) -> ObjectVersion:
    md5, crc = digest(Zeros(0))
    return ObjectVersion(Zeros(0), md5, crc, int(cloud.clock.shown()), storage_class=bucket.storage_class)


def bucket_of(cloud: Cloud, name: str) -> Bucket:
    bucket = cloud.buckets.get(name)
    if bucket is None:
        raise BadSetting(f"there is no bucket {name}")
    return bucket


def check_key(key: str) -> None:
    if not key or not is_utf8(key) or len(key.encode()) > 1023:
        raise BadSetting(f"{key!r} is no object key")


def put_object(cloud: Cloud, bucket_name: str, key: str, settings: Settings) -> ObjectVersion:
    """A new version of a key (replacing the old one unless the bucket keeps versions)."""
    bucket = bucket_of(cloud, bucket_name)
    check_key(key)
    unknown(settings, OBJECT_SETTINGS, "an object")
    version = _version(cloud, _blank(cloud, bucket), settings)
    version_id = "null"
    if "version_id" in settings:
        version_id = text(settings["version_id"], "version_id")
    elif bucket.versioning == "Enabled":
        version_id = cloud.new_version_id()
    version = replace(version, version_id=version_id)
    older = bucket.stack(key) if bucket.versioning else ()
    kept = tuple(old for old in older if old.version_id != version_id)
    bucket.set_stack(key, (version, *kept), now=cloud.clock.elapsed())
    return version


def patch_object(
    cloud: Cloud, bucket_name: str, key: str, settings: Settings, version_id: str | None = None
) -> ObjectVersion:
    """Change one version in place: its content (damage it), class, restore state, ..."""
    bucket = bucket_of(cloud, bucket_name)
    unknown(settings, _VERSION_SETTINGS, "a version")
    stack = bucket.stack(key)
    for position, old in enumerate(stack):
        if version_id is None or old.version_id == version_id:
            version = _version(cloud, old, settings)
            changed = (*stack[:position], version, *stack[position + 1 :])
            bucket.set_stack(key, changed, now=cloud.clock.elapsed())
            return version
    raise BadSetting(
        f"there is no object {key} in {bucket_name}" + (f" with version {version_id}" if version_id else "")
    )


def put_objects(cloud: Cloud, bucket_name: str, settings: Settings) -> int:
    """Many keys that share one version: `{"pattern": "2024/{n:07d}.bin", "count": 1000000, "size": ..., ...}`."""
    bucket = bucket_of(cloud, bucket_name)
    unknown(settings, _VERSION_SETTINGS + " count pattern first", "many objects")
    pattern = text(settings.get("pattern", "{n:07d}"), "pattern")
    count = int(number(settings.get("count"), "count", least=1))
    first = int(number(settings.get("first", 0), "first"))
    try:
        check_key(pattern.format(n=first + count - 1))
        distinct = pattern.format(n=0) != pattern.format(n=1)
    except (KeyError, IndexError, ValueError, AttributeError):
        raise BadSetting(f"the pattern {pattern!r} must hold {{n}} or {{n:07d}} and nothing else in braces") from None
    if not distinct:
        raise BadSetting("the pattern must hold {n}, or all objects would have one key")
    stack = (_version(cloud, _blank(cloud, bucket), settings),)
    for n in range(first, first + count):
        bucket.set_stack(pattern.format(n=n), stack)
    bucket.index.keys()
    return count
