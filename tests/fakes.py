"""A cloud of plain data and a clock that moves by hand: what remediators and dispatch are tested against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ossmend.daemon.cloud.send.executor import Sent
from ossmend.daemon.cloud.wire.errors import NotSent, Unsettled
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
from ossmend.remediators.contract.case import Case, Event, Origin, Receipt, Subject
from ossmend.remediators.contract.values import (
    DEFAULT_ACCOUNT,
    AccountRef,
    ClockReading,
    ClockSample,
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
    tags_digest,
)
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.contract.write import Write
from ossmend.remediators.cors_rules import Asked, covers
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.remediators.writes.restore_version import RestoreVersion, versions_digest
from ossmend.remediators.writes.tag_user import TagUser

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ASKED = dict.fromkeys(("bucket", "key", "version_id", "copy_source"), Origin.REQUEST)
"""Origins of an event whose place is the refused request's own."""


class FakeClock:
    """A clock that moves when told."""

    def __init__(self, now: datetime = NOW) -> None:
        self.true = now
        """What everybody else's clock says."""
        self._off = timedelta(0)

    def now(self) -> datetime:
        return self.true + self._off

    def monotonic(self) -> float:
        return self.true.timestamp()

    def pass_(self, time: timedelta) -> None:
        self.true += time

    def step(self, by: timedelta) -> None:
        """Somebody sets it."""
        self._off += by


@dataclass
class FakeWorld:
    """Buckets, objects and keys as plain data; answers as a View, and changes as an Executor would change it."""

    clock: FakeClock = field(default_factory=FakeClock)
    objects: dict[ObjectRef, ObjectState] = field(default_factory=dict)
    buckets: set[str] = field(default_factory=set)
    unreadable: set[ObjectRef] = field(default_factory=set)
    direct_read: set[str] = field(default_factory=set)
    cors_of: dict[str, CorsConfiguration] = field(default_factory=dict)
    spreading: bool = False
    """CORS changes are stored, and preflights do not see them yet."""
    lifecycle: dict[str, tuple[LifecycleRule, ...]] = field(default_factory=dict)
    owners: dict[str, KeyOwner] = field(default_factory=dict)
    statuses: dict[str, KeyStatus] = field(default_factory=dict)
    recycled: dict[str, RecycledKey] = field(default_factory=dict)
    last_used: dict[str, KeyLastUsed] = field(default_factory=dict)
    networks: dict[str, KeyNetworks] = field(default_factory=dict)
    clock_reading: ClockReading = field(default_factory=lambda: ClockReading((ClockSample("oss", -0.6, 0.6),)))
    access: dict[str, BucketAccess] = field(default_factory=dict)
    acls: dict[ObjectRef, str] = field(default_factory=dict)
    account_code: str | None = None
    """What every read is refused with; None: the account is well."""
    pictures: dict[ObjectRef, ImageCheck] = field(default_factory=dict)
    """What each version of an object looks like; without a version id, the only one of a bucket without versions."""
    versions_of: dict[ObjectRef, list[ObjectVersion]] = field(default_factory=dict)
    jobs: list[BatchJob] = field(default_factory=list)
    role_policies_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of what is attached; a role that is absent may not be read."""
    denials: dict[str, Denial | None] = field(default_factory=dict)
    """Decoded messages; None where one has expired. One that is absent is not there yet."""
    account_balance: Balance | None = None
    frozen: set[ObjectRef] = field(default_factory=set)
    """Versions that are archived."""
    refuses: set[str] = field(default_factory=set)
    """Names of questions and writes that the cloud refuses to our own key."""
    down: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    """How often each question was asked."""
    sent: list[Write] = field(default_factory=list)
    loses_answers: bool = False
    """Writes take effect, but their answer is lost."""
    _old_cors: dict[str, CorsConfiguration] = field(default_factory=dict)

    def _ask(self, question: str) -> None:
        self.asked[question] += 1
        if self.down:
            raise TryAgain("connection refused", timedelta(seconds=30))
        if question in self.refuses:
            raise Refused(question, "NoPermission", "You are not authorized to do this action.", "OUR-REQUEST")

    # ------------------------------------------------------------------------------------------------------ as a View

    def now(self) -> datetime:
        return self.clock.now()

    def object(self, ref: ObjectRef) -> ObjectState | Missing:
        self._ask("HeadObject")
        if ref.bucket not in self.buckets:
            return Missing("bucket")
        return self.objects.get(ref, Missing("object"))

    def reads(self, ref: ObjectRef) -> bool:
        self._ask("GetObject")
        state = self.objects.get(ref)
        if state is None or ref in self.unreadable:
            return False
        direct = state.storage_class == "Archive" and ref.bucket in self.direct_read
        return direct or state.storage_class in ("Standard", "IA") or state.restore == "restored"

    def archive_direct_read(self, bucket: str) -> bool:
        self._ask("GetBucketArchiveDirectRead")
        return bucket in self.direct_read

    def cors(self, bucket: str) -> CorsConfiguration:
        self._ask("GetBucketCors")
        return self.cors_of.get(bucket, CorsConfiguration())

    def preflight(
        self, bucket: str, key: str | None, origin: str, method: str, headers: tuple[str, ...]
    ) -> PreflightAnswer:
        self._ask("Preflight")
        seen = self._old_cors if self.spreading else self.cors_of
        for rule in seen.get(bucket, CorsConfiguration()).rules:
            if covers(rule, Asked(origin, method, headers, derived=False)):
                return PreflightAnswer(200, None, None, origin, (method,), headers)
        return PreflightAnswer(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.")

    def lifecycle_rules(self, bucket: str) -> tuple[LifecycleRule, ...]:
        return self.lifecycle.get(bucket, ())

    def bucket_access(self, bucket: str) -> BucketAccess:
        if "GetBucketInfo" in self.refuses:
            return BucketAccess(unread=("our own GetBucketInfo was refused: AccessDenied",))
        return self.access.get(bucket, BucketAccess())

    def object_acl(self, ref: ObjectRef) -> str:
        self._ask("GetObjectAcl")
        return self.acls.get(ref, "default")

    def answers(self, _bucket: str | None) -> str | None:
        self._ask("ListObjectsV2")
        return self.account_code

    def image(self, ref: ObjectRef) -> ImageCheck | Missing:
        self._ask("GetObject")
        if ref in self.frozen:
            raise Refused("GetObject", "InvalidObjectState", "The operation is not valid.", "OUR-REQUEST", 403)
        return self.pictures.get(self._version(ref), Missing("object"))

    def _version(self, ref: ObjectRef) -> ObjectRef:
        kept = self.versions_of.get(ObjectRef(ref.bucket, ref.key))
        return replace(ref, version_id=kept[0].version_id) if kept and ref.version_id is None else ref

    def processes(self, ref: ObjectRef) -> ImageAnswer:
        found = self.image(ref)
        if isinstance(found, ImageCheck) and found.verdict == "good":
            return ImageAnswer(ok=True)
        return ImageAnswer(ok=False, code="ImageDamage", message="The image file may be damaged.")

    def versions(self, ref: ObjectRef) -> tuple[ObjectVersion, ...]:
        self._ask("ListObjectVersions")
        return tuple(self.versions_of.get(ref, ()))

    def batch_jobs(self, bucket: str, begins: str) -> tuple[BatchJob, ...]:
        self._ask("ListJobs")
        return tuple(job for job in self.jobs if job.description.startswith(begins))

    def role_policies(self, role: str) -> tuple[str, ...] | None:
        self._ask("ListPoliciesForRole")
        return self.role_policies_of.get(role)

    def denial(self, message: str) -> Denial | None:
        self._ask("DecodeDiagnosticMessage")
        if message not in self.denials:
            raise TryAgain("the diagnostic message is not there yet", timedelta(seconds=3))
        return self.denials[message]

    def balance(self) -> Balance:
        self._ask("QueryAccountBalance")
        if self.account_balance is None:
            raise Refused("QueryAccountBalance", "NotAuthorized", "This API is not authorized for caller.")
        return self.account_balance

    def account_id(self) -> str:
        return "1234567890123456"

    def key_owner(self, access_key_id: str) -> KeyOwner | None:
        self._ask("GetUser")
        return self.owners.get(access_key_id)

    def key_status(self, owner: KeyOwner, access_key_id: str) -> KeyStatus | None:
        self._ask("ListAccessKeys")
        return self.statuses.get(access_key_id)

    def recycled_key(self, access_key_id: str) -> RecycledKey | None:
        self._ask("GetAccessKeyInfoInRecycleBin")
        return self.recycled.get(access_key_id)

    def key_last_used(self, access_key_id: str) -> KeyLastUsed | None:
        self._ask("GetAccessKeyLastUsedInfo")
        return self.last_used.get(access_key_id)

    def key_networks(self, owner: KeyOwner, access_key_id: str) -> KeyNetworks:
        self._ask("GetAccessKeyPolicy")
        return self.networks.get(access_key_id, KeyNetworks())

    def own_clock(self) -> ClockReading:
        return self.clock_reading

    # -------------------------------------------------------------------------------------------------- as an Executor

    @contextmanager
    def alone(self, write: Write) -> Iterator[bool]:
        yield not isinstance(write, RestoreObject)

    def look(self, write: Write) -> str:
        match write:
            case RestoreObject():
                state = self.object(write.ref)
                return f"missing {state.what}" if isinstance(state, Missing) else state.digest
            case PutBucketCors():
                return self.cors(write.bucket).digest
            case TagUser():
                owner = next(owner for owner in self.owners.values() if owner.principal == write.principal)
                return tags_digest(owner.tags)
            case RestoreVersion():
                current = self.versions(write.ref)[0]
                return versions_digest(current.version_id, current.etag)
            case _:
                raise AssertionError(write)

    def send(self, write: Write) -> Sent:
        if self.down:
            raise NotSent("connection refused")
        self._ask(write.operation)
        self.sent.append(write)
        outcome = self._apply(write)
        if self.loses_answers:
            raise Unsettled("the answer was lost")
        return Sent(f"REQ{len(self.sent)}", outcome)

    def _apply(self, write: Write) -> str:
        match write:
            case RestoreObject():
                self.objects[write.ref] = replace(self.objects[write.ref], restore="ongoing")
                return "accepted"
            case PutBucketCors():
                self._old_cors[write.bucket] = self.cors_of.get(write.bucket, CorsConfiguration())
                self.cors_of[write.bucket] = CorsConfiguration(write.rules, write.response_vary)
                return "merged"
            case TagUser():
                for key_id, owner in self.owners.items():
                    if owner.principal == write.principal:
                        self.owners[key_id] = replace(owner, tags={**owner.tags, **dict(write.tags)})
                return "tagged"
            case RestoreVersion():
                kept = self.versions_of[write.ref]
                source = next(version for version in kept if version.version_id == write.version_id)
                made = replace(source, version_id=f"copy-of-{source.version_id}")
                self.pictures[replace(write.ref, version_id=made.version_id)] = self.pictures[
                    replace(write.ref, version_id=source.version_id)
                ]
                kept.insert(0, made)
                return f"copied as {made.version_id}"
            case _:
                raise AssertionError(write)

    def looks(self, _writes: Sequence[Write], _pages: Mapping[str, Any]) -> None:
        """No pages: each write is looked at by itself."""

    def seen(self, _looks: None, _write: Write) -> str | None:
        return None

    def settle(self, write: Write) -> bool:
        match write:
            case RestoreObject():
                state = self.object(write.ref)
                return isinstance(state, ObjectState) and state.restore != "none"
            case PutBucketCors():
                return self.cors(write.bucket).rules == write.rules
            case TagUser():
                return all(tag in self.owners_tags(write.principal).items() for tag in write.tags)
            case RestoreVersion():
                current = self.versions(write.ref)[0]
                return current.version_id != write.current and current.etag == write.etag
            case _:
                raise AssertionError(write)

    def owners_tags(self, principal: str) -> dict[str, str]:
        return dict(next(owner.tags for owner in self.owners.values() if owner.principal == principal))

    # ----------------------------------------------------------------------------------------------- setting the scene

    def add_object(
        self, key: str, storage_class: str = "Archive", restore: str = "none", *, bucket: str = "b", size: int = 10
    ) -> ObjectRef:
        ref = ObjectRef(bucket, key)
        self.buckets.add(bucket)
        until = self.now() + timedelta(days=1) if restore == "restored" else None
        self.objects[ref] = ObjectState(
            ref=ref,
            storage_class=storage_class,
            size=size,
            restore=restore,  # type: ignore[arg-type]  # a test's literal
            until=until,
            etag="E",
        )
        return ref

    def finish_restores(self, days: int = 1) -> None:
        """Every running restore ends now."""
        for ref, state in self.objects.items():
            if state.restore == "ongoing":
                self.objects[ref] = replace(state, restore="restored", until=self.now() + timedelta(days=days))

    def freeze(self) -> None:
        """Every restored copy expires now."""
        for ref, state in self.objects.items():
            if state.restore == "restored":
                self.objects[ref] = replace(state, restore="none", until=None)


@dataclass
class FakeView:
    """FakeWorld as a remediator sees it."""

    world: FakeWorld
    pages: Mapping[str, Any] = field(default_factory=dict)

    def clock(self) -> ClockReading:
        return self.world.clock_reading

    def __getattr__(self, question: str) -> object:
        return getattr(self.world, question)


@dataclass
class FakeCloud:
    """FakeWorld as dispatch sees it."""

    world: FakeWorld
    may_write: bool = True

    @property
    def executor(self) -> FakeWorld | None:
        return self.world if self.may_write else None

    def view(self, _cases: Sequence[Case]) -> FakeView:
        return FakeView(self.world)

    def forget(self, _write: Write) -> None:
        return

    def oss_now(self) -> datetime:
        return self.world.clock.true

    def own_clock(self) -> ClockReading:
        return self.world.clock_reading

    def region_of(self, bucket: str) -> str | None:
        return None


@dataclass
class FakeAccounts:
    """The account of the configuration, and others by name."""

    world: FakeWorld
    may_write: bool = True
    others: dict[str, FakeWorld] = field(default_factory=dict)

    def other_owner(self, bucket: str, asked: AccountRef) -> str | None:
        return None

    def of(self, account: AccountRef) -> FakeCloud:
        if account == DEFAULT_ACCOUNT:
            return FakeCloud(self.world, self.may_write)
        if account.account not in self.others:
            raise Refused("AccountRef", "UnknownAccount", f"the configuration has no account {account.account!r}")
        return FakeCloud(self.others[account.account], self.may_write)


def case_of(*events: Event, subject: Subject | None = None, **changes: object) -> Case:
    """A case of these events, seen just now."""
    first = events[0]
    given = Case(
        id=1,
        policy="p",
        code=first.code,
        subject=subject or Subject("code", (first.code or "",)),
        events=len(events),
        opened_at=NOW,
        first_seen=NOW,
        last_seen=NOW,
        samples=events,
    )
    return replace(given, **changes)  # type: ignore[arg-type]  # the test names real fields


def receipt_of(write: Write, at: datetime = NOW, outcome: str = "accepted") -> Receipt:
    return Receipt(write=write, at=at, request_id="R", outcome=outcome)
