"""InvalidObjectState: a table of object states and what follows from each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ossmend.remediators.contract.answers import LifecycleRule
from ossmend.remediators.contract.case import Case, Event, Origin, Reading, Subject
from ossmend.remediators.contract.values import Missing, ObjectRef
from ossmend.remediators.contract.verdict import Act, Done, Refused, Tell, TryAgain, Wait
from ossmend.remediators.invalid_object_state import DAYS, plan, subject, tier_for
from ossmend.remediators.settings.restore import RestoreSettings
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.fakes import ASKED, NOW, FakeView, FakeWorld, case_of, receipt_of

SETTINGS = RestoreSettings(days=3)


def refused(key: str = "k", **fields: object) -> Event:
    given = Event(
        source="t", code="InvalidObjectState", status=403, bucket="b", key=key, operation="GetObject", origins=ASKED
    )
    return replace(given, **fields)  # type: ignore[arg-type]  # the test names real fields


def read_as(*refs: ObjectRef, origin: Origin = Origin.REQUEST) -> tuple[Reading, ...]:
    return tuple(Reading(ref, origin) for ref in refs)


def verdict(world: FakeWorld, case: Case | None = None, settings: RestoreSettings = SETTINGS) -> object:
    return plan(case or case_of(refused()), FakeView(world), settings)  # type: ignore[arg-type]  # FakeView forwards


def restore_of(world: FakeWorld, key: str = "k", days: int = 3) -> RestoreObject:
    state = world.objects[ObjectRef("b", key)]
    return RestoreObject(
        bucket="b", key=key, days=days, storage_class=state.storage_class, size=state.size, planned_on=state.digest
    )


# ------------------------------------------------------------------------------------------------------------- it acts


@pytest.mark.parametrize(
    ("storage_class", "asked_tier", "tier", "days"),
    [
        ("Archive", None, None, 3),
        ("Archive", "Expedited", None, 3),
        ("ColdArchive", None, "Standard", 3),
        ("ColdArchive", "Bulk", "Bulk", 3),
        ("DeepColdArchive", "Expedited", "Expedited", 3),
        ("DeepColdArchive", "Bulk", "Standard", 3),
    ],
)
def test_a_frozen_object_is_restored_with_what_its_class_allows(
    storage_class: str, asked_tier: str | None, tier: str | None, days: int
) -> None:
    world = FakeWorld()
    world.add_object("k", storage_class)
    answer = verdict(world, settings=RestoreSettings(days=3, tier=asked_tier))  # type: ignore[arg-type]  # table of literals
    assert isinstance(answer, Act)
    (write,) = answer.writes
    assert isinstance(write, RestoreObject)
    assert (write.tier, write.days, write.storage_class) == (tier, days, storage_class)
    assert answer.diagnosis.cause == "never-restored"


def test_archive_gets_at_most_seven_days() -> None:
    world = FakeWorld()
    world.add_object("k", "Archive")
    answer = verdict(world, settings=RestoreSettings(days=30))
    assert isinstance(answer, Act)
    assert isinstance(answer.writes[0], RestoreObject)
    assert answer.writes[0].days == DAYS["Archive"]


def test_a_write_carries_the_state_it_was_planned_on() -> None:
    world = FakeWorld()
    ref = world.add_object("k")
    answer = verdict(world)
    assert isinstance(answer, Act)
    assert answer.writes[0].planned_on == world.objects[ref].digest


def test_only_the_reading_that_exists_is_restored() -> None:
    world = FakeWorld()
    world.add_object("a b%20c")
    event = refused(readings=read_as(ObjectRef("b", "a b c"), ObjectRef("b", "a b%20c")), key="a b c")
    answer = verdict(world, case_of(event))
    assert isinstance(answer, Act)
    assert isinstance(answer.writes[0], RestoreObject)
    assert answer.writes[0].key == "a b%20c"


def test_a_copy_that_was_refused_restores_its_source_and_not_its_target() -> None:
    world = FakeWorld()
    world.add_object("source")
    world.add_object("k", "Standard")
    event = refused(operation="CopyObject", fields={"x-oss-copy-source": "/b/source"})
    answer = verdict(world, case_of(event))
    assert isinstance(answer, Act)
    assert isinstance(answer.writes[0], RestoreObject)
    assert answer.writes[0].key == "source"


def test_a_restore_that_oss_lost_is_asked_for_once_more() -> None:
    world = FakeWorld()
    world.add_object("k")
    case = case_of(refused(), receipts=(receipt_of(restore_of(world)),))
    world.clock.pass_(timedelta(minutes=2))
    answer = verdict(world, case)
    assert isinstance(answer, Act)
    assert answer.diagnosis.cause == "restore-lost"


def test_a_refrozen_object_is_extended_where_the_policy_says_so() -> None:
    world = FakeWorld()
    world.add_object("k")
    case = refrozen(world)
    answer = verdict(world, case, RestoreSettings(on_refreeze="extend"))
    assert isinstance(answer, Act)
    assert answer.diagnosis.cause == "restored-copy-expired"


def refrozen(world: FakeWorld, seen_again: bool = True) -> Case:
    verified = NOW + timedelta(minutes=1)
    world.clock.pass_(timedelta(days=4))
    last_seen = NOW + timedelta(days=4) if seen_again else NOW
    receipts = (receipt_of(restore_of(world)),)
    return case_of(refused(), receipts=receipts, verified_at=verified, last_seen=last_seen)


# ------------------------------------------------------------------------------------------------------------ it waits


@pytest.mark.parametrize(
    ("storage_class", "after", "at_most"),
    [
        ("Archive", timedelta(0), timedelta(seconds=2)),
        ("Archive", timedelta(seconds=4), timedelta(seconds=4)),
        ("Archive", timedelta(hours=9), timedelta(seconds=22)),
        ("ColdArchive", timedelta(hours=9), timedelta(minutes=17)),
        ("DeepColdArchive", timedelta(days=3), timedelta(minutes=33)),
    ],
)
def test_a_running_restore_is_waited_for_at_the_pace_of_its_class(
    storage_class: str, after: timedelta, at_most: timedelta
) -> None:
    world = FakeWorld()
    world.add_object("k", storage_class)
    case = case_of(refused(), receipts=(receipt_of(restore_of(world)),))
    world.add_object("k", storage_class, "ongoing")
    world.clock.pass_(after)
    answer = verdict(world, case)
    assert isinstance(answer, Wait)
    assert timedelta(0) < answer.until - world.now() <= at_most


def test_the_time_of_a_tier_is_not_a_timeout() -> None:
    world = FakeWorld()
    world.add_object("k", "ColdArchive", "ongoing")
    world.clock.pass_(timedelta(days=9))
    assert isinstance(verdict(world), Wait)


def test_a_policys_own_pace_overrides() -> None:
    world = FakeWorld()
    world.add_object("k", "Archive", "ongoing")
    found = []
    for _ in range(2):
        answer = verdict(world, settings=RestoreSettings(poll=timedelta(hours=1)))
        assert isinstance(answer, Wait)
        world.clock.pass_(answer.until - world.now())
        found.append(answer.until)
    assert found[1] - found[0] == timedelta(hours=1)


def test_restores_of_one_bucket_are_looked_at_together_whenever_they_began() -> None:
    world = FakeWorld()
    world.add_object("k", "ColdArchive")
    write = restore_of(world)
    world.add_object("k", "ColdArchive", "ongoing")
    world.clock.pass_(timedelta(hours=5))
    found = set()
    for number in range(7):
        restored_at = NOW + timedelta(minutes=number)
        answer = verdict(world, case_of(refused(), id=number, receipts=(receipt_of(write, restored_at),)))
        assert isinstance(answer, Wait)
        found.add(answer.until)
        world.clock.pass_(timedelta(seconds=20))
    assert len(found) == 1


def test_a_restored_object_that_does_not_read_yet_is_not_done() -> None:
    world = FakeWorld()
    world.unreadable.add(world.add_object("k", restore="restored"))
    assert isinstance(verdict(world), Wait)


def test_a_restore_that_oss_does_not_show_yet_is_waited_for() -> None:
    world = FakeWorld()
    world.add_object("k")
    case = case_of(refused(), receipts=(receipt_of(restore_of(world)),))
    world.clock.pass_(timedelta(seconds=5))
    assert isinstance(verdict(world, case), Wait)


# ----------------------------------------------------------------------------------------------------- it leaves alone


def test_an_object_already_restoring_is_not_restored_twice() -> None:
    world = FakeWorld()
    world.add_object("k", restore="ongoing")
    assert isinstance(verdict(world), Wait)


def test_a_readable_object_is_left_alone_and_watched_until_it_expires() -> None:
    world = FakeWorld()
    ref = world.add_object("k", restore="restored")
    answer = verdict(world)
    assert isinstance(answer, Done)
    assert (answer.cause, answer.watch_until) == ("already-readable", world.objects[ref].until)


@pytest.mark.parametrize("storage_class", ["Standard", "IA"])
def test_an_object_that_is_no_longer_archived_is_left_alone(storage_class: str) -> None:
    world = FakeWorld()
    world.add_object("k", storage_class)
    answer = verdict(world)
    assert isinstance(answer, Done)
    assert answer.cause == "not-archived"


def test_an_unarchived_object_that_does_not_read_is_told() -> None:
    world = FakeWorld()
    world.unreadable.add(world.add_object("k", "Standard"))
    assert isinstance(verdict(world), Tell)


def test_with_archive_direct_read_on_nothing_is_restored() -> None:
    world = FakeWorld()
    world.add_object("k", "Archive")
    world.direct_read.add("b")
    answer = verdict(world)
    assert isinstance(answer, Done)
    assert answer.cause == "direct-read-on"


def test_direct_read_does_not_help_a_colder_class() -> None:
    world = FakeWorld()
    world.add_object("k", "ColdArchive")
    world.direct_read.add("b")
    assert isinstance(verdict(world), Act)


@pytest.mark.parametrize("what", ["object", "bucket"])
def test_what_is_not_there_is_told(what: str) -> None:
    world = FakeWorld()
    if what == "object":
        world.buckets.add("b")
    answer = verdict(world)
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "object-missing"
    assert isinstance(world.object(ObjectRef("b", "k")), Missing)


@pytest.mark.parametrize("missing", [{"bucket": None}, {"key": None}])
def test_an_event_that_names_no_object_is_told(missing: dict[str, Any]) -> None:
    answer = verdict(FakeWorld(), case_of(refused(**missing)))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "object-unnamed"


def test_a_copy_whose_source_is_not_told_restores_nothing() -> None:
    world = FakeWorld()
    world.add_object("k")
    answer = verdict(world, case_of(refused(operation="CopyObject")))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "copy-source-archived"


def test_a_copy_from_another_bucket_is_outside_the_policy() -> None:
    world = FakeWorld()
    world.add_object("source", bucket="other")
    event = refused(operation="CopyObject", fields={"x-oss-copy-source": "/other/source"})
    assert isinstance(verdict(world, case_of(event)), Tell)


def test_a_refrozen_object_is_told_by_default() -> None:
    world = FakeWorld()
    world.add_object("k")
    answer = verdict(world, refrozen(world))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "restored-copy-expired"


def test_a_refrozen_object_that_nobody_asked_for_again_is_done() -> None:
    world = FakeWorld()
    world.add_object("k")
    answer = verdict(world, refrozen(world, seen_again=False))
    assert isinstance(answer, Done)
    assert not answer.well, "it was found frozen"


def test_a_lifecycle_rule_that_moved_the_object_is_named() -> None:
    world = FakeWorld()
    ref = world.add_object("k")
    world.objects[ref] = replace(world.objects[ref], transitioned=NOW - timedelta(days=30))
    world.lifecycle["b"] = (LifecycleRule(name="old-reports", prefix="k", storage_class="Archive"),)
    answer = verdict(world, refrozen(world))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "archived-by-lifecycle"
    assert any("old-reports" in sentence for sentence in answer.diagnosis.evidence)


def test_a_lifecycle_rule_without_the_date_of_the_move_is_named_with_less_confidence() -> None:
    world = FakeWorld()
    world.add_object("k")
    world.lifecycle["b"] = (LifecycleRule(name="all", prefix="", storage_class="Archive"),)
    answer = verdict(world, refrozen(world))
    assert isinstance(answer, Tell)
    assert (answer.diagnosis.cause, answer.diagnosis.confidence) == ("archived-by-lifecycle", 0.8)


@pytest.mark.parametrize(
    "rule",
    [
        LifecycleRule(name="elsewhere", prefix="other/", storage_class="Archive"),
        LifecycleRule(name="colder", prefix="", storage_class="ColdArchive"),
        LifecycleRule(name="tagged", prefix="", storage_class="Archive", conditional=True),
    ],
    ids=lambda rule: rule.name,
)
def test_a_lifecycle_rule_that_did_not_move_the_object_is_not_blamed(rule: LifecycleRule) -> None:
    world = FakeWorld()
    world.add_object("k")
    world.lifecycle["b"] = (rule,)
    answer = verdict(world, refrozen(world))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "restored-copy-expired"


def test_after_two_lost_restores_a_person_is_told() -> None:
    world = FakeWorld()
    world.add_object("k")
    receipts = (receipt_of(restore_of(world)), receipt_of(restore_of(world), NOW + timedelta(minutes=2)))
    world.clock.pass_(timedelta(minutes=5))
    assert isinstance(verdict(world, case_of(refused(), receipts=receipts)), Tell)


def test_a_restored_copy_that_expired_unseen_and_unasked_is_done() -> None:
    world = FakeWorld()
    world.add_object("k")
    case = case_of(refused(), receipts=(receipt_of(restore_of(world)),))
    world.clock.pass_(timedelta(days=5))
    answer = verdict(world, case)
    assert isinstance(answer, Done)
    assert not answer.well, "it was found frozen"


def test_our_own_missing_permission_is_not_a_finding() -> None:
    world = FakeWorld(refuses={"HeadObject"})
    world.add_object("k")
    with pytest.raises(Refused):
        verdict(world)


def test_an_endpoint_that_is_down_is_not_a_finding() -> None:
    world = FakeWorld(down=True)
    with pytest.raises(TryAgain):
        verdict(world)


def test_events_of_one_object_are_one_case_and_versions_are_their_own() -> None:
    assert subject(refused(), SETTINGS) == Subject("object", ("b", "k", ""))
    assert subject(refused(version_id="v1"), SETTINGS) == Subject("object", ("b", "k", "v1"))


def test_no_tier_is_ever_asked_that_a_class_does_not_know() -> None:
    for tier in (None, "Expedited", "Standard", "Bulk"):
        settings = RestoreSettings.model_validate({"tier": tier})
        assert tier_for("Archive", settings) is None
        assert tier_for("DeepColdArchive", settings) in ("Expedited", "Standard")
