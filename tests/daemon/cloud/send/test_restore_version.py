"""RestoreVersion on the wire, against the simulator: an older version becomes the newest one, as private as it was."""

from __future__ import annotations

from dataclasses import replace

import oss2
import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.send.executor import Executor
from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.writes.restore_version import COPIED_AS, RestoreVersion, versions_digest
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import BUCKET, make_bucket

KEY = "cat äö.jpg"
REF = ObjectRef(BUCKET, KEY)


@pytest.fixture
def application(sim: Running) -> oss2.Bucket:
    """Somebody else's client, with a good version of the class IA below a damaged, private one."""
    make_bucket(sim, versioning="Enabled")
    auth = oss2.Auth(sim.access_key_id, sim.access_key_secret)
    bucket = oss2.Bucket(auth, sim.oss, BUCKET)
    headers = {"x-oss-object-acl": "private", "x-oss-storage-class": "IA"}
    for data in (b"good", b"damaged"):
        bucket.put_object(KEY, data, headers=headers)
    return bucket


@pytest.fixture
def executor(cloud: Cloud) -> Executor:
    assert cloud.executor is not None
    return cloud.executor


def copy_back(cloud: Cloud, acl: str = "private") -> RestoreVersion:
    """What a plan would make of the two versions."""
    damaged, good = cloud.view([]).versions(REF)
    return RestoreVersion(
        bucket=BUCKET, key=KEY, version_id=good.version_id, etag=good.etag, size=good.size, current=damaged.version_id,
        current_etag=damaged.etag, storage_class=damaged.storage_class, acl=acl,
        planned_on=versions_digest(damaged.version_id, damaged.etag),
    )  # fmt: skip


def test_the_older_version_reads_again_and_keeps_class_and_acl(
    application: oss2.Bucket, cloud: Cloud, executor: Executor
) -> None:
    write = copy_back(cloud)
    assert executor.look(write) == write.planned_on
    assert not executor.settle(write)
    sent = executor.send(write)
    assert application.get_object(KEY).read() == b"good"
    assert application.head_object(KEY).headers["x-oss-storage-class"] == "IA"
    assert application.get_object_acl(KEY).acl == "private"
    assert sent.outcome == f"{COPIED_AS}{application.head_object(KEY).versionid}"
    assert executor.settle(write)


def test_nothing_is_lost_and_the_damaged_one_can_come_back(
    application: oss2.Bucket, cloud: Cloud, executor: Executor
) -> None:
    write = copy_back(cloud)
    undo = write.undone(executor.send(write).outcome)
    assert undo is not None
    assert executor.look(undo) == undo.planned_on
    executor.send(undo)
    assert application.get_object(KEY).read() == b"damaged"
    cloud.forget(undo)
    assert len(cloud.view([]).versions(REF)) == 4


def test_a_look_changes_when_somebody_uploads(application: oss2.Bucket, cloud: Cloud, executor: Executor) -> None:
    write = copy_back(cloud)
    application.put_object(KEY, b"newer")
    assert executor.look(write) != write.planned_on


def test_a_version_that_is_gone_is_refused_and_nothing_changes(
    application: oss2.Bucket, cloud: Cloud, executor: Executor
) -> None:
    gone = replace(copy_back(cloud), version_id="NOSUCHVERSION")
    with pytest.raises(Refused):
        executor.send(gone)
    assert application.get_object(KEY).read() == b"damaged"
    assert not executor.settle(gone)
