"""A code and an EC that do not go together are told first, in both languages, with which of them was believed."""

from __future__ import annotations

import pytest

from ossmend.daemon.explain.text import explain_text
from ossmend.remediators.causes import CAUSES, contradictions, ecs
from ossmend.remediators.contract.case import Event


def body(code: str, ec: str, message: str = "Refused.") -> str:
    named = f"<Code>{code}</Code>" if code else ""
    return (
        f"<Error>{named}<Message>{message}</Message><RequestId>6929B33D0000000000000001</RequestId>"
        f"<HostId>shop.oss-cn-hangzhou.aliyuncs.com</HostId><EC>{ec}</EC></Error>"
    )


@pytest.mark.parametrize(
    ("code", "ec", "other"),
    [
        ("AccessDenied", "0016-00000404", "InvalidObjectState"),
        ("InvalidObjectState", "0003-00000001", "AccessDenied"),
        ("SignatureDoesNotMatch", "0002-00000902", "InvalidAccessKeyId"),
        ("AccessForbidden", "0003-00000201", "AccessDenied"),
    ],
)
def test_a_contradiction_is_the_first_evidence_and_names_what_was_believed(code: str, ec: str, other: str) -> None:
    (event,) = explain_text(body(code, ec))["events"]
    first, *others = event["diagnosis"]["evidence"]
    assert first.startswith(
        f"error code and EC contradict each other: the code is {code}, and EC {ec} stands for {other}"
    )
    assert "The code was believed" in first
    assert not any(each.startswith(f"EC {ec} (") for each in others), "what the EC is, is told already"
    assert event["diagnosis"]["facts"]["contradiction"]["believed"] == code
    assert event["diagnosis"]["facts"]["ec_code"] == other
    assert event["diagnosis"]["cause"] == "unknown" or code in CAUSES[event["diagnosis"]["cause"]].codes
    (event,) = explain_text(body(code, ec), lang="zh")["events"]
    assert event["diagnosis"]["evidence"][0].startswith(
        f"错误码与 EC 互相矛盾：错误码是 {code}，而 EC {ec} 对应 {other}"
    )
    assert "以错误码为准" in event["diagnosis"]["evidence"][0]


def test_a_message_that_implies_the_code_is_believed_as_the_code_is() -> None:
    (event,) = explain_text(body("", "0003-00000001", "The operation is not valid for the object's state"))["events"]
    assert event["code"] == "InvalidObjectState"
    assert "The message was believed" in event["diagnosis"]["evidence"][0]


@pytest.mark.parametrize("ec", sorted(ec for ec, row in ecs.ECS.items() if row.code is not None))
def test_an_ec_with_its_own_code_is_no_contradiction(ec: str) -> None:
    assert contradictions.of(Event(source="test", code=ecs.ECS[ec].code, ec=ec), CAUSES) is None


@pytest.mark.parametrize(
    ("code", "ec"),
    [
        ("InDebt", "0003-00000801"),
        ("InvalidSecurityToken", "0002-00000007"),
        ("ImageDamage", "0040-00000005"),
        ("AccessDenied", "0099-00000001"),
        ("AccessDenied", "0002-00000080"),
        ("BrandNewCode", "0016-00000404"),
        ("Forbidden", "0016-00000404"),
        (None, "0016-00000404"),
    ],
    ids=[
        "one family",
        "two codes of one EC",
        "a wider code",
        "not known",
        "no code in OSS's list",
        "an unknown code",
        "HTTP's word",
        "none",
    ],
)
def test_what_may_go_together_is_left_alone(code: str | None, ec: str) -> None:
    assert contradictions.of(Event(source="test", code=code, ec=ec), CAUSES) is None


def test_an_ec_of_cors_contradicts_no_refused_preflight_whose_own_ec_nobody_knows() -> None:
    (event,) = explain_text(body("AccessForbidden", "0034-00000001"))["events"]
    assert "contradiction" not in event["diagnosis"]["facts"]
