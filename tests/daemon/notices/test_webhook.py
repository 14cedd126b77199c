"""The webhook channel: what is sent, what counts as taken, and that a receiver who hangs delays nobody for long."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from ossmend.config.channels.webhook import Webhook as Settings
from ossmend.daemon.notices import posted
from ossmend.daemon.notices.channel import Undelivered
from ossmend.daemon.notices.posted import Answer
from ossmend.daemon.notices.webhook import Webhook

NOTICE = {"case": 7, "why": "对象已冻结", "cause": "archived"}
Handle = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def receiver(handle: Handle) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            handle(self)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook?token=abc"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answering(status: int, got: list[tuple[str, dict[str, str], bytes]]) -> Handle:
    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        got.append((request.path, dict(request.headers), body))
        request.send_response(status)
        request.send_header("Location", "http://127.0.0.1:1/elsewhere")
        request.send_header("Content-Length", "0")
        request.end_headers()

    return handle


def test_a_notice_is_posted_as_json_to_the_whole_address() -> None:
    got: list[tuple[str, dict[str, str], bytes]] = []
    with receiver(answering(200, got)) as url:
        Webhook(Settings(url=url)).send(NOTICE)
    ((path, headers, body),) = got
    assert (path, json.loads(body)) == ("/hook?token=abc", NOTICE)
    assert headers["Content-Type"] == "application/json"
    assert "X-Ossmend-Signature" not in headers


def test_a_secret_signs_the_very_bytes_that_are_sent() -> None:
    settings = Settings(url="https://hook.example.com/", secret=SecretStr("shared"))
    post = Webhook(settings).body(NOTICE)
    expected = hmac.new(b"shared", post.data, hashlib.sha256).hexdigest()
    assert post.headers == {"X-Ossmend-Signature": f"sha256={expected}"}


@pytest.mark.parametrize(
    ("status", "taken"), [(200, True), (204, True), (299, True), (302, False), (404, False), (500, False)]
)
def test_what_is_no_success_was_not_taken(status: int, taken: bool) -> None:
    assert Webhook(Settings(url="https://hook.example.com/")).accepted(Answer(status, b"")) is taken


def test_a_redirect_is_not_followed_and_is_no_success() -> None:
    got: list[tuple[str, dict[str, str], bytes]] = []
    with receiver(answering(307, got)) as url, pytest.raises(Undelivered, match="HTTP 307"):
        Webhook(Settings(url=url)).send(NOTICE)
    assert len(got) == 1


def test_a_receiver_that_is_not_there_is_told_without_its_address() -> None:
    with pytest.raises(Undelivered) as told:
        Webhook(Settings(url="http://127.0.0.1:1/hook?token=abc")).send(NOTICE)
    assert "token" not in str(told.value)


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"])
def test_a_receiver_that_does_not_end_its_answer_is_cut_off(begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posted, "DEADLINE", 0.2)
    ended = threading.Event()

    def hang(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(begin)
        ended.wait()

    with receiver(hang) as url:
        with pytest.raises(Undelivered, match=r"no whole answer within 0.2 s"):
            Webhook(Settings(url=url)).send(NOTICE)
        ended.set()


def test_the_name_in_the_journal_tells_the_host_and_no_token() -> None:
    name = Settings(url="https://hook.example.com/robot?access_token=abcdef").name
    assert name.startswith("hook.example.com#")
    assert "abcdef" not in name
