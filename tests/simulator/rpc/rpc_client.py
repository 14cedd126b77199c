"""The real core SDK, pointed at a running simulator: one call in, a dict or the SDK's own exception out."""

from __future__ import annotations

import base64
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from tests.patience import HUNG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSIONS = {
    "Ram": "2015-05-01",
    "Ims": "2019-08-15",
    "Sts": "2015-04-01",
    "BssOpenApi": "2017-12-14",
    "Actiontrail": "2020-07-06",
}


@dataclass(frozen=True)
class Refused:
    """What a ServerException says."""

    status: int
    code: str
    message: str


class Account:
    """A caller. Parameters are written with a dot as they are on the wire: `{"Tag.1.Key": "owner"}`."""

    def __init__(self, rpc: str, key_id: str, secret: str, token: str | None = None) -> None:
        self.rpc, self.key_id, self.secret, self.token = rpc, key_id, secret, token
        if token is None:
            self._client = AcsClient(key_id, secret, "cn-hangzhou", timeout=HUNG, connect_timeout=HUNG)
        else:
            credential = StsTokenCredential(key_id, secret, token)
            self._client = AcsClient(region_id="cn-hangzhou", credential=credential, timeout=HUNG, connect_timeout=HUNG)

    def call(
        self, product: str, action: str, parameters: Mapping[str, Any] | None = None, *, method: str = "POST"
    ) -> dict[str, Any]:
        request = CommonRequest(domain=self.rpc, version=VERSIONS[product], action_name=action)
        request.set_method(method)
        request.set_accept_format("json")
        add = request.add_body_params if method == "POST" else request.add_query_param
        for name, value in (parameters or {}).items():
            add(name, value)
        answer: dict[str, Any] = json.loads(self._client.do_action_with_exception(request))
        return answer

    def ram(self, action: str, **parameters: Any) -> dict[str, Any]:
        return self.call("Ram", action, parameters)

    def ims(self, action: str, **parameters: Any) -> dict[str, Any]:
        return self.call("Ims", action, parameters)

    def refused(self, product: str, action: str, parameters: Mapping[str, Any] | None = None) -> Refused:
        """Make a call that must be refused."""
        try:
            answer = self.call(product, action, parameters)
        except ServerException as error:
            return Refused(error.get_http_status(), error.get_error_code(), error.get_error_msg())
        raise AssertionError(f"{action} was answered: {answer}")

    def code(self, product: str, action: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The error code of a call that may or may not be refused; empty if it was answered."""
        try:
            self.call(product, action, parameters)
        except ServerException as error:
            return str(error.get_error_code())
        return ""

    def as_user(self, name: str, *policies: str) -> Account:
        """A RAM user with a key and these system policies."""
        self.ram("CreateUser", UserName=name)
        for policy in policies:
            self.ram("AttachPolicyToUser", UserName=name, PolicyName=policy, PolicyType="System")
        key = self.ram("CreateAccessKey", UserName=name)["AccessKey"]
        return Account(self.rpc, key["AccessKeyId"], key["AccessKeySecret"])


def signed(account: Account, action: str, *, version: str = "2015-05-01", **changes: str) -> dict[str, str]:
    """The parameters of a call signed by hand; a changed one named `Signature` replaces the signature."""
    parameters = {
        "Action": action,
        "Version": version,
        "AccessKeyId": account.key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureType": "",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    } | changes
    if "Signature" not in parameters:
        parameters["Signature"] = signature(account.secret, "GET", parameters.items())
    return parameters


def signature(secret: str, method: str, pairs: Iterable[tuple[str, str]]) -> str:
    query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(pairs))
    text = f"{method}&%2F&{quote(query, safe='~')}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), "sha1")).decode()


def send(account: Account, parameters: Mapping[str, str], *, method: str = "GET") -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, account.rpc, params=dict(parameters), timeout=HUNG)
