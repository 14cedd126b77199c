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

import sqlalchemy as sa
import structlog

from ossmend.config.model import Config, Policy
from ossmend.daemon.cloud.connect import Cloud
from ossmend.daemon.cloud.send.executor import NotSent, Sent, Unsettled
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.redact import mask_key_id
from ossmend.daemon.host.show import subject_text
from ossmend.daemon.journal import cases, entries, flags, intents
from ossmend.daemon.journal import correlation as neighbours
from ossmend.daemon.journal.cases import Decision
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import cases as cases_table
from ossmend.daemon.journal.store import Store
from ossmend.daemon.notices import outbox as notify
from ossmend.daemon.stages.brakes import Allowance
from ossmend.daemon.stages.consent import CONFIRM_FOR, Consent, Held, consent_to, outside
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.settings import Settings
from ossmend.remediators.contract.verdict import Act, Diagnosis, Done, Refused, Tell, TryAgain, Verdict, Wait
from ossmend.remediators.contract.view import View
from ossmend.remediators.contract.write import Write
from ossmend.remediators.other import plan_other

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


@dataclass(frozen=True, slots=True)
class _Turn:
    """What writing one turn down needs at hand."""

    connection: sa.Connection
    now: datetime
    allowance: Allowance
    consents: Mapping[int, tuple[Consent, ...]]
    """By case: who stands behind each write of its plan. Empty in a dry run, which asks nobody."""
    said: list[Entry]


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
        outcome: list[_Planned] = []
        with self._store.begin() as connection:
            turn = self._asked(connection, planned)
            undos = intents.asked(connection) if self._cloud.executor is not None else {}
            for case, verdict in planned:
                if case.id in undos:
                    result = self._undo(turn, case, undos[case.id])
                else:
                    result = self._decide(turn, case, verdict)
                outcome.append(result)
                if cases.decide(connection, result.decision, turn.now):
                    turn.said.append(Entry("case.verdict", case.id, _told(case, result.decision)))
                    log.info(f"case.{result.decision.state}", **_told(case, result.decision), case=case.id)
            entries.append(connection, turn.now, turn.said)
        return outcome

    def _asked(self, connection: sa.Connection, planned: Sequence[tuple[Case, Verdict | Exception]]) -> _Turn:
        """Who stands behind each write of the turn. All are asked before the first is granted: brakes share out fairly
        only what they know of.
        """
        now = self._clock.now()
        consents: dict[int, tuple[Consent, ...]] = {}
        asking: list[tuple[Policy, Consent]] = []
        for case, verdict in planned:
            mode, policy = self._mode(case), self._policies.get(case.policy)
            if not isinstance(verdict, Act) or policy is None or mode == "dry-run":
                continue
            asks = "approve" if verdict.approve else mode
            found = [consent_to(connection, self._config, policy, asks, case, write, now) for write in verdict.writes]
            consents[case.id] = tuple(found)
            asking += [(policy, each) for each in found if each.hold is None]
        return _Turn(connection, now, Allowance(connection, self._config, now, asking), consents, [])

    def _decide(self, turn: _Turn, case: Case, verdict: Verdict | Exception) -> _Planned:
        connection, now = turn.connection, turn.now
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
                return self._tell(turn, case, verdict, base)
            case Act():
                return self._act(turn, case, verdict, base)
            case TryAgain():
                tries = self._tries(connection, case) + 1
                after = min(verdict.after * 2 ** min(tries - 1, 10), timedelta(minutes=10))
                why = f"could not check yet: {verdict.why}"
                return _Planned(case, replace(base, state="waiting", why=why, due_at=now + after, tries=tries))
            case _:
                why = f"our own fault, see the log: {type(verdict).__name__}"
                return _Planned(case, replace(base, state="parked", why=why))

    def _undo(self, turn: _Turn, case: Case, intent: intents.Intent) -> _Planned:
        """A person's word opens no other place than the policy does, as it stands now."""
        policy = self._policies.get(case.policy)
        beyond = outside(policy, case, intent.write) if policy is not None else f"there is no policy {case.policy} now"
        if beyond is None:
            intents.intend(turn.connection, intent.id, turn.now)
            decision = Decision(case_id=case.id, events=case.events, state="sending", why="being undone", cause=None)
            return _Planned(case, decision, ((intent.id, intent.write),), undo=True)
        why = f"the undo is refused: {beyond}"
        intents.refuse(turn.connection, intent.id, turn.now, why)
        turn.said.append(Entry("write.not-sent", case.id, _of_write(intent.write, why)))
        diagnosis = causes.diagnosis("outside-policy", 0.95, (why,))
        self._notice(turn.connection, case, why, diagnosis, turn.now)
        base = Decision(case_id=case.id, events=case.events, state="told", why=why, cause=diagnosis.cause)
        return _Planned(case, replace(base, diagnosis=diagnosis, due_at=turn.now + PLAN_LIFE))

    @staticmethod
    def _tries(connection: sa.Connection, case: Case) -> int:
        return connection.scalar(sa.select(cases_table.c.tries).where(cases_table.c.id == case.id)) or 0

    def _tell(self, turn: _Turn, case: Case, tell: Tell, base: Decision) -> _Planned:
        """Say it once; look again ever more seldom; close when it has been quiet for long enough."""
        connection, now = turn.connection, turn.now
        intents.replace_unsent(connection, case.id)
        quiet = self._quiet(case)
        if not tell.holds and now - case.last_seen > quiet and now - case.opened_at > quiet:
            why = f"nothing of it was seen since {case.last_seen:%Y-%m-%d %H:%M}Z"
            return _Planned(case, replace(base, state="closed", why=why, cause=tell.diagnosis.cause, closed=True))
        self._flag(connection, case, tell, now, turn.said)
        tries = self._tries(connection, case) + 1
        again = tell.again_at or now + min(FIRST_LOOK * 2 ** min(tries - 1, 10), LONGEST_LOOK)
        self._notice(connection, case, tell.why, tell.diagnosis, now)
        return _Planned(
            case,
            replace(base, state="told", why=tell.why, cause=tell.diagnosis.cause, diagnosis=tell.diagnosis,
                    due_at=again, tries=tries),
        )  # fmt: skip

    def _quiet(self, case: Case) -> timedelta:
        policy = self._policies.get(case.policy)
        return policy.quiet if policy is not None else self._config.quiet

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

    def _act(self, turn: _Turn, case: Case, act: Act, base: Decision) -> _Planned:
        """In dry-run store the plan; otherwise let each write go that neither a person nor a brake has to hold."""
        policy, now = self._policies[case.policy], turn.now
        beyond = next(filter(None, (outside(policy, case, write) for write in act.writes)), None)
        if beyond is not None:
            return self._tell(turn, case, _beyond(act, beyond), base)
        intents.replace_unsent(turn.connection, case.id)
        self._flag(turn.connection, case, act, now, turn.said)
        decided = replace(base, why=act.why, cause=act.diagnosis.cause, diagnosis=act.diagnosis)
        if self._mode(case) == "dry-run":
            for write in act.writes:
                self._put(turn, case, write, "planned")
            return _Planned(case, replace(decided, state="planned", due_at=now + PLAN_LIFE))
        go: list[tuple[int, Write]] = []
        held: list[Held] = []
        for write, consent in zip(act.writes, turn.consents[case.id], strict=True):
            hold = consent.hold or turn.allowance.take(write, policy, write.cost(self._config.prices), consent)
            write_id = self._put(turn, case, write, "held" if hold else "intended", consent, hold)
            if hold:
                held.append(hold)
            else:
                go.append((write_id, write))
        if go:
            return _Planned(case, replace(decided, state="sending"), tuple(go))
        return self._hold(turn, case, act, decided, held)

    def _put(
        self,
        turn: _Turn,
        case: Case,
        write: Write,
        state: str,
        consent: Consent | None = None,
        hold: Held | None = None,
    ) -> int:
        """Store a write with what it is owed to, and say so; its id."""
        why = hold.why if hold else ""
        owed_to = None
        if consent is not None:
            party = turn.allowance.party(consent)
            owed_to = {"trust": consent.trust, "source": party.source, "client": party.client}
        turn.said.append(Entry(f"write.{state}", case.id, _of_write(write, why)))
        return intents.put(
            turn.connection, case.id, case.policy, write, state, turn.now, cost=write.cost(self._config.prices),
            outcome=why, owed_to=owed_to, since=hold.since if hold else None,
        )  # fmt: skip

    def _hold(self, turn: _Turn, case: Case, act: Act, decided: Decision, held: Sequence[Held]) -> _Planned:
        """Nothing may go now: wait for OSS's own log without a word, for a brake or a person with one."""
        now = turn.now
        states = {hold.state for hold in held}
        state = states.pop() if len(states) == 1 else "held"
        why = f"{act.why} (held: {'; '.join(hold.why for hold in held)})"
        due_at = min([hold.until for hold in held if hold.until] or [now + PLAN_LIFE])
        decided = replace(decided, state=state, why=why, due_at=due_at)
        if state == "waiting":
            return _Planned(case, decided)
        told_at = max([hold.since + CONFIRM_FOR for hold in held if hold.since] or [now])
        if state == "told" and now - max(case.last_seen, told_at) > self._quiet(case):
            intents.replace_unsent(turn.connection, case.id)
            return _Planned(case, replace(decided, state="closed", closed=True, due_at=None))
        self._notice(turn.connection, case, why, act.diagnosis, now)
        return _Planned(case, decided)

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


def _beyond(act: Act, why: str) -> Tell:
    """What was planned lies outside of the policy: nothing of it is stored, and a person decides."""
    found = act.diagnosis
    evidence = (why, *found.evidence)
    facts = {"targets": [write.target for write in act.writes]}
    diagnosis = causes.diagnosis("outside-policy", 0.95, evidence, facts, ((found.cause, found.confidence),))
    return Tell(why, diagnosis, flag=act.flag)


def _effect(settle: Callable[[Write], bool], intent: intents.Intent) -> bool | None:
    """Is the effect there? None where the world could not be asked."""
    try:
        return settle(intent.write)
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
