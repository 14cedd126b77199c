"""What a diagnosis asks, against the simulator's scenes: rights, versions, money, denials; and what it may cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import oss2
import pytest

from ossmend.daemon.cloud.accounts import Cloud, connect
from ossmend.daemon.cloud.ask.pictures import FETCH_CAP
from ossmend.daemon.cloud.ask.view import CloudView
from ossmend.daemon.cloud.wire.rate_limit import Budget
from ossmend.remediators.contract.answers import BucketAccess, ImageCheck, RefererRules
from ossmend.remediators.contract.values import Missing, ObjectRef
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import StillClock, settings_for


@contextmanager
def viewing(scene: str, key: tuple[str, str] | None = None) -> Iterator[tuple[Running, CloudView]]:
    with running_simulator(scene=scene, speed=0.0) as sim:
        who = key or (sim.access_key_id, sim.access_key_secret)
        cloud: Cloud = connect(settings_for(sim.oss, key=who), clock=StillClock(), may_write=False)
        try:
            yield sim, cloud.view(())
        finally:
            cloud.close()


def test_a_buckets_rights_are_read_part_by_part() -> None:
    with viewing("access_denied") as (_, view):
        vault = view.bucket_access("vault")
        assert (vault.acl, vault.owner, vault.region) == ("private", "1234567890123456", "cn-hangzhou")
        assert (vault.policy, vault.requester_pays, vault.unread) == ("", False, ())
        assert '"Deny"' in (view.bucket_access("guarded").policy or "")
        assert view.bucket_access("shop-blocked").block_public is True
        assert view.bucket_access("pay-per-view").requester_pays is True
        rules = view.bucket_access("gallery").referer
        assert rules == RefererRules(allow_empty=False, allowed=("https://www.example.com",))
        assert view.object_acl(ObjectRef("shop-window", "closed.txt")) == "private"
        assert view.object_acl(ObjectRef("shop-window", "open.txt")) == "default"


def test_parts_that_our_key_may_not_read_are_named_and_nothing_is_raised() -> None:
    with viewing("access_denied", ("LTAI5tDeniedIntern000001", "example-secret")) as (_, view):
        found = view.bucket_access("vault")
    names = ("GetBucketInfo", "GetBucketPolicy", "GetBucketReferer", "GetBucketRequestPayment")
    assert found == BucketAccess(unread=tuple(f"our own {name} was refused: AccessDenied" for name in names))


def test_of_a_bucket_that_is_not_there_no_part_is_told() -> None:
    with viewing("access_denied") as (_, view), pytest.raises(Refused, match="NoSuchBucket"):
        view.bucket_access("vault-gone")


def test_a_denial_appears_late_is_decoded_once_and_expires() -> None:
    with viewing("access_denied") as (sim, view):
        session = oss2.Session()
        session.session.trust_env = False
        auth = oss2.AuthV4("LTAI5tDeniedIntern000001", "example-secret")
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            oss2.Bucket(auth, sim.oss, "vault", region="cn-hangzhou", session=session).get_object("payroll.csv")
        body = str(refused.value.body)
        message = body.partition("<EncodedDiagnosticMessage>")[2].partition("<")[0]
        with pytest.raises(TryAgain):
            view.denial(message)
        sim.do(lambda cloud: cloud.clock.advance(3))
        fresh = connect(
            settings_for(sim.oss, key=(sim.access_key_id, sim.access_key_secret)), clock=StillClock(), may_write=False
        )
        found = fresh.view(()).denial(message)
        assert found is not None
        assert (found.explicit, found.action) == (False, "oss:GetObject")
        assert found.resource.endswith(":vault/payroll.csv")
        sim.do(lambda cloud: cloud.clock.advance(4000))
        assert fresh.view(()).denial(message) is None
        fresh.close()


@pytest.mark.parametrize(
    ("scene", "key", "amount"),
    [
        ("user_disable", ("LTAI5tAccountant00000001", "accountant-secret"), "-12.34"),
        ("user_disable_security", ("LTAI5tHeldApp00000000001", "held-app-secret"), "1234.56"),
    ],
)
def test_a_balance_is_read_also_with_thousands_separators(scene: str, key: tuple[str, str], amount: str) -> None:
    with viewing(scene, key) as (_, view):
        balance = view.balance()
        assert (balance.available, balance.currency) == (Decimal(amount), "CNY")
        assert view.answers("reports") == "UserDisable"
        assert view.answers(None) == "UserDisable"


def test_an_account_that_is_well_answers() -> None:
    with viewing("access_denied") as (_, view):
        assert view.answers("vault") is None
        assert view.answers(None) is None


def test_not_being_told_the_balance_is_our_own_refusal() -> None:
    with viewing("user_disable_not_activated") as (_, view), pytest.raises(Refused) as refused:
        view.balance()
    assert refused.value.code == "NotApplicable"


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("good.png", "good"),
        ("good.jpg", "good"),
        ("cut.jpg", "truncated"),
        ("zeros.jpg", "zeros"),
        ("empty.png", "empty"),
        ("notes.txt", "not-an-image"),
        ("poster.png", "too-large"),
        ("film-still.png", "too-large"),
    ],
)
def test_a_picture_is_what_its_bytes_are(name: str, verdict: str) -> None:
    with viewing("image_damage") as (_, view):
        found = view.image(ObjectRef("snapshots", name))
        assert isinstance(found, ImageCheck)
        assert found.verdict == verdict
        assert found.intact is not False
        assert view.processes(ObjectRef("snapshots", name)).ok is (verdict == "good")


def test_what_is_larger_than_oss_processes_is_not_fetched() -> None:
    with viewing("image_damage") as (sim, view):
        view.image(ObjectRef("snapshots", "film-still.png"))
        asked = [each.operation for each in sim.do(lambda cloud: cloud.requests)]
    assert asked == ["HeadObject"]


def test_versions_come_newest_first_and_only_those_of_the_key() -> None:
    with viewing("image_damage") as (_, view):
        found = view.versions(ObjectRef("photos", "portrait.png"))
        assert [each.version_id for each in found] == ["CAEQPortraitCut", "CAEQPortraitGood"]
        assert view.versions(ObjectRef("photos", "portrait")) == ()
        assert view.image(ObjectRef("photos", "nothing.png")) == Missing("object")


def test_an_hours_budget_of_bytes_is_not_overdrawn_and_comes_back() -> None:
    clock = StillClock()
    budget = Budget(clock, 2 * FETCH_CAP)
    budget.take(FETCH_CAP)
    budget.take(FETCH_CAP)
    with pytest.raises(TryAgain) as spent:
        budget.take(1)
    assert spent.value.after == timedelta(hours=1)
    clock.pass_by(3601)
    budget.take(FETCH_CAP)
