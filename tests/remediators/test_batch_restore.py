"""A batch job's case: a table of what OSS says of the job, and what follows; most rows restore nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ossmend.remediators.batch_restore import TOO_MUCH
from ossmend.remediators.contract.answers import BatchJob
from ossmend.remediators.contract.case import Case, Subject
from ossmend.remediators.contract.verdict import Act, Done, Wait
from ossmend.remediators.invalid_object_state import plan
from ossmend.remediators.settings.batch import BatchSettings
from ossmend.remediators.settings.restore import RestoreSettings
from ossmend.remediators.writes.create_job import CREATED, NO_JOB, CreateJob
from ossmend.remediators.writes.update_job_status import UpdateJobStatus
from tests.fakes import NOW, FakeView, FakeWorld, case_of, receipt_of
from tests.remediators.test_invalid_object_state import refused

ROLE = "acs:ram::1234567890123456:role/batch"
BATCH = BatchSettings(role_arn=ROLE, bucket="lists", at_least=3)
SUBJECT = Subject("batch", ("b", "ColdArchive", "Standard", "3", "low", "n1"))
KEYS = ("k0", "k1", "k2")


def world_of(*keys: str, **more: Any) -> FakeWorld:
    world = FakeWorld()
    for key in keys:
        world.add_object(key, "ColdArchive", **more)
    return world


def case(world: FakeWorld, *receipts: Any, **changes: Any) -> Case:
    return case_of(refused(), subject=SUBJECT, members=tuple(world.objects), receipts=receipts, **changes)


def verdict(world: FakeWorld, of: Case, batch: BatchSettings | None = BATCH) -> Any:
    settings = RestoreSettings(days=3, batch=batch)
    return plan(of, FakeView(world), settings)  # type: ignore[arg-type]  # FakeView forwards


def planned(world: FakeWorld) -> CreateJob:
    act = verdict(world, case(world))
    assert isinstance(act, Act)
    (write,) = act.writes
    assert isinstance(write, CreateJob)
    return write


def job_of(write: CreateJob, **changes: Any) -> BatchJob:
    job = BatchJob(
        id="J1", status="Suspended", description=write.description, created=NOW, total=len(write.keys), succeeded=0,
        failed=0, confirmation_required=True, restores=True, days=write.days, tier=write.tier, role_arn=write.role_arn,
        manifest=(write.into, write.manifest_key, write.manifest_etag),
    )  # fmt: skip
    return replace(job, **changes)


def made(world: FakeWorld, **changes: Any) -> Case:
    """A case whose job is there, as OSS shows it with these changes."""
    write = planned(world)
    world.jobs = [job_of(write, **changes)]
    return case(world, receipt_of(write, outcome=f"{CREATED}J1"))


def test_what_is_frozen_is_one_suspended_job() -> None:
    write = planned(world_of(*KEYS))
    assert (write.keys, write.size, write.days, write.tier, write.planned_on) == (KEYS, 30, 3, "Standard", NO_JOB)
    assert (write.only_prepares, write.counted, write.stored_bytes) == (True, 0, 0)


def test_what_somebody_else_restores_is_not_in_the_list() -> None:
    world = world_of(*KEYS, "k3")
    world.add_object("k1", "ColdArchive", "ongoing")
    assert planned(world).keys == ("k0", "k2", "k3")


def test_the_release_counts_each_object_and_all_bytes() -> None:
    world = world_of(*KEYS)
    act = verdict(world, made(world))
    (write,) = act.writes
    assert isinstance(write, UpdateJobStatus)
    assert (write.status, write.counted, write.stored_bytes, write.only_prepares) == ("Ready", 3, 30, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"days": 7},
        {"tier": "Bulk"},
        {"total": 4},
        {"role_arn": ROLE + "x"},
        {"restores": False},
        {"confirmation_required": False},
        {"manifest": ("lists", "another.csv", "0" * 32)},
    ],
    ids=str,
)
def test_a_job_that_is_not_what_was_planned_is_cancelled(changes: dict[str, Any]) -> None:
    world = world_of(*KEYS)
    (write,) = verdict(world, made(world, **changes)).writes
    assert (write.operation, write.status, write.counted) == ("UpdateJobStatus", "Cancelled", 0)


def test_a_job_that_was_not_released_within_a_day_is_cancelled() -> None:
    world = world_of(*KEYS)
    of = made(world, created=NOW - timedelta(days=9))  # by OSS's clock, which is not asked
    assert verdict(world, of).writes[0].status == "Ready"
    world.clock.pass_(timedelta(hours=25))
    assert verdict(world, of).writes[0].status == "Cancelled"


def test_objects_that_have_grown_are_not_restored_by_it() -> None:
    world = world_of(*KEYS)
    of = made(world)
    world.add_object("k1", "ColdArchive", size=11)
    (write,) = verdict(world, of).writes
    assert write.status == "Cancelled"


@pytest.mark.parametrize("status", ["New", "Preparing", "Ready", "Active", "Paused", "Completing", "Cancelling"])
def test_a_job_that_is_on_its_way_is_waited_for(status: str) -> None:
    world = world_of(*KEYS)
    assert isinstance(verdict(world, made(world, status=status)), Wait)


@pytest.mark.parametrize("status", ["Complete", "Failed", "Cancelled"])
def test_a_job_that_has_ended_ends_its_case_and_says_nothing_of_the_objects(status: str) -> None:
    world = world_of(*KEYS)
    told = verdict(world, made(world, status=status, total=-1))
    assert isinstance(told, Done)
    assert told.watch_until is None


def test_a_second_job_of_the_same_description_is_cancelled_and_the_first_is_kept() -> None:
    world = world_of(*KEYS)
    of = made(world)
    world.jobs.append(replace(world.jobs[0], id="J2"))
    (write,) = verdict(world, of).writes
    assert (write.job_id, write.status) == ("J2", "Cancelled")


def test_a_job_of_a_plan_that_the_journal_does_not_hold_is_cancelled() -> None:
    world = world_of(*KEYS)
    of = case(world)
    world.jobs = [job_of(planned(world))]
    (write,) = verdict(world, of).writes
    assert (write.job_id, write.status) == ("J1", "Cancelled")


@pytest.mark.parametrize(
    ("why", "batch", "changes"),
    [
        ("no batch jobs any more", None, {}),
        ("within 24 h", BATCH, {"opened_at": NOW - timedelta(hours=25)}),
        ("only 3 of the objects", BatchSettings(role_arn=ROLE, bucket="lists", at_least=4),
         {"opened_at": NOW - timedelta(minutes=3)}),
    ],
)  # fmt: skip
def test_no_job_is_made(why: str, batch: BatchSettings | None, changes: dict[str, Any]) -> None:
    world = world_of(*KEYS)
    told = verdict(world, case(world, **changes), batch)
    assert isinstance(told, Done)
    assert why in told.why


def test_others_are_waited_for_while_they_join() -> None:
    world = world_of("k0")
    assert isinstance(verdict(world, case(world)), Wait)


@pytest.mark.parametrize(("attached", "made_one"), [((TOO_MUCH,), False), (("narrow",), True), (None, True)])
def test_a_role_that_may_change_buckets_gets_no_job(attached: tuple[str, ...] | None, made_one: bool) -> None:
    world = world_of(*KEYS)
    if attached is not None:
        world.role_policies_of["batch"] = attached
    assert isinstance(verdict(world, case(world)), Act) is made_one


def test_a_job_that_is_listed_no_more_or_not_yet() -> None:
    world = world_of(*KEYS)
    write = planned(world)
    assert isinstance(verdict(world, case(world, receipt_of(write, outcome=f"{CREATED}J1"))), Wait)
    late = receipt_of(write, NOW - timedelta(minutes=2), f"{CREATED}J1")
    assert isinstance(verdict(world, case(world, late)), Done)
