"""What a remediator answers: a Verdict with its Diagnosis, or one of two errors named after what we do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from ossmend.remediators.contract.write import Write


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


@dataclass(frozen=True, slots=True)
class Done:
    """It is over: the world shows it (verified with the shape of the request that failed), or nobody asks any more."""

    why: str
    cause: str
    watch_until: datetime | None = None
    """Something expires then: the case stays `watching` until that time."""
    flag: KeyFlag | None = None
    """What the key of the case is marked with from now on."""
    well: bool = True
    """Has this look seen it well? Else it is over without that: nobody has asked for what is frozen again."""


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
