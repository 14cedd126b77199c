"""A retention policy: begun, locked, extended, and what it keeps from being overwritten or deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

from ossmend.simulator.serve import Running
from ossmend.simulator.state import Cloud
from tests.simulator.oss.clients import Wire, advance, error_of, stopped, v2_client

NAME = "examplebucket"
DAY = 86400


def _are_old(sim: Running, modified: float) -> None:
    """Every object was last changed at that moment."""

    def change(cloud: Cloud) -> None:
        for key, stack in list(cloud.buckets[NAME].objects.items()):
            aged = tuple(replace(version, modified=int(modified)) for version in stack)
            cloud.buckets[NAME].set_stack(key, aged)

    sim.do(change)


def test_a_policy_is_begun_locked_and_extended(bucket: Any) -> None:
    worm_id = bucket.init_bucket_worm(1).worm_id
    begun = bucket.get_bucket_worm()
    assert (begun.worm_id, begun.state, begun.retention_period_days) == (worm_id, "InProgress", 1)
    assert dt.datetime.fromisoformat(begun.creation_date).tzinfo is None
    bucket.complete_bucket_worm(worm_id)
    bucket.extend_bucket_worm(worm_id, 2)
    locked = bucket.get_bucket_worm()
    assert (locked.worm_id, locked.state, locked.retention_period_days) == (worm_id, "Locked", 2)
    with pytest.raises(oss2.exceptions.WORMConfigurationLocked):
        bucket.abort_bucket_worm()


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_the_second_sdk_begins_and_gives_up_a_policy(sim: Running, bucket: Any, version: str) -> None:
    client = v2_client(sim, version)
    wanted = oss_v2.InitiateWormConfiguration(retention_period_in_days=3)
    begun = client.initiate_bucket_worm(
        oss_v2.InitiateBucketWormRequest(bucket=NAME, initiate_worm_configuration=wanted)
    )
    found = client.get_bucket_worm(oss_v2.GetBucketWormRequest(bucket=NAME)).worm_configuration
    assert (found.worm_id, found.retention_period_in_days) == (begun.worm_id, 3)
    assert client.abort_bucket_worm(oss_v2.AbortBucketWormRequest(bucket=NAME)).status_code == 204
    with pytest.raises(oss2.exceptions.NoSuchWORMConfiguration):
        bucket.get_bucket_worm()


def test_a_policy_that_nobody_locks_is_over_after_a_day(sim: Running, bucket: Any) -> None:
    worm_id = bucket.init_bucket_worm(1).worm_id
    bucket.put_object("k", b"1")
    advance(sim, DAY)
    for call in (bucket.get_bucket_worm, bucket.abort_bucket_worm, lambda: bucket.complete_bucket_worm(worm_id)):
        with pytest.raises(oss2.exceptions.NoSuchWORMConfiguration):
            call()
    bucket.delete_object("k")
    bucket.complete_bucket_worm(bucket.init_bucket_worm(1).worm_id)
    advance(sim, DAY)
    assert bucket.get_bucket_worm().state == "Locked"


_CHANGES: list[Callable[[Any], object]] = [
    lambda b: b.put_object("k", b"2"),
    lambda b: b.delete_object("k"),
    lambda b: b.batch_delete_objects(["other", "k"]),
    lambda b: b.copy_object(NAME, "other", "k"),
    lambda b: b.update_object_meta("k", {"x-oss-meta-a": "1"}),
    lambda b: b.put_symlink("other", "k"),
    lambda b: b.append_object("grown", 1, b"2"),
    lambda b: b.complete_multipart_upload(
        "k",
        (upload := b.init_multipart_upload("k").upload_id),
        [oss2.models.PartInfo(1, b.upload_part("k", upload, 1, b"2").etag)],
    ),
]


@pytest.mark.parametrize("change", _CHANGES, ids=range(len(_CHANGES)))
@pytest.mark.parametrize("locked", [False, True])
def test_what_is_too_young_is_immutable(
    sim: Running, bucket: Any, change: Callable[[Any], object], *, locked: bool
) -> None:
    now = stopped(sim)
    for key in ("k", "other"):
        bucket.put_object(key, b"1")
    bucket.append_object("grown", 0, b"1")
    worm_id = bucket.init_bucket_worm(1).worm_id
    if locked:
        bucket.complete_bucket_worm(worm_id)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        change(bucket)
    assert (refused.value.status, refused.value.code) == (409, "FileImmutable")
    assert bucket.get_object("k").read() == b"1"
    assert bucket.object_exists("other")
    _are_old(sim, now - DAY + 1)
    with pytest.raises(oss2.exceptions.ServerError):
        change(bucket)
    _are_old(sim, now - DAY)
    change(bucket)


def test_new_objects_are_taken_and_read(bucket: Any) -> None:
    bucket.complete_bucket_worm(bucket.init_bucket_worm(1).worm_id)
    bucket.put_object("new", b"1")
    assert bucket.get_object("new").read() == b"1"
    bucket.delete_object("never there")


def test_policies_that_make_no_sense_are_refused(bucket: Any) -> None:
    invalid, none = oss2.exceptions.InvalidWORMConfiguration, oss2.exceptions.NoSuchWORMConfiguration
    for call in (bucket.get_bucket_worm, bucket.abort_bucket_worm, lambda: bucket.complete_bucket_worm("1666")):
        with pytest.raises(none):
            call()
    worm_id = bucket.init_bucket_worm(5).worm_id
    for call in (
        lambda: bucket.init_bucket_worm(5),
        lambda: bucket.extend_bucket_worm(worm_id, 6),
        lambda: bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled")),
    ):
        with pytest.raises(invalid):
            call()
    with pytest.raises(none):
        bucket.complete_bucket_worm("1666")
    bucket.complete_bucket_worm(worm_id)
    with pytest.raises(invalid):
        bucket.extend_bucket_worm(worm_id, 5)
    for call in (lambda: bucket.complete_bucket_worm(worm_id), lambda: bucket.init_bucket_worm(5)):
        with pytest.raises(oss2.exceptions.WORMConfigurationLocked):
            call()


def test_there_is_no_policy_beside_versioning(bucket: Any) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    with pytest.raises(oss2.exceptions.InvalidWORMConfiguration):
        bucket.init_bucket_worm(1)


@pytest.mark.parametrize("days", ["0", "-1", "x", "", "25551", "9" * 5000])
def test_a_policy_lasts_a_day_to_seventy_years(bucket: Any, wire: Wire, days: str) -> None:
    document = (
        f"<InitiateWormConfiguration><RetentionPeriodInDays>{days}</RetentionPeriodInDays></InitiateWormConfiguration>"
    )
    answer = wire.xml("POST", NAME, "worm", document)
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "InvalidArgument")
    bucket.init_bucket_worm(25550)
