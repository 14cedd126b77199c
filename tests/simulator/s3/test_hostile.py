"""Requests that no S3 client sends: spoilt signatures, odd headers and URLs. Always an answer, never a wrong success.

The tests take a sample; `python -m tests.simulator.s3.test_hostile 20000` takes as many as one likes.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from defusedxml.ElementTree import fromstring

from ossmend.simulator.serve import Running
from tests.simulator.hostile import BUCKET, STATUSES, Dialect, Shot
from tests.simulator.oss.clients import Raw

HOST = f"{BUCKET}.localhost"
SAMPLE = 400

_NAMES = (
    "x-amz-date x-amz-content-sha256 x-amz-security-token x-amz-acl x-amz-storage-class x-amz-copy-source "
    "x-amz-copy-source-range x-amz-metadata-directive x-amz-meta-a x-amz-trailer x-amz-decoded-content-length "
    "x-amz-server-side-encryption x-amz-tagging x-amz-checksum-crc32 x-amz-expected-bucket-owner x-amz-nonsense "
    "content-encoding content-md5 content-type date range if-match if-none-match expect authorization host"
).split()
_PARAMETERS = (
    "X-Amz-Algorithm X-Amz-Credential X-Amz-Date X-Amz-Expires X-Amz-SignedHeaders X-Amz-Signature "
    "X-Amz-Security-Token X-Amz-Content-Sha256 AWSAccessKeyId Signature Expires acl cors delete lifecycle location "
    "logging uploads uploadId partNumber versionId versions restore tagging policy website list-type prefix max-keys "
    "delimiter encoding-type continuation-token x-id x-oss-process response-content-type OSSAccessKeyId"
).split()
_VALUES = (
    "",
    "0",
    "-1",
    "99999999999999999999",
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
    "AWS4-HMAC-SHA256 Credential=,,,=",
    "AWS a:b",
    "AWS :",
    "AWS4-",
    "20261128T110000Z",
    "99991399T999999Z",
    "Tue, 99 Nov 2026 99:99:99 GMT",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "UNSIGNED-PAYLOAD",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "a/20260101/us-east-1/s3/aws4_request",
    "host;x-amz-date",
    "aws-chunked",
    f"/{BUCKET}/key",
    f"{BUCKET}/%FF%00",
    "bytes=0-",
    "STANDARD",
    "public-read",
    "%00%FF%C3",
    "\xff\xfe\xe4",
    "a" * 3000,
    "<x>&\"'",
)
_HOSTS = (
    HOST,
    "localhost",
    "127.0.0.1",
    f"{BUCKET}.s3.oss-cn-hangzhou.aliyuncs.com",
    "s3.oss-cn-hangzhou.aliyuncs.com",
    "s3.oss-accelerate.aliyuncs.com",
    "s3.oss-.",
    "..localhost",
    f"{BUCKET}.localhost:99999999",
)
_BODIES = (
    b"",
    b"hello",
    b"0\r\n\r\n",
    b"5;chunk-signature=" + b"0" * 64 + b"\r\nhello\r\n",
    b"<Delete/>",
    b"\x00" * 50,
)


# ------------------------------------------------------------------------------------------- right, and then spoilt


_SIGNERS: dict[str, Any] = {
    "SigV4 header": lambda key: S3SigV4Auth(key, "s3", "us-east-1"),
    "SigV4 URL": lambda key: S3SigV4QueryAuth(key, "s3", "us-east-1", expires=600),
    "SigV2 header": HmacV1Auth,
    "SigV2 URL": lambda key: HmacV1QueryAuth(key, expires=600),
}


def signed(rng: random.Random, sim: Running, signer: str) -> Shot:
    """A request that is right in all its parts."""
    method, path = rng.choice([("GET", "/key"), ("HEAD", "/key"), ("PUT", "/new%20key"), ("GET", "/?location")])
    body = rng.randbytes(rng.randrange(1, 40)) if method == "PUT" else b""
    headers = {"x-amz-meta-a": "1"} if method == "PUT" else {}
    request = AWSRequest(
        method,
        f"http://{HOST}:{urlsplit(sim.oss).port}{path}",
        headers=headers,
        data=b"" if signer.endswith("URL") else body,
    )
    if signer == "SigV4 header":
        request.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    bare = urlsplit(request.url)
    request.auth_path = f"/{BUCKET}{bare.path}"
    _SIGNERS[signer](Credentials(sim.access_key_id, sim.access_key_secret)).add_auth(request)
    url = urlsplit(request.url)
    sent = {"Host": url.netloc, **dict(request.headers.items())}
    return Shot(method, url.path + (f"?{url.query}" if url.query else ""), sent, body)


def _turned(text: str, rng: random.Random) -> str:
    """The same text with one letter or figure changed."""
    places = [at for at, sign in enumerate(text) if sign.isalnum()]
    at = rng.choice(places)
    return text[:at] + ("b" if text[at] in "aA" else "a") + text[at + 1 :]


def spoil(shot: Shot, rng: random.Random, signer: str) -> Shot:
    """Change one thing that the signature covers."""
    ways = ["method", "path", "signature", "query"]
    if signer == "SigV4 header":
        ways += ["host", "date", "body"] if shot.body else ["host", "date"]
    if signer == "SigV4 URL":
        ways.append("host")
    if "x-amz-meta-a" in shot.headers and not signer.endswith("URL"):
        ways.append("meta")
    shot.spoilt = rng.choice(ways)
    path, mark, query = shot.target.partition("?")
    match shot.spoilt:
        case "method":
            shot.method = {"GET": "PUT", "HEAD": "GET", "PUT": "GET"}[shot.method]
        case "path":
            shot.target = path + "x" + mark + query
        case "query":
            shot.target += ("&" if mark else "?") + rng.choice(["versionId=null", "uploadId=a", "acl", "uploads"])
        case "host":
            shot.headers["Host"] = shot.headers["Host"].rpartition(":")[0] + ":1"
        case "date":
            shot.headers["X-Amz-Date"] = shot.headers["X-Amz-Date"][:-2] + (
                "1Z" if shot.headers["X-Amz-Date"][-2] == "0" else "0Z"
            )
        case "body":
            shot.body += b"!"
        case "meta":
            shot.headers["x-amz-meta-a"] = "2"
        case "signature":
            _spoil_signature(shot, rng)
    return shot


def _spoil_signature(shot: Shot, rng: random.Random) -> None:
    for name, value in shot.headers.items():
        if name.lower() == "authorization":
            head, sign, signature = value.rpartition("Signature=" if "Signature=" in value else ":")
            shot.headers[name] = head + sign + _turned(signature, rng)
            return
    start = shot.target.index("Signature=") + len("Signature=")
    end = shot.target.find("&", start)
    end = len(shot.target) if end < 0 else end
    signature = shot.target[start:end]
    places = [at for at, sign in enumerate(signature) if sign.isalnum() and "%" not in signature[max(0, at - 2) : at]]
    at = rng.choice(places[:-2])
    spoilt = signature[:at] + ("b" if signature[at] in "aA" else "a") + signature[at + 1 :]
    shot.target = shot.target[:start] + spoilt + shot.target[end:]


def nonsense(rng: random.Random) -> Shot:
    """Any of S3's headers and parameters with any value."""
    path = rng.choice(["/", "/key", f"/{BUCKET}", f"/{BUCKET}/key", "/%FF", "/%2e%2e/key", "//", "/" + "k" * 1100])
    pairs = [f"{rng.choice(_PARAMETERS)}={rng.choice(_VALUES)}" for _ in range(rng.randrange(5))]
    query = "&".join(pairs).translate({ord(sign): "%20" for sign in ' \r\n#"<>'})
    headers = {name: rng.choice(_VALUES) for name in rng.sample(_NAMES, rng.randrange(6))}
    headers.pop("expect", None)
    headers.pop("host", None)
    host = rng.choice(_HOSTS)
    method = rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD"])
    return Shot(method, path + (f"?{query}" if query else ""), {"Host": host, **headers}, rng.choice(_BODIES), "all")


# ---------------------------------------------------------------------------------------------------------- judging


def judge(shot: Shot, answer: Raw) -> None:
    """An answer of HTTP, an error with a document, and no success for what is not right."""
    assert answer.status in STATUSES, (shot, answer)
    if shot.spoilt:
        assert answer.status >= 400, (shot, answer)
    else:
        assert answer.status < 300, (shot, answer)
    if answer.status >= 400 and shot.method != "HEAD":
        assert fromstring(answer.body).findtext("Code"), (shot, answer)
    assert ("x-amz-request-id" in answer.headers) != ("x-oss-request-id" in answer.headers), (shot, answer)


def shots(sim: Running, seed: int, count: int) -> Iterator[Shot]:
    """A third each: right, right but for one thing, and nonsense."""
    rng = random.Random(seed)
    for number in range(count):
        if number % 3 == 2:
            yield nonsense(rng)
            continue
        signer = rng.choice(list(_SIGNERS))
        shot = signed(rng, sim, signer)
        yield spoil(shot, rng, signer) if number % 3 else shot


DIALECT = Dialect(shots, judge)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_comes_is_answered_and_nothing_wrong_succeeds(seed: int) -> None:
    told = DIALECT.fire(seed, SAMPLE)
    assert sum(told.values()) == SAMPLE
    assert {"right 200", "spoilt 403", "spoilt 400", "spoilt 501"} <= told.keys()


if __name__ == "__main__":
    DIALECT.main()
