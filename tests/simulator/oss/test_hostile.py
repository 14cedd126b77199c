"""OSS's own requests, right, spoilt and senseless: always an answer, never a wrong success.

The tests take a sample; `python -m tests.simulator.oss.test_hostile 20000` takes as many as one likes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import oss2
import pytest
from defusedxml.ElementTree import fromstring

from ossmend.simulator.oss.call import known_subresources
from ossmend.simulator.serve import Running
from tests.simulator.hostile import BUCKET, STATUSES, Dialect, Shot
from tests.simulator.oss.clients import REGION, Raw

SAMPLE = 400
SIGNERS = [f"{version} {place}" for version in ("v1", "v2", "v4") for place in ("header", "URL")]

_HEADERS = (
    "x-oss-date x-oss-content-sha256 x-oss-security-token x-oss-acl x-oss-object-acl x-oss-storage-class "
    "x-oss-copy-source x-oss-copy-source-range x-oss-metadata-directive x-oss-meta-a x-oss-tagging x-oss-callback "
    "x-oss-forbid-overwrite x-oss-range-behavior x-oss-symlink-target x-oss-server-side-encryption x-oss-traffic-limit "
    "content-encoding content-md5 content-type date range if-match if-none-match if-modified-since origin referer "
    "authorization"
).split()
_PARAMETERS = (
    "OSSAccessKeyId Signature Expires security-token x-oss-signature-version x-oss-credential x-oss-date x-oss-expires "
    "x-oss-signature x-oss-additional-headers prefix delimiter marker max-keys encoding-type list-type start-after "
    "continuation-token key-marker max-uploads uploadId partNumber position versionId x-oss-process "
    "response-content-type tag-key tag-value tagging nonsense"
).split()
_VALUES = (
    "",
    "0",
    "-1",
    "99999999999999999999",
    "OSS a:b",
    "OSS :",
    "OSS2 AccessKeyId:a,Signature:b",
    "OSS4-HMAC-SHA256 Credential=a/20260101/cn-hangzhou/oss/aliyun_v4_request,Signature=" + "0" * 64,
    "OSS4-HMAC-SHA256",
    "OSS4-HMAC-SHA256 ,,,=",
    "OSS2",
    "a/20260101/cn-hangzhou/oss/aliyun_v4_request",
    "20261128T110000Z",
    "99991399T999999Z",
    "Tue, 99 Nov 2026 99:99:99 GMT",
    "Tue, 01 Jan 9999 00:00:00 GMT",
    "UNSIGNED-PAYLOAD",
    f"/{BUCKET}/key",
    f"/{BUCKET}/%FF%00",
    "bytes=5-1",
    "bytes=-",
    "image/resize,w_-1/format,",
    "a=b&a=c",
    "Archive",
    "public-read",
    "%00%FF%C3",
    "+",
    "\xff\xfe\xe4",
    "a" * 3000,
    "<x>&\"'",
)
_HOSTS = (
    "127.0.0.1",
    "localhost",
    f"{BUCKET}.localhost",
    f"{BUCKET}.oss-cn-hangzhou.aliyuncs.com",
    f"{BUCKET}.oss-cn-beijing.aliyuncs.com",
    "oss-cn-hangzhou.aliyuncs.com",
    f"{BUCKET}.oss-accelerate.aliyuncs.com",
    "..localhost",
    f"{BUCKET}.localhost:99999999",
)
_PATHS = ("/", "/key", f"/{BUCKET}", f"/{BUCKET}/", f"/{BUCKET}/key", f"/{BUCKET}/%FF", f"/{BUCKET}//", "//", "*")
_BODIES = (b"", b"hello", b"<Delete/>", b"<Tagging><TagSet/></Tagging>", b"<RestoreRequest/>", b"\x00" * 50)


def signed(rng: random.Random, sim: Running, signer: str) -> Shot:
    """A request that is right in all its parts, signed by the real SDK."""
    version, place = signer.split()
    method, key, params = rng.choice(
        [("GET", "key", {}), ("HEAD", "key", {}), ("PUT", "new key+%", {}), ("GET", "", {"location": ""})]
    )
    body = rng.randbytes(rng.randrange(1, 40)) if method == "PUT" else b""
    headers = {"x-oss-meta-a": "1"} if method == "PUT" else {}
    auth = oss2.make_auth(sim.access_key_id, sim.access_key_secret, version)
    request: Any = oss2.http.Request(
        method,
        f"{sim.oss}/{BUCKET}/{quote(key, safe='')}",
        params=params,
        headers=headers,
        region=REGION,
        product="oss",
    )
    if place == "URL":
        url = urlsplit(auth._sign_url(request, BUCKET, key, 600))  # the bucket's sign_url takes no headers
        target = f"{url.path}?{url.query}"
        sent = {name: value for name, value in request.headers.items() if name.lower().startswith("x-oss-meta")}
    else:
        auth._sign_request(request, BUCKET, key)  # the SDK has no public way to sign without sending
        query = "&".join(name for name in request.params)
        target = urlsplit(request.url).path + (f"?{query}" if query else "")
        sent = {name: str(value) for name, value in request.headers.items() if value is not None}
    return Shot(method, target, {"Host": urlsplit(sim.oss).netloc, **sent}, body)


def spoil(shot: Shot, rng: random.Random) -> Shot:
    """Change one thing that the signature covers."""
    ways = ["method", "path", "subresource", "signature"] + (["meta"] if "x-oss-meta-a" in shot.headers else [])
    shot.spoilt = rng.choice(ways)
    path, mark, query = shot.target.partition("?")
    match shot.spoilt:
        case "method":
            shot.method = {"GET": "PUT", "HEAD": "GET", "PUT": "GET"}[shot.method]
        case "path":
            shot.target = path + "x" + mark + query
        case "subresource":
            shot.target += ("&" if mark else "?") + rng.choice(["acl", "tagging", "versionId=null", "symlink"])
        case "meta":
            shot.headers["x-oss-meta-a"] = "2"
        case "signature":
            _spoil_signature(shot)
    return shot


def _spoil_signature(shot: Shot) -> None:
    """Another secret would have signed otherwise in its very first sign."""
    for name, value in shot.headers.items():
        if name.lower() == "authorization":
            at = max(value.rfind("Signature=") + 9, value.rfind(":")) + 1
            shot.headers[name] = value[:at] + ("b" if value[at] in "aA" else "a") + value[at + 1 :]
            return
    at = shot.target.lower().index("signature=") + len("signature=")
    if shot.target[at] == "%":
        at += 3
    shot.target = shot.target[:at] + ("b" if shot.target[at] in "aA" else "a") + shot.target[at + 1 :]


def nonsense(rng: random.Random) -> Shot:
    """Any header, parameter and sub-resource with any value."""
    names = [*_PARAMETERS, *sorted(known_subresources())]
    pairs = [f"{rng.choice(names)}={rng.choice(_VALUES)}" for _ in range(rng.randrange(5))]
    query = "&".join(pairs).translate({ord(sign): "%20" for sign in ' \r\n#"<>'})
    headers = {name: rng.choice(_VALUES) for name in rng.sample(_HEADERS, rng.randrange(6))}
    method = rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"])
    target = rng.choice(_PATHS) + (f"?{query}" if query else "")
    return Shot(method, target, {"Host": rng.choice(_HOSTS), **headers}, rng.choice(_BODIES), "all")


def judge(shot: Shot, answer: Raw) -> None:
    """An answer of HTTP, an error with a document, and no success for what is not right."""
    assert answer.status in STATUSES, (shot, answer)
    assert (answer.status >= 400) == bool(shot.spoilt), (shot, answer)
    if answer.status >= 400 and shot.method != "HEAD":
        assert fromstring(answer.body).findtext("Code"), (shot, answer)
    assert "x-oss-request-id" in answer.headers, (shot, answer)


def shots(sim: Running, seed: int, count: int) -> Iterator[Shot]:
    """A third each: right, right but for one thing, and nonsense."""
    rng = random.Random(seed)
    for number in range(count):
        if number % 3 == 2:
            yield nonsense(rng)
            continue
        shot = signed(rng, sim, rng.choice(SIGNERS))
        yield spoil(shot, rng) if number % 3 else shot


DIALECT = Dialect(shots, judge)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_comes_is_answered_and_nothing_wrong_succeeds(seed: int) -> None:
    told = DIALECT.fire(seed, SAMPLE)
    assert sum(told.values()) == SAMPLE
    assert {"right 200", "spoilt 403", "spoilt 400"} <= told.keys()


if __name__ == "__main__":
    DIALECT.main()
