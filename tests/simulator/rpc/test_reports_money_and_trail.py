from __future__ import annotations

import base64
import csv
import json
from typing import TYPE_CHECKING, Any

import oss2
import pytest

from ossmend.simulator.principals import Balance

if TYPE_CHECKING:
    from ossmend.simulator.serve import Running
    from ossmend.simulator.state import Cloud
    from tests.simulator.rpc.rpc_client import Account

# ------------------------------------------------------------------------------------------- diagnostic messages


def denied(simulator: Running, alice: Account) -> dict[str, str]:
    """The members of AccessDeniedDetail that OSS sends when alice asks for an object."""
    bucket = oss2.Bucket(oss2.Auth(alice.key_id, alice.secret), simulator.oss, "vault")
    with pytest.raises(oss2.exceptions.AccessDenied) as refused:
        bucket.get_object("payroll.csv")
    assert refused.value.status == 403
    body = refused.value.body
    text = body.decode() if isinstance(body, bytes) else str(body)
    names = ("AuthAction", "NoPermissionType", "PolicyType", "AuthPrincipalDisplayName", "EncodedDiagnosticMessage")
    return {name: text.partition(f"<{name}>")[2].partition(f"</{name}>")[0] for name in names}


@pytest.fixture
def alice(simulator: Running, admin: Account) -> Account:
    oss2.Bucket(oss2.Auth(admin.key_id, admin.secret), simulator.oss, "vault").create_bucket()
    oss2.Bucket(oss2.Auth(admin.key_id, admin.secret), simulator.oss, "vault").put_object("payroll.csv", b"1")
    return admin.as_user("alice")


def decode(account: Account, message: str) -> dict[str, Any]:
    answer = account.ram("DecodeDiagnosticMessage", EncodedDiagnosticMessage=message)
    found: dict[str, Any] = answer["DecodedDiagnosticMessage"]
    return found


def test_an_implicit_denial_decodes_to_who_lacked_what(simulator: Running, admin: Account, alice: Account) -> None:
    detail = denied(simulator, alice)
    user_id = admin.ram("GetUser", UserName="alice")["User"]["UserId"]
    assert detail["NoPermissionType"] == "ImplicitDeny"
    assert detail["AuthPrincipalDisplayName"] == user_id
    found = decode(admin, detail["EncodedDiagnosticMessage"])
    assert found["AuthAction"] == detail["AuthAction"] == "oss:GetObject"
    assert found["AuthResource"] == "acs:oss:oss-cn-hangzhou:1234567890123456:vault/payroll.csv"
    assert found["ExplicitDeny"] is False
    assert found["NoPermissionPolicyType"] == detail["PolicyType"] == "AccountLevelIdentityBasedPolicy"
    assert found["AuthPrincipal"]["AuthPrincipalType"] == "SubUser"
    assert {"ConditionKey": "acs:SourceIp", "ConditionValues": ["127.0.0.1"]} in found["AuthConditions"]
    assert found["MatchedPolicies"] == []


def test_an_explicit_denial_names_the_policy_that_denied(simulator: Running, admin: Account, alice: Account) -> None:
    statement = {"Effect": "Deny", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:vault/*"}
    document = json.dumps({"Version": "1", "Statement": [statement]})
    admin.ram("CreatePolicy", PolicyName="hands-off", PolicyDocument=document)
    admin.ram("CreateGroup", GroupName="staff")
    admin.ram("AddUserToGroup", GroupName="staff", UserName="alice")
    admin.ram("AttachPolicyToGroup", GroupName="staff", PolicyName="hands-off", PolicyType="Custom")
    detail = denied(simulator, alice)
    found = decode(admin, detail["EncodedDiagnosticMessage"])
    assert (detail["NoPermissionType"], found["ExplicitDeny"]) == ("ExplicitDeny", True)
    assert found["MatchedPolicies"] == [
        {
            "Effect": "Deny",
            "PolicyIdentifier": "hands-off",
            "PolicyType": "Custom",
            "PolicyVersion": "v1",
            "AttachedEntityType": "RamGroup",
            "AttachedScope": "Account",
        }
    ]


def test_a_message_appears_late_and_expires(simulator: Running, admin: Account, alice: Account) -> None:
    def slow(cloud: Cloud) -> None:
        cloud.identity.diagnosis_lag_seconds, cloud.identity.diagnosis_life_seconds = 60, 3600

    simulator.do(slow)
    asked = {"EncodedDiagnosticMessage": denied(simulator, alice)["EncodedDiagnosticMessage"]}
    early = admin.refused("Ram", "DecodeDiagnosticMessage", asked)
    assert (early.status, early.code) == (404, "SearchInaccurate")
    simulator.do(lambda cloud: cloud.clock.advance(61))
    admin.call("Ram", "DecodeDiagnosticMessage", asked)
    simulator.do(lambda cloud: cloud.clock.advance(3600))
    late = admin.refused("Ram", "DecodeDiagnosticMessage", asked)
    assert (late.status, late.code) == (400, "EncodedMessageExpire")


@pytest.mark.parametrize("message", ["AQEAAAAA", "nonsense", "AQEAAAAA" * 40, "ü"])
def test_a_message_that_nobody_issued_does_not_exist(admin: Account, message: str) -> None:
    refused = admin.refused("Ram", "DecodeDiagnosticMessage", {"EncodedDiagnosticMessage": message})
    assert (refused.status, refused.code) == (404, "EntityNotExist")


def test_rams_own_refusals_carry_a_message_too(admin: Account, alice: Account) -> None:
    from tests.simulator.rpc.rpc_client import send, signed

    body = send(alice, signed(alice, "ListUsers", Format="JSON")).json()
    detail = body["AccessDeniedDetail"]
    assert (body["Code"], detail["AuthAction"], detail["NoPermissionType"]) == (
        "NoPermission",
        "ram:ListUsers",
        "ImplicitDeny",
    )
    assert decode(admin, detail["EncodedDiagnosticMessage"])["AuthAction"] == "ram:ListUsers"


# -------------------------------------------------------------------------------------------------- the report


def rows(answer: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(base64.b64decode(answer["Content"]).decode().splitlines()))


def test_a_report_is_started_made_and_kept(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: setattr(cloud.identity, "report_seconds", 30))
    assert admin.refused("Ims", "GetCredentialReport").code == "EntityNotExist.CredentialReport"
    assert admin.ims("GenerateCredentialReport")["State"] == "STARTED"
    assert admin.ims("GenerateCredentialReport")["State"] == "INPROGRESS"
    assert admin.refused("Ims", "GetCredentialReport").status == 404
    simulator.do(lambda cloud: cloud.clock.advance(31))
    assert admin.ims("GenerateCredentialReport")["State"] == "COMPLETED"
    report = admin.ims("GetCredentialReport")
    assert report["IsTruncated"] == "false"
    assert [row["user"] for row in rows(report)] == ["<root>", "app@1234567890123456.onaliyun.com"]
    admin.as_user("alice")
    assert admin.ims("GetCredentialReport")["Content"] == report["Content"]
    simulator.do(lambda cloud: cloud.clock.advance(4 * 3600))
    assert admin.ims("GenerateCredentialReport")["State"] == "STARTED"


def test_a_report_tells_of_keys_without_their_ids(admin: Account) -> None:
    alice = admin.as_user("alice")
    admin.ram("UpdateAccessKey", UserName="alice", UserAccessKeyId=alice.key_id, Status="Inactive")
    admin.ims("GenerateCredentialReport")
    report = admin.ims("GetCredentialReport")
    row = next(row for row in rows(report) if row["user"].startswith("alice@"))
    assert (row["access_key_1_exist"], row["access_key_1_active"]) == ("TRUE", "FALSE")
    assert (row["access_key_1_last_used"], row["access_key_2_exist"]) == ("-", "FALSE")
    assert "additional_access_key_3_last_used" in row
    assert alice.key_id not in base64.b64decode(report["Content"]).decode()


def test_a_report_comes_in_pages(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: [cloud.identity.add_user(f"user-{n}") for n in range(7)])
    admin.ims("GenerateCredentialReport")
    first = admin.ims("GetCredentialReport", MaxItems="4")
    assert first["IsTruncated"] == "true"
    rest = admin.ims("GetCredentialReport", MaxItems="100", NextToken=first["NextToken"])
    lines = [line for one in (first, rest) for line in base64.b64decode(one["Content"]).decode().splitlines()]
    assert len(lines) == 1 + 1 + 8
    assert rest["IsTruncated"] == "false"


def test_too_many_users_get_no_report(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: setattr(cloud.identity, "report_limit", 0))
    assert admin.refused("Ims", "GenerateCredentialReport").status == 409


# ------------------------------------------------------------------------------------------------------------- BSS


@pytest.mark.parametrize("amount", ["10000.00", "0.00", "-12.34", "1,234.56"])
def test_the_balance_is_text_as_the_scene_says_it(simulator: Running, admin: Account, amount: str) -> None:
    simulator.do(lambda cloud: setattr(cloud.identity, "balance", Balance(available=amount)))
    answer = admin.call("BssOpenApi", "QueryAccountBalance")
    assert answer["Success"] is True
    assert answer["Data"]["AvailableAmount"] == amount
    assert answer["Data"]["Currency"] == "CNY"


def test_an_unsuccessful_query_is_a_200_that_says_so(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: setattr(cloud.identity, "balance", Balance(outcome="unsuccessful")))
    answer = admin.call("BssOpenApi", "QueryAccountBalance")
    assert answer["Success"] is False
    assert "Data" not in answer


@pytest.mark.parametrize("outcome", ["NotAuthorized", "NotApplicable"])
def test_bss_refuses_with_400(simulator: Running, admin: Account, outcome: Any) -> None:
    simulator.do(lambda cloud: setattr(cloud.identity, "balance", Balance(outcome=outcome)))
    refused = admin.refused("BssOpenApi", "QueryAccountBalance")
    assert (refused.status, refused.code) == (400, outcome)


@pytest.mark.parametrize("action", ["bssapi:QueryAccountBalance", "bss:DescribeAcccount"])
def test_either_spelling_of_the_billing_right_opens_the_balance(admin: Account, action: str) -> None:
    alice = admin.as_user("alice", "AliyunOSSFullAccess")
    refused = alice.refused("BssOpenApi", "QueryAccountBalance")
    assert (refused.status, refused.code) == (400, "NotAuthorized")
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    admin.ram("CreatePolicy", PolicyName="money", PolicyDocument=json.dumps(document))
    admin.ram("AttachPolicyToUser", PolicyName="money", PolicyType="Custom", UserName="alice")
    assert alice.call("BssOpenApi", "QueryAccountBalance")["Success"] is True


# ----------------------------------------------------------------------------------------------------- ActionTrail


def last_used(account: Account, key_id: str) -> dict[str, Any]:
    return account.call("Actiontrail", "GetAccessKeyLastUsedInfo", {"AccessKey": key_id})


def test_the_trail_knows_a_users_key_and_where_it_was_used(simulator: Running, admin: Account) -> None:
    alice = admin.as_user("alice", "AliyunOSSFullAccess")
    assert (last_used(admin, alice.key_id)["UserName"], last_used(admin, alice.key_id)["ServiceName"]) == ("", "")
    before = simulator.cloud.clock.shown()
    oss2.Service(oss2.Auth(alice.key_id, alice.secret), simulator.oss).list_buckets()
    after = simulator.cloud.clock.shown()
    found = last_used(admin, alice.key_id)
    assert (found["AccountType"], found["UserName"], found["ServiceName"]) == ("ram-user", "alice", "Oss")
    assert found["ServiceNameEn"] == "Object Storage Service"
    assert json.loads(found["Detail"])["eventName"] == "ListBuckets"
    assert int(before) <= found["UsedTimestamp"] / 1000 <= after


def test_the_trail_knows_roots_key_which_ims_does_not(admin: Account) -> None:
    admin.ram("ListUsers")
    found = last_used(admin, admin.key_id)
    assert (found["AccountType"], found["OwnerId"]) == ("root-account", "1234567890123456")


def test_the_trail_remembers_a_deleted_key(admin: Account) -> None:
    alice = admin.as_user("alice")
    alice.call("Sts", "GetCallerIdentity")
    admin.ram("DeleteAccessKey", UserName="alice", UserAccessKeyId=alice.key_id)
    assert last_used(admin, alice.key_id)["UserName"] == "alice"


def test_the_trail_knows_nothing_of_other_accounts_keys(simulator: Running, admin: Account) -> None:
    foreign = simulator.do(lambda cloud: cloud.identity.add_foreign_key("2222222222222222"))
    simulator.do(lambda cloud: cloud.identity.use(foreign.id, "oss", 1.0))
    for key_id in (foreign.id, "LTAI5tNobodysKey00000000"):
        found = last_used(admin, key_id)
        assert (found["AccountType"], found["OwnerId"], found["UsedTimestamp"]) == ("", "", "")


def test_the_trail_lists_products_and_events_of_a_key(admin: Account) -> None:
    alice = admin.as_user("alice", "AliyunRAMReadOnlyAccess")
    alice.ram("ListUsers")
    alice.ram("ListRoles")
    products = admin.call("Actiontrail", "GetAccessKeyLastUsedProducts", {"AccessKey": alice.key_id})["Products"]
    events = admin.call("Actiontrail", "GetAccessKeyLastUsedEvents", {"AccessKey": alice.key_id})["Events"]
    assert [one["ServiceName"] for one in products] == ["Ram"]
    assert [one["EventName"] for one in events] == ["ListRoles", "ListUsers"]


# --------------------------------------------------------------------------------------------------------- account


def test_the_alias_is_the_end_of_every_principal_name(admin: Account) -> None:
    admin.ram("SetAccountAlias", AccountAlias="company")
    assert admin.ims("GetDefaultDomain")["DefaultDomainName"] == "company.onaliyun.com"
    assert admin.ims("GetUser", UserPrincipalName="app@company.onaliyun.com")["User"]["UserName"] == "app"
    assert admin.refused("Ims", "GetUser", {"UserPrincipalName": "app@other.onaliyun.com"}).status == 404
    before = admin.ram("GetAccountAlias")["AccountAlias"]
    admin.ram("ClearAccountAlias")
    assert (before, admin.ram("GetAccountAlias")["AccountAlias"]) == ("company", "1234567890123456")
    assert admin.ims("GetDefaultDomain")["DefaultDomainName"] == "1234567890123456.onaliyun.com"


def test_the_account_counts_its_users_and_root_keys(admin: Account) -> None:
    assert admin.ims("GetAccountSummary")["SummaryMap"]["Users"] == 1
    info = admin.ims("GetAccountSecurityPracticeReport")["AccountSecurityPracticeInfo"]
    assert info["AccountSecurityPracticeUserInfo"]["RootWithAccessKey"] == 1
