"""SignatureDoesNotMatch: the client is named, the key never blamed for everybody; what we may not ask is no sign."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from ossmend.remediators.contract.case import Event, Subject
from ossmend.remediators.contract.settings import NoSettings
from ossmend.remediators.contract.values import KeyLastUsed, KeyOwner, KeyStatus
from ossmend.remediators.contract.verdict import Tell
from ossmend.remediators.signature_does_not_match import plan, subject
from tests.fakes import NOW, FakeView, FakeWorld, case_of

KEY = "LTAI5tSignUploader000001"
STRING = "GET\n\n\nSun, 01 Mar 2026 12:00:00 GMT\n/uploads/plain.txt"


def refused(**tell: Any) -> Event:
    given: dict[str, Any] = {
        "source": "t", "code": "SignatureDoesNotMatch", "status": 403, "bucket": "uploads", "access_key_id": KEY,
        "fields": {"StringToSign": STRING},
    }  # fmt: skip
    return Event(**(given | tell))


def with_key(status: str = "Active", *, used: timedelta | None = timedelta(hours=2)) -> FakeWorld:
    owner = KeyOwner(user_id="7", principal="uploader@company.onaliyun.com", name="uploader")
    world = FakeWorld(owners={KEY: owner}, statuses={KEY: KeyStatus(status=status)})  # type: ignore[arg-type]  # a test's literal
    if used is not None:
        world.last_used[KEY] = KeyLastUsed(kind="ram-user", owner_id="7", name="uploader", service="Oss", at=NOW - used)
    return world


def tell(world: FakeWorld, event: Event, **case: Any) -> Tell:
    verdict = plan(case_of(event, **case), cast("Any", FakeView(world)), NoSettings())
    assert isinstance(verdict, Tell)
    return verdict


def test_a_key_that_works_elsewhere_points_at_this_client() -> None:
    verdict = tell(with_key(), refused())
    assert verdict.diagnosis.cause == "wrong-secret"
    assert any("the same key id works elsewhere" in said for said in verdict.diagnosis.evidence)
    assert verdict.diagnosis.facts["elsewhere"] == "works"


@pytest.mark.parametrize("world", [with_key(used=timedelta(days=40)), with_key(used=None), with_key("Inactive")])
def test_a_key_that_is_not_seen_at_work_is_not_said_to_work(world: FakeWorld) -> None:
    assert "elsewhere" not in tell(world, refused()).diagnosis.facts


def test_no_diagnosis_asks_for_a_new_key_for_everybody() -> None:
    avoided = tell(with_key(), refused()).diagnosis.avoid["en"]
    assert any("replace or disable the key for everybody" in sentence for sentence in avoided)


@pytest.mark.parametrize("question", ["GetUser", "ListAccessKeys", "GetAccessKeyLastUsedInfo"])
def test_our_own_missing_permission_is_named_and_weighs_nothing(question: str) -> None:
    world = with_key()
    world.refuses.add(question)
    verdict = tell(world, refused())
    assert any(f"our own {question}" in said for said in verdict.diagnosis.evidence)
    assert "elsewhere" not in verdict.diagnosis.facts


@pytest.mark.parametrize("key_id", [None, "LTAI****0001", " LTAI5tX", "STS.NTxxxxxxxxxxxx"])
def test_keys_that_ram_cannot_know_are_not_asked_about(key_id: str | None) -> None:
    world = with_key()
    world.down = True
    said = tell(world, refused(access_key_id=key_id)).diagnosis.evidence
    assert not any("could not check" in sentence for sentence in said)


def test_one_client_and_many_are_told_apart() -> None:
    one = tell(with_key(), refused(), usage={"clients": {"10.0.0.1": 9}})
    many = tell(with_key(), refused(), usage={"clients": {f"10.0.0.{n}": 1 for n in range(5)}})
    assert any("only one client" in said for said in one.diagnosis.evidence)
    assert any("5 clients of this key" in said for said in many.diagnosis.evidence)


def test_two_clients_of_one_key_are_two_cases() -> None:
    first, second = refused(client="10.0.0.1"), refused(client="10.0.0.2")
    assert subject(first, NoSettings()) != subject(second, NoSettings())
    assert subject(first, NoSettings()) == Subject("signer", (KEY, "10.0.0.1", ""))
