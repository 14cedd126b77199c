"""AccessDenied as a table: what RAM decodes, what the bucket shows, and what ossmend says because of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from ossmend.remediators.access_denied import MESSAGE, PATIENCE, plan
from ossmend.remediators.contract.answers import BucketAccess, Denial, MatchedPolicy, RefererRules
from ossmend.remediators.contract.case import Event, Neighbour
from ossmend.remediators.contract.settings import NoSettings
from ossmend.remediators.contract.values import KeyOwner, ObjectRef
from ossmend.remediators.contract.verdict import Tell, TryAgain, Wait
from tests.fakes import NOW, FakeView, FakeWorld, case_of

OURS = "1234567890123456"
MASKED = "AQFOPAQUE"


def denied(**tell: Any) -> Event:
    given: dict[str, Any] = {"source": "t", "code": "AccessDenied", "status": 403, "bucket": "vault", "key": "a/b.csv"}
    return Event(**(given | tell))


def encoded(**tell: Any) -> Event:
    return denied(fields={MESSAGE: MASKED}, **tell)


def denial(**changes: Any) -> Denial:
    given = Denial(
        explicit=False,
        layer="AccountLevelIdentityBasedPolicy",
        action="oss:GetObject",
        resource="acs:oss:oss-cn-hangzhou:1234567890123456:vault/a/b.csv",
        principal="2887712345",
    )
    return replace(given, **changes)


def tell(world: FakeWorld, event: Event, **case: Any) -> Tell:
    verdict = plan(case_of(event, **case), cast("Any", FakeView(world)), NoSettings())
    assert isinstance(verdict, Tell)
    return verdict


@pytest.mark.parametrize(
    ("layer", "explicit", "cause"),
    [
        ("AccountLevelIdentityBasedPolicy", False, "denied-ram-implicit"),
        ("AccountLevelIdentityBasedPolicy", True, "denied-ram-explicit"),
        ("ResourceGroupLevelIdentityBasedPolicy", False, "denied-resource-group"),
        ("ResourceGroupLevelIdentityBasedPolicy", True, "denied-ram-explicit"),
        ("SessionPolicy", False, "denied-session-policy"),
        ("SessionPolicy", True, "denied-session-policy"),
        ("ControlPolicy", True, "denied-control-policy"),
    ],
)
def test_what_ram_decodes_decides_also_against_the_message(layer: str, cause: str, *, explicit: bool) -> None:
    world = FakeWorld(denials={MASKED: denial(layer=layer, explicit=explicit)})
    verdict = tell(world, encoded(message="Access denied by bucket policy."))
    assert verdict.diagnosis.cause == cause
    assert verdict.diagnosis.confidence >= 0.95


def test_the_sentence_names_who_lacks_what() -> None:
    why = tell(FakeWorld(denials={MASKED: denial()}), encoded()).why
    assert why == "AccessDenied on vault: No RAM policy allows it (oss:GetObject for 2887712345)"


def test_an_implicit_denial_proposes_exactly_what_was_denied() -> None:
    verdict = tell(FakeWorld(denials={MASKED: denial()}), encoded())
    assert verdict.diagnosis.facts["statement"] == {
        "Effect": "Allow",
        "Action": ["oss:GetObject"],
        "Resource": ["acs:oss:*:*:vault/a/b.csv"],
    }


@pytest.mark.parametrize(
    "change", [{"explicit": True}, {"layer": "SessionPolicy"}, {"layer": "ControlPolicy", "explicit": True}]
)
def test_where_an_allow_cannot_help_none_is_proposed(change: dict[str, Any]) -> None:
    verdict = tell(FakeWorld(denials={MASKED: denial(**change)}), encoded())
    assert "statement" not in verdict.diagnosis.facts


@pytest.mark.parametrize("key", ["a:b/c:d.csv", "plain.csv", "双十一 +%.csv"])
def test_a_key_with_colons_is_still_this_request_and_granted_whole(key: str) -> None:
    world = FakeWorld(denials={MASKED: denial(resource=f"acs:oss:oss-cn-hangzhou:1:vault/{key}")})
    verdict = tell(world, encoded(key=key))
    assert verdict.diagnosis.facts["statement"]["Resource"] == [f"acs:oss:*:*:vault/{key}"]


@pytest.mark.parametrize("key", ["*", "a*b", "what?.csv"])
def test_a_name_that_reads_as_a_pattern_gets_no_statement_since_it_would_allow_more(key: str) -> None:
    verdict = tell(FakeWorld(denials={MASKED: denial(resource=f"acs:oss:*:1:vault/{key}")}), encoded(key=key))
    assert verdict.diagnosis.cause == "denied-ram-implicit"
    assert "statement" not in verdict.diagnosis.facts


def test_a_hostile_bucket_policy_is_read_to_its_end() -> None:
    """A matcher that tries every split would need years here: no limit of ours is needed to see that."""
    hostile = policy(Resource=["acs:oss:*:*:vault/" + "*a" * 15 + "b"])
    event = denied(method="GET", key="a" * 1000)
    verdict = tell(FakeWorld(access={"vault": BucketAccess(policy=hostile)}), event)
    assert verdict.diagnosis.cause == "denied-ram-implicit", "the key does not end in b: no statement is about it"


def test_many_clients_over_a_week_are_no_sudden_onset() -> None:
    usage = {"clients": {f"10.0.0.{n}": 3 for n in range(9)}}
    week = tell(FakeWorld(), denied(), usage=usage, first_seen=NOW - timedelta(days=7))
    hour = tell(FakeWorld(), denied(), usage=usage, first_seen=NOW - timedelta(minutes=20))
    assert not any("all since" in said for said in week.diagnosis.evidence)
    assert any("9 clients, all since" in said for said in hour.diagnosis.evidence)


def test_the_denying_policy_is_named() -> None:
    policy = MatchedPolicy(name="no-secrets", effect="Deny", kind="Custom", attached_to="RamGroup")
    verdict = tell(FakeWorld(denials={MASKED: denial(explicit=True, policies=(policy,))}), encoded())
    assert "Deny by the Custom policy no-secrets, attached to a RamGroup" in verdict.diagnosis.evidence


def test_a_message_that_is_not_there_yet_is_waited_for_and_then_told_without() -> None:
    world = FakeWorld()
    case = case_of(encoded())
    verdict = plan(case, cast("Any", FakeView(world)), NoSettings())
    assert isinstance(verdict, Wait)
    assert timedelta(0) < verdict.until - NOW <= timedelta(seconds=10)
    world.clock.pass_(PATIENCE)
    later = plan(case, cast("Any", FakeView(world)), NoSettings())
    assert isinstance(later, Tell)
    assert "the diagnostic message could not be decoded yet" in later.diagnosis.evidence


def test_an_expired_message_is_said_and_the_text_still_counts() -> None:
    verdict = tell(FakeWorld(denials={MASKED: None}), encoded(message="Access denied by authorizer's policy."))
    assert verdict.diagnosis.cause == "denied-session-policy"
    assert any("expired" in sentence for sentence in verdict.diagnosis.evidence)


def test_a_message_about_another_bucket_explains_nothing_here() -> None:
    elsewhere = denial(resource="acs:oss:*:1:other/x", layer="ControlPolicy", explicit=True)
    verdict = tell(FakeWorld(denials={MASKED: elsewhere}), encoded())
    assert verdict.diagnosis.cause != "denied-control-policy"
    assert any("left aside" in sentence for sentence in verdict.diagnosis.evidence)


def test_our_own_missing_permission_is_named_and_accuses_nobody() -> None:
    world = FakeWorld(refuses={"DecodeDiagnosticMessage", "GetBucketInfo", "GetObjectAcl"})
    verdict = tell(world, encoded(message="The bucket you access does not belong to you."))
    said = " ".join(verdict.diagnosis.evidence)
    assert "our own DecodeDiagnosticMessage" in said
    assert "our own GetBucketInfo" in said
    assert "our own GetObjectAcl" in said


def policy(**statement: Any) -> str:
    given = {"Effect": "Deny", "Action": ["oss:Get*"], "Principal": ["*"], "Resource": ["acs:oss:*:*:vault/a/*"]}
    return json.dumps({"Version": "1", "Statement": [given | statement]})


BY_BUCKET: tuple[tuple[str, BucketAccess, dict[str, Any], str], ...] = (
    ("a deny in the bucket policy", BucketAccess(acl="private", policy=policy()), {"method": "GET"},
     "denied-bucket-policy"),
    (
        "blocked public access",
        BucketAccess(acl="public-read", block_public=True),
        {"method": "GET", "message": "You have no right to access this object because of bucket acl."},
        "denied-public-access-block",
    ),
    (
        "a referer that is not on the list",
        BucketAccess(referer=RefererRules(allow_empty=False, allowed=("https://www.example.com",))),
        {"fields": {"Referer": "https://evil.example.org/x"}},
        "denied-referer",
    ),
    ("a bucket of another region", BucketAccess(region="cn-beijing"), {"host": "vault.oss-cn-hangzhou.aliyuncs.com"},
     "denied-wrong-endpoint"),
)  # fmt: skip


@pytest.mark.parametrize(("what", "access", "event", "cause"), BY_BUCKET, ids=[row[0] for row in BY_BUCKET])
def test_the_bucket_itself_tells(what: str, access: BucketAccess, event: dict[str, Any], cause: str) -> None:
    verdict = tell(FakeWorld(access={"vault": access}), denied(**event))
    assert verdict.diagnosis.cause == cause, what


@pytest.mark.parametrize(
    ("access", "event", "not_cause"),
    [
        (BucketAccess(policy=policy(Action=["oss:PutObject"])), {"method": "GET"}, "denied-bucket-policy"),
        (BucketAccess(policy=policy(Resource=["acs:oss:*:*:vault/z/*"])), {"method": "GET"}, "denied-bucket-policy"),
        (BucketAccess(policy=policy(Effect="Allow")), {"method": "GET"}, "denied-bucket-policy"),
        (BucketAccess(policy="not json"), {"method": "GET"}, "denied-bucket-policy"),
        (BucketAccess(policy=""), {"message": "Access denied by bucket policy."}, "denied-bucket-policy"),
        (BucketAccess(referer=RefererRules()), {"fields": {"Referer": "https://x.example"}}, "denied-referer"),
        (
            BucketAccess(referer=RefererRules(allowed=("https://*.example.com",))),
            {"fields": {"Referer": "https://www.example.com/page"}},
            "denied-referer",
        ),
        (BucketAccess(region="cn-hangzhou"), {"host": "vault.oss-cn-hangzhou.aliyuncs.com"}, "denied-wrong-endpoint"),
        (BucketAccess(requester_pays=False), {}, "requester-pays"),
    ],
)
def test_what_the_bucket_does_not_have_is_not_the_cause(
    access: BucketAccess, event: dict[str, Any], not_cause: str
) -> None:
    verdict = tell(FakeWorld(access={"vault": access}), denied(**event))
    assert verdict.diagnosis.cause != not_cause


def test_an_objects_own_acl_is_looked_at() -> None:
    world = FakeWorld(
        access={"vault": BucketAccess(acl="public-read")}, acls={ObjectRef("vault", "a/b.csv"): "private"}
    )
    assert tell(world, denied(method="GET")).diagnosis.cause == "denied-object-acl"


DEFAULT = "the object's own ACL is default: it follows the bucket's, and refuses nobody by itself"


@pytest.mark.parametrize("ec", ["0003-00000005", None])
def test_an_object_without_an_acl_of_its_own_is_not_refused_by_it_whatever_the_text_says(ec: str | None) -> None:
    event = denied(message="You do not have read permission on this object.", ec=ec, access_key_id="LTAI5tAbcdefghijk")
    told = tell(FakeWorld(access={"vault": BucketAccess(acl="private")}), event).diagnosis
    assert told.cause == "denied-ram-implicit"
    assert "denied-object-acl" not in dict(told.alternatives)
    assert DEFAULT in told.evidence


def test_an_object_with_an_acl_of_its_own_stays_refused_by_it() -> None:
    event = denied(message="You do not have read permission on this object.", access_key_id="LTAI5tAbcdefghijk")
    told = tell(FakeWorld(acls={ObjectRef("vault", "a/b.csv"): "private"}), event).diagnosis
    assert (told.cause, told.confidence) == ("denied-object-acl", 0.98)
    assert DEFAULT not in told.evidence


def test_where_the_objects_acl_may_not_be_read_the_text_decides() -> None:
    event = denied(message="You do not have read permission on this object.")
    told = tell(FakeWorld(refuses={"GetObjectAcl"}), event).diagnosis
    assert told.cause == "denied-object-acl"
    assert DEFAULT not in told.evidence


def test_a_cloud_that_cannot_be_reached_leaves_what_the_text_says() -> None:
    class Down(FakeView):
        def bucket_access(self, _bucket: str) -> BucketAccess:
            raise TryAgain("connection refused")

        def object_acl(self, _ref: ObjectRef) -> str:
            raise TryAgain("connection refused")

    verdict = plan(
        case_of(denied(message="denied by bucket referer policy")), cast("Any", Down(FakeWorld())), NoSettings()
    )
    assert isinstance(verdict, Tell)
    assert verdict.diagnosis.cause == "denied-referer"
    assert any("could not read" in sentence for sentence in verdict.diagnosis.evidence)


def neighbour(code: str, event: Event, **usage: Any) -> Neighbour:
    return Neighbour(id=2, code=code, cause=None, event=event, usage=usage, first_seen=NOW, last_seen=NOW)


def test_a_skewed_clock_at_the_same_client_is_behind_an_expired_url() -> None:
    skew = neighbour("RequestTimeTooSkewed", Event(source="t", code="RequestTimeTooSkewed", client="10.0.0.8"))
    expired = denied(message="Request has expired.", client="10.0.0.8")
    assert tell(FakeWorld(), expired).diagnosis.cause == "url-expired"
    assert tell(FakeWorld(), expired, correlated=(skew,)).diagnosis.cause == "url-expired-slow-clock"


def test_an_account_that_is_refused_is_named_beside_everything() -> None:
    account = neighbour("UserDisable", Event(source="t", code="UserDisable", bucket="elsewhere"))
    verdict = tell(FakeWorld(), denied(), correlated=(account,))
    assert any("UserDisable stands beside it" in sentence for sentence in verdict.diagnosis.evidence)


def test_many_clients_with_one_agent_at_one_time_are_a_release() -> None:
    others = tuple(
        neighbour("AccessDenied", denied(client=f"10.0.0.{n}", user_agent="app/2.0"), clients={f"10.0.0.{n}": 1})
        for n in range(2, 8)
    )
    event = denied(client="10.0.0.1", user_agent="app/2.0")
    verdict = tell(FakeWorld(), event, correlated=others, usage={"clients": {"10.0.0.1": 1}, "agents": {"app/2.0": 1}})
    assert verdict.diagnosis.facts["view"] == "release"
    assert any("7 clients, all since" in sentence for sentence in verdict.diagnosis.evidence)


def test_one_client_is_no_fleet() -> None:
    event = denied(client="10.0.0.1", user_agent="app/2.0")
    verdict = tell(FakeWorld(), event, usage={"clients": {"10.0.0.1": 40}})
    assert "view" not in verdict.diagnosis.facts


def test_nothing_is_asked_about_a_bucket_that_the_text_does_not_name() -> None:
    class Silent(FakeView):
        def __getattr__(self, question: str) -> object:
            assert question in ("world", "now"), f"asked for {question}"
            return super().__getattr__(question)

    verdict = plan(case_of(denied(bucket=None, key=None)), cast("Any", Silent(FakeWorld())), NoSettings())
    assert isinstance(verdict, Tell)


def test_whose_key_it_is_stays_unasked_here() -> None:
    owner = KeyOwner(user_id="1", principal="alice@x", name="alice")
    world = FakeWorld(owners={"LTAI5tX": owner}, refuses={"GetUser"})
    assert tell(world, denied(access_key_id="LTAI5tX")).diagnosis.cause != "could-not-check"
