"""Triage, dispatch and brakes on a fake cloud: what is planned, held, sent, settled, told; and what is left alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from ossmend.config.load import load_text
from ossmend.config.model import Config
from ossmend.daemon import approvals, queries
from ossmend.daemon.commands import case_page
from ossmend.daemon.host import log
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.journal import cases, entries, intents
from ossmend.daemon.journal.schema import notices
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages.clock_steps import ClockSteps
from ossmend.daemon.stages.decide import together
from ossmend.daemon.stages.triage import Triage
from ossmend.daemon.stages.work import Work
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.registry import CLAIMED, Remediator
from ossmend.remediators.contract.values import AccountRef, CorsConfiguration, CorsRule
from ossmend.remediators.contract.verdict import Verdict
from tests.fakes import ASKED, NOW, FakeAccounts, FakeWorld

CONFIG = """
version: 1
cloud: { region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9", concurrency: 4 }
cors_rules:
  web: { allowed_origins: ["https://app.example.com"], allowed_methods: [PUT] }
%s
policies:
  - name: thaw
    on: InvalidObjectState
    mode: %s
    match: { bucket: "b" }
    %s
  - { name: cors, on: AccessForbidden, mode: %s, match: { bucket: "b" }, cors: { rule: web } }
  - { name: keys, on: InvalidAccessKeyId, mode: enforce }
"""


class Scene:
    """One store, one fake world, one configuration."""

    def __init__(self, directory: Path) -> None:
        self.world = FakeWorld()
        self.clock = self.world.clock
        self.store: Store = open_store(directory, exclusive=True)
        self.steps = ClockSteps(self.store, self.clock)
        self.config: Config
        self.others: dict[str, FakeWorld] = {}
        self.dispatch: Work | None = None
        self.configure()

    def configure(self, mode: str = "enforce", top: str = "", policy: str = "", *, dry_run: bool = False) -> None:
        self.use(load_text(CONFIG % (top, mode, policy, mode)), dry_run=dry_run)

    def use(self, config: Config, *, dry_run: bool = False) -> None:
        if self.dispatch is not None:
            self.dispatch.close()
        self.config = config
        clock: Clock = self.clock
        accounts: Any = FakeAccounts(self.world, may_write=not dry_run, others=self.others)
        self.triage = Triage(self.config, self.store, clock)
        self.dispatch = Work(self.config, self.store, accounts, clock, dry_run=dry_run)

    def see(self, *events: Event) -> None:
        self.triage.take("t", Batch(events, {"at": 1}))

    def turn(self, times: int = 1) -> None:
        assert self.dispatch is not None
        for _ in range(times):
            self.dispatch.turn()

    def settle(self) -> int:
        assert self.dispatch is not None
        return self.dispatch.settling.turn()

    def pass_(self, **time: float) -> None:
        self.clock.pass_(timedelta(**time))

    def rows(self) -> list[dict[str, Any]]:
        with self.store.read() as connection:
            return queries.all_cases(connection)

    def states(self) -> list[str]:
        return [row["state"] for row in sorted(self.rows(), key=lambda row: int(row["id"]))]

    def writes(self, case_id: int = 1) -> list[tuple[str, str]]:
        with self.store.read() as connection:
            return [(intent.write.operation, intent.state) for intent in intents.of_case(connection, case_id)]

    def kinds(self) -> list[str]:
        with self.store.read() as connection:
            return [entry.kind for entry in entries.newest(connection, 1000)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    yield built
    assert built.dispatch is not None
    built.dispatch.close()
    with built.store.read() as connection:
        assert entries.first_broken(connection) is None
    built.store.close()


def frozen(key: str = "k", **fields: Any) -> Event:
    given = Event(
        source="t", code="InvalidObjectState", status=403, bucket="b", key=key, client="10.0.0.1", origins=ASKED
    )
    return replace(given, **fields)


def preflight(origin: str = "https://app.example.com") -> Event:
    return Event(
        source="t", code="AccessForbidden", status=403, bucket="b", origin=origin, cors_method="PUT", origins=ASKED,
        message="CORSResponse: This CORS request is not allowed.",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------ from end to end


def test_an_event_becomes_a_restore_a_wait_a_verified_read_and_a_watch(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    assert (scene.states(), scene.writes()) == (["waiting"], [("RestoreObject", "done")])
    scene.pass_(seconds=3)
    scene.turn()
    assert scene.states() == ["waiting"]
    scene.world.finish_restores()
    scene.pass_(seconds=30)
    scene.turn()
    assert scene.states() == ["watching"]
    scene.world.freeze()
    scene.pass_(days=2)
    scene.turn()
    assert scene.states() == ["closed"]
    assert len(scene.world.sent) == 1
    assert scene.kinds()[:4] == ["case.opened", "write.intended", "case.verdict", "write.done"]


def test_a_thousand_events_of_one_object_are_one_write(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(*(frozen() for _ in range(1000)))
    scene.turn(3)
    scene.see(*(frozen() for _ in range(1000)))
    scene.turn(3)
    assert (len(scene.world.sent), scene.rows()[0]["events"]) == (1, 2000)


def test_the_same_request_id_from_two_sources_counts_once(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen(request_id="A"), frozen(request_id="A", source="other"))
    scene.see(frozen(request_id="A", source="third"))
    assert scene.rows()[0]["events"] == 1


def test_after_a_refreeze_a_new_event_is_a_recurrence_and_is_told(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    scene.world.finish_restores()
    scene.pass_(seconds=3)
    scene.turn()
    scene.world.freeze()
    scene.pass_(hours=30)
    scene.see(frozen(time=scene.clock.now()))
    scene.turn()
    (row,) = scene.rows()
    assert (row["state"], row["recurrences"], row["cause"]) == ("reported", 1, "restored-copy-expired")
    assert len(scene.world.sent) == 1


def read_and_expired(scene: Scene) -> datetime:
    """Restored, read well, frozen again, and looked at when that was over; the moment of the read."""
    scene.world.add_object("k")
    scene.see(frozen(time=scene.clock.now()))
    scene.turn()
    scene.world.finish_restores()
    scene.pass_(minutes=3)
    scene.turn()
    read_at = scene.clock.now()
    assert scene.states() == ["watching"]
    scene.world.freeze()
    scene.pass_(hours=30)
    scene.turn()
    assert scene.states() == ["closed"]
    return read_at


def test_a_look_that_found_the_copy_expired_is_no_verified_read(scene: Scene) -> None:
    read_at = read_and_expired(scene)
    scene.pass_(hours=1)
    scene.see(frozen(time=scene.clock.now()))
    scene.turn()
    with scene.store.read() as connection:
        found = queries.one_case(connection, 1)
    assert found is not None
    assert found["verified_at"] == read_at.isoformat()
    assert found["diagnosis"]["evidence"][0].startswith(f"last verified read {read_at:%Y-%m-%d %H:%M}Z, asked for")


def test_a_refusal_of_the_expired_copy_that_is_told_after_the_look_is_no_old_news(scene: Scene) -> None:
    read_and_expired(scene)
    scene.see(frozen(time=scene.clock.now() - timedelta(minutes=5)))
    scene.turn()
    (row,) = scene.rows()
    assert (row["state"], row["cause"]) == ("reported", "restored-copy-expired")


def test_a_refusal_from_before_the_last_good_read_stays_old_news_after_the_expiry(scene: Scene) -> None:
    read_at = read_and_expired(scene)
    scene.see(frozen(time=read_at - timedelta(minutes=1)))
    scene.turn()
    (row,) = scene.rows()
    assert (row["state"], row["recurrences"], len(scene.world.sent)) == ("closed", 0, 1)


# --------------------------------------------------------------------------------------------------------------- modes


def test_a_dry_run_plans_and_sends_nothing(scene: Scene) -> None:
    scene.configure(dry_run=True)
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn(3)
    assert (scene.states(), scene.writes(), scene.world.sent) == (["planned"], [("RestoreObject", "planned")], [])


def test_a_dry_run_policy_plans_and_sends_nothing_although_others_may(scene: Scene) -> None:
    scene.configure("dry-run")
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn(3)
    assert (scene.states(), scene.world.sent) == (["planned"], [])


def test_a_plan_rests_for_a_day_and_is_then_made_anew(scene: Scene) -> None:
    scene.configure("dry-run")
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    scene.world.finish_restores()
    scene.world.add_object("k", restore="restored")
    scene.pass_(hours=23)
    scene.turn()
    assert scene.states() == ["planned"]
    scene.world.add_object("k", restore="restored")
    scene.pass_(hours=2)
    scene.turn()
    assert (scene.states(), scene.writes()) == (["watching"], [])


def test_a_policy_that_turns_to_enforce_plans_its_open_cases_again(scene: Scene) -> None:
    scene.configure("dry-run")
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    scene.configure("enforce")
    with scene.store.begin() as connection:
        cases.wake_all(connection, scene.clock.now())
    scene.turn()
    assert scene.writes() == [("RestoreObject", "done")]


def approve_now(scene: Scene, *, granted: bool = True) -> None:
    """As `cases approve` does, by the fake clock."""
    now = scene.clock.now()
    with scene.store.begin() as connection:
        digests = [intent.digest for intent in intents.of_case(connection, 1) if intent.state == "held"]
        intents.approve(connection, digests, 1, "alice", now, granted=granted)
        cases.wake(connection, [1], now)


def test_an_approved_write_goes(scene: Scene) -> None:
    scene.configure("approve")
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    approve_now(scene)
    scene.turn()
    assert scene.writes() == [("RestoreObject", "done")]


def test_an_approval_does_not_cover_what_has_changed_since(scene: Scene) -> None:
    scene.configure("approve")
    ref = scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    scene.world.objects[ref] = replace(scene.world.objects[ref], etag="another")
    approve_now(scene)
    scene.turn()
    assert (scene.states(), scene.world.sent) == (["held"], [])


def test_a_rejected_write_does_not_go(scene: Scene) -> None:
    scene.configure("approve")
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    approve_now(scene, granted=False)
    scene.turn()
    assert (scene.states(), scene.world.sent) == (["held"], [])


# -------------------------------------------------------------------------------------------------------------- brakes


@pytest.mark.parametrize(
    ("top", "policy", "allowed"),
    [
        ("brakes: { writes_per_hour: 3 }", "", 3),
        ("", "brakes: { writes_per_hour: 2 }", 2),
        ("brakes: { objects_per_day: 4 }", "", 4),
        ("brakes: { calls_per_minute: 1 }", "", 1),
        ("brakes: { writes_per_hour: 0 }", "", 0),
        ("brakes: { restore_gib_per_day: 5 }", "", 5),
    ],
)
def test_a_brake_lets_so_many_go_and_holds_the_rest(scene: Scene, top: str, policy: str, allowed: int) -> None:
    scene.configure(top=top, policy=policy)
    for number in range(6):
        scene.world.add_object(f"k{number}", size=1024**3)
    scene.see(*(frozen(f"k{number}") for number in range(6)))
    scene.turn(4)
    assert len(scene.world.sent) == allowed
    assert scene.states().count("held") == 6 - allowed


def test_a_brake_frees_with_its_window_and_survives_a_restart(scene: Scene) -> None:
    scene.configure(top="brakes: { writes_per_hour: 1 }")
    for number in range(2):
        scene.world.add_object(f"k{number}")
    scene.see(frozen("k0"), frozen("k1"))
    scene.turn()
    scene.configure(top="brakes: { writes_per_hour: 1 }")
    scene.pass_(minutes=50)
    scene.turn()
    assert len(scene.world.sent) == 1
    scene.pass_(minutes=11)
    scene.turn()
    assert len(scene.world.sent) == 2


def test_money_is_a_brake_too(scene: Scene) -> None:
    scene.configure(top="brakes: { cost_per_day: { amount: 0.9, currency: CNY } }")
    for number in range(3):
        scene.world.add_object(f"k{number}", "ColdArchive", size=8 * 10**9)
    scene.see(*(frozen(f"k{number}") for number in range(3)))
    scene.turn()
    assert len(scene.world.sent) == 1, "8 GB of ColdArchive, Standard, cost about half a yuan"


def test_a_price_that_is_unknown_holds_the_write_until_a_person_approves(scene: Scene) -> None:
    scene.world.add_object("k", "DeepColdArchive")
    scene.see(frozen())
    scene.turn()
    assert (scene.states(), scene.world.sent) == (["held"], [])
    approve_now(scene)
    scene.turn()
    assert len(scene.world.sent) == 1


def broken_plan(*_: Any) -> Verdict:
    raise ZeroDivisionError


# ------------------------------------------------------------------------------------------------- when things go wrong


def test_a_world_that_changed_since_the_plan_is_planned_again_and_not_written(scene: Scene) -> None:
    scene.world.cors_of["b"] = CorsConfiguration((CorsRule(("https://x",), ("GET",)),))
    scene.world.buckets.add("b")
    looked = scene.world.look

    def somebody_is_faster(write: Any) -> str:
        scene.world.cors_of["b"] = CorsConfiguration((CorsRule(("https://y",), ("GET",)),))
        scene.world.look = looked  # type: ignore[method-assign]  # once only
        return looked(write)

    scene.world.look = somebody_is_faster  # type: ignore[method-assign]  # the other writer
    scene.see(preflight())
    scene.turn()
    assert (scene.writes(), scene.world.sent) == ([("PutBucketCors", "stale")], [])
    scene.turn()
    rules = scene.world.cors_of["b"].rules
    assert [rule.allowed_origins[0] for rule in rules] == ["https://y", "https://app.example.com"]


def test_a_lost_answer_is_settled_by_reading_and_never_resent(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.world.loses_answers = True
    scene.see(frozen())
    scene.turn(3)
    assert (scene.states(), scene.writes()) == (["sending"], [("RestoreObject", "intended")])
    assert scene.settle() == 0
    assert (scene.states(), scene.writes()) == (["waiting"], [("RestoreObject", "done")])
    scene.turn(3)
    assert len(scene.world.sent) == 1


def test_an_intent_without_effect_is_closed_after_a_grace_and_planned_anew(scene: Scene) -> None:
    ref = scene.world.add_object("k")
    scene.world.loses_answers = True
    scene.see(frozen())
    scene.turn()
    scene.world.objects[ref] = replace(scene.world.objects[ref], restore="none")  # it never arrived
    assert scene.settle() == 1
    scene.turn()
    assert len(scene.world.sent) == 1, "nothing is resent unread"
    scene.pass_(seconds=30)
    assert scene.settle() == 1, "who waited twenty seconds for the answer cannot know yet"
    scene.pass_(seconds=31)
    scene.world.loses_answers = False
    assert scene.settle() == 0
    scene.turn()
    assert scene.writes() == [("RestoreObject", "not-sent"), ("RestoreObject", "done")]


def test_while_the_endpoint_is_down_cases_wait_and_nothing_is_lost(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.world.down = True
    scene.see(frozen())
    for _ in range(5):
        scene.turn()
        scene.pass_(minutes=20)
    assert scene.states() == ["waiting"]
    scene.world.down = False
    scene.turn()
    assert len(scene.world.sent) == 1


def test_our_own_missing_permission_to_read_is_could_not_check(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.world.refuses.add("HeadObject")
    scene.see(frozen())
    scene.turn()
    (row,) = scene.rows()
    assert (row["state"], row["cause"]) == ("reported", "could-not-check")


def test_our_own_missing_permission_to_write_is_told_and_not_hammered(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.world.refuses.add("RestoreObject")
    scene.see(frozen())
    for _ in range(10):
        scene.turn()
        scene.pass_(minutes=5)
    assert scene.states() == ["reported"]
    assert scene.writes() == [("RestoreObject", "failed")]


def test_a_bug_in_a_remediator_parks_its_case_and_the_others_go_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(Remediator.registry["InvalidAccessKeyId"], plan=broken_plan)
    monkeypatch.setitem(CLAIMED, "InvalidAccessKeyId", broken)
    scene.world.add_object("k")
    scene.see(Event(source="t", code="InvalidAccessKeyId", access_key_id="LTAIx"), frozen())
    scene.turn()
    assert scene.states() == ["parked", "waiting"]
    monkeypatch.undo()
    approvals.retry(scene.store, 1)
    with scene.store.begin() as connection:
        cases.wake(connection, [1], scene.clock.now())
    scene.turn()
    assert scene.states()[0] == "reported"


def test_after_a_stop_nothing_is_begun(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    assert scene.dispatch is not None
    scene.dispatch.stop()
    scene.turn()
    assert (scene.world.sent, scene.states(), scene.writes()) == ([], ["open"], [])


def test_a_stop_between_the_look_and_the_call_puts_the_write_back(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    assert scene.dispatch is not None
    looked, stop = scene.world.look, scene.dispatch.stop

    def stopped_while_looking(write: Any) -> str:
        stop()
        return looked(write)

    scene.world.look = stopped_while_looking  # type: ignore[method-assign]  # the moment of the stop
    scene.turn()
    assert (scene.world.sent, scene.states()) == ([], ["waiting"])
    assert scene.writes() == [("RestoreObject", "not-sent")]


# -------------------------------------------------------------------------------------------------- the account itself


def unpaid() -> Event:
    return Event(source="t", code="UserDisable", status=403, bucket="elsewhere")


def test_no_policy_writes_while_a_case_about_the_account_is_open(scene: Scene) -> None:
    scene.world.account_code = "UserDisable"
    scene.world.add_object("k")
    scene.see(unpaid(), frozen())
    scene.turn()
    assert scene.world.sent == []
    row = next(row for row in scene.rows() if row["code"] == "InvalidObjectState")
    assert row["state"] == "held"
    assert "the account is refused (UserDisable)" in row["why"]


def test_an_approval_does_not_get_past_a_refused_account(scene: Scene) -> None:
    scene.world.account_code = "UserDisable"
    scene.world.add_object("k")
    scene.configure("approve")
    scene.see(frozen())
    scene.turn()
    scene.see(unpaid())
    scene.turn()
    approvals.approve(scene.store, 1)
    scene.clock.pass_(datetime.now(UTC) - NOW + timedelta(minutes=1))  # approvals have the machine's time
    scene.turn()
    held = next(row for row in scene.rows() if row["code"] == "InvalidObjectState")
    assert "the account is refused" in held["why"]
    assert scene.world.sent == []


def test_a_text_about_somebody_elses_account_holds_nothing_for_long(scene: Scene) -> None:
    scene.see(unpaid())
    scene.turn()
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    assert [write.operation for write in scene.world.sent] == ["RestoreObject"]


def test_silence_does_not_end_what_the_cloud_still_says(scene: Scene) -> None:
    scene.world.account_code = "UserDisable"
    scene.see(unpaid())
    scene.turn()
    scene.pass_(days=3)
    scene.turn()
    assert scene.states() == ["reported"]


def test_writes_go_on_once_the_account_answers_again(scene: Scene) -> None:
    scene.world.account_code = "UserDisable"
    scene.world.add_object("k")
    scene.see(unpaid(), frozen())
    scene.turn()
    scene.world.account_code = None
    for _ in range(4):
        scene.pass_(minutes=6)
        scene.turn()
    assert [write.operation for write in scene.world.sent] == ["RestoreObject"]
    assert "closed" in scene.states()


# --------------------------------------------------------------------------------------------------- cases side by side


def test_a_case_shows_the_narrowest_grant_to_people(scene: Scene) -> None:
    detail = {"AccessDeniedDetail.NoPermissionType": "ImplicitDeny", "AccessDeniedDetail.AuthAction": "oss:GetObject",
              "AccessDeniedDetail.PolicyType": "AccountLevelIdentityBasedPolicy"}  # fmt: skip
    scene.see(Event(source="t", code="AccessDenied", status=403, bucket="b", key="k", fields=detail))
    scene.turn()
    with scene.store.read() as connection:
        found = queries.one_case(connection, 1)
    assert found is not None
    console = Console(file=io.StringIO(), width=200)
    case_page.page(found, console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from above
    assert '"Action": ["oss:GetObject"], "Resource": ["acs:oss:*:*:b/k"]' in shown


def test_a_case_that_nobody_has_looked_at_yet_says_that(scene: Scene) -> None:
    scene.see(Event(source="t", code="AccessDenied", status=403, bucket="b", key="k"))
    (row,) = scene.rows()
    assert (row["state"], row["why"]) == ("open", "just seen: it is looked at next")


def expired(**told: Any) -> Event:
    given = Event(source="t", code="AccessDenied", status=403, bucket="b", message="Request has expired.")
    return replace(given, **told)


def skewed(client: str) -> Event:
    return Event(
        source="t", code="RequestTimeTooSkewed", status=403, bucket="b", client=client,
        request_time=NOW - timedelta(minutes=40), server_time=NOW,
    )  # fmt: skip


def cause_of(scene: Scene, code: str) -> str:
    return next(str(row["cause"]) for row in scene.rows() if row["code"] == code)


@pytest.mark.parametrize(("client", "cause"), [("10.0.0.8", "url-expired-slow-clock"), ("10.9.9.9", "url-expired")])
def test_a_slow_clock_is_behind_the_expired_urls_of_its_own_client_only(scene: Scene, client: str, cause: str) -> None:
    scene.see(expired(client="10.0.0.8"), skewed(client))
    scene.turn()
    assert cause_of(scene, "AccessDenied") == cause


def test_a_clock_that_shows_later_changes_what_was_told(scene: Scene) -> None:
    scene.see(expired(client="10.0.0.8"))
    scene.turn()
    assert cause_of(scene, "AccessDenied") == "url-expired"
    scene.see(skewed("10.0.0.8"))
    scene.pass_(minutes=6)
    scene.turn()
    assert cause_of(scene, "AccessDenied") == "url-expired-slow-clock"


def signed_wrongly(client: str, agent: str = "app/2.0") -> Event:
    return Event(
        source="t", code="SignatureDoesNotMatch", status=403, bucket="b", client=client, user_agent=agent,
        access_key_id="LTAI5tFleet",
    )  # fmt: skip


def views(scene: Scene) -> set[str | None]:
    return {row["facts"].get("view") for row in scene.rows()}


def test_a_fleet_with_one_agent_at_one_time_is_a_release(scene: Scene) -> None:
    scene.see(*(signed_wrongly(f"10.0.0.{n}") for n in range(6)))
    scene.turn()
    assert (len(scene.rows()), views(scene)) == (6, {"release"})


def test_a_fleet_with_many_agents_is_no_release(scene: Scene) -> None:
    scene.see(*(signed_wrongly(f"10.0.0.{n}", f"app/{n}") for n in range(6)))
    scene.turn()
    assert views(scene) == {"fleet"}


def test_clients_of_different_keys_and_buckets_are_no_fleet(scene: Scene) -> None:
    scene.see(*(replace(signed_wrongly(f"10.0.0.{n}"), access_key_id=f"K{n}", bucket=f"b{n}") for n in range(6)))
    scene.turn()
    assert views(scene) == {None}


# --------------------------------------------------------------------------------------------------------- leaves alone


@pytest.mark.parametrize("code", ["AccessDenied", "SignatureDoesNotMatch", "KmsInDebt", "NoSuchThingEver", None])
def test_a_code_that_nothing_cures_is_told_and_nothing_is_written(scene: Scene, code: str | None) -> None:
    scene.see(Event(source="t", code=code, status=403, bucket="b"))
    scene.turn()
    assert (scene.states(), scene.writes()) == (["reported"], [])


def test_an_event_that_no_policy_matches_is_told_and_nothing_is_written(scene: Scene) -> None:
    scene.world.add_object("k", bucket="elsewhere")
    scene.see(frozen(bucket="elsewhere"))
    scene.turn()
    assert (scene.states(), scene.world.sent) == (["reported"], [])


@pytest.mark.parametrize("event", [frozen(fields={"foreign_service": "S3"}), frozen(status=404), frozen(status=500)])
def test_strangers_and_other_statuses_make_no_case(scene: Scene, event: Event) -> None:
    scene.see(event)
    assert scene.rows() == []


def test_an_origin_that_is_not_covered_is_a_case_of_its_own_and_not_merged(scene: Scene) -> None:
    scene.world.buckets.add("b")
    scene.see(preflight(), preflight("https://evil.example.net"))
    scene.turn()
    assert [row["subject"] for row in scene.rows()] == [
        "CORS of bucket b for https://evil.example.net",
        "CORS of bucket b by rule web",
    ]
    assert len(scene.world.sent) == 1


def test_a_told_case_is_said_once_and_closes_when_it_is_quiet(scene: Scene) -> None:
    scene.configure(top='notify: [ { webhook: { url: "http://127.0.0.1:1/" } } ]\nmode: enforce\nquiet: 24h')
    scene.see(Event(source="t", code="AccessDenied", status=403, bucket="b"))
    for _ in range(6):
        scene.turn()
        scene.pass_(hours=1)
    with scene.store.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(notices)) == 1
    assert scene.kinds().count("notice.said") == 1
    scene.pass_(hours=24)
    scene.turn()
    assert scene.states() == ["closed"]


def test_a_dry_run_does_not_call_webhooks(scene: Scene) -> None:
    scene.configure(top='notify: [ { webhook: { url: "http://127.0.0.1:1/" } } ]', dry_run=True)
    scene.see(Event(source="t", code="AccessDenied", status=403, bucket="b"))
    scene.turn()
    with scene.store.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(notices)) == 0


def test_nobody_reads_a_whole_key_id_in_log_journal_or_notice(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    key_id = "LTAI5tNobodyKnowsThisKey"
    log.configure("json")
    scene.configure(top='notify: [ { webhook: { url: "http://127.0.0.1:1/" } } ]')
    scene.see(Event(source="t", code="InvalidAccessKeyId", access_key_id=key_id, message=f"{key_id} is disabled"))
    scene.turn()
    with scene.store.read() as connection:
        told = [str(entry.data) for entry in entries.newest(connection, 100)]
        told += [str(row.body) for row in connection.execute(sa.select(notices))]
    told += [str(scene.rows()), capsys.readouterr().err]
    assert all(told)
    assert [text for text in told if key_id in text] == []


# ----------------------------------------------------------------------------------------------------------------- undo


def test_a_merge_can_be_undone_by_hand_while_nothing_has_changed(scene: Scene) -> None:
    old = CorsRule(("https://www.example.com",), ("GET",))
    scene.world.cors_of["b"] = CorsConfiguration((old,))
    scene.world.buckets.add("b")
    scene.see(preflight())
    scene.turn()
    scene.pass_(seconds=2)
    scene.turn()
    assert (scene.states(), len(scene.world.cors_of["b"].rules)) == (["closed"], 2)
    approvals.undo(scene.store, 1)
    with scene.store.begin() as connection:
        cases.wake(connection, [1], scene.clock.now())
    scene.turn()
    assert (scene.states(), scene.world.cors_of["b"].rules) == (["closed"], (old,))


def test_an_undo_waits_while_nothing_may_be_written(scene: Scene) -> None:
    scene.world.cors_of["b"] = CorsConfiguration((CorsRule(("https://www.example.com",), ("GET",)),))
    scene.world.buckets.add("b")
    scene.see(preflight())
    scene.turn()
    approvals.undo(scene.store, 1)
    scene.configure(dry_run=True)
    with scene.store.begin() as connection:
        cases.wake(connection, [1], scene.clock.now())
    scene.turn()
    assert ("PutBucketCors", "asked") in scene.writes()


def test_a_restore_cannot_be_undone(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    scene.turn()
    with pytest.raises(approvals.Impossible, match="expires by itself"):
        approvals.undo(scene.store, 1)


def test_cases_of_about_the_same_time_get_the_same_due_time() -> None:
    near = {together(NOW, NOW + timedelta(seconds=2, milliseconds=number)) for number in range(1, 900, 50)}
    assert len(near) == 1
    assert all(due >= NOW + timedelta(seconds=2) for due in near)
    soon = NOW + timedelta(milliseconds=300)
    assert together(NOW, soon) == soon


# --------------------------------------------------------------------------------------------- what is at work just now


def test_nobody_looks_for_the_effect_of_a_write_whose_answer_is_still_awaited(scene: Scene) -> None:
    """The loop goes on between the stored intent and its answer, and must not take the write for a lost one."""
    scene.world.add_object("k")
    scene.see(frozen())
    looked, asked = scene.world.look, []

    def look(write: Any) -> str:
        assert scene.dispatch is not None
        asked.append(scene.dispatch.settling.start())
        return looked(write)

    scene.world.look = look  # type: ignore[method-assign]  # the moment between
    scene.turn()
    assert (asked, scene.writes()) == ([0], [("RestoreObject", "done")])


def test_a_lane_that_cannot_write_its_outcome_down_rests_before_it_plans_again(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())
    with scene.store.begin() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON writes BEGIN SELECT RAISE(FAIL, 'full'); END")
    # a trigger's refusal is an IntegrityError, as a bug of ours would be
    scene.turn(5)
    assert scene.world.asked["HeadObject"] == 1
    with scene.store.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    scene.pass_(seconds=6)
    scene.turn()
    assert scene.writes() == [("RestoreObject", "done")]


# ------------------------------------------------------------------------------------------------------------ accounts


def test_a_case_is_asked_about_and_repaired_by_the_port_of_its_own_account(scene: Scene) -> None:
    other = scene.others["data"] = FakeWorld()
    for world in (scene.world, other):
        world.add_object("k")
    scene.see(frozen(account=AccountRef("data")))
    scene.turn()
    assert scene.writes() == [("RestoreObject", "done")]
    assert (len(scene.world.sent), len(other.sent)) == (0, 1)
    assert not scene.world.asked


def test_a_case_of_an_account_that_is_not_configured_any_more_could_not_be_checked(scene: Scene) -> None:
    scene.see(frozen(account=AccountRef("gone")))
    scene.turn()
    assert "no account 'gone'" in scene.rows()[0]["why"]
    assert not scene.world.asked


def test_the_effect_of_a_write_is_looked_for_by_the_port_of_its_own_account(scene: Scene) -> None:
    other = scene.others["data"] = FakeWorld()
    other.add_object("k")
    other.loses_answers = True
    scene.see(frozen(account=AccountRef("data")))
    scene.turn()
    assert scene.writes() == [("RestoreObject", "intended")]
    scene.settle()
    assert scene.writes() == [("RestoreObject", "done")]
    assert not scene.world.asked
