"""An intent whose answer is not known -> is its effect there? Found by reading the world, never by sending again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import structlog

from ossmend.daemon.journal.intents import Intent
from ossmend.remediators.contract.verdict import Refused, TryAgain

log = structlog.get_logger("ossmend.settle")

LEAST_ON_ITS_WAY = timedelta(seconds=12)
GIVE_UP = timedelta(seconds=60)
"""A write whose effect cannot be looked for, for so long, is a person's matter; it is looked for all the same."""
LONGEST_PAUSE = timedelta(minutes=10)
GONE = ("NoSuchBucket",)
"""Where there is no bucket, there is no effect in it."""

Found = Literal["there", "not there", "unknown"]


def effect_of(is_there: Callable[[Intent], bool], intent: Intent) -> Found:
    """`unknown` where the world could not be asked."""
    try:
        return "there" if is_there(intent) else "not there"
    except (TryAgain, Refused) as error:
        if isinstance(error, Refused) and error.code in GONE:
            return "not there"
        log.warning("write.unsettled", case=intent.case_id, target=intent.write.target, why=str(error))
        return "unknown"


def on_its_way(call_timeout: timedelta) -> timedelta:
    """For how long a call whose answer was lost may still arrive: whoever holds it on the way holds it no longer than
    some times what we waited for it ourselves.
    """
    return max(LEAST_ON_ITS_WAY, 3 * call_timeout)


@dataclass(slots=True)
class Search:
    """The search for the effect of one intent."""

    since: float
    """When it was begun, by this process: what was sent before that may still be on its way. All times here are the
    clock's monotonic seconds: a host's clock that is set forward makes no call arrive sooner.
    """
    looks: int = 0
    next_at: float = 0.0
    reported: bool = False

    def ends(self, found: Found, now: float, may_arrive: timedelta) -> bool:
        """Is this the last word? An effect that is not there may come yet."""
        return found == "there" or (found == "not there" and now - self.since >= may_arrive.total_seconds())

    def goes_on(self, now: float) -> bool:
        """Look again later. True when a person has to know by now."""
        self.looks += 1
        self.next_at = now + min(2.0 ** min(self.looks - 1, 10), LONGEST_PAUSE.total_seconds())
        late = not self.reported and now - self.since >= GIVE_UP.total_seconds()
        self.reported = self.reported or late
        return late
