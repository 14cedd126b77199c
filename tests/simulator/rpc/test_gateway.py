from __future__ import annotations

import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
import requests
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException

from tests.patience import HUNG
from tests.simulator.oss.clients import stopped
from tests.simulator.rpc.rpc_client import Account, send, signature, signed

if TYPE_CHECKING:
    from ossmend.simulator.serve import Running

WRONG_SECRET = "not-the-secret"


def error(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["Code"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("comments", ["plain", "", "snow ☃ ~*+ /&=%25", "a\nb", "双十一", "'\"<>"])
def test_what_the_core_sdk_signs_is_accepted_and_kept_as_it_was(admin: Account, method: str, comments: str) -> None:
    parameters = {"UserName": "alice", "Comments": comments}
    made = admin.call("Ram", "CreateUser", parameters, method=method)
    assert made["User"]["Comments"] == comments


def test_parameters_may_be_split_between_query_and_form(admin: Account) -> None:
    pairs = signed(admin, "GetUser", UserName="app", Format="JSON", Signature="-")
    del pairs["Signature"]
    pairs["Signature"] = signature(admin.secret, "POST", pairs.items())
    form = {name: pairs.pop(name) for name in ("UserName", "AccessKeyId", "Action")}
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(admin.rpc, params={**pairs, "Action": "GetUser"}, data=form, timeout=HUNG)
    assert response.json()["User"]["UserName"] == "app"


def test_a_wrong_secret_is_told_with_the_servers_string_to_sign(admin: Account) -> None:
    stranger = Account(admin.rpc, admin.key_id, WRONG_SECRET)
    refused = stranger.refused("Ims", "GetUser", {"UserId": "1"})
    assert (refused.status, refused.code) == (400, "SignatureDoesNotMatch")
    assert refused.message.startswith(
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&AccessKeyId%3D"
    )


def test_a_changed_parameter_breaks_the_signature(admin: Account) -> None:
    parameters = signed(admin, "GetUser", UserName="app", Format="JSON")
    assert send(admin, parameters | {"UserName": "root"}).json()["Code"] == "SignatureDoesNotMatch"


def test_dropping_the_empty_signature_type_breaks_the_signature(admin: Account) -> None:
    parameters = signed(admin, "GetUser", UserName="app", Format="JSON")
    del parameters["SignatureType"]
    assert send(admin, parameters).json()["Code"] == "SignatureDoesNotMatch"


def test_an_unknown_key_is_not_found(admin: Account) -> None:
    refused = Account(admin.rpc, "LTAI5tNobodysKey00000000", "x").refused("Ram", "ListUsers")
    assert refused.status == 404
    assert (refused.code, refused.message) == ("InvalidAccessKeyId.NotFound", "Specified access key is not found.")


def test_a_disabled_key_is_inactive(admin: Account) -> None:
    alice = admin.as_user("alice")
    admin.ram("UpdateAccessKey", UserName="alice", UserAccessKeyId=alice.key_id, Status="Inactive")
    refused = alice.refused("Ram", "ListUsers")
    assert refused.status == 400
    assert (refused.code, refused.message) == ("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")


def test_a_deleted_key_is_not_found(admin: Account) -> None:
    alice = admin.as_user("alice")
    admin.ram("DeleteAccessKey", UserName="alice", UserAccessKeyId=alice.key_id)
    assert alice.refused("Ram", "ListUsers").code == "InvalidAccessKeyId.NotFound"


@pytest.mark.parametrize("seconds", [-901, 901, -86400, 86400])
def test_a_timestamp_more_than_fifteen_minutes_off_is_expired(simulator: Running, admin: Account, seconds: int) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stopped(simulator) + seconds))
    response = send(admin, signed(admin, "ListUsers", Timestamp=stamp, Format="JSON"))
    assert error(response) == (400, "InvalidTimeStamp.Expired")
    assert response.json()["Message"] == "Specified time stamp or date value is expired."


@pytest.mark.parametrize("seconds", [-900, 0, 900])
def test_a_timestamp_within_fifteen_minutes_is_fine(simulator: Running, admin: Account, seconds: int) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stopped(simulator) + seconds))
    assert send(admin, signed(admin, "ListUsers", Timestamp=stamp)).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(-901, 400), (-900, 200), (900, 200), (901, 400)])
def test_the_limit_is_met_to_the_second_in_the_middle_of_one_too(
    simulator: Running, admin: Account, seconds: int, status: int
) -> None:
    now = stopped(simulator)
    simulator.do(lambda cloud: setattr(cloud.clock, "machine", lambda: now + 0.7))
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + seconds))
    assert send(admin, signed(admin, "ListUsers", Timestamp=stamp)).status_code == status


@pytest.mark.parametrize("fraction", [".0", ".123", ".123456789"])
def test_a_timestamp_may_have_fractions_of_a_second(simulator: Running, admin: Account, fraction: str) -> None:
    stamp = time.strftime(f"%Y-%m-%dT%H:%M:%S{fraction}Z", time.gmtime(stopped(simulator)))
    assert send(admin, signed(admin, "ListUsers", Timestamp=stamp)).status_code == 200


@pytest.mark.parametrize(
    "stamp", ["2026-01-01T00:00:00.Z", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01 00:00:00", "1795489136"]
)
def test_what_is_no_timestamp_is_called_badly_formatted(admin: Account, stamp: str) -> None:
    assert error(send(admin, signed(admin, "ListUsers", Timestamp=stamp, Format="JSON"))) == (
        400,
        "InvalidTimeStamp.Format",
    )


def test_skew_is_judged_by_the_simulators_clock(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: setattr(cloud.clock, "offset_seconds", 1000))
    assert admin.refused("Ram", "ListUsers").code == "InvalidTimeStamp.Expired"


def test_a_replayed_request_is_refused(admin: Account) -> None:
    parameters = signed(admin, "ListUsers", Format="JSON")
    assert send(admin, parameters).status_code == 200
    replayed = send(admin, parameters)
    assert error(replayed) == (400, "SignatureNonceUsed")
    assert replayed.json()["Message"] == "Specified signature nonce was used already."


def test_a_nonce_is_not_used_up_by_a_request_that_was_badly_signed(admin: Account) -> None:
    parameters = signed(admin, "ListUsers", Format="JSON")
    assert send(admin, parameters | {"Signature": "AAAA"}).json()["Code"] == "SignatureDoesNotMatch"
    assert send(admin, parameters).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "Version"],
)
def test_a_missing_parameter_is_named(admin: Account, name: str) -> None:
    parameters = signed(admin, "ListUsers", Format="JSON")
    del parameters[name]
    response = send(admin, parameters)
    assert error(response) == (400, "MissingParameter")
    assert f'"{name}"' in response.json()["Message"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SignatureMethod": "HMAC-MD5"}, "InvalidSignatureMethod"),
        ({"SignatureVersion": "2.0"}, "InvalidSignatureVersion"),
    ],
)
def test_another_way_of_signing_is_refused(admin: Account, changes: dict[str, str], code: str) -> None:
    assert error(send(admin, signed(admin, "ListUsers", Format="JSON", **changes))) == (400, code)


@pytest.mark.parametrize(
    ("product", "action"), [("Ram", "SimulatePolicy"), ("Ims", "GetAccessKeyInfo"), ("Sts", "ListUsers"), ("Ram", "x")]
)
def test_an_operation_the_product_does_not_have_is_not_found(admin: Account, product: str, action: str) -> None:
    refused = admin.refused(product, action)
    assert (refused.status, refused.code) == (404, "InvalidAction.NotFound")


def test_an_unknown_version_is_refused(admin: Account) -> None:
    assert error(send(admin, signed(admin, "ListUsers", version="1999-01-01", Format="JSON"))) == (
        404,
        "InvalidVersion",
    )


def test_without_a_format_answers_and_errors_are_xml(admin: Account) -> None:
    answer = send(admin, signed(admin, "ListUsers"))
    root = ET.fromstring(answer.text)
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert root.tag == "ListUsersResponse"
    assert [one.text for one in root.findall("Users/User/UserName")] == ["app"]
    assert root.findtext("IsTruncated") == "false"
    refused = ET.fromstring(send(admin, signed(admin, "GetUser", UserName="nobody")).text)
    assert [child.tag for child in refused][:4] == ["RequestId", "HostId", "Code", "Message"]
    assert refused.findtext("Code") == "EntityNotExist.User"


def test_a_json_error_has_the_whole_envelope(admin: Account) -> None:
    body = send(admin, signed(admin, "GetUser", version="2019-08-15", UserId="0", Format="json")).json()
    assert list(body) == ["RequestId", "HostId", "Code", "Message", "Recommend"]
    assert body["HostId"] == "ims.aliyuncs.com"
    assert len(body["RequestId"]) == 36
    assert body["RequestId"] == body["RequestId"].upper()
    assert body["Recommend"].endswith("?q=EntityNotExist.User&product=Ims")


def test_request_ids_are_never_the_same(admin: Account) -> None:
    assert admin.ram("ListUsers")["RequestId"] != admin.ram("ListUsers")["RequestId"]


def test_a_temporary_key_works_with_its_token_only(admin: Account) -> None:
    got = admin.call("Sts", "AssumeRole", {"RoleArn": "acs:ram::1234567890123456:role/any", "RoleSessionName": "se"})
    held = got["Credentials"]
    with_token = Account(admin.rpc, held["AccessKeyId"], held["AccessKeySecret"], held["SecurityToken"])
    assert with_token.call("Sts", "GetCallerIdentity")["IdentityType"] == "AssumedRoleUser"
    without = Account(admin.rpc, held["AccessKeyId"], held["AccessKeySecret"])
    assert without.refused("Sts", "GetCallerIdentity").code == "MissingSecurityToken"
    wrong = Account(admin.rpc, held["AccessKeyId"], held["AccessKeySecret"], held["SecurityToken"][:-1])
    assert wrong.refused("Sts", "GetCallerIdentity").code == "InvalidSecurityToken.Malformed"
    mixed = Account(admin.rpc, admin.key_id, admin.secret, held["SecurityToken"])
    assert mixed.refused("Sts", "GetCallerIdentity").code == "InvalidSecurityToken.MismatchWithAccessKey"


def test_a_token_expires_by_the_elapsed_clock(simulator: Running, admin: Account) -> None:
    parameters = {"RoleArn": "acs:ram::1234567890123456:role/any", "RoleSessionName": "se", "DurationSeconds": 900}
    held = admin.call("Sts", "AssumeRole", parameters)["Credentials"]
    session = Account(admin.rpc, held["AccessKeyId"], held["AccessKeySecret"], held["SecurityToken"])
    simulator.do(lambda cloud: cloud.clock.advance(890))
    session.call("Sts", "GetCallerIdentity")
    simulator.do(lambda cloud: cloud.clock.advance(20))
    refused = session.refused("Sts", "GetCallerIdentity")
    assert (refused.status, refused.code) == (400, "InvalidSecurityToken.Expired")
    assert refused.message == "Specified SecurityToken is expired."


def test_a_key_used_from_outside_its_networks_is_inactive(simulator: Running, admin: Account) -> None:
    alice = admin.as_user("alice", "AliyunRAMReadOnlyAccess")
    alice.ram("ListUsers")
    simulator.do(lambda cloud: setattr(cloud.identity.keys[alice.key_id], "networks", ("10.0.0.0/8",)))
    assert alice.refused("Ram", "ListUsers").code == "InvalidAccessKeyId.Inactive"
    simulator.do(lambda cloud: setattr(cloud.identity.keys[alice.key_id], "networks", ("127.0.0.0/8",)))
    alice.ram("ListUsers")


def test_the_accounts_networks_hold_for_keys_without_a_rule_of_their_own(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: setattr(cloud.identity, "networks", ("192.168.0.0/16",)))
    assert admin.refused("Ram", "ListUsers").code == "InvalidAccessKeyId.Inactive"


def test_a_key_of_another_account_has_no_rights_here(simulator: Running, admin: Account) -> None:
    key = simulator.do(lambda cloud: cloud.identity.add_foreign_key("2222222222222222"))
    assert Account(admin.rpc, key.id, key.secret).refused("Ram", "ListUsers").code == "NoPermission"


def test_a_ram_service_that_was_not_activated_says_so(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: setattr(cloud.identity, "ram_activated", False))
    refused = admin.refused("Ims", "ListUsers")
    assert (refused.status, refused.code) == (403, "Inactive")


@pytest.mark.parametrize("status", [400, 429])
def test_throttling_comes_with_either_status_and_the_same_code(simulator: Running, admin: Account, status: int) -> None:
    simulator.do(lambda cloud: cloud.faults.add(operation="ListUsers", status=status, times=1))
    refused = admin.refused("Ram", "ListUsers")
    assert (refused.status, refused.code) == (status, "Throttling.User")
    assert refused.message == "Request was denied due to user flow control."
    admin.ram("ListUsers")


def test_an_html_page_from_a_fault_is_an_unknown_server_error(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: cloud.faults.add(operation="GetUser", status=503, body="<html>busy</html>"))
    refused = admin.refused("Ram", "GetUser", {"UserName": "app"})
    assert (refused.status, refused.code) == (503, "SDK.UnknownServerError")
    assert "<html>busy</html>" in refused.message


def test_a_reset_connection_is_a_client_exception(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: cloud.faults.add(operation="ListUsers", abort="reset", times=1))
    with pytest.raises(ClientException):
        admin.ram("ListUsers")


def test_a_fault_can_strike_the_calls_of_one_key_only(simulator: Running, admin: Account) -> None:
    alice = admin.as_user("alice", "AliyunRAMReadOnlyAccess")
    simulator.do(lambda cloud: cloud.faults.add(access_key_id=alice.key_id, status=500))
    assert alice.refused("Ram", "ListUsers").code == "InternalError"
    admin.ram("ListUsers")


def test_a_lie_answers_success_and_does_nothing(simulator: Running, admin: Account) -> None:
    simulator.do(lambda cloud: cloud.faults.add(operation="CreateUser", lie=True))
    assert list(admin.ram("CreateUser", UserName="alice")) == ["RequestId"]
    assert admin.refused("Ram", "GetUser", {"UserName": "alice"}).status == 404


def test_every_call_is_recorded_with_its_name_refused_ones_too(simulator: Running, admin: Account) -> None:
    admin.ims("GetUser", UserPrincipalName="app@1234567890123456.onaliyun.com")
    Account(admin.rpc, admin.key_id, WRONG_SECRET).refused("Ram", "ListUsers")
    with pytest.raises(ServerException):
        admin.ram("Frobnicate")
    found = [(one.operation, one.status, one.access_key_id) for one in simulator.cloud.requests]
    assert found == [
        ("GetUser", 200, admin.key_id),
        ("ListUsers", 400, admin.key_id),
        ("Frobnicate", 404, admin.key_id),
    ]


def test_delete_is_no_method_of_these_services(admin: Account) -> None:
    assert error(send(admin, signed(admin, "ListUsers", Format="JSON"), method="DELETE")) == (
        405,
        "UnsupportedHTTPMethod",
    )
