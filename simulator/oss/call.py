"""Turns (method, level, sub-resource) into an Operation, and carries one request through it; handle.py runs them.

The operations register themselves by decorator, so that each theme's module is complete: wire name, RAM action, code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from ossmend.simulator.identity import AccessKey, Principal
from ossmend.simulator.oss import refusals
from ossmend.simulator.s3.dialect import Sent
from ossmend.simulator.state import Bucket, Cloud
from ossmend.simulator.wire import Refusal, Request, Response

if TYPE_CHECKING:
    from ossmend.simulator.oss.credentials import Credentials

Level = Literal["service", "bucket", "object"]


@dataclass(slots=True)
class Call:
    """One request on its way through: what it addresses, who sent it, what it does."""

    cloud: Cloud
    request: Request
    level: Level
    bucket_name: str
    key: str
    endpoint_region: str
    """The region whose endpoint the client talked to."""
    any_region: bool = False
    at_domain: bool = False
    """Was the bucket asked at a domain of its own?"""
    """Was it an address, which stands for the endpoints of all regions? Then the signature says which one is meant."""
    in_host: bool = False
    """Was the bucket named by the Host header?"""
    path_also_names_bucket: bool = False
    """Host *and* first path segment name the bucket: one SDK's path style; the signature tells (authenticate.py)."""
    s3: Sent | None = None
    """What an S3 client signed; None for OSS's own signatures."""
    bucket_or_none: Bucket | None = None
    operation: Operation | None = None
    claimed: tuple[Credentials | None, Refusal | None] | None = None
    """What its signature says, once that was read (s3/door.py)."""
    access_key: AccessKey | None = None
    by_url: bool = False
    """Signed in the query string?"""
    object_size: int | None = None
    delta_size: int | None = None
    storage_class: str | None = None
    stale_seconds: float = 0.0
    log_operation: str = ""
    extra_headers: dict[str, str] = field(default_factory=dict)

    @property
    def principal(self) -> Principal | None:
        """Who is asking; None is anonymous."""
        return self.access_key.owner if self.access_key else None

    @property
    def bucket(self) -> Bucket:
        """The bucket; only for operations that run after its existence was checked."""
        if self.bucket_or_none is None:
            raise refusals.no_such_bucket(self.bucket_name)
        return self.bucket_or_none

    @property
    def query(self) -> dict[str, str]:
        return self.request.query

    @property
    def version_id(self) -> str | None:
        """The `versionId` asked for; None if there is none. An empty one is refused, but for a DELETE is none."""
        asked = self.request.query.get("versionId")
        return None if asked == "" and self.request.method == "DELETE" else asked

    def header(self, name: str) -> str | None:
        """A request header by its lower-case name."""
        return self.request.headers.get(name)

    @property
    def now(self) -> int:
        """The shown time in whole seconds, as stored in objects."""
        return int(self.request.received)


Run = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation. `action` empty: needs no permission of its own (checks itself, or is open to all)."""

    name: str
    run: Run
    action: str
    log_name: str
    bucket_must_exist: bool = True
    signed_only: bool = False
    """Never open to anonymous callers, whatever the ACL says."""


Registry = dict[tuple[str, Level, str], Operation]
OPERATIONS: Final[Registry] = {}


def operation(
    method: str,
    level: Level,
    subresource: str = "",
    *,
    name: str,
    action: str = "",
    log_name: str = "",
    bucket_must_exist: bool = True,
    signed_only: bool = True,
) -> Callable[[Run], Run]:
    """Register a function as what OSS does for this method and sub-resource."""

    def register(run: Run) -> Run:
        OPERATIONS[method, level, subresource] = Operation(
            name=name,
            run=run,
            action=action or f"oss:{name}",
            log_name=log_name or name,
            bucket_must_exist=bucket_must_exist,
            signed_only=signed_only,
        )
        return run

    return register


def known_subresources() -> frozenset[str]:
    """Every sub-resource some operation has; complete once handle.py has imported all themes."""
    return frozenset(subresource for _, _, subresource in OPERATIONS if subresource)
