"""Clients for the conformance tests: the SDKs, one that signs by hand, and one that writes raw bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, unquote

import alibabacloud_oss_v2 as oss_v2
import oss2
import requests

from ossmend.simulator.oss.signatures import V1_SUBRESOURCES
from ossmend.simulator.serve import Running
from tests.patience import HUNG

REGION = "cn-hangzhou"


def auth(sim: Running, version: str = "v1", key: tuple[str, str] | None = None) -> Any:
    """An oss2 auth of that signature version."""
    key_id, secret = key or (sim.access_key_id, sim.access_key_secret)
    return oss2.make_auth(key_id, secret, version)


def bucket_of(sim: Running, name: str, version: str = "v1", key: tuple[str, str] | None = None) -> oss2.Bucket:
    session = oss2.Session()
    session.session.trust_env = False
    return oss2.Bucket(auth(sim, version, key), sim.oss, name, region=REGION, session=session, connect_timeout=HUNG)


def service_of(sim: Running, version: str = "v1") -> oss2.Service:
    return oss2.Service(auth(sim, version), sim.oss, region=REGION, connect_timeout=HUNG)


def v2_client(sim: Running, version: str = "v4", key: tuple[str, str] | None = None) -> Any:
    """The second-generation SDK, without its retries: a refusal is one request."""
    key_id, secret = key or (sim.access_key_id, sim.access_key_secret)
    settings = oss_v2.config.load_default()
    settings.credentials_provider = oss_v2.credentials.StaticCredentialsProvider(key_id, secret)
    settings.region, settings.endpoint, settings.signature_version = REGION, sim.oss, version
    settings.retry_max_attempts = 1
    settings.connect_timeout = settings.readwrite_timeout = HUNG
    return oss_v2.Client(settings)


def control(sim: Running, method: str, path: str, body: object = None) -> Any:
    """A control request that must succeed; its JSON."""
    given = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json"}
    answer = requests.request(method, f"{sim.control}/{path}", data=given, headers=headers, timeout=HUNG)
    assert answer.status_code == 200, answer.text
    return answer.json()


def advance(sim: Running, seconds: float) -> None:
    control(sim, "POST", "advance", {"seconds": seconds})


def stopped(sim: Running) -> float:
    """Stop the shown clock where it is; the moment, as Unix seconds. For limits that are met to the second."""
    now = float(int(time.time()))
    sim.do(lambda cloud: setattr(cloud.clock, "machine", lambda: now))
    return now


def logged(sim: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control(sim, "GET", "requests")["requests"]
    return found


def error_of(body: bytes | str) -> dict[str, str]:
    """The elements of an <Error>, in their order; the nested ones flattened as `Parent.Child`."""
    root = ET.fromstring(body)
    assert root.tag == "Error"
    found: dict[str, str] = {}
    for child in root:
        if len(child):
            found |= {f"{child.tag}.{nested.tag}": nested.text or "" for nested in child}
        else:
            found[child.tag] = child.text or ""
    return found


@dataclass
class Raw:
    """What came back on a raw connection."""

    status: int
    headers: dict[str, str]
    body: bytes
    closed: bool


class Wire:
    """Sends what no SDK would: hand-signed, unsigned or broken requests."""

    def __init__(self, sim: Running) -> None:
        self.sim = sim
        self.host, _, port = sim.oss.removeprefix("http://").partition(":")
        self.port = int(port)

    def signed(
        self,
        method: str,
        bucket: str = "",
        key: str = "",
        *,
        query: str = "",
        unsigned_query: str = "",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        date: float | None = None,
        secret: str | None = None,
        key_id: str | None = None,
        date_text: str | None = None,
    ) -> requests.Response:
        """A V1 header-signed request, built without any SDK."""
        headers = dict(headers or {})
        headers["Date"] = formatdate(date, usegmt=True) if date_text is None else date_text
        canonical = "".join(
            f"{name.lower()}:{value}\n"
            for name, value in sorted(headers.items(), key=lambda h: h[0].lower())
            if name.lower().startswith("x-oss-")
        )
        resource = f"/{bucket}/{key}" if bucket else "/"
        if query:
            resource += "?" + unquote(query)
        text = "\n".join(
            (
                method,
                headers.get("Content-MD5", ""),
                headers.get("Content-Type", ""),
                headers["Date"],
                canonical + resource,
            )
        )
        digest = hmac.digest((secret or self.sim.access_key_secret).encode(), text.encode(), "sha1")
        headers["Authorization"] = f"OSS {key_id or self.sim.access_key_id}:{base64.b64encode(digest).decode()}"
        path = f"/{bucket}/{quote(key)}" if bucket else "/"
        both = "&".join(filter(None, (query, unsigned_query)))
        url = self.sim.oss + path + (f"?{both}" if both else "")
        return requests.request(method, url, data=body, headers=headers, timeout=HUNG)

    def asked(self, method: str, bucket: str, key: str = "", *, query: str, **more: Any) -> requests.Response:
        """Rightly signed, whatever the query: those of its parameters that V1 knows are, by name and value."""
        parts = sorted(filter(None, query.split("&")))
        signs = [part for part in parts if part.partition("=")[0] in V1_SUBRESOURCES]
        resource = "&".join(part.removesuffix("=") for part in signs)
        rest = "&".join(part for part in parts if part not in signs)
        return self.signed(method, bucket, key, query=resource, unsigned_query=rest, **more)

    def xml(self, method: str, bucket: str, query: str, body: bytes | str, key: str = "") -> requests.Response:
        """A signed request with a document."""
        data = body.encode() if isinstance(body, str) else body
        md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        return self.signed(method, bucket, key, query=query, body=data, headers={"Content-MD5": md5})

    def raw(self, data: bytes, *, end: bool = False) -> Raw:
        """Write bytes, read one response."""
        with socket.create_connection((self.host, self.port), timeout=HUNG) as connection:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return read_response(connection, head_only=data.startswith(b"HEAD"))


def read_response(connection: socket.socket, *, head_only: bool = False) -> Raw:
    """One response, by its Content-Length; `closed` if the peer closed instead of sending more."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return Raw(0, {}, data, closed=True)
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    match = re.match(r"HTTP/1\.1 (\d{3})", lines[0])
    assert match, lines[0]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    length = 0 if head_only else int(headers.get("content-length", "0"))
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            return Raw(int(match[1]), headers, body, closed=True)
        body += more
    return Raw(int(match[1]), headers, body, headers.get("connection") == "close")
