"""What a remediator may ask about the world: read-only questions, answered by daemon/cloud/ask/view.py.

Eight small views; a plan names the one that it needs, and so says what it depends on. Every question may raise
`TryAgain` or `Refused`; a remediator lets both pass unless a refusal is itself an answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ossmend.remediators.contract.answers import (
    Balance,
    BatchJob,
    BucketAccess,
    Denial,
    ImageAnswer,
    ImageCheck,
    LifecycleRule,
    ObjectVersion,
)
from ossmend.remediators.contract.values import (
    ClockReading,
    CorsConfiguration,
    KeyLastUsed,
    KeyNetworks,
    KeyOwner,
    KeyStatus,
    Missing,
    ObjectRef,
    ObjectState,
    PreflightAnswer,
    RecycledKey,
)


class Now(Protocol):
    def now(self) -> datetime: ...


class Objects(Now, Protocol):
    """Objects and their restore state."""

    def object(self, ref: ObjectRef) -> ObjectState | Missing: ...

    def reads(self, ref: ObjectRef) -> bool:
        """Does a one-byte ranged GET succeed? (206, 200, or 416 of an empty object.) Never answered from memory."""
        ...

    def archive_direct_read(self, bucket: str) -> bool: ...

    def lifecycle_rules(self, bucket: str) -> tuple[LifecycleRule, ...]:
        """The enabled rules that move current objects to an archive class."""
        ...


class Batches(Objects, Protocol):
    """OSS's own batch jobs, in the region of a bucket."""

    def batch_jobs(self, bucket: str, begins: str) -> tuple[BatchJob, ...]:
        """Those whose description begins so, oldest first. Never answered from memory."""
        ...

    def role_policies(self, role: str) -> tuple[str, ...] | None:
        """The names of the policies that a role of the account has; None where they may not be read."""
        ...


class Cors(Now, Protocol):
    """What a browser may do."""

    def cors(self, bucket: str) -> CorsConfiguration: ...

    def preflight(
        self, bucket: str, key: str | None, origin: str, method: str, headers: tuple[str, ...]
    ) -> PreflightAnswer:
        """An unsigned OPTIONS in the browser's shape. Never answered from memory."""
        ...


class Access(Now, Protocol):
    """Who may do what, as bucket and RAM tell it."""

    def bucket_access(self, bucket: str) -> BucketAccess:
        """ACL, policy, referers and the like. Parts that may not be read are named in the answer, not raised."""
        ...

    def object_acl(self, ref: ObjectRef) -> str:
        """default, private, public-read, public-read-write."""
        ...

    def denial(self, message: str) -> Denial | None:
        """A decoded diagnostic message; None once it has expired. TryAgain while it is not there yet."""
        ...

    def account_id(self) -> str: ...


class Pictures(Objects, Protocol):
    """Images, and the versions behind them: objects all the same."""

    def image(self, ref: ObjectRef) -> ImageCheck | Missing:
        """Fetched within a size limit, and looked at."""
        ...

    def processes(self, ref: ObjectRef) -> ImageAnswer:
        """What OSS's image processing says to it now. Never answered from memory."""
        ...

    def versions(self, ref: ObjectRef) -> tuple[ObjectVersion, ...]:
        """Newest first; the first is the current one."""
        ...

    def object_acl(self, ref: ObjectRef) -> str:
        """default, private, public-read, public-read-write."""
        ...


class Keys(Now, Protocol):
    """RAM and IMS: the ladder of what can be found out about an access key (docs/facts.md#access-keys)."""

    def key_owner(self, access_key_id: str) -> KeyOwner | None: ...

    def key_status(self, owner: KeyOwner, access_key_id: str) -> KeyStatus | None: ...

    def recycled_key(self, access_key_id: str) -> RecycledKey | None: ...

    def key_last_used(self, access_key_id: str) -> KeyLastUsed | None: ...

    def key_networks(self, owner: KeyOwner, access_key_id: str) -> KeyNetworks: ...


class Money(Now, Protocol):
    """Does the account answer, and what is left of its money?"""

    def answers(self, bucket: str | None) -> str | None:
        """The code of the account's family that OSS still refuses a harmless read with; None when it answers.
        Never answered from memory.
        """
        ...

    def balance(self) -> Balance: ...


class Clocks(Now, Protocol):
    """Our own clock, as seen from outside."""

    def clock(self) -> ClockReading: ...


class View(Batches, Cors, Access, Pictures, Keys, Money, Clocks, Protocol):
    """All of them: what a pass of a lane has at hand."""
