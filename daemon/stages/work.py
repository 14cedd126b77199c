"""The stages in their order, for each lane by itself: due -> plan -> decide, brakes, record -> send -> record.

The cases of one lane (journal/cases.py: one account's bucket, one kind of subject) are planned together, so that one
list page answers for a thousand of them; lanes never wait for each other, so that a bucket that does not answer delays
its own cases and nobody else's. Polling, waiting, retrying and restarting after a crash are all the same thing: plan
again. A write whose answer is lost is settling.py's, what is at work just now running.py's; the journal keeps the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from functools import partial

from ossmend.config.model import Config
from ossmend.daemon.cloud.accounts import Accounts, Cloud
from ossmend.daemon.cloud.send.executor import NotSent
from ossmend.daemon.cloud.send.looks import Pages
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.pulse import Pulse
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.cases import Lane, lane_of
from ossmend.daemon.journal.store import Store
from ossmend.daemon.stages.pace import Pace
from ossmend.daemon.stages.pause import Pause
from ossmend.daemon.stages.plan import Answer, Later, could_not_check, plan
from ossmend.daemon.stages.record import NOTHING, Record, Told
from ossmend.daemon.stages.running import Running
from ossmend.daemon.stages.send import Reply, Seen, Sender, Sending, send
from ossmend.daemon.stages.settling import Settling
from ossmend.daemon.stages.sweeping import Sweeping
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.contract.view import View

BATCH = 1000
"""Cases of one pass: as many as one list page can answer for."""
AT_HAND = 8 * BATCH
"""Due cases that are looked for at once: what a turn asks of the database, it asks for each lane, and not each case."""
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
        self._running = Running(config, store.leases, clock, self._pulse, on_progress)
        self._stopping = self._running.stopping
        self._rest = rest or self._stopping.wait
        self._pace = Pace(clock, self._rest, self._record.more_slots if store.leases.shared else None)
        self._sweeping = Sweeping(self._record.sweep, self._pass, clock, self._stopping, BATCH)
        self.settling = Settling(
            self._record, accounts, store.leases, self._running, clock, self._pulse, config.cloud.deadline
        )

    def stop(self) -> None:
        """Begin nothing new: calls in hand finish, what was not sent yet is put back."""
        self._stopping.set()

    def close(self) -> None:
        """Let the calls in hand finish, then end the threads."""
        self._running.close()

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
            self._running.begin(name, lane.account, work, (name,))
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
        return self._running.wait(timeout)

    def busy(self) -> tuple[str, ...]:
        """The lanes that are at work, or rest."""
        return self._running.busy()

    def next_due(self) -> datetime | None:
        """When the next case will be due in a lane that is idle, and not another node's."""
        return self._record.next_due((*self.busy(), *self._leases.others()))

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
        with self._running.working_on(ids):
            try:
                cloud, pages, told = self._planned(self._read(ids))
            finally:
                recorded(told)
            if before is not None:
                wait((before,))
            self._send(cloud, told.sending, pages)

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
        hands = self._running.hands(cases[0].account)
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
        executor, hands = cloud.executor, self._running.hands(sending[0].case.account)
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
