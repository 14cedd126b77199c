"""Turns the bytes of one HTTP/1.1 request into its head and its body, strictly; server.py feeds it.

Strict, because two readers of one byte stream must not disagree: a folded header, a repeated length or a bad chunk is
refused with 400 and the connection is closed, never guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ossmend.simulator.wire import Refusal

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 5 * 1024**3
"""The documented limit of one PutObject."""

_NAME: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_BEGIN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]|\r\Z")
_METHOD = re.compile(rf"{_NAME}\Z")
_TARGET = re.compile(r"[\x21-\x7e\x80-\xff]+\Z")
_HEADER_LINE = re.compile(rf"({_NAME}):([\t\x20-\x7e\x80-\xff]*)\Z")
_ONCE_ONLY = frozenset({"content-length", "host", "authorization", "transfer-encoding"})
_WITH_BODY = frozenset({"PUT", "POST", "PATCH"})
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}\Z")


def malformed(why: str) -> Refusal:
    """What the front end answers to bytes that are not HTTP; Code and EC are our choice (UNCONFIRMED)."""
    return Refusal(400, "BadRequest", f"The HTTP request is malformed: {why}.", "0017-00000901")


@dataclass(slots=True)
class Head:
    """Request line and headers. `length` is None for a chunked body."""

    method: str
    target: str
    version: str
    headers: dict[str, str]
    length: int | None
    keep_alive: bool
    expects_continue: bool

    @property
    def body_counts(self) -> bool:
        """Does anything depend on the body? A GET that announces one and never sends it is answered all the same."""
        return self.method in _WITH_BODY


def begins_request(raw: bytes | bytearray) -> bool:
    """May a request begin so? A client that speaks TLS to this port is told at once that nobody else does."""
    return _BEGIN.match(raw) is not None


def parse_head(raw: bytes | bytearray) -> Head:
    """Parse everything before the empty line."""
    lines = raw.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not _METHOD.match(parts[0]) or not _TARGET.match(parts[1]):
        raise malformed("bad request line")
    if parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise malformed("bad protocol version")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        match = _HEADER_LINE.match(line)
        if match is None:
            raise malformed("bad header line")
        name, value = match[1].lower(), match[2].strip(" \t")
        if name in headers:
            if name in _ONCE_ONLY:
                raise malformed(f"repeated {name} header")
            value = f"{headers[name]},{value}"
        headers[name] = value
    version = parts[2][5:]
    if version == "1.1" and "host" not in headers:
        raise malformed("no Host header")
    return Head(
        method=parts[0],
        target=_origin_form(parts[1], headers),
        version=version,
        headers=headers,
        length=_body_length(headers),
        keep_alive=_keep_alive(headers, version),
        # An older client that passes the header on would take the interim answer for the answer (RFC 9110, 10.1.1).
        expects_continue=version == "1.1" and headers.get("expect", "").lower() == "100-continue",
    )


def _origin_form(target: str, headers: dict[str, str]) -> str:
    """`http://host/path` (what a proxy is sent) counts as path and Host; a fragment never belongs on the wire."""
    if "#" in target:
        raise malformed("a fragment in the request target")
    if target.startswith("/") or target == "*":
        return target
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        raise malformed("bad request target")
    authority = re.split("[/?]", rest, maxsplit=1)[0]
    headers["host"] = authority
    path = rest[len(authority) :]
    return path if path.startswith("/") else f"/{path}"


def _body_length(headers: dict[str, str]) -> int | None:
    coding = headers.get("transfer-encoding")
    declared = headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked":
            raise Refusal(
                501,
                "NotImplemented",
                "A header you provided implies functionality that is not implemented.",
                "0017-00000501",
                [("Header", "Transfer-Encoding")],
            )
        return None
    if declared is None:
        return 0
    if not declared.isascii() or not declared.isdigit() or len(declared) > 18:
        raise malformed("bad Content-Length")
    length = int(declared)
    if length > BODY_LIMIT:
        raise too_large(length)
    return length


def silent() -> Refusal:
    """A request that was begun and not ended; the EC is not in any source."""
    return Refusal(
        400,
        "RequestTimeout",
        "Your socket connection to the server was not read from or written to within the timeout period.",
    )


def too_large(length: int) -> Refusal:
    return Refusal(
        400,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size.",
        "0016-00000301",
        [("MaxSizeAllowed", str(BODY_LIMIT)), ("ProposedSize", str(length))],
    )


def _keep_alive(headers: dict[str, str], version: str) -> bool:
    """Of two lengths the chunks count, as RFC 9112 has it; then nothing else is read from that connection."""
    if "transfer-encoding" in headers and "content-length" in headers:
        return False
    connection = headers.get("connection", "").lower()
    if version == "1.0":
        return "keep-alive" in connection
    return "close" not in connection


@dataclass(slots=True)
class ChunkedBody:
    """Collects a chunked body from a buffer that grows; `take` answers True once the last chunk is in."""

    data: bytearray = field(default_factory=bytearray)
    _in_trailer: bool = False

    def take(self, buffer: bytearray) -> bool:
        """Consume whole chunks from the front of `buffer`."""
        while True:
            line_end = buffer.find(b"\r\n")
            if line_end < 0:
                if len(buffer) > 1024:
                    raise malformed("chunk size line too long")
                return False
            if self._in_trailer:
                blank = line_end == 0
                del buffer[: line_end + 2]
                if blank:
                    return True
                continue
            size_text = bytes(buffer[:line_end]).split(b";", 1)[0].strip()
            if not _CHUNK_SIZE.match(size_text):
                raise malformed("bad chunk size")
            size = int(size_text, 16)
            if len(self.data) + size > BODY_LIMIT:
                raise too_large(len(self.data) + size)
            if size == 0:
                self._in_trailer = True
                del buffer[: line_end + 2]
                continue
            end = line_end + 2 + size
            if len(buffer) < end + 2:
                return False
            if buffer[end : end + 2] != b"\r\n":
                raise malformed("chunk without its end")
            self.data += memoryview(buffer)[line_end + 2 : end]
            del buffer[: end + 2]
