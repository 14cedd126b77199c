"""Whatever is sent, the answer is a refusal that the SDK can read, and the next call works; settings are checked."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from ossmend.simulator.log_store import Switches
from ossmend.simulator.scene import SceneError
from ossmend.simulator.serve import Running, running_simulator
from tests.patience import HUNG
from tests.simulator.sls.log_client import PROJECT, STORE, client, control

DEEP = b"[" * 3000
GROUP = f"/logstores/{STORE}/consumergroups/g"
NONSENSE: list[tuple[str, str, dict[str, str], bytes]] = [
    ("GET", f"/logstores/{STORE}/shards/{'9' * 5000}", {"type": "cursor", "from": "begin"}, b""),
    ("GET", f"/logstores/{STORE}/shards/-1", {"type": "cursor", "from": "begin"}, b""),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "cursor"}, b""),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "cursor", "from": "9" * 5000}, b""),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "cursor", "from": "yesterday"}, b""),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "cursor_time", "cursor": "MA=="}, b""),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "log", "count": "5"}, b""),
    ("GET", f"/logstores/{STORE}/shards/0", {"type": "log", "cursor": "=" * 999, "count": "5"}, b""),
    ("GET", f"/logstores/{STORE}/logs", {}, b""),
    ("GET", f"/logstores/{STORE}", {"type": "log"}, b""),
    ("GET", f"/logstores/{STORE}", {"type": "log", "from": "9" * 5000, "to": "1"}, b""),
    ("GET", f"/logstores/{STORE}", {"type": "log", "from": "0", "to": "1", "reverse": "perhaps"}, b""),
    ("GET", f"/logstores/{STORE}", {"type": "log", "from": "0", "to": "1", "query": "not " * 500 + "a: b"}, b""),
    ("POST", f"/logstores/{STORE}/logs", {}, DEEP),
    ("POST", f"/logstores/{STORE}/logs", {}, b"[]"),
    ("POST", f"/logstores/{STORE}/logs", {}, b'{"from": 1e999, "to": true}'),
    ("POST", f"/logstores/{STORE}/logs", {}, b'{"from": 0, "to": 9, "query": {"a": ["b"]}}'),
    ("POST", f"/logstores/{STORE}/consumergroups", {}, b"\xff"),
    ("POST", f"/logstores/{STORE}/consumergroups", {}, b"[1]"),
    ("POST", f"/logstores/{STORE}/consumergroups", {}, b'{"consumerGroup": "a", "timeout": NaN}'),
    ("POST", f"/logstores/{STORE}/consumergroups", {}, b'{"consumerGroup": "a", "timeout": 5, "order": 1}'),
    ("PUT", GROUP, {}, b'{"timeout": -1}'),
    ("POST", GROUP, {"type": "heartbeat"}, b"[]"),
    ("POST", GROUP, {"type": "heartbeat", "consumer": "a"}, b'{"a": 1}'),
    ("POST", GROUP, {"type": "heartbeat", "consumer": "a"}, b"[true]"),
    ("POST", GROUP, {"type": "heartbeat", "consumer": "a"}, DEEP),
    ("POST", GROUP, {"type": "checkpoint", "consumer": "a"}, b'{"shard": 99999999999999999999, "checkpoint": "a"}'),
    ("POST", GROUP, {"type": "checkpoint", "consumer": "a"}, b'{"shard": "0"}'),
    ("POST", GROUP, {"type": "checkpoint", "consumer": "a"}, b"7"),
    ("GET", GROUP, {"shard": "9" * 5000}, b""),
    ("PATCH", GROUP, {}, b""),
    ("GET", "/", {}, b""),
    ("GET", "/%ff%00/../x", {}, b""),
]


@pytest.mark.parametrize("number", range(len(NONSENSE)))
def test_nonsense_is_refused_in_words_the_sdk_reads(sim: Running, number: int) -> None:
    method, path, query, body = NONSENSE[number]
    made = client(sim, version="v1")
    made.create_consumer_group(PROJECT, STORE, "g", 30)
    headers = {"x-log-apiversion": "0.6.0", "x-log-bodyrawsize": str(len(body)), "Host": f"{PROJECT}.127.0.0.1"}
    made._auth.sign_request(method, path, query, headers, body)
    answer = requests.request(method, sim.rpc + path, params=query, data=body, headers=headers, timeout=HUNG)
    if path.startswith("/%"):
        assert answer.status_code == 401  # the SDK signs a path as it stands, the service as it reads it
    else:
        assert answer.status_code in (400, 501), answer.text
    assert set(answer.json()) == {"errorCode", "errorMessage"}
    assert made.list_shards(PROJECT, STORE).count == 2


# --------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "section",
    [
        {"delay": 5},
        {"delay_seconds": -1},
        {"delay_seconds": "soon"},
        {"retention_days": 0},
        {"shards": 0},
        {"shards": 257},
        {"ec": 1},
        {"metering_every": True},
        {"user_agent_field": "agent"},
        [],
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_a_scene(section: Any) -> None:
    if section == []:
        section = "late"
    with (
        pytest.raises(SceneError, match="real_time_log"),
        running_simulator(scene={"real_time_log": section}),
    ):
        pass


def test_a_scene_says_how_the_log_comes() -> None:
    section = {
        "delay_seconds": 180,
        "retention_days": 1.5,
        "shards": 3,
        "ec": True,
        "metering_every": 0,
        "user_agent_field": "User-Agent",
    }
    with running_simulator(scene={"real_time_log": section, "buckets": {"a-b": {"real_time_log": True}}}) as sim:
        told = control(sim, "GET", "real-time-log")
        assert told["switches"] == section
        assert len(told["projects"][PROJECT]["shards"]) == 3
        assert set(section) == set(Switches.__slots__)


def test_a_bucket_s_log_is_true_or_false() -> None:
    with (
        pytest.raises(SceneError, match="real_time_log must be true or false"),
        running_simulator(scene={"buckets": {"a-b": {"real_time_log": {"target": "x"}}}}),
    ):
        pass


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("real-time-log", {"delay": 1}),
        ("real-time-log", {"ec": True, "shards": 0}),
        ("real-time-log/split", {"shard": 9}),
        ("real-time-log/split", {"shard": "0"}),
        ("real-time-log/split", {"project": "none"}),
        ("real-time-log/repeat", {"rows": -1}),
        ("real-time-log/repeat", {"row": 1}),
        ("real-time-log/forget", {"shard": 0}),
    ],
)
def test_a_control_call_that_cannot_be_is_refused_and_changes_nothing(
    sim: Running, path: str, body: dict[str, Any]
) -> None:
    before = control(sim, "GET", "real-time-log")
    answer = requests.post(f"{sim.control}/{path}", json=body, timeout=HUNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadSetting")
    assert control(sim, "GET", "real-time-log") == before


def test_without_a_project_the_calls_say_that_there_is_none() -> None:
    with running_simulator(speed=0.0) as sim:
        answer = requests.post(f"{sim.control}/real-time-log/forget", json={}, timeout=HUNG)
        assert answer.status_code == 400
        assert "no bucket" in json.dumps(answer.json())


def test_control_is_not_answered_under_a_project_s_name(sim: Running) -> None:
    headers = {"Host": f"{PROJECT}.127.0.0.1", "x-log-apiversion": "0.6.0"}
    assert requests.get(f"{sim.control}/keys", headers=headers, timeout=HUNG).status_code == 404
