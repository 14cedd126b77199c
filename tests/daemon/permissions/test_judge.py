"""What attached documents say of an action: all, a part, denied, under a condition; and never more than they say."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.daemon.permissions.judge import Attached, covers, judge, meets

NEEDED = "acs:oss:*:*:reports-*/2024/*"


def attached(**statement: Any) -> list[Attached]:
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*", **statement}]}
    return [Attached("p", document)]


def verdict(*documents: Attached, action: str = "oss:RestoreObject") -> str:
    return judge(documents, action, NEEDED).verdict


@pytest.mark.parametrize(
    "resource",
    ["*", "acs:oss:*:*:*", "acs:oss:*:*:reports-*", "acs:oss:*:*:reports-*/2024/*", "acs:oss:oss-cn-hangzhou:1:rep*"],
)
def test_a_resource_that_covers_the_need_allows_it(resource: str) -> None:
    assert verdict(*attached(Resource=resource)) == "allowed"


@pytest.mark.parametrize(
    "resource", ["acs:oss:*:*:reports-a/2024/*", "acs:oss:*:*:reports-?/2024/*", "acs:oss:*:*:reports-*/2024/a"]
)
def test_a_resource_that_covers_a_part_does_not_allow_it(resource: str) -> None:
    judged = judge(attached(Resource=resource), "oss:RestoreObject", NEEDED)
    assert (judged.verdict, judged.partly) == ("missing", True)


@pytest.mark.parametrize(
    "statement",
    [{"Resource": "acs:oss:*:*:photos/*"}, {"Action": "oss:Get*"}, {"Resource": "acs:ram:*:*:*"}, {"Resource": []}],
)
def test_what_speaks_of_something_else_allows_nothing(statement: dict[str, Any]) -> None:
    judged = judge(attached(**statement), "oss:RestoreObject", NEEDED)
    assert (judged.verdict, judged.partly) == ("missing", False)


def test_a_deny_wins_over_every_allow_and_one_of_a_part_leaves_it_open() -> None:
    assert verdict(*attached(), *attached(Effect="Deny")) == "denied"
    assert verdict(*attached(), *attached(Effect="Deny", Resource="acs:oss:*:*:reports-secret/*")) == "unknown"
    assert verdict(*attached(), *attached(Effect="Deny", Resource="acs:oss:*:*:photos/*")) == "allowed"
    assert verdict(*attached(Effect="allow")) == "missing", "RAM has two effects, and this is none of them"


def test_a_condition_is_not_judged_and_not_taken_for_a_yes() -> None:
    condition = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
    assert verdict(*attached(Condition=condition)) == "unknown"
    assert verdict(*attached(Condition=condition), *attached()) == "allowed"
    assert verdict(*attached(), *attached(Effect="Deny", Condition=condition)) == "unknown"


def test_all_actions_but_some_are_understood() -> None:
    (policy,) = attached()
    without = {name: value for name, value in policy.document["Statement"][0].items() if name != "Action"}
    excepting = Attached("p", {"Statement": [{**without, "NotAction": ["oss:Put*"]}]})
    assert verdict(excepting) == "allowed"
    assert verdict(excepting, action="oss:PutBucketCors") == "missing"


def test_actions_are_read_without_regard_to_capitals() -> None:
    assert verdict(*attached(Action="OSS:restoreobject")) == "allowed"


@pytest.mark.parametrize("document", [{}, {"Statement": None}, {"Statement": "x"}, {"Statement": [7]}])
def test_a_document_that_says_nothing_allows_nothing(document: dict[str, Any]) -> None:
    assert verdict(Attached("p", document)) == "missing"


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [("a*", "*b", True), ("a*", "b*", False), ("a?c", "ab*", True), ("a?c", "ab", False), ("*", "", True)],
)
def test_two_patterns_meet_where_one_text_fits_both(one: str, other: str, common: bool) -> None:
    for left, right in ((one, other), (other, one)):
        assert meets(f"acs:oss:*:*:{left}", f"acs:oss:*:*:{right}") is common


def test_a_need_of_every_resource_is_covered_by_every_resource_alone() -> None:
    assert covers("*", "*")
    assert not covers("acs:ram:*:*:user/*", "*")


@pytest.mark.parametrize(
    ("region", "said"), [("cn-beijing", "allowed"), ("*", "allowed"), ("", "allowed"), ("cn-hangzhou", "missing")]
)
def test_a_need_of_one_region_is_not_met_in_another(region: str, said: str) -> None:
    place = "project/oss-log-*/logstore/oss-log-store"
    granted = attached(Action="log:*", Resource=f"acs:log:{region}:1234567890123456:{place}")
    assert judge(granted, "log:ListShards", f"acs:log:cn-beijing:*:{place}").verdict == said
    assert judge(granted, "log:ListShards", f"acs:log:*:*:{place}").verdict == "allowed", "of our own region"
