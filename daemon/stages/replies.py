"""Replies of the cloud -> the journal: the intents are closed, and their cases' next time is set.

Called inside the transaction of record.py. What a person has to know of a reply is reported here: a write of ours that
was refused, an undo that came too late, somebody else's write at the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from ossmend.daemon.cloud.send.executor import Sent
from ossmend.daemon.host.troubles import TROUBLES
from ossmend.daemon.journal import batches, entries, intents, taken_back, undos
from ossmend.daemon.journal.decisions import Decision
from ossmend.daemon.journal.intents import GIVES_BACK, NewWrite, Settlement
from ossmend.daemon.journal.states import UNCHECKED, CaseState, WriteState
from ossmend.daemon.stages.decide import Outcome, together
from ossmend.daemon.stages.page import FEW, Page, Reports, counted, decision_of, is_news, log, of_write, told_with
from ossmend.daemon.stages.rules import RuleBook
from ossmend.daemon.stages.send import AFTER_REFUSED, Ended, Reply, Sending, Stale, ended
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.contract.write import digest

GONE = (WriteState.DONE, WriteState.FAILED, WriteState.INTENDED)
"""Of these a request has left, or may have."""
UNDONE = "undone: the earlier write is taken back"
GIVEN_BACK = "what somebody else wrote at the same moment is on top again"

_Refusal = tuple[str, AccountRef, str]
"""Policy, account, and the sentence that tells what was refused, and how."""


@dataclass(frozen=True, slots=True)
class _Closing:
    """What the replies of one transaction change, each kind in one statement."""

    settlements: list[Settlement] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    """Undos that did not leave: they stay asked for."""
    decisions: list[Decision] = field(default_factory=list)
    refused: list[Outcome] = field(default_factory=list)
    """Writes of ours that were refused: reported together, many alike in one notice."""
    back: list[NewWrite] = field(default_factory=list)


class Replies:
    """Writes replies down."""

    def __init__(self, rules: RuleBook, reports: Reports) -> None:
        self._rules = rules
        self._reports = reports
        self._refused: dict[_Refusal, tuple[int, datetime]] = {}
        """The case by which it was told last, and when, until a write is taken; the next process tells it once more."""

    def write(self, page: Page, replied: Sequence[tuple[Sending, Reply]]) -> None:
        ends = [(sending, reply, ended(reply)) for sending, reply in replied]
        intents.use_up(page.connection, [digest(sending.write) for sending, _, how in ends if how.state in GONE])
        done = [sending.write for sending, _, how in ends if how.state is WriteState.DONE and not sending.undo]
        taken_back.forget(page.connection, done)
        closing = _Closing()
        for sending, reply, how in ends:
            data = of_write(sending.write, _in_words(sending, how)) | {"request_id": how.request_id}
            if how.state is WriteState.INTENDED:  # the answer was lost: settle.py will read the world
                page.say("write.unsettled", sending.case.id, data)
                log.warning("write.unsettled", case=sending.case.id, **data)
                continue
            self._close(page, closing, sending, reply, how)
            page.say(f"write.{how.state}", sending.case.id, data)
            if len(replied) <= FEW:
                log.info(f"write.{how.state}", case=sending.case.id, **data)
        self._report(page, closing)
        _store(page, closing)
        if len(replied) > FEW:
            log.info("writes.ended", **counted(entry.kind for entry in page.said if entry.kind.startswith("write.")))

    def _close(self, page: Page, closing: _Closing, sending: Sending, reply: Reply, how: Ended) -> None:
        if sending.undo and how.state is WriteState.NOT_SENT:
            closing.again.append(sending.write_id)
        else:
            closing.settlements.append(
                Settlement(write_id=sending.write_id, state=how.state, outcome=how.outcome, request_id=how.request_id)
            )
        if isinstance(reply, Refused):
            closing.refused.append(_of_a_refusal(page, sending.case, reply))
        else:
            closing.decisions.append(self._after(page, sending, reply, how))
        closing.back.extend(self._given_back(sending, reply))

    def _after(self, page: Page, sending: Sending, reply: Reply, how: Ended) -> Decision:
        """What becomes of the case."""
        crossed = self._crossed(page, sending, reply, how) if isinstance(reply, Sent) and reply.crossed else None
        if sending.undo and how.state is WriteState.DONE:
            intents.overtake(page.connection, sending.case.id, sending.write_id, page.now)
            if not sending.given_back:
                undos.keep(page.connection, sending.case.id, sending.write_id, page.now)
            done = undone(sending.case, given_back=sending.given_back)
            return replace(done, reported_cause=crossed.reported_cause) if crossed is not None else done
        if crossed is not None:
            return crossed
        if sending.undo and isinstance(reply, Stale):
            return self._too_late(page, sending.case, reply)
        return Decision(
            case_id=sending.case.id,
            events=sending.case.events,
            state=CaseState.WAITING,
            why=f"{sending.write.operation}: {how.outcome}",
            due_at=together(page.now, page.now + how.again),
        )

    def _crossed(self, page: Page, sending: Sending, sent: Sent, how: Ended) -> Decision:
        """Somebody else has written the same at the same moment: a person has to know, whatever the next plan finds,
        and each time: it is an event, and no state of the case.
        """
        diagnosis = causes.diagnosis("crossed-by-another-write", 0.95, sent.crossed)
        due_at = together(page.now, page.now + how.again)
        return self._reports.reported(page.as_if_unreported(), sending.case, sent.crossed[0], diagnosis, due_at)

    def _report(self, page: Page, closing: _Closing) -> None:
        """A person has to know of writes of ours that were refused, and `status` that it is not well with them."""
        if closing.refused:
            log.warning("writes.refused", why=closing.refused[0].why, writes=len(closing.refused),
                        note="of ossmend's own: `ossmend check --live` names the missing action")  # fmt: skip
        elif any(each.state is WriteState.DONE for each in closing.settlements):
            TROUBLES.end("writes.refused")
            self._refused.clear()
        self._reports.put(
            page, [each for each in closing.refused if is_news(page, each) and self._tells(each, page.now)]
        )
        closing.decisions.extend(decision_of(each, told_with(page, each)) for each in closing.refused)

    def _tells(self, refused: Outcome, now: datetime) -> bool:
        """A right that is missing refuses every write of a policy, and each comes by itself: one of them is told, and
        the others are in `cases` and counted in `status`. Nobody is waked thirty times for one statement. The case by
        which it was told may be here again because that could not be stored: then nobody was told.
        """
        what = (refused.case.policy, refused.case.account, refused.why)
        by, at = self._refused.get(what, (0, datetime.min.replace(tzinfo=UTC)))
        if by != refused.case.id and timedelta(0) <= now - at < AFTER_REFUSED:
            return False
        self._refused[what] = (refused.case.id, now)
        return True

    def _too_late(self, page: Page, case: Case, stale: Stale) -> Decision:
        why = f"the undo was not done: {stale.why}"
        diagnosis = causes.diagnosis("undo-overtaken", 1.0, (why,))
        return self._reports.reported(page, case, why, diagnosis, together(page.now, page.now + AFTER_REFUSED))

    def _given_back(self, sending: Sending, reply: Reply) -> list[NewWrite]:
        """What brings back what others had written: asked for as an undo is, and within policy, mode and brakes like
        it. Once only: what gives back is not given back itself.
        """
        if not isinstance(reply, Sent) or reply.gives_back is None or sending.undo:
            return []
        case, mode = sending.case, self._rules.of(sending.case).mode
        if mode != "enforce":
            return []
        return [NewWrite(case_id=case.id, policy=case.policy, account=case.account, write=reply.gives_back,
                         state=WriteState.ASKED, why=GIVES_BACK)]  # fmt: skip


def _of_a_refusal(page: Page, case: Case, refused: Refused) -> Outcome:
    """It says nothing about the user."""
    return Outcome(
        case=case,
        state=CaseState.REPORTED,
        why=f"our own {refused.operation} was refused: {refused.code}",
        cause=UNCHECKED,
        diagnosis=causes.diagnosis(UNCHECKED, 1.0, (str(refused),), {"code": refused.code}),
        due_at=together(page.now, page.now + AFTER_REFUSED),
        notice="reported",
    )


def _in_words(sending: Sending, how: Ended) -> str:
    """How it ended, for log and journal. The answer to an undo speaks of its call, which is that of any other write."""
    if not sending.undo:
        return how.outcome
    return undo_in_words(how.outcome, done=how.state is WriteState.DONE, given_back=sending.given_back)


def undo_in_words(outcome: str, *, done: bool, given_back: bool) -> str:
    if done:
        return GIVEN_BACK if given_back else UNDONE
    return f"{'giving back' if given_back else 'undo'}: {outcome}"


def _store(page: Page, closing: _Closing) -> None:
    intents.settle(page.connection, closing.settlements, page.now)
    intents.ask_again(page.connection, closing.again)
    say_ends(page, page.decide(closing.decisions))
    intents.put(page.connection, closing.back, page.now)
    for each in closing.back:
        page.say("write.asked", each.case_id, of_write(each.write, each.why))
    entries.append(page.connection, page.now, page.said)


def say_ends(page: Page, news: Sequence[Decision]) -> None:
    """A case that an answer closes, or hands to a person, is news of its own; one that waits is planned again."""
    for each in news:
        if each.state is not CaseState.WAITING:
            page.say("case.verdict", each.case_id, {"state": each.state.value, "cause": each.cause, "why": each.why})


def undone(case: Case, *, given_back: bool) -> Decision:
    why = GIVEN_BACK if given_back else "undone by hand"
    lets_go: Literal["closed"] | None = "closed" if case.subject.kind == batches.KIND else None
    return Decision(case_id=case.id, events=case.events, state=CaseState.CLOSED, why=why, lets_go=lets_go)
