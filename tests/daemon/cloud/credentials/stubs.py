"""What the tests of credentials share: durations that pass, OIDC tokens, settings as a file would give them."""

from __future__ import annotations

import base64
import hmac
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ossmend.config.credentials import CredentialsConfig
from ossmend.daemon.cloud.credentials import Provider, World, open_credentials
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import control
from tests.patience import until

ACCOUNT = "1234567890123456"
ROLE = f"acs:ram::{ACCOUNT}:role/ossmend"
PROVIDER = f"acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa-c1"
SUBJECT = "system:serviceaccount:ops:ossmend"


class Passing:
    """Durations pass by hand, and the shown time stays: what the simulator's `advance` does."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() + self.passed

    def both(self, sim: Running, seconds: float) -> None:
        control(sim, "POST", "advance", {"seconds": seconds})
        self.passed += seconds


def settings(**kind: Any) -> CredentialsConfig:
    return CredentialsConfig.model_validate(kind)


def key_of(sim: Running) -> dict[str, SecretStr]:
    return {"access_key_id": SecretStr(sim.access_key_id), "access_key_secret": SecretStr(sim.access_key_secret)}


def opened(sim: Running, clock: Passing | None = None, **kind: Any) -> Provider:
    world = World(sts=sim.rpc, metadata=sim.rpc, clock=clock or Passing(), environment={})
    return open_credentials(settings(**kind), world)


def jwt(**claims: Any) -> str:
    """A token of the provider that `trust_pods` makes."""
    told = {"iss": "https://oidc.example.com", "sub": SUBJECT, "aud": "sts.aliyuncs.com", "exp": time.time() + 7200}
    first = f"{_part(b'{}')}.{_part(json.dumps(told | claims).encode())}"
    return f"{first}.{_part(hmac.digest(b'issuers-secret', first.encode(), 'sha256'))}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def trust_pods(sim: Running, tmp_path: Path) -> dict[str, Any]:
    """A role that a service account may have; the settings for it."""
    control(
        sim, "PUT", "oidc-providers/ack-rrsa-c1", {"issuer": "https://oidc.example.com", "secret": "issuers-secret"}
    )
    condition = {"StringEquals": {"oidc:sub": SUBJECT, "oidc:aud": "sts.aliyuncs.com"}}
    control(sim, "PUT", "roles/ossmend", {"trust": trust({"Federated": [PROVIDER]}, condition)})
    token = tmp_path / "token"
    token.write_text(jwt())
    return {"role_arn": ROLE, "provider_arn": PROVIDER, "token_file": str(token)}


def trust(principal: dict[str, Any], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return {"Version": "1", "Statement": [statement | ({"Condition": condition} if condition else {})]}


def renewed(provider: Provider, before: str) -> str:
    """The key id of the next session: the fetch is beside whoever asks, so it is asked until it is there."""
    until("a new session", lambda: provider.get_credentials().access_key_id != before)
    return provider.get_credentials().access_key_id
