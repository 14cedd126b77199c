"""Case -> Verdict -> what follows from it. One turn: take the due cases, plan them, record, send, record again.

Polling, waiting, retrying and restarting after a crash are all the same thing here: plan again. Dispatch itself
keeps nothing between two turns; the journal does. Events come from triage.py; writes leave through cloud/executor.py;
brakes.py may hold them; notices go to notify.py.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
import structlog

from ossmend.config.model import Config, Policy
from ossmend.daemon import notify
from ossmend.daemon.brakes import Allowance, Held, cost_of
from ossmend.daemon.clock import Clock
from ossmend.daemon.cloud.connect import Cloud
from ossmend.daemon.cloud.executor import NotSent, Sent, Unsettled
from ossmend.daemon.journal import cases, entries, flags, intents, neighbours
from ossmend.daemon.journal.cases import Decision
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import cases as cases_table
from ossmend.daemon.journal.store import Store
from ossmend.daemon.redact import mask_key_id
from ossmend.daemon.show import subject_text
from ossmend.remediators import causes
from ossmend.remediators.contract import (
    Act,
    Case,
    Diagnosis,
    Done,
    Refused,
    Remediator,
    Settings,
    Tell,
    TryAgain,
    Verdict,
    View,
    Wait,
)
from ossmend.remediators.other import plan_other
from ossmend.remediators.writes import Write, digest

log = structlog.get_logger("ossmend.dispatch")

BATCH = 1000
PLAN_LIFE = timedelta(hours=24)
"""A planned (dry-run) or held write rests this long unless an event, an approval or the configuration wakes it."""
FIRST_LOOK, LONGEST_LOOK = timedelta(minutes=5), timedelta(hours=6)
"""How soon, and at most how seldom, a told case is asked again whether the world says that it is over."""
SETTLE_GRACE = timedelta(seconds=5)
"""A call that was on its way when we died has arrived or is lost after this long."""
AFTER_WRITE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Planned:
    """One case with what was decided about it, and the writes that may now leave."""

    case: Case
    decision: Decision
    go: tuple[tuple[int, Write], ...] = ()
    undo: bool = False
    """A person has asked for it: when it is done, so is the case."""


class Dispatch:
    """Works the due cases of one store against one cloud. Not re-entrant: one thread calls `turn` and `settle`."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cloud: Cloud,
        clock: Clock,
        *,
        dry_run: bool,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`alive` is called each time a plan or an answer came back: what the watchdog is fed from."""
        self._config = config
        self._store = store
        self._cloud = cloud
        self._clock = clock
        self._dry_run = dry_run
        self._alive = alive
        self._stopping = threading.Event()
        self._policies: Mapping[str, Policy] = {policy.name: policy for policy in config.policies}
        self._pool = ThreadPoolExecutor(max_workers=config.cloud.concurrency, thread_name_prefix="cloud")
        self._asked_first: dict[int, datetime] = {}

    def stop(self) -> None:
        """Begin nothing new: calls in hand finish, what was not sent yet is put back."""
        self._stopping.set()

    def close(self) -> None:
        """Let the calls in hand finish, then end the threads."""
        self._pool.shutdown(wait=True)

    def turn(self) -> int:
        """Take up to BATCH due cases through plan, brakes and cloud. How many there were."""
        with self._store.read() as connection:
            due = cases.due(connection, self._clock.now(), BATCH)
            if not due:
                return 0
            beside = neighbours.of(connection, due)
        due = [replace(case, dry_run=self._mode(case) == "dry-run", beside=beside[case.id]) for case in due]
        view = self._cloud.view(due)
        verdicts = []
        for verdict in self._pool.map(lambda case: self._plan(case, view), due):
            verdicts.append(verdict)
            self._alive()
        planned = self._record(list(zip(due, verdicts, strict=True)))
        self._send(planned)
        return len(due)

    # ------------------------------------------------------------------------------------------------------- plan

    def _plan(self, case: Case, view: View) -> Verdict | Exception:
        """Ask the remediator. Our own troubles become "later" or "could not check", never a finding."""
        if self._stopping.is_set():
            return TryAgain("stopping", timedelta(0))
        try:
            remediator = Remediator.registry.get(case.code or "")
            policy = self._policies.get(case.policy)
            if policy is None and (telling := Remediator.only_telling(case.code)) is not None:
                return telling.plan(case, view, telling.settings.only_telling())
            if remediator is None or policy is None:
                return plan_other(case, view)
            return remediator.plan(case, view, self._settings(policy, remediator))
        except TryAgain as later:
            return later
        except Refused as refused:
            evidence = (f"our own {refused.operation} was refused: {refused.code} {refused.request_id or ''}".strip(),)
            diagnosis = causes.diagnosis("could-not-check", 1.0, evidence, {"code": refused.code})
            return Tell(f"could not check: {refused}", diagnosis, again_at=self._clock.now() + timedelta(minutes=10))
        except Exception as bug:  # the one broad net: a bug in one remediator parks its case, and the daemon goes on
            log.exception("case.parked", case=case.id, code=case.code)
            return bug

    @staticmethod
    def _settings(policy: Policy, remediator: Remediator) -> Settings:
        return policy.settings_for(remediator.code)

    def _mode(self, case: Case) -> str:
        policy = self._policies.get(case.policy)
        return "dry-run" if self._dry_run else policy.mode if policy is not None else self._config.mode

    # ----------------------------------------------------------------------------------------------------- record

    def _record(self, planned: Sequence[tuple[Case, Verdict | Exception]]) -> list[_Planned]:
        """Write every verdict of the turn down, in one transaction, before anything leaves."""
        now = self._clock.now()
        said: list[Entry] = []
        outcome: list[_Planned] = []
        with self._store.begin() as connection:
            allowance = Allowance(connection, self._config.brakes, now)
            undos = intents.asked(connection) if self._cloud.executor is not None else {}
            for case, verdict in planned:
                if case.id in undos:
                    result = self._undo(connection, case, undos[case.id], now)
                else:
                    result = self._decide(connection, allowance, case, verdict, now, said)
                outcome.append(result)
                if cases.decide(connection, result.decision, now):
                    said.append(Entry("case.verdict", case.id, _told(case, result.decision)))
                    log.info(f"case.{result.decision.state}", **_told(case, result.decision), case=case.id)
            entries.append(connection, now, said)
        return outcome

    def _decide(
        self,
        connection: sa.Connection,
        allowance: Allowance,
        case: Case,
        verdict: Verdict | Exception,
        now: datetime,
        said: list[Entry],
    ) -> _Planned:
        base = Decision(case_id=case.id, events=case.events, state="open", why="", cause=None)
        match verdict:
            case Done(why, cause, watch_until) if watch_until is not None and watch_until > now:
                intents.replace_unsent(connection, case.id)
                state = replace(base, state="watching", why=why, cause=cause, verified_at=now)
                return _Planned(case, replace(state, due_at=watch_until, watch_until=watch_until))
            case Done(why, cause):
                intents.replace_unsent(connection, case.id)
                return _Planned(case, replace(base, state="closed", why=why, cause=cause, verified_at=now, closed=True))
            case Wait(until, why, cause):
                due_at = together(now, max(until, now + timedelta(milliseconds=200)))
                return _Planned(case, replace(base, state="waiting", why=why, cause=cause, due_at=due_at))
            case Tell():
                return self._tell(connection, case, verdict, base, now, said)
            case Act():
                return self._act(connection, allowance, case, verdict, base, now, said)
            case TryAgain():
                tries = self._tries(connection, case) + 1
                after = min(verdict.after * 2 ** min(tries - 1, 10), timedelta(minutes=10))
                why = f"could not check yet: {verdict.why}"
                return _Planned(case, replace(base, state="waiting", why=why, due_at=now + after, tries=tries))
            case _:
                why = f"our own fault, see the log: {type(verdict).__name__}"
                return _Planned(case, replace(base, state="parked", why=why))

    @staticmethod
    def _undo(connection: sa.Connection, case: Case, intent: intents.Intent, now: datetime) -> _Planned:
        intents.intend(connection, intent.id, now)
        decision = Decision(case_id=case.id, events=case.events, state="sending", why="being undone", cause=None)
        return _Planned(case, decision, ((intent.id, intent.write),), undo=True)

    @staticmethod
    def _tries(connection: sa.Connection, case: Case) -> int:
        return connection.scalar(sa.select(cases_table.c.tries).where(cases_table.c.id == case.id)) or 0

    def _tell(
        self, connection: sa.Connection, case: Case, tell: Tell, base: Decision, now: datetime, said: list[Entry]
    ) -> _Planned:
        """Say it once; look again ever more seldom; close when it has been quiet for long enough."""
        intents.replace_unsent(connection, case.id)
        policy = self._policies.get(case.policy)
        quiet = policy.quiet if policy is not None else self._config.quiet
        if not tell.holds and now - case.last_seen > quiet and now - case.opened_at > quiet:
            why = f"nothing of it was seen since {case.last_seen:%Y-%m-%d %H:%M}Z"
            return _Planned(case, replace(base, state="closed", why=why, cause=tell.diagnosis.cause, closed=True))
        self._flag(connection, case, tell, now, said)
        tries = self._tries(connection, case) + 1
        again = tell.again_at or now + min(FIRST_LOOK * 2 ** min(tries - 1, 10), LONGEST_LOOK)
        self._notice(connection, case, tell.why, tell.diagnosis, now)
        return _Planned(
            case,
            replace(base, state="told", why=tell.why, cause=tell.diagnosis.cause, diagnosis=tell.diagnosis,
                    due_at=again, tries=tries),
        )  # fmt: skip

    def _flag(
        self, connection: sa.Connection, case: Case, verdict: Tell | Act, now: datetime, said: list[Entry]
    ) -> None:
        if verdict.flag is not None and flags.put(connection, case, verdict.flag, now):
            told = {
                "access_key_id": mask_key_id(verdict.flag.access_key_id),
                "status": verdict.flag.status,
                "owner": verdict.flag.owner,
            }
            said.append(Entry("flag.raised", case.id, told))

    def _act(
        self,
        connection: sa.Connection,
        allowance: Allowance,
        case: Case,
        act: Act,
        base: Decision,
        now: datetime,
        said: list[Entry],
    ) -> _Planned:
        """In dry-run store the plan; otherwise let each write go that neither a person nor a brake has to hold."""
        intents.replace_unsent(connection, case.id)
        self._flag(connection, case, act, now, said)
        decided = replace(base, why=act.why, cause=act.diagnosis.cause, diagnosis=act.diagnosis)
        mode, policy = self._mode(case), self._policies[case.policy]
        go: list[tuple[int, Write]] = []
        held: list[Held] = []
        for write in act.writes:
            cost = cost_of(write, self._config.prices)
            asks = "approve" if act.approve and mode == "enforce" else mode
            hold = self._held(connection, allowance, asks, policy, write, cost, now)
            state = "planned" if mode == "dry-run" else "held" if hold else "intended"
            why = hold.why if hold else ""
            write_id = intents.put(connection, case.id, case.policy, write, state, now, cost=cost, outcome=why)
            said.append(Entry(f"write.{state}", case.id, _of_write(write, why)))
            if hold and state == "held":
                held.append(hold)
            elif state == "intended":
                go.append((write_id, write))
        if mode == "dry-run":
            return _Planned(case, replace(decided, state="planned", due_at=now + PLAN_LIFE))
        if go:
            return _Planned(case, replace(decided, state="sending"), tuple(go))
        why = "; ".join(hold.why for hold in held)
        self._notice(connection, case, f"{act.why} (held: {why})", act.diagnosis, now)
        due_at = min([hold.until for hold in held if hold.until] or [now + PLAN_LIFE])
        return _Planned(case, replace(decided, state="held", why=f"{act.why} (held: {why})", due_at=due_at))

    @staticmethod
    def _held(
        connection: sa.Connection,
        allowance: Allowance,
        mode: str,
        policy: Policy,
        write: Write,
        cost: Decimal | None,
        now: datetime,
    ) -> Held | None:
        if mode == "dry-run":
            return None
        granted = intents.approval(connection, digest(write), now)
        if granted is False:
            return Held("rejected", None)
        if mode == "approve" and not granted:
            return Held("waits for approval", None)
        if cost is None and granted:
            cost = Decimal(0)
        return allowance.take(write, policy.name, policy.brakes, cost)

    def _notice(self, connection: sa.Connection, case: Case, why: str, diagnosis: Diagnosis, now: datetime) -> None:
        notify.say(connection, self._config, case, why, diagnosis, now, dry_run=self._mode(case) == "dry-run")

    # ------------------------------------------------------------------------------------------------------- send

    def _send(self, planned: Iterable[_Planned]) -> None:
        """Send what may leave, in parallel, and write receipts down as they come in."""
        waiting = {
            self._pool.submit(self._send_one, write): (each, write_id, write)
            for each in planned
            for write_id, write in each.go
        }
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            self._alive()
            self._receipts([(future, *waiting.pop(future)) for future in finished])

    def _send_one(self, write: Write) -> Sent | Exception:
        """Look again, then send. What went wrong comes back as a value, to be written down."""
        executor = self._cloud.executor
        assert executor is not None  # dry-run plans never get here: they are `planned`, not `intended`
        if self._stopping.is_set():
            return NotSent("stopping")
        try:
            if executor.look(write) != write.planned_on:
                return Stale(f"{write.target} has changed since it was planned")
            return executor.send(write)
        except (TryAgain, Refused, NotSent, Unsettled) as error:
            return error

    def _receipts(self, answers: Sequence[tuple[Future[Sent | Exception], _Planned, int, Write]]) -> None:
        now = self._clock.now()
        said: list[Entry] = []
        with self._store.begin() as connection:
            for future, planned, write_id, write in answers:
                self._cloud.forget(write)
                said += self._receipt(connection, planned, write_id, write, future.result(), now)
            entries.append(connection, now, said)

    def _receipt(
        self, connection: sa.Connection, planned: _Planned, write_id: int, write: Write, answer: Sent | Exception,
        now: datetime,
    ) -> list[Entry]:  # fmt: skip
        """Close the intent by what came back; when to look at the case again."""
        case = planned.case
        state, outcome, request_id, again = _settled(answer)
        if state == "intended":  # the answer was lost: `settle` will read the world
            log.warning("write.unsettled", case=case.id, target=write.target, why=outcome)
            return [Entry("write.unsettled", case.id, _of_write(write, outcome))]
        intents.settle(connection, write_id, state, now, outcome, request_id)
        decision = Decision(
            case.id, case.events, "waiting", f"{write.operation}: {outcome}", None, due_at=together(now, now + again)
        )
        if isinstance(answer, Refused):
            decision = self._refused(connection, case, answer, decision, now)
        elif planned.undo and isinstance(answer, Sent):
            decision = replace(decision, state="closed", why="undone by hand", due_at=None, closed=True)
        cases.decide(connection, decision, now)
        log.info(f"write.{state}", case=case.id, operation=write.operation, target=write.target, outcome=outcome)
        return [Entry(f"write.{state}", case.id, _of_write(write, outcome) | {"request_id": request_id})]

    def _refused(
        self, connection: sa.Connection, case: Case, refused: Refused, decision: Decision, now: datetime
    ) -> Decision:
        """Our own write was refused: a person has to know; it says nothing about the user."""
        diagnosis = causes.diagnosis("could-not-check", 1.0, (str(refused),), {"code": refused.code})
        why = f"our own {refused.operation} was refused: {refused.code}"
        self._notice(connection, case, why, diagnosis, now)
        return replace(decision, state="told", why=why, cause=diagnosis.cause, diagnosis=diagnosis)

    # ----------------------------------------------------------------------------------------------------- settle

    def settle(self) -> int:
        """Read the world for every intent whose answer is unknown. How many are still unknown."""
        with self._store.read() as connection:
            unknown = intents.unsettled(connection)
        executor = self._cloud.executor
        if not unknown or executor is None:
            return 0
        found = list(self._pool.map(lambda intent: _effect(executor.settle, intent), unknown))
        now = self._clock.now()
        left = 0
        with self._store.begin() as connection:
            for intent, there in zip(unknown, found, strict=True):
                asked_first = self._asked_first.setdefault(intent.id, now)
                if there is None or (not there and now - asked_first < SETTLE_GRACE):
                    left += 1
                    continue
                state, outcome = ("done", "found") if there else ("not-sent", "no effect found")
                intents.settle(connection, intent.id, state, now, outcome)
                cases.resume(connection, intent.case_id, now)
                entries.append(
                    connection, now, [Entry(f"write.{state}", intent.case_id, _of_write(intent.write, outcome))]
                )
                log.info(f"write.{state}", case=intent.case_id, target=intent.write.target, outcome=outcome)
                self._asked_first.pop(intent.id, None)
        return left


def together(now: datetime, due_at: datetime) -> datetime:
    """A due time a little later, shared by cases of about the same time: one list call then answers for all."""
    away = (due_at - now).total_seconds()
    if away < 0.9:
        return due_at
    step = 1 if away < 60 else 5 if away < 600 else 30
    return datetime.fromtimestamp(math.ceil(due_at.timestamp() / step) * step, UTC)


class Stale(Exception):
    """The world is not what the write was planned on; nothing was sent, plan again."""


def _effect(settle: Callable[[Write, datetime], bool], intent: intents.Intent) -> bool | None:
    """Is the effect there? None where the world could not be asked."""
    try:
        return settle(intent.write, intent.sent_at or intent.planned_at)
    except (TryAgain, Refused) as error:
        log.warning("write.unsettled", case=intent.case_id, target=intent.write.target, why=str(error))
        return None


def _settled(answer: Sent | Exception) -> tuple[str, str, str | None, timedelta]:
    """(state of the write, outcome, request id, when to look again)."""
    match answer:
        case Sent():
            return "done", answer.outcome, answer.request_id, AFTER_WRITE
        case Stale():
            return "stale", str(answer), None, timedelta(0)
        case Refused():
            return "failed", f"refused: {answer.code}", answer.request_id, timedelta(hours=1)
        case TryAgain():
            return "not-sent", answer.why, None, answer.after
        case NotSent():
            return "not-sent", str(answer), None, timedelta(seconds=30)
        case _:
            return "intended", str(answer), None, timedelta(0)


def _told(case: Case, decision: Decision) -> dict[str, object]:
    return {
        "code": case.code,
        "subject": subject_text(case.subject),
        "state": decision.state,
        "cause": decision.cause,
        "why": decision.why,
    }


def _of_write(write: Write, outcome: str) -> dict[str, object]:
    return {"operation": write.operation, "target": write.target, "outcome": outcome}
