"""Turns everything that happened into one Cloud: buckets, objects, versions, the log of requests; oss/ changes it.

Object versions are immutable and do not know their own key. So a million archived objects can be a million keys that
share one version, and one of them gets a version of its own when somebody restores it.
"""

from __future__ import annotations

import random
import secrets
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ossmend.simulator.batch import Batch
from ossmend.simulator.clock import Clock
from ossmend.simulator.contents import Zeros
from ossmend.simulator.faults import Faults
from ossmend.simulator.identity import Identity
from ossmend.simulator.log_store import LogService
from ossmend.simulator.principals import AccessKey
from ossmend.simulator.wire import Content

STORAGE_CLASSES: Final = ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive")
ARCHIVE_CLASSES: Final = ("Archive", "ColdArchive", "DeepColdArchive")

NULL_VERSION: Final = "null"
_REMEMBERED_CHANGES: Final = 10_000
_SERIAL_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore that was asked for; times are on the elapsed clock."""

    tier: str
    days: int
    ready_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of some object, or a delete marker."""

    content: Content
    etag: str
    crc: int
    modified: int
    storage_class: str = "Standard"
    version_id: str = NULL_VERSION
    kind: str = "Normal"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/octet-stream"),)
    """Content-Type, Cache-Control, ... and x-oss-meta-*, as they are sent back."""
    tags: tuple[tuple[str, str], ...] = ()
    acl: str = "default"
    symlink_target: str | None = None
    restore: Restore | None = None
    delete_marker: bool = False
    transitioned: int | None = None

    @property
    def size(self) -> int:
        return self.content.size

    def header(self, name: str) -> str | None:
        """One of the stored headers, by its lower-case name."""
        return next((value for key, value in self.headers if key.lower() == name), None)


Stack = tuple[ObjectVersion, ...]
"""All versions of one key, newest first; never empty while it is in a bucket."""


class KeyIndex:
    """The keys of a bucket in UTF-8 order. Additions wait in a list: a bulk load sorts once, a single put inserts."""

    def __init__(self) -> None:
        self._sorted: list[str] = []
        self._pending: list[str] = []

    def add(self, key: str) -> None:
        self._pending.append(key)

    def remove(self, key: str) -> None:
        keys = self.keys()
        position = bisect_left(keys, key)
        if position < len(keys) and keys[position] == key:
            del keys[position]

    def keys(self) -> list[str]:
        """The sorted list itself; not to be changed by the caller."""
        if self._pending:
            if len(self._pending) > 64:
                self._sorted.extend(self._pending)
                self._sorted.sort()
            else:
                for key in self._pending:
                    insort(self._sorted, key)
            self._pending = []
        return self._sorted

    def from_key(self, key: str, *, after: bool = False) -> Iterator[str]:
        """Keys from `key` on, without it if `after`; found by bisection, so a page costs a page."""
        keys = self.keys()
        position = bisect_left(keys, key)
        if after and position < len(keys) and keys[position] == key:
            position += 1
        for index in range(position, len(keys)):
            yield keys[index]


@dataclass(slots=True)
class Part:
    """One uploaded part of a multipart upload."""

    data: bytes
    etag: str
    crc: int
    modified: int


@dataclass(slots=True)
class Upload:
    """A multipart upload that was neither completed nor aborted."""

    key: str
    upload_id: str
    initiated: int
    storage_class: str
    headers: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    acl: str
    forbid_overwrite: bool = False
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CorsRule:
    allowed_origins: tuple[str, ...]
    allowed_methods: tuple[str, ...]
    allowed_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Cors:
    """A bucket's CORS configuration."""

    rules: tuple[CorsRule, ...]
    response_vary: bool = False


@dataclass(frozen=True, slots=True)
class Referer:
    """Hotlink protection."""

    allow_empty: bool = True
    allow_truncate_query: bool = True
    truncate_path: bool = False
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Logging:
    """Where a bucket's access log goes."""

    target_bucket: str
    target_prefix: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """Where somebody could push a video to."""

    description: str
    status: str
    fragment_seconds: str
    fragments: str
    playlist: str
    modified: int


@dataclass(frozen=True, slots=True)
class Style:
    """A name for what is done to a picture."""

    content: str
    category: str
    created: int
    modified: int


@dataclass(frozen=True, slots=True)
class Worm:
    """A bucket's retention policy: for so many days after its last change nothing is overwritten or deleted."""

    id: str
    days: int
    created: int
    made_at: float
    """The elapsed clock at its making: unlocked, it holds for a day."""
    locked: bool = False


@dataclass(slots=True)
class Bucket:
    """One bucket and all its settings."""

    name: str
    owner: str
    region: str
    created: int
    storage_class: str = "Standard"
    redundancy: str = "LRS"
    acl: str = "private"
    block_public_access: bool = False
    archive_direct_read: bool = False
    versioning: str = ""
    cors: Cors | None = None
    cors_before: tuple[Cors | None, float] | None = None
    """What preflights still see, and until when on the elapsed clock, while a change propagates."""
    policy: dict[str, Any] | None = None
    policy_text: str = ""
    referer: Referer = field(default_factory=Referer)
    logging: Logging | None = None
    real_time_log: bool = False
    """Do its requests become rows of the log service?"""
    tags: tuple[tuple[str, str], ...] = ()
    documents: dict[str, bytes] = field(default_factory=dict)
    """Configurations that are only kept, by sub-resource: lifecycle, website, encryption, ..."""
    request_payer: str = "BucketOwner"
    transfer_acceleration: bool | None = None
    """None: never set."""
    accessed: dict[str, int] = field(default_factory=dict)
    """When a key was last read, while access is monitored (oss/access_time.py)."""
    disabled: bool = False
    cnames: set[str] = field(default_factory=set)
    comment: str = ""
    objects: dict[str, Stack] = field(default_factory=dict)
    index: KeyIndex = field(default_factory=KeyIndex)
    uploads: dict[str, Upload] = field(default_factory=dict)
    live_channels: dict[str, LiveChannel] = field(default_factory=dict)
    styles: dict[str, Style] = field(default_factory=dict)
    worm: Worm | None = None
    inventories: dict[str, bytes] = field(default_factory=dict)
    """Which lists of its objects are to be made, by id; none ever is."""
    previous: dict[str, tuple[Stack, float]] = field(default_factory=dict)
    """For stale reads: what a key's versions were before one of the latest changes, and when that was (elapsed)."""

    def stack(self, key: str) -> Stack:
        return self.objects.get(key, ())

    def set_stack(self, key: str, stack: Stack, *, now: float | None = None) -> None:
        """Replace all versions of a key; an empty stack removes it."""
        old = self.objects.get(key)
        if now is not None:
            self.previous.pop(key, None)
            self.previous[key] = (old or (), now)
            if len(self.previous) > _REMEMBERED_CHANGES:
                del self.previous[next(iter(self.previous))]
        if stack:
            self.objects[key] = stack
            if old is None:
                self.index.add(key)
        elif old is not None:
            del self.objects[key]
            self.index.remove(key)

    @property
    def location(self) -> str:
        return f"oss-{self.region}"

    @property
    def endpoint(self) -> str:
        return f"oss-{self.region}.aliyuncs.com"


@dataclass(slots=True)
class Instance:
    """The ECS instance that the clients run on; metadata.py answers for it."""

    role: str | None = "ossmend"
    """The role that it has; None: none."""
    hardened: bool = False
    """Does it answer only to those who show a token?"""
    session_seconds: float = 6 * 3600.0
    tokens: dict[str, float] = field(default_factory=dict)
    """Token -> when it is over, on the elapsed clock."""
    session: AccessKey | None = None


@dataclass(slots=True)
class RequestRecord:
    """One line of `GET {control}/requests`. Not frozen, which makes it four times dearer: every request has one."""

    operation: str
    method: str
    bucket: str | None
    key: str | None
    access_key_id: str | None
    status: int
    shown: float
    user_agent: str
    code: str
    request_id: str
    target: str
    service: str


class Cloud:
    """Everything the simulator knows. One instance, touched by one event loop only."""

    def __init__(self, *, clock: Clock | None = None, region: str = "cn-hangzhou") -> None:
        self.clock = clock or Clock()
        self.region = region
        self.identity = Identity(self.clock)
        """The account that the announced key belongs to."""
        self.others: dict[str, Identity] = {}
        """Further accounts, by their ids: each has its own keys, users and troubles. Buckets name their owner."""
        self.instance = Instance()
        self.buckets: dict[str, Bucket] = {}
        self.requests: list[RequestRecord] = []
        self.faults = Faults()
        self.cors_delay_seconds = 0.0
        self.restore_seconds: dict[str, dict[str, float]] = restore_seconds(realistic=self.clock.realistic)
        self.batch = Batch()
        self.log_service = LogService()
        self.account_block_public_access = False
        self.s3_path_style = False
        """Do S3 clients that cannot address `bucket.host` here pass? OSS itself never lets them."""
        self.pending_log_lines: dict[tuple[str, str], list[str]] = {}
        """Access-log lines that are not yet an object, by source bucket and hour (as written in the object's name)."""
        self.next_log_delivery = self.clock.elapsed() + 3600.0
        self.log_serial = 0
        self.service_documents: dict[str, bytes] = {}
        self.control_secret = secrets.token_urlsafe(18)
        """The part of the control API's address that a web page cannot guess; another one at each start."""
        self._version_serial = 0

    @property
    def account_id(self) -> str:
        return self.identity.account_id

    def account(self, account_id: str) -> Identity | None:
        """The account with that id; None where only a key or a bucket is known of it."""
        return self.identity if account_id == self.account_id else self.others.get(account_id)

    def account_of_key(self, access_key_id: str) -> Identity:
        """The account that has this key; of a key that nobody has, the first one says so."""
        for account in self.others.values():
            if access_key_id in account.keys:
                return account
        return self.identity

    def create_bucket(self, name: str, **settings: Any) -> Bucket:
        """A new bucket of this account in this region, unless the settings say otherwise."""
        settings.setdefault("owner", self.account_id)
        settings.setdefault("region", self.region)
        settings.setdefault("created", int(self.clock.shown()))
        bucket = Bucket(name=name, **settings)
        self.buckets[name] = bucket
        return bucket

    def new_version_id(self) -> str:
        """Opaque to clients, of letters and digits as the real ones; inside it a number that only rises."""
        self._version_serial += 1
        noise = secrets.token_urlsafe(24).replace("-", "x").replace("_", "y")
        return f"CAEQ{self._version_serial:0{_SERIAL_DIGITS}d}{noise}"

    def new_upload_id(self) -> str:
        return f"{random.getrandbits(128):032X}"


def version_serial(version_id: str) -> int | None:
    """The rising number in an id of `new_version_id`; None for `null` and for ids that a scene chose."""
    digits = version_id[4 : 4 + _SERIAL_DIGITS]
    return int(digits) if len(version_id) > 40 and digits.isascii() and digits.isdigit() else None


def restore_seconds(*, realistic: bool) -> dict[str, dict[str, float]]:
    """How long a restore takes, by class and tier: the documented times, or short ones (never instant)."""
    if realistic:
        return {
            "Archive": {"Standard": 60.0},
            "ColdArchive": {"Expedited": 3600.0, "Standard": 5 * 3600.0, "Bulk": 12 * 3600.0},
            "DeepColdArchive": {"Expedited": 12 * 3600.0, "Standard": 48 * 3600.0},
        }
    return {
        "Archive": {"Standard": 5.0},
        "ColdArchive": {"Expedited": 10.0, "Standard": 20.0, "Bulk": 30.0},
        "DeepColdArchive": {"Expedited": 15.0, "Standard": 30.0},
    }


def delete_marker(modified: int, version_id: str) -> ObjectVersion:
    return ObjectVersion(Zeros(0), "", 0, modified, version_id=version_id, kind="", headers=(), delete_marker=True)
