"""The service's life: reload, stop, a full disk, a bad network, a busy state; seen from outside."""

from __future__ import annotations

import http.server
import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journeys.conftest import Daemon, World, until
from tests.journeys.test_restore import POLICY, archive, reads, refusal
from tests.patience import HUNG

KEYS_POLICY = "  - { name: keys, on: InvalidAccessKeyId }\n"


def fault(world: World, **rule: Any) -> None:
    """Let something go wrong in the simulated cloud."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{world.simulator.control}/faults", json=rule, timeout=HUNG)
    assert answer.status_code in (200, 201), answer.text


def told(daemon: Daemon, event: str) -> list[dict[str, Any]]:
    """The lines of the daemon's log with this event."""
    whole = daemon.trace.read_text(encoding="utf-8").rpartition("\n")[0]  # the last line may be half written
    lines = [line for line in whole.splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line["event"] == event]


class Notify:
    """What systemd would be told. It is taken at once, as systemd does: the kernel keeps ten messages and no more."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self.path = path
        self.lines: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        while message := self._socket.recv(4096):
            self.lines += message.decode().splitlines()

    def heard(self, line: str) -> bool:
        return any(each.startswith(line) for each in self.lines)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # the listener's recv answers with nothing
        self._listener.join(timeout=HUNG)
        self._socket.close()


@pytest.fixture
def notify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    heard = Notify(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(heard.path))
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    yield heard
    heard.close()


def test_systemd_hears_ready_watchdog_reloading_and_stopping(world: World, daemon: Daemon, notify: Notify) -> None:
    daemon.configure(KEYS_POLICY)
    daemon.start()
    for line in ("READY=1", "STATUS=", "WATCHDOG=1"):
        until(line, lambda line=line: notify.heard(line))  # type: ignore[misc]  # mypy cannot type a default in a lambda
    daemon.signal(signal.SIGHUP)
    until("RELOADING=1", lambda: notify.heard("RELOADING=1"))
    until("MONOTONIC_USEC=", lambda: notify.heard("MONOTONIC_USEC="))
    assert daemon.stop() == 0
    until("STOPPING=1", lambda: notify.heard("STOPPING=1"))


def test_what_is_logged_once_it_is_ready_is_news_also_where_a_source_starts_at_the_end(
    world: World, daemon: Daemon
) -> None:
    bucket = archive(world, "reports-end", ["old", "new"])
    daemon.configure(POLICY, sources=f"[ {{ app_log: {{ path: '{daemon.log}', start: end }} }} ]")
    daemon.log.write_text(refusal(bucket, "old"), encoding="utf-8")
    daemon.start()
    with daemon.log.open("a", encoding="utf-8") as log:
        log.write(refusal(bucket, "new"))
    until("what is new is restored", lambda: reads(bucket, "new"))
    assert daemon.stop() == 0
    assert [request["key"] for request in world.requests("RestoreObject")] == ["new"]


def test_a_bad_reload_is_kept_out_and_a_good_one_taken(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-reload", ["a"])
    daemon.configure(KEYS_POLICY)
    daemon.start()
    daemon.config.write_text(daemon.config.read_text(encoding="utf-8") + "nonsense: true\n", encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    until("the bad one was kept out", lambda: len(told(daemon, "config.kept")) == 1)
    assert "nonsense" in told(daemon, "config.kept")[0]["why"]
    daemon.log.write_text(refusal(bucket, "a"), encoding="utf-8")
    until("the old one still works", lambda: len(told(daemon, "case.reported")) == 1)
    daemon.configure(POLICY)
    daemon.signal(signal.SIGHUP)
    until("the good one was taken", lambda: len(told(daemon, "config.reloaded")) == 1)
    with daemon.log.open("a", encoding="utf-8") as log:
        log.write(refusal(bucket, "a"))
    until("by the new policy it is restored", lambda: reads(bucket, "a"))
    assert daemon.stop() == 0


def test_a_swapped_config_map_is_taken_without_a_signal_and_half_of_one_is_kept_out(
    world: World, daemon: Daemon
) -> None:
    daemon.configure(KEYS_POLICY)
    volume, name = daemon.directory / "volume", daemon.config.name
    good = daemon.config.read_text(encoding="utf-8")
    texts = {"1": good, "2": good[: good.index("KeyId")], "3": good + "quiet: 1h\n"}
    for number, text in texts.items():
        (volume / number).mkdir(parents=True)
        (volume / number / name).write_text(text, encoding="utf-8")

    def swap(number: str) -> None:
        (volume / "..data_tmp").symlink_to(number)
        (volume / "..data_tmp").rename(volume / "..data")

    swap("1")
    daemon.config.unlink()
    daemon.config.symlink_to(volume / "..data" / name)
    daemon.start("--watch-config")
    swap("2")
    until("half of one was kept out", lambda: len(told(daemon, "config.kept")) == 1)
    assert f"{name}:" in told(daemon, "config.kept")[0]["why"]
    swap("3")
    until("the whole one was taken", lambda: len(told(daemon, "config.reloaded")) == 1)
    assert daemon.stop() == 0


def test_a_stop_finishes_the_call_in_hand_and_its_receipt_is_written(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-stop", ["a"])
    fault(world, operation="RestoreObject", latency_seconds=2.0)
    daemon.configure(POLICY)
    daemon.start()
    daemon.log.write_text(refusal(bucket, "a"), encoding="utf-8")
    until("OSS has the call, and takes its time", lambda: len(world.requests("RestoreObject")) == 1)
    assert daemon.stop() == 0
    (case,) = daemon.cases()
    writes = daemon.command("cases", "show", str(case["id"]))[1]["writes"]
    assert [write["state"] for write in writes] == ["done"]


def test_a_second_daemon_on_the_same_state_is_refused(world: World, daemon: Daemon) -> None:
    daemon.configure(KEYS_POLICY)
    daemon.start()
    with pytest.raises(pytest.fail.Exception, match="in use by process"):
        daemon.command("once")
    assert daemon.stop() == 0


def test_an_endpoint_that_fails_and_comes_back_loses_nothing(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-weather", ["a", "b"])
    lines = [refusal(bucket, key) for key in ("a", "b")]
    agents = world.requests("GetObject")[0]["user_agent"]
    assert "ossmend" not in agents
    fault(world, operation="HeadObject", status=503, code="ServiceUnavailable", times=4)
    fault(world, operation="ListObjectsV2", abort="reset", times=4)
    daemon.configure(POLICY)
    daemon.start()
    daemon.log.write_text("".join(lines), encoding="utf-8")
    until("both read again", lambda: all(reads(bucket, key) for key in ("a", "b")))
    assert daemon.stop() == 0
    assert len(world.requests("RestoreObject")) == 2


def test_a_restore_that_oss_only_claims_to_have_taken_is_never_called_done(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-lie", ["a"])
    fault(world, operation="RestoreObject", lie=True, status=202)
    daemon.configure(POLICY)
    daemon.log.write_text(refusal(bucket, "a"), encoding="utf-8")
    daemon.start()
    until("it was asked for, and looked at", lambda: bool(told(daemon, "case.waiting")))
    assert daemon.stop() == 0
    assert world.requests("RestoreObject")
    assert not told(daemon, "case.watching")
    assert not told(daemon, "case.closed")
    assert daemon.cases()[0]["state"] == "waiting"


def test_an_answer_that_was_lost_is_found_by_reading_and_not_sent_again(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-lost", ["a"])
    fault(world, operation="RestoreObject", abort="reset", execute=True, times=1)
    daemon.configure(POLICY)
    daemon.log.write_text(refusal(bucket, "a"), encoding="utf-8")
    daemon.start()
    until("it reads again", lambda: reads(bucket, "a"))
    assert daemon.stop() == 0
    assert len(world.requests("RestoreObject")) == 1
    assert told(daemon, "write.done")[0]["outcome"] == "found"


def test_a_webhook_gets_the_notice_signed_and_without_the_whole_key_id(world: World, daemon: Daemon) -> None:
    got: list[tuple[dict[str, Any], str]] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((json.loads(body), self.headers.get("X-Ossmend-Signature", "")))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/hook"
        daemon.configure(KEYS_POLICY, mode="enforce", notify=f"[ {{ webhook: {{ url: '{url}' }} }} ]")
        key_id = "LTAI5tNobodyKnowsThisKey"
        line = f"ERROR <Error><Code>InvalidAccessKeyId</Code><OSSAccessKeyId>{key_id}</OSSAccessKeyId></Error>\n"
        daemon.log.write_text(line, encoding="utf-8")
        daemon.command("once")
        ((body, _signature),) = got
        assert (body["cause"], body["code"]) == ("key-not-of-this-account", "InvalidAccessKeyId")
        assert key_id not in json.dumps(body)
        assert body["next_steps"]["zh"]
        daemon.command("once")
        assert len(got) == 1, "a notice is said once"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=HUNG)


def test_hostile_text_forges_no_line_of_the_log(world: World, daemon: Daemon) -> None:
    daemon.configure(KEYS_POLICY)
    evil = 'x\x1b[2J\x1b]0;owned\x07\u202e\\n{"event": "daemon.stopped"}'
    line = f"<Error><Code>AccessDenied</Code><Message>{evil}</Message><HostId>{evil}</HostId></Error>\n"
    daemon.log.write_text(line, encoding="utf-8")
    daemon.start()
    until("it was told", lambda: bool(daemon.cases()))
    assert daemon.stop() == 0
    raw = daemon.trace.read_text(encoding="utf-8")
    assert "\x1b" not in raw
    assert "\u202e" not in raw
    assert len(told(daemon, "daemon.stopped")) == 1
