"""HTTP/1.1 as servers speak it, and as they had better not: what is odd is Lost, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossmend.daemon.cloud.wire.http1 import HEAD_CAP, Exchange, Unsendable
from ossmend.daemon.cloud.wire.resolve import Lost

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def saying(*blocks: bytes) -> Callable[[], bytes]:
    """What comes in, block by block, and then the end of the connection."""
    left = list(blocks)
    return lambda: left.pop(0) if left else b""


def read(method: str, *blocks: bytes) -> tuple[Exchange, bytes]:
    exchange = Exchange(method, "b.example", "/k", {})
    exchange.head(saying(*blocks))
    return exchange, b"".join(exchange.blocks())


def sent(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    return Exchange(method, "b.example:1", target, headers, body).request


# -------------------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("method", "said", "status", "body", "reusable"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, b"ab", True),
        ("GET", b"HTTP/1.1 200\r\ncontent-length:2\r\n\r\nab", 200, b"ab", True),
        ("GET", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, b"", True),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nab", 200, b"ab", False),
        ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, b"ab", False),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", 200, b"ab", False),
        ("GET", b"HTTP/1.1 200 OK\r\n\r\nab", 200, b"ab", False),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 200, b"", True),
        ("HEAD", b"HTTP/1.1 403 F\r\nTransfer-Encoding: chunked\r\n\r\n", 403, b"", True),
        ("PUT", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        ("POST", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 A\r\nContent-Length: 0\r\n\r\n", 202, b"", True),
        ("GET", CHUNKED + b"2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", 200, b"abc", True),
        ("GET", CHUNKED + b"A \r\n0123456789\r\n00\r\nTrailer: x\r\n\r\n", 200, b"0123456789", True),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_an_answer_is_read_in_whatever_pieces_it_comes(
    method: str, said: bytes, status: int, body: bytes, reusable: bool, size: int
) -> None:
    blocks = [said[at : at + size] for at in range(0, len(said), size)]
    exchange, found = read(method, *blocks)
    assert (exchange.status, found) == (status, body)
    if size > len(said):
        assert exchange.reusable is reusable


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        CHUNKED,
        CHUNKED + b"2\r\nab",
        CHUNKED + b"2\r\nab\r\n",
        CHUNKED + b"2\r\nab\r\n0\r\n",
    ],
)
def test_an_answer_that_ends_too_early_is_lost(said: bytes) -> None:
    with pytest.raises(Lost, match=r"ended before|closed connection|without sending"):
        read("GET", said)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 999 No\r\n\r\n",
        b"HTTP/1.1 20 No\r\n\r\n",
        b" HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nname : value\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"fffffffffffff\r\n",
        CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"1" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * HEAD_CAP,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
def test_an_odd_answer_is_lost(said: bytes) -> None:
    with pytest.raises(Lost):
        read("GET", said)


def test_a_body_that_was_read_is_not_waited_for_again() -> None:
    exchange, found = read("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")
    assert (found, list(exchange.blocks()), exchange.reusable) == (b"ab", [], True)


@given(st.lists(st.binary(max_size=80), max_size=20), st.sampled_from([b"", CHUNKED, b"HTTP/1.1 200 OK\r\n"]))
def test_whatever_comes_is_an_answer_or_lost(blocks: list[bytes], begin: bytes) -> None:
    try:
        exchange, _ = read("GET", begin, *[block for block in blocks if block])
    except Lost:
        return
    assert 200 <= exchange.status < 600


def test_headers_are_found_in_whatever_letters_and_a_second_one_does_not_hide_the_first() -> None:
    exchange, _ = read("HEAD", b"HTTP/1.1 200 OK\r\nX-Oss-Request-Id: 1\r\nvia: a\r\nVia: b\r\n\r\n")
    assert exchange.headers["x-oss-request-id"] == exchange.headers.get("X-OSS-REQUEST-ID") == "1"
    assert exchange.headers.get("Age") is None
    assert exchange.headers["VIA"] == "a, b"


# ------------------------------------------------------------------------------------------------------------- requests


def test_a_request_is_its_line_its_headers_and_its_body() -> None:
    said = sent("POST", "/k%2F?restore=", {"x-oss-date": "d"}, b"<R/>")
    assert said.split(b"\r\n") == [
        b"POST /k%2F?restore= HTTP/1.1", b"Host: b.example:1", b"Accept-Encoding: identity",
        b"x-oss-date: d", b"Content-Length: 4", b"", b"<R/>",
    ]  # fmt: skip


@pytest.mark.parametrize(("method", "told"), [("PUT", True), ("POST", True), ("GET", False), ("HEAD", False)])
def test_an_empty_body_has_a_length_where_there_could_be_one(method: str, told: bool) -> None:
    assert (b"Content-Length: 0\r\n" in sent(method, "/", {})) is told


@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\nb", "a\x00", "\u4f8b"])
def test_a_header_cannot_smuggle_in_another(text: str) -> None:
    with pytest.raises(Unsendable):
        sent("GET", "/", {"Origin": text})


@pytest.mark.parametrize("name", ["a b", "a:", "", "a\r\nb", "\u00e4"])
def test_a_headers_name_is_a_name(name: str) -> None:
    with pytest.raises(Unsendable):
        sent("GET", "/", {name: "v"})


@pytest.mark.parametrize("target", ["", "k", "/a b", "/a\r\nX: 1", "/\u4f8b", "//h\x00"])
def test_a_path_cannot_smuggle_in_anything(target: str) -> None:
    with pytest.raises(Unsendable):
        sent("GET", target, {})
