"""The one broad net. A bug of ours is logged with its traceback, and costs only what it happened to: the case that was
being planned, the lane, the source. Everything else goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

log = structlog.get_logger("ossmend.fault")

RETRY_SECONDS = 5.0
"""What has failed, or has found the state unavailable, rests for so long."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Fault:
    """A bug of ours; the log has its traceback."""

    what: str


def caught(do: Callable[[], Result], event: str, **about: object) -> Result | Fault:
    """What `do` answers, or the fault that it ended in. Errors with a meaning are handled before they come here."""
    try:
        return do()
    except Exception as bug:
        log.exception(event, **about)
        return Fault(type(bug).__name__)
