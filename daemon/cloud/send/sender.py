"""How one kind of write is sent: its route, the look before it, the call, and the look after a lost answer.

One file a write beside this one, of the same name as in remediators/writes/; `@sender` makes it known. The route is
what the guard lets through on the write connections (wire/guard.py), so a write without a file here cannot leave.
executor.py is the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from ossmend.daemon.cloud.ask.batch_jobs import BatchJobs
from ossmend.daemon.cloud.ask.inquiries import Inquiries
from ossmend.daemon.cloud.ask.keys import KeyLadder
from ossmend.daemon.cloud.ask.reads import Reads
from ossmend.daemon.cloud.wire import answers
from ossmend.daemon.cloud.wire.guard import OssRoute, RpcRoute
from ossmend.daemon.cloud.wire.rpc import Rpc
from ossmend.daemon.cloud.wire.transport import Oss
from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.contract.write import Write

W = TypeVar("W", bound=Write)


@dataclass(frozen=True, slots=True)
class Sent:
    """A write that was answered. `outcome`: accepted, extended, already-restoring, merged, tagged, copied as V."""

    request_id: str | None
    outcome: str
    crossed: tuple[str, ...] = ()
    """Somebody else has written the same at the same moment: sentences on what was read before and after."""
    gives_back: Write | None = None
    """What brings back what they had written, where there can be no doubt."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a sender works with: the write connections, and for looking the read-only ones that everybody uses."""

    oss: Oss
    rpc: Rpc
    reads: Reads
    inquiries: Inquiries
    ladder: KeyLadder
    jobs: BatchJobs

    def bucket(self, operation: str, name: str) -> Any:
        """oss2's client for a bucket. Raises Refused where the name would become part of somebody else's host."""
        if not answers.possible_bucket(name):
            raise Refused(operation, "NoSuchBucket", f"no bucket can be called {name[:80]!r}")
        self.reads.locate(name)
        return self.oss.bucket(name)


class Sender(Generic[W]):
    """Sends one kind of write. Thread-safe."""

    route: ClassVar[OssRoute | RpcRoute]
    """What it is on the wire: for OSS (method, what the URL names, sub-resource), for RAM (product, action)."""
    also: ClassVar[tuple[tuple[OssRoute, str], ...]] = ()
    """What it sends before that, with its operation's name: a list of objects."""
    replaces: ClassVar[bool] = False
    """Does it replace what others write, too, where the cloud cannot be told to refuse it when it comes late?"""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands

    def look(self, write: W) -> str:
        """What the target is now, in the words of `planned_on`. Raises TryAgain, Refused."""
        raise NotImplementedError

    def send(self, write: W) -> Sent:
        """Send it, once. Raises NoAnswer, BadAnswer, Unsettled, TryAgain, Refused."""
        raise NotImplementedError

    def settle(self, write: W) -> bool:
        """Is the effect there? Raises TryAgain, Refused."""
        raise NotImplementedError

    def listed(self, write: W) -> ObjectRef | None:  # noqa: ARG002  # most are not shown by a listing
        """The object whose row in a listing says what `look` would say; None where a listing cannot tell."""
        return None

    def stale(self, write: W) -> Iterable[Hashable]:
        """The questions of ask/view.py whose answers it has made old."""
        raise NotImplementedError


SENDERS: dict[str, type[Sender[Any]]] = {}
"""By operation."""

S = TypeVar("S", bound=type[Sender[Any]])


def sender(write: type[Write]) -> Callable[[S], S]:
    """Make a sender known for that write."""
    operation: str = write.__dataclass_fields__["operation"].default  # type: ignore[attr-defined]  # a dataclass

    def register(cls: S) -> S:
        SENDERS[operation] = cls
        return cls

    return register
