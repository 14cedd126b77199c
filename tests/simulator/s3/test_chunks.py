"""The one kind of aws-chunked body that OSS takes: chunks that are signed, each over the one before it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import error_of
from tests.simulator.s3.clients import boto, recommended, url_of
from tests.simulator.s3.conftest import SHOP

STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
CHUNKS = (b"first chunk, ", b"second chunk", b"")


class _Auth(SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """botocore's signer, with a word in place of the body's digest."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.headers["x-amz-content-sha256"])


def put(sim: Running, body: bytes = b"", *, chunks: tuple[bytes, ...] = (), spoil: int = -1, **headers: str) -> Any:
    """PUT shop-data/key, signed by botocore; `chunks` as a client of the streaming kind, `spoil` one signature."""
    url = f"{url_of(sim, f'{SHOP}.localhost')}/key"
    sent = {"x-amz-content-sha256": STREAMING, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if chunks:
        sent.setdefault("content-encoding", "aws-chunked")
        sent.setdefault("x-amz-decoded-content-length", str(sum(map(len, chunks))))
    request = AWSRequest("PUT", url, headers=sent)
    auth = _Auth(Credentials(sim.access_key_id, sim.access_key_secret), "s3", "us-east-1")
    auth.add_auth(request)
    if chunks:
        body = _chunked(sim.access_key_secret, request, chunks, spoil)
    return requests.put(url, data=body, headers=dict(request.headers.items()), timeout=HUNG)


def _chunked(secret: str, request: AWSRequest, chunks: tuple[bytes, ...], spoil: int) -> bytes:
    when = request.headers["X-Amz-Date"]
    scope = f"{when[:8]}/us-east-1/s3/aws4_request"
    key = f"AWS4{secret}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    last, body = request.headers["Authorization"].rpartition("Signature=")[2], b""
    for number, chunk in enumerate(chunks):
        digests = f"{hashlib.sha256(b'').hexdigest()}\n{hashlib.sha256(chunk).hexdigest()}"
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{when}\n{scope}\n{last}\n{digests}"
        last = hmac.digest(key, text.encode(), "sha256").hex()
        shown = last if number != spoil else "0" * 64
        body += f"{len(chunk):x};chunk-signature={shown}\r\n".encode() + chunk + b"\r\n"
    return body


def test_signed_chunks_are_stored_without_their_frames(sim: Running) -> None:
    assert put(sim, chunks=CHUNKS).status_code == 200
    stored = boto(sim, recommended()).get_object(Bucket=SHOP, Key="key")
    assert stored["Body"].read() == b"".join(CHUNKS)
    assert "ContentEncoding" not in stored


def test_another_coding_beside_the_chunks_is_kept(sim: Running) -> None:
    assert put(sim, chunks=CHUNKS, content_encoding="aws-chunked,gzip").status_code == 200
    assert boto(sim, recommended()).head_object(Bucket=SHOP, Key="key")["ContentEncoding"] == "gzip"


@pytest.mark.parametrize("spoil", [0, 1, 2])
def test_a_chunk_with_a_wrong_signature_refuses_the_whole_body(sim: Running, spoil: int) -> None:
    answer = put(sim, chunks=CHUNKS, spoil=spoil)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"], error["EC"]) == (403, "SignatureDoesNotMatch", "0002-00000430")
    assert error["StringToSign"].startswith("AWS4-HMAC-SHA256-PAYLOAD\n")
    assert sim.do(lambda cloud: len(cloud.buckets[SHOP].objects)) == 0


@pytest.mark.parametrize("body", [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"ffffffff;chunk-signature=" + b"0" * 64])
def test_a_body_that_is_no_row_of_chunks_is_refused(sim: Running, body: bytes) -> None:
    answer = put(sim, body, content_encoding="aws-chunked", x_amz_decoded_content_length="5")
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "IncompleteBody")


def test_a_length_that_is_not_that_of_the_chunks_is_refused(sim: Running) -> None:
    answer = put(sim, chunks=CHUNKS, x_amz_decoded_content_length="24")
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    "headers",
    [
        {"x_amz_content_sha256": "UNSIGNED-PAYLOAD", "content_encoding": "aws-chunked"},
        {"x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
        {"x_amz_content_sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"},
        {"x_amz_content_sha256": "UNSIGNED-PAYLOAD", "x_amz_trailer": "x-amz-checksum-crc32"},
    ],
    ids=str,
)
def test_every_other_kind_of_chunks_and_trailers_is_refused(sim: Running, headers: dict[str, Any]) -> None:
    answer = put(sim, b"hello", **headers)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"], error["EC"]) == (400, "InvalidArgument", "0017-00000804")


def test_a_digest_must_be_that_of_the_body(sim: Running) -> None:
    answer = put(sim, b"hello", x_amz_content_sha256=hashlib.sha256(b"hullo").hexdigest())
    assert (answer.status_code, error_of(answer.content)["EC"]) == (400, "0002-00000427")
    assert put(sim, b"hello", x_amz_content_sha256=hashlib.sha256(b"hello").hexdigest()).status_code == 200


def test_checksums_beside_a_plain_body_are_passed_over(sim: Running) -> None:
    answer = put(sim, b"hello", x_amz_content_sha256="UNSIGNED-PAYLOAD", x_amz_checksum_crc32="AAAAAA==")
    assert answer.status_code == 200
