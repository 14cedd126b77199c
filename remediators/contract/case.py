"""What happened: one refused request is an Event, and many events of one trouble are a Case.

A case is what a remediator is given (registry.py); triage.py makes events into cases. Next: verdict.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef, ObjectRef
from ossmend.remediators.contract.write import Write


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
        return _RANK[self]


_RANK = {origin: rank for rank, origin in enumerate(Origin)}


@dataclass(frozen=True, slots=True)
class Reading:
    """One object that a text may mean, and where that reading came from."""

    ref: ObjectRef
    origin: Origin

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """How the journal reads it back."""
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(cls._of_older, handler(source))

    @staticmethod
    def _of_older(value: Any) -> Any:
        """States of the first versions kept the reference alone: where it came from is not known."""
        if isinstance(value, dict) and "ref" not in value:
            return {"ref": value, "origin": Origin.PROSE}
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One refused request, normalised. Everything but `source` may be unknown; all of it is unauthenticated text."""

    source: str
    """Where it was read: `app_log:/var/log/app/a.log`, `access_log:my-logs`, `explain`."""
    where: str = ""
    """Which file or log object of the source, and which stream in it (a host, a container, a pod), where known."""
    account: AccountRef = DEFAULT_ACCOUNT
    """Whose credentials may look into it: what the configuration says of the source."""
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
    readings: tuple[Reading, ...] = ()
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

    kind: Literal["object", "cors", "key", "clock", "signer", "denied", "account", "code", "batch"]
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ":".join([self.kind, *[part or "-" for part in self.parts]])


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
    account: AccountRef = DEFAULT_ACCOUNT
    state: str = "open"
    """As daemon/journal/states.py names it; a remediator has no use for it."""
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
    """Who runs into it, capped: {"clients": {"10.0.0.8": 40}, "agents": {...}, "buckets": {...}, "operations": {...},
    "keys": {...}, "logs": {...}}."""
    receipts: tuple[Receipt, ...] = ()
    verified_at: datetime | None = None
    """When the world last showed that the trouble was over."""
    recurrences: int = 0
    dry_run: bool = False
    batch: int | None = None
    """The case of the batch job that restores, or has restored, its object together with others."""
    members: tuple[ObjectRef, ...] = ()
    """Of such a case: the objects of the cases that wait for it."""
    correlated: tuple[Neighbour, ...] = ()
    """Other open cases of the same client, key, bucket or account: one trouble may be behind both."""

    @property
    def event(self) -> Event:
        """The newest sample."""
        return self.samples[-1]
