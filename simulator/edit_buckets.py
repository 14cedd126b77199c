"""Turns plain settings (from the control API or a scene) into a bucket; given.py checks each value.

Its objects are edit_objects.py's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ossmend.simulator import given
from ossmend.simulator.edit_objects import put_object
from ossmend.simulator.oss.cors import METHODS, lower
from ossmend.simulator.oss.cors import store as store_cors
from ossmend.simulator.oss.documents import KINDS, settled
from ossmend.simulator.oss.route import valid_bucket_name
from ossmend.simulator.state import STORAGE_CLASSES, Bucket, Cloud, Cors, CorsRule, Logging, Referer
from ossmend.simulator.wire import Refusal


def _cors(value: object) -> Cors | None:
    if value is None:
        return None
    vary = False
    if isinstance(value, Mapping):
        given.unknown(value, "rules response_vary", "cors")
        vary, value = given.truth(value.get("response_vary", False), "response_vary"), value.get("rules")
    if not isinstance(value, list):
        raise given.BadSetting("cors must be a list of rules")
    return Cors(tuple(_cors_rule(given.mapping(rule, "a CORS rule")) for rule in value), vary)


def _cors_rule(rule: given.Settings) -> CorsRule:
    given.unknown(rule, "allowed_origins allowed_methods allowed_headers expose_headers max_age_seconds", "a CORS rule")
    methods = given.texts(rule.get("allowed_methods", []), "allowed_methods")
    for method in methods:
        given.one_of(method, METHODS, "allowed_methods")
    for needed in ("allowed_origins", "allowed_methods"):
        if not rule.get(needed):
            raise given.BadSetting(f"a CORS rule without {needed} would allow nothing")
    age = rule.get("max_age_seconds")
    return CorsRule(
        given.texts(rule.get("allowed_origins", []), "allowed_origins"),
        methods,
        lower(given.texts(rule.get("allowed_headers", []), "allowed_headers")),
        given.texts(rule.get("expose_headers", []), "expose_headers"),
        None if age is None else int(given.number(age, "max_age_seconds")),
    )


def _referer(value: object) -> Referer:
    settings = given.mapping(value or {}, "referer")
    given.unknown(settings, "allow_empty allow_truncate_query truncate_path allowed denied", "referer")
    return Referer(
        given.truth(settings.get("allow_empty", True), "allow_empty"),
        given.truth(settings.get("allow_truncate_query", True), "allow_truncate_query"),
        given.truth(settings.get("truncate_path", False), "truncate_path"),
        given.texts(settings.get("allowed", []), "allowed"),
        given.texts(settings.get("denied", []), "denied"),
    )


def _logging(value: object) -> Logging | None:
    if value is None:
        return None
    settings = given.mapping(value, "logging")
    given.unknown(settings, "target_bucket target_prefix role", "logging")
    return Logging(
        given.text(settings.get("target_bucket"), "target_bucket"),
        given.text(settings.get("target_prefix", ""), "target_prefix"),
        given.text(settings.get("role", ""), "role"),
    )


def _policy(bucket: Bucket, value: object) -> None:
    if value is None:
        bucket.policy, bucket.policy_text = None, ""
    else:
        bucket.policy = dict(given.mapping(value, "policy"))
        bucket.policy_text = json.dumps(bucket.policy)


def _documents(bucket: Bucket, value: object) -> None:
    """Configurations that are only kept; those the simulator acts on are settings of their own."""
    found = dict(given.pairs(value, "documents"))
    own = sorted(set(found) & set(_PLAIN | {"cors": None}))
    if own:
        raise given.BadSetting(f"documents has no {own[0]!r}: it is a setting of the bucket itself, beside documents")
    given.unknown(found, " ".join(KINDS), "documents")
    documents: dict[str, bytes] = {}
    for name, document in found.items():
        try:
            documents[name] = settled(KINDS[name], document.encode("utf-8", "replace"))
        except Refusal as refusal:
            detail = next((str(text) for _, text in refusal.extras), refusal.message)
            raise given.BadSetting(f"documents {name} is no {KINDS[name].root}: {detail}") from None
    bucket.documents = documents


_PAYERS = ("BucketOwner", "Requester")
_PLAIN: dict[str, Callable[[Bucket, Any], None]] = {
    "acl": lambda b, v: setattr(b, "acl", given.one_of(v, ("private", "public-read", "public-read-write"), "acl")),
    "storage_class": lambda b, v: setattr(b, "storage_class", given.one_of(v, STORAGE_CLASSES, "storage_class")),
    "redundancy": lambda b, v: setattr(b, "redundancy", given.one_of(v, ("LRS", "ZRS"), "redundancy")),
    "region": lambda b, v: setattr(b, "region", given.text(v, "region")),
    "owner": lambda b, v: setattr(b, "owner", given.text(v, "owner")),
    "versioning": lambda b, v: setattr(b, "versioning", given.one_of(v, ("", "Enabled", "Suspended"), "versioning")),
    "block_public_access": lambda b, v: setattr(b, "block_public_access", given.truth(v, "block_public_access")),
    "archive_direct_read": lambda b, v: setattr(b, "archive_direct_read", given.truth(v, "archive_direct_read")),
    "transfer_acceleration": lambda b, v: setattr(b, "transfer_acceleration", given.truth(v, "transfer_acceleration")),
    "disabled": lambda b, v: setattr(b, "disabled", given.truth(v, "disabled")),
    "real_time_log": lambda b, v: setattr(b, "real_time_log", given.truth(v, "real_time_log")),
    "comment": lambda b, v: setattr(b, "comment", given.text(v, "comment")),
    "request_payer": lambda b, v: setattr(
        b, "request_payer", given.one_of(v, ("BucketOwner", "Requester"), "request_payer")
    ),
    "cnames": lambda b, v: setattr(b, "cnames", set(given.texts(v, "cnames"))),
    "tags": lambda b, v: setattr(b, "tags", given.pairs(v, "tags")),
    "referer": lambda b, v: setattr(b, "referer", _referer(v)),
    "logging": lambda b, v: setattr(b, "logging", _logging(v)),
    "policy": _policy,
    "documents": _documents,
}
BUCKET_SETTINGS = " ".join([*_PLAIN, "cors", "objects"])


def put_bucket(cloud: Cloud, name: str, settings: given.Settings, *, patch: bool = False) -> Bucket:
    """Create a bucket or change one; a PUT on an existing one changes what it names and keeps the objects."""
    if not valid_bucket_name(name):
        raise given.BadSetting(f"{name!r} is no bucket name")
    given.unknown(settings, BUCKET_SETTINGS, "a bucket")
    existing = cloud.buckets.get(name)
    if existing is None and patch:
        raise given.BadSetting(f"there is no bucket {name}")
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
            put_object(cloud, name, given.text(key, "a key"), given.mapping(described or {}, "an object"))
    else:
        raise given.BadSetting("objects must map keys to their settings")
    return bucket
