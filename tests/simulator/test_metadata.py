"""The metadata service of the instance that the simulator's clients run on, spoken to as a machine speaks to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import control
from tests.patience import HUNG

TTL, SHOWN = "X-aliyun-ecs-metadata-token-ttl-seconds", "X-aliyun-ecs-metadata-token"
ROLES = "latest/meta-data/ram/security-credentials/"


@pytest.fixture
def sim() -> Iterator[Running]:
    with running_simulator(speed=0.0) as running:
        yield running


def ask(sim: Running, method: str, path: str, **headers: str) -> tuple[int, str]:
    """As through a proxy: the request names the real address."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(
            method, f"http://100.100.100.200/{path}", headers=headers, proxies={"http": sim.oss}, timeout=HUNG
        )
    return answer.status_code, answer.text


def token(sim: Running, seconds: int = 60) -> dict[str, str]:
    status, text = ask(sim, "PUT", "latest/api/token", **{TTL: str(seconds)})
    assert status == 200
    return {SHOWN: text}


def session(sim: Running, **headers: str) -> dict[str, Any]:
    status, text = ask(sim, "GET", f"{ROLES}ossmend", **headers)
    assert status == 200
    told: dict[str, Any] = json.loads(text)
    return told


def test_a_session_is_asked_for_in_three_steps(sim: Running) -> None:
    shown = token(sim)
    assert ask(sim, "GET", ROLES, **shown) == (200, "ossmend")
    told = session(sim, **shown)
    assert set(told) == {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration", "LastUpdated", "Code"}
    assert told["AccessKeyId"].startswith("STS.")


@pytest.mark.parametrize("seconds", ["0", "21601", "-1", "x", "", "9" * 30])
def test_a_token_lives_for_a_second_to_six_hours(sim: Running, seconds: str) -> None:
    assert ask(sim, "PUT", "latest/api/token", **{TTL: seconds})[0] == 400
    assert ask(sim, "PUT", "latest/api/token")[0] == 400


def test_a_token_ends(sim: Running) -> None:
    shown = token(sim, 60)
    assert ask(sim, "GET", ROLES, **shown)[0] == 200
    control(sim, "POST", "advance", {"seconds": 60})
    assert ask(sim, "GET", ROLES, **shown)[0] == 401


def test_only_the_hardened_mode_asks_for_a_token(sim: Running) -> None:
    assert ask(sim, "GET", ROLES)[0] == 200
    control(sim, "PATCH", "instance", {"hardened": True})
    assert ask(sim, "GET", ROLES)[0] == 403
    assert ask(sim, "GET", ROLES, **token(sim))[0] == 200


def test_a_role_that_the_instance_does_not_have_is_not_found(sim: Running) -> None:
    assert ask(sim, "GET", f"{ROLES}other", **token(sim))[0] == 404
    control(sim, "PATCH", "instance", {"role": None})
    assert ask(sim, "GET", ROLES, **token(sim))[0] == 404


def test_a_request_that_a_proxy_passes_on_is_refused(sim: Running) -> None:
    assert ask(sim, "GET", ROLES, **token(sim), **{"X-Forwarded-For": "10.0.0.1"})[0] == 403


def test_the_session_is_the_same_until_little_of_it_is_left(sim: Running) -> None:
    first = session(sim)["AccessKeyId"]
    control(sim, "POST", "advance", {"seconds": 5 * 3600})
    assert session(sim)["AccessKeyId"] == first
    control(sim, "POST", "advance", {"seconds": 1900})
    assert session(sim)["AccessKeyId"] != first


def test_a_fault_takes_the_service_away(sim: Running) -> None:
    control(sim, "POST", "faults", {"operation": "MetadataToken", "status": 503, "times": 1})
    assert ask(sim, "PUT", "latest/api/token", **{TTL: "60"})[0] == 503
    assert ask(sim, "PUT", "latest/api/token", **{TTL: "60"})[0] == 200
    asked = control(sim, "GET", "requests")["requests"]
    assert [(each["operation"], each["status"], each["service"]) for each in asked] == [
        ("MetadataToken", 503, "metadata"), ("MetadataToken", 200, "metadata"),
    ]  # fmt: skip
