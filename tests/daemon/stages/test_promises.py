"""What a person's word opens, what people hear, and what an account that is well again sets free."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ossmend.daemon import approvals, queries
from ossmend.daemon.cloud.send.executor import NotSent, Sent, Unsettled
from ossmend.daemon.journal import cases, entries
from ossmend.daemon.journal.schema import notices
from ossmend.daemon.stages.clock_steps import ClockSteps
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from ossmend.remediators.contract.write import Write
from tests.daemon.stages.test_work import Scene, frozen, preflight
from tests.fakes import NOW

HOOK = 'notify: [ { webhook: { url: "http://127.0.0.1:1/" } } ]'
OLD = CorsRule(("https://old.example",), ("GET",))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    built.world.buckets.add("b")
    built.clock.pass_(datetime.now(UTC) - NOW)  # what a person says has the machine's time
    yield built
    assert built.dispatch is not None
    built.dispatch.close()
    built.store.close()


def notified(scene: Scene) -> list[dict[str, Any]]:
    with scene.store.read() as connection:
        return [row.body for row in connection.execute(sa.select(notices).order_by(notices.c.id))]


def merged(scene: Scene) -> int:
    return sum(write.operation == "PutBucketCors" for write in scene.world.sent)


# ------------------------------------------------------------------------------------------------ one word, one write


def test_one_approval_lets_one_write_go_and_no_second(scene: Scene) -> None:
    scene.configure("approve")
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    scene.see(preflight())
    scene.turn()
    approvals.approve(scene.store, 1)
    scene.pass_(minutes=10)
    scene.turn()
    assert merged(scene) == 1
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))  # a person takes it back
    for _ in range(4):
        scene.see(preflight())
        scene.pass_(minutes=2)
        scene.turn(2)
    assert merged(scene) == 1
    assert scene.states() == ["held"]


def test_an_approval_is_still_there_for_a_write_that_certainly_did_not_leave(scene: Scene) -> None:
    scene.configure("approve")
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    approvals.approve(scene.store, 1)
    scene.pass_(minutes=10)
    with sending_fails(scene):
        scene.turn()
    assert scene.world.sent == []
    scene.pass_(minutes=1)
    scene.turn()
    assert len(scene.world.sent) == 1


@contextmanager
def sending_fails(scene: Scene, error: type[NotSent | Unsettled] = NotSent) -> Iterator[None]:
    """While it lasts nothing leaves: refused, or without anybody knowing."""

    def fail(write: Write) -> Sent:
        raise error(f"no connection for {write.target}")

    sends = scene.world.send
    scene.world.send = fail  # type: ignore[method-assign]  # the network is gone
    yield
    scene.world.send = sends  # type: ignore[method-assign]  # and back


def merged_by_hand(scene: Scene, *before: CorsRule) -> None:
    scene.world.cors_of["b"] = CorsConfiguration(before)
    scene.see(preflight())
    scene.turn()
    assert merged(scene) == 1


def test_an_undo_counts_in_the_brakes(scene: Scene) -> None:
    scene.configure(top="brakes: { writes_per_hour: 1 }")
    merged_by_hand(scene, OLD)
    approvals.undo(scene.store, 1)
    scene.pass_(minutes=10)
    scene.turn()
    assert merged(scene) == 1
    assert scene.states() == ["held"]
    scene.pass_(minutes=61)
    scene.turn()
    assert merged(scene) == 2
    assert scene.world.cors_of["b"].rules == (OLD,)


def test_an_undo_in_a_policy_that_has_become_a_dry_run_is_planned_and_not_sent(scene: Scene) -> None:
    merged_by_hand(scene, OLD)
    scene.configure("dry-run")
    approvals.undo(scene.store, 1)
    scene.pass_(minutes=10)
    scene.turn(2)
    assert merged(scene) == 1
    assert scene.states() == ["planned"]


def first_rule(scene: Scene) -> None:
    merged_by_hand(scene)


def restored(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()


def only_planned(scene: Scene) -> None:
    scene.configure("dry-run")
    restored(scene)


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (first_rule, "had no CORS rules before, and ossmend deletes nothing"),
        (restored, "expires by itself"),
        (only_planned, "nothing was written"),
    ],
)
def test_what_cannot_be_undone_says_why(scene: Scene, before: Callable[[Scene], None], why: str) -> None:
    before(scene)
    with pytest.raises(approvals.Impossible, match=why):
        approvals.undo(scene.store, 1)
    assert "asked" not in {state for _, state in scene.writes()}


# ------------------------------------------------------------------------------------------- accepted, and then undone


def revert(scene: Scene, *to: CorsRule) -> None:
    """Another controller writes the rules that it thinks right."""
    scene.world.cors_of["b"] = CorsConfiguration(to)


def test_a_write_that_was_accepted_counts_even_if_undone(scene: Scene) -> None:
    scene.configure(top="brakes: { writes_per_hour: 1 }")
    merged_by_hand(scene, OLD)
    for _ in range(10):
        revert(scene, OLD)
        scene.see(preflight())
        scene.pass_(minutes=1)
        scene.turn(2)
    assert merged(scene) == 1


def test_who_changes_it_back_is_named_and_after_the_second_time_a_person_decides(scene: Scene) -> None:
    merged_by_hand(scene, OLD)
    for _ in range(20):
        revert(scene, OLD)
        scene.see(preflight())
        scene.pass_(minutes=2)
        scene.turn(2)
    assert merged(scene) == 2
    (row,) = scene.rows()
    assert (row["state"], row["cause"]) == ("reported", "cors-rule-changed-back")
    assert "2 times, and is gone each time" in row["why"]


def test_a_rule_that_was_changed_back_once_is_merged_again(scene: Scene) -> None:
    merged_by_hand(scene, OLD)
    revert(scene, OLD)
    scene.pass_(minutes=2)
    scene.turn(2)
    scene.pass_(seconds=5)
    scene.turn()
    assert merged(scene) == 2
    assert scene.states() == ["closed"]


# --------------------------------------------------------------------------------------- a write that cannot be settled


def lost(scene: Scene) -> None:
    """A merge whose answer was lost, and whose bucket cannot be read since."""
    scene.world.loses_answers = True
    scene.see(preflight())
    scene.turn()
    scene.world.refuses.add("GetBucketCors")


def test_a_write_that_cannot_be_settled_becomes_a_persons_matter_and_is_looked_for_ever_more_seldom(
    scene: Scene,
) -> None:
    lost(scene)
    waiting, asked = [], []
    for _ in range(100):
        before = scene.world.asked["GetBucketCors"]
        waiting.append(scene.settle())
        asked.append(scene.world.asked["GetBucketCors"] - before)
        scene.pass_(seconds=10)
    assert (waiting[0], waiting[-1]) == (1, 0), "`once` ends"
    (row,) = scene.rows()
    assert (row["state"], row["cause"]) == ("reported", "could-not-check")
    assert "nobody can tell whether PutBucketCors of oss://b took effect" in row["why"]
    assert sum(asked) <= 12


def test_nothing_is_planned_on_a_write_of_which_nobody_knows(scene: Scene) -> None:
    lost(scene)
    for _ in range(30):
        scene.settle()
        scene.see(preflight())
        scene.pass_(minutes=1)
        scene.turn(2)
    assert merged(scene) == 1
    assert scene.writes() == [("PutBucketCors", "intended")]


def test_it_is_settled_after_all_when_the_world_can_be_read_again(scene: Scene) -> None:
    lost(scene)
    for _ in range(20):
        scene.settle()
        scene.pass_(seconds=10)
    scene.world.refuses.clear()
    scene.world.loses_answers = False
    scene.pass_(minutes=20)
    scene.settle()
    assert scene.writes() == [("PutBucketCors", "done")]
    scene.turn(2)
    assert (merged(scene), scene.states()) == (1, ["closed"])


# ----------------------------------------------------------------------------------------------------- what people hear


def test_many_cases_that_are_held_alike_are_one_notice_with_their_numbers(scene: Scene) -> None:
    scene.configure("approve", top=HOOK)
    for number in range(50):
        scene.world.add_object(f"k{number}")
    scene.see(*(frozen(f"k{number}") for number in range(50)))
    scene.turn()
    (body,) = notified(scene)
    assert (body["alike"], len(body["alike_cases"])) == (49, 49)
    scene.pass_(hours=25)
    scene.turn()
    assert len(notified(scene)) == 1, "once for each case and cause, as ever"


def test_a_few_cases_have_a_notice_each(scene: Scene) -> None:
    scene.configure("approve", top=HOOK)
    for number in range(3):
        scene.world.add_object(f"k{number}")
    scene.see(*(frozen(f"k{number}") for number in range(3)))
    scene.turn()
    assert ["alike" in body for body in notified(scene)] == [False] * 3


@pytest.mark.parametrize("key", ["a (held: b", "k (held: waits for approval)"])
def test_no_key_can_swallow_a_notice(scene: Scene, key: str) -> None:
    scene.configure("approve", top=HOOK)
    scene.world.add_object(key)
    scene.see(frozen(key))
    scene.turn()
    scene.world.objects.clear()  # it was deleted: that is another notice
    scene.pass_(hours=25)
    scene.see(frozen(key, time=scene.clock.now()))
    scene.turn()
    assert len(notified(scene)) == 2


# ---------------------------------------------------------------------------------------------------------- the account


def test_what_the_account_held_goes_at_once_when_our_own_read_is_answered(scene: Scene) -> None:
    scene.world.account_code = "UserDisable"
    scene.world.add_object("k")
    scene.see(Event(source="t", code="UserDisable", status=403, bucket="elsewhere"), frozen())
    scene.turn()
    assert scene.world.sent == []
    scene.world.account_code = None
    held = [row for row in scene.rows() if row["state"] == "held"]
    assert len(held) == 1
    with scene.store.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET due_at = 0 WHERE code = 'UserDisable'")
    scene.turn(2)
    assert [write.operation for write in scene.world.sent] == ["RestoreObject"], "no minute has passed"


def outage(scene: Scene, *refused: str) -> None:
    """Nothing of ours is answered for a while, and every case is looked at in it, and after it."""
    for refuses in (set(refused), set[str]()):
        scene.world.refuses = refuses
        scene.pass_(hours=1)
        with scene.store.begin() as connection:
            cases.wake_all(connection, scene.clock.now())
        scene.turn(2)


def gone(scene: Scene) -> list[str]:
    scene.see(frozen("gone"))
    scene.turn()
    return ["object-missing"]


def held_for_a_person(scene: Scene) -> list[str]:
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    return ["never-restored"]


def rejected(scene: Scene) -> list[str]:
    held_for_a_person(scene)
    scene.clock.pass_(timedelta(seconds=1))
    approvals.reject(scene.store, 1)
    scene.pass_(minutes=10)
    scene.turn()
    return [body["cause"] for body in notified(scene)]


@pytest.mark.parametrize("before", [gone, held_for_a_person, rejected])
def test_what_was_told_before_an_outage_is_not_told_again_after_it(
    scene: Scene, before: Callable[[Scene], list[str]]
) -> None:
    scene.configure("approve", top=HOOK)
    told = before(scene)
    state = scene.states()
    assert [body["cause"] for body in notified(scene)] == told
    outage(scene, "HeadObject")
    assert scene.states() == state
    assert [body["cause"] for body in notified(scene)] == [*told, "could-not-check"]
    outage(scene, "HeadObject")
    assert [body["cause"] for body in notified(scene)] == [*told, *["could-not-check"] * 2], "each outage is told"


def test_what_is_another_trouble_after_an_outage_is_told(scene: Scene) -> None:
    scene.configure("approve", top=HOOK)
    held_for_a_person(scene)
    scene.world.refuses = {"HeadObject"}
    scene.pass_(hours=1)
    scene.see(frozen(time=scene.clock.now()))
    scene.turn()
    scene.world.refuses = set()
    scene.world.objects.clear()
    scene.pass_(hours=1)
    scene.see(frozen(time=scene.clock.now()))
    scene.turn(2)
    causes = [body["cause"] for body in notified(scene)]
    assert causes == ["never-restored", "could-not-check", "object-missing"]


def test_a_finding_that_has_changed_and_changed_back_is_told_each_time(scene: Scene) -> None:
    scene.configure("approve", top=HOOK)
    held_for_a_person(scene)
    for there in (False, True):
        scene.world.objects.clear()
        if there:
            scene.world.add_object("k")
        scene.pass_(hours=1)
        scene.see(frozen(time=scene.clock.now()))
        scene.turn(2)
    assert [body["cause"] for body in notified(scene)] == ["never-restored", "object-missing", "never-restored"]


@pytest.mark.parametrize("rejects", [False, True])
def test_who_has_rejected_a_write_is_not_told_so(scene: Scene, rejects: bool) -> None:
    scene.configure("approve", top=HOOK)
    held_for_a_person(scene)
    if rejects:
        approvals.reject(scene.store, 1)
    scene.pass_(minutes=10)
    scene.turn()
    assert [body["cause"] for body in notified(scene)] == ["never-restored"]


def test_who_has_rejected_a_write_is_asked_again_when_that_is_over(scene: Scene) -> None:
    scene.configure("approve", top=HOOK)
    held_for_a_person(scene)
    approvals.reject(scene.store, 1)
    for hours in (1, 25):
        scene.pass_(hours=hours)
        scene.turn()
    assert [body["cause"] for body in notified(scene)] == ["never-restored"] * 2


# --------------------------------------------------------------------------------------- an undo, and no answer to it


def undo_asked_for(scene: Scene) -> None:
    merged_by_hand(scene, OLD)
    approvals.undo(scene.store, 1)
    scene.pass_(minutes=1)


def test_an_undo_whose_answer_was_lost_is_not_repaired_again(scene: Scene) -> None:
    undo_asked_for(scene)
    scene.world.loses_answers = True
    scene.turn()
    scene.world.loses_answers = False
    for _ in range(5):
        scene.settle()
        scene.pass_(minutes=1)
        scene.turn()
    assert (merged(scene), scene.world.cors_of["b"].rules) == (2, (OLD,))
    (row,) = scene.rows()
    assert (row["state"], row["why"]) == ("closed", "undone by hand")


@pytest.mark.parametrize("lost", [False, True])
def test_the_journal_says_that_an_undo_undid_and_that_its_case_is_closed(scene: Scene, lost: bool) -> None:
    undo_asked_for(scene)
    scene.world.loses_answers = lost
    scene.turn()
    scene.world.loses_answers = False
    scene.settle()
    with scene.store.read() as connection:
        told = {each.kind: each.data for each in entries.newest(connection, 100)}
    assert str(told["write.done"]["outcome"]).startswith("undone"), "and not `merged`, or `found`"
    assert (told["case.verdict"]["state"], told["case.verdict"]["why"]) == ("closed", "undone by hand")


def test_what_was_undone_is_not_written_again_by_a_second_undo(scene: Scene) -> None:
    undo_asked_for(scene)
    scene.turn(2)
    assert scene.world.cors_of["b"].rules == (OLD,)
    with pytest.raises(approvals.Impossible, match="was undone already, asked for by"):
        approvals.undo(scene.store, 1)
    scene.turn(2)
    assert (merged(scene), scene.world.cors_of["b"].rules) == (2, (OLD,))


def refused_again(scene: Scene, seconds: float = 600) -> dict[str, Any]:
    """The refusal comes once more, so long after what the case has seen; its row, when it was looked at."""
    scene.pass_(seconds=seconds)
    scene.see(replace(preflight(), time=scene.clock.now()))
    scene.turn(2)
    (row,) = scene.rows()
    return row


@pytest.mark.parametrize("seconds", [5, 600], ids=["while a change would spread", "later"])
def test_what_a_person_has_undone_is_not_done_again_by_the_policy_alone(scene: Scene, seconds: float) -> None:
    undo_asked_for(scene)
    scene.turn(2)
    row = refused_again(scene, seconds)
    assert (merged(scene), row["state"]) == (2, "held")
    assert "waits for approval, because the same was undone by hand at " in row["why"]
    approvals.approve(scene.store, 1)
    scene.turn()
    assert merged(scene) == 3
    assert scene.world.cors_of["b"].rules != (OLD,)


def test_what_was_approved_after_an_undo_is_the_policys_again(scene: Scene) -> None:
    undo_asked_for(scene)
    scene.turn(2)
    refused_again(scene)
    approvals.approve(scene.store, 1)
    scene.turn(2)
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))  # by somebody else, after that
    assert refused_again(scene)["state"] != "held"
    assert merged(scene) == 4


def undoable(scene: Scene) -> int | None:
    with scene.store.read() as connection:
        found = queries.one_case(connection, 1)
    assert found is not None
    number: int | None = found["undoable"]
    return number


def test_the_page_of_a_case_knows_which_write_an_undo_would_take_back(scene: Scene) -> None:
    merged_by_hand(scene, OLD)
    assert undoable(scene) == 1
    approvals.undo(scene.store, 1)
    scene.pass_(minutes=1)
    scene.turn(2)
    assert undoable(scene) is None
    refused_again(scene)
    assert undoable(scene) is None, "what is held was not done"
    approvals.approve(scene.store, 1)
    scene.turn(2)
    assert undoable(scene) == 3


def test_an_undo_that_did_not_leave_stays_asked_for(scene: Scene) -> None:
    undo_asked_for(scene)
    with sending_fails(scene):
        scene.turn()
    assert ("PutBucketCors", "asked") in scene.writes()
    scene.pass_(minutes=1)
    scene.turn()
    assert scene.world.cors_of["b"].rules == (OLD,)


def test_an_undo_of_which_no_effect_is_found_stays_asked_for(scene: Scene) -> None:
    undo_asked_for(scene)
    with sending_fails(scene, Unsettled):
        scene.turn()
    for _ in range(3):
        scene.settle()
        scene.pass_(minutes=1)
    scene.turn()
    assert (scene.world.cors_of["b"].rules, scene.states()) == ((OLD,), ["closed"])


def test_who_asked_for_an_undo_is_told_that_the_rules_have_changed_since(scene: Scene) -> None:
    scene.configure("enforce", top=HOOK)
    undo_asked_for(scene)
    theirs = CorsRule(("https://partner.example",), ("GET",))
    rules = (*scene.world.cors_of["b"].rules, theirs)
    scene.world.cors_of["b"] = CorsConfiguration(rules)
    scene.turn()
    (row,) = scene.rows()
    assert (row["state"], row["cause"]) == ("reported", "undo-overtaken")
    assert [each["cause"] for each in notified(scene)] == ["undo-overtaken"]
    assert scene.world.cors_of["b"].rules == rules


# ------------------------------------------------------------------------------------------- a clock that somebody sets


@pytest.mark.parametrize("hours", [[2, 4, 6], [-6, 12, -3], [24, -24, 24]])
def test_a_limit_of_an_hour_is_one_however_the_hosts_clock_is_set(scene: Scene, hours: list[int]) -> None:
    scene.configure(top="brakes: { writes_per_hour: 3 }")
    scene.see(*(frozen(scene.world.add_object(f"k{number}").key) for number in range(12)))
    scene.turn()
    for each in hours:
        scene.clock.step(timedelta(hours=each))
        scene.pass_(minutes=10)
        scene.steps.look()
        scene.turn(2)
        assert len(scene.world.sent) == 3
    scene.pass_(minutes=31)  # an hour after the first
    scene.turn(2)
    assert len(scene.world.sent) == 6


def test_a_limit_of_an_hour_holds_over_a_restart_with_another_clock(scene: Scene) -> None:
    scene.configure(top="brakes: { writes_per_hour: 3 }")
    scene.see(*(frozen(scene.world.add_object(f"k{number}").key) for number in range(12)))
    scene.turn()
    scene.clock.step(timedelta(hours=5))
    scene.configure(top="brakes: { writes_per_hour: 3 }")
    scene.turn(2)
    assert len(scene.world.sent) == 3


def test_what_is_due_soon_does_not_wait_for_hours_because_a_clock_was_set_back(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    scene.pass_(minutes=1)
    scene.clock.step(timedelta(hours=-6))
    asked = scene.world.asked["HeadObject"]
    scene.turn()
    assert scene.world.asked["HeadObject"] == asked
    scene.steps.look()
    scene.turn()
    assert scene.world.asked["HeadObject"] > asked
    assert scene.kinds().count("clock.stepped") == 1


def test_a_clock_that_was_set_back_while_nothing_ran_is_noticed_at_the_start(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    scene.clock.step(timedelta(hours=-6))
    ClockSteps(scene.store, scene.clock).begin()
    asked = scene.world.asked["HeadObject"]
    scene.turn()
    assert scene.world.asked["HeadObject"] > asked


def test_a_clock_that_is_kept_right_wakes_nobody(scene: Scene) -> None:
    scene.see(frozen())
    for seconds in (1, -2, 4):
        scene.clock.step(timedelta(seconds=seconds))
        scene.pass_(minutes=1)
        scene.steps.look()
    assert "clock.stepped" not in scene.kinds()


def test_a_write_whose_answer_was_lost_is_not_sent_again_sooner_because_the_clock_was_set_forward(scene: Scene) -> None:
    ref = scene.world.add_object("k")
    scene.world.loses_answers = True
    scene.see(frozen())
    scene.turn()
    scene.world.objects[ref] = replace(scene.world.objects[ref], restore="none")  # it is still on its way
    scene.settle()
    scene.clock.step(timedelta(hours=6))
    scene.pass_(seconds=1)
    scene.settle()
    assert scene.writes() == [("RestoreObject", "intended")]


def test_a_refusal_after_the_clock_was_set_back_is_news(scene: Scene) -> None:
    """What was seen well at a time that has not come yet makes the refusals of until then no old ones."""
    scene.clock.step(timedelta(hours=6))
    scene.steps.look()
    merged_by_hand(scene, OLD)
    scene.pass_(seconds=3)
    scene.turn()
    assert scene.states() == ["closed"]
    scene.clock.step(timedelta(hours=-6))
    scene.steps.look()
    scene.pass_(seconds=1)
    revert(scene, OLD)
    scene.see(preflight())
    assert scene.states() == ["open"]


def test_what_a_clock_has_dated_years_ahead_holds_nobody_until_then(scene: Scene) -> None:
    scene.configure(top="brakes: { writes_per_hour: 1 }")
    scene.see(*(frozen(scene.world.add_object(f"k{number}").key) for number in range(2)))
    scene.turn()
    with scene.store.begin() as connection:
        connection.exec_driver_sql("UPDATE writes SET oss_time = oss_time + 300000000")
    scene.pass_(minutes=61)
    scene.turn()
    assert len(scene.world.sent) == 2


# ------------------------------------------------------------------------------------------------------------ the pause


def test_while_all_is_paused_writes_are_held_and_afterwards_they_go(scene: Scene) -> None:
    scene.world.add_object("k")
    approvals.pause(scene.store, "")
    scene.see(frozen())
    scene.turn()
    assert (scene.states(), scene.world.sent) == (["held"], [])
    assert "paused by" in scene.rows()[0]["why"]
    approvals.resume(scene.store, "")
    scene.pass_(seconds=1)
    scene.turn()
    assert scene.writes() == [("RestoreObject", "done")]


def test_a_pause_holds_its_own_policy_and_no_other(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    approvals.pause(scene.store, "cors")
    scene.see(frozen(), preflight())
    scene.turn()
    assert [write.operation for write in scene.world.sent] == ["RestoreObject"]


def test_a_write_that_was_stored_before_the_pause_and_not_sent_yet_does_not_leave(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    looked = scene.world.look

    def look(write: Write) -> str:
        approvals.pause(scene.store, "")
        scene.pass_(seconds=1)
        return looked(write)

    scene.world.look = look  # type: ignore[method-assign]  # the moment between
    scene.turn()
    assert (scene.writes(), scene.world.sent) == ([("RestoreObject", "not-sent")], [])


def test_an_approval_and_an_undo_wait_for_the_end_of_a_pause_too(scene: Scene) -> None:
    scene.configure("approve")
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    scene.see(preflight())
    scene.turn()
    approvals.pause(scene.store, "")
    approvals.approve(scene.store, 1)
    scene.pass_(seconds=1)
    scene.turn()
    assert not scene.world.sent
    approvals.resume(scene.store, "")
    scene.pass_(seconds=1)
    scene.turn()
    assert merged(scene) == 1
    approvals.undo(scene.store, 1)
    approvals.pause(scene.store, "")
    scene.pass_(seconds=1)
    scene.turn()
    assert merged(scene) == 1
    approvals.resume(scene.store, "")
    scene.pass_(seconds=1)
    scene.turn()
    assert merged(scene) == 2


def test_a_file_in_the_state_directory_pauses_too(scene: Scene) -> None:
    scene.world.add_object("k")
    switch = scene.store.directory / "pause"
    switch.touch()
    scene.see(frozen())
    scene.turn()
    assert not scene.world.sent
    switch.unlink()
    scene.pass_(minutes=6)
    scene.turn()
    assert len(scene.world.sent) == 1
