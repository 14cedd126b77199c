from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ossmend.simulator.authorize import decide, decide_ram
from ossmend.simulator.clock import Clock
from ossmend.simulator.decisions import Decision
from ossmend.simulator.identity import Identity
from ossmend.simulator.policies import pattern

if TYPE_CHECKING:
    from ossmend.simulator.principals import Principal

ACCOUNT = "1234567890123456"
OTHER = "2222222222222222"
READ = "oss:GetObject"
KEY = f"acs:oss:oss-cn-hangzhou:{ACCOUNT}:b/dir/k"


def allow(action: Any = "oss:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "oss:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


@pytest.fixture
def identity() -> Identity:
    return Identity(Clock())


def user(identity: Identity, *statements: dict[str, Any], name: str = "alice", scope: str = "Account") -> Principal:
    found = identity.add_user(name, user_id=f"id-of-{name}")
    if statements:
        identity.add_policy(f"{name}-policy", policy(*statements))
        identity.attach(found, "Custom", f"{name}-policy", scope)
    return identity.principal(found)


def ask(identity: Identity, who: Principal | None, action: str = READ, resource: str = KEY, **more: Any) -> Decision:
    settings: dict[str, Any] = {
        "bucket_owner": ACCOUNT,
        "bucket_acl": "private",
        "object_acl": None,
        "bucket_policy": None,
    } | more
    context = settings.pop("context", {"acs:SourceIp": "10.0.0.8"})
    return decide(who, action, resource, context, identity=identity, **settings)


# ------------------------------------------------------------------------------------------------------ the grammar

STATEMENTS = [
    (allow("oss:GetObject"), True),
    (allow("oss:getobject"), True),
    (allow("oss:Get*"), True),
    (allow("oss:Get?bject"), True),
    (allow("*"), True),
    (allow(["oss:PutObject", "oss:GetObject"]), True),
    (allow("oss:GetObjectAcl"), False),
    (allow("oss:Get"), False),
    (allow("ram:*"), False),
    (allow([]), False),
    ({"Effect": "Allow", "NotAction": "oss:Put*", "Resource": "*"}, True),
    ({"Effect": "Allow", "NotAction": ["oss:Put*", "oss:Get*"], "Resource": "*"}, False),
    (allow(resource="acs:oss:*:*:b/dir/k"), True),
    (allow(resource="acs:oss:*:*:b/*"), True),
    (allow(resource="acs:oss:*:*:b*"), True),
    (allow(resource="acs:oss:*:*:*"), True),
    (allow(resource="acs:oss:*:*:b/dir/?"), True),
    (allow(resource=f"acs:oss:oss-cn-hangzhou:{ACCOUNT}:b/*"), True),
    (allow(resource=f"acs:oss::{ACCOUNT}:b/*"), True),
    (allow(resource="acs:oss:oss-cn-beijing:*:b/*"), False),
    (allow(resource=f"acs:oss:*:{OTHER}:b/*"), False),
    (allow(resource="acs:oss:*:*:b"), False),
    (allow(resource="acs:oss:*:*:b/DIR/k"), False),
    (allow(resource="acs:oss:*:*:c/*"), False),
    (allow(resource="acs:log:*:*:b/*"), False),
    (allow(resource=["acs:oss:*:*:c/*", "acs:oss:*:*:b/*"]), True),
    ({"Effect": "Allow", "Action": "*", "NotResource": "acs:oss:*:*:c/*"}, True),
    ({"Effect": "Allow", "Action": "*", "NotResource": "acs:oss:*:*:b/*"}, False),
    ({"Effect": "Allow", "Action": "*"}, False),
]


@pytest.mark.parametrize(("statement", "allowed"), STATEMENTS)
def test_a_statement_allows_what_it_covers_and_nothing_else(
    identity: Identity, statement: dict[str, Any], *, allowed: bool
) -> None:
    assert ask(identity, user(identity, statement)).allowed is allowed


CONDITIONS = [
    ({"StringEquals": {"oss:Prefix": "a/"}}, {"oss:Prefix": "a/"}, True),
    ({"StringEquals": {"oss:prefix": "a/"}}, {"oss:Prefix": "a/"}, True),
    ({"StringEquals": {"oss:Prefix": "a/"}}, {"oss:Prefix": "A/"}, False),
    ({"StringEquals": {"oss:Prefix": ["b/", "a/"]}}, {"oss:Prefix": "a/"}, True),
    ({"StringEquals": {"oss:Prefix": "a/"}}, {}, False),
    ({"StringEqualsIgnoreCase": {"oss:Prefix": "a/"}}, {"oss:Prefix": "A/"}, True),
    ({"StringLike": {"oss:Prefix": "a/*"}}, {"oss:Prefix": "a/b"}, True),
    ({"StringLike": {"oss:Prefix": "a/*"}}, {"oss:Prefix": "b/a/"}, False),
    ({"StringNotEquals": {"oss:Prefix": "a/"}}, {"oss:Prefix": "b/"}, True),
    ({"StringNotEquals": {"oss:Prefix": ["a/", "b/"]}}, {"oss:Prefix": "b/"}, False),
    ({"StringNotEquals": {"oss:Prefix": "a/"}}, {}, True),
    ({"StringNotLike": {"oss:Prefix": "a*"}}, {"oss:Prefix": "abc"}, False),
    ({"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}, {"acs:SourceIp": "10.1.2.3"}, True),
    ({"IpAddress": {"acs:SourceIp": ["192.168.0.0/16", "10.1.2.3"]}}, {"acs:SourceIp": "10.1.2.3"}, True),
    ({"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}, {"acs:SourceIp": "11.1.2.3"}, False),
    ({"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}, {"acs:SourceIp": "::1"}, False),
    ({"IpAddress": {"acs:SourceIp": "nonsense"}}, {"acs:SourceIp": "10.1.2.3"}, False),
    ({"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}}, {"acs:SourceIp": "11.1.2.3"}, True),
    ({"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}}, {"acs:SourceIp": "10.1.2.3"}, False),
    ({"Bool": {"acs:SecureTransport": "true"}}, {"acs:SecureTransport": "false"}, False),
    ({"Bool": {"acs:SecureTransport": False}}, {"acs:SecureTransport": "false"}, True),
    ({"DateLessThan": {"acs:CurrentTime": "2027-01-01T00:00:00Z"}}, {"acs:CurrentTime": "2026-01-01T00:00:00Z"}, True),
    (
        {"DateGreaterThan": {"acs:CurrentTime": "2026-01-01T08:00:00+08:00"}},
        {"acs:CurrentTime": "2026-01-01T00:00:00Z"},
        False,
    ),
    (
        {"DateGreaterThanEquals": {"acs:CurrentTime": "2026-01-01T08:00:00+08:00"}},
        {"acs:CurrentTime": "2026-01-01T00:00:00Z"},
        True,
    ),
    ({"NumericLessThanEquals": {"oss:MaxKeys": "100"}}, {"oss:MaxKeys": "100"}, True),
    ({"NumericLessThan": {"oss:MaxKeys": 100}}, {"oss:MaxKeys": "99"}, True),
    ({"NumericGreaterThan": {"oss:MaxKeys": "9"}}, {"oss:MaxKeys": "many"}, False),
    ({"NumericNotEquals": {"oss:MaxKeys": "9"}}, {"oss:MaxKeys": "10"}, True),
    ({"StringLike": {"a": "*"}, "Bool": {"b": "true"}}, {"a": "x", "b": "false"}, False),
    ({"StringLike": {"a": "x", "b": "y"}}, {"a": "x", "b": "y"}, True),
    ({"StringLike": {"a": "x", "b": "y"}}, {"a": "x"}, False),
    ({"StringSimilar": {"a": "x"}}, {"a": "x"}, False),
    ({}, {}, True),
]


@pytest.mark.parametrize(("condition", "context", "allowed"), CONDITIONS)
def test_a_condition_must_hold(
    identity: Identity, condition: dict[str, Any], context: dict[str, str], *, allowed: bool
) -> None:
    who = user(identity, allow(Condition=condition))
    assert ask(identity, who, context=context).allowed is allowed


# -------------------------------------------------------------------------------------------------------- the layers


def test_without_any_policy_a_user_is_denied_implicitly_and_told_the_action(identity: Identity) -> None:
    decision = ask(identity, user(identity))
    assert (decision.allowed, decision.explicit, decision.layer, decision.ec) == (False, False, "ram", "0003-00000202")
    assert decision.message == "You have no right to access this object because of bucket acl."
    assert decision.detail is not None
    assert (decision.detail.PolicyType, decision.detail.NoPermissionType) == (
        "AccountLevelIdentityBasedPolicy",
        "ImplicitDeny",
    )
    assert (decision.detail.AuthPrincipalType, decision.detail.AuthPrincipalDisplayName) == ("SubUser", "id-of-alice")
    assert (decision.detail.AuthPrincipalOwnerId, decision.detail.AuthAction) == (ACCOUNT, READ)


def test_the_order_of_statements_does_not_matter_a_deny_wins(identity: Identity) -> None:
    for number, statements in enumerate([(allow(), deny(READ)), (deny(READ), allow())]):
        decision = ask(identity, user(identity, *statements, name=f"u{number}"))
        assert (decision.allowed, decision.explicit, decision.ec) == (False, True, "0003-00000201")
        assert decision.detail is not None
        assert decision.detail.NoPermissionType == "ExplicitDeny"


def test_root_may_do_everything_in_its_own_account(identity: Identity) -> None:
    assert ask(identity, identity.root, "oss:DeleteBucket").allowed
    assert not ask(identity, identity.root, "oss:DeleteBucket", bucket_owner=OTHER).allowed


def test_a_bucket_policys_deny_holds_for_root_too(identity: Identity) -> None:
    guarded = policy(deny(READ, "acs:oss:*:*:b/*", Principal=["*"]))
    decision = ask(identity, identity.root, bucket_policy=guarded)
    assert (decision.allowed, decision.layer, decision.ec) == (False, "bucket-policy", "0003-00000101")
    assert decision.message == "Access denied by bucket policy."


@pytest.mark.parametrize(
    ("statements", "ec"),
    [((), "0003-00000101"), ((allow(),), "0003-00000101"), ((deny(),), "0003-00000203")],
)
def test_who_denied_is_told_by_the_ec(identity: Identity, statements: tuple[dict[str, Any], ...], ec: str) -> None:
    guarded = policy(deny(READ, "*", Principal=["*"]))
    assert ask(identity, user(identity, *statements), bucket_policy=guarded).ec == ec


PRINCIPALS = [
    (["*"], True),
    ("*", True),
    (["id-of-alice"], True),
    (["id-of-bob"], False),
    ([ACCOUNT], False),
    (["id-of-bob", "id-of-alice"], True),
    ([], False),
]


@pytest.mark.parametrize(("principals", "allowed"), PRINCIPALS)
def test_a_bucket_policy_allows_whom_it_names(identity: Identity, principals: object, *, allowed: bool) -> None:
    opened = policy(allow(READ, "acs:oss:*:*:b/*", Principal=principals))
    assert ask(identity, user(identity), bucket_policy=opened).allowed is allowed


def test_a_bucket_policy_that_allows_does_not_lift_rams_deny(identity: Identity) -> None:
    opened = policy(allow(READ, "*", Principal=["*"]))
    assert not ask(identity, user(identity, deny()), bucket_policy=opened).allowed


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        (f"arn:sts::{ACCOUNT}:assumed-role/reader/*", True),
        (f"arn:sts::{ACCOUNT}:assumed-role/reader/job", True),
        (f"arn:sts::{ACCOUNT}:assumed-role/writer/*", False),
        (f"arn:sts::{OTHER}:assumed-role/reader/*", False),
    ],
)
def test_a_bucket_policy_names_role_sessions_by_arn(identity: Identity, named: str, *, allowed: bool) -> None:
    session = identity.session(identity.add_role("reader"), "job", None)
    opened = policy(allow(READ, "*", Principal=[named]))
    assert ask(identity, session, bucket_policy=opened).allowed is allowed


def test_another_account_needs_the_bucket_policy_or_the_acl(identity: Identity) -> None:
    stranger = identity.add_foreign_key(OTHER).owner
    refused = ask(identity, stranger)
    assert (refused.layer, refused.ec, refused.detail) == ("acl", "0003-00000001", None)
    assert ask(identity, stranger, "oss:GetBucketAcl").message == "The bucket you access does not belong to you."
    assert ask(identity, stranger, bucket_acl="public-read").allowed
    assert ask(identity, stranger, bucket_policy=policy(allow(READ, "*", Principal=[OTHER]))).allowed


def test_rights_in_ones_own_account_open_no_other_accounts_bucket(identity: Identity) -> None:
    refused = ask(identity, user(identity, allow()), bucket_owner=OTHER)
    assert (refused.allowed, refused.layer) == (False, "acl")
    named = policy(allow(READ, "*", Principal=[ACCOUNT]))
    assert ask(identity, user(identity, allow(), name="bob"), bucket_owner=OTHER, bucket_policy=named).allowed
    assert not ask(identity, user(identity, name="carol"), bucket_owner=OTHER, bucket_policy=named).allowed


ACLS = [
    (None, READ, "private", None, False, "0003-00000001"),
    (None, READ, "public-read", None, True, ""),
    (None, READ, "public-read", "default", True, ""),
    (None, READ, "private", "default", False, "0003-00000001"),
    (None, READ, "private", "public-read", True, ""),
    (None, READ, "public-read", "private", False, "0003-00000005"),
    (None, "oss:PutObject", "public-read", None, False, "0003-00000001"),
    (None, "oss:PutObject", "public-read-write", None, True, ""),
    (None, "oss:PutObject", "public-read-write", "public-read", False, "0003-00000006"),
    (None, "oss:GetObjectAcl", "public-read", "private", False, "0003-00000007"),
    (None, "oss:ListObjects", "public-read", None, False, "0003-00001201"),
    (None, "oss:ListObjects", "public-read-write", None, False, "0003-00001201"),
    (None, "oss:GetBucketAcl", "public-read-write", None, False, "0003-00001201"),
    (None, "oss:RestoreObject", "public-read-write", None, False, "0003-00001201"),
]


@pytest.mark.parametrize(("who", "action", "bucket_acl", "object_acl", "allowed", "ec"), ACLS)
def test_acls_open_reading_and_writing_objects_and_nothing_else(
    identity: Identity, who: None, action: str, bucket_acl: str, object_acl: str | None, ec: str, *, allowed: bool
) -> None:
    decision = ask(identity, who, action, bucket_acl=bucket_acl, object_acl=object_acl)
    assert (decision.allowed, decision.ec) == (allowed, ec)
    assert decision.detail is None


def test_an_unentitled_user_may_what_anybody_may(identity: Identity) -> None:
    assert ask(identity, user(identity), bucket_acl="public-read").allowed


def test_a_bucket_policy_may_deny_the_public_what_the_acl_gives(identity: Identity) -> None:
    closed = policy(deny(READ, "*", Principal=["*"]))
    assert ask(identity, None, bucket_acl="public-read", bucket_policy=closed).ec == "0003-00000101"
    others = policy(deny(READ, "*", Principal=["id-of-alice"]))
    assert ask(identity, None, bucket_acl="public-read", bucket_policy=others).allowed


# ------------------------------------------------------------------------------------------------------- guard rails


def test_a_session_policy_takes_away_and_never_gives(identity: Identity) -> None:
    role = identity.add_role("reader")
    session = identity.session(role, "job", policy(allow(READ)))
    assert ask(identity, session).layer == "ram"
    identity.attach(role, "System", "AliyunOSSFullAccess")
    assert ask(identity, session).allowed
    refused = ask(identity, session, "oss:PutObject")
    assert (refused.layer, refused.explicit) == ("session-policy", False)
    assert refused.message == "Access denied by authorizer's policy."
    assert refused.detail is not None
    assert (refused.detail.PolicyType, refused.detail.AuthPrincipalType) == ("SessionPolicy", "AssumedRoleUser")
    assert refused.detail.AuthPrincipalDisplayName == "reader:job"


def test_a_session_policys_own_deny_is_explicit(identity: Identity) -> None:
    role = identity.add_role("reader")
    identity.attach(role, "System", "AliyunOSSFullAccess")
    refused = ask(identity, identity.session(role, "job", policy(allow(), deny(READ))))
    assert (refused.layer, refused.explicit) == ("session-policy", True)


def test_a_control_policy_comes_before_everything_even_for_root(identity: Identity) -> None:
    identity.control_policies = [policy(allow("*"), deny("oss:DeleteBucket"))]
    for who in (identity.root, user(identity, allow("*"))):
        refused = ask(identity, who, "oss:DeleteBucket")
        assert (refused.layer, refused.explicit) == ("control-policy", True)
        assert refused.detail is not None
        assert refused.detail.PolicyType == "ControlPolicy"
        assert ask(identity, who).allowed


def test_what_no_control_policy_allows_is_denied_implicitly(identity: Identity) -> None:
    identity.control_policies = [policy(allow("ram:*"))]
    refused = ask(identity, user(identity, allow("*")))
    assert (refused.layer, refused.explicit) == ("control-policy", False)


def test_a_grant_for_a_resource_group_holds_inside_it_only(identity: Identity) -> None:
    who = user(identity, allow(), scope="rg-1")
    assert not ask(identity, who).allowed
    assert ask(identity, who, context={"acs:ResourceGroupId": "rg-1"}).allowed
    assert not ask(identity, who, context={"acs:ResourceGroupId": "rg-2"}).allowed


def test_a_deny_from_a_resource_group_says_so(identity: Identity) -> None:
    refused = ask(identity, user(identity, deny(), scope="rg-1"), context={"acs:ResourceGroupId": "rg-1"})
    assert refused.detail is not None
    assert refused.detail.PolicyType == "ResourceGroupLevelIdentityBasedPolicy"


# ------------------------------------------------------------------------------------------------------ RAM's own calls


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (allow("ram:GetUser", f"acs:ram:*:{ACCOUNT}:user/*"), True),
        (allow("ram:GetUser", f"acs:ram::{ACCOUNT}:user/bob"), True),
        (allow("ram:GetUser", f"acs:ram:*:{ACCOUNT}:user/alice"), False),
        (allow("ram:GetUser", f"acs:ram:*:{OTHER}:user/*"), False),
        (allow("oss:*"), False),
    ],
)
def test_rams_resources_are_users(identity: Identity, statement: dict[str, Any], *, allowed: bool) -> None:
    resource = f"acs:ram:*:{ACCOUNT}:user/bob"
    decision = decide_ram(user(identity, statement), "ram:GetUser", resource, {}, identity=identity)
    assert decision.allowed is allowed


# --------------------------------------------------------------------------------------------------------- identity


def test_a_principals_rights_follow_every_change(identity: Identity) -> None:
    who = user(identity)
    found = identity.users["alice"]
    assert not ask(identity, who).allowed
    identity.add_group("staff")
    found.groups["staff"] = 0.0
    identity.refresh([found])
    identity.attach(identity.groups["staff"], "System", "AliyunOSSReadOnlyAccess")
    assert ask(identity, who).allowed
    identity.detach(identity.groups["staff"], "System", "AliyunOSSReadOnlyAccess")
    assert not ask(identity, who).allowed


def test_a_keys_own_address_rule_wins_over_the_accounts(identity: Identity) -> None:
    identity.networks = ("10.0.0.0/8",)
    open_key = identity.add_key("app")
    own_rule = identity.add_key("app", networks=("192.168.0.0/16",))
    assert identity.admits(open_key, "10.1.1.1")
    assert not identity.admits(open_key, "192.168.1.1")
    assert identity.admits(own_rule, "192.168.1.1")
    assert not identity.admits(own_rule, "10.1.1.1")
    assert not identity.admits(own_rule, "not an address")


def test_tokens_and_other_accounts_keys_have_no_address_rule(identity: Identity) -> None:
    identity.networks = ("10.0.0.0/8",)
    token = identity.issue_token(identity.add_role("r"), "s1", 900, None)
    assert identity.admits(token, "192.168.1.1")
    assert identity.admits(identity.add_foreign_key(OTHER), "192.168.1.1")


def test_tokens_that_ended_long_ago_are_forgotten() -> None:
    clock = Clock()
    identity = Identity(clock)
    role = identity.add_role("r")
    for _ in range(20_010):
        identity.issue_token(role, "s1", 900, None)
    clock.advance(3 * 86400)
    identity.issue_token(role, "s1", 900, None)
    identity.issue_token(role, "s1", 900, None)
    assert len(identity.keys) < 10


@pytest.mark.parametrize(
    ("text", "value", "fits"),
    [
        ("a*c", "abc", True),
        ("a*c", "ac", True),
        ("a*c", "abcd", False),
        ("*a*", "bab", True),
        ("a*a", "a", False),
        ("ab*ba", "aba", False),
        ("a**c", "abc", True),
        ("**", "", True),
        ("?*?", "x", False),
        ("?*?", "xy", True),
        ("a.c", "abc", False),
        ("a*b*c", "a-b-b-c", True),
        ("a*\n", "a\nb\n", True),
        ("*a" * 60 + "b", "a" * 5000, False),
        ("", "", True),
    ],
)
def test_wildcards_take_the_leftmost_place_and_no_time(text: str, value: str, *, fits: bool) -> None:
    assert bool(pattern(text)(value)) is fits
