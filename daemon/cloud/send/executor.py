"""Write -> the one call that carries it out, its outcome, and after a crash whether it took effect.

The only way to change anything. It exists only where writing is allowed; its requests may be on the closed list of
writes and nothing else; and it never sends anything a second time: an answer that was lost is settled by reading
(`settle`), which asks as everybody else does. What is special to a write is in its file.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from ossmend.daemon.cloud.send import (
    create_job,
    put_bucket_cors,
    restore_object,
    restore_version,
    tag_user,
    update_job_status,
)
from ossmend.daemon.cloud.send.looks import Looks, Pages
from ossmend.daemon.cloud.send.sender import SENDERS, Hands, Sender, Sent
from ossmend.daemon.cloud.wire.deadline import Deadline, within
from ossmend.daemon.cloud.wire.errors import BadAnswer, NoAnswer, NotSent, Unsettled, of_write
from ossmend.daemon.cloud.wire.guard import Guard
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.write import Write

__all__ = ["WRITER", "Executor", "NotSent", "Sent", "Unsettled"]

_FILES = (create_job, put_bucket_cors, restore_object, restore_version, tag_user, update_job_status)
"""Imported here, so that the list of what can be sent is in the code and not in a folder's contents."""

_ROUTES = {cls.route: operation for operation, cls in SENDERS.items()}
_ROUTES |= {route: operation for cls in SENDERS.values() for route, operation in cls.also}
WRITER = Guard(
    oss={route: operation for route, operation in _ROUTES.items() if len(route) == 3},
    rpc={route: operation for route, operation in _ROUTES.items() if len(route) == 2},
)
"""The writes, and nothing but them: the executor reads as everybody else does."""


class Executor:
    """Sends the writes of remediators/writes/, each by its own sender. Thread-safe."""

    def __init__(self, hands: Hands, clock: Clock, longest: float = float("inf"), billed: int = 1) -> None:
        """`longest`: a call's deadline, in seconds; `billed`: a list page costs as much as so many HEADs."""
        self._billed = billed
        self._page = hands.reads.page
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = {}
        self._clock = clock
        self._longest = longest
        self._senders: Mapping[str, Sender[Any]] = {operation: cls(hands) for operation, cls in SENDERS.items()}

    def look(self, write: Write) -> str:
        """What the write's target is now, in the words of `planned_on`. Raises TryAgain, Refused."""
        return self._senders[write.operation].look(write)

    @contextmanager
    def alone(self, write: Write) -> Iterator[bool]:
        """Does it replace what others write? Then of our own writes one at a time is looked for and sent: two cases of
        one bucket would overwrite each other.
        """
        if not self._senders[write.operation].replaces:
            yield False
            return
        with self._lock:
            turn = self._turns.setdefault(write.target, threading.Lock())
        with turn:
            yield True

    def looks(self, writes: Sequence[Write], pages: Pages) -> Looks:
        """List pages of this moment, for as many of these writes as they can tell about; `pages` are those at hand."""
        refs = [self._senders[write.operation].listed(write) for write in writes]
        return Looks([ref for ref in refs if ref is not None], pages, self._page, self._clock, self._billed)

    def seen(self, looks: Looks, write: Write) -> str | None:
        """What the page says of the write's target, in the words of `planned_on`; None where `look` has to."""
        ref = self._senders[write.operation].listed(write)
        return None if ref is None else looks.seen(ref)

    def send(self, write: Write, seconds: float | None = None) -> Sent:
        """Send it, once; all of it ends within so many seconds, or by the deadline of a call where that is sooner: not
        a byte leaves later. Raises NotSent, Unsettled, TryAgain (turned away, nothing done), Refused.
        """
        try:
            with within(Deadline(self._clock, min(seconds, self._longest))) if seconds is not None else nullcontext():
                return self._senders[write.operation].send(write)
        except (NoAnswer, BadAnswer) as error:
            raise of_write(error) from None

    def settle(self, write: Write) -> bool:
        """Is the effect there? Raises TryAgain, Refused."""
        return self._senders[write.operation].settle(write)

    def stale(self, write: Write) -> tuple[Hashable, ...]:
        """The questions whose answers the write has made old."""
        return tuple(self._senders[write.operation].stale(write))
