"""CreateJob and UpdateJobStatus on the wire, against the simulator: a list of the planned keys, a suspended job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import oss2
import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.send.executor import WRITER, Executor, Unsettled
from ossmend.daemon.cloud.wire.guard import READ_ONLY, WriteForbidden
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.writes.create_job import CREATED, NO_JOB, CreateJob, description_of
from ossmend.remediators.writes.update_job_status import CANCELLABLE, UpdateJobStatus
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import BUCKET, control, make_bucket

KEYS = ("k/0", "k/1", "k/2")
WRITE = CreateJob(
    bucket=BUCKET, keys=KEYS, days=3, tier="Bulk", storage_class="ColdArchive", size=30,
    role_arn="acs:ram::1234567890123456:role/batch", into="lists", prefix="ossmend/", name="n1", planned_on=NO_JOB,
)  # fmt: skip


@pytest.fixture
def executor(sim: Running, cloud: Cloud) -> Executor:
    make_bucket(sim)
    make_bucket(sim, "lists")
    many = {"pattern": "k/{n}", "count": 5, "size": 10, "storage_class": "ColdArchive"}
    control(sim, "POST", f"buckets/{BUCKET}/objects", many)
    assert cloud.executor is not None
    return cloud.executor


def lists(sim: Running) -> oss2.Bucket:
    return oss2.Bucket(oss2.Auth(sim.access_key_id, sim.access_key_secret), sim.oss, "lists")


def jobs(sim: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control(sim, "GET", "batch-jobs")["jobs"]
    return found


def release(cloud: Cloud, status: str = "Ready") -> UpdateJobStatus:
    (job,) = cloud.jobs.of(BUCKET, description_of("n1"))
    ready = UpdateJobStatus(
        bucket=BUCKET, job_id=job.id, description=job.description, status="Ready", number=3, days=3, tier="Bulk",
        storage_class="ColdArchive", size=30, planned_on=job.digest,
    )  # fmt: skip
    return ready if status == "Ready" else replace(ready, status="Cancelled", planned_on=CANCELLABLE)


def test_a_job_is_made_suspended_over_just_these_objects(sim: Running, cloud: Cloud, executor: Executor) -> None:
    write = WRITE
    assert (executor.look(write), executor.settle(write)) == (NO_JOB, False)
    sent = executor.send(write)
    assert lists(sim).get_object(write.manifest_key).read() == f"{BUCKET},k/0\n{BUCKET},k/1\n{BUCKET},k/2\n".encode()
    control(sim, "POST", "advance", {"seconds": 3})
    (job,) = cloud.jobs.of(BUCKET, description_of("n1"))
    assert sent.outcome == f"{CREATED}{job.id}"
    assert (job.status, job.total, job.days, job.tier, job.restores) == ("Suspended", 3, 3, "Bulk", True)
    assert job.manifest == ("lists", write.manifest_key, write.manifest_etag)
    assert executor.settle(write)
    assert executor.look(write) != write.planned_on
    assert cloud.jobs.of(BUCKET, description_of("n2")) == ()


def test_the_same_write_again_is_the_same_job(sim: Running, executor: Executor) -> None:
    first = executor.send(WRITE)
    assert executor.send(WRITE).outcome == first.outcome
    assert len(jobs(sim)) == 1


def test_a_token_that_oss_refuses_is_looked_for(sim: Running, executor: Executor) -> None:
    control(sim, "PATCH", "batch-jobs", {"repeated": "refused"})
    executor.send(WRITE)
    with pytest.raises(Unsettled):
        executor.send(WRITE)
    assert executor.settle(WRITE)


def test_a_list_that_is_another_one_is_left_alone_and_no_job_is_made(sim: Running, executor: Executor) -> None:
    lists(sim).put_object(WRITE.manifest_key, b"theirs")
    with pytest.raises(Refused, match="not the list that was planned"):
        executor.send(WRITE)
    assert lists(sim).get_object(WRITE.manifest_key).read() == b"theirs"
    assert jobs(sim) == []


def test_a_release_looks_at_the_job_and_its_list(sim: Running, cloud: Cloud, executor: Executor) -> None:
    executor.send(WRITE)
    control(sim, "POST", "advance", {"seconds": 3})
    write = release(cloud)
    assert executor.look(write) == write.planned_on
    assert not executor.settle(write)
    assert executor.send(write).outcome == "released"
    assert executor.look(write) != write.planned_on
    assert executor.settle(write)
    control(sim, "POST", "advance", {"seconds": 60})
    states = [each[0]["restore"] for each in control(sim, "GET", f"buckets/{BUCKET}/objects")["objects"].values()]
    assert states == ["restored"] * 3 + ["frozen"] * 2


def test_a_job_is_cancelled_whatever_it_is_doing_but_once(sim: Running, cloud: Cloud, executor: Executor) -> None:
    executor.send(WRITE)
    write = release(cloud, "Cancelled")
    assert (executor.look(write), executor.settle(write)) == (write.planned_on, False)
    assert executor.send(write).outcome == "cancelled"
    assert (executor.look(write) == write.planned_on, executor.settle(write)) == (False, True)
    undo = release(cloud).undone("released")
    assert undo is not None
    assert undo.only_prepares
    assert undo.counted == 0


@pytest.mark.parametrize(
    ("method", "bucket", "key", "params"),
    [
        ("PUT", "lists", "k", set()),
        ("POST", "lists", "", {"batchJob"}),
        ("POST", "", "", {"batchJob", "batchJobStatus"}),
        ("POST", "", "", {"batchJobPriority", "batchJobId"}),
        ("DELETE", "", "", {"batchJob"}),
    ],
)
def test_nothing_beside_it_may_leave(method: str, bucket: str, key: str, params: set[str]) -> None:
    with pytest.raises(WriteForbidden):
        WRITER.oss_operation(method, bucket, key, params, body=True)


def test_a_dry_run_knows_no_job_but_to_read() -> None:
    with pytest.raises(WriteForbidden):
        READ_ONLY.oss_operation("POST", "", "", {"batchJob"}, body=True)
    assert READ_ONLY.oss_operation("GET", "", "", {"batchJob"}, body=False) == "ListJobs"
