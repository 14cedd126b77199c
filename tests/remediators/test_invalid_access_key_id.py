"""InvalidAccessKeyId: the ladder, rung by rung, and what is never done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ossmend.remediators.contract.case import Case, Event
from ossmend.remediators.contract.values import KeyLastUsed, KeyNetworks, KeyOwner, KeyStatus, RecycledKey
from ossmend.remediators.contract.verdict import Act, Done, Tell, TryAgain
from ossmend.remediators.invalid_access_key_id import TAG, plan
from ossmend.remediators.settings.key import KeySettings
from ossmend.remediators.writes.tag_user import TagUser
from tests.fakes import NOW, FakeView, FakeWorld, case_of, receipt_of

KEY = "LTAI5tExampleExampleKey1"
ALICE = KeyOwner(user_id="207", principal="alice@example.onaliyun.com", name="alice")
INACTIVE = KeyStatus(status="Inactive", updated=NOW - timedelta(days=3))
ACTIVE = KeyStatus(status="Active")


def refused(**fields: object) -> Event:
    given = Event(
        source="t", code="InvalidAccessKeyId", status=403, access_key_id=KEY, client="10.0.0.8", bucket="b",
        message="The OSS Access Key Id you provided is disabled.",
    )  # fmt: skip
    return replace(given, **fields)  # type: ignore[arg-type]  # the test names real fields


def verdict(world: FakeWorld, case: Case | None = None, settings: KeySettings | None = None) -> object:
    return plan(case or case_of(refused()), FakeView(world), settings or KeySettings())  # type: ignore[arg-type]  # FakeView forwards


def told(answer: object) -> tuple[str, str | None]:
    assert isinstance(answer, Tell), answer
    return answer.diagnosis.cause, answer.flag.status if answer.flag else None


def alices(status: KeyStatus = INACTIVE, **tags: str) -> FakeWorld:
    return FakeWorld(owners={KEY: replace(ALICE, tags=tags)}, statuses={KEY: status})


def test_a_disabled_key_is_flagged_with_owner_and_since_when_and_who_uses_it() -> None:
    case = case_of(
        refused(), events=40, usage={"clients": {"10.0.0.8": 40}, "agents": {"aliyun-sdk-python/2.19.1": 40}}
    )
    answer = verdict(alices(), case)
    assert told(answer) == ("key-disabled", "disabled")
    assert isinstance(answer, Tell)
    assert answer.flag is not None
    assert (answer.flag.owner, answer.flag.since) == (ALICE.principal, INACTIVE.updated)
    assert answer.diagnosis.facts["owner"] == ALICE.principal
    assert any("40 from 10.0.0.8" in sentence for sentence in answer.diagnosis.evidence)


@pytest.mark.parametrize(
    ("key_id", "word"),
    [(" " + KEY, "blank"), (KEY + "\n", "line break"), ("\t" + KEY, "tab"), ("LTAI5t+/bad", "characters")],
)
def test_a_malformed_id_is_named_without_asking_the_cloud(key_id: str, word: str) -> None:
    answer = verdict(FakeWorld(down=True), case_of(refused(access_key_id=key_id)))
    assert told(answer) == ("key-malformed", "malformed")
    assert isinstance(answer, Tell)
    assert word in answer.why


@pytest.mark.parametrize("key_id", ["STS.NExample", "TMP.Example"])
def test_a_temporary_key_is_not_looked_up_in_ram(key_id: str) -> None:
    assert told(verdict(FakeWorld(down=True), case_of(refused(access_key_id=key_id)))) == ("key-temporary", "temporary")


def test_many_clients_with_one_temporary_key_hint_at_its_refresh() -> None:
    case = case_of(refused(access_key_id="STS.N1"), events=50, usage={"clients": {"a": 25, "b": 25}})
    answer = verdict(FakeWorld(), case)
    assert isinstance(answer, Tell)
    assert any("raced" in sentence for sentence in answer.diagnosis.evidence)


@pytest.mark.parametrize("key_id", [None, "", "LTAI****************"])
def test_a_masked_or_absent_id_accuses_nobody(key_id: str | None) -> None:
    assert told(verdict(FakeWorld(), case_of(refused(access_key_id=key_id)))) == ("key-unnamed", None)


def test_an_unusual_id_without_ltai_is_looked_up_like_any_other() -> None:
    old = "0wNEpMMlzy7sExam"
    world = FakeWorld(owners={old: ALICE}, statuses={old: INACTIVE})
    assert told(verdict(world, case_of(refused(access_key_id=old)))) == ("key-disabled", "disabled")


def test_a_deleted_key_is_found_in_the_recycle_bin() -> None:
    bin_ = RecycledKey(user_id="207", principal=ALICE.principal, recycled=NOW, purged_by=NOW + timedelta(days=31))
    answer = verdict(FakeWorld(recycled={KEY: bin_}))
    assert told(answer) == ("key-deleted", "deleted")
    assert isinstance(answer, Tell)
    assert answer.flag is not None
    assert answer.flag.owner == ALICE.principal


def test_a_key_of_a_user_who_no_longer_has_it_is_looked_for_in_the_recycle_bin() -> None:
    bin_ = RecycledKey(user_id="207", principal=ALICE.principal)
    world = FakeWorld(owners={KEY: ALICE}, recycled={KEY: bin_})
    assert told(verdict(world)) == ("key-deleted", "deleted")


def test_a_root_key_is_known_from_its_last_use() -> None:
    world = FakeWorld(last_used={KEY: KeyLastUsed(kind="root", owner_id="1", name="root", at=NOW)})
    answer = verdict(world)
    assert told(answer) == ("key-disabled", "disabled")
    assert isinstance(answer, Tell)
    assert answer.diagnosis.facts["owner"] == "root"


def test_a_key_that_nobody_here_knows_is_not_called_deleted() -> None:
    unknown = refused(message="The OSS Access Key Id you provided does not exist in our records.")
    answer = verdict(FakeWorld(), case_of(unknown))
    assert told(answer) == ("key-not-of-this-account", "not-ours")
    assert isinstance(answer, Tell)
    assert "a typo, another account's" in answer.diagnosis.evidence[0]


def test_a_key_that_oss_calls_disabled_and_nobody_here_knows_is_anothers_and_no_typo() -> None:
    answer = verdict(FakeWorld())
    assert told(answer) == ("key-not-of-this-account", "not-ours")
    assert isinstance(answer, Tell)
    assert "it is another account's" in answer.diagnosis.evidence[0]
    assert "typo" not in " ".join(answer.diagnosis.evidence)


def test_an_active_key_outside_its_networks_is_ip_restricted() -> None:
    world = alices(ACTIVE)
    world.networks[KEY] = KeyNetworks(("192.0.2.0/24",), "key")
    assert told(verdict(world)) == ("key-ip-restricted", "ip-restricted")


@pytest.mark.parametrize("client", ["192.0.2.77", "192.0.2.0"])
def test_an_active_key_inside_its_networks_is_active_after_all(client: str) -> None:
    world = alices(ACTIVE)
    world.networks[KEY] = KeyNetworks(("192.0.2.0/24",), "key")
    assert told(verdict(world, case_of(refused(client=client)))) == ("key-active", "active")


@pytest.mark.parametrize(("minutes", "is_over"), [(5, True), (-5, False)], ids=["after", "before"])
def test_a_key_that_was_enabled_after_its_last_refusal_is_over(minutes: int, *, is_over: bool) -> None:
    answer = verdict(alices(replace(ACTIVE, updated=NOW + timedelta(minutes=minutes))))
    assert isinstance(answer, Done) is is_over
    assert isinstance(answer, Done | Tell)
    assert answer.flag is not None
    assert answer.flag.status == "active"


def test_an_active_key_without_networks_is_active_after_all() -> None:
    assert told(verdict(alices(ACTIVE))) == ("key-active", "active")


@pytest.mark.parametrize(
    "rung",
    ["GetUser", "ListAccessKeys", "GetAccessKeyInfoInRecycleBin", "GetAccessKeyLastUsedInfo", "GetAccessKeyPolicy"],
)
def test_a_rung_that_our_own_key_may_not_climb_is_could_not_check(rung: str) -> None:
    world = alices(ACTIVE) if rung in ("GetUser", "ListAccessKeys", "GetAccessKeyPolicy") else FakeWorld()
    world.refuses.add(rung)
    answer = verdict(world)
    assert told(answer) == ("key-unchecked", "unchecked")
    assert isinstance(answer, Tell)
    assert rung in answer.why


def test_a_cloud_that_does_not_answer_is_asked_again_later() -> None:
    with pytest.raises(TryAgain):
        verdict(FakeWorld(down=True))


def test_the_owner_is_tagged_only_where_the_policy_says_so() -> None:
    assert isinstance(verdict(alices()), Tell)
    answer = verdict(alices(team="x"), settings=KeySettings(tag_owner=True))
    assert isinstance(answer, Act)
    (write,) = answer.writes
    assert isinstance(write, TagUser)
    assert (write.principal, write.tags) == (ALICE.principal, ((TAG, "disabled"),))
    assert answer.flag is not None


@pytest.mark.parametrize("status", [ACTIVE, None])
def test_only_a_key_proved_disabled_tags_anybody(status: KeyStatus | None) -> None:
    world = alices(status or ACTIVE)
    if status is None:
        world.statuses.clear()
    assert isinstance(verdict(world, settings=KeySettings(tag_owner=True)), Tell)


def test_a_user_who_has_the_tag_is_not_tagged_again() -> None:
    world = FakeWorld(owners={KEY: replace(ALICE, tags={TAG: "disabled"})}, statuses={KEY: INACTIVE})
    assert isinstance(verdict(world, settings=KeySettings(tag_owner=True)), Tell)


def test_a_case_that_has_tagged_once_does_not_tag_again() -> None:
    write = TagUser(principal=ALICE.principal, user_id="207", tags=((TAG, "disabled"),), planned_on="[]")
    case = case_of(refused(), receipts=(receipt_of(write),))
    assert isinstance(verdict(alices(), case, KeySettings(tag_owner=True)), Tell)


def test_the_ec_alone_decides_nothing() -> None:
    for ec in ("0002-00000902", "0002-00000903", "0002-00000904", None):
        assert told(verdict(alices(ACTIVE), case_of(refused(ec=ec)))) == ("key-active", "active")
