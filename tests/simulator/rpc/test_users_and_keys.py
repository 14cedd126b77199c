from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import oss2
import pytest

if TYPE_CHECKING:
    from ossmend.simulator.serve import Running
    from ossmend.simulator.state import Cloud
    from tests.simulator.rpc.rpc_client import Account

DOMAIN = "1234567890123456.onaliyun.com"
ALICE = f"alice@{DOMAIN}"


@pytest.fixture
def alice(admin: Account) -> Account:
    return admin.as_user("alice")


# ------------------------------------------------------------------------------------------------------------ users


def test_there_is_one_user_with_one_active_key_by_default(admin: Account) -> None:
    users = admin.ram("ListUsers")["Users"]["User"]
    assert [user["UserName"] for user in users] == ["app"]
    keys = admin.ram("ListAccessKeys", UserName="app")["AccessKeys"]["AccessKey"]
    assert [key["Status"] for key in keys] == ["Active"]


def test_ram_names_users_by_name_and_ims_by_principal_name(admin: Account, alice: Account) -> None:
    ram = admin.ram("GetUser", UserName="alice")["User"]
    ims = admin.ims("GetUser", UserPrincipalName=ALICE)["User"]
    assert "UserPrincipalName" not in ram
    assert ims["UserPrincipalName"] == ALICE
    assert ims["UserId"] == ram["UserId"]
    assert ims["Tags"] == {"Tag": []}


@pytest.mark.parametrize("selector", ["UserPrincipalName", "UserId", "UserAccessKeyId"])
def test_ims_finds_a_user_by_any_one_selector(admin: Account, alice: Account, selector: str) -> None:
    user_id = admin.ram("GetUser", UserName="alice")["User"]["UserId"]
    value = {"UserPrincipalName": ALICE, "UserId": user_id, "UserAccessKeyId": alice.key_id}[selector]
    assert admin.ims("GetUser", **{selector: value})["User"]["UserName"] == "alice"


def test_ims_refuses_two_selectors_and_none(admin: Account, alice: Account) -> None:
    both = {"UserPrincipalName": ALICE, "UserAccessKeyId": alice.key_id}
    assert admin.refused("Ims", "GetUser", both).code == "InvalidParameter"
    assert admin.refused("Ims", "GetUser").code == "MissingParameter"


def test_a_disabled_key_still_names_its_owner(admin: Account, alice: Account) -> None:
    admin.ram("UpdateAccessKey", UserName="alice", UserAccessKeyId=alice.key_id, Status="Inactive")
    assert admin.ims("GetUser", UserAccessKeyId=alice.key_id)["User"]["UserName"] == "alice"
    key = admin.ims("ListAccessKeys", UserPrincipalName=ALICE)["AccessKeys"]["AccessKey"][0]
    assert (key["AccessKeyId"], key["Status"]) == (alice.key_id, "Inactive")


@pytest.mark.parametrize("key_id", ["LTAI5tNobodysKey00000000", "STS.NTunknown", " ", "x" * 300, "ключ"])
def test_nobodys_key_names_no_owner(admin: Account, key_id: str) -> None:
    refused = admin.refused("Ims", "GetUser", {"UserAccessKeyId": key_id})
    assert (refused.status, refused.code) == (404, "EntityNotExist.User.AccessKey")


def test_roots_key_and_other_accounts_keys_name_no_user(simulator: Running, admin: Account) -> None:
    foreign = simulator.do(lambda cloud: cloud.identity.add_foreign_key("2222222222222222"))
    for key_id in (admin.key_id, foreign.id):
        assert admin.refused("Ims", "GetUser", {"UserAccessKeyId": key_id}).code == "EntityNotExist.User.AccessKey"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a b", "InvalidParameter.UserName.InvalidChars"),
        ("x" * 65, "InvalidParameter.UserName.Length"),
        ("", "MissingParameter"),
        ("nobody", "EntityNotExist.User"),
    ],
)
def test_bad_user_names_are_told_apart(admin: Account, name: str, code: str) -> None:
    assert admin.refused("Ram", "GetUser", {"UserName": name}).code == code


def test_a_name_exists_once_whatever_its_case(admin: Account, alice: Account) -> None:
    refused = admin.refused("Ram", "CreateUser", {"UserName": "Alice"})
    assert (refused.status, refused.code) == (409, "EntityAlreadyExists.User")


def test_a_user_can_be_changed_and_renamed_without_losing_its_key(admin: Account, alice: Account) -> None:
    admin.ram("AttachPolicyToUser", UserName="alice", PolicyName="AliyunRAMReadOnlyAccess", PolicyType="System")
    admin.ims("UpdateUser", UserPrincipalName=ALICE, NewUserPrincipalName=f"bob@{DOMAIN}", NewComments="was alice")
    assert admin.refused("Ram", "GetUser", {"UserName": "alice"}).status == 404
    assert admin.ims("GetUser", UserAccessKeyId=alice.key_id)["User"]["Comments"] == "was alice"
    assert alice.ram("GetUser", UserName="bob")["User"]["UserName"] == "bob"


def test_a_user_with_policies_groups_or_keys_is_not_deleted(admin: Account, alice: Account) -> None:
    assert admin.refused("Ram", "DeleteUser", {"UserName": "alice"}).code == "DeleteConflict.User.AccessKey"
    admin.ram("AttachPolicyToUser", UserName="alice", PolicyName="ReadOnlyAccess", PolicyType="System")
    assert admin.refused("Ims", "DeleteUser", {"UserPrincipalName": ALICE}).code == "DeleteConflict.User.Policy"
    admin.ram("DetachPolicyFromUser", UserName="alice", PolicyName="ReadOnlyAccess", PolicyType="System")
    admin.ram("CreateGroup", GroupName="staff")
    admin.ram("AddUserToGroup", GroupName="staff", UserName="alice")
    assert admin.refused("Ims", "DeleteUser", {"UserPrincipalName": ALICE}).code == "DeleteConflict.User.Group"


def _many(cloud: Cloud) -> None:
    for number in range(2499):
        cloud.identity.add_user(f"user-{number:04d}")


@pytest.mark.parametrize(("product", "size", "pages"), [("Ram", "1000", 3), ("Ims", "", 3), ("Ims", "500", 5)])
def test_2500_users_come_page_by_page(simulator: Running, admin: Account, product: str, size: str, pages: int) -> None:
    simulator.do(_many)
    found: list[str] = []
    marker, count = "", 0
    while True:
        parameters = {"Marker": marker, "MaxItems": size} if marker else {"MaxItems": size}
        answer = admin.call(product, "ListUsers", {name: value for name, value in parameters.items() if value})
        found += [user["UserName"] for user in answer["Users"]["User"]]
        count += 1
        if not answer["IsTruncated"]:
            break
        marker = answer["Marker"]
    assert "Marker" not in answer
    assert (len(found), len(set(found)), count) == (2500, 2500, pages)


def test_ram_lists_a_hundred_users_unless_asked_for_more(simulator: Running, admin: Account) -> None:
    simulator.do(_many)
    assert len(admin.ram("ListUsers")["Users"]["User"]) == 100


def test_a_user_deleted_between_two_pages_is_no_error(simulator: Running, admin: Account) -> None:
    simulator.do(_many)
    first = admin.ram("ListUsers", MaxItems="1000")
    admin.ram("DeleteUser", UserName="user-0001")
    assert len(admin.ram("ListUsers", MaxItems="1000", Marker=first["Marker"])["Users"]["User"]) == 1000


@pytest.mark.parametrize("parameters", [{"MaxItems": "0"}, {"MaxItems": "1001"}, {"MaxItems": "x"}, {"Marker": "x"}])
def test_bad_pages_are_refused(admin: Account, parameters: dict[str, str]) -> None:
    assert admin.refused("Ram", "ListUsers", parameters).status == 400


def test_ims_hides_frozen_users_until_asked_and_their_keys_are_dead(simulator: Running, admin: Account) -> None:
    alice = admin.as_user("alice", "AliyunRAMReadOnlyAccess")
    simulator.do(lambda cloud: setattr(cloud.identity.users["alice"], "status", "freeze"))
    listed = admin.ims("ListUsers")["Users"]["User"]
    everybody = admin.ims("ListUsers", Status="active,freeze")["Users"]["User"]
    assert [user["UserName"] for user in listed] == ["app"]
    assert {user["UserName"]: user["Status"] for user in everybody} == {"app": "active", "alice": "freeze"}
    assert alice.refused("Ram", "ListUsers").code == "InvalidAccessKeyId.Inactive"


# ------------------------------------------------------------------------------------------------------------- keys


def test_a_secret_is_told_once_and_the_third_key_is_refused(admin: Account, alice: Account) -> None:
    second = admin.ims("CreateAccessKey", UserPrincipalName=ALICE)["AccessKey"]
    assert second["AccessKeySecret"]
    listed = admin.ram("ListAccessKeys", UserName="alice")["AccessKeys"]["AccessKey"]
    assert [set(key) for key in listed] == [{"AccessKeyId", "Status", "CreateDate"}] * 2
    refused = admin.refused("Ram", "CreateAccessKey", {"UserName": "alice"})
    assert (refused.status, refused.code) == (409, "LimitExceeded.User.AccessKey")


def test_nobody_named_means_the_callers_own_keys(admin: Account, alice: Account) -> None:
    for product in ("Ram", "Ims"):
        keys = admin.call(product, "ListAccessKeys")["AccessKeys"]["AccessKey"]
        assert [key["AccessKeyId"] for key in keys] == [admin.key_id]
    assert admin.refused("Ims", "GetAccessKeyLastUsed", {"UserAccessKeyId": alice.key_id}).status == 404


def test_a_key_belongs_to_the_named_user_only(admin: Account, alice: Account) -> None:
    wrong = {"UserName": "app", "UserAccessKeyId": alice.key_id, "Status": "Inactive"}
    assert admin.refused("Ram", "UpdateAccessKey", wrong).code == "EntityNotExist.User.AccessKey"
    assert admin.refused("Ram", "DeleteAccessKey", wrong).code == "EntityNotExist.User.AccessKey"
    assert admin.refused("Ram", "UpdateAccessKey", wrong | {"Status": "Off"}).code == "InvalidParameter.Status"


def test_last_use_follows_what_the_key_does_in_oss(simulator: Running, admin: Account, alice: Account) -> None:
    ask = {"UserAccessKeyId": alice.key_id, "UserPrincipalName": ALICE}
    assert admin.call("Ims", "GetAccessKeyLastUsed", ask)["AccessKeyLastUsed"] == {
        "LastUsedDate": "",
        "ServiceName": "",
    }
    with pytest.raises(oss2.exceptions.AccessDenied):
        oss2.Service(oss2.Auth(alice.key_id, alice.secret), simulator.oss).list_buckets()
    used = admin.call("Ims", "GetAccessKeyLastUsed", ask)["AccessKeyLastUsed"]
    assert used["ServiceName"] == "Oss"
    assert used["LastUsedDate"].endswith("Z")
    ram = admin.ram("GetAccessKeyLastUsed", UserAccessKeyId=alice.key_id, UserName="alice")["AccessKeyLastUsed"]
    assert ram == {"LastUsedDate": used["LastUsedDate"]}


def test_a_disabled_key_is_refused_by_oss_until_it_is_enabled(simulator: Running, admin: Account) -> None:
    alice = admin.as_user("alice", "AliyunOSSFullAccess")
    service = oss2.Service(oss2.Auth(alice.key_id, alice.secret), simulator.oss)
    service.list_buckets()
    admin.ram("UpdateAccessKey", UserName="alice", UserAccessKeyId=alice.key_id, Status="Inactive")
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        service.list_buckets()
    assert (refused.value.status, refused.value.code, refused.value.ec) == (
        403,
        "InvalidAccessKeyId",
        "0002-00000903",
    )
    admin.ims("UpdateAccessKey", UserPrincipalName=ALICE, UserAccessKeyId=alice.key_id, Status="Active")
    service.list_buckets()


# ------------------------------------------------------------------------------------------------------ recycle bin


def test_a_deleted_key_lies_in_the_recycle_bin(admin: Account, alice: Account) -> None:
    admin.ram("DeleteAccessKey", UserName="alice", UserAccessKeyId=alice.key_id)
    assert admin.refused("Ims", "GetUser", {"UserAccessKeyId": alice.key_id}).status == 404
    found = admin.ims("GetAccessKeyInfoInRecycleBin", UserAccessKeyId=alice.key_id)["AccessKey"]
    assert found["UserPrincipalName"] == ALICE
    assert found["UserRecycled"] is False
    assert found["RecycleDate"] < found["DeleteDate"]
    with_user = admin.refused("Ims", "GetUserInRecycleBin", {"UserAccessKeyId": alice.key_id})
    assert (with_user.status, with_user.code) == (404, "EntityNotExist.User")


def test_a_deleted_users_key_says_that_the_user_is_gone_too(admin: Account, alice: Account) -> None:
    admin.ims("DeleteUser", UserPrincipalName=ALICE)
    found = admin.ims("GetAccessKeyInfoInRecycleBin", UserAccessKeyId=alice.key_id)["AccessKey"]
    assert found["UserRecycled"] is True
    user = admin.ims("GetUserInRecycleBin", UserAccessKeyId=alice.key_id)["User"]
    assert (user["UserId"], user["DisplayName"]) == (found["UserId"], "alice")
    assert alice.refused("Sts", "GetCallerIdentity").code == "InvalidAccessKeyId.NotFound"


def test_what_was_never_deleted_is_not_in_the_recycle_bin(admin: Account, alice: Account) -> None:
    for key_id in (alice.key_id, "LTAI5tNobodysKey00000000"):
        refused = admin.refused("Ims", "GetAccessKeyInfoInRecycleBin", {"UserAccessKeyId": key_id})
        assert refused.status == 404
        assert refused.code.startswith("EntityNotExist")


def test_after_a_month_the_recycle_bin_forgets(simulator: Running, admin: Account, alice: Account) -> None:
    admin.ims("DeleteUser", UserPrincipalName=ALICE)
    simulator.do(lambda cloud: cloud.clock.advance(32 * 86400))
    for action in ("GetAccessKeyInfoInRecycleBin", "GetUserInRecycleBin"):
        assert admin.refused("Ims", action, {"UserAccessKeyId": alice.key_id}).status == 404
    assert admin.ims("ListAccessKeysInRecycleBin")["AccessKeys"] == {"AccessKey": []}


def test_a_key_comes_back_from_the_recycle_bin_disabled(admin: Account, alice: Account) -> None:
    admin.ram("DeleteAccessKey", UserName="alice", UserAccessKeyId=alice.key_id)
    admin.ims("RestoreAccessKeyFromRecycleBin", UserAccessKeyId=alice.key_id)
    keys = admin.ram("ListAccessKeys", UserName="alice")["AccessKeys"]["AccessKey"]
    assert [(key["AccessKeyId"], key["Status"]) for key in keys] == [(alice.key_id, "Inactive")]
    assert alice.refused("Sts", "GetCallerIdentity").code == "InvalidAccessKeyId.Inactive"


# --------------------------------------------------------------------------------------------------- address rules


def rule(status: str, *addresses: str) -> str:
    statement = {"Type": "ClassicWhiteList", "IPList": list(addresses)}
    return json.dumps({"Version": 1, "Status": status, "Statements": [statement]})


def test_a_key_has_no_address_rule_until_one_is_set(admin: Account, alice: Account) -> None:
    ask = {"UserAccessKeyId": alice.key_id, "UserPrincipalName": ALICE}
    refused = admin.refused("Ims", "GetAccessKeyPolicy", ask)
    assert (refused.status, refused.code) == (404, "EntityNotExist.AccessKeyPolicy")
    assert admin.refused("Ims", "GetAccessKeyPolicyForAccount").code == "EntityNotExist.AccessKeyPolicy"
    admin.call("Ims", "SetAccessKeyPolicy", ask | {"AccessKeyPolicy": rule("Active", "10.0.0.1/32")})
    got = admin.call("Ims", "GetAccessKeyPolicy", ask)
    assert json.loads(got["AccessKeyPolicy"]) == json.loads(rule("Active", "10.0.0.1/32"))
    assert alice.refused("Sts", "GetCallerIdentity").code == "InvalidAccessKeyId.Inactive"


def test_an_address_rule_that_is_switched_off_is_kept_and_lets_everybody_in(admin: Account, alice: Account) -> None:
    ask = {"UserAccessKeyId": alice.key_id, "UserPrincipalName": ALICE}
    admin.call("Ims", "SetAccessKeyPolicy", ask | {"AccessKeyPolicy": rule("Inactive", "10.0.0.1/32")})
    assert json.loads(admin.call("Ims", "GetAccessKeyPolicy", ask)["AccessKeyPolicy"])["Status"] == "Inactive"
    alice.call("Sts", "GetCallerIdentity")


@pytest.mark.parametrize(
    "text", ["{", "[]", rule("Perhaps", "10.0.0.0/8"), rule("Active"), rule("Active", "10.0.0.0/99")]
)
def test_a_senseless_address_rule_is_refused(admin: Account, text: str) -> None:
    refused = admin.refused("Ims", "SetAccessKeyPolicyForAccount", {"AccessKeyPolicy": text})
    assert (refused.status, refused.code) == (400, "InvalidParameter.AccessKeyPolicy")


# ------------------------------------------------------------------------------------------------------------- tags


def tagging(**tags: str) -> dict[str, str]:
    pairs: dict[str, str] = {"ResourceType": "user", "ResourcePrincipalName.1": ALICE}
    for number, (key, value) in enumerate(tags.items(), 1):
        pairs |= {f"Tag.{number}.Key": key, f"Tag.{number}.Value": value}
    return pairs


def tags_of(account: Account) -> dict[str, str]:
    asked = {"ResourceType": "user", "ResourcePrincipalName.1": ALICE}
    rows: list[dict[str, Any]] = account.call("Ims", "ListTagResources", asked)["TagResources"]["TagResource"]
    return {row["TagKey"]: row["TagValue"] for row in rows}


def test_tagging_a_user_again_changes_nothing(admin: Account, alice: Account) -> None:
    for _ in range(2):
        admin.call("Ims", "TagResources", tagging(owner="alice", team="a-b"))
    assert tags_of(admin) == {"owner": "alice", "team": "a-b"}
    shown = admin.ims("GetUser", UserPrincipalName=ALICE)["User"]["Tags"]["Tag"]
    assert shown[0] == {"TagKey": "owner", "TagValue": "alice"}


def test_users_are_tagged_by_id_as_well(admin: Account, alice: Account) -> None:
    user_id = admin.ram("GetUser", UserName="alice")["User"]["UserId"]
    parameters = {"ResourceType": "user", "ResourceId.1": user_id, "Tag.1.Key": "k", "Tag.1.Value": "v"}
    admin.call("Ims", "TagResources", parameters)
    assert tags_of(admin) == {"k": "v"}


def test_the_twenty_first_tag_is_refused_and_none_is_set(admin: Account, alice: Account) -> None:
    admin.call("Ims", "TagResources", tagging(**{f"k{n}": "v" for n in range(20)}))
    refused = admin.refused("Ims", "TagResources", tagging(k0="new", one_more="v"))
    assert refused.status == 400
    assert tags_of(admin)["k0"] == "v"


def test_ram_cannot_tag_users(admin: Account, alice: Account) -> None:
    parameters = {"ResourceType": "user", "ResourceNames": '["alice"]', "Tag": '[{"Key":"k","Value":"v"}]'}
    assert admin.refused("Ram", "TagResources", parameters).code == "InvalidParameter.ResourceType"


def test_ram_tags_roles_with_json_lists(admin: Account) -> None:
    trust = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["*"]}}],
    }
    admin.ram("CreateRole", RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))
    asked = {"ResourceType": "role", "ResourceNames": '["reader"]'}
    admin.call("Ram", "TagResources", asked | {"Tag": '[{"Key":"k","Value":"v"}]'})
    rows = admin.call("Ram", "ListTagResources", asked)["TagResources"]
    assert [(row["TagKey"], row["TagValue"]) for row in rows] == [("k", "v")]
    admin.call("Ram", "UntagResources", asked | {"TagKeys": '["k"]'})
    assert admin.call("Ram", "ListTagResources", asked)["TagResources"] == []


def test_a_tag_can_be_taken_away(admin: Account, alice: Account) -> None:
    admin.call("Ims", "TagResources", tagging(a="1", b="2"))
    admin.call("Ims", "UntagResources", {"ResourceType": "user", "ResourcePrincipalName.1": ALICE, "TagKey.1": "a"})
    assert tags_of(admin) == {"b": "2"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"ResourceType": "user", "ResourcePrincipalName.1": ALICE},
        {"ResourceType": "user", "Tag.1.Key": "k"},
        {"ResourceType": "bucket", "ResourceId.1": "x", "Tag.1.Key": "k"},
        {"ResourceType": "user", "ResourcePrincipalName.1": ALICE, "Tag.1.Key": "acs:k", "Tag.1.Value": "v"},
        {"ResourceType": "user", "ResourcePrincipalName.1": ALICE, "ResourceId.1": "1", "Tag.1.Key": "k"},
    ],
)
def test_senseless_tagging_is_refused(admin: Account, alice: Account, parameters: dict[str, str]) -> None:
    assert admin.refused("Ims", "TagResources", parameters).status == 400
    assert tags_of(admin) == {}


def test_nobody_cannot_be_tagged(admin: Account) -> None:
    parameters = {"ResourceType": "user", "ResourcePrincipalName.1": f"nobody@{DOMAIN}", "Tag.1.Key": "k"}
    assert admin.refused("Ims", "TagResources", parameters).code == "EntityNotExist.User"
