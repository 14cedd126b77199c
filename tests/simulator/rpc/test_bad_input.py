"""Whatever is sent, the answer is a refusal in the right envelope, and the next call works."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ossmend.simulator.rpc.call import OPERATIONS
from tests.patience import HUNG
from tests.simulator.rpc.rpc_client import VERSIONS, Account, send, signed

if TYPE_CHECKING:
    from ossmend.simulator.serve import Running

DEEP = "[" * 3000
STATEMENT = {"Effect": "Allow", "Action": "sts:AssumeRole"}
ARN = "acs:ram::1234567890123456:role/any"


@pytest.mark.parametrize(
    ("product", "action", "parameters"),
    [
        ("Ram", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": DEEP}),
        ("Ram", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": '{"Version":"1","Statement":["x"]}'}),
        ("Ram", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": DEEP}),
        ("Ram", "TagResources", {"ResourceType": "role", "ResourceNames": DEEP, "Tag": "[]"}),
        ("Ram", "TagResources", {"ResourceType": "role", "ResourceNames": "[1]", "Tag": "[]"}),
        ("Ram", "TagResources", {"ResourceType": "role", "ResourceNames": "{}", "Tag": "[]"}),
        ("Ram", "ListUsers", {"MaxItems": "9" * 5000}),
        ("Ram", "ListUsers", {"MaxItems": "١"}),
        ("Ram", "ListUsers", {"Marker": "EXAMPLE" + "9" * 5000}),
        ("Ims", "TagResources", {"ResourceType": "user", f"Tag.{'9' * 5000}.Key": "k"}),
        ("Ims", "TagResources", {"ResourceType": "user", "ResourceId.01": "1", "Tag.1.Key": "k"}),
        ("Ims", "SetAccessKeyPolicyForAccount", {"AccessKeyPolicy": DEEP}),
        (
            "Ims",
            "SetAccessKeyPolicyForAccount",
            {"AccessKeyPolicy": '{"Version":1,"Status":"Active","Statements":[{"IPList":7}]}'},
        ),
        ("Sts", "AssumeRole", {"RoleArn": ARN, "RoleSessionName": "se", "DurationSeconds": "9" * 5000}),
        ("Sts", "AssumeRole", {"RoleArn": ARN, "RoleSessionName": "se", "Policy": "[" * 2000}),
        ("Ram", "DecodeDiagnosticMessage", {"EncodedDiagnosticMessage": "A" * 100_000}),
        ("Ims", "GetCredentialReport", {"NextToken": "x"}),
        ("Ram", "CreatePolicyVersion", {"PolicyName": "AdministratorAccess", "PolicyDocument": "{}"}),
    ],
)
def test_senseless_parameters_are_a_4xx(admin: Account, product: str, action: str, parameters: dict[str, str]) -> None:
    refused = admin.refused(product, action, parameters)
    assert 400 <= refused.status < 500
    assert refused.code
    admin.call("Sts", "GetCallerIdentity")


def test_a_trust_policy_that_names_nonsense_trusts_nobody(admin: Account) -> None:
    for number, named in enumerate([7, {"RAM": 7}, {"RAM": [7]}, {"RAM": {}}, [], {"Service": ["ecs.aliyuncs.com"]}]):
        trust = json.dumps({"Version": "1", "Statement": [{**STATEMENT, "Principal": named}]})
        admin.ram("CreateRole", RoleName=f"r{number}", AssumeRolePolicyDocument=trust)
        asked = {"RoleArn": f"acs:ram::1234567890123456:role/r{number}", "RoleSessionName": "se"}
        assert admin.refused("Sts", "AssumeRole", asked).code == "NoPermission"


@pytest.mark.parametrize("value", ["%FF%FE", "%00", "%ED%A0%80", "%", "%zz", "+", "%0d%0aX: y"])
@pytest.mark.parametrize("name", ["AccessKeyId", "Signature", "Format", "Version", "UserName"])
def test_bytes_that_are_no_text_are_refused(admin: Account, name: str, value: str) -> None:
    pairs = signed(admin, "GetUser", UserName="app", Signature="x")
    pairs.pop(name, None)
    query = "&".join(f"{key}={text}" for key, text in pairs.items()) + f"&{name}={value}"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{admin.rpc}/?{query}", timeout=HUNG)
    assert 400 <= answer.status_code < 500
    assert answer.content


@pytest.mark.parametrize(("product", "action"), sorted(OPERATIONS))
def test_every_operation_survives_having_no_parameters(admin: Account, product: str, action: str) -> None:
    answer = send(admin, signed(admin, action, version=VERSIONS[product], Format="JSON"))
    assert answer.status_code < 500
    assert answer.json()["RequestId"]


NAMES = ("UserName", "UserPrincipalName", "PolicyName", "PolicyType", "PolicyDocument", "RoleName", "GroupName")
MORE = ("UserAccessKeyId", "Status", "MaxItems", "Marker", "NextToken", "Tag", "Tag.1.Key", "ResourceType", "AccessKey")


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    operation=st.sampled_from(sorted(OPERATIONS)),
    parameters=st.dictionaries(st.sampled_from(NAMES + MORE), st.text(max_size=40), max_size=6),
)
def test_no_text_in_any_parameter_is_a_traceback(
    simulator: Running, admin: Account, operation: tuple[str, str], parameters: dict[str, str]
) -> None:
    product, action = operation
    if action in ("CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "SetAccountAlias"):
        return
    clean = {name: value.encode("utf-8", "ignore").decode() for name, value in parameters.items()}
    answer = send(admin, signed(admin, action, version=VERSIONS[product], Format="JSON", **clean))
    assert answer.status_code < 500
    assert answer.json()["RequestId"]
