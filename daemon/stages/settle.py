"""An intent whose answer is not known -> is its effect there? Found by reading the world, never by sending again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, Protocol

import structlog

from ossmend.daemon.journal.intents import Intent
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.contract.write import Write

log = structlog.get_logger("ossmend.settle")

GRACE = timedelta(seconds=5)
"""A call that was on its way when we died has arrived or is lost after this long."""

Found = Literal["there", "not there", "unknown"]


class Settler(Protocol):
    """What cloud/send/executor.py can."""

    def settle(self, write: Write) -> bool: ...


def settle(executor: Settler, intent: Intent) -> Found:
    """`unknown` where the world could not be asked."""
    try:
        return "there" if executor.settle(intent.write) else "not there"
    except (TryAgain, Refused) as error:
        log.warning("write.unsettled", case=intent.case_id, target=intent.write.target, why=str(error))
        return "unknown"


def is_over(found: Found, asked_first: datetime, now: datetime) -> bool:
    """Is this the last word? An effect that is not there may still be on its way for a while."""
    return found == "there" or (found == "not there" and now - asked_first >= GRACE)
