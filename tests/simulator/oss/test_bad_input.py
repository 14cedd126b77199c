"""What no SDK sends: broken HTTP, path tricks, unknown sub-resources, documents that are none. Always the right 4xx."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ossmend.simulator.serve import Running, running_simulator
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, error_of, logged, read_response

HOST = b"Host: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
        b"G\x00T / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET nowhere HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Bad Header: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"No-Colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"A: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Content-Length: 1e3\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
        b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"x" * 70000 + b"\r\n\r\n",
    ],
)
def test_broken_http_is_400_and_closes(wire: Wire, data: bytes) -> None:
    raw = wire.raw(data)
    assert (raw.status, raw.closed) == (400, True)
    assert error_of(raw.body)["Code"] == "BadRequest"
    assert re.fullmatch(r"[0-9A-F]{24}", raw.headers["x-oss-request-id"])
    assert logged(wire.sim)[-1]["status"] == 400


@pytest.mark.parametrize(
    "begin", [b"\x16\x03\x01\x02\x00\x01", b"\r\n\x16", b"\x05\x01\x00", b" GET / HTTP/1.1", b"\r\r"]
)
def test_what_cannot_begin_a_request_is_refused_before_it_ends(sim: Running, wire: Wire, begin: bytes) -> None:
    """A TLS client at this port waits for an answer to its greeting, which has no empty line."""
    raw = wire.raw(begin)
    assert (raw.status, error_of(raw.body)["Code"], raw.headers["connection"]) == (400, "BadRequest", "close")


def test_a_request_may_come_in_any_pieces(sim: Running, wire: Wire) -> None:
    with socket.create_connection((wire.host, wire.port), timeout=HUNG) as connection:
        for piece in (b"\r", b"\n", b"\r\nG", b"ET / HTTP/1.1\r", b"\n", HOST, b"\r", b"\n"):
            connection.sendall(piece)
        assert read_response(connection).status == 403


def test_unknown_transfer_coding_is_not_implemented(wire: Wire) -> None:
    raw = wire.raw(b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n")
    error = error_of(raw.body)
    assert (raw.status, error["Code"], error["Header"]) == (501, "NotImplemented", "Transfer-Encoding")


def test_upload_beyond_five_gigabytes_is_refused_before_it_is_read(wire: Wire) -> None:
    raw = wire.raw(b"PUT /b/k HTTP/1.1\r\n" + HOST + b"Content-Length: 5368709121\r\n\r\n")
    error = error_of(raw.body)
    assert (raw.status, error["Code"], error["ProposedSize"]) == (400, "EntityTooLarge", "5368709121")


def test_upload_without_any_length_is_411(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read-write")
    raw = wire.raw(b"PUT /examplebucket/k HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (raw.status, error_of(raw.body)["Code"]) == (411, "MissingContentLength")
    assert not bucket.object_exists("k")


def test_body_cut_short_changes_nothing(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read-write")
    raw = wire.raw(b"PUT /examplebucket/k HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\n12345", end=True)
    assert raw.status == 0
    assert not bucket.object_exists("k")


def test_expect_continue_is_answered(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read-write")
    with socket.create_connection((wire.host, wire.port), timeout=HUNG) as connection:
        connection.sendall(
            b"PUT /examplebucket/k HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ok")
        assert read_response(connection).status == 200


def test_expect_continue_of_an_older_client_has_no_interim_answer(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read-write")
    head = b"PUT /examplebucket/k HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    with socket.create_connection((wire.host, wire.port), timeout=HUNG) as connection:
        connection.sendall(head)
        assert wire.raw(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n").status  # by now the head above was read, too
        connection.sendall(b"hello")
        assert read_response(connection).status == 200


def test_absolute_target_may_have_a_query_and_no_path(wire: Wire) -> None:
    raw = wire.raw(b"GET http://127.0.0.1?list-type=2 HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (raw.status, error_of(raw.body)["Code"]) == (403, "AccessDenied")


DIGITS = "9" * 5000


@pytest.mark.parametrize("span", [f"bytes=0-{DIGITS}", f"bytes=-{DIGITS}"])
def test_a_range_of_thousands_of_digits_is_none(bucket: Any, wire: Wire, span: str) -> None:
    bucket.put_object("k", b"hello")
    assert wire.asked("GET", "examplebucket", "k", query="", headers={"Range": span}).status_code == 200


def test_a_source_range_of_thousands_of_digits_is_refused(bucket: Any, wire: Wire) -> None:
    bucket.put_object("k", b"hello")
    query = f"uploadId={bucket.init_multipart_upload('k').upload_id}&partNumber=1"
    copied = {"x-oss-copy-source": "/examplebucket/k", "x-oss-copy-source-range": f"bytes=0-{DIGITS}"}
    assert wire.asked("PUT", "examplebucket", "k", query=query, headers=copied).status_code == 400


def test_an_address_signed_for_thousands_of_digits_of_seconds_is_refused(sim: Running, bucket: Any) -> None:
    scope = f"{sim.access_key_id}/20260101/cn-hangzhou/oss/aliyun_v4_request"
    signed = f"x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential={scope}&x-oss-date=D&x-oss-signature=S"
    url = f"{sim.oss}/examplebucket/k?{signed}&x-oss-expires={DIGITS}"
    assert requests.get(url, timeout=HUNG).status_code == 400


def test_pipelined_requests_are_answered_in_order(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read")
    for number in range(5):
        bucket.put_object(f"k{number}", str(number) * 10)
    data = b"".join(f"GET /examplebucket/k{n} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for n in range(5))
    with socket.create_connection((wire.host, wire.port), timeout=HUNG) as connection:
        connection.sendall(data.replace(b"k4 HTTP/1.1\r\n", b"k4 HTTP/1.1\r\nConnection: close\r\n"))
        received = b""
        while more := connection.recv(65536):
            received += more
    assert re.findall(rb"\r\n\r\n(\d+)", received) == [str(n).encode() * 10 for n in range(5)]


def test_bytes_one_by_one(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read-write")
    data = (
        b"PUT /examplebucket/k HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n"
    )
    with socket.create_connection((wire.host, wire.port), timeout=HUNG) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in data:
            connection.sendall(bytes([octet]))
        assert read_response(connection).status == 200
    assert bucket.get_object("k").read() == b"abc"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/../../etc/passwd", 400, "InvalidBucketName"),
        ("/..%2f..%2fetc%2fpasswd", 400, "InvalidBucketName"),
        ("//examplebucket/k", 400, "InvalidBucketName"),
        ("/examplebucket//k", 400, "InvalidObjectName"),
        ("/examplebucket/%2Fk", 400, "InvalidObjectName"),
        ("/examplebucket/%5Ck", 400, "InvalidObjectName"),
        ("/examplebucket/%00", 400, "InvalidObjectName"),
        ("/examplebucket/%ff%fe", 400, "InvalidObjectName"),
        ("/examplebucket/" + "x" * 1024, 400, "InvalidObjectName"),
        ("/examplebucket/../examplebucket/k", 404, "NoSuchKey"),
        ("/examplebucket/..%2Fk", 404, "NoSuchKey"),
        ("/%65xamplebucket/k", 200, ""),
        ("http://127.0.0.1/examplebucket/k", 200, ""),
        ("/examplebucket/k?", 200, ""),
        ("/examplebucket/k?%", 200, ""),
        ("/examplebucket/k?&&==&a=b=c", 200, ""),
    ],
)
def test_path_tricks(sim: Running, bucket: Any, wire: Wire, path: str, status: int, code: str) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("k", b"1")
    raw = wire.raw(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert raw.status == status
    assert not code or error_of(raw.body)["Code"] == code


@pytest.mark.parametrize(
    ("method", "query", "status", "code"),
    [
        ("PUT", "nonsense", 400, "InvalidArgument"),
        ("DELETE", "delette", 400, "InvalidArgument"),
        ("POST", "nonsense", 400, "InvalidArgument"),
        ("GET", "nonsense", 400, "InvalidArgument"),
        ("POST", "", 405, "MethodNotAllowed"),
        ("POST", "acl", 405, "MethodNotAllowed"),
        ("DELETE", "location", 405, "MethodNotAllowed"),
        ("PUT", "stat", 405, "MethodNotAllowed"),
        ("PATCH", "", 405, "MethodNotAllowed"),
        ("TRACE", "", 405, "MethodNotAllowed"),
        ("PUT", "replication", 501, "NotImplemented"),
        ("POST", "replication&comp=add", 501, "NotImplemented"),
        ("GET", "replication", 404, "NoSuchReplicationConfiguration"),
    ],
)
def test_unknown_sub_resources_of_a_bucket(
    sim: Running, bucket: Any, wire: Wire, method: str, query: str, status: int, code: str
) -> None:
    answer = wire.asked(method, "examplebucket", query=query)
    assert (answer.status_code, error_of(answer.content)["Code"]) == (status, code)
    assert bucket.get_bucket_info().name == "examplebucket"


@pytest.mark.parametrize(
    ("method", "query", "status", "code"),
    [
        ("PUT", "nonsense", 400, "InvalidArgument"),
        ("DELETE", "nonsense", 400, "InvalidArgument"),
        ("POST", "", 405, "MethodNotAllowed"),
        ("POST", "nonsense", 400, "InvalidArgument"),
        ("POST", "acl", 405, "MethodNotAllowed"),
        ("PATCH", "", 405, "MethodNotAllowed"),
        ("PUT", "legalHold", 501, "NotImplemented"),
        ("POST", "x-oss-process=csv/select", 501, "NotImplemented"),
        ("GET", "versionId=", 400, "InvalidArgument"),
        ("PUT", "partNumber=1&uploadId=none", 404, "NoSuchUpload"),
        ("POST", "append&position=x", 400, "InvalidArgument"),
    ],
)
def test_unknown_sub_resources_of_an_object(
    sim: Running, bucket: Any, wire: Wire, method: str, query: str, status: int, code: str
) -> None:
    bucket.put_object("k", b"1")
    answer = wire.asked(method, "examplebucket", "k", query=query)
    assert (answer.status_code, error_of(answer.content)["Code"]) == (status, code)
    assert bucket.get_object("k").read() == b"1"


def test_cache_busting_queries_do_not_disturb_reads(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("app.js", b"1")
    assert requests.get(f"{sim.oss}/examplebucket/app.js?20240101", timeout=HUNG).content == b"1"


_BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("query", "root"),
    [
        ("cors", "CORSConfiguration"),
        ("logging", "BucketLoggingStatus"),
        ("referer", "RefererConfiguration"),
        ("versioning", "VersioningConfiguration"),
        ("tagging", "Tagging"),
        ("lifecycle", "LifecycleConfiguration"),
        ("website", "WebsiteConfiguration"),
        ("publicAccessBlock", "PublicAccessBlockConfiguration"),
        ("bucketArchiveDirectRead", "ArchiveDirectReadConfiguration"),
        ("requestPayment", "RequestPaymentConfiguration"),
    ],
)
def test_documents_that_are_none(sim: Running, bucket: Any, wire: Wire, query: str, root: str) -> None:
    deep = f"<{root}>" + "<a>" * 5000 + "</a>" * 5000 + f"</{root}>"
    for body in (
        "",
        "   ",
        "nonsense",
        "<",
        f"<{root}>",
        f"<{root}></other>",
        "<other/>",
        f"{_BOMB}<{root}>&b;</{root}>",
        f'<!DOCTYPE x SYSTEM "file:///etc/passwd"><{root}/>',
        f"<?xml version='1.0' encoding='nonsense'?><{root}/>",
        f"<{root}>\x01</{root}>",
        deep,
        f"<{root}>{'x' * (3 * 1024 * 1024)}</{root}>",
    ):
        answer = wire.xml("PUT", "examplebucket", query, body)
        assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "MalformedXML"), body[:80]
    assert wire.xml("PUT", "examplebucket", query, f"<{root}/>".encode("utf-16") + b"\xff").status_code == 400


@pytest.fixture(scope="module")
def shared() -> Any:
    with running_simulator() as running:
        running.do(lambda cloud: cloud.create_bucket("examplebucket", acl="public-read-write"))
        yield Wire(running)


_TEXT = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, blacklist_characters="#"), max_size=40)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"]),
    key=_TEXT,
    names=st.lists(
        st.sampled_from(
            "acl cors logging policy referer stat versions versioning uploads uploadId restore append symlink tagging "
            "delete location bucketInfo list-type max-keys prefix marker delimiter versionId position partNumber "
            "x-oss-process encoding-type continuation-token objectMeta website lifecycle OSSAccessKeyId Expires "
            "Signature x-oss-signature-version x-oss-credential x-oss-date x-oss-expires x-oss-signature".split()
        ),
        max_size=3,
    ),
    value=_TEXT,
    body=st.binary(max_size=60) | st.sampled_from([b"<Tagging/>", b"<RestoreRequest/>", b"<Delete><Object/></Delete>"]),
    authorization=st.none() | _TEXT,
)
def test_whatever_comes_is_answered(
    shared: Wire, method: str, key: str, names: list[str], value: str, body: bytes, authorization: str | None
) -> None:
    query = "&".join(f"{name}={value.replace('&', '')}" for name in names)
    target = f"/examplebucket/{key.replace('?', '')}" + (f"?{query}" if query else "")
    head = f"{method} {target} HTTP/1.1\r\nHost: h\r\nOrigin: {value}\r\nRange: {value}\r\nx-oss-tagging: {value}\r\n"
    if authorization is not None:
        head += f"Authorization: {authorization}\r\n"
    data = f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
    raw = shared.raw(data)
    assert 200 <= raw.status < 600
    assert raw.status != 500
