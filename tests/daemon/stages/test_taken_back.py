"""What a person has taken back, no policy does again by itself: in whatever case, by whichever policy it is planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ossmend.config.load import load_text
from ossmend.config.retention import Retention
from ossmend.daemon import approvals
from ossmend.daemon.journal import intents, retention, taken_back, undos
from ossmend.daemon.journal.folds import Fold
from ossmend.daemon.journal.intake import fold
from ossmend.daemon.journal.intents import UNDO, NewWrite, Settlement
from ossmend.daemon.journal.schema import approvals as said
from ossmend.daemon.journal.states import WriteState
from ossmend.daemon.journal.store import Store
from ossmend.remediators.contract.case import Event, Subject
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from ossmend.remediators.contract.write import Write
from ossmend.remediators.writes.create_job import NO_JOB, CreateJob
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.remediators.writes.restore_version import COPIED_AS, RestoreVersion, versions_digest
from ossmend.remediators.writes.update_job_status import UpdateJobStatus
from tests.daemon.stages.test_work import Scene, frozen, preflight
from tests.fakes import NOW

OLD = CorsRule(("https://old.example",), ("GET",))
CONFIG = """
version: 1
cloud: { region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9", concurrency: 4 }
cors_rules:
  web: { allowed_origins: ["https://app.example.com"], allowed_methods: [PUT] }
  wide: { allowed_origins: ["https://app.example.com"], allowed_methods: [PUT, GET] }
policies: [ { name: %s, on: AccessForbidden, mode: enforce, match: { bucket: "*" }%s } ]
"""
RULE = ", cors: { rule: web }"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    built.world.buckets |= {"b", "c"}
    built.clock.pass_(datetime.now(UTC) - NOW)  # what a person says has the machine's time
    configured(built, "cors", "")
    yield built
    assert built.dispatch is not None
    built.dispatch.close()
    built.store.close()


def configured(scene: Scene, name: str = "cors", rule: str = RULE) -> None:
    scene.use(load_text(CONFIG % (name, rule)))


def refused(scene: Scene, bucket: str = "b") -> None:
    scene.pass_(minutes=5)
    scene.see(replace(preflight(), bucket=bucket, time=scene.clock.now()))
    scene.turn(2)


def merges(scene: Scene) -> int:
    return sum(isinstance(write, PutBucketCors) for write in scene.world.sent)


def newest(scene: Scene) -> tuple[str, str]:
    row = max(scene.rows(), key=lambda row: int(row["id"]))
    return row["state"], row["why"]


@pytest.fixture
def undone(scene: Scene) -> Scene:
    """A case of a page, whose policy has had a rule since; it wrote the rule, and that was taken back by hand."""
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    refused(scene)
    assert merges(scene) == 0
    configured(scene)
    approvals.retry(scene.store, 1)
    scene.turn(2)
    assert merges(scene) == 1
    approvals.undo(scene.store, 1)
    scene.pass_(minutes=1)
    scene.turn(2)
    assert (merges(scene), scene.world.cors_of["b"].rules) == (2, (OLD,))
    return scene


def test_what_was_undone_waits_for_a_person_also_where_another_case_plans_it(undone: Scene) -> None:
    refused(undone)
    assert len(undone.rows()) == 2, "another subject: the stored rule"
    state, why = newest(undone)
    assert (state, merges(undone)) == ("held", 2)
    assert "waits for approval, because the same was undone by hand in case 1 at " in why


def test_what_was_undone_waits_for_a_person_also_where_another_policy_plans_it(undone: Scene) -> None:
    configured(undone, "pages")
    refused(undone)
    assert (newest(undone)[0], merges(undone)) == ("held", 2)


def test_what_was_undone_waits_for_a_person_also_where_somebody_has_put_another_rule_there_since(undone: Scene) -> None:
    theirs = CorsRule(("https://partner.example",), ("GET",))
    undone.world.cors_of["b"] = CorsConfiguration((theirs, OLD))
    refused(undone)
    assert (newest(undone)[0], merges(undone)) == ("held", 2)


def test_what_was_undone_waits_for_a_person_also_where_the_undos_answer_was_lost(scene: Scene) -> None:
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    refused(scene)
    configured(scene)
    approvals.retry(scene.store, 1)
    scene.turn(2)
    approvals.undo(scene.store, 1)
    scene.pass_(minutes=1)
    scene.world.loses_answers = True
    scene.turn()
    scene.world.loses_answers = False
    scene.settle()
    refused(scene)
    assert (newest(scene)[0], merges(scene), len(scene.rows())) == ("held", 2, 2)


def test_what_was_undone_waits_for_a_person_when_its_journal_was_let_go_long_since(undone: Scene) -> None:
    keep = Retention(journal_for=timedelta(days=1), closed_cases_for=timedelta(days=3))
    undone.pass_(days=400)
    retention.retire(undone.store, keep, undone.clock.now())
    refused(undone)
    assert (newest(undone)[0], merges(undone)) == ("held", 2)


def test_who_approves_it_lets_it_go_and_then_it_is_the_policys_again(undone: Scene) -> None:
    refused(undone)
    approvals.approve(undone.store, 2)
    undone.turn(2)
    assert merges(undone) == 3
    undone.world.cors_of["b"] = CorsConfiguration((OLD,))  # by somebody else, after that
    refused(undone)
    assert merges(undone) == 4


def test_a_rejection_that_has_expired_leaves_it_waiting_for_a_person(undone: Scene) -> None:
    refused(undone)
    approvals.reject(undone.store, 2)
    undone.turn(2)
    undone.pass_(hours=25)
    with undone.store.begin() as connection:  # as retention does
        connection.execute(said.delete().where(said.c.expires_at < undone.clock.now()))
    refused(undone)
    state, why = newest(undone)
    assert (state, merges(undone)) == ("held", 2)
    assert "undone by hand" in why


def test_another_rule_is_another_write(undone: Scene) -> None:
    configured(undone, rule=", cors: { rule: wide }")
    refused(undone)
    assert merges(undone) == 3


def test_the_same_rule_in_another_bucket_is_another_write(undone: Scene) -> None:
    undone.world.cors_of["c"] = CorsConfiguration((OLD,))
    refused(undone, "c")
    assert merges(undone) == 3


def test_what_nobody_has_undone_is_written_again_by_another_case(scene: Scene) -> None:
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    configured(scene)
    refused(scene)
    configured(scene, "pages")
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    refused(scene)
    assert merges(scene) == 2


def test_what_was_rejected_stays_so_where_another_case_plans_it(scene: Scene) -> None:
    scene.configure("approve")
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    refused(scene)
    approvals.reject(scene.store, 1)
    configured(scene, "pages")
    refused(scene)
    state, why = newest(scene)
    assert (len(scene.rows()), state, merges(scene)) == (2, "held", 0)
    assert "rejected" in why


# ----------------------------------------------------------------------------------- of other writes, on both databases


@pytest.fixture
def store(open_fresh: Callable[[], Store]) -> Store:
    """With two cases."""
    opened = open_fresh()
    with opened.begin() as connection:
        folds = {}
        for key in ("k", "other"):
            each = Fold("p", "InvalidObjectState", Subject("object", ("b", key, "")), timedelta(days=1))
            each.add(Event(source="t", code="InvalidObjectState", bucket="b", key=key), NOW)
            folds[each.key] = each
        fold(connection, folds, NOW)
    return opened


def put(connection: sa.Connection, write: Write, outcome: str, *, undo: bool = False) -> int:
    """It was done."""
    state = WriteState.INTENDED
    new = NewWrite(case_id=1, policy="p", write=write, state=state, why=UNDO if undo else "")
    (write_id,) = intents.put(connection, [new], NOW)
    if not undo:
        settled = Settlement(write_id=write_id, state=WriteState.DONE, outcome=outcome)
        intents.settle(connection, [settled], NOW)
    return write_id


def take_back(connection: sa.Connection, write: Write, outcome: str) -> None:
    put(connection, write, outcome)
    back = write.undone(outcome)
    assert back is not None
    undos.keep(connection, 1, put(connection, back, "", undo=True), NOW)


def is_taken_back(connection: sa.Connection, write: Write) -> bool:
    return bool(intents.words(connection, [write], [], NOW).taken_back)


COPY = RestoreVersion(
    bucket="b", key="k", version_id="good", etag="G", size=1, current="bad", current_etag="B", storage_class="Standard",
    planned_on=versions_digest("bad", "B"),
)  # fmt: skip


def test_another_copy_of_the_good_version_over_the_same_content_is_the_same_write(store: Store) -> None:
    with store.begin() as connection:
        take_back(connection, COPY, f"{COPIED_AS}copy-of-good")
        assert is_taken_back(connection, replace(COPY, version_id="copy-of-good", current="copy-of-bad"))
        assert not is_taken_back(connection, replace(COPY, current="worse", current_etag="W"))
        assert not is_taken_back(connection, replace(COPY, key="other"))


def restore(key: str) -> RestoreObject:
    return RestoreObject(bucket="b", key=key, days=1, storage_class="ColdArchive", size=1, planned_on="")


def test_the_objects_of_a_job_that_was_taken_back_are_restored_by_nobody_alone(store: Store) -> None:
    made = CreateJob(bucket="b", keys=("k", "l"), days=1, storage_class="ColdArchive", size=2, role_arn="r", into="i",
                     prefix="", name="n", planned_on=NO_JOB)  # fmt: skip
    release = replace(UpdateJobStatus.example(), bucket="b", job_id="J", number=2)
    with store.begin() as connection:
        put(connection, made, "created J")
        take_back(connection, release, "accepted")
        assert is_taken_back(connection, restore("k"))
        assert is_taken_back(connection, restore("l"))
        assert not is_taken_back(connection, restore("m"))
        assert not is_taken_back(connection, made), "it restores nothing"
        taken_back.forget(connection, [made])
        assert is_taken_back(connection, restore("k"))
        taken_back.forget(connection, [restore("k")])
        assert not is_taken_back(connection, restore("k"))
        assert is_taken_back(connection, restore("l"))


def test_it_can_be_taken_back_twice(store: Store) -> None:
    with store.begin() as connection:
        take_back(connection, COPY, f"{COPIED_AS}one")
        take_back(connection, replace(COPY, current="again"), f"{COPIED_AS}two")
        assert is_taken_back(connection, COPY)


def test_no_approval_of_it_makes_it_one_that_was_rejected(store: Store) -> None:
    with store.begin() as connection:
        take_back(connection, COPY, f"{COPIED_AS}one")
        assert intents.words(connection, [COPY], [], NOW).granted == {}


def test_a_job_over_other_objects_is_not_held_up_by_one_that_waits_for_a_person(scene: Scene) -> None:
    """Nor is it gathered, to be released with them."""
    batch = 'restore: { days: 1, batch: { role_arn: "acs:ram::1:role/r", bucket: lists, at_least: 2, gather: 5s } }'
    scene.configure(policy=batch)
    objects = [scene.world.add_object(key, "ColdArchive") for key in ("k", "l")]
    scene.see(frozen("seed"))
    with scene.store.begin() as connection:
        taken_back.remember(connection, [f"RestoreObject {objects[0]}"], 1, "alice", scene.clock.now())
    scene.see(*(frozen(each.key) for each in objects))
    scene.turn()
    states = {row["subject"]: (row["state"], row["why"]) for row in scene.rows()}
    state, why = states["oss://b/k"]
    assert state == "held"
    assert "undone by hand" in why
    assert states["oss://b/l"][0] == "waiting"
