"""Bodies that are announced: with two lengths, or without ever coming. Answered all the same, and nothing half done."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from ossmend.simulator import server
from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, error_of, read_response

HOST = b"Host: 127.0.0.1\r\n"
ANNOUNCED = [
    b"Content-Length: 10\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 10\r\nExpect: 100-continue\r\n",
]


@pytest.mark.parametrize("sent", [b"", b"4\r\n"])
@pytest.mark.parametrize("announced", ANNOUNCED)
@pytest.mark.parametrize(("method", "status"), [(b"GET", 200), (b"HEAD", 200), (b"OPTIONS", 400), (b"DELETE", 204)])
def test_body_that_means_nothing_is_not_waited_for(
    sim: Running, bucket: Any, wire: Wire, method: bytes, status: int, announced: bytes, sent: bytes
) -> None:
    bucket.put_bucket_acl("public-read-write")
    bucket.put_object("k", b"content")
    raw = wire.raw(method + b" /examplebucket/k HTTP/1.1\r\n" + HOST + announced + b"\r\n" + sent)
    assert (raw.status, raw.closed) == (status, True)


@pytest.mark.parametrize(
    "sent", [b"Content-Length: 4\r\n\r\nbody", b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"]
)
def test_body_that_means_nothing_and_came_is_passed_over(sim: Running, bucket: Any, wire: Wire, sent: bytes) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("k", b"content")
    with socket.create_connection((wire.host, wire.port), timeout=HUNG) as connection:
        for _ in range(2):
            connection.sendall(b"GET /examplebucket/k HTTP/1.1\r\n" + HOST + sent)
            raw = read_response(connection)
            assert (raw.status, raw.body, raw.closed) == (200, b"content", False)


@pytest.mark.parametrize(
    "begun",
    [
        b"PUT /examplebucket/k HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\n",
        b"PUT /examplebucket/k HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nabc",
        b"PUT /examplebucket/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"POST /examplebucket?delete HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\n",
        b"PUT /examplebucket/k HTTP/1.1\r\nHost:",
        b"G",
    ],
)
def test_request_that_is_begun_and_not_ended_is_told_so(
    sim: Running, bucket: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    bucket.put_bucket_acl("public-read-write")
    monkeypatch.setattr(server, "SILENCE_SECONDS", 0.05)
    raw = wire.raw(begun)
    assert (raw.status, error_of(raw.body)["Code"], raw.closed) == (400, "RequestTimeout", True)
    assert not bucket.object_exists("k")


def test_connection_between_two_requests_rests(
    sim: Running, bucket: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("k", b"content")
    monkeypatch.setattr(server, "SILENCE_SECONDS", 0.0)
    request = b"GET /examplebucket/k HTTP/1.1\r\n" + HOST + b"\r\n"
    with socket.create_connection((wire.host, wire.port), timeout=HUNG) as connection:
        connection.sendall(request)
        assert read_response(connection).status == 200
        # Another connection's request that runs into the limit shows that it has long passed here, too.
        assert wire.raw(b"G").status == 400
        connection.sendall(request)
        assert read_response(connection).status == 200


def test_of_two_lengths_the_chunks_count(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read-write")
    body = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    smuggled = b"PUT /examplebucket/smuggled HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n"
    raw = wire.raw(b"PUT /examplebucket/k HTTP/1.1\r\n" + HOST + body + smuggled)
    assert (raw.status, raw.closed) == (200, True)
    assert bucket.get_object("k").read() == b"abcdefg"
    assert not bucket.object_exists("smuggled")


def test_answer_is_not_lost_to_a_client_that_still_sends(wire: Wire) -> None:
    """Refused by its head; what comes behind it must not turn the answer into a reset."""
    with socket.create_connection((wire.host, wire.port), timeout=HUNG) as connection:
        connection.sendall(b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Content-Length: 5368709121\r\n\r\n")
        for _ in range(400):
            connection.sendall(b"x" * 65536)
        raw = read_response(connection)
    assert (raw.status, error_of(raw.body)["Code"]) == (400, "EntityTooLarge")
