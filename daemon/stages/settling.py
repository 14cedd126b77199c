"""Intents whose answer was lost -> looked for in the world, lane by lane, until it is known what became of them.

A crash, a cut connection or an OSS that stays silent leaves a write of which nobody knows whether it took effect. It is
never sent again unread. Searches run beside the passes of work.py, in lanes of their own: when to look again, and which
look is the last word, is settle.py's; findings.py writes down what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from ossmend.daemon.cloud.accounts import Accounts
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.pulse import Pulse
from ossmend.daemon.journal.intents import Intent
from ossmend.daemon.journal.leases import Leases, one
from ossmend.daemon.stages.lanes import by
from ossmend.daemon.stages.record import Record
from ossmend.daemon.stages.running import Running
from ossmend.daemon.stages.settle import Search, effect_of, on_its_way

SETTLING = "settle"
"""What a search is called among the lanes at work: a lane may be searched while a pass of it runs."""


class Settling:
    """The searches of one process. `start` and `turn` are for one thread."""

    def __init__(
        self,
        record: Record,
        accounts: Accounts,
        leases: Leases,
        running: Running,
        clock: Clock,
        pulse: Pulse,
        call_timeout: timedelta,
    ) -> None:
        """`call_timeout`: how long a call is waited for."""
        self._record = record
        self._accounts = accounts
        self._leases = leases
        self._running = running
        self._clock = clock
        self._pulse = pulse
        self._may_arrive = on_its_way(call_timeout)
        self._searches: dict[int, Search] = {}

    def turn(self) -> int:
        """Look for the effect of every intent whose answer is unknown, and wait. How many are still unknown, without
        those that a person knows of.
        """
        self.start()
        self._running.wait()
        return sum(not self._search(intent).reported for intent, _ in self._unsettled())

    def start(self) -> int:
        """The same without waiting. How many intents are to be looked at soon."""
        if self._running.stopping.is_set():
            return 0
        now, busy, unsettled = self._clock.monotonic(), self._running.busy(), self._unsettled()
        self._searches = {intent.id: self._search(intent) for intent, _ in unsettled}
        unknown = [(intent, lane) for intent, lane in unsettled if self._search(intent).next_at <= now]
        if not self._accounts.may_write:  # every policy is in dry-run by now, and nobody looks: a person has to know
            return self._nobody_looks(unknown, now)
        for lane, group in by(lambda each: each[1], unknown).items():
            name, intents = f"{SETTLING}/{lane}", [intent for intent, _ in group]
            if name not in busy and self._leases.take((lane,)):
                self._running.begin(name, intents[0].account, partial(self._settle, intents, lane), (lane,))
        return len(unknown)

    def _nobody_looks(self, unknown: Sequence[tuple[Intent, str]], now: float) -> int:
        for intent, lane in unknown:
            with one(self._leases, lane) as ours:
                if ours and self._search(intent).goes_on(now):
                    self._record.unsettled_for_long(intent, lane)
        return len(unknown)

    def _unsettled(self) -> list[tuple[Intent, str]]:
        """Each with its lane. What another node is at work on is its own: our search begins when that is over, and
        nothing can be on its way any more but what had left before.
        """
        at_work = self._running.cases()  # first of all: a pass that ends meanwhile has written its answers down
        found = [intent for intent in self._record.unsettled() if intent.case_id not in at_work]
        if not found:
            return []
        lanes, others = self._record.lanes_of(found), self._leases.others()
        return [(each, lanes[each.id]) for each in found if each.id in lanes and lanes[each.id] not in others]

    def _settle(self, unknown: Sequence[Intent], lane: str) -> None:
        over = []
        hands = self._running.hands(unknown[0].account)
        for group in hands.work(lambda intent: effect_of(self._is_there, intent), unknown):
            self._pulse.beat()
            now = self._clock.monotonic()
            for intent, found in group:
                search = self._search(intent)
                if search.ends(found, now, self._may_arrive):
                    over.append((intent, found))
                    self._searches.pop(intent.id, None)  # `start` may have made the table anew meanwhile
                elif search.goes_on(now):
                    self._record.unsettled_for_long(intent, lane)
        if over:
            self._record.found(over, lane)

    def _is_there(self, intent: Intent) -> bool:
        executor = self._accounts.of(intent.account).executor
        assert executor is not None  # `start` sees to it
        return executor.settle(intent.write)

    def _search(self, intent: Intent) -> Search:
        return self._searches.setdefault(intent.id, Search(self._clock.monotonic()))
