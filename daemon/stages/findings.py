"""Findings of settle.py -> the journal: intents whose answer was lost are closed by what the world shows.

Called inside the transaction of record.py. A case whose write is settled is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping

from ossmend.daemon.journal import cases, intents, taken_back, undos
from ossmend.daemon.journal.intents import GIVES_BACK, Intent, Settlement
from ossmend.daemon.journal.states import WriteState
from ossmend.daemon.stages.page import Page, Reports, log, of_write
from ossmend.daemon.stages.replies import say_ends, undo_in_words, undone
from ossmend.daemon.stages.settle import Found
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case

_ENDS: Mapping[Found, tuple[WriteState, str]] = {
    "there": (WriteState.DONE, "found"),
    "not there": (WriteState.NOT_SENT, "no effect found"),
}


def close(page: Page, intent: Intent, found: Found) -> None:
    """One intent that a look at the world has settled."""
    state, outcome = _ENDS[found]
    if found == "there":
        intents.use_up(page.connection, [intent.digest])
        if not intent.is_undo:
            taken_back.forget(page.connection, [intent.write])
    if intent.is_undo and found == "not there":
        intents.ask_again(page.connection, [intent.id])
    else:
        intents.settle(page.connection, [Settlement(write_id=intent.id, state=state, outcome=outcome)], page.now)
    if intent.is_undo and found == "there":
        _close_undone(page, intent)
    else:
        cases.resume(page.connection, intent.case_id, page.now)
    data = of_write(intent.write, _in_words(intent, found, outcome))
    page.say(f"write.{state}", intent.case_id, data)
    log.info(f"write.{state}", case=intent.case_id, **data)


def _in_words(intent: Intent, found: Found, outcome: str) -> str:
    if not intent.is_undo:
        return outcome
    return undo_in_words(outcome, done=found == "there", given_back=intent.outcome == GIVES_BACK)


def _close_undone(page: Page, intent: Intent) -> None:
    """As if its answer had come: were the case planned anew, it would be repaired again."""
    case = cases.get(page.connection, intent.case_id)
    assert case is not None  # a write has its case
    intents.overtake(page.connection, case.id, intent.id, page.now)
    given_back = intent.outcome == GIVES_BACK
    if not given_back:
        undos.keep(page.connection, case.id, intent.id, page.now)
    say_ends(page, page.decide([undone(case, given_back=given_back)]))


def unsettled_for_long(page: Page, reports: Reports, case: Case, intent: Intent) -> None:
    """A person has to know: nobody can tell whether this write took effect."""
    why = f"nobody can tell whether {intent.write.operation} of {intent.write.target} took effect"
    at = f"{intent.sent_at or intent.planned_at:%Y-%m-%d %H:%M:%S}Z"
    evidence = (why, f"it was sent at {at}, its answer was lost, and its target cannot be read")
    told = causes.diagnosis("could-not-check", 1.0, evidence)
    say_ends(page, page.decide([reports.reported(page, case, why, told)]))
    page.say("write.unsettled", case.id, of_write(intent.write, why))
    log.warning("case.reported", case=case.id, why=why)
