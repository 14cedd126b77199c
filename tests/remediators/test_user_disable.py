"""UserDisable and its family: one case, no accusation without the bill, no write until the account answers again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from ossmend.remediators.contract.answers import ACCOUNT_CODES, Balance
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.settings import NoSettings
from ossmend.remediators.contract.verdict import Done, Refused, Tell, Verdict
from ossmend.remediators.user_disable import OURS_WORKS, plan, subject
from tests.fakes import NOW, FakeView, FakeWorld, case_of


def refused(code: str = "UserDisable", **tell: Any) -> Event:
    given: dict[str, Any] = {"source": "t", "code": code, "status": 403, "bucket": "reports"}
    return Event(**(given | tell))


def planned(world: FakeWorld, *events: Event) -> Verdict:
    return plan(case_of(*events), cast("Any", FakeView(world)), NoSettings())


def tell(world: FakeWorld, *events: Event) -> Tell:
    verdict = planned(world, *events)
    assert isinstance(verdict, Tell)
    return verdict


def money(amount: str) -> Balance:
    return Balance(Decimal(amount), "CNY")


@pytest.mark.parametrize("code", ACCOUNT_CODES)
@pytest.mark.parametrize("bucket", ["reports", "website", None])
def test_the_whole_family_and_every_bucket_are_one_case(code: str, bucket: str | None) -> None:
    assert subject(refused(code, bucket=bucket), NoSettings()) == subject(refused(), NoSettings())


@pytest.mark.parametrize(
    ("code", "amount", "cause"),
    [
        ("UserDisable", "-12.34", "account-overdue"),
        ("UserDisable", "0", "account-overdue"),
        ("UserDisable", "1234.56", "account-security-hold"),
        ("InDebt", "-1", "account-overdue"),
        ("InDebtOverdue", "5", "account-overdue"),
        ("BucketDisable", "5", "account-security-hold"),
    ],
)
def test_the_balance_tells_overdue_from_held(code: str, amount: str, cause: str) -> None:
    world = FakeWorld(account_code=code, account_balance=money(amount))
    verdict = tell(world, refused(code))
    assert verdict.diagnosis.cause == cause
    assert verdict.diagnosis.facts["balance"] == amount


def test_a_balance_that_may_not_be_asked_for_is_said_and_weighs_nothing() -> None:
    without = tell(FakeWorld(account_code="UserDisable"), refused())
    assert any("our own QueryAccountBalance: NotAuthorized" in said for said in without.diagnosis.evidence)
    assert without.diagnosis.confidence < 0.7


def test_the_notice_warns_that_data_may_be_deleted_and_says_that_nothing_is_written() -> None:
    verdict = tell(FakeWorld(account_code="UserDisable"), refused())
    assert "data may be deleted within days" in verdict.why
    assert "no write of ossmend goes out" in verdict.why


def test_an_account_that_answers_and_refuses_nobody_any_more_is_done() -> None:
    world = FakeWorld()
    world.clock.pass_(OURS_WORKS)
    assert isinstance(planned(world, refused()), Done)


def test_our_own_answer_alone_does_not_end_it_while_others_are_refused_but_suspends_nothing() -> None:
    verdict = tell(FakeWorld(), refused())
    assert verdict.again_at == NOW + OURS_WORKS
    assert verdict.diagnosis.facts["writes_suspended"] is False
    assert tell(FakeWorld(account_code="UserDisable"), refused()).diagnosis.facts["writes_suspended"] is True


@pytest.mark.parametrize(
    ("code", "amount"), [("UserDisable", "10000"), ("UserDisable", "0"), ("InDebt", "10000"), ("InDebtOverdue", "5")]
)
def test_an_account_that_answers_again_and_owes_nothing_is_not_asked_to_pay(code: str, amount: str) -> None:
    told = tell(FakeWorld(account_balance=money(amount)), refused(code)).diagnosis
    assert told.cause == "account-answers"
    assert "pay now" not in " ".join(told.next_steps["en"])
    assert any(amount in said for said in told.evidence)
    assert told.alternatives[0][0] != told.cause, "what the text of then says is named beside it"


def test_a_bill_that_stands_is_still_to_be_paid_although_the_account_answers() -> None:
    told = tell(FakeWorld(account_balance=money("-12.34")), refused()).diagnosis
    assert told.cause == "account-overdue"
    assert told.facts["writes_suspended"] is False


def test_an_account_that_answers_and_whose_balance_may_not_be_asked_for_is_well_all_the_same() -> None:
    told = tell(FakeWorld(refuses={"QueryAccountBalance"}), refused()).diagnosis
    assert told.cause == "account-answers"
    assert any("could not ask for the balance" in said for said in told.evidence)


def test_a_bucket_that_is_gone_is_told_although_the_account_answers() -> None:
    class Gone(FakeView):
        def answers(self, bucket: str | None) -> str | None:
            if bucket is not None:
                raise Refused("ListObjectsV2", "NoSuchBucket", "The specified bucket does not exist.", "R", 404)
            return None

    world = FakeWorld()
    world.clock.pass_(2 * OURS_WORKS)
    verdict = plan(case_of(refused()), cast("Any", Gone(world)), NoSettings())
    assert isinstance(verdict, Tell)
    assert "missing" in verdict.why
    assert verdict.diagnosis.facts["writes_suspended"] is False


def test_not_being_allowed_to_look_is_not_taken_for_an_answer() -> None:
    world = FakeWorld(refuses={"ListObjectsV2"})
    world.clock.pass_(timedelta(days=1))
    verdict = tell(world, refused())
    assert any("could not check whether the account answers" in said for said in verdict.diagnosis.evidence)


def test_it_is_looked_at_again_and_not_in_a_loop() -> None:
    verdict = tell(FakeWorld(account_code="UserDisable"), refused())
    assert verdict.again_at is not None
    assert verdict.again_at - NOW >= timedelta(minutes=1)
