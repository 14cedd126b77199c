"""The stages in their order, for each lane by itself: due -> plan -> decide, brakes, record -> send -> record.

The cases of one lane (journal/cases.py: one account's bucket, one kind of subject) are planned together, so that one
list page answers for a thousand of them; lanes never wait for each other, so that a bucket that does not answer delays
its own cases and nobody else's. Polling, waiting, retrying and restarting after a crash are all the same thing: plan
again. This file keeps nothing but what is at work now; the journal keeps the rest.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from functools import partial

import structlog

from ossmend.config.model import Config
from ossmend.daemon.cloud.accounts import Accounts, Cloud
from ossmend.daemon.cloud.send.executor import NotSent
from ossmend.daemon.cloud.send.looks import Pages
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.pulse import Pulse
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.cases import Lane, lane_of
from ossmend.daemon.journal.intents import Intent
from ossmend.daemon.journal.leases import one
from ossmend.daemon.journal.store import Store
from ossmend.daemon.stages.fault import RETRY_SECONDS, caught
from ossmend.daemon.stages.lanes import Crew, by
from ossmend.daemon.stages.pace import Pace
from ossmend.daemon.stages.pause import Pause
from ossmend.daemon.stages.plan import Answer, Later, could_not_check, plan
from ossmend.daemon.stages.record import NOTHING, Record, Told
from ossmend.daemon.stages.send import Reply, Seen, Sender, Sending, send
from ossmend.daemon.stages.settle import Search, effect_of, on_its_way
from ossmend.daemon.stages.sweeping import Sweeping
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.contract.view import View

log = structlog.get_logger("ossmend.work")

BATCH = 1000
"""Cases of one pass: as many as one list page can answer for."""
AT_HAND = 8 * BATCH
"""Due cases that are looked for at once: what a turn asks of the database, it asks for each lane, and not each case."""
LANES = 16
"""Lanes of one account at work at once."""
SETTLING = "settle"
UNTIL_A_SLOT = 0.2
"""Seconds until it is asked again for a slot of the cloud's quota, where there was none."""


class Work:
    """Works the due cases of one store, each by the port of its own account. `start` and `turn` are for one thread."""

    def __init__(
        self,
        config: Config,
        store: Store,
        accounts: Accounts,
        clock: Clock,
        *,
        dry_run: bool,
        pulse: Pulse | None = None,
        on_progress: Callable[[], None] = lambda: None,
        rest: Callable[[float], object] | None = None,
    ) -> None:
        """`on_progress` is called whenever a lane has ended its pass: something may be due, or free, again. `rest`
        waits for so many seconds; by default until they have passed, or we stop.
        """
        self._pause = Pause(store, clock)
        self._record = Record(config, store, clock, self._pause, dry_run=dry_run)
        self._accounts = accounts
        self._leases = store.leases
        self._clock = clock
        self._pulse = pulse or Pulse(clock)
        self._on_progress = on_progress
        self._stopping = threading.Event()
        self._rest = rest or self._stopping.wait
        self._pace = Pace(clock, self._rest, self._record.more_slots if store.leases.shared else None)
        self._crews = {name: Crew(LANES, cloud.concurrency) for name, cloud in config.clouds.items()}
        self._home = self._crews[config.home.account]
        self._busy: dict[str, Future[None]] = {}
        self._rests: dict[str, float] = {}
        """By lane that has failed: until when it is left alone, in the clock's monotonic seconds."""
        self._sweeping = Sweeping(self._record.sweep, self._pass, clock, self._stopping, BATCH)
        self._at_work: Counter[int] = Counter()
        """The cases of passes under way: the answers of their writes are awaited, and nobody looks for their effect."""
        self._searches: dict[int, Search] = {}
        self._may_arrive = on_its_way(config.cloud.deadline)
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Begin nothing new: calls in hand finish, what was not sent yet is put back."""
        self._stopping.set()

    def close(self) -> None:
        """Let the calls in hand finish, then end the threads."""
        for crew in self._crews.values():
            crew.close()

    # ---------------------------------------------------------------------------------------------------------- passes

    def start(self) -> int:
        """Begin a pass for every lane that has due cases and is not at work. How many cases were taken."""
        if self._stopping.is_set():
            return 0
        begun, found = 0, self._taken()
        number = sum(len(lane.ids) for lane in found.values())
        for name, lane in found.items():
            more = len(lane.ids) > BATCH or number >= AT_HAND  # of this lane, too, there may be more than these
            work = partial(self._sweeping.sweep, name) if more else partial(self._pass, lane.ids)
            self._begin(name, lane.account, work, (name,))
            begun += min(len(lane.ids), BATCH)
        return begun

    def _taken(self) -> dict[str, Lane]:
        """The lanes with due cases that are ours now; no node takes more than its part."""
        mine = self.busy()
        busy = (*mine, *self._leases.others())
        found = self._record.waiting(AT_HAND, busy)
        part = self._leases.part(len(found) + len(busy)) - len(mine)
        taken = self._leases.take(list(found)[: max(part, 0)])
        return {name: lane for name, lane in found.items() if name in taken}

    def turn(self) -> int:
        """Begin what is due, and wait until it is done. How many cases were worked."""
        number = self.start()
        self.wait()
        return number

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every lane is idle; False if they were not within so many seconds."""
        with self._lock:
            running = list(self._busy.values())
        return not wait(running, timeout).not_done

    def busy(self) -> tuple[str, ...]:
        """The lanes that are at work, or rest."""
        now = self._clock.monotonic()
        with self._lock:
            self._rests = {lane: until for lane, until in self._rests.items() if until > now}
            return (*self._busy, *self._rests.keys() - self._busy.keys())

    def _left_alone(self) -> tuple[str, ...]:
        """The lanes of which we need not think: at work, at rest, or another node's."""
        return (*self.busy(), *self._leases.others())

    def next_due(self) -> datetime | None:
        """When the next case will be due in an idle lane."""
        return self._record.next_due(self._left_alone())

    def _crew(self, account: AccountRef) -> Crew:
        """The threads of an account; those of the first one say that there is no such account any more."""
        return self._crews.get(account.account, self._home)

    def _begin(self, lane: str, account: AccountRef, work: Callable[[], None], leases: Collection[str]) -> None:
        """`leases`: what was taken for it, and is given back when it has ended."""

        def run() -> None:
            self._pulse.begin(lane)
            try:
                ended = caught(partial(_done, work), "lane.failed", lane=lane)
            finally:
                self._pulse.end(lane)
                self._leases.give_back(leases)
            with self._lock:
                del self._busy[lane]
                if ended is not True:  # its cases are as they were, and due: not at once again
                    self._rests[lane] = self._clock.monotonic() + RETRY_SECONDS
            self._on_progress()

        with self._lock:
            self._busy[lane] = self._crew(account).lanes.submit(run)

    # ----------------------------------------------------------------------------------------------------- one pass

    def _pass(
        self,
        ids: Sequence[int],
        recorded: Callable[[Told], None] = lambda _told: None,
        before: Future[None] | None = None,
    ) -> None:
        """Plan these cases, write down what follows, and send what may leave; not `before` others have been sent. They
        are read after their lane was taken, so that what another node has done in between is in them.
        """
        told = NOTHING
        with self._lock:
            self._at_work.update(ids)
        try:
            try:
                cloud, pages, told = self._planned(self._read(ids))
            finally:
                recorded(told)
            if before is not None:
                wait((before,))
            self._send(cloud, told.sending, pages)
        finally:
            with self._lock:
                self._at_work.subtract(ids)
                self._at_work = +self._at_work

    def _read(self, ids: Sequence[int]) -> list[Case]:
        """In the order of the numbers: in that order they get what there is not enough of."""
        order = {case_id: number for number, case_id in enumerate(ids)}
        return sorted(self._record.due(ids), key=lambda case: order[case.id])

    def _planned(self, cases: Sequence[Case]) -> tuple[Cloud | None, Pages, Told]:
        """What their plans have led to, and the list pages that these were made by."""
        if not cases:
            return None, {}, NOTHING
        try:
            cloud = self._accounts.of(cases[0].account)  # a lane has one
        except Refused as unknown:
            now = self._clock.now()
            self._record.answers([(case, could_not_check(unknown, now)) for case in cases], now, undos=False)
            return None, {}, NOTHING
        view = cloud.view(cases)
        hands = self._crew(cases[0].account).hands
        answers = hands.all(lambda case: self._plan(case, view), cases, self._pulse.beat)
        if self._stopping.is_set():
            return cloud, {}, NOTHING  # nothing was begun, and the cases are as due as before
        answered = list(zip(cases, answers, strict=True))
        told = self._record.answers(answered, cloud.oss_now(), region_of=cloud.region_of)
        if told.put_off and not told.sending:
            self._rest(UNTIL_A_SLOT)
        return cloud, view.pages, told

    def _plan(self, case: Case, view: View) -> Answer:
        if self._stopping.is_set():
            return Later("stopping", timedelta(0))
        return plan(case, view, self._record.rules.of(case), self._accounts.other_owner)

    def _send(self, cloud: Cloud | None, sending: Sequence[Sending], pages: Pages) -> None:
        """Send what may leave, and write the replies down as they come in."""
        if not sending:
            return
        assert cloud is not None  # who is not known has nothing to send
        executor, hands = cloud.executor, self._crew(sending[0].case.account).hands
        assert executor is not None  # dry-run plans never get here: they are `planned`, not `intended`
        left = partial(self._leases.left, lane_of(sending[0].case.account, sending[0].case.subject))
        seen = partial(executor.seen, executor.looks([each.write for each in sending], pages))
        for group in hands.work(partial(self._leave, executor, seen, left), sending):
            for each, _ in group:
                cloud.forget(each.write)
            self._record.replies(group)
            self._pulse.beat()

    def _leave(self, executor: Sender, seen: Seen, left: Callable[[], float], sending: Sending) -> Reply:
        """One write, when its moment has come."""
        if sending.slot is not None:
            try:
                self._pace.wait(sending.slot)
            except StateUnavailable as trouble:
                return NotSent(str(trouble))
        return send(executor, sending.write, seen, partial(self._kept_back, sending), left)

    def _kept_back(self, sending: Sending) -> str | None:
        """The last question before a write leaves: why it must not, after all."""
        return "stopping" if self._stopping.is_set() else self._pause.why(sending.case.policy)

    # --------------------------------------------------------------------------------------------------------- settle

    def settle(self) -> int:
        """Look for the effect of every intent whose answer is unknown, and wait. How many are still unknown, without
        those that a person knows of.
        """
        self.start_settling()
        self.wait()
        return sum(not self._search(intent).reported for intent, _ in self._unsettled())

    def start_settling(self) -> int:
        """The same, in lanes of their own, without waiting. How many intents are to be looked at soon."""
        if self._stopping.is_set():
            return 0
        now, busy, unsettled = self._clock.monotonic(), self.busy(), self._unsettled()
        self._searches = {intent.id: self._search(intent) for intent, _ in unsettled}
        unknown = [(intent, lane) for intent, lane in unsettled if self._search(intent).next_at <= now]
        if not self._accounts.may_write:  # every policy is in dry-run by now, and nobody looks: a person has to know
            return self._nobody_looks(unknown, now)
        for lane, group in by(lambda each: each[1], unknown).items():
            target, intents = f"{SETTLING}/{lane}", [intent for intent, _ in group]
            if target not in busy and self._leases.take((lane,)):
                self._begin(target, intents[0].account, partial(self._settle, intents, lane), (lane,))
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
        with self._lock:
            at_work = set(self._at_work)
        found = [intent for intent in self._record.unsettled() if intent.case_id not in at_work]
        if not found:
            return []
        lanes, others = self._record.lanes_of(found), self._leases.others()
        return [(each, lanes[each.id]) for each in found if each.id in lanes and lanes[each.id] not in others]

    def _settle(self, unknown: Sequence[Intent], lane: str) -> None:
        over = []
        hands = self._crew(unknown[0].account).hands
        for group in hands.work(lambda intent: effect_of(self._is_there, intent), unknown):
            self._pulse.beat()
            now = self._clock.monotonic()
            for intent, found in group:
                search = self._search(intent)
                if search.ends(found, now, self._may_arrive):
                    over.append((intent, found))
                    self._searches.pop(intent.id)
                elif search.goes_on(now):
                    self._record.unsettled_for_long(intent, lane)
        if over:
            self._record.found(over, lane)

    def _is_there(self, intent: Intent) -> bool:
        executor = self._accounts.of(intent.account).executor
        assert executor is not None  # start_settling sees to it
        return executor.settle(intent.write)

    def _search(self, intent: Intent) -> Search:
        return self._searches.setdefault(intent.id, Search(self._clock.monotonic()))


def _done(work: Callable[[], None]) -> bool:
    """Has it gone to its end? Not where the state could not be written."""
    try:
        work()
    except StateUnavailable as trouble:
        log.error("state.unavailable", why=str(trouble), note="nothing is written until the state can be")
        return False
    return True
