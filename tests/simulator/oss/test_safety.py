"""A web page cannot reach the simulator: not by a name of its own, not without the secret, not without asking first."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from ossmend.simulator.control import _ROUTES
from ossmend.simulator.serve import Running, running_simulator
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, control, error_of, logged

LOOPBACK = [
    "127.0.0.1",
    "127.0.0.1:80",
    "localhost",
    "LOCALHOST:9300",
    "localhost.",
    "[::1]",
    "[::1]:9300",
    "127.8.8.8",
]
FOREIGN = [
    "page.example",
    "page.example:9300",
    "127.0.0.1.page.example",
    "localhost.page.example",
    "page.localhost.example",
    "oss-cn-hangzhou.page.example",
    "examplebucket.oss-cn-hangzhou.page.example",
    "notaliyuncs.com",
    "192.0.2.7",
    "[2001:db8::7]",
    "2130706433.page.example",
    "127.0.0.1@page.example",
    "page.example#127.0.0.1",
]


def _secret(sim: Running) -> str:
    return sim.control.rpartition("/")[2]


def _changes() -> list[tuple[str, str]]:
    """Every change the control API offers, as method and a path that fits it."""
    names = {"bucket": "examplebucket", "key": "k", "user": "someone", "id": "1", "role": "ops", "name": "ack"}
    routes = [(path.format_map(names), methods) for path, methods, _, _ in _ROUTES]
    return [(method, path) for path, methods in routes for method in methods if method != "GET"]


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_is_answered_by_each_of_its_names(sim: Running, host: str) -> None:
    answer = requests.get(f"{sim.control}/keys", headers={"Host": host}, timeout=HUNG)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["{control}/keys", "{control}/advance", "/examplebucket/k", "/?Action=GetUser", "/"])
def test_a_page_by_its_own_name_is_told_nothing(sim: Running, bucket: Any, wire: Wire, host: str, path: str) -> None:
    bucket.put_bucket_acl("public-read-write")
    bucket.put_object("k", b"content")
    target = path.replace("{control}", sim.control.removeprefix(sim.oss))
    for method in ("GET", "PUT", "POST", "DELETE"):
        raw = wire.raw(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())
        assert (raw.status, error_of(raw.body)["Code"]) == (403, "NonStandardHostForbidden")
        assert sim.access_key_secret.encode() not in raw.body
    assert logged(sim)[-1]["status"] == 403
    assert bucket.get_object("k").read() == b"content"


@pytest.mark.parametrize("host", ["examplebucket.oss-cn-hangzhou.aliyuncs.com", "examplebucket.localhost", "simulator"])
def test_names_of_oss_reach_the_objects_and_never_the_control_api(
    sim: Running, bucket: Any, wire: Wire, host: str
) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("k", b"content")
    path = "/examplebucket/k" if host == "simulator" else "/k"
    assert wire.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).body == b"content"
    target = f"/_simulator/{_secret(sim)}/keys"
    assert wire.raw(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 404


@pytest.mark.parametrize("guess", ["", "x", "SECRET", "keys", "{secret}x", "%s", "\u00e4"])
def test_without_the_secret_there_is_nothing(sim: Running, guess: str) -> None:
    base = f"{sim.oss}/_simulator"
    guessed = guess.replace("{secret}", _secret(sim))
    for path in ("", "/", f"/{guessed}", f"/{guessed}/keys", f"/{_secret(sim).swapcase()}/keys", "/keys", "/requests"):
        answer = requests.get(base + path, timeout=HUNG)
        assert answer.status_code in (400, 404)
        assert sim.access_key_secret not in answer.text
        assert _secret(sim) not in answer.text


def test_secret_is_another_one_at_each_start_and_stands_in_no_answer(sim: Running) -> None:
    with running_simulator() as other:
        assert _secret(other) != _secret(sim)
        assert len(_secret(other)) >= 20
    for path in ("", "state", "requests", "keys", "clock"):
        assert _secret(sim) not in requests.get(f"{sim.control}/{path}", timeout=HUNG).text


@pytest.mark.parametrize(("method", "path"), _changes())
@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]
)
def test_what_a_page_may_send_unasked_changes_nothing(
    sim: Running, bucket: Any, method: str, path: str, content_type: str | None
) -> None:
    before = control(sim, "GET", "state")
    headers = {} if content_type is None else {"Content-Type": content_type}
    for body in (b"", b'{"seconds": 3600, "status": "in_debt"}'):
        answer = requests.request(method, f"{sim.control}/{path}", data=body, headers=headers, timeout=HUNG)
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UnsupportedMediaType")
    after = control(sim, "GET", "state")
    for moving in (before["clock"], after["clock"]):
        moving.pop("shown")
        moving["elapsed_seconds"] = round(moving["elapsed_seconds"], -2)
    assert after == before


def test_no_preflight_is_granted_and_no_get_changes(sim: Running, bucket: Any) -> None:
    asked = {"Origin": "https://page.example", "Access-Control-Request-Method": "PUT"}
    answer = requests.options(f"{sim.control}/account", headers=asked, timeout=HUNG)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    answer = requests.get(f"{sim.control}/account", json={"status": "in_debt"}, timeout=HUNG)
    assert answer.json()["status"] == "normal"


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_changes(sim: Running, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = requests.patch(f"{sim.control}/account", data='{"status": "in_debt"}', headers=headers, timeout=HUNG)
    assert (answer.status_code, answer.json()["status"]) == (200, "in_debt")
