from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import oss2
import pytest

from tests.simulator.rpc.rpc_client import Account

if TYPE_CHECKING:
    from ossmend.simulator.serve import Running

ACCOUNT = "1234567890123456"


def policy(*actions: str, effect: str = "Allow", resource: str = "*") -> str:
    return json.dumps(
        {"Version": "1", "Statement": [{"Effect": effect, "Action": list(actions), "Resource": resource}]}
    )


def trust(*who: str, effect: str = "Allow", **condition: Any) -> str:
    statement = {"Effect": effect, "Action": "sts:AssumeRole", "Principal": {"RAM": list(who)}}
    return json.dumps({"Version": "1", "Statement": [statement | ({"Condition": condition} if condition else {})]})


# --------------------------------------------------------------------------------------------------------- policies


def test_a_policy_is_given_back_as_it_was_sent(admin: Account) -> None:
    text = policy("oss:GetObject") + " "
    made = admin.ram("CreatePolicy", PolicyName="reader", PolicyDocument=text, Description="reads")["Policy"]
    assert (made["DefaultVersion"], made["PolicyType"]) == ("v1", "Custom")
    got = admin.ram("GetPolicy", PolicyName="reader", PolicyType="Custom")
    assert got["Policy"]["PolicyDocument"] == "N/A"
    assert got["DefaultPolicyVersion"]["PolicyDocument"] == text
    version = admin.ram("GetPolicyVersion", PolicyName="reader", PolicyType="Custom", VersionId="v1")["PolicyVersion"]
    assert (version["IsDefaultVersion"], version["PolicyDocument"]) == (True, text)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"Version":"2","Statement":[]}',
        '{"Version":"1"}',
        '{"Version":"1","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}',
        '{"Version":"1","Statement":[{"Effect":"Allow","Resource":"*"}]}',
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":"*"}]}',
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Principal":["*"]}]}',
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Like":{}}}]}',
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":[7],"Resource":"*"}]}',
        '{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Ressource":"*"}]}',
    ],
)
def test_a_malformed_policy_is_refused(admin: Account, text: str) -> None:
    refused = admin.refused("Ram", "CreatePolicy", {"PolicyName": "bad", "PolicyDocument": text})
    assert (refused.status, refused.code) == (400, "MalformedPolicyDocument")


def test_a_policy_of_more_than_6144_characters_is_refused(admin: Account) -> None:
    text = policy(*[f"oss:Action{n}" for n in range(500)])
    refused = admin.refused("Ram", "CreatePolicy", {"PolicyName": "long", "PolicyDocument": text})
    assert (refused.status, refused.code) == (400, "InvalidParameter.PolicyDocument.Length")


@pytest.mark.parametrize(
    ("action", "parameters", "status", "code"),
    [
        (
            "CreatePolicy",
            {"PolicyName": "a b", "PolicyDocument": "{}"},
            400,
            "InvalidParameter.PolicyName.InvalidChars",
        ),
        ("CreatePolicy", {"PolicyName": "reader", "PolicyDocument": policy("*")}, 409, "EntityAlreadyExists.Policy"),
        ("GetPolicy", {"PolicyName": "none", "PolicyType": "Custom"}, 404, "EntityNotExist.Policy"),
        ("GetPolicy", {"PolicyName": "reader", "PolicyType": "Mine"}, 400, "InvalidParameter.PolicyType"),
        (
            "GetPolicyVersion",
            {"PolicyName": "reader", "PolicyType": "Custom", "VersionId": "v9"},
            404,
            "EntityNotExist.Policy.Version",
        ),
        ("DeletePolicy", {"PolicyName": "AdministratorAccess"}, 404, "EntityNotExist.Policy"),
        ("DeletePolicy", {"PolicyName": "reader"}, 409, "DeleteConflict.Policy.User"),
        (
            "AttachPolicyToUser",
            {"PolicyName": "reader", "PolicyType": "Custom", "UserName": "app"},
            409,
            "EntityAlreadyExists.User.Policy",
        ),
        (
            "DetachPolicyFromUser",
            {"PolicyName": "ReadOnlyAccess", "PolicyType": "System", "UserName": "app"},
            404,
            "EntityNotExist.User.Policy",
        ),
        (
            "AttachPolicyToRole",
            {"PolicyName": "reader", "PolicyType": "Custom", "RoleName": "none"},
            404,
            "EntityNotExist.Role",
        ),
        ("ListPoliciesForGroup", {"GroupName": "none"}, 404, "EntityNotExist.Group"),
        (
            "DeletePolicyVersion",
            {"PolicyName": "reader", "VersionId": "v1"},
            409,
            "DeleteConflict.Policy.Version.Default",
        ),
    ],
)
def test_what_cannot_be_done_to_a_policy_is_refused(
    admin: Account, action: str, parameters: dict[str, str], status: int, code: str
) -> None:
    admin.ram("CreatePolicy", PolicyName="reader", PolicyDocument=policy("oss:Get*"))
    admin.ram("AttachPolicyToUser", PolicyName="reader", PolicyType="Custom", UserName="app")
    refused = admin.refused("Ram", action, parameters)
    assert (refused.status, refused.code) == (status, code)


def test_a_new_default_version_takes_effect_at_once(admin: Account) -> None:
    alice = admin.as_user("alice")
    admin.ram("CreatePolicy", PolicyName="mine", PolicyDocument=policy("oss:*"))
    admin.ram("AttachPolicyToUser", PolicyName="mine", PolicyType="Custom", UserName="alice")
    assert alice.refused("Ram", "ListUsers").code == "NoPermission"
    admin.ram("CreatePolicyVersion", PolicyName="mine", PolicyDocument=policy("ram:List*"), SetAsDefault="true")
    alice.ram("ListUsers")
    admin.ram("SetDefaultPolicyVersion", PolicyName="mine", VersionId="v1")
    assert alice.refused("Ram", "ListUsers").code == "NoPermission"


def test_a_sixth_version_is_refused(admin: Account) -> None:
    admin.ram("CreatePolicy", PolicyName="mine", PolicyDocument=policy("oss:*"))
    for _ in range(4):
        admin.ram("CreatePolicyVersion", PolicyName="mine", PolicyDocument=policy("oss:*"))
    refused = admin.refused("Ram", "CreatePolicyVersion", {"PolicyName": "mine", "PolicyDocument": policy("oss:*")})
    assert refused.code == "LimitExceeded.Policy.Version"
    versions = admin.ram("ListPolicyVersions", PolicyName="mine", PolicyType="Custom")["PolicyVersions"][
        "PolicyVersion"
    ]
    assert [one["VersionId"] for one in versions if one["IsDefaultVersion"]] == ["v1"]


def test_a_group_that_is_renamed_keeps_its_members_and_what_it_gives_them(admin: Account) -> None:
    alice = admin.as_user("alice")
    for name in ("staff", "other"):
        admin.ram("CreateGroup", GroupName=name, Comments="old")
    admin.ram("AttachPolicyToGroup", GroupName="staff", PolicyName="AliyunRAMReadOnlyAccess", PolicyType="System")
    admin.ram("AddUserToGroup", GroupName="staff", UserName="alice")
    told = admin.ram("UpdateGroup", GroupName="staff", NewGroupName="crew", NewComments="new")["Group"]
    assert (told["GroupName"], told["Comments"]) == ("crew", "new")
    groups = [(one["GroupName"], one["Comments"]) for one in alice.ram("ListGroups")["Groups"]["Group"]]
    assert groups == [("crew", "new"), ("other", "old")]
    assert [one["GroupName"] for one in alice.ram("ListGroupsForUser", UserName="alice")["Groups"]["Group"]] == ["crew"]
    users = alice.ram("ListUsersForGroup", GroupName="crew")["Users"]["User"]
    assert [one["UserName"] for one in users] == ["alice"]
    for asked, code in (
        ({"GroupName": "staff", "NewGroupName": "x"}, "EntityNotExist.Group"),
        ({"GroupName": "crew", "NewGroupName": "other"}, "EntityAlreadyExists.Group"),
        ({"GroupName": "crew", "NewGroupName": "a b"}, "InvalidParameter.NewGroupName.InvalidChars"),
    ):
        assert admin.refused("Ram", "UpdateGroup", asked).code == code
    assert admin.ram("UpdateGroup", GroupName="crew")["Group"]["Comments"] == "new"


def test_a_groups_policies_reach_its_members_until_they_leave(admin: Account) -> None:
    alice = admin.as_user("alice")
    admin.ram("CreateGroup", GroupName="staff")
    admin.ram("AttachPolicyToGroup", GroupName="staff", PolicyName="AliyunRAMReadOnlyAccess", PolicyType="System")
    admin.ram("AddUserToGroup", GroupName="staff", UserName="alice")
    groups = alice.ram("ListGroupsForUser", UserName="alice")["Groups"]["Group"]
    assert [group["GroupName"] for group in groups] == ["staff"]
    policies = alice.ram("ListPoliciesForGroup", GroupName="staff")["Policies"]["Policy"]
    assert [one["PolicyName"] for one in policies] == ["AliyunRAMReadOnlyAccess"]
    assert alice.ram("ListPoliciesForUser", UserName="alice")["Policies"] == {"Policy": []}
    admin.ram("RemoveUserFromGroup", GroupName="staff", UserName="alice")
    assert alice.refused("Ram", "ListUsers").code == "NoPermission"


def test_who_holds_a_policy_is_listed(admin: Account) -> None:
    admin.ram("CreateRole", RoleName="reader", AssumeRolePolicyDocument=trust("*"))
    admin.ram("AttachPolicyToRole", RoleName="reader", PolicyName="AliyunOSSFullAccess", PolicyType="System")
    held = admin.ram("ListEntitiesForPolicy", PolicyName="AliyunOSSFullAccess", PolicyType="System")
    assert [user["UserName"] for user in held["Users"]["User"]] == ["app"]
    assert [role["RoleName"] for role in held["Roles"]["Role"]] == ["reader"]
    assert held["Groups"]["Group"] == []


# ------------------------------------------------------------------------------------------------------ permissions


@pytest.mark.parametrize(
    ("product", "action", "parameters", "needed"),
    [
        ("Ram", "ListUsers", {}, "ram:ListUsers"),
        ("Ims", "GetUser", {"UserAccessKeyId": "LTAI5tNobodysKey00000000"}, "ram:GetUser"),
        ("Ims", "ListAccessKeys", {"UserPrincipalName": f"app@{ACCOUNT}.onaliyun.com"}, "ram:ListAccessKeys"),
        ("Ims", "GetAccessKeyInfoInRecycleBin", {"UserAccessKeyId": "x"}, "ram:GetAccessKeyInfoInRecycleBin"),
        ("Ims", "GetUserInRecycleBin", {"UserId": "x"}, "ram:GetUserInRecycleBin"),
        ("Ims", "GetAccessKeyPolicyForAccount", {}, "ram:GetAccessKeyPolicyForAccount"),
        ("Ims", "GenerateCredentialReport", {}, "ram:GenerateCredentialReport"),
        ("Ram", "DecodeDiagnosticMessage", {"EncodedDiagnosticMessage": "x"}, "ram:DecodeDiagnosticMessage"),
        ("Ram", "GetPolicy", {"PolicyName": "x", "PolicyType": "Custom"}, "ram:GetPolicy"),
        ("Actiontrail", "GetAccessKeyLastUsedInfo", {"AccessKey": "x"}, "actiontrail:GetAccessKeyLastUsedInfo"),
        (
            "Sts",
            "AssumeRole",
            {"RoleArn": f"acs:ram::{ACCOUNT}:role/any", "RoleSessionName": "se"},
            "sts:AssumeRole",
        ),
    ],
)
def test_a_user_without_the_right_is_refused_even_where_nothing_would_be_found(
    admin: Account, product: str, action: str, parameters: dict[str, str], needed: str
) -> None:
    alice = admin.as_user("alice", "AliyunOSSFullAccess")
    refused = alice.refused(product, action, parameters)
    assert (refused.status, refused.code) == (403, "NoPermission")
    admin.ram("CreatePolicy", PolicyName="just-that", PolicyDocument=policy(needed))
    admin.ram("AttachPolicyToUser", PolicyName="just-that", PolicyType="Custom", UserName="alice")
    assert alice.code(product, action, parameters) != "NoPermission"


def test_a_right_on_one_user_is_no_right_on_another(admin: Account) -> None:
    alice = admin.as_user("alice")
    admin.ram(
        "CreatePolicy",
        PolicyName="self",
        PolicyDocument=policy("ram:GetUser", "ram:ListAccessKeys", resource=f"acs:ram:*:{ACCOUNT}:user/alice"),
    )
    admin.ram("AttachPolicyToUser", PolicyName="self", PolicyType="Custom", UserName="alice")
    alice.ram("GetUser", UserName="alice")
    alice.ram("ListAccessKeys")
    assert alice.refused("Ram", "GetUser", {"UserName": "app"}).code == "NoPermission"


def test_a_deny_wins_over_the_administrators_policy(admin: Account) -> None:
    alice = admin.as_user("alice", "AdministratorAccess")
    admin.ram("CreatePolicy", PolicyName="no-keys", PolicyDocument=policy("ram:*AccessKey*", effect="Deny"))
    admin.ram("AttachPolicyToUser", PolicyName="no-keys", PolicyType="Custom", UserName="alice")
    alice.ram("ListUsers")
    assert alice.refused("Ram", "CreateAccessKey", {"UserName": "app"}).code == "NoPermission"


# ------------------------------------------------------------------------------------------------------ roles, STS


def test_who_am_i(admin: Account) -> None:
    alice = admin.as_user("Alice")
    root, user = admin.call("Sts", "GetCallerIdentity"), alice.call("Sts", "GetCallerIdentity")
    assert (root["IdentityType"], root["Arn"]) == ("Account", f"acs:ram::{ACCOUNT}:root")
    assert (user["IdentityType"], user["Arn"]) == ("RAMUser", f"acs:ram::{ACCOUNT}:user/alice")
    assert user["UserId"] == admin.ram("GetUser", UserName="Alice")["User"]["UserId"]


def assume(account: Account, role: str, **more: Any) -> Account:
    parameters = {"RoleArn": f"acs:ram::{ACCOUNT}:role/{role}", "RoleSessionName": "job-1"} | more
    held = account.call("Sts", "AssumeRole", parameters)["Credentials"]
    return Account(account.rpc, held["AccessKeyId"], held["AccessKeySecret"], held["SecurityToken"])


def test_any_role_of_the_account_can_be_assumed_by_default(simulator: Running, admin: Account) -> None:
    session = assume(admin, "nobody-made-this")
    who = session.call("Sts", "GetCallerIdentity")
    assert who["Arn"] == f"acs:ram::{ACCOUNT}:assumed-role/nobody-made-this/job-1"
    assert session.token is not None
    auth = oss2.StsAuth(session.key_id, session.secret, session.token)
    oss2.Bucket(auth, simulator.oss, "made-by-a-session").create_bucket()


def test_a_made_role_gives_what_its_policies_give_and_no_more(admin: Account) -> None:
    admin.ram("CreateRole", RoleName="Auditor", AssumeRolePolicyDocument=trust(f"acs:ram::{ACCOUNT}:root"))
    admin.ram("AttachPolicyToRole", RoleName="Auditor", PolicyName="AliyunRAMReadOnlyAccess", PolicyType="System")
    session = assume(admin, "auditor")
    session.ram("ListUsers")
    assert session.refused("Ram", "CreateUser", {"UserName": "eve"}).code == "NoPermission"


def test_a_session_policy_only_takes_away(admin: Account) -> None:
    session = assume(admin, "any", Policy=policy("ram:GetUser"))
    session.ram("GetUser", UserName="app")
    assert session.refused("Ram", "ListUsers").code == "NoPermission"


def test_a_role_that_does_not_trust_the_caller_is_not_assumed(admin: Account) -> None:
    alice = admin.as_user("alice", "AliyunSTSAssumeRoleAccess")
    admin.ram("CreateRole", RoleName="closed", AssumeRolePolicyDocument=trust(f"acs:ram::{ACCOUNT}:user/bob"))
    admin.ram("CreateRole", RoleName="open", AssumeRolePolicyDocument=trust(f"acs:ram::{ACCOUNT}:user/alice"))
    asked = {"RoleArn": f"acs:ram::{ACCOUNT}:role/closed", "RoleSessionName": "se"}
    assert (alice.refused("Sts", "AssumeRole", asked).status, assume(alice, "open").token is None) == (403, False)


def test_an_external_id_in_the_trust_policy_is_asked_for(admin: Account) -> None:
    document = trust("*", StringEquals={"sts:ExternalId": "abc"})
    admin.ram("CreateRole", RoleName="partner", AssumeRolePolicyDocument=document)
    asked = {"RoleArn": f"acs:ram::{ACCOUNT}:role/partner", "RoleSessionName": "se"}
    assert admin.refused("Sts", "AssumeRole", asked).code == "NoPermission"
    assume(admin, "partner", ExternalId="abc")


def test_root_keys_may_not_assume_roles_but_for_the_announced_one(simulator: Running, admin: Account) -> None:
    key = simulator.do(lambda cloud: cloud.identity.add_key())
    asked = {"RoleArn": f"acs:ram::{ACCOUNT}:role/any", "RoleSessionName": "se"}
    refused = Account(admin.rpc, key.id, key.secret).refused("Sts", "AssumeRole", asked)
    assert (refused.status, refused.code) == (403, "NoPermission")
    assume(admin, "any")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"RoleArn": "acs:ram::1:user/x"}, "InvalidParameter.RoleArn"),
        ({"RoleArn": "nonsense"}, "InvalidParameter.RoleArn"),
        ({"RoleArn": "acs:ram::2222222222222222:role/x"}, "EntityNotExist.Role"),
        ({"RoleSessionName": "x"}, "InvalidParameter.RoleSessionName"),
        ({"RoleSessionName": "a b"}, "InvalidParameter.RoleSessionName"),
        ({"DurationSeconds": "899"}, "InvalidParameter.DurationSeconds"),
        ({"DurationSeconds": "3601"}, "InvalidParameter.DurationSeconds"),
        ({"DurationSeconds": "an hour"}, "InvalidParameter.DurationSeconds"),
        ({"Policy": "{"}, "InvalidParameter.PolicyGrammar"),
        ({"Policy": policy(*["oss:GetObject"] * 200)}, "InvalidParameter.PolicySize"),
    ],
)
def test_bad_arguments_of_assume_role_are_named(admin: Account, changes: dict[str, str], code: str) -> None:
    asked = {"RoleArn": f"acs:ram::{ACCOUNT}:role/any", "RoleSessionName": "session"} | changes
    assert admin.refused("Sts", "AssumeRole", asked).code == code


def test_deleting_a_role_ends_its_sessions(admin: Account) -> None:
    admin.ram("CreateRole", RoleName="brief", AssumeRolePolicyDocument=trust("*"))
    session = assume(admin, "brief")
    session.call("Sts", "GetCallerIdentity")
    admin.ram("DeleteRole", RoleName="brief")
    assert session.refused("Sts", "GetCallerIdentity").code == "InvalidAccessKeyId.NotFound"


@pytest.mark.parametrize("duration", ["3599", "43201"])
def test_a_role_lives_between_one_and_twelve_hours(admin: Account, duration: str) -> None:
    parameters = {"RoleName": "r", "AssumeRolePolicyDocument": trust("*"), "MaxSessionDuration": duration}
    assert admin.refused("Ram", "CreateRole", parameters).code == "InvalidParameter.MaxSessionDuration"


def test_a_role_can_be_changed_and_listed(admin: Account) -> None:
    admin.ram("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust("*"))
    admin.ram("UpdateRole", RoleName="r", NewDescription="new", NewMaxSessionDuration="7200")
    role = admin.ram("GetRole", RoleName="R")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 7200)
    assert [one["RoleName"] for one in admin.ram("ListRoles")["Roles"]["Role"]] == ["r"]
