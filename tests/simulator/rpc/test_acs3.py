"""The signature in headers, ACS3-HMAC-SHA256: what the current SDKs send, signed by hand as its page tells."""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
import requests

from ossmend.simulator.rpc import acs3
from ossmend.simulator.wire import Request
from tests.patience import HUNG
from tests.simulator.oss.clients import advance, logged
from tests.simulator.rpc.rpc_client import VERSIONS, Account

if TYPE_CHECKING:
    from ossmend.simulator.serve import Running


@dataclass
class Signer:
    """One call by hand. `changes` are headers sent instead of the signed ones; None leaves one out before signing."""

    account: Account
    secret: str = ""
    token: str = ""
    headers: dict[str, str | None] = field(default_factory=dict)
    unsigned: tuple[str, ...] = ()
    algorithm: str = "ACS3-HMAC-SHA256"

    def send(
        self, product: str, action: str, query: dict[str, str] | None = None, body: str = "", **changes: str
    ) -> requests.Response:
        rpc, query = self.account.rpc, query or {}
        given: dict[str, str | None] = {
            "host": urlsplit(rpc).netloc,
            "accept": "application/json",
            "x-acs-action": action,
            "x-acs-version": VERSIONS[product],
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-content-sha256": hashlib.sha256(body.encode()).hexdigest(),
            "content-type": "application/x-www-form-urlencoded" if body else None,
            "x-acs-security-token": self.token or None,
            **self.headers,
        }
        headers = {name: value for name, value in given.items() if value is not None}
        asked = "&".join(f"{k}={quote(v, safe='~')}" for k, v in sorted(query.items()))
        names = sorted(set(headers) - set(self.unsigned))
        lines = "".join(f"{name}:{headers[name]}\n" for name in names)
        text = f"POST\n/\n{asked}\n{lines}\n{';'.join(names)}\n{headers['x-acs-content-sha256']}"
        to_sign = f"{self.algorithm}\n{hashlib.sha256(text.encode()).hexdigest()}"
        signature = hmac.digest((self.secret or self.account.secret).encode(), to_sign.encode(), "sha256").hex()
        shown = f"Credential={self.account.key_id},SignedHeaders={';'.join(names)},Signature={signature}"
        headers |= {"Authorization": f"{self.algorithm} {shown}"} | {k.replace("_", "-"): v for k, v in changes.items()}
        with requests.Session() as session:
            session.trust_env = False
            return session.post(f"{rpc}/?{asked}", data=body or None, headers=headers, timeout=HUNG)

    def code(self, action: str = "ListUsers", **changes: str) -> tuple[int, str]:
        answer = self.send("Ram", action, {}, "", **changes)
        return answer.status_code, answer.json().get("Code", "")


def test_the_documentations_own_example_has_the_documentations_signature() -> None:
    told = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    text = acs3.canonical_request(Request("POST", f"/?{query}", headers), tuple(headers))
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(text.encode()).hexdigest()}"
    assert hmac.digest(b"YourAccessKeySecret", to_sign.encode(), "sha256").hex() == told


@pytest.mark.parametrize("comments", ["", "plain", "a b+c%~*/&=", "中文 😀"])
@pytest.mark.parametrize("in_body", [False, True])
def test_what_is_signed_in_headers_is_done(admin: Account, comments: str, in_body: bool) -> None:
    asked = {"UserName": "alice", "Comments": comments}
    body = "&".join(f"{name}={quote(value, safe='~')}" for name, value in asked.items()) if in_body else ""
    answer = Signer(admin).send("Ram", "CreateUser", {} if in_body else asked, body)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["User"]["Comments"] == comments
    assert admin.ram("GetUser", UserName="alice")["User"]["Comments"] == comments


def test_it_is_answered_in_json_unless_xml_is_accepted(admin: Account) -> None:
    assert Signer(admin, headers={"accept": None}).send("Sts", "GetCallerIdentity").json()["IdentityType"] == "Account"
    accepts = Signer(admin, headers={"accept": "application/xml"})
    assert "<IdentityType>Account</IdentityType>" in accepts.send("Sts", "GetCallerIdentity").text
    wanted = Signer(admin).send("Sts", "GetCallerIdentity", {"Format": "XML"})
    assert "<IdentityType>Account</IdentityType>" in wanted.text


def test_a_wrong_secret_is_told_with_what_the_server_signed(admin: Account) -> None:
    answer = Signer(admin, secret="wrong").send("Ram", "ListUsers", {"MaxItems": "1"})
    told = answer.json()
    assert (answer.status_code, told["Code"]) == (400, "SignatureDoesNotMatch")
    assert "server StringToSign is [ACS3-HMAC-SHA256\n" in told["Message"]
    assert "server CanonicalRequest is [POST\n/\nMaxItems=1\n" in told["Message"]


@pytest.mark.parametrize("changed", ["x_acs_action", "x_acs_version", "x_acs_signature_nonce", "accept"])
def test_a_header_that_was_changed_breaks_the_signature(admin: Account, changed: str) -> None:
    """Each still makes sense by itself: another action, version, nonce, type."""
    other = {"x_acs_action": "ListGroups", "x_acs_version": VERSIONS["Ims"], "accept": "*/*"}.get(changed, "1")
    assert Signer(admin).code(**{changed: other}) == (400, "SignatureDoesNotMatch")


def test_the_bodys_own_hash_counts(admin: Account) -> None:
    body_of_another = Signer(admin, headers={"x-acs-content-sha256": hashlib.sha256(b"UserName=b").hexdigest()})
    answer = body_of_another.send("Ram", "CreateUser", body="UserName=a")
    assert answer.json()["Code"] == "SignatureDoesNotMatch"


@pytest.mark.parametrize("header", ["host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"])
def test_every_header_that_means_something_must_be_signed(admin: Account, header: str) -> None:
    assert Signer(admin, unsigned=(header,)).code() == (400, "IncompleteSignature")


@pytest.mark.parametrize("shown", ["ACS3-HMAC-SHA256", "ACS3-HMAC-SHA256 Credential=a", "ACS3-HMAC-SHA256 ,=,"])
def test_an_authorization_that_is_not_whole_is_incomplete(admin: Account, shown: str) -> None:
    assert Signer(admin).code(Authorization=shown) == (400, "IncompleteSignature")


def test_another_algorithm_of_the_family_is_refused(admin: Account) -> None:
    assert Signer(admin, algorithm="ACS3-RSA-SHA256").code() == (400, "InvalidSignatureMethod")


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("x-acs-version", "Version"),
        ("x-acs-date", "x-acs-date"),
        ("x-acs-signature-nonce", "x-acs-signature-nonce"),
    ],
)
def test_a_header_that_is_missing_is_named(admin: Account, header: str, named: str) -> None:
    answer = Signer(admin, headers={header: None}).send("Ram", "ListUsers")
    assert (answer.status_code, answer.json()["Code"]) == (400, "MissingParameter")
    assert f'"{named}"' in answer.json()["Message"]


def test_key_time_and_nonce_are_asked_for_as_with_the_older_signature(simulator: Running, admin: Account) -> None:
    unknown = Account(simulator.rpc, "LTAInobody", "secret")
    assert Signer(unknown).code() == (404, "InvalidAccessKeyId.NotFound")
    assert Signer(admin, headers={"x-acs-date": "2020-01-01T00:00:00Z"}).code() == (400, "InvalidTimeStamp.Expired")
    assert Signer(admin, headers={"x-acs-date": "yesterday"}).code() == (400, "InvalidTimeStamp.Format")
    once = Signer(admin, headers={"x-acs-signature-nonce": "once"})
    assert [once.code() for _ in range(2)] == [(200, ""), (400, "SignatureNonceUsed")]


def test_a_temporary_key_brings_its_token_in_a_header(simulator: Running, admin: Account) -> None:
    got = admin.call("Sts", "AssumeRole", {"RoleArn": "acs:ram::1234567890123456:role/any", "RoleSessionName": "se"})
    made = got["Credentials"]
    session = Account(simulator.rpc, made["AccessKeyId"], made["AccessKeySecret"])
    kind = Signer(session, token=made["SecurityToken"]).send("Sts", "GetCallerIdentity").json()["IdentityType"]
    assert kind == "AssumedRoleUser"
    assert Signer(session).code() == (400, "MissingSecurityToken")
    advance(simulator, 3601)
    assert Signer(session, token=made["SecurityToken"]).code() == (400, "InvalidSecurityToken.Expired")


def test_a_call_that_proves_itself_otherwise_may_name_its_action_in_a_header(admin: Account) -> None:
    headers = {"x-acs-action": "AssumeRoleWithOIDC", "x-acs-version": VERSIONS["Sts"]}
    answer = requests.post(f"{admin.rpc}/?Format=json", headers=headers, timeout=HUNG)
    assert answer.json()["Code"] != "MissingParameter" or "AccessKeyId" not in answer.json()["Message"]
    del headers["x-acs-version"]
    assert (
        requests.post(f"{admin.rpc}/?Format=json", headers=headers, timeout=HUNG).json()["Code"] == "MissingParameter"
    )


def test_such_calls_are_in_the_log_of_requests(simulator: Running, admin: Account) -> None:
    Signer(admin).send("Ram", "ListUsers")
    Signer(admin, secret="wrong").send("Ram", "ListGroups")
    seen = [(one["operation"], one["status"], one["access_key_id"]) for one in logged(simulator)[-2:]]
    assert seen == [("ListUsers", 200, admin.key_id), ("ListGroups", 400, admin.key_id)]
