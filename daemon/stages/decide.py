"""(Case, answer of the plan, rules, what people have said, now) -> Outcome: what becomes of the case. Pure.

No connection, no cloud, no clock: everything that a decision rests on is an argument, so that a table of cases tests
it. Brakes may hold what an outcome wants to write (brakes.py), and `braked` says what becomes of the case then.
outcomes.py writes the outcome down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from ossmend.daemon.journal.intents import Intent, Words
from ossmend.daemon.journal.states import NOT_YET, CaseState
from ossmend.daemon.stages.consent import CONFIRM_FOR, Consent, Held, by_hand, consent_to, outside
from ossmend.daemon.stages.fault import Fault
from ossmend.daemon.stages.plan import Answer, Later
from ossmend.daemon.stages.quota import Slot
from ossmend.daemon.stages.rules import Rules
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.verdict import Act, Diagnosis, Done, KeyFlag, Tell, Wait
from ossmend.remediators.contract.write import Write

PLAN_LIFE = timedelta(hours=24)
"""A planned (dry-run) or held write rests this long unless an event, an approval or the configuration wakes it."""
FIRST_LOOK, LONGEST_LOOK = timedelta(minutes=5), timedelta(hours=6)
"""A reported case is looked at again after the first of these, then after twice as long, and so on up to the second."""
LONGEST_PAUSE = timedelta(minutes=10)
"""What could not be asked is asked again at least this often."""
SOONEST = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A write of an outcome. Without a consent it is planned only: a dry run asks nobody."""

    write: Write
    consent: Consent | None = None
    hold: Held | None = None
    slot: Slot | None = None
    """When it leaves, where the cloud has a quota for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of one case."""

    case: Case
    state: CaseState
    why: str
    cause: str | None = None
    diagnosis: Diagnosis | None = None
    due_at: datetime | None = None
    tries: int = 0
    verified_at: datetime | None = None
    watch_until: datetime | None = None
    flag: KeyFlag | None = None
    writes: tuple[Wanted, ...] = ()
    keeps_unsent: bool = False
    """What earlier plans only planned or held stays as it is."""
    notice: Literal["reported", "held"] | None = None
    """A person is told, once for each cause."""
    undo: Intent | None = None
    """The intent of an undo that a person has asked for; `writes` is that one write."""


def decide(case: Case, answer: Answer, rules: Rules, tries: int, words: Words, now: datetime) -> Outcome:
    """`tries`: how often the case was asked in vain, or reported, in a row. A write that may go makes it `sending`."""
    match answer:
        case Done(why, cause, watch_until) if watch_until is not None and watch_until > now:
            return Outcome(case=case, state=CaseState.WATCHING, why=why, cause=cause, verified_at=now,
                           due_at=watch_until, watch_until=watch_until)  # fmt: skip
        case Done(why, cause, flag=flag, well=well):
            return Outcome(case=case, state=CaseState.CLOSED, why=why, cause=cause,
                           verified_at=now if well else None, flag=flag)  # fmt: skip
        case Wait(until, why, cause):
            due_at = together(now, max(until, now + SOONEST))
            return Outcome(case=case, state=CaseState.WAITING, why=why, cause=cause, due_at=due_at, keeps_unsent=True)
        case Later(why, after):
            due_at = now + min(after * 2 ** min(tries, 10), LONGEST_PAUSE)
            return Outcome(case=case, state=CaseState.WAITING, why=f"{NOT_YET}{why}", due_at=due_at,
                           tries=tries + 1, keeps_unsent=True)  # fmt: skip
        case Tell():
            return _report(case, answer, rules, tries, now)
        case Act():
            return _act(case, answer, rules, tries, words, now)
        case Fault(what):
            return Outcome(
                case=case, state=CaseState.PARKED, why=f"our own fault, see the log: {what}", keeps_unsent=True
            )


def _report(case: Case, tell: Tell, rules: Rules, tries: int, now: datetime) -> Outcome:
    """Say it once; look again ever more seldom; close when it has been quiet for long enough."""
    quiet = rules.quiet
    if not tell.holds and now - case.last_seen > quiet and now - case.opened_at > quiet:
        why = f"nothing of it was seen since {case.last_seen:%Y-%m-%d %H:%M}Z"
        return Outcome(case=case, state=CaseState.CLOSED, why=why, cause=tell.diagnosis.cause)
    again = tell.again_at or now + min(FIRST_LOOK * 2 ** min(tries, 10), LONGEST_LOOK)
    return Outcome(
        case=case, state=CaseState.REPORTED, why=tell.why, cause=tell.diagnosis.cause, diagnosis=tell.diagnosis,
        due_at=again, tries=tries + 1, flag=tell.flag, notice="reported",
    )  # fmt: skip


def _act(case: Case, act: Act, rules: Rules, tries: int, words: Words, now: datetime) -> Outcome:
    """In dry-run keep the plan; otherwise ask for each write who stands behind it."""
    beyond = next(filter(None, (outside(rules.policy, case, write) for write in act.writes)), None)
    if beyond is not None:
        return _report(case, _beyond(act, beyond), rules, tries, now)
    wanted, state, due_at = [], CaseState.SENDING, None
    if rules.mode == "dry-run":
        wanted, state, due_at = [Wanted(write) for write in act.writes], CaseState.PLANNED, now + PLAN_LIFE
    else:
        for write in act.writes:
            consent = consent_to(case, write, rules, words, now, approve=act.approve)
            wanted.append(Wanted(write, consent, consent.hold))
    return Outcome(case=case, state=state, why=act.why, cause=act.diagnosis.cause, diagnosis=act.diagnosis,
                   due_at=due_at, flag=act.flag, writes=tuple(wanted))  # fmt: skip


def decide_undo(case: Case, intent: Intent, rules: Rules, now: datetime) -> Outcome:
    """A person's word opens no other place than the policy does, sends nothing in a dry run, and passes the brakes."""
    beyond = outside(rules.policy, case, intent.write)
    if beyond is not None:
        why = f"the undo is refused: {beyond}"
        diagnosis = causes.diagnosis("outside-policy", 0.95, (why,))
        return Outcome(case=case, state=CaseState.REPORTED, why=why, cause=diagnosis.cause, diagnosis=diagnosis,
                       due_at=now + PLAN_LIFE, notice="reported", undo=intent, keeps_unsent=True)  # fmt: skip
    if rules.mode == "dry-run":
        return Outcome(case=case, state=CaseState.PLANNED, why="an undo is planned", due_at=now + PLAN_LIFE,
                       writes=(Wanted(intent.write),), undo=intent)  # fmt: skip
    return Outcome(case=case, state=CaseState.SENDING, why="being undone",
                   writes=(Wanted(intent.write, by_hand(case)),), undo=intent)  # fmt: skip


def braked(outcome: Outcome, holds: Sequence[Held | None], rules: Rules, now: datetime) -> Outcome:
    """The outcome with what the brakes say of each of its writes: those that are free go, or the case is held."""
    writes = tuple(replace(each, hold=hold) for each, hold in zip(outcome.writes, holds, strict=True))
    held = [hold for hold in holds if hold is not None]
    outcome = replace(outcome, writes=writes)
    if len(held) < len(writes):
        return outcome
    return _held(outcome, held, rules, now)


def _held(outcome: Outcome, held: Sequence[Held], rules: Rules, now: datetime) -> Outcome:
    """Nothing may go now: wait for OSS's own log without a word, for a brake or a person with one."""
    states = {hold.case for hold in held}
    state = CaseState(states.pop() if len(states) == 1 else "held")
    why = f"{outcome.why} (held: {'; '.join(hold.why for hold in held)})"
    due_at = min([hold.until for hold in held if hold.until] or [now + PLAN_LIFE])
    outcome = replace(outcome, state=state, why=why, due_at=due_at)
    if state is CaseState.WAITING:
        return outcome
    reported_at = max([hold.since + CONFIRM_FOR for hold in held if hold.since] or [now])
    if state is CaseState.REPORTED and now - max(outcome.case.last_seen, reported_at) > rules.quiet:
        return replace(outcome, state=CaseState.CLOSED, due_at=None, writes=())
    # an undo has no cause: whoever asked for it sees it held
    return replace(outcome, notice="held" if outcome.diagnosis is not None else None)


def _beyond(act: Act, why: str) -> Tell:
    """What was planned lies outside of the policy: nothing of it is stored, and a person decides."""
    found = act.diagnosis
    evidence = (why, *found.evidence)
    facts = {"targets": [write.target for write in act.writes]}
    diagnosis = causes.diagnosis("outside-policy", 0.95, evidence, facts, ((found.cause, found.confidence),))
    return Tell(why, diagnosis, flag=act.flag)


def together(now: datetime, due_at: datetime) -> datetime:
    """A due time a little later, shared by cases of about the same time: one list call then answers for all."""
    away = (due_at - now).total_seconds()
    if away < 0.9:
        return due_at
    step = 1 if away < 60 else 5 if away < 600 else 30
    return datetime.fromtimestamp(math.ceil(due_at.timestamp() / step) * step, UTC)
