"""Weighing: signs add up, weak evidence stays weak, unknown is an answer, others and the crowd count."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ossmend.remediators.causes import diagnose_event
from ossmend.remediators.causes.engine import MOST_CONFIDENT, weigh
from ossmend.remediators.causes.indicators import against, said
from ossmend.remediators.causes.model import cause
from ossmend.remediators.contract.case import Event

A = cause("a", "X", ("A", "甲"), (("Do.", "做。"),), signs=(said("alpha", 3), against("message", "beta", 3)))
B = cause("b", "X", ("B", "乙"), (("Do.", "做。"),), signs=(said("beta", 3),))
NEVER = cause("c", "X", ("C", "丙"), (("Do.", "做。"),), prior=None)


def denied(**fields: object) -> Event:
    return replace(Event(source="t", code="AccessDenied", status=403), **fields)  # type: ignore[arg-type]  # any field


def test_without_any_sign_equal_causes_share_with_unknown() -> None:
    assert [each.confidence for each in weigh((A, B), {})] == pytest.approx([1 / 3, 1 / 3])


def test_a_sign_adds_its_log_odds() -> None:
    first, second = weigh((A, B), {"message": "alpha"})
    assert first.cause.id == "a"
    assert first.confidence / second.confidence == pytest.approx(math.exp(3))


def test_a_sign_against_takes_away_and_is_no_evidence() -> None:
    first, second = weigh((A, B), {"message": "beta"})
    assert (first.cause.id, second.evidence) == ("b", ())
    assert first.confidence / second.confidence == pytest.approx(math.exp(6))


def test_what_only_the_cloud_can_tell_is_not_weighed() -> None:
    assert [each.cause.id for each in weigh((A, NEVER), {})] == ["a"]


def test_huge_weights_do_not_overflow() -> None:
    big = cause("big", "X", ("Big", "大"), (("Do.", "做。"),), signs=(said("x", 5000),))
    assert weigh((big,), {"message": "x"})[0].confidence == 1.0


def test_evidence_is_told_in_the_language_asked_for() -> None:
    event = denied(message="You have no right to access this object because of bucket acl.")
    assert diagnose_event(event).evidence[0].startswith("OSS said:")
    assert diagnose_event(event, lang="zh").evidence[0].startswith("OSS 返回：")


def test_a_text_is_never_proof() -> None:
    event = denied(message="Anonymous access is forbidden for this operation.", ec="0003-00001201")
    assert diagnose_event(event).confidence <= MOST_CONFIDENT


def test_a_code_alone_is_one_of_several_causes() -> None:
    told = diagnose_event(denied())
    assert told.confidence < 0.5
    assert len(told.alternatives) >= 4


def test_confidences_never_add_up_to_more_than_one() -> None:
    for code in ("AccessDenied", "InvalidObjectState", "SignatureDoesNotMatch", "UserDisable", "RequestTimeTooSkewed"):
        told = diagnose_event(Event(source="t", code=code))
        assert told.confidence + sum(confidence for _, confidence in told.alternatives) <= 1.03


def test_an_ec_alone_never_makes_sure() -> None:
    for ec in ("0003-00000001", "0003-00000101", "0003-00000201", "0003-00001403", "0061-00000001"):
        assert diagnose_event(denied(ec=ec)).confidence < 0.7


def test_the_message_that_speaks_of_a_bucket_policy_yields_to_the_detail_that_names_ram() -> None:
    fields = {
        "AccessDeniedDetail.NoPermissionType": "ExplicitDeny",
        "AccessDeniedDetail.PolicyType": "AccountLevelIdentityBasedPolicy",
    }
    told = diagnose_event(denied(message="Access denied by bucket policy.", ec="0003-00000201", fields=fields))
    assert told.cause == "denied-ram-explicit"


def test_an_event_without_code_is_weighed_by_what_its_words_imply() -> None:
    told = diagnose_event(Event(source="t", message="CORSResponse: CORS is not enabled for this bucket."))
    assert told.cause == "cors-not-enabled"
    assert any("code" in sentence for sentence in told.evidence)


def test_a_key_that_looks_temporary_does_not_make_a_code_up() -> None:
    told = diagnose_event(Event(source="t", status=403, access_key_id="STS.abc"))
    assert told.cause == "no-code"


def test_an_unknown_code_is_told_with_everything_known_and_not_taken_for_a_similar_one() -> None:
    told = diagnose_event(Event(source="t", code="AccessDeniedForever", ec="0003-00000001"))
    assert told.cause == "unknown-code"
    assert told.facts["ec_family"] == "access control"


def test_a_stranger_is_a_stranger_whatever_its_code_says() -> None:
    event = Event(source="t", code="InvalidObjectState", bucket="b", key="k", fields={"foreign_service": "s3"})
    assert diagnose_event(event).cause == "another-service"


def test_many_clients_with_one_agent_are_a_release() -> None:
    usage = {"clients": {f"10.0.0.{n}": 1 for n in range(9)}, "agents": {"app/2.0": 9}}
    told = diagnose_event(denied(user_agent="app/2.0", client="10.0.0.1"), usage=usage)
    assert told.facts["view"] == "release"
    assert any("release" in sentence for sentence in told.evidence)


def test_many_clients_with_different_agents_are_a_fleet() -> None:
    usage = {"clients": {f"10.0.0.{n}": 1 for n in range(9)}, "agents": {"a": 5, "b": 4}}
    assert diagnose_event(denied(), usage=usage).facts["view"] == "fleet"


def test_one_client_is_no_fleet() -> None:
    assert "view" not in diagnose_event(denied(client="10.0.0.1"), usage={"clients": {"10.0.0.1": 500}}).facts


def test_many_clients_point_a_wrong_signature_to_something_they_share() -> None:
    event = Event(source="t", code="SignatureDoesNotMatch")
    alone = dict(diagnose_event(event).alternatives)
    crowd = diagnose_event(event, usage={"clients": {f"10.0.0.{n}": 1 for n in range(9)}, "agents": {"a": 1, "b": 1}})
    shared = crowd.confidence if crowd.cause == "proxy-rewrites" else dict(crowd.alternatives)["proxy-rewrites"]
    assert shared > alone.get("proxy-rewrites", 0.0)


def test_a_skewed_clock_beside_an_expired_url_is_behind_it() -> None:
    expired = denied(message="Request has expired.", ec="0002-00000069")
    assert diagnose_event(expired).cause == "url-expired"
    skew = Event(source="t", code="RequestTimeTooSkewed")
    assert diagnose_event(expired, others=(skew,)).cause == "url-expired-slow-clock"


def test_a_disabled_account_beside_anything_is_said() -> None:
    told = diagnose_event(denied(), others=(Event(source="t", code="UserDisable"),))
    assert any("UserDisable" in sentence for sentence in told.evidence)


def test_a_statement_is_proposed_only_where_action_and_resource_are_told() -> None:
    detail = {
        "AccessDeniedDetail.NoPermissionType": "ImplicitDeny",
        "AccessDeniedDetail.PolicyType": "AccountLevelIdentityBasedPolicy",
    }
    action = {**detail, "AccessDeniedDetail.AuthAction": "oss:GetObject"}
    assert "statement" not in diagnose_event(denied(bucket="b", key="k", fields=detail)).facts
    assert "statement" not in diagnose_event(denied(bucket="b", fields=action)).facts
    assert "statement" not in diagnose_event(denied(bucket="b", key="a*", fields=action)).facts
    told = diagnose_event(denied(bucket="b", key="k", fields=action))
    assert told.facts["statement"]["Resource"] == ["acs:oss:*:*:b/k"]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("oss:ListObjects", "acs:oss:*:*:b"),
        ("oss:PutBucketCors", "acs:oss:*:*:b"),
        ("oss:ListBuckets", "acs:oss:*:*:*"),
        ("oss:ListParts", "acs:oss:*:*:b/k"),
        ("oss:PutObjectAcl", "acs:oss:*:*:b/k"),
    ],
)
def test_the_resource_is_that_of_the_action(action: str, resource: str) -> None:
    fields = {
        "AccessDeniedDetail.NoPermissionType": "ImplicitDeny",
        "AccessDeniedDetail.PolicyType": "AccountLevelIdentityBasedPolicy",
        "AccessDeniedDetail.AuthAction": action,
    }
    told = diagnose_event(denied(bucket="b", key="k", fields=fields))
    assert told.facts["statement"] == {"Effect": "Allow", "Action": [action], "Resource": [resource]}


def test_braces_in_hostile_text_stay_text() -> None:
    told = diagnose_event(denied(message="{} {0} %s {evil} because of bucket acl."))
    assert "{0}" in told.evidence[0]


def test_a_long_message_is_quoted_short() -> None:
    told = diagnose_event(denied(message="because of bucket acl " + "x" * 100_000))
    assert max(len(sentence) for sentence in told.evidence) < 400


def test_a_request_time_in_the_year_1970_is_an_unset_clock() -> None:
    event = Event(
        source="t",
        code="RequestTimeTooSkewed",
        request_time=datetime(1970, 1, 1, tzinfo=UTC),
        server_time=datetime(2024, 9, 23, tzinfo=UTC),
    )
    assert diagnose_event(event).cause == "clock-unset"
