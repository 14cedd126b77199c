"""The demo's world: a simulator in a process of its own, and in it buckets, users and keys as a small company has them.

Everything is set up by the real SDKs with the simulator's administrator key, as one would on a new account.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import oss2
import requests
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

START_SECONDS = 20
ARCHIVED = "2024/q3/revenue.parquet"
REPORTS, ASSETS, VAULT = "reports-demo", "assets-demo", "vault-demo"
ORIGIN = "https://app.example.com"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One access key."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class World:
    """Where the simulator listens, and who lives in it."""

    oss: str
    rpc: str
    control: str
    region: str
    admin: KeyPair
    daemon: KeyPair
    app: KeyPair
    retired: KeyPair
    """A key that was disabled after a rotation, and that one application still uses."""
    retired_owner: str

    def requests(self) -> list[dict[str, Any]]:
        """Everything the simulator was asked so far."""
        answer = _session().get(f"{self.control}/requests", timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["requests"]
        return found


@contextmanager
def world(allowed: dict[str, Any]) -> Iterator[World]:
    """Start the simulator, set the scene, stop it at the end. `allowed` is all that the daemon's key may do."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ossmend", "simulator", "--port", "0", "--ready-json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=clean_environment(),
    )
    try:
        yield _scene(_announcement(process), allowed)
    finally:
        process.terminate()
        process.wait(timeout=10)


def clean_environment() -> dict[str, str]:
    """The environment for our own processes: no proxies, nobody's credentials."""
    unwanted = ("ALIBABA_CLOUD_", "ALIYUN_", "OSS_", "OSSMEND_")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(unwanted)}
    return {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")} | {
        "PYTHONUNBUFFERED": "1"
    }


def _announcement(process: subprocess.Popen[bytes]) -> dict[str, str]:
    assert process.stdout is not None  # it was opened as a pipe
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if ready else b""
    if not line:
        process.kill()
        raise RuntimeError(f"the simulator did not start within {START_SECONDS} s")
    told: dict[str, str] = json.loads(line)
    return told


def _scene(told: dict[str, str], allowed: dict[str, Any]) -> World:
    admin = KeyPair(told["access_key_id"], told["access_key_secret"])
    account = _Account(told["rpc"], told["region"], admin)
    daemon = account.user_with_key("ossmend", "ossmend-least-privilege", allowed)
    reading = {"Effect": "Allow", "Action": "oss:*", "Resource": [f"acs:oss:*:*:{REPORTS}", f"acs:oss:*:*:{REPORTS}/*"]}
    app = account.user_with_key("reports-app", "reports-app", {"Version": "1", "Statement": [reading]})
    retired = account.user_with_key("alice", "alice-reports", {"Version": "1", "Statement": [reading]})
    account.disable("alice", retired)
    _buckets(told, admin)
    return World(
        told["oss"],
        told["rpc"],
        told["control"],
        told["region"],
        admin,
        daemon,
        app,
        retired,
        account.principal("alice"),
    )


def _buckets(told: dict[str, str], admin: KeyPair) -> None:
    auth = oss2.AuthV4(admin.id, admin.secret)
    for name in (REPORTS, ASSETS, VAULT):
        bucket = oss2.Bucket(auth, told["oss"], name, region=told["region"])
        bucket.create_bucket()
        if name == REPORTS:
            bucket.put_object(ARCHIVED, b"quarter,revenue\n3,1024\n", headers={"x-oss-storage-class": "Archive"})
        if name == VAULT:
            bucket.put_object("payroll.csv", b"not for everybody")
        if name == ASSETS:
            rule = oss2.models.CorsRule(["https://www.example.com"], ["GET"], ["*"], ["ETag"], 60)
            bucket.put_bucket_cors(oss2.models.BucketCors([rule]))


class _Account:
    """The administrator of the demo's account, by the core SDK."""

    def __init__(self, rpc: str, region: str, admin: KeyPair) -> None:
        self._client = AcsClient(admin.id, admin.secret, region)
        self._rpc = rpc

    def user_with_key(self, name: str, policy: str, document: dict[str, Any]) -> KeyPair:
        self._call("CreateUser", UserName=name, DisplayName=name)
        self._call("CreatePolicy", PolicyName=policy, PolicyDocument=json.dumps(document))
        self._call("AttachPolicyToUser", PolicyType="Custom", PolicyName=policy, UserName=name)
        key = self._call("CreateAccessKey", UserName=name)["AccessKey"]
        return KeyPair(key["AccessKeyId"], key["AccessKeySecret"])

    def disable(self, name: str, key: KeyPair) -> None:
        self._call("UpdateAccessKey", UserName=name, UserAccessKeyId=key.id, Status="Inactive")

    def principal(self, name: str) -> str:
        user = self._call(
            "GetUser", version="2019-08-15", UserId=self._call("GetUser", UserName=name)["User"]["UserId"]
        )
        found: str = user["User"]["UserPrincipalName"]
        return found

    def _call(self, action: str, version: str = "2015-05-01", **parameters: str) -> dict[str, Any]:
        request = CommonRequest(domain=self._rpc, version=version, action_name=action)
        request.set_method("POST")
        request.set_accept_format("json")
        for name, value in parameters.items():
            request.add_body_params(name, value)
        answer: dict[str, Any] = json.loads(self._client.do_action_with_exception(request))
        return answer


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # the simulator is on loopback; a proxy would not find it
    return session
