"""What the cloud says when a diagnosis asks it: values of the View about denials, buckets, pictures and money.

Nothing here does I/O. daemon/cloud/ fills these in; the remediators of AccessDenied, ImageDamage and UserDisable read
them. The other answers of a View are in values.py, the file that everybody reads first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

ACCOUNT_CODES = ("UserDisable", "InDebt", "InDebtOverdue", "BucketDisable", "AbnormalBucketOwnerStatus")
"""Codes that speak of the whole account: one case for all its buckets, and no write until it answers again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedPolicy:
    """One policy that took part in a denial."""

    name: str
    effect: str
    """`Allow` or `Deny`."""
    kind: str = ""
    """`Custom` or `System`."""
    attached_to: str = ""
    """`RamUser`, `RamGroup`, `RamRole`, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A decoded diagnostic message (docs/facts.md#diagnostic-messages)."""

    explicit: bool
    """A Deny forbids it; otherwise no statement allows it."""
    layer: str
    """NoPermissionPolicyType: AccountLevelIdentityBasedPolicy, SessionPolicy, ControlPolicy, ..."""
    action: str
    resource: str
    principal: str = ""
    principal_type: str = ""
    policies: tuple[MatchedPolicy, ...] = ()
    conditions: tuple[tuple[str, str], ...] = ()
    """Condition keys with the values that the request had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRule:
    """An enabled lifecycle rule that moves current objects to an archive class."""

    name: str
    prefix: str
    """Of the keys it moves; empty for all."""
    storage_class: str
    conditional: bool = False
    """It moves only some of them: those with a tag, of a size, ..."""

    def may_have_moved(self, key: str, storage_class: str) -> bool:
        return key.startswith(self.prefix) and storage_class == self.storage_class

    def __str__(self) -> str:
        return f"{self.name or '(no id)'}: {self.prefix or '(all)'} -> {self.storage_class}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """One of OSS's own batch jobs, as DescribeJob tells it."""

    id: str
    status: str
    """New, Preparing, Suspended, Ready, Active, Pausing, Paused, Completing, Complete, Cancelling, Cancelled, ..."""
    description: str
    created: datetime
    total: int
    """Tasks; -1 where OSS never came to know them."""
    succeeded: int
    failed: int
    confirmation_required: bool
    restores: bool
    """Is its operation RestoreObject?"""
    days: int | None
    tier: str | None
    role_arn: str
    manifest: tuple[str, str, str]
    """Bucket, key and ETag of the list of objects; the ETag in small letters."""

    @property
    def digest(self) -> str:
        """What the release of a job is planned on: it changes when the job or its list does."""
        return f"{self.status}/{self.manifest[2]}/{self.total}/{self.days}/{self.tier or '-'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefererRules:
    """A bucket's hotlink protection; lists are empty where it has none."""

    allow_empty: bool = True
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketAccess:
    """Who may do what in a bucket, as far as it can be read. None: that part could not be read; `unread` says why."""

    acl: str | None = None
    """private, public-read, public-read-write."""
    owner: str | None = None
    """The id of the account that owns (and pays for) the bucket."""
    region: str | None = None
    """Bare: `cn-hangzhou`."""
    block_public: bool | None = None
    policy: str | None = None
    """The bucket policy's JSON; empty where there is none."""
    referer: RefererRules | None = None
    requester_pays: bool | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """What BSS says of the account that our own key belongs to. Negative or zero: probably overdue."""

    available: Decimal
    currency: str


Picture = Literal[
    "good", "empty", "zeros", "truncated", "damaged", "not-an-image", "unsupported", "too-large", "unchecked"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCheck:
    """One version of an object, fetched and looked at as a picture."""

    verdict: Picture
    """`unchecked`: larger than what may be fetched, or there is no decoder here for it."""
    says: str
    """One sentence that can be checked."""
    format: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    intact: bool | None = None
    """Do the bytes have the checksum that OSS keeps for them? None where it keeps none. True and damaged: it was
    stored damaged; False: it was damaged on the way to us.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAnswer:
    """What OSS's own image processing says to `image/info`."""

    ok: bool
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectVersion:
    """One version of an object in a bucket that keeps versions, or its only one (version id `null`)."""

    version_id: str
    size: int
    etag: str | None
    storage_class: str
    last_modified: datetime | None = None
    delete_marker: bool = False
