"""Write -> the one call that carries it out, its outcome, and after a crash whether it took effect.

The only way to change anything. It exists only where writing is allowed, has connections of its own that carry the
closed list of writes and nothing else, and never sends anything a second time: an answer that was lost is settled by
reading (`settle`), which uses the read-only connections like everybody else. What is special to a write is in its file.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from ossmend.daemon.cloud.send import put_bucket_cors, restore_object, restore_version, tag_user
from ossmend.daemon.cloud.send.sender import SENDERS, Hands, Sender, Sent
from ossmend.daemon.cloud.wire.errors import BadAnswer, NoAnswer, NotSent, Unsettled, of_write
from ossmend.daemon.cloud.wire.guard import Guard
from ossmend.remediators.contract.write import Write

__all__ = ["WRITER", "Executor", "NotSent", "Sent", "Unsettled"]

_FILES = (put_bucket_cors, restore_object, restore_version, tag_user)
"""Imported here, so that the list of what can be sent is in the code and not in a folder's contents."""

_ROUTES = {cls.route: operation for operation, cls in SENDERS.items()}
WRITER = Guard(
    oss={route: operation for route, operation in _ROUTES.items() if len(route) == 3},
    rpc={route: operation for route, operation in _ROUTES.items() if len(route) == 2},
)
"""The writes, and nothing but them: the executor reads over the read-only connections like everybody else."""


class Executor:
    """Sends the writes of remediators/writes/, each by its own sender. Thread-safe."""

    def __init__(self, hands: Hands) -> None:
        self._senders: Mapping[str, Sender[Any]] = {operation: cls(hands) for operation, cls in SENDERS.items()}

    def look(self, write: Write) -> str:
        """What the write's target is now, in the words of `planned_on`. Raises TryAgain, Refused."""
        return self._senders[write.operation].look(write)

    def send(self, write: Write) -> Sent:
        """Send it, once. Raises NotSent, Unsettled, TryAgain (turned away, nothing done), Refused."""
        try:
            return self._senders[write.operation].send(write)
        except (NoAnswer, BadAnswer) as error:
            raise of_write(error) from None

    def settle(self, write: Write) -> bool:
        """Is the effect there? Raises TryAgain, Refused."""
        return self._senders[write.operation].settle(write)

    def stale(self, write: Write) -> tuple[Hashable, ...]:
        """The questions whose answers the write has made old."""
        return tuple(self._senders[write.operation].stale(write))
