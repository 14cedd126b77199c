"""Between a plan and its write: the policy covers it again, low trust has its share, OSS's own log confirms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ossmend.config.load import load_text
from ossmend.daemon import approvals, queries
from ossmend.daemon.journal import cases, entries, intents
from ossmend.daemon.stages.consent import outside
from ossmend.remediators.contract.case import Event, Origin, Reading
from ossmend.remediators.contract.values import AccountRef, CorsConfiguration, CorsRule, ObjectRef
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.daemon.stages.test_work import Scene, approve_now, frozen, preflight
from tests.fakes import case_of

APP, OTHER_APP, LOGS = "app_log:/a.log", "app_log:/b.log", "access_log:logs/"
ONE_APP = "sources: [ { app_log: { path: /a.log } } ]"
TWO_APPS = "sources: [ { app_log: { path: /a.log } }, { app_log: { path: /b.log } } ]"
WITH_LOGS = "sources: [ { app_log: { path: /a.log } }, { access_log: { bucket: logs } } ]"
CONFIRMED = "sources: [ { app_log: { path: /a.log, confirm: access_log } }, { access_log: { bucket: logs } } ]"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    yield built
    assert built.dispatch is not None
    built.dispatch.close()
    with built.store.read() as connection:
        assert entries.first_broken(connection) is None
    built.store.close()


def low(key: str, client: str | None = "10.0.0.1", source: str = APP, **fields: Any) -> Event:
    return frozen(key, client=client, source=source, **fields)


def high(key: str, **fields: Any) -> Event:
    """As OSS's own log tells it."""
    return frozen(key, client="10.9.9.9", source=LOGS, trust="high", shape="access_log", **fields)


def restored(scene: Scene) -> list[str]:
    return [write.key for write in scene.world.sent if isinstance(write, RestoreObject)]


def archive(scene: Scene, *keys: str) -> None:
    for key in keys:
        scene.world.add_object(key)


def flood(scene: Scene, number: int, prefix: str = "f", **fields: Any) -> None:
    keys = [f"{prefix}{n:03d}" for n in range(number)]
    archive(scene, *keys)
    scene.see(*(low(key, **fields) for key in keys))


def why(scene: Scene, key: str) -> str:
    (row,) = [row for row in scene.rows() if row["subject"] == f"oss://b/{key}"]
    return f"{row['state']}: {row['why']}"


# --------------------------------------------------------------------------------------- the policy is asked once more


def only_2024(scene: Scene, mode: str = "enforce", pattern: str = "2024/*") -> None:
    scene.configure(mode, policy="restore: { days: 1 }")
    policies = []
    for policy in scene.config.policies:
        match = policy.match.model_copy(update={"key": pattern})
        policies.append(policy.model_copy(update={"match": match}) if policy.name == "thaw" else policy)
    scene.use(scene.config.model_copy(update={"policies": tuple(policies)}))


COPY = {
    "operation": "CopyObject",
    "fields": {"x-oss-copy-source": "/b/payroll/huge.bin"},
}
SECOND = (Reading(ObjectRef("b", "2024/gone.csv"), Origin.REQUEST), Reading(ObjectRef("b", "payroll/x"), Origin.URI))
DECODED = (
    Reading(ObjectRef("b", "2024/a%2Fb.bin"), Origin.REQUEST),
    Reading(ObjectRef("b", "2024/a/b.bin"), Origin.REQUEST),
)
BUCKETS = (Reading(ObjectRef("b", "2024/gone.csv"), Origin.REQUEST), Reading(ObjectRef("pay", "2024/x"), Origin.URI))


@pytest.mark.parametrize(
    ("event", "there", "bucket"),
    [
        (frozen("2024/copy.bin", **COPY), "payroll/huge.bin", "b"),
        (frozen("2024/gone.csv", readings=SECOND), "payroll/x", "b"),
        (frozen("2024/a%2Fb.bin", readings=DECODED), "2024/a/b.bin", "b"),
        (frozen("2024/gone.csv", readings=BUCKETS), "2024/x", "pay"),
    ],
)
@pytest.mark.parametrize("mode", ["dry-run", "approve", "enforce"])
def test_whatever_was_chosen_nothing_outside_of_the_policy_is_planned_held_or_sent(
    scene: Scene, event: Event, there: str, bucket: str, mode: str
) -> None:
    only_2024(scene, mode)
    scene.world.add_object(there, bucket=bucket)
    archive(scene, "2024/inside.csv")
    scene.see(event, frozen("2024/inside.csv"))
    scene.turn(3)
    assert restored(scene) == (["2024/inside.csv"] if mode == "enforce" else [])
    assert scene.writes(1) == []
    (row,) = [row for row in scene.rows() if row["id"] == 1]
    assert (row["state"], row["cause"]) == ("reported", "outside-policy")
    assert row["why"] == f"oss://{bucket}/{there} is outside of what policy thaw matches"


def test_the_source_of_a_copy_inside_of_the_policy_is_restored(scene: Scene) -> None:
    only_2024(scene, pattern="**")
    archive(scene, "payroll/huge.bin")
    scene.see(frozen("2024/copy.bin", **COPY))
    scene.turn()
    assert restored(scene) == ["payroll/huge.bin"]


def test_an_approval_of_what_the_changed_policy_does_not_cover_is_refused_with_the_reason(scene: Scene) -> None:
    scene.configure("approve")
    archive(scene, "k")
    scene.see(frozen())
    scene.turn()
    approve_now(scene)
    only_2024(scene, "approve")
    scene.turn()
    assert (restored(scene), scene.writes()) == ([], [])
    assert why(scene, "k") == "reported: oss://b/k is outside of what policy thaw matches"


def test_a_policy_that_is_switched_off_writes_nothing_more(scene: Scene) -> None:
    archive(scene, "k")
    scene.see(frozen())
    scene.use(scene.config.model_copy(update={"policies": (without(scene, enabled=False),)}))
    scene.turn()
    assert restored(scene) == []
    assert why(scene, "k") == "reported: policy thaw is switched off"


def without(scene: Scene, **changes: Any) -> Any:
    return scene.config.policies[0].model_copy(update=changes)


def merged(scene: Scene) -> None:
    scene.world.cors_of["b"] = CorsConfiguration((CorsRule(("https://www.example.com",), ("GET",)),))
    scene.world.buckets.add("b")
    scene.see(preflight())
    scene.turn()
    scene.pass_(seconds=2)
    scene.turn()
    assert len(scene.world.cors_of["b"].rules) == 2


@pytest.mark.parametrize("gone", [True, False])
def test_an_undo_of_what_the_changed_policy_does_not_cover_is_refused_with_the_reason(scene: Scene, gone: bool) -> None:
    merged(scene)
    cors = scene.config.policies[1]
    other = cors.model_copy(update={"match": cors.match.model_copy(update={"bucket": "other"})})
    scene.use(scene.config.model_copy(update={"policies": () if gone else (other,)}))
    approvals.undo(scene.store, 1)
    with scene.store.begin() as connection:
        cases.wake(connection, [1], scene.clock.now())
    scene.turn()
    assert len(scene.world.cors_of["b"].rules) == 2
    assert scene.writes() == [("PutBucketCors", "done"), ("PutBucketCors", "not-sent")]
    (row,) = scene.rows()
    reason = "there is no policy cors now" if gone else "oss://b is outside of what policy cors matches"
    assert (row["state"], row["why"]) == ("reported", f"the undo is refused: {reason}")


# ------------------------------------------------------------------------------------------------- shares of low trust


def test_one_source_of_low_trust_alone_may_use_the_whole_limit(scene: Scene) -> None:
    scene.configure(top=f"{ONE_APP}\nbrakes: {{ writes_per_hour: 10 }}")
    flood(scene, 12, client=None)
    scene.turn(2)
    assert len(restored(scene)) == 10


@pytest.mark.parametrize(
    ("limit", "share", "allowed"), [(10, 0.5, 5), (3, 0.5, 2), (2, 0.5, 1), (1, 0.5, 1), (10, 1, 10)]
)
def test_beside_a_source_of_high_trust_they_keep_to_their_share(
    scene: Scene, limit: int, share: float, allowed: int
) -> None:
    scene.configure(top=f"{WITH_LOGS}\nbrakes: {{ writes_per_hour: {limit}, low_trust_share: {share} }}")
    flood(scene, 12, client=None)
    scene.turn(2)
    assert len(restored(scene)) == allowed
    assert scene.states().count("held") == 12 - allowed


@pytest.mark.parametrize(
    ("top", "policy"),
    [
        ("brakes: { writes_per_hour: 10 }", ""),
        ("", "brakes: { writes_per_hour: 10 }"),
        ("brakes: { objects_per_day: 10 }", ""),
        ("brakes: { restore_gib_per_day: 10 }", ""),
        ("", "brakes: { restore_gib_per_day: 10 }"),
        ("brakes: { cost_per_day: { amount: 0.6, currency: CNY } }", ""),
    ],
)
def test_a_flood_of_low_trust_leaves_room_for_what_osss_own_log_tells(scene: Scene, top: str, policy: str) -> None:
    scene.configure(top=f"{WITH_LOGS}\n{top}", policy=policy)
    for number in range(20):
        scene.world.add_object(f"f{number}", size=1024**3)
    scene.see(*(low(f"f{number}", client=f"10.0.0.{number}") for number in range(20)))
    scene.turn(3)
    assert 1 <= len(restored(scene)) <= 5
    scene.world.add_object("genuine", size=1024**3)
    scene.see(high("genuine"))
    scene.turn()
    assert "genuine" in restored(scene)


def test_the_share_is_counted_from_the_journal_over_restarts_and_frees_with_the_hour(scene: Scene) -> None:
    top = f"{WITH_LOGS}\nbrakes: {{ writes_per_hour: 4 }}"
    scene.configure(top=top)
    flood(scene, 6, client=None)
    scene.turn()
    assert len(restored(scene)) == 2
    assert (
        "held: the share of low-trust sources is spent: writes_per_hour, 2 of 2; frees from 2026-03-01 13:00:00Z"
        in why(scene, "f005")
    )
    scene.configure(top=top)
    scene.pass_(minutes=59)
    scene.turn(2)
    assert len(restored(scene)) == 2
    scene.pass_(minutes=2)
    scene.turn(2)
    assert len(restored(scene)) == 4


def test_what_is_larger_than_the_share_waits_for_a_person(scene: Scene) -> None:
    scene.configure(top=f"{WITH_LOGS}\nbrakes: {{ restore_gib_per_day: 10 }}")
    scene.world.add_object("huge", size=8 * 1024**3)
    scene.see(low("huge"))
    scene.turn()
    assert "approve it" in why(scene, "huge")
    approve_now(scene)
    scene.turn()
    assert restored(scene) == ["huge"]


def test_an_approved_write_needs_no_share(scene: Scene) -> None:
    scene.configure(top=f"{WITH_LOGS}\nbrakes: {{ writes_per_hour: 4 }}")
    flood(scene, 6, client=None)
    scene.turn()
    (held,) = [row["id"] for row in scene.rows() if row["subject"] == "oss://b/f005"]
    with scene.store.begin() as connection:
        digests = [intent.digest for intent in intents.of_case(connection, held)]
        intents.approve(connection, digests, held, "alice", scene.clock.now(), granted=True)
        cases.wake(connection, [held], scene.clock.now())
    scene.turn()
    assert "f005" in restored(scene)


def test_a_true_refusal_does_not_lend_its_trust_to_a_forged_reading_in_its_case(scene: Scene) -> None:
    scene.configure(top=f"{WITH_LOGS}\nbrakes: {{ writes_per_hour: 2 }}")
    flood(scene, 1)
    scene.turn()
    archive(scene, "source")
    scene.world.add_object("k", "Standard")
    forged = low("k", operation="CopyObject", fields={"x-oss-copy-source": "/b/source"})
    scene.see(high("k"), forged)
    scene.turn()
    assert restored(scene) == ["f000"]
    assert "share of low-trust" in why(scene, "k")


# ------------------------------------------------------------------------------------------ fair between low-trust ones


def test_a_client_that_comes_first_leaves_room_for_a_later_one(scene: Scene) -> None:
    scene.configure(top=f"{ONE_APP}\nbrakes: {{ writes_per_hour: 10 }}")
    flood(scene, 50)
    scene.turn(2)
    assert len(restored(scene)) == 8
    assert "spent for 10.0.0.1: the rest of the hour is for others; frees from 2026-03-01 13:00:00Z" in why(
        scene, "f049"
    )
    archive(scene, "genuine")
    scene.see(low("genuine", client="10.0.0.2"))
    scene.turn()
    assert restored(scene)[-1] == "genuine"


def test_clients_that_come_together_share_out_what_there_is(scene: Scene) -> None:
    scene.configure(top=f"{ONE_APP}\nbrakes: {{ writes_per_hour: 10 }}")
    flood(scene, 50)
    flood(scene, 4, "g", client="10.0.0.2")
    flood(scene, 1, "h", client="10.0.0.3")
    scene.turn()
    keys = restored(scene)
    assert [sum(key.startswith(letter) for key in keys) for letter in "fgh"] == [4, 3, 1]


def test_a_policys_own_limit_is_shared_out_as_well(scene: Scene) -> None:
    scene.configure(top=ONE_APP, policy="brakes: { writes_per_hour: 10 }")
    flood(scene, 50)
    flood(scene, 50, "g", client="10.0.0.2")
    scene.turn()
    keys = restored(scene)
    assert [sum(key.startswith(letter) for key in keys) for letter in "fg"] == [4, 4]


@pytest.mark.parametrize("client", [None, "10.0.0.1"])
def test_a_source_that_comes_first_leaves_room_for_another_one(scene: Scene, client: str | None) -> None:
    scene.configure(top=f"{TWO_APPS}\nbrakes: {{ writes_per_hour: 10 }}")
    flood(scene, 50, client=client)
    scene.turn(2)
    assert len(restored(scene)) == 8
    archive(scene, "genuine")
    scene.see(low("genuine", client=client, source=OTHER_APP))
    scene.turn()
    assert restored(scene)[-1] == "genuine"


def test_many_clients_of_one_source_do_not_outweigh_another_source(scene: Scene) -> None:
    scene.configure(top=f"{TWO_APPS}\nbrakes: {{ writes_per_hour: 10 }}")
    for number in range(30):
        flood(scene, 1, f"f{number}-", client=f"10.1.0.{number}")
    flood(scene, 10, "g", client="10.0.0.9", source=OTHER_APP)
    scene.turn()
    keys = restored(scene)
    assert [sum(key.startswith(letter) for key in keys) for letter in "fg"] == [4, 4]


def test_those_who_were_held_are_not_overtaken_by_whoever_has_had_more(scene: Scene) -> None:
    scene.configure(top=f"{ONE_APP}\nbrakes: {{ writes_per_hour: 4 }}")
    flood(scene, 4)
    scene.turn()
    flood(scene, 3, "g", client="10.0.0.2")
    scene.turn()
    assert len(restored(scene)) == 4
    scene.pass_(minutes=59)
    flood(scene, 10, "h")
    scene.turn()
    scene.pass_(minutes=2)
    scene.turn(2)
    keys = restored(scene)[4:]
    assert [sum(key.startswith(letter) for key in keys) for letter in "gh"] == [2, 2]


def test_a_flood_that_names_somebody_elses_object_does_not_hold_it(scene: Scene) -> None:
    scene.configure(top=f"{ONE_APP}\nbrakes: {{ writes_per_hour: 10 }}")
    flood(scene, 50)
    scene.turn()
    archive(scene, "genuine")
    scene.see(low("genuine", client="10.0.0.2"), low("genuine"))
    scene.turn()
    assert restored(scene)[-1] == "genuine"


# ------------------------------------------------------------------------------------------------------ OSS's own word


def test_a_refusal_of_low_trust_waits_for_osss_own_log_and_goes_when_that_tells_it(scene: Scene) -> None:
    scene.configure(top=CONFIRMED)
    archive(scene, "k")
    scene.see(low("k", request_id="A1"))
    scene.turn()
    assert restored(scene) == []
    assert why(scene, "k").startswith("waiting: ")
    assert "waits for OSS's own log to confirm request id A1" in why(scene, "k")
    scene.pass_(hours=1)
    scene.see(high("k", request_id="A1"))
    scene.turn()
    assert restored(scene) == ["k"]
    assert scene.rows()[0]["events"] == 1, "it is the same refusal, told twice"


@pytest.mark.parametrize(
    "other",
    [
        high("other", request_id="A1"),
        high("k", request_id="A1", code="AccessDenied"),
        high("k", request_id="A1", bucket="b2"),
        replace(high("k", request_id="A1"), trust="low"),
        replace(high("k", request_id="A1"), source="app_log:/b.log"),
    ],
)
def test_another_entry_confirms_nothing_although_the_request_id_is_the_same(scene: Scene, other: Event) -> None:
    scene.configure(top=CONFIRMED.replace("{ app_log", "{ app_log: { path: /b.log, trust: high } }, { app_log", 1))
    archive(scene, "k")
    scene.see(low("k", request_id="A1"))
    scene.see(other)
    scene.pass_(minutes=1)
    scene.turn(2)
    assert "k" not in restored(scene) or other.source == "app_log:/b.log"


@pytest.mark.parametrize("source", [LOGS, "sls:mine/access"])
def test_a_log_into_which_others_may_write_confirms_nothing(scene: Scene, source: str) -> None:
    shared = "{ sls: { project: mine, logstore: access, trust: low } }"
    scene.configure(
        top=WITH_LOGS.replace("{ access_log:", f"{shared}, {{ access_log:", 1), policy="confirm: access_log"
    )
    archive(scene, "k")
    scene.see(replace(high("k", request_id="A2"), source=source, trust="low"))
    scene.turn(2)
    assert restored(scene) == []


def test_what_is_never_confirmed_is_told_after_a_day_and_is_not_written(scene: Scene) -> None:
    scene.configure(top=CONFIRMED)
    archive(scene, "k")
    scene.see(low("k", request_id="A1"))
    for _ in range(5):
        scene.turn()
        scene.pass_(hours=5)
        scene.see(low("k"))
    scene.turn()
    assert why(scene, "k").startswith("reported: ")
    assert "OSS's own log has not confirmed" in why(scene, "k")
    scene.see(high("k", request_id="A1"))
    scene.pass_(minutes=1)
    scene.turn()
    assert restored(scene) == ["k"], "it was late, and true"


def test_what_is_told_and_stays_quiet_is_closed(scene: Scene) -> None:
    scene.configure(top=CONFIRMED)
    archive(scene, "k")
    scene.see(low("k"))
    for _ in range(12):
        scene.turn()
        scene.pass_(hours=8)
    assert (scene.states(), restored(scene)) == (["closed"], [])


def test_a_person_may_confirm_instead(scene: Scene) -> None:
    scene.configure(top=CONFIRMED)
    archive(scene, "k")
    scene.see(low("k"))
    scene.turn()
    approve_now(scene)
    scene.turn()
    assert restored(scene) == ["k"]


def test_a_policy_may_ask_for_confirmation_of_every_source(scene: Scene) -> None:
    scene.configure(top=WITH_LOGS, policy="confirm: access_log")
    archive(scene, "k", "l")
    scene.see(low("k"), high("l"))
    scene.turn()
    assert restored(scene) == ["l"]


def test_without_the_setting_nothing_waits_for_osss_log(scene: Scene) -> None:
    scene.configure(top=WITH_LOGS)
    archive(scene, "k")
    scene.see(low("k"))
    scene.turn()
    assert restored(scene) == ["k"]


def test_an_entry_from_before_the_last_verified_read_confirms_nothing_new(scene: Scene) -> None:
    scene.configure(top=CONFIRMED, policy="restore: { on_refreeze: extend }")
    archive(scene, "k")
    scene.see(high("k", time=scene.clock.now()))
    scene.turn()
    scene.world.finish_restores()
    scene.pass_(seconds=3)
    scene.turn()
    scene.world.freeze()
    scene.pass_(hours=30)
    scene.see(low("k", time=scene.clock.now()))
    scene.turn()
    assert restored(scene) == ["k"]
    assert "waits for OSS's own log" in why(scene, "k")


def test_no_flood_pushes_the_better_witness_out_of_its_case(scene: Scene) -> None:
    scene.configure(top=CONFIRMED)
    scene.see(*(low("k", request_id=f"A{n}") for n in range(4)), high("k", request_id="Z"))
    for batch in range(4):
        scene.see(*(low("k", request_id=f"B{batch}-{n}") for n in range(20)))
    archive(scene, "k")
    scene.turn()
    assert restored(scene) == ["k"]
    with scene.store.read() as connection:
        case = cases.get(connection, 1)
    assert case is not None
    assert (len(case.samples), case.event.trust) == (8, "low")


def test_a_better_witness_reopens_nothing(scene: Scene) -> None:
    scene.configure(top=WITH_LOGS)
    archive(scene, "k")
    scene.see(low("k", request_id="A", time=scene.clock.now()))
    scene.turn()
    scene.world.finish_restores()
    scene.pass_(seconds=3)
    scene.turn()
    scene.see(high("k", request_id="A", time=scene.clock.now() + timedelta(seconds=1)))
    scene.turn()
    assert (scene.states(), scene.rows()[0]["recurrences"]) == (["watching"], 0)
    assert scene.kinds().count("case.vouched") == 1


def test_two_refusals_with_one_request_id_and_two_places_are_two(scene: Scene) -> None:
    archive(scene, "k", "l")
    scene.see(frozen("k", request_id="A"), frozen("l", request_id="A"), frozen("l", request_id="A"))
    scene.turn()
    assert restored(scene) == ["k", "l"]
    with scene.store.read() as connection:
        assert [row["events"] for row in queries.all_cases(connection)] == [1, 1]


def test_a_policy_that_has_another_account_by_now_writes_nothing_for_the_cases_of_the_old_one() -> None:
    config = load_text(
        "version: 1\ncloud: { region: cn-hangzhou }\naccounts: [ { name: prod } ]\npolicies:\n"
        "  - { name: p, account: prod, on: InvalidObjectState, match: { bucket: b } }\n"
    )
    write = RestoreObject(bucket="b", key="k", days=1, storage_class="Archive", size=1, planned_on="x")
    event = Event(source="t", code="InvalidObjectState", bucket="b", key="k")
    policy = config.policies[0]
    assert outside(policy, case_of(event, account=AccountRef("prod")), write) is None
    assert "policy p writes in prod" in (outside(policy, case_of(event, account=AccountRef("data")), write) or "")
