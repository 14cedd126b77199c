"""What becomes of a case, as a table: each answer from each state, and every move legal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ossmend.config.load import load_text
from ossmend.daemon.journal.intents import Intent, Words
from ossmend.daemon.journal.states import MOVES, WAITS, CaseState, IllegalMove, WriteState, moved
from ossmend.daemon.stages.consent import Held
from ossmend.daemon.stages.decide import LONGEST_LOOK, LONGEST_PAUSE, PLAN_LIFE, Outcome, braked, decide, decide_undo
from ossmend.daemon.stages.fault import Fault
from ossmend.daemon.stages.plan import Answer, Later
from ossmend.daemon.stages.rules import RuleBook, Rules
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.verdict import Act, Done, KeyFlag, Tell, Wait
from ossmend.remediators.contract.write import digest
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.fakes import NOW, case_of

HOUR = timedelta(hours=1)
NOBODY = Words({}, {})
RESTORE = RestoreObject(bucket="b", key="k", days=1, storage_class="Archive", size=5, planned_on="x")
OUTSIDE = replace(RESTORE, bucket="payroll")
WHY = causes.diagnosis("unknown", 0.9)
CONFIG = """
version: 1
cloud: { region: cn-hangzhou }
policies: [ { name: p, on: InvalidObjectState, mode: %s, match: { bucket: "b" } } ]
"""


def case(**changes: object) -> Case:
    event = Event(source="t", code="InvalidObjectState", status=403, bucket="b", key="k", time=NOW)
    return case_of(event, subject=Subject("object", ("b", "k", "")), **changes)


def rules(mode: str = "enforce") -> Rules:
    return RuleBook(load_text(CONFIG % mode), dry_run=False).of(case())


def decided(
    answer: Answer, mode: str = "enforce", tries: int = 0, words: Words = NOBODY, about: Case | None = None
) -> Outcome:
    return decide(about or case(), answer, rules(mode), tries, words, NOW)


ANSWERS: list[tuple[Answer, str, CaseState]] = [
    (Done("it reads", "restored"), "enforce", CaseState.CLOSED),
    (Done("it reads", "restored", NOW + HOUR), "enforce", CaseState.WATCHING),
    (Done("it reads", "restored", NOW - HOUR), "enforce", CaseState.CLOSED),
    (Done("it has expired", "restored-copy-expired", well=False), "enforce", CaseState.CLOSED),
    (Wait(NOW + HOUR, "restoring", "restoring"), "enforce", CaseState.WAITING),
    (Later("no connection", HOUR), "enforce", CaseState.WAITING),
    (Tell("look at it", WHY), "enforce", CaseState.REPORTED),
    (Act((RESTORE,), "frozen", WHY), "enforce", CaseState.SENDING),
    (Act((RESTORE,), "frozen", WHY), "dry-run", CaseState.PLANNED),
    (Act((OUTSIDE,), "frozen", WHY), "enforce", CaseState.REPORTED),
    (Act((RESTORE, OUTSIDE), "frozen", WHY), "enforce", CaseState.REPORTED),
    (Act((OUTSIDE,), "frozen", WHY), "dry-run", CaseState.REPORTED),
    (Fault("ZeroDivisionError"), "enforce", CaseState.PARKED),
]


@pytest.mark.parametrize(("answer", "mode", "state"), ANSWERS)
def test_each_answer_leads_to_its_state(answer: Answer, mode: str, state: CaseState) -> None:
    assert decided(answer, mode).state is state


@pytest.mark.parametrize(("answer", "mode", "state"), ANSWERS)
@pytest.mark.parametrize(
    "before", [state for state in CaseState if WAITS[state] != "for an answer" and state not in ("parked", "closed")]
)
def test_from_every_state_in_which_a_case_is_planned_each_answer_is_a_legal_move(
    before: CaseState, answer: Answer, mode: str, state: CaseState
) -> None:
    assert moved(before, decided(answer, mode).state) is state


@pytest.mark.parametrize(("answer", "mode", "state"), ANSWERS)
def test_a_case_has_a_time_where_it_waits_for_one_and_none_where_it_does_not(
    answer: Answer, mode: str, state: CaseState
) -> None:
    waits = WAITS[state] in ("for its turn", "for its time") or state in (CaseState.REPORTED, CaseState.HELD)
    assert (decided(answer, mode).due_at is not None) is waits


@pytest.mark.parametrize(
    ("before", "after"), [("sending", "planned"), ("sending", "held"), ("closed", "waiting"), ("parked", "reported")]
)
def test_an_illegal_move_is_a_bug_and_says_so(before: str, after: str) -> None:
    with pytest.raises(IllegalMove, match=f"{before} -> {after}"):
        moved(CaseState(before), CaseState(after))


def test_every_state_has_its_moves_and_somebody_it_waits_for() -> None:
    assert set(MOVES) == set(WAITS) == set(CaseState)


# ----------------------------------------------------------------------------------------------------------- reporting


def test_a_reported_case_is_looked_at_ever_more_seldom() -> None:
    looks = [decided(Tell("w", WHY), tries=tries).due_at for tries in range(10)]
    waits = [look - NOW for look in looks if look is not None]
    assert waits[0] == timedelta(minutes=5)
    assert waits[1] == timedelta(minutes=10)
    assert waits[-1] == LONGEST_LOOK


def test_what_was_quiet_for_long_enough_closes_unless_the_cloud_says_that_it_is_not_over() -> None:
    old = case(last_seen=NOW - timedelta(days=2), opened_at=NOW - timedelta(days=3))
    assert decided(Tell("w", WHY), about=old).state is CaseState.CLOSED
    assert decided(Tell("w", WHY, holds=True), about=old).state is CaseState.REPORTED


def test_a_flag_goes_along_with_a_report_and_with_an_act() -> None:
    flag = KeyFlag(access_key_id="LTAI5tExampleKey0001", status="disabled")
    assert decided(Tell("w", WHY, flag=flag)).flag == flag
    assert decided(Act((RESTORE,), "w", WHY, flag=flag)).flag == flag


def test_what_could_not_be_asked_is_asked_again_after_growing_pauses() -> None:
    pauses = [decided(Later("down", timedelta(seconds=30)), tries=tries) for tries in range(8)]
    waits = [each.due_at - NOW for each in pauses if each.due_at is not None]
    assert waits[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert waits[-1] == LONGEST_PAUSE
    assert {each.keeps_unsent for each in pauses} == {True}, "a plan that was held is still the plan"


# ------------------------------------------------------------------------------------------------- consent and brakes


def test_a_write_without_a_word_about_it_may_go_in_enforce_only() -> None:
    act = Act((RESTORE,), "frozen", WHY)
    assert decided(act).writes[0].hold is None
    assert decided(act, "approve").writes[0].hold == Held("approval", "waits for approval", None)
    assert decided(act, "dry-run").writes[0].consent is None


def test_a_remediator_that_wants_a_person_gets_one_in_enforce_too() -> None:
    hold = decided(Act((RESTORE,), "frozen", WHY, approve=True)).writes[0].hold
    assert hold is not None
    assert hold.by == "approval"


def test_a_rejected_write_is_held_whatever_the_mode() -> None:
    words = Words({digest(RESTORE): "rejected"}, {})
    hold = decided(Act((RESTORE,), "frozen", WHY), words=words).writes[0].hold
    assert hold is not None
    assert hold.by == "rejected"


def held_by(hold: Held) -> Outcome:
    return braked(decided(Act((RESTORE,), "frozen", WHY)), [hold], rules(), NOW)


def test_a_brake_holds_the_case_until_it_frees_and_says_so_once() -> None:
    outcome = held_by(Held("writes_per_hour", "3 of 3 spent", NOW + HOUR))
    assert (outcome.state, outcome.due_at, outcome.notice) == (CaseState.HELD, NOW + HOUR, "held")
    assert outcome.why == "frozen (held: 3 of 3 spent)"


def test_what_only_a_person_frees_rests_for_a_day() -> None:
    assert held_by(Held("price", "no price is known", None)).due_at == NOW + PLAN_LIFE


def test_a_write_that_awaits_a_witness_waits_without_a_word() -> None:
    outcome = held_by(Held("witness", "waits for OSS's own log", NOW + HOUR, "waiting", NOW))
    assert (outcome.state, outcome.notice) == (CaseState.WAITING, None)


def test_one_write_that_may_go_makes_the_case_a_sending_one() -> None:
    two = Act((RESTORE, replace(RESTORE, key="j")), "frozen", WHY)
    outcome = braked(decided(two), [None, Held("share", "spent", None)], rules(), NOW)
    assert outcome.state is CaseState.SENDING
    assert [each.hold is None for each in outcome.writes] == [True, False]


# ---------------------------------------------------------------------------------------------------------------- undo


def undo_of(write: RestoreObject) -> Intent:
    return Intent(7, 1, "p", write, WriteState.ASKED, digest(write), NOW)


@pytest.mark.parametrize(
    ("write", "mode", "state"),
    [
        (RESTORE, "enforce", CaseState.SENDING),
        (RESTORE, "approve", CaseState.SENDING),
        (RESTORE, "dry-run", CaseState.PLANNED),
        (OUTSIDE, "enforce", CaseState.REPORTED),
        (OUTSIDE, "dry-run", CaseState.REPORTED),
    ],
)
def test_an_undo_asks_the_policys_place_and_mode(write: RestoreObject, mode: str, state: CaseState) -> None:
    outcome = decide_undo(case(), undo_of(write), rules(mode), NOW)
    assert (outcome.state, outcome.undo is not None) == (state, True)


def test_an_undo_is_held_by_a_brake_like_every_write() -> None:
    outcome = decide_undo(case(), undo_of(RESTORE), rules(), NOW)
    held = braked(outcome, [Held("writes_per_hour", "spent", NOW + HOUR)], rules(), NOW)
    assert (held.state, held.due_at) == (CaseState.HELD, NOW + HOUR)
