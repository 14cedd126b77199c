"""Writes: what each answer means, that nothing is ever sent twice, and how a lost answer is settled by reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.send.executor import Executor, NotSent, Unsettled
from ossmend.remediators.contract.values import CorsRule, ObjectState
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.contract.write import Write
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.remediators.writes.tag_user import TagUser
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import (
    BUCKET,
    answer,
    archived,
    control,
    liar,
    make_bucket,
    operations,
    oss_error,
    ref,
    refused_port,
)
from tests.patience import until

Open = Callable[..., Cloud]
SENT_AT = datetime(2026, 11, 24, tzinfo=UTC)
APP = CorsRule(("https://app.example",), ("GET", "PUT"), ("*",), ("ETag",), 600)
OLD = CorsRule(("https://old.example",), ("GET",), (), (), None)


def restore(**more: Any) -> RestoreObject:
    settings: dict[str, Any] = {"key": "k", "days": 2, "storage_class": "Archive", "size": 100, "planned_on": "x"}
    return RestoreObject(**({"bucket": BUCKET} | settings | more))


def put_cors(*rules: CorsRule, **more: Any) -> PutBucketCors:
    return PutBucketCors(**({"bucket": BUCKET, "rules": rules, "planned_on": "x"} | more))


def tag(principal: str = "u@x.onaliyun.com", **more: Any) -> TagUser:
    settings = {"principal": principal, "user_id": "1", "tags": (("ossmend", "refused-key"),), "planned_on": "x"}
    return TagUser(**(settings | more))


def executor_of(cloud: Cloud) -> Executor:
    assert cloud.executor is not None
    return cloud.executor


@pytest.fixture
def executor(cloud: Cloud) -> Executor:
    return executor_of(cloud)


# ------------------------------------------------------------------------------------------------------------ restore


def test_restoring_a_frozen_object_is_accepted_and_again_is_already_restoring(sim: Running, executor: Executor) -> None:
    make_bucket(sim, objects={"k": archived()})
    assert executor.send(restore()).outcome == "accepted"
    again = executor.send(restore())
    assert again.outcome == "already-restoring"
    assert again.request_id


def test_restoring_a_restored_object_extends_it(sim: Running, executor: Executor) -> None:
    make_bucket(sim, objects={"k": archived(restore="restored")})
    assert executor.send(restore()).outcome == "extended"


@pytest.mark.parametrize(
    ("tier", "versioned", "body", "target"),
    [
        (None, None, b"<Days>2</Days></RestoreRequest>", f"/{BUCKET}/k?restore="),
        ("Bulk", None, b"<JobParameters><Tier>Bulk</Tier></JobParameters>", f"/{BUCKET}/k?restore="),
        (None, "V1", b"<Days>2</Days></RestoreRequest>", f"/{BUCKET}/k?versionId=V1&restore="),
    ],
)
def test_what_a_restore_looks_like(
    sim: Running, executor: Executor, tier: Any, versioned: str | None, body: bytes, target: str
) -> None:
    storage_class = "ColdArchive" if tier else "Archive"
    make_bucket(sim, versioning="Enabled" if versioned else "")
    described = archived(storage_class=storage_class) | ({"version_id": versioned} if versioned else {})
    control(sim, "PUT", f"buckets/{BUCKET}/objects/k", described)
    assert executor.send(restore(tier=tier, version_id=versioned)).outcome == "accepted"
    (seen,) = control(sim, "GET", "requests")["requests"]
    assert seen["target"] == target
    from oss2 import models, xml_utils

    job = models.RestoreJobParameters(tier) if tier else None
    assert body in xml_utils.to_put_restore_config(models.RestoreConfiguration(2, job))


@pytest.mark.parametrize("described", [{"size": 1}, {"size": 1, "storage_class": "IA"}])
def test_an_object_of_no_archive_class_is_refused(
    sim: Running, executor: Executor, described: dict[str, object]
) -> None:
    make_bucket(sim, objects={"k": described})
    with pytest.raises(Refused) as refused:
        executor.send(restore())
    assert (refused.value.code, refused.value.operation) == ("OperationNotSupported", "RestoreObject")


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket"])
def test_a_missing_target_is_refused(sim: Running, executor: Executor, code: str) -> None:
    if code == "NoSuchKey":
        make_bucket(sim)
    with pytest.raises(Refused, match=code):
        executor.send(restore())


def test_a_409_that_is_not_about_restoring_is_no_success(open_port: Open) -> None:
    with liar(oss_error(409, "ObjectNotAppendable")) as server, pytest.raises(Refused):
        executor_of(open_port(server.url)).send(restore())


@pytest.mark.parametrize("bucket", ["evil.example/", "a.b.c", ""])
def test_an_impossible_bucket_is_refused_here(open_port: Open, bucket: str) -> None:
    with liar(answer(200)) as server:
        executor = executor_of(open_port(server.url))
        for write in (restore(bucket=bucket), put_cors(APP, bucket=bucket)):
            with pytest.raises(Refused):
                executor.send(write)
        assert server.heads == []


# ------------------------------------------------------------------------------------------------------ lost answers


@pytest.mark.parametrize("write", [restore(), put_cors(APP), tag()], ids=lambda write: write.operation)
@pytest.mark.parametrize(
    "accident",
    ["reset", answer(200, b"{", length=100), oss_error(500, "InternalError"), answer(502, b"<html>"), answer(503, b"")],
    ids=["reset", "half", "500", "502", "503"],
)
def test_a_lost_answer_is_unsettled_and_the_write_left_once(
    open_port: Open, write: Write, accident: bytes | str
) -> None:
    with liar(accident) as server:
        with pytest.raises(Unsettled):
            executor_of(open_port(server.url)).send(write)
        assert len(server.heads) == 1


@pytest.mark.parametrize("write", [restore(), put_cors(APP), tag()], ids=lambda write: write.operation)
def test_silence_after_a_write_is_unsettled(open_port: Open, write: Write) -> None:
    with liar("silence") as server:
        with pytest.raises(Unsettled):
            executor_of(open_port(server.url, read_timeout=0.1)).send(write)
        until("the server has read it, which may be later than we gave it up", lambda: bool(server.heads))
    assert len(server.heads) == 1


@pytest.mark.parametrize("write", [restore(), put_cors(APP), tag()], ids=lambda write: write.operation)
def test_without_a_connection_it_is_certain_that_nothing_left(open_port: Open, write: Write) -> None:
    with pytest.raises(NotSent):
        executor_of(open_port(refused_port())).send(write)


@pytest.mark.parametrize(
    ("write", "turned_away"),
    [
        (restore(), oss_error(503, "ServiceUnavailable")),
        (restore(), oss_error(429, "QpsLimitExceeded")),
        (put_cors(APP), oss_error(503, "MetaOperationQpsLimitExceeded")),
        (tag(), answer(400, b'{"Code":"Throttling.User","Message":"flow control"}')),
    ],
)
def test_what_was_throttled_was_not_done_and_is_tried_later(open_port: Open, write: Write, turned_away: bytes) -> None:
    with liar(turned_away) as server:
        with pytest.raises(TryAgain) as later:
            executor_of(open_port(server.url)).send(write)
        assert len(server.heads) == 1
        assert later.value.after >= timedelta(seconds=1)


def test_a_write_whose_answer_broke_off_is_found_by_reading(sim: Running, executor: Executor) -> None:
    make_bucket(sim, objects={"k": archived()})
    write = restore(planned_on=executor.look(restore()))
    assert not executor.settle(write)
    control(sim, "POST", "faults", {"operation": "RestoreObject", "abort": "reset", "execute": True, "times": 1})
    with pytest.raises(Unsettled):
        executor.send(write)
    assert executor.settle(write)
    assert operations(sim)["RestoreObject"] == 1


def test_a_write_that_never_arrived_is_not_found(sim: Running, executor: Executor) -> None:
    make_bucket(sim, objects={"k": archived()})
    write = restore(planned_on=executor.look(restore()))
    control(sim, "POST", "faults", {"operation": "RestoreObject", "abort": "reset", "times": 1})
    with pytest.raises(Unsettled):
        executor.send(write)
    assert not executor.settle(write)


def test_an_extension_is_found_by_its_later_expiry(sim: Running, executor: Executor) -> None:
    make_bucket(sim, objects={"k": archived(restore={"state": "restored", "days": 1})})
    write = restore(planned_on=executor.look(restore()), days=5)
    assert not executor.settle(write)
    assert executor.send(write).outcome == "extended"
    assert executor.settle(write)


@pytest.mark.parametrize("described", [{"size": 1}, None])
def test_an_object_that_was_replaced_or_removed_shows_no_effect(
    sim: Running, executor: Executor, described: dict[str, object] | None
) -> None:
    make_bucket(sim, objects={"k": archived()})
    write = restore(planned_on=executor.look(restore()))
    control(sim, "DELETE", f"buckets/{BUCKET}/objects/k")
    if described is not None:
        control(sim, "PUT", f"buckets/{BUCKET}/objects/k", described)
    assert not executor.settle(write)


def test_settling_asks_again_later_when_the_world_cannot_be_read(open_port: Open) -> None:
    with liar(oss_error(503, "ServiceUnavailable")) as server:
        executor = executor_of(open_port(server.url))
        for write in (restore(), put_cors(APP)):
            with pytest.raises(TryAgain):
                executor.settle(write)


# ---------------------------------------------------------------------------------------------------------- looking


def test_a_look_is_fresh_and_changes_with_the_object(sim: Running, cloud: Cloud, executor: Executor) -> None:
    make_bucket(sim, objects={"k": archived()})
    state = cloud.view([]).object(ref("k"))
    assert isinstance(state, ObjectState)
    assert executor.look(restore()) == state.digest
    control(sim, "PUT", f"buckets/{BUCKET}/objects/k", archived(restore="restored"))
    restored = executor.look(restore())
    control(sim, "DELETE", f"buckets/{BUCKET}/objects/k")
    assert len({state.digest, restored, executor.look(restore())}) == 3


def test_a_look_at_cors_changes_with_the_rules(sim: Running, cloud: Cloud, executor: Executor) -> None:
    make_bucket(sim)
    before = executor.look(put_cors(APP))
    assert before == cloud.view([]).cors(BUCKET).digest
    executor.send(put_cors(APP))
    assert executor.look(put_cors(APP)) != before


# ---------------------------------------------------------------------------------------------------------------- CORS


@pytest.mark.parametrize("vary", [None, False, True])
def test_rules_arrive_in_order_and_whole(sim: Running, cloud: Cloud, executor: Executor, vary: bool | None) -> None:
    make_bucket(sim)
    write = put_cors(OLD, APP, response_vary=vary)
    assert executor.send(write).outcome == "merged"
    found = cloud.view([]).cors(BUCKET)
    assert found.rules == (OLD, APP)
    assert bool(found.response_vary) == bool(vary)
    assert executor.settle(write)
    assert not executor.settle(put_cors(APP))


def test_rules_whose_headers_come_back_in_lower_case_are_the_same_rules(sim: Running, executor: Executor) -> None:
    make_bucket(sim)
    write = put_cors(replace(APP, allowed_headers=("Authorization", "X-Oss-*")))
    assert executor.send(write).outcome == "merged"
    assert executor.settle(write)
    assert not executor.settle(put_cors(replace(APP, allowed_headers=("Authorization",))))


def test_rules_that_were_accepted_and_read_back_different_were_accepted(sim: Running, executor: Executor) -> None:
    make_bucket(sim)
    control(sim, "POST", "faults", {"operation": "PutBucketCors", "lie": True})
    write = put_cors(APP)
    assert executor.send(write).outcome == "accepted, and read back different"
    assert not executor.settle(write)


def test_rules_that_cannot_be_read_back_were_still_accepted(sim: Running, executor: Executor) -> None:
    make_bucket(sim)
    control(sim, "POST", "faults", {"operation": "GetBucketCors", "status": 403, "code": "AccessDenied"})
    assert executor.send(put_cors(APP)).outcome == "accepted, not read back"


# ----------------------------------------------------------------------------------------------------------------- tag


def test_a_user_is_tagged_and_that_is_found_again(sim: Running, cloud: Cloud, executor: Executor) -> None:
    control(sim, "PUT", "users/alice", {})
    key = control(sim, "POST", "keys", {"user": "alice", "status": "Inactive"})
    owner = cloud.view([]).key_owner(key["id"])
    assert owner is not None
    write = tag(owner.principal, planned_on=owner.digest)
    assert executor.look(write) == write.planned_on
    assert not executor.settle(write)
    assert executor.send(write).outcome == "tagged"
    assert executor.settle(write)
    assert executor.look(write) != write.planned_on
    cloud.forget(write)
    tagged = cloud.view([]).key_owner(key["id"])
    assert tagged is not None
    assert tagged.tags == {"ossmend": "refused-key"}
    assert control(sim, "GET", "keys/" + key["id"])["status"] == "Inactive"


@pytest.mark.parametrize("write", [tag(""), tag(tags=())])
def test_an_empty_principal_is_never_sent(open_port: Open, write: TagUser) -> None:
    with liar(answer(200, b"{}")) as server:
        executor = executor_of(open_port(server.url))
        with pytest.raises(Refused):
            executor.send(write)
        assert server.heads == []


def test_looking_at_an_empty_principal_would_be_looking_at_ourselves(open_port: Open) -> None:
    with liar(answer(200, b"{}")) as server:
        with pytest.raises(Refused):
            executor_of(open_port(server.url)).look(tag(""))
        assert server.heads == []
