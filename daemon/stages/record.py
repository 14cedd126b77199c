"""Outcomes, replies and findings -> the journal. The only stage with a connection: each method is one transaction.

What leaves was stored before it left, with the brakes' word on it; what came back is stored with the case's next time.
decide.py says what becomes of a case; this file asks it, in the order that brakes need, and writes it down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
import structlog

from ossmend.config.model import Config
from ossmend.daemon.cloud.send.executor import Sent
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.redact import mask_key_id
from ossmend.daemon.host.show import subject_text
from ossmend.daemon.journal import cases, correlation, entries, flags, intents
from ossmend.daemon.journal.cases import Decision, Standing
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.intents import GIVES_BACK, Intent, NewWrite, Settlement
from ossmend.daemon.journal.ledger import Ledger
from ossmend.daemon.journal.pause import HELD_BY
from ossmend.daemon.journal.states import CaseState, WriteState
from ossmend.daemon.journal.store import Store
from ossmend.daemon.notices import outbox
from ossmend.daemon.stages.brakes import ACCOUNT, LOOK, Allowance
from ossmend.daemon.stages.consent import Held
from ossmend.daemon.stages.decide import Outcome, Wanted, braked, decide, decide_undo, together
from ossmend.daemon.stages.pause import Pause
from ossmend.daemon.stages.plan import Answer
from ossmend.daemon.stages.rules import RuleBook
from ossmend.daemon.stages.send import AFTER_REFUSED, Reply, Stale, ended
from ossmend.daemon.stages.settle import Found
from ossmend.daemon.stages.shares import Asking
from ossmend.remediators import causes
from ossmend.remediators.contract.answers import ACCOUNT_CODES
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.verdict import Act, Diagnosis, Refused
from ossmend.remediators.contract.write import Write, digest

log = structlog.get_logger("ossmend.record")

MANY = 5
"""More cases of one policy that tell the same in one turn are one notice, with the numbers of the others."""
FEW = 20
"""So many cases of one turn have a log line each; of more there is one line of numbers. The journal has them all."""
GIVEN_BACK = "what somebody else wrote at the same moment is on top again"


@dataclass(frozen=True, slots=True)
class Sending:
    """A stored intent that may leave now."""

    write_id: int
    case: Case
    write: Write
    undo: bool = False
    """It was asked for, and not planned: when it is done, so is the case."""
    given_back: bool = False
    """Not a person asked for it, but we have covered what somebody else wrote."""


class Record:
    """Writes down what the stages found, by one configuration."""

    def __init__(self, config: Config, store: Store, clock: Clock, pause: Pause, *, dry_run: bool) -> None:
        self._config = config
        self._store = store
        self._pause = pause
        self._clock = clock
        self._dry_run = dry_run
        self.rules = RuleBook(config, dry_run=dry_run)

    # ------------------------------------------------------------------------------------------------------- outcomes

    def answers(
        self,
        answered: Sequence[tuple[Case, Answer]],
        oss_now: datetime,
        *,
        undos: bool = True,
        region_of: Callable[[str], str | None] = lambda _: None,
    ) -> list[Sending]:
        """What the plans of a turn lead to; the writes that may now leave. `oss_now`: what OSS's clock says; without
        `undos` those that are asked for wait, because nothing can be sent; `region_of`: where a bucket was found.
        """
        now = self._clock.now()
        self._pause.look_again()
        ids = [case.id for case, _ in answered]
        with self._store.begin() as connection:
            standings = cases.standing(connection, ids)
            cases.locate(connection, {case.id: region for case, _ in answered if (region := _region(case, region_of))})
            outcomes = self._decided(connection, answered, standings, now, undos=undos)
            allowance = self._allowance(connection, outcomes, now, oss_now)
            outcomes = [self._braked(each, allowance, now) for each in outcomes]
            return self._written(connection, outcomes, allowance, standings, now)

    def _decided(
        self,
        connection: sa.Connection,
        answered: Sequence[tuple[Case, Answer]],
        standings: Mapping[int, Standing],
        now: datetime,
        *,
        undos: bool,
    ) -> list[Outcome]:
        acting = [(case, answer) for case, answer in answered if isinstance(answer, Act)]
        digests = {digest(write) for _, act in acting for write in act.writes}
        words = intents.words(connection, digests, [case.id for case, _ in acting], now)
        asked = intents.asked(connection) if undos and not self._dry_run else {}
        return [
            decide_undo(case, asked[case.id], self.rules.of(case), now)
            if case.id in asked
            else decide(case, answer, self.rules.of(case), standings[case.id].tries, words, now)
            for case, answer in answered
        ]

    def _allowance(
        self, connection: sa.Connection, outcomes: Sequence[Outcome], now: datetime, oss_now: datetime
    ) -> Allowance:
        """All that a turn asks for is known before the first is granted: brakes share out fairly what they know of."""
        asking = [
            Asking(outcome.case.account, outcome.case.policy, each.consent)
            for outcome in outcomes
            for each in outcome.writes
            if each.consent is not None and each.hold is None
        ]
        return Allowance(Ledger(connection, now, oss_now), self._config, oss_now, asking)

    def _braked(self, outcome: Outcome, allowance: Allowance, now: datetime) -> Outcome:
        if outcome.state is not CaseState.SENDING:
            return outcome
        rules, account = self.rules.of(outcome.case), outcome.case.account
        assert rules.policy is not None  # decide.py: without a policy nothing is wanted
        holds = []
        for each in outcome.writes:
            assert each.consent is not None  # only a dry run wants without
            cost = each.write.cost(self._config.prices)
            hold = each.hold or self._paused(rules.policy.name, now)
            if hold is None:
                hold = allowance.take(each.write, account, rules.policy, cost, each.consent)
                if hold is not None and hold.until is not None:
                    hold = replace(hold, until=now + (hold.until - allowance.now))  # from OSS's clock to ours
            holds.append(hold)
        return braked(outcome, holds, rules, now)

    def _paused(self, policy: str, now: datetime) -> Held | None:
        why = self._pause.why(policy)
        return Held(HELD_BY, why, now + LOOK) if why is not None else None

    def _written(
        self,
        connection: sa.Connection,
        outcomes: Sequence[Outcome],
        allowance: Allowance,
        standings: Mapping[int, Standing],
        now: datetime,
    ) -> list[Sending]:
        said: list[Entry] = []
        intents.drop_unsent(connection, [each.case.id for each in outcomes if not each.keeps_unsent])
        for each in outcomes:
            self._flag(connection, each, now, said)
        sending = self._put(connection, outcomes, allowance, now, said)
        reported = self._notices(connection, [each for each in outcomes if each.notice], standings, now)
        decisions = [_decision(each, reported.get(each.case.id)) for each in outcomes]
        news = cases.decide(connection, decisions, standings, now)
        for each in outcomes:
            if _account_is_well(each):
                cases.wake_held(connection, ACCOUNT, now, each.case.account)
        of_case = {each.case.id: each.case for each in outcomes}
        said += [Entry("case.verdict", each.case_id, _told(of_case[each.case_id], each)) for each in news]
        entries.append(connection, now, said)
        _log_cases(news, of_case)
        return sending

    def _put(
        self,
        connection: sa.Connection,
        outcomes: Sequence[Outcome],
        allowance: Allowance,
        now: datetime,
        said: list[Entry],
    ) -> list[Sending]:
        """Store what the outcomes want to write; those that may leave."""
        new: list[tuple[Outcome, NewWrite]] = []
        sending: list[Sending] = []
        for outcome in outcomes:
            if outcome.undo is not None:
                sending += self._undo(connection, outcome, outcome.undo, allowance, now, said)
                continue
            new += [(outcome, self._new(outcome, wanted, allowance)) for wanted in outcome.writes]
        ids = intents.put(connection, [each for _, each in new], now)
        for write_id, (outcome, each) in zip(ids, new, strict=True):
            said.append(Entry(f"write.{each.state}", outcome.case.id, _of_write(each.write, each.why)))
            if each.state is WriteState.INTENDED:
                sending.append(Sending(write_id, outcome.case, each.write))
        return sending

    def _new(self, outcome: Outcome, wanted: Wanted, allowance: Allowance) -> NewWrite:
        hold, consent, case = wanted.hold, wanted.consent, outcome.case
        state = WriteState.HELD if hold else WriteState.INTENDED if consent else WriteState.PLANNED
        party = allowance.party(consent) if consent else None
        return NewWrite(
            case_id=case.id,
            policy=case.policy,
            account=case.account,
            write=wanted.write,
            state=state,
            cost=wanted.write.cost(self._config.prices),
            why=hold.why if hold else "",
            held_by=hold.by if hold else None,
            trust=consent.trust if consent else None,
            source=party.source if party else None,
            client=party.client if party else None,
            since=hold.since if hold else None,
            oss_time=allowance.now,
        )

    def _undo(
        self,
        connection: sa.Connection,
        outcome: Outcome,
        undo: Intent,
        allowance: Allowance,
        now: datetime,
        said: list[Entry],
    ) -> list[Sending]:
        """It was stored when it was asked for: it goes, stays asked for while a brake holds it, or is refused."""
        if outcome.state is CaseState.SENDING:
            intents.intend(connection, undo.id, now, allowance.now)
            said.append(Entry("write.intended", outcome.case.id, _of_write(undo.write, "undo")))
            return [Sending(undo.id, outcome.case, undo.write, undo=True, given_back=undo.outcome == GIVES_BACK)]
        if outcome.state is CaseState.REPORTED:
            intents.refuse(connection, undo.id, now, outcome.why)
            said.append(Entry("write.not-sent", outcome.case.id, _of_write(undo.write, outcome.why)))
        return []

    def _flag(self, connection: sa.Connection, outcome: Outcome, now: datetime, said: list[Entry]) -> None:
        flag = outcome.flag
        if flag is not None and flags.put(connection, outcome.case, flag, now):
            told = {"access_key_id": mask_key_id(flag.access_key_id), "status": flag.status, "owner": flag.owner}
            said.append(Entry("flag.raised", outcome.case.id, told))

    def _notices(
        self, connection: sa.Connection, outcomes: Sequence[Outcome], standings: Mapping[int, Standing], now: datetime
    ) -> dict[int, str]:
        """Tell people, of each case a cause once; many alike in one notice. What each case has told now."""
        reported: dict[int, str] = {}
        alike: dict[tuple[str, str, bool], list[Outcome]] = {}
        for each in outcomes:
            assert each.diagnosis is not None  # who is told is told why
            told = f"{each.diagnosis.cause}/held{_by_whom(each)}" if each.notice == "held" else each.diagnosis.cause
            if standings[each.case.id].reported_cause == told:
                continue
            reported[each.case.id] = told
            dry_run = self.rules.of(each.case).mode == "dry-run"
            alike.setdefault((each.case.policy, told, dry_run), []).append(each)
        for (_, _, dry_run), group in alike.items():
            many = len(group) > MANY
            for each in group[:1] if many else group:
                assert each.diagnosis is not None  # as above
                rest = [other.case.id for other in group[1:]] if many else []
                outbox.put(
                    connection, self._config, each.case, each.why, each.diagnosis, now, dry_run=dry_run, rest=rest
                )
        return reported

    # -------------------------------------------------------------------------------------------------------- replies

    def replies(self, replied: Sequence[tuple[Sending, Reply]]) -> None:
        """Close the intents by what came back; when to look at their cases again."""
        now = self._clock.now()
        said: list[Entry] = []
        with self._store.begin() as connection:
            standings = cases.standing(connection, [sending.case.id for sending, _ in replied])
            gone = [digest(sending.write) for sending, reply in replied if ended(reply).state in GONE]
            intents.use_up(connection, gone)
            settlements: list[Settlement] = []
            again: list[int] = []
            decisions: list[Decision] = []
            back: list[NewWrite] = []
            for sending, reply in replied:
                how = ended(reply)
                data = _of_write(sending.write, how.outcome) | {"request_id": how.request_id}
                if how.state is WriteState.INTENDED:  # the answer was lost: settle.py will read the world
                    said.append(Entry("write.unsettled", sending.case.id, data))
                    log.warning("write.unsettled", case=sending.case.id, **data)
                    continue
                if sending.undo and how.state is WriteState.NOT_SENT:
                    again.append(sending.write_id)
                else:
                    settlements.append(
                        Settlement(
                            write_id=sending.write_id, state=how.state, outcome=how.outcome, request_id=how.request_id
                        )
                    )
                decisions.append(self._after(connection, sending, reply, standings, now))
                back += self._given_back(sending, reply)
                said.append(Entry(f"write.{how.state}", sending.case.id, data))
                if len(replied) <= FEW:
                    log.info(f"write.{how.state}", case=sending.case.id, **data)
            intents.settle(connection, settlements, now)
            intents.ask_again(connection, again)
            cases.decide(connection, decisions, standings, now)
            intents.put(connection, back, now)
            said += [Entry("write.asked", each.case_id, _of_write(each.write, each.why)) for each in back]
            entries.append(connection, now, said)
        if len(replied) > FEW:
            log.info("writes.ended", **_counted(entry.kind for entry in said))

    def _after(
        self,
        connection: sa.Connection,
        sending: Sending,
        reply: Reply,
        standings: Mapping[int, Standing],
        now: datetime,
    ) -> Decision:
        how, case = ended(reply), sending.case
        if isinstance(reply, Refused):
            return self._refused(connection, case, reply, standings, now)
        crossed = None
        if isinstance(reply, Sent) and reply.crossed:
            crossed = self._crossed(connection, sending, reply, standings, now)
        if sending.undo and how.state is WriteState.DONE:
            intents.overtake(connection, case.id, sending.write_id, now)
            undone = _undone(case, given_back=sending.given_back)
            return replace(undone, reported_cause=crossed.reported_cause) if crossed is not None else undone
        if crossed is not None:
            return crossed
        if sending.undo and isinstance(reply, Stale):
            why = f"the undo was not done: {reply.why}"
            diagnosis = causes.diagnosis("undo-overtaken", 1.0, (why,))
            return self._reported(connection, case, why, diagnosis, standings, now)
        return Decision(
            case_id=case.id,
            events=case.events,
            state=CaseState.WAITING,
            why=f"{sending.write.operation}: {how.outcome}",
            due_at=together(now, now + how.again),
        )

    def _crossed(
        self,
        connection: sa.Connection,
        sending: Sending,
        sent: Sent,
        standings: Mapping[int, Standing],
        now: datetime,
    ) -> Decision:
        """Somebody else has written the same at the same moment: a person has to know, whatever the next plan finds,
        and each time: it is an event, and no state of the case.
        """
        standings = {each: replace(standing, reported_cause=None) for each, standing in standings.items()}
        diagnosis = causes.diagnosis("crossed-by-another-write", 0.95, sent.crossed)
        outcome = Outcome(
            case=sending.case, state=CaseState.REPORTED, why=sent.crossed[0], cause=diagnosis.cause,
            diagnosis=diagnosis, due_at=together(now, now + ended(sent).again), notice="reported",
        )  # fmt: skip
        return _decision(outcome, self._notices(connection, [outcome], standings, now).get(sending.case.id))

    def _given_back(self, sending: Sending, reply: Reply) -> list[NewWrite]:
        """What brings back what others had written: asked for as an undo is, and within policy, mode and brakes like
        it. Once only: what gives back is not given back itself.
        """
        if not isinstance(reply, Sent) or reply.gives_back is None or sending.undo:
            return []
        case, mode = sending.case, self.rules.of(sending.case).mode
        if mode != "enforce":
            return []
        return [NewWrite(case_id=case.id, policy=case.policy, account=case.account, write=reply.gives_back,
                         state=WriteState.ASKED, why=GIVES_BACK)]  # fmt: skip

    def _refused(
        self,
        connection: sa.Connection,
        case: Case,
        refused: Refused,
        standings: Mapping[int, Standing],
        now: datetime,
    ) -> Decision:
        """Our own write was refused: a person has to know; it says nothing about the user."""
        diagnosis = causes.diagnosis("could-not-check", 1.0, (str(refused),), {"code": refused.code})
        why = f"our own {refused.operation} was refused: {refused.code}"
        return self._reported(connection, case, why, diagnosis, standings, now)

    def _reported(
        self,
        connection: sa.Connection,
        case: Case,
        why: str,
        diagnosis: Diagnosis,
        standings: Mapping[int, Standing],
        now: datetime,
    ) -> Decision:
        outcome = Outcome(
            case=case, state=CaseState.REPORTED, why=why, cause=diagnosis.cause, diagnosis=diagnosis,
            due_at=together(now, now + AFTER_REFUSED), notice="reported",
        )  # fmt: skip
        return _decision(outcome, self._notices(connection, [outcome], standings, now).get(case.id))

    # ------------------------------------------------------------------------------------------------------- findings

    def found(self, settled: Sequence[tuple[Intent, Found]]) -> None:
        """Close the intents that a look at the world has settled; their cases are looked at again."""
        now = self._clock.now()
        with self._store.begin() as connection:
            for intent, found in settled:
                state, outcome = (
                    (WriteState.DONE, "found") if found == "there" else (WriteState.NOT_SENT, "no effect found")
                )
                if found == "there":
                    intents.use_up(connection, [intent.digest])
                if intent.is_undo and found == "not there":
                    intents.ask_again(connection, [intent.id])
                else:
                    intents.settle(connection, [Settlement(write_id=intent.id, state=state, outcome=outcome)], now)
                if intent.is_undo and found == "there":
                    self._close_undone(connection, intent, now)
                else:
                    cases.resume(connection, intent.case_id, now)
                data = _of_write(intent.write, outcome)
                entries.append(connection, now, [Entry(f"write.{state}", intent.case_id, data)])
                log.info(f"write.{state}", case=intent.case_id, **data)

    def _close_undone(self, connection: sa.Connection, intent: Intent, now: datetime) -> None:
        """As if its answer had come: were the case planned anew, it would be repaired again."""
        case = cases.get(connection, intent.case_id)
        assert case is not None  # a write has its case
        intents.overtake(connection, case.id, intent.id, now)
        undone = _undone(case, given_back=intent.outcome == GIVES_BACK)
        cases.decide(connection, [undone], cases.standing(connection, [case.id]), now)

    def unsettled_for_long(self, intent: Intent) -> None:
        """A person has to know: nobody can tell whether this write took effect."""
        now = self._clock.now()
        with self._store.begin() as connection:
            case = cases.get(connection, intent.case_id)
            assert case is not None  # a write has its case
            standings = cases.standing(connection, [case.id])
            why = f"nobody can tell whether {intent.write.operation} of {intent.write.target} took effect"
            at = f"{intent.sent_at or intent.planned_at:%Y-%m-%d %H:%M:%S}Z"
            evidence = (why, f"it was sent at {at}, its answer was lost, and its target cannot be read")
            diagnosis = causes.diagnosis("could-not-check", 1.0, evidence)
            outcome = Outcome(case=case, state=CaseState.REPORTED, why=why, cause=diagnosis.cause,
                              diagnosis=diagnosis, notice="reported")  # fmt: skip
            reported = self._notices(connection, [outcome], standings, now)
            cases.decide(connection, [_decision(outcome, reported.get(case.id))], standings, now)
            entries.append(connection, now, [Entry("write.unsettled", case.id, _of_write(intent.write, why))])
            log.warning("case.reported", case=case.id, why=why)

    # --------------------------------------------------------------------------------------------------- what is next

    def due(self, limit: int, busy: Iterable[str]) -> list[Case]:
        """The cases whose time has come, each with those that may have to do with it; none of the busy lanes."""
        with self._store.read() as connection:
            found = cases.due(connection, self._clock.now(), limit, tuple(busy))
            return correlation.correlated(connection, found) if found else []

    def next_due(self, busy: Iterable[str]) -> datetime | None:
        with self._store.read() as connection:
            return cases.next_due(connection, tuple(busy))

    def unsettled(self) -> list[Intent]:
        with self._store.read() as connection:
            return intents.unsettled(connection)


GONE = (WriteState.DONE, WriteState.FAILED, WriteState.INTENDED)
"""Of these a request has left, or may have."""


def _region(case: Case, region_of: Callable[[str], str | None]) -> str | None:
    return region_of(case.event.bucket) if case.event.bucket else None


def _account_is_well(outcome: Outcome) -> bool:
    """Has a case about the account shown that our own requests are answered? Then it holds nobody's write."""
    if outcome.case.code not in ACCOUNT_CODES:
        return False
    facts = outcome.diagnosis.facts if outcome.diagnosis is not None else {}
    return outcome.state is CaseState.CLOSED or facts.get("writes_suspended") is False


def _by_whom(outcome: Outcome) -> str:
    """What only a person ends is told of its own, whatever held the write before."""
    by = [each.hold.by for each in outcome.writes if each.hold is not None and each.hold.until is None]
    return f"/{by[0]}" if by else ""


def _undone(case: Case, *, given_back: bool) -> Decision:
    why = GIVEN_BACK if given_back else "undone by hand"
    return Decision(case_id=case.id, events=case.events, state=CaseState.CLOSED, why=why)


def _decision(outcome: Outcome, reported: str | None) -> Decision:
    return Decision(
        case_id=outcome.case.id,
        events=outcome.case.events,
        state=outcome.state,
        why=outcome.why,
        cause=outcome.cause,
        due_at=outcome.due_at,
        diagnosis=outcome.diagnosis,
        verified_at=outcome.verified_at,
        watch_until=outcome.watch_until,
        tries=outcome.tries,
        reported_cause=reported,
    )


def _log_cases(news: Sequence[Decision], of_case: Mapping[int, Case]) -> None:
    if len(news) > FEW:
        log.info("cases.planned", **_counted(each.state.value for each in news))
        return
    for each in news:
        log.info(f"case.{each.state}", **_told(of_case[each.case_id], each), case=each.case_id)


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def _told(case: Case, decision: Decision) -> dict[str, object]:
    return {
        "code": case.code,
        "subject": subject_text(case.subject),
        "state": decision.state.value,
        "cause": decision.cause,
        "why": decision.why,
    }


def _of_write(write: Write, outcome: str) -> dict[str, object]:
    return {"operation": write.operation, "target": write.target, "outcome": outcome}
