"""The webhook: JSON, signed where there is a secret, taken with any 2xx, and over at its deadline."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket

import pytest
from pydantic import SecretStr

from ossmend.config.channels.webhook import Webhook as Settings
from ossmend.daemon.notices.channel import Undelivered
from ossmend.daemon.notices.posted import MOST_BYTES, Answer, Post, exchange
from ossmend.daemon.notices.webhook import Webhook
from tests.daemon.notices.receivers import endless, receiver

NOTICE = {"cause": "key-deleted", "why": "钥匙已删除", "case": 7}


def test_a_notice_arrives_as_it_is() -> None:
    with receiver() as known:
        Webhook(Settings(url=known.url)).send(NOTICE)
        ((body, headers),) = known.got
    assert body == NOTICE
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("ossmend/")
    assert "X-Ossmend-Signature" not in headers


def test_the_signature_is_of_the_very_bytes_that_were_sent() -> None:
    with receiver() as known:
        Webhook(Settings(url=known.url, secret=SecretStr("s3cret"))).send(NOTICE)
        ((_body, headers),), (data,) = known.got, known.raw
    assert headers["X-Ossmend-Signature"] == f"sha256={hmac.new(b's3cret', data, hashlib.sha256).hexdigest()}"


@pytest.mark.parametrize(("status", "taken"), [(200, True), (204, True), (302, False), (404, False), (500, False)])
def test_only_a_2xx_is_taken(status: int, taken: bool) -> None:
    assert Webhook(Settings(url="https://h.example/")).accepted(Answer(status, b"")) is taken


def test_a_refusal_says_its_status_and_not_the_address() -> None:
    with receiver() as known:
        known.status = 503
        with pytest.raises(Undelivered) as refused:
            Webhook(Settings(url=known.url)).send(NOTICE)
    assert str(refused.value) == "HTTP 503"


def test_nobody_there_is_said_without_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/t0ken"
    with pytest.raises(Undelivered) as refused:
        Webhook(Settings(url=url)).send(NOTICE)
    assert "t0ken" not in str(refused.value)


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("first", "piece"),
    [(b"", b""), (b"", b"H"), (HEAD, b"X: "), (HEAD + b"Content-Length: 9999\r\n\r\n", b"."), (HEAD + b"\r\n", b"")],
    ids=["silent", "drips its status", "drips its headers", "drips its body", "never ends"],
)
def test_one_deadline_holds_from_the_connection_to_the_last_byte(first: bytes, piece: bytes) -> None:
    with endless(first, piece) as server, pytest.raises(Undelivered):
        exchange(Post(server.url, b"{}"), 0.2)


def test_of_an_answer_without_an_end_so_much_is_read() -> None:
    with endless(HEAD + b"\r\n", b"x" * MOST_BYTES) as server:
        assert exchange(Post(server.url, b"{}"), 60.0) == Answer(200, b"x" * MOST_BYTES)


def test_what_no_request_can_carry_is_undelivered() -> None:
    with pytest.raises(Undelivered):
        exchange(Post("http://127.0.0.1:1/", b"", {"X": "a\r\nb: c"}), 1.0)


def test_the_name_in_the_journal_has_no_token_in_it() -> None:
    one, other = Settings(url="https://h.example/t0ken"), Settings(url="https://h.example/t0ken2")
    assert one.name != other.name
    assert one.name.startswith("h.example#")
    assert "t0ken" not in one.name
    assert json.dumps(one.name)
