"""Gathering: what waits for a batch job in a lane that is swept, beside a quota, and beside whoever ends a job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ossmend.config.load import load_text
from ossmend.daemon.cloud.send.executor import Sent
from ossmend.daemon.journal import batches
from ossmend.daemon.journal.batches import Group
from ossmend.daemon.journal.postgres import LIVE, Address, open_node
from ossmend.daemon.journal.schema import cases
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages import gather, work
from ossmend.daemon.stages.triage import Triage
from ossmend.remediators.contract.answers import BatchJob
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT
from ossmend.remediators.contract.write import Write
from ossmend.remediators.writes.create_job import CREATED, NO_JOB, CreateJob
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.remediators.writes.update_job_status import UpdateJobStatus
from tests.due import due
from tests.fakes import ASKED, NOW, FakeAccounts, FakeWorld

RATE = 20
AT_ONCE = 100
"""Cases of one batch of a sweep, here."""
CONFIG = f"""
version: 1
cloud: {{ region: cn-hangzhou, concurrency: 1, restores_per_second: {{ deep_cold_archive: {RATE} }} }}
brakes: {{ writes_per_hour: unlimited, objects_per_day: unlimited, restore_gib_per_day: unlimited,
          cost_per_day: unlimited, calls_per_minute: unlimited }}
policies:
  - name: jobs
    on: InvalidObjectState
    mode: enforce
    match: {{ bucket: b, key: "jobs/**" }}
    restore:
      batch: {{ role_arn: "acs:ram::1234567890123456:role/ossmend-batch", bucket: lists, at_least: %d, gather: 5s }}
  - {{ name: calls, on: InvalidObjectState, mode: enforce, match: {{ bucket: b }} }}
"""


class World(FakeWorld):
    """Has batch jobs, which are prepared at once and never end."""

    def look(self, write: Write) -> str:
        match write:
            case CreateJob():
                return NO_JOB
            case UpdateJobStatus():
                return next(job.digest for job in self.jobs if job.id == write.job_id)
            case _:
                return super().look(write)

    def send(self, write: Write) -> Sent:
        match write:
            case CreateJob():
                job = BatchJob(
                    id=f"J{len(self.jobs)}", status="Suspended", description=write.description, created=self.now(),
                    total=len(write.keys), succeeded=0, failed=0, confirmation_required=True, restores=True,
                    days=write.days, tier=write.tier, role_arn=write.role_arn,
                    manifest=(write.into, write.manifest_key, write.manifest_etag),
                )  # fmt: skip
                self.jobs.append(job)
                self.sent.append(write)
                return Sent("REQ", f"{CREATED}{job.id}")
            case UpdateJobStatus():
                self.jobs = [replace(job, status="Ready") if job.id == write.job_id else job for job in self.jobs]
                self.sent.append(write)
                return Sent("REQ", "released")
            case _:
                return super().send(write)


class Scene:
    """One bucket, one lane, far more due cases than one batch."""

    def __init__(self, directory: Path, at_least: int) -> None:
        self.world = World()
        self.clock = self.world.clock
        self.store: Store = open_store(directory, exclusive=True)
        config = load_text(CONFIG % at_least)
        accounts: Any = FakeAccounts(self.world)
        self.triage = Triage(config, self.store, self.clock)
        self.work = work.Work(config, self.store, accounts, self.clock, dry_run=False, rest=self.pass_by)

    def pass_by(self, seconds: float) -> None:
        self.clock.pass_(timedelta(seconds=seconds))

    def see(self, prefix: str, number: int) -> None:
        keys = [f"{prefix}/{each:05d}" for each in range(number)]
        for key in keys:
            self.world.add_object(key, "DeepColdArchive")
        self.triage.take("t", Batch(tuple(refused(key) for key in keys), {"at": 1}))

    def turns(self, number: int) -> None:
        for _ in range(number):
            self.work.turn()
            self.pass_by(1.0)

    def restored(self) -> list[str]:
        """By a call each."""
        return sorted(write.key for write in self.world.sent if isinstance(write, RestoreObject))

    def listed(self) -> list[int]:
        """How many objects each job has."""
        return sorted(len(write.keys) for write in self.world.sent if isinstance(write, CreateJob))


def refused(key: str) -> Event:
    return Event(source="t", code="InvalidObjectState", status=403, bucket="b", key=key, origins=ASKED)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Scene]:
    monkeypatch.setattr(work, "BATCH", AT_ONCE)
    built = Scene(tmp_path, request.param)
    yield built
    built.work.close()
    built.store.close()


@pytest.mark.parametrize("scene", [300], indirect=True)
def test_a_job_is_gathered_from_many_batches_of_a_sweep_while_calls_wait_for_slots(scene: Scene) -> None:
    scene.see("calls", 6 * AT_ONCE)
    scene.see("jobs", 4 * AT_ONCE)
    scene.turns(60)
    assert scene.listed() == [4 * AT_ONCE]
    assert {job.status for job in scene.world.jobs} == {"Ready"}
    assert scene.restored() == [f"calls/{each:05d}" for each in range(6 * AT_ONCE)]


@pytest.mark.parametrize("scene", [300], indirect=True)
def test_too_few_for_a_job_go_by_calls_at_the_pace_of_the_quota(scene: Scene) -> None:
    scene.see("jobs", 2 * AT_ONCE)
    scene.turns(4)
    assert scene.restored() == []
    scene.turns(2 * AT_ONCE // RATE + 15)
    assert (scene.listed(), len(scene.restored())) == ([], 2 * AT_ONCE)


@pytest.mark.parametrize("scene", [AT_ONCE], indirect=True)
def test_what_a_full_job_does_not_take_is_one_more_job(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MEMBERS", 2 * AT_ONCE)
    scene.see("jobs", 5 * AT_ONCE)
    scene.turns(30)
    assert scene.listed() == [AT_ONCE, 2 * AT_ONCE, 2 * AT_ONCE]
    assert scene.restored() == []


def test_nobody_ends_a_job_that_others_join_at_this_moment(shared_state: str, tmp_path: Path) -> None:
    store = open_node(Address(shared_state, LIVE), tmp_path, "here")
    group = Group(DEFAULT_ACCOUNT, "jobs", "b", "DeepColdArchive", "Standard", 1, "high")
    Triage(load_text(CONFIG % AT_ONCE), store, FakeWorld().clock).take("t", Batch((refused("jobs/1"),), {"at": 1}))
    with store.begin() as connection:
        (first,) = due(connection, NOW, 10)
        job, _ = batches.open_one(connection, group, first, NOW)
    with store.begin() as joining:
        assert batches.gathering(joining, group) == (job, 0)
        with store.begin() as ending:
            mine = sa.select(cases.c.id).where(cases.c.id == job).with_for_update(skip_locked=True)
            assert ending.execute(mine).all() == [], "another transaction has its row"
    store.close()
