"""Questions of one pass -> answers, from the cache where the pass has asked before, from one page for many keys.

A view knows the pass's cases from the start, so the first question about an object brings the answers for its
others along (list_batch.py). What proves something is over (`reads`, `preflight`) is never kept. reads.py asks
OSS, keys.py asks RAM; accounts.py makes the views.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from ossmend.daemon.cloud.ask.account import Account
from ossmend.daemon.cloud.ask.batch_jobs import BatchJobs
from ossmend.daemon.cloud.ask.cache import Cache
from ossmend.daemon.cloud.ask.inquiries import Inquiries
from ossmend.daemon.cloud.ask.keys import KeyLadder
from ossmend.daemon.cloud.ask.list_batch import list_batch
from ossmend.daemon.cloud.ask.reads import Reads
from ossmend.daemon.cloud.wire.answers import Row, possible_bucket, possible_key
from ossmend.daemon.host.clock import Clock
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
from ossmend.remediators.contract.verdict import Refused

Result = TypeVar("Result")

LIFE = 10.0
"""Seconds that any answer is kept."""

Listed = Mapping[str, Row | None] | Missing


class CloudView:
    """contract.View over the cloud. Any number of threads may ask at once."""

    def __init__(
        self,
        reads: Reads,
        inquiries: Inquiries,
        account: Account,
        ladder: KeyLadder,
        clock: Clock,
        measure: Callable[[], ClockReading],
        wanted: Iterable[ObjectRef],
        *,
        jobs: BatchJobs,
        billed: int = 1,
    ) -> None:
        """`wanted`: the objects that will be asked about; `billed`: a list page costs as much as so many HEADs."""
        self._reads = reads
        self._inquiries = inquiries
        self._account = account
        self._ladder = ladder
        self._jobs = jobs
        self._clock = clock
        self._measure = measure
        self._billed = billed
        self._wanted: dict[str, list[str]] = {}
        for ref in wanted:
            if not ref.version_id and possible_bucket(ref.bucket) and possible_key(ref.key):
                self._wanted.setdefault(ref.bucket, []).append(ref.key)
        self._cache = Cache(clock, keep_errors=LIFE)
        self._written: set[ObjectRef] = set()
        self.pages: dict[str, tuple[float, Mapping[str, Row | None]]] = {}
        """By bucket: when its page was asked for, and its rows. While it is young it is a look before a write, too."""
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._clock.now()

    # ------------------------------------------------------------------------------------------------------------ OSS

    def object(self, ref: ObjectRef) -> ObjectState | Missing:
        listed = self._listed(ref)
        return listed if listed is not None else self._keep(ref, lambda: self._reads.head(ref))

    def reads(self, ref: ObjectRef) -> bool:
        return self._reads.reads(ref)

    def archive_direct_read(self, bucket: str) -> bool:
        return self._keep(("direct-read", bucket), lambda: self._reads.archive_direct_read(bucket))

    def cors(self, bucket: str) -> CorsConfiguration:
        return self._keep(("cors", bucket), lambda: self._reads.cors(bucket))

    def preflight(
        self, bucket: str, key: str | None, origin: str, method: str, headers: tuple[str, ...]
    ) -> PreflightAnswer:
        return self._reads.preflight(bucket, key, origin, method, headers)

    def lifecycle_rules(self, bucket: str) -> tuple[LifecycleRule, ...]:
        return self._keep(("lifecycle", bucket), lambda: self._reads.lifecycle_rules(bucket))

    def bucket_access(self, bucket: str) -> BucketAccess:
        return self._keep(("access", bucket), lambda: self._inquiries.bucket_access(bucket))

    def object_acl(self, ref: ObjectRef) -> str:
        return self._keep(("acl", ref), lambda: self._inquiries.object_acl(ref))

    def answers(self, bucket: str | None) -> str | None:
        return self._inquiries.answers(bucket)

    def image(self, ref: ObjectRef) -> ImageCheck | Missing:
        return self._keep(("image", ref), lambda: self._inquiries.image(ref))

    def processes(self, ref: ObjectRef) -> ImageAnswer:
        return self._inquiries.processes(ref)

    def versions(self, ref: ObjectRef) -> tuple[ObjectVersion, ...]:
        return self._keep(("versions", ref), lambda: self._inquiries.versions(ref))

    def batch_jobs(self, bucket: str, begins: str) -> tuple[BatchJob, ...]:
        return self._jobs.of(bucket, begins)

    def role_policies(self, role: str) -> tuple[str, ...] | None:
        return self._jobs.role_policies(role)

    def denial(self, message: str) -> Denial | None:
        return self._keep(("denial", message), lambda: self._account.denial(message))

    def balance(self) -> Balance:
        return self._keep("balance", self._account.balance)

    def forget(self, stale: Iterable[Hashable]) -> None:
        """A write has just been sent: what was known by these questions is over. An object is asked for by its ref."""
        for question in stale:
            if isinstance(question, ObjectRef):
                with self._lock:
                    self._written.add(question)
            self._cache.forget(question)

    def _listed(self, ref: ObjectRef) -> ObjectState | Missing | None:
        """What the bucket's list batch shows of it; None where only a HEAD can tell."""
        if ref.version_id or ref.bucket not in self._wanted or ref in self._written:
            return None
        listed = self._keep(("list batch", ref.bucket), lambda: self._list_batch(ref.bucket))
        if isinstance(listed, Missing):
            return listed
        if ref.key not in listed:
            return None
        row = listed[ref.key]
        return Missing("object") if row is None else row.state

    def _list_batch(self, bucket: str) -> Listed:
        with self._lock:
            keys = self._wanted[bucket]
            self._wanted[bucket] = []  # a second batch in one pass would pay pages again for what was told already
        at = self._clock.monotonic()
        try:
            rows = list_batch(
                keys, lambda prefix, start_after: self._reads.page(bucket, prefix, start_after), self._billed
            )
            self.pages[bucket] = (at, rows)
            return rows
        except Refused as refused:
            if refused.code == "NoSuchBucket":
                return Missing("bucket")
            return {}  # not allowed to list: one by one then, for which another permission counts

    def _keep(self, question: Hashable, ask: Callable[[], Result]) -> Result:
        return self._cache.get(question, ask, lambda _: LIFE)

    # ------------------------------------------------------------------------------------------------------------ RAM

    def account_id(self) -> str:
        return self._ladder.caller().account_id

    def key_owner(self, access_key_id: str) -> KeyOwner | None:
        return self._ladder.owner(access_key_id)

    def key_status(self, owner: KeyOwner, access_key_id: str) -> KeyStatus | None:
        return self._ladder.status(owner, access_key_id)

    def recycled_key(self, access_key_id: str) -> RecycledKey | None:
        return self._ladder.recycled(access_key_id)

    def key_last_used(self, access_key_id: str) -> KeyLastUsed | None:
        return self._ladder.last_used(access_key_id)

    def key_networks(self, owner: KeyOwner, access_key_id: str) -> KeyNetworks:
        return self._ladder.networks(owner, access_key_id)

    # --------------------------------------------------------------------------------------------------------- clocks

    def clock(self) -> ClockReading:
        return self._keep("clock", self._measure)
