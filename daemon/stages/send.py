"""An intent that may leave -> what came of it: sent, certainly not sent, stale, refused, or nobody knows.

Looks once more before anything leaves: what the write was planned on must still be so. A write that replaces what
others write, too, is looked at a second time at the very last moment. What goes wrong comes back as a value, to be
written down (replies.py); an answer that was lost is settled by reading (settle.py).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from ossmend.daemon.cloud.send.executor import NotSent, Sent, Unsettled
from ossmend.daemon.journal.states import WriteState
from ossmend.daemon.stages.quota import Slot
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.contract.write import Write

AFTER_WRITE = timedelta(seconds=2)
"""How soon after a write the world is looked at again."""
AFTER_NOT_SENT = timedelta(seconds=30)
AFTER_REFUSED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stale:
    """The world is not what the write was planned on; nothing was sent."""

    why: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A stored intent that may leave now."""

    write_id: int
    case: Case
    write: Write
    undo: bool = False
    """It was asked for, and not planned: when it is done, so is the case."""
    given_back: bool = False
    """Not a person asked for it, but we have covered what somebody else wrote."""
    slot: Slot | None = None
    """When it may leave, where the cloud has a quota for it."""


Reply = Sent | Stale | NotSent | Unsettled | Refused | TryAgain


class Sender(Protocol):
    """What cloud/send/executor.py can."""

    def alone(self, write: Write) -> AbstractContextManager[bool]: ...
    def look(self, write: Write) -> str: ...
    def send(self, write: Write, seconds: float | None = None) -> Sent: ...


LEAST_SECONDS = 2.0
"""A call that has less time left than this is not begun."""
APART_SECONDS = 1.0
"""A call ends so long before somebody else may write the same."""


def _forever() -> float:
    return float("inf")


Seen = Callable[[Write], str | None]
"""What a list page of this moment says of a write's target; None where a look of its own is needed."""


def send(
    executor: Sender,
    write: Write,
    seen: Seen,
    kept_back: Callable[[], str | None],
    left: Callable[[], float] = _forever,
) -> Reply:
    """Send one write, once. `kept_back` says why nothing may leave any more; None where it may. `left`: for how many
    seconds nobody else may write the same; the call ends before that.
    """
    try:
        with executor.alone(write) as replaces:
            if (seen(write) or executor.look(write)) != write.planned_on:
                return Stale(f"{write.target} has changed since it was planned")
            if replaces and executor.look(write) != write.planned_on:
                return Stale(f"{write.target} was changed by somebody else at this very moment")
            why = kept_back()
            if why is not None:
                return NotSent(why)
            seconds = left() - APART_SECONDS
            if seconds < LEAST_SECONDS:
                return NotSent("another node may have this work in a moment")
            return executor.send(write) if seconds == float("inf") else executor.send(write, seconds)
    except (TryAgain, Refused, NotSent, Unsettled) as error:
        return error


@dataclass(frozen=True, slots=True)
class Ended:
    """How a write ended."""

    state: WriteState
    """INTENDED: nobody knows yet."""
    outcome: str
    request_id: str | None
    again: timedelta
    """When to look at the case again."""


def ended(reply: Reply) -> Ended:
    match reply:
        case Sent():
            return Ended(WriteState.DONE, reply.outcome, reply.request_id, AFTER_WRITE)
        case Stale():
            return Ended(WriteState.STALE, reply.why, None, timedelta(0))
        case Refused():
            return Ended(WriteState.FAILED, f"refused: {reply.code}", reply.request_id, AFTER_REFUSED)
        case TryAgain():
            return Ended(WriteState.NOT_SENT, reply.why, None, reply.after)
        case NotSent():
            return Ended(WriteState.NOT_SENT, str(reply), None, AFTER_NOT_SENT)
        case Unsettled():
            return Ended(WriteState.INTENDED, str(reply), None, timedelta(0))
