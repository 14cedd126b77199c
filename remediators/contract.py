"""The shared words: what a remediator is given (Case, View, settings) and what it answers (a Verdict).

Everything here is a value or a protocol; nothing does I/O. A remediator is one function, registered by
`@remedies(CODE, ...)`, that looks at the world through a `View` and answers with one of four verdicts.
The writes that an `Act` may carry are in writes.py, next to this file; who calls all this is daemon/dispatch.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

if TYPE_CHECKING:
    from ossmend.remediators.answers import (
        Balance,
        BucketAccess,
        Denial,
        ImageAnswer,
        ImageCheck,
        LifecycleRule,
        ObjectVersion,
    )
    from ossmend.remediators.writes import Write

# ---------------------------------------------------------------------------------------------------- what happened


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """One object, or one version of it. `key` is decoded text, never percent-encoded."""

    bucket: str
    key: str
    version_id: str | None = None

    def __str__(self) -> str:
        version = f"?versionId={self.version_id}" if self.version_id else ""
        return f"oss://{self.bucket}/{self.key}{version}"


class Origin(StrEnum):
    """Where a reading of a text came from, in the order of belief (docs/decisions/0005-provenance.md).

    The first three may name what is written to. A place that only an address in the text or its prose names needs more:
    the world has to agree (`uri`), or a person has to say it (`prose`).
    """

    BODY = "body"
    """OSS's own answer: the error body, its headers, OSS's own access log."""
    REQUEST = "request"
    """The refused request itself: its URL, its method, the SDK's structured fields beside the error."""
    RECORD = "record"
    """A named field of a structured record: a JSON log line, logfmt."""
    URI = "uri"
    """An `oss://bucket/key` in the text."""
    IMPLIED = "implied"
    """OSS's own words or an EC, which go with one code only; the code itself is not in the text."""
    PROSE = "prose"
    """Words of a sentence, or somebody else's request line: a guess that explains and never decides."""

    @property
    def rank(self) -> int:
        """0 is believed most."""
        return tuple(Origin).index(self)


@dataclass(frozen=True, slots=True)
class Reading:
    """One object that a text may mean, and where that reading came from."""

    ref: ObjectRef
    origin: Origin

    @classmethod
    def of_older(cls, value: Any) -> Any:
        """States of the first versions kept the reference alone: where it came from is not known."""
        if isinstance(value, dict) and "ref" not in value:
            return {"ref": value, "origin": Origin.PROSE}
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One refused request, normalised. Everything but `source` may be unknown; all of it is unauthenticated text."""

    source: str
    """Where it was read: `app_log:/var/log/app/a.log`, `access_log:my-logs`, `explain`."""
    shape: str = "text"
    """The shape it was printed in: oss2, xml, java, go, node, ossutil, access_log, ..."""
    code: str | None = None
    """OSS's `<Code>`; None where the text has none. The only field that decisions branch on."""
    status: int | None = None
    message: str | None = None
    request_id: str | None = None
    ec: str | None = None
    """Diagnostic aid; Alibaba says its values may change, so it explains and never decides."""
    host: str | None = None
    bucket: str | None = None
    key: str | None = None
    version_id: str | None = None
    readings: tuple[Annotated[Reading, BeforeValidator(Reading.of_older)], ...] = ()
    """Every object the text may mean, the best believed first, when more than one reading is possible."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Where `code`, `bucket`, `key`, `version_id`, `request_id` and `client` came from, for those that are told."""
    trust: Literal["high", "low"] = "low"
    """`high`: OSS speaks itself (its access log). `low`: whoever can make the application log may have written it."""
    method: str | None = None
    operation: str | None = None
    """OSS's operation name (GetObject, CopyObject, ...), where told."""
    url: str | None = None
    """The request's URL or path with its query, signatures and tokens removed."""
    access_key_id: str | None = None
    """As the text shows it, blanks at its ends included: they may be the cause."""
    requester_id: str | None = None
    client: str | None = None
    """Address of the client, where told."""
    user_agent: str | None = None
    origin: str | None = None
    origin_from: Literal["origin", "referer"] | None = None
    cors_method: str | None = None
    cors_headers: tuple[str, ...] = ()
    request_time: datetime | None = None
    """What the client said the time was (RequestTimeTooSkewed)."""
    server_time: datetime | None = None
    """What OSS said the time was (RequestTimeTooSkewed)."""
    time: datetime | None = None
    """When the request was refused, by the log's own stamp or the request id; None if the text does not say."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Every further element of the error body; nested ones by dotted name (`AccessDeniedDetail.AuthAction`)."""
    sample: str = ""
    """The text itself, without secrets and cut to a few KB: the evidence a person will want to see."""

    @property
    def object(self) -> ObjectRef | None:
        return ObjectRef(self.bucket, self.key, self.version_id) if self.bucket and self.key else None


@dataclass(frozen=True, slots=True)
class Subject:
    """What the trouble is about. Two events with the same policy and the same subject are one case."""

    kind: Literal["object", "cors", "key", "clock", "signer", "denied", "account", "code"]
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ":".join((self.kind, *(part or "-" for part in self.parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One write that was sent (or, after a crash, found to have taken effect)."""

    write: Write
    at: datetime
    request_id: str | None = None
    outcome: str = ""
    """What the cloud answered, in a word: `accepted`, `extended`, `already-restoring`, `merged`, `tagged`, `found`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another open case that may have to do with this one."""

    id: int
    code: str | None
    cause: str | None
    event: Event
    """Its newest sample."""
    usage: Mapping[str, Mapping[str, int]]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One trouble: many events of one policy and subject. A snapshot, taken for one plan."""

    id: int
    policy: str
    code: str | None
    subject: Subject
    events: int
    opened_at: datetime
    first_seen: datetime
    last_seen: datetime
    samples: tuple[Event, ...]
    """A few of the events, oldest first; at least one."""
    usage: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Who runs into it, capped: {"clients": {"10.0.0.8": 40}, "agents": {...}, "buckets": {...}, "keys": {...}}."""
    receipts: tuple[Receipt, ...] = ()
    verified_at: datetime | None = None
    """When the world last showed that the trouble was over."""
    recurrences: int = 0
    dry_run: bool = False
    beside: tuple[Neighbour, ...] = ()
    """Other open cases of the same client, key, bucket or account: one trouble may be behind both."""

    @property
    def event(self) -> Event:
        """The newest sample."""
        return self.samples[-1]


# -------------------------------------------------------------------------------------------------- what it means


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why it happened, how sure that is, and what to do. `cause` is an id of the catalogue in causes/, or `unknown`."""

    cause: str
    confidence: float
    """0..1, calibrated: of what is said with 0.9 about nine in ten are right."""
    evidence: tuple[str, ...] = ()
    """Sentences one can check, strongest first."""
    next_steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """{"en": (...), "zh": (...)}."""
    avoid: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What not to do, in the same two languages."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Other causes that the evidence leaves open, with their confidence."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Machine-readable findings, JSON values: `owner`, `drift_seconds`, `kind`, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFlag:
    """A durable mark on an access key that applications still use although OSS refuses it."""

    access_key_id: str
    status: Literal["disabled", "deleted", "malformed", "temporary", "ip-restricted", "active", "not-ours", "unchecked"]
    owner: str | None = None
    """The RAM user's principal name, or `root`."""
    since: datetime | None = None
    """Since when the key has been in that status, as far as the cloud tells."""
    note: str = ""


# ------------------------------------------------------------------------------------------------------- verdicts


@dataclass(frozen=True, slots=True)
class Done:
    """The world shows that it is over (verified with the shape of the request that failed)."""

    why: str
    cause: str
    watch_until: datetime | None = None
    """Something expires then: the case stays `watching` until that time."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`; then look again."""

    until: datetime
    why: str
    cause: str


@dataclass(frozen=True, slots=True)
class Act:
    """These writes would cure it."""

    writes: tuple[Write, ...]
    why: str
    diagnosis: Diagnosis
    flag: KeyFlag | None = None
    approve: bool = False
    """A person has to approve these writes, also where the policy's mode is `enforce`."""


@dataclass(frozen=True, slots=True)
class Tell:
    """A person has to know; nothing is written."""

    why: str
    diagnosis: Diagnosis
    flag: KeyFlag | None = None
    again_at: datetime | None = None
    """When looking again may find it over; None lets dispatch choose."""
    holds: bool = False
    """The cloud was asked just now, and it is not over: silence does not close the case."""


Verdict = Done | Wait | Act | Tell


class TryAgain(Exception):
    """The world could not be asked just now (throttled, timed out, 5xx, no connection): plan again later."""

    def __init__(self, why: str, after: timedelta = timedelta(seconds=30)) -> None:
        super().__init__(why)
        self.why = why
        self.after = after


class Refused(Exception):
    """The cloud refused *our own* request, and waiting will not help: never a finding about the user, but a
    "could not check". `code` and `request_id` are of our request.
    """

    def __init__(self, operation: str, code: str, message: str, request_id: str | None = None, status: int = 0) -> None:
        super().__init__(f"{operation}: {code} ({request_id or 'no request id'}): {message}")
        self.operation = operation
        self.code = code
        self.message = message
        self.request_id = request_id
        self.status = status


# -------------------------------------------------------------------------------------------- what the world says


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
    """`none`: never asked, expired, or lost. OSS cannot tell these apart (facts: section 3.6)."""
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


class View(Protocol):
    """Read-only questions about the world, answered from one dispatch pass's memory or asked once.

    Every method may raise `TryAgain` or `Refused`; a remediator lets both pass unless a refusal is itself an answer.
    """

    def now(self) -> datetime: ...

    # OSS
    def object(self, ref: ObjectRef) -> ObjectState | Missing: ...
    def reads(self, ref: ObjectRef) -> bool:
        """Does a one-byte ranged GET succeed? (206, 200, or 416 of an empty object.) Never answered from memory."""
        ...

    def archive_direct_read(self, bucket: str) -> bool: ...
    def cors(self, bucket: str) -> CorsConfiguration: ...
    def preflight(
        self, bucket: str, key: str | None, origin: str, method: str, headers: tuple[str, ...]
    ) -> PreflightAnswer:
        """An unsigned OPTIONS in the browser's shape. Never answered from memory."""
        ...

    def lifecycle_rules(self, bucket: str) -> tuple[LifecycleRule, ...]:
        """The enabled rules that move current objects to an archive class."""
        ...

    def bucket_access(self, bucket: str) -> BucketAccess:
        """ACL, policy, referers and the like. Parts that may not be read are named in the answer, not raised."""
        ...

    def object_acl(self, ref: ObjectRef) -> str:
        """default, private, public-read, public-read-write."""
        ...

    def answers(self, bucket: str | None) -> str | None:
        """The code of the account's family that OSS still refuses a harmless read with; None when it answers.
        Never answered from memory.
        """
        ...

    # pictures
    def image(self, ref: ObjectRef) -> ImageCheck | Missing:
        """Fetched within a size limit, and looked at."""
        ...

    def processes(self, ref: ObjectRef) -> ImageAnswer:
        """What OSS's image processing says to it now. Never answered from memory."""
        ...

    def versions(self, ref: ObjectRef) -> tuple[ObjectVersion, ...]:
        """Newest first; the first is the current one."""
        ...

    # what RAM and BSS say of a refusal
    def denial(self, message: str) -> Denial | None:
        """A decoded diagnostic message; None once it has expired. TryAgain while it is not there yet."""
        ...

    def balance(self) -> Balance: ...

    # RAM and IMS: the ladder of facts/control-plane.md section 0
    def account_id(self) -> str: ...
    def key_owner(self, access_key_id: str) -> KeyOwner | None: ...
    def key_status(self, owner: KeyOwner, access_key_id: str) -> KeyStatus | None: ...
    def recycled_key(self, access_key_id: str) -> RecycledKey | None: ...
    def key_last_used(self, access_key_id: str) -> KeyLastUsed | None: ...
    def key_networks(self, owner: KeyOwner, access_key_id: str) -> KeyNetworks: ...

    # clocks
    def clock(self) -> ClockReading: ...


# ---------------------------------------------------------------------------------------------------- registration


class Settings(BaseModel):
    """Base of every settings model: frozen, unknown keys refused, a docstring under each field."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)

    @property
    def opts_into(self) -> tuple[str, ...]:
        """Writes that these settings switch on, beside those of their remediator that are always possible."""
        return ()

    @classmethod
    def only_telling(cls) -> Settings:
        """What holds for events that no policy has taken: nothing is written for those."""
        return cls()


_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
LONGEST = timedelta(days=3650)
"""Far beyond any use; but `now` plus or minus it is still a date."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: object) -> timedelta:
    """`90s`, `10m`, `24h`, `7d`, `250ms`. Raises ValueError with what was expected."""
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("a duration is a number with a unit: 250ms, 90s, 10m, 24h or 7d")
    duration = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if duration > LONGEST:
        raise ValueError(f"a duration is at most {LONGEST.days}d")
    return duration


def duration_text(duration: timedelta) -> str:
    """The shortest way to write it: `90s`, `10m`, `1d`."""
    for unit in ("d", "h", "m", "s"):
        number, rest = divmod(duration, timedelta(seconds=_UNITS[unit]))
        if number and not rest:
            return f"{number}{unit}"
    return f"{round(duration.total_seconds() * 1000)}ms"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h|d)$", "examples": ["90s", "10m", "24h"]}),
]
"""A timedelta that is written with its unit."""


class NoSettings(Settings):
    """For remediators that have nothing to set."""


PlanFunction = Callable[[Case, View, Any], Verdict]
SubjectFunction = Callable[[Event, Any], Subject]


@dataclass(frozen=True, slots=True)
class Remediator:
    """One error code's knowledge: how to plan, what makes events one case, and its settings' name in the YAML."""

    code: str
    plan: PlanFunction
    subject: SubjectFunction
    settings: type[Settings]
    section: str | None
    """Key of the settings inside a policy (`restore`, `cors`, ...); None without settings."""
    writes: tuple[str, ...]
    """Operations it may ever plan, e.g. ("RestoreObject",); a policy of such a code must say what it matches."""
    module: str

    registry: ClassVar[dict[str, Remediator]] = {}

    @classmethod
    def only_telling(cls, code: str | None) -> Remediator | None:
        """The remediator of a code that by default writes nothing: it may also look at what no policy took."""
        found = cls.registry.get(code or "")
        return found if found is not None and not found.writes else None


def remedies(
    *codes: str,
    subject: SubjectFunction,
    settings: type[Settings] = NoSettings,
    section: str | None = None,
    writes: tuple[str, ...] = (),
) -> Callable[[PlanFunction], PlanFunction]:
    """Register `plan` for `codes`. Two files that claim one code stop the start."""

    def register(plan: PlanFunction) -> PlanFunction:
        for code in codes:
            taken = Remediator.registry.get(code)
            if taken is not None and taken.module != plan.__module__:
                raise ImportError(f"{code} is claimed by {taken.module} and by {plan.__module__}")
            Remediator.registry[code] = Remediator(code, plan, subject, settings, section, writes, plan.__module__)
        return plan

    return register
