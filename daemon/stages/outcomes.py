"""Outcomes of a turn -> the journal: the cases' next state, what is to be written, who is told; what may now leave.

Called inside the transaction of record.py, after judge.py. What leaves was stored before it left, with the brakes'
word on it. Next: send.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ossmend.config.model import Config
from ossmend.daemon.host.redact import mask_key_id
from ossmend.daemon.journal import cases, entries, flags, intents
from ossmend.daemon.journal.decisions import Decision
from ossmend.daemon.journal.intents import GIVES_BACK, Intent, NewWrite
from ossmend.daemon.journal.states import CaseState, WriteState
from ossmend.daemon.stages.brakes import ACCOUNT, Allowance
from ossmend.daemon.stages.decide import Outcome, Wanted
from ossmend.daemon.stages.page import FEW, Page, Reports, counted, decision_of, log, of_case, of_write
from ossmend.daemon.stages.send import Sending
from ossmend.remediators.contract.answers import ACCOUNT_CODES
from ossmend.remediators.contract.case import Case


class Outcomes:
    """Writes outcomes down."""

    def __init__(self, config: Config, reports: Reports) -> None:
        self._config = config
        self._reports = reports

    def write(self, page: Page, outcomes: Sequence[Outcome], allowance: Allowance) -> list[Sending]:
        """All of one turn; the writes that may now leave."""
        intents.drop_unsent(page.connection, [each.case.id for each in outcomes if not each.keeps_unsent])
        for each in outcomes:
            _flag(page, each)
        sending = self._put(page, outcomes, allowance)
        reported = self._reports.put(page, [each for each in outcomes if each.notice])
        news = page.decide([decision_of(each, reported.get(each.case.id)) for each in outcomes])
        for each in outcomes:
            if _account_is_well(each):
                cases.wake_held(page.connection, ACCOUNT, page.now, each.case.account)
            if _has_changed_rules(each):
                cases.wake_lane(page.connection, cases.lane_of(each.case.account, each.case.subject), page.now)
        by_id = {each.case.id: each.case for each in outcomes}
        for decision in news:
            page.say("case.verdict", decision.case_id, of_case(by_id[decision.case_id], decision))
        entries.append(page.connection, page.now, page.said)
        _log_cases(news, by_id)
        return sending

    def _put(self, page: Page, outcomes: Sequence[Outcome], allowance: Allowance) -> list[Sending]:
        """Store what the outcomes want to write; those that may leave."""
        new: list[tuple[Outcome, Wanted, NewWrite]] = []
        sending: list[Sending] = []
        for outcome in outcomes:
            if outcome.undo is not None:
                sending += _undo(page, outcome, outcome.undo, allowance)
                continue
            new += [(outcome, wanted, self._new(outcome, wanted, allowance)) for wanted in outcome.writes]
        ids = intents.put(page.connection, [each for _, _, each in new], page.now)
        for write_id, (outcome, wanted, each) in zip(ids, new, strict=True):
            page.say(f"write.{each.state}", outcome.case.id, of_write(each.write, each.why))
            if each.state is WriteState.INTENDED:
                sending.append(Sending(write_id, outcome.case, each.write, slot=wanted.slot))
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


def _undo(page: Page, outcome: Outcome, undo: Intent, allowance: Allowance) -> list[Sending]:
    """It was stored when it was asked for: it goes, stays asked for while a brake holds it, or is refused."""
    if outcome.state is CaseState.SENDING:
        intents.intend(page.connection, undo.id, page.now, allowance.now)
        page.say("write.intended", outcome.case.id, of_write(undo.write, "undo"))
        return [Sending(undo.id, outcome.case, undo.write, undo=True, given_back=undo.outcome == GIVES_BACK)]
    if outcome.state is CaseState.REPORTED:
        intents.refuse(page.connection, undo.id, page.now, outcome.why)
        page.say("write.not-sent", outcome.case.id, of_write(undo.write, outcome.why))
    holds = [each.hold.by for each in outcome.writes if each.hold is not None]
    intents.hold(page.connection, undo.id, holds[0] if holds else None)
    return []


def _flag(page: Page, outcome: Outcome) -> None:
    flag = outcome.flag
    if flag is not None and flags.put(page.connection, outcome.case, flag, page.now):
        raised = {"access_key_id": mask_key_id(flag.access_key_id), "status": flag.status, "owner": flag.owner}
        page.say("flag.raised", outcome.case.id, raised)


def _account_is_well(outcome: Outcome) -> bool:
    """Has a case about the account shown that our own requests are answered? Then it holds nobody's write."""
    if outcome.case.code not in ACCOUNT_CODES:
        return False
    facts = outcome.diagnosis.facts if outcome.diagnosis is not None else {}
    return outcome.state is CaseState.CLOSED or facts.get("writes_suspended") is False


def _has_changed_rules(outcome: Outcome) -> bool:
    """Has this case's write to its bucket's CORS rules just been seen to work? Other pages may be served by it, too."""
    case = outcome.case
    if case.subject.kind != "cors" or outcome.state is not CaseState.CLOSED or outcome.verified_at is None:
        return False
    return any(case.verified_at is None or receipt.at > case.verified_at for receipt in case.receipts)


def _log_cases(news: Sequence[Decision], by_id: Mapping[int, Case]) -> None:
    if len(news) > FEW:
        log.info("cases.planned", **counted(each.state.value for each in news))
        return
    for each in news:
        log.info(f"case.{each.state}", **of_case(by_id[each.case_id], each), case=each.case_id)
