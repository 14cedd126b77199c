"""What the cloud can be asked about, as values: objects, CORS rules, access keys, clocks. Nothing here does I/O.

The first part of the contract: everything else in this folder may use it, and it uses nothing. Next: write.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class AccountRef:
    """An Alibaba Cloud account, by the name that the configuration gives it. Every event, case, write and brake belongs
    to one. `region` is empty where the account's own is meant.
    """

    account: str = "default"
    region: str = ""

    def __str__(self) -> str:
        return f"{self.account}/{self.region}" if self.region else self.account

    @classmethod
    def of(cls, text: str) -> AccountRef:
        """What `str` has made."""
        account, _, region = text.partition("/")
        return cls(account, region)


DEFAULT_ACCOUNT = AccountRef()
ANY_ACCOUNT = AccountRef("*")
"""Of an event whose source names no account, where there are several: triage settles it, and no case has it."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """One object, or one version of it. `key` is decoded text, never percent-encoded."""

    bucket: str
    key: str
    version_id: str | None = None

    def __str__(self) -> str:
        version = f"?versionId={self.version_id}" if self.version_id else ""
        return f"oss://{self.bucket}/{self.key}{version}"


@dataclass(frozen=True, slots=True)
class Missing:
    """OSS says that it is not there. `what` is `object`, `bucket` or `version`."""

    what: Literal["object", "bucket", "version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectState:
    """One object as HEAD or a listing shows it."""

    ref: ObjectRef
    storage_class: str
    """Standard, IA, Archive, ColdArchive, DeepColdArchive: OSS's spelling in headers."""
    size: int
    restore: Literal["none", "ongoing", "restored"]
    """`none`: never asked, expired, or lost. OSS cannot tell these apart (docs/facts.md#restore-states)."""
    until: datetime | None = None
    """With `restored`: when the readable copy expires."""
    etag: str | None = None
    last_modified: datetime | None = None
    transitioned: datetime | None = None
    """x-oss-transition-time: when a lifecycle rule moved it to its class."""

    @property
    def digest(self) -> str:
        """What a RestoreObject is planned on: it changes when the object or its restore state does."""
        until = self.until.isoformat() if self.until else "-"
        return f"{self.storage_class}/{self.restore}/{until}/{self.etag or '-'}"


@dataclass(frozen=True, slots=True)
class CorsRule:
    """One CORS rule; fields and limits as PutBucketCors has them."""

    allowed_origins: tuple[str, ...]
    allowed_methods: tuple[str, ...]
    allowed_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class CorsConfiguration:
    """A bucket's CORS rules in their order; no rules where the bucket has no configuration."""

    rules: tuple[CorsRule, ...] = ()
    response_vary: bool | None = None
    unknown: tuple[str, ...] = ()
    """Elements we do not know and would lose by writing: a reason not to write."""

    @property
    def digest(self) -> str:
        """What a PutBucketCors is planned on."""
        import hashlib

        return hashlib.sha256(repr((self.rules, self.response_vary, self.unknown)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class PreflightAnswer:
    """What a browser's preflight got."""

    status: int
    code: str | None = None
    message: str | None = None
    allow_origin: str | None = None
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()

    def allows(self, origin: str, method: str, headers: Iterable[str]) -> bool:
        """Would a browser go on? Header and method names compare without case; `*` in Allow-Headers covers all."""
        names = {name.lower() for name in self.allow_headers}
        return (
            self.status == 200
            and self.allow_origin in (origin, "*")
            and method.upper() in {name.upper() for name in self.allow_methods}
            and ("*" in names or all(header.lower() in names for header in headers))
        )


def tags_digest(tags: Mapping[str, str]) -> str:
    """A user's tags as one word: it changes when somebody tags."""
    import hashlib

    return hashlib.sha256(repr(sorted(tags.items())).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOwner:
    """The RAM user (or root) behind an access key id; a principal name, never mail or phone."""

    user_id: str
    principal: str
    """`name@alias.onaliyun.com`, or `root`."""
    name: str
    display_name: str = ""
    kind: Literal["ram-user", "root"] = "ram-user"
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What a TagUser is planned on."""
        return tags_digest(self.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    status: Literal["Active", "Inactive"]
    created: datetime | None = None
    updated: datetime | None = None
    """When its status last changed, where IMS tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycledKey:
    """An access key in the recycle bin."""

    user_id: str
    principal: str
    recycled: datetime | None = None
    purged_by: datetime | None = None
    user_recycled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLastUsed:
    """ActionTrail's last use of a key, up to an hour stale; knows root keys too."""

    kind: Literal["ram-user", "root"]
    owner_id: str
    name: str
    service: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyNetworks:
    """Source networks a key may be used from; empty when unrestricted. `scope` tells whose policy says so."""

    allowed: tuple[str, ...] = ()
    scope: Literal["none", "key", "account"] = "none"


REFUSED_SKEW = timedelta(minutes=15)
"""OSS refuses header-signed requests of a clock that is further off (MaxAllowedSkewMilliseconds 900000)."""


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One measurement: the true (server) time minus ours lies within [low, high] seconds. Positive: we are behind."""

    source: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What our own clock looks like from outside; `failed` names the sources that could not be asked."""

    samples: tuple[ClockSample, ...]
    failed: tuple[str, ...] = ()


def shortened(text: str, most: int) -> str:
    """The text in at most so many characters; one that goes on says so."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
