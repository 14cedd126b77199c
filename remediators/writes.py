"""The closed list of writes, as values: every call that ossmend could ever make to change something.

A security reviewer reads this file. Nothing here deletes, widens an ACL or a policy, or enables, disables or creates
a key. A write knows its target, the permission it needs, what it was planned on and how to undo it; it does not
know how it is sent: that is daemon/cloud/executor.py, the only caller that can.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import TypeAdapter

from ossmend.remediators.contract import CorsRule, ObjectRef

Tier = Literal["Expedited", "Standard", "Bulk"]
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a write changes something: a bucket, an object in it, or one version of that. The policy's `match` is asked
    about exactly this (config/policy.py), so a write that named less than it touches would slip out of its policy.
    """

    bucket: str
    key: str | None = None
    """None: the bucket's own configuration."""
    version_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreObject:
    """POST /key?restore: make an archived object readable for some days. Cannot be undone; it expires by itself."""

    operation: Literal["RestoreObject"] = "RestoreObject"
    bucket: str
    key: str
    version_id: str | None = None
    days: int
    tier: Tier | None = None
    """None for Archive, which knows no tiers (facts: section 3.1)."""
    storage_class: str
    size: int
    """Bytes of the object: what the brakes and the cost count."""
    planned_on: str

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.bucket, self.key, self.version_id)

    @property
    def place(self) -> Place:
        return Place(self.bucket, self.key, self.version_id)

    @property
    def target(self) -> str:
        return str(self.ref)

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        action = "oss:RestoreObjectVersion" if self.version_id else "oss:RestoreObject"
        return ((action, f"acs:oss:*:*:{self.bucket}/{self.key}"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBucketCors:
    """PUT /?cors: replace a bucket's CORS configuration by the one read before plus the stored rule.

    Undone by a PutBucketCors of `before`, if nobody has changed the configuration since.
    """

    operation: Literal["PutBucketCors"] = "PutBucketCors"
    bucket: str
    rules: tuple[CorsRule, ...]
    response_vary: bool | None = None
    before: tuple[CorsRule, ...] = ()
    before_response_vary: bool | None = None
    planned_on: str

    @property
    def place(self) -> Place:
        return Place(self.bucket)

    @property
    def target(self) -> str:
        return f"oss://{self.bucket}"

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        return (("oss:PutBucketCors", f"acs:oss:*:*:{self.bucket}"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagUser:
    """IMS TagResources on one RAM user: mark the owner of a refused key. Opt-in; touches no key."""

    operation: Literal["TagUser"] = "TagUser"
    principal: str
    user_id: str
    tags: tuple[tuple[str, str], ...]
    planned_on: str

    @property
    def place(self) -> None:
        """None: a RAM user lies in no bucket."""
        return

    @property
    def target(self) -> str:
        return f"ram:user/{self.principal}"

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        return (("ram:TagResources", f"acs:ram:*:*:user/{self.principal.partition('@')[0]}"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreVersion:
    """PUT /key with x-oss-copy-source of an older version: that version becomes the newest one again, as a copy.

    Only in buckets that keep versions: nothing is lost, what was current stays as an older version. Undone by a
    RestoreVersion of `current`.
    """

    operation: Literal["RestoreVersion"] = "RestoreVersion"
    bucket: str
    key: str
    version_id: str
    """The older version that is copied."""
    etag: str | None = None
    size: int
    current: str
    """Version id of what is current, and damaged."""
    current_etag: str | None = None
    storage_class: str
    """Of what is current; a copy would take the bucket's otherwise."""
    acl: str = "default"
    """The object's own ACL: a copy does not inherit it, and must not be more public than what it replaces."""
    planned_on: str

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.bucket, self.key)

    @property
    def place(self) -> Place:
        """The object as a whole: which of its versions is copied is what was looked for, not what a text says."""
        return Place(self.bucket, self.key)

    @property
    def target(self) -> str:
        return f"{self.ref} from version {self.version_id}"

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        place = f"acs:oss:*:*:{self.bucket}/{self.key}"
        setting = (("oss:PutObjectAcl", place),) if self.acl != "default" else ()
        return (("oss:GetObjectVersion", place), ("oss:PutObject", place), *setting)


COPIED_AS = "copied as "
"""Begins the outcome of a RestoreVersion; the version it has made follows. An undo is planned on that one."""


def versions_digest(version_id: str, etag: str | None) -> str:
    """What a RestoreVersion is planned on: which version is current."""
    return f"current {version_id}/{etag or '-'}"


Write = RestoreObject | PutBucketCors | TagUser | RestoreVersion
OPERATIONS: tuple[str, ...] = ("RestoreObject", "PutBucketCors", "TagUser", "RestoreVersion")


class _Codec:
    """Writes to and from JSON, by their `operation`."""

    adapter: ClassVar[TypeAdapter[Write]] = TypeAdapter(Write)


def to_json(write: Write) -> str:
    """Stable text: sorted keys, no blanks. The journal keeps it, and `digest` is taken over it."""
    return json.dumps(_Codec.adapter.dump_python(write, mode="json"), sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> Write:
    return _Codec.adapter.validate_json(text)


def digest(write: Write) -> str:
    """What an approval names: operation, target, arguments, what it was planned on. Other digest, other approval."""
    return hashlib.sha256(to_json(write).encode()).hexdigest()
