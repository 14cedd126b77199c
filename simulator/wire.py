"""Turns bytes on a connection into Request values and Response values into bytes; http1.py parses, server.py connects.

Also the one shape every refusal of OSS has: facts say which elements, in which order, without a namespace, in one
write and with a Content-Length, because the SDKs' error parsers give up on anything else.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Literal, Protocol
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

SERVER = "AliyunOSS"

Extra = tuple[str, "str | tuple[Extra, ...]"]
"""An extra child of <Error>: name and text, or name and children (only AccessDeniedDetail nests)."""


class Content(Protocol):
    """Bytes that need not exist: a size, and a way to read any part of it."""

    @property
    def size(self) -> int: ...

    def read(self, start: int, end: int) -> bytes: ...


@dataclass(slots=True)
class Slice:
    """The part of a Content that a response sends; server.py reads it block by block as the client takes it."""

    content: Content
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def percent_decode(text: str, *, plus: bool) -> str:
    """Decode once. Bytes that are not UTF-8 survive as surrogates, so that a signature over them can be recomputed."""
    if plus:
        text = text.replace("+", " ")
    if "%" not in text and text.isascii():
        return text
    return unquote_to_bytes(text.encode("latin-1")).decode("utf-8", "surrogateescape")


def parse_pairs(text: str) -> list[tuple[str, str]]:
    """`a=1&b` -> pairs, in order; a missing value is the empty string, as every signature version treats it."""
    pairs = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((percent_decode(name, plus=True), percent_decode(value, plus=True)))
    return pairs


@dataclass(slots=True)
class Request:
    """One request as it came. `path` and `query_string` are raw; header names are lower case; text is latin-1 bytes.

    The last group is filled in while it is handled, and read by server.py for the log of requests.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    peer: str = "127.0.0.1"
    version: str = "1.1"
    received: float = 0.0
    wire_length: int = 0
    request_id: str = ""
    secure: bool = False
    """Over TLS?"""
    path: str = field(init=False)
    query_string: str = field(init=False)
    operation: str = ""
    bucket: str | None = None
    key: str | None = None
    access_key_id: str | None = None
    _pairs: list[tuple[str, str]] | None = field(init=False, default=None)
    _query: dict[str, str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.path, _, self.query_string = self.target.partition("?")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every query parameter, decoded, in order of appearance."""
        if self._pairs is None:
            self._pairs = parse_pairs(self.query_string) if self.query_string else []
        return self._pairs

    @property
    def query(self) -> dict[str, str]:
        """Query parameters by name; the first one of a repeated name counts."""
        if self._query is None:
            self._query = dict(reversed(self.pairs))
        return self._query

    def form(self) -> dict[str, str]:
        """Parameters of an application/x-www-form-urlencoded body, else nothing."""
        if not self.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(reversed(parse_pairs(self.body.decode("latin-1"))))

    @property
    def host(self) -> str:
        """The Host header as sent, port included."""
        return self.headers.get("host", "")


Abort = Literal["", "reset", "half"]


@dataclass(slots=True)
class Response:
    """What goes back. `delay` and `abort` are what a fault asks server.py to do with it; `code` is for the log."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Slice = b""
    code: str = ""
    delay: float = 0.0
    abort: Abort = ""
    close: bool = False
    content_length: int | None = None

    @property
    def length(self) -> int:
        return len(self.body) if isinstance(self.body, bytes) else self.body.size


class Refusal(Exception):
    """A refused request: raised anywhere below, turned into the error envelope in one place."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        ec: str = "",
        extras: Iterable[Extra] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.code = code
        self.message = message
        self.ec = ec
        self.extras = tuple(extras)
        self.headers = dict(headers or {})


_INVALID_IN_XML = {c: "\ufffd" for c in range(32) if c not in (9, 10, 13)} | {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}


def xml_text(text: str) -> str:
    """Escape for an XML text node; what XML cannot carry at all becomes the replacement character."""
    if text.isascii() and text.isprintable():
        return escape(text) if "&" in text or "<" in text or ">" in text else text
    clean = text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
    return escape(clean.translate(_INVALID_IN_XML)).replace("\r", "&#13;")


def xml_key(text: str) -> str:
    """A key in a listing without `encoding-type`: control characters stay, although XML 1.0 has no place for them.

    That is why `encoding-type=url` exists; a lenient parser reads the key as it was stored.
    """
    if text.isprintable():
        return xml_text(text)
    return "".join(c if c < " " and c != "\r" else xml_text(c) for c in text)


def _render(extras: tuple[Extra, ...], indent: str) -> str:
    lines = []
    for name, value in extras:
        if isinstance(value, str):
            lines.append(f"{indent}<{name}>{xml_text(value)}</{name}>\n")
        else:
            lines.append(f"{indent}<{name}>\n{_render(value, indent + '  ')}{indent}</{name}>\n")
    return "".join(lines)


def error_body(refusal: Refusal, request_id: str, host: str) -> bytes:
    """The <Error> document: the four fixed elements, the code's extras, then EC and RecommendDoc."""
    known: tuple[Extra, ...] = (
        ("Code", refusal.code),
        ("Message", refusal.message),
        ("RequestId", request_id),
        ("HostId", host),
        *refusal.extras,
    )
    if refusal.ec:
        known += (("EC", refusal.ec), ("RecommendDoc", f"https://api.aliyun.com/troubleshoot?q={refusal.ec}"))
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n{_render(known, "  ")}</Error>\n'
    return text.encode("utf-8")


def error_response(refusal: Refusal, method: str, request_id: str, host: str) -> Response:
    """The response of a refusal; a HEAD has no body, so its document travels base64-coded in `x-oss-err`."""
    headers = {"Content-Type": "application/xml", **refusal.headers}
    if refusal.ec:
        headers["x-oss-ec"] = refusal.ec
    body = error_body(refusal, request_id, host)
    if method == "HEAD":
        headers["x-oss-err"] = base64.b64encode(body).decode("ascii")
        body = b""
    if refusal.status == HTTPStatus.NOT_MODIFIED:
        return Response(refusal.status, {k: v for k, v in headers.items() if k != "Content-Type"}, code=refusal.code)
    return Response(refusal.status, headers, body, code=refusal.code)


def new_request_id(shown: float) -> str:
    """24 upper-case hex digits; the first eight are the server's time, as in every live sample."""
    return f"{int(shown) & 0xFFFFFFFF:08X}{random.getrandbits(64):016X}"


@lru_cache(maxsize=4096)
def http_date(seconds: int) -> str:
    """RFC 1123 in GMT with a two-digit day; independent of the process's locale, which strftime is not."""
    t = time.gmtime(seconds)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[t.tm_wday]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[t.tm_mon - 1]
    return f"{day}, {t.tm_mday:02d} {month} {t.tm_year} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} GMT"


@lru_cache(maxsize=4096)
def iso_date(seconds: int) -> str:
    """`2026-01-02T03:04:05.000Z`: OSS prints milliseconds but never has any, and oss2 accepts nothing else."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


_REASONS = {status.value: status.phrase for status in HTTPStatus} | {203: "Non-Authoritative Information"}


def head_bytes(response: Response, *, shown: float, keep_alive: bool, announced_length: int | None) -> bytes:
    """Status line and headers. Header text is latin-1, which carries any byte a client once sent us as metadata."""
    lines = [
        f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}",
        f"Server: {response.headers.pop('Server', SERVER)}",
        f"Date: {response.headers.pop('Date', None) or http_date(int(shown))}",
    ]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if announced_length is not None:
        lines.append(f"Content-Length: {announced_length}")
    lines.append("Connection: keep-alive\r\n\r\n" if keep_alive else "Connection: close\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1", "replace")
