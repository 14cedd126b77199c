"""A request -> its bytes; the bytes of an answer -> status, headers and body, each bounded. HTTP/1.1, and nothing else.

Not http.client: that takes a connection that ends within the headers for the end of the headers, and parses them as
mail, for a third of what a whole call costs here. This reader believes nothing that it does not understand: whatever
is odd is Lost. line.py brings the bytes; connections.py is the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ossmend.daemon.cloud.wire.resolve import Lost

HEAD_CAP = 64 * 1024
"""Bytes of status line and headers, and of the trailers after chunks."""
ANNOUNCED = 8
"""How often an answer may be announced (1xx) before it comes."""
LINE_CAP = 1024
"""Bytes of a line that says how long a chunk is."""
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: .*)?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?")
_TARGET = re.compile(r"/[!-~]*")
_VALUE = re.compile(r"[ -~]*")
_LENGTH = re.compile(r"[0-9]{1,18}")


class Unsendable(ValueError):
    """No request can carry this: it comes from events, which are other people's text."""


class Headers(Mapping[str, str]):
    """By name, in whatever letters. A name that comes twice has both values, with a comma between."""

    __slots__ = ("_all",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._all: dict[str, str] = {}
        for name, value in pairs:
            small = name.lower()
            known = self._all.get(small)
            self._all[small] = value if known is None else f"{known}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._all[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:
        return self._all.get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def request_bytes(method: str, host: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """`target` is the path with its query, percent-encoded. Raises Unsendable."""
    if not _TARGET.fullmatch(target):
        raise Unsendable("the path")
    lines = [f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n"]
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Unsendable("a header")
        lines.append(f"{name}: {value}\r\n")
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}\r\n")
    lines.append("\r\n")
    return "".join(lines).encode("ascii") + body


class Incoming:
    """One answer as it comes in: first `head`, then `blocks` to their end."""

    def __init__(self, method: str, receive: Callable[[], bytes]) -> None:
        self._method = method
        self._receive = receive
        self._held = b""
        self._ends_with_line = False
        """The body has no length: it is whole when the other side ends the connection."""
        self._persists = False
        self.status = 0
        self.headers = Headers(())
        self.length: int | None = 0
        """Of the body; None where only its end tells."""

    # ------------------------------------------------------------------------------------------------------- the head

    def head(self) -> None:
        """Read status and headers; whatever only announces another answer (1xx) is passed over. Raises Lost."""
        for _ in range(ANNOUNCED + 1):
            lines = self._until(b"\r\n\r\n", HEAD_CAP).decode("latin-1").split("\r\n")
            status = _STATUS.fullmatch(lines[0])
            if status is None:
                raise Lost("the answer is no HTTP")
            self.status = int(status[2])
            self.headers = Headers(map(_header, lines[1:]))
            self._persists = status[1] == "1" and "close" not in self.headers.get("Connection", "").lower()
            if self.status >= 200:
                self.length = self._length()
                return
        raise Lost("the answer is announced again and again")

    def _length(self) -> int | None:
        if self._method == "HEAD" or self.status in (204, 304):
            return 0
        length = self.headers.get("Content-Length")
        if "Transfer-Encoding" in self.headers or length is None:
            return None
        if not _LENGTH.fullmatch(length):
            raise Lost("the answer's length is no number")
        return int(length)

    # ------------------------------------------------------------------------------------------------------- the body

    def blocks(self) -> Iterator[bytes]:
        """The body as it comes in. Raises Lost where it does not come whole."""
        if self.length is not None:
            yield from self._take(self.length)
        elif "Transfer-Encoding" in self.headers:
            yield from self._chunks()
        else:
            yield from self._rest()

    @property
    def reusable(self) -> bool:
        """After the body's end: may the line carry another call? What is left over would be taken for its answer."""
        return self._persists and not self._held and not self._ends_with_line

    def _take(self, length: int) -> Iterator[bytes]:
        while length:
            held = self._held or self._more()
            block, self._held = held[:length], held[length:]
            length -= len(block)
            yield block

    def _chunks(self) -> Iterator[bytes]:
        if self.headers["Transfer-Encoding"].strip().lower() != "chunked":
            raise Lost("the answer is encoded in a way that nobody asked for")
        while True:
            size = _SIZE.fullmatch(self._until(b"\r\n", LINE_CAP))
            if size is None:
                raise Lost("a chunk of the answer has no size")
            length = int(size[1], 16)
            if length == 0:
                break
            yield from self._take(length)
            self._until(b"\r\n", 0)  # nothing may stand before it
        left = HEAD_CAP
        while trailer := self._until(b"\r\n", left):
            left -= len(trailer) + 2

    def _rest(self) -> Iterator[bytes]:
        self._ends_with_line = True
        if self._held:
            yield self._held
            self._held = b""
        while block := self._receive():
            yield block

    def _until(self, end: bytes, cap: int) -> bytes:
        """What comes before `end`; both are taken."""
        at = self._held.find(end)
        while at < 0:
            known = max(len(self._held) - len(end) + 1, 0)
            if known <= cap:
                self._held += self._more()
                at = self._held.find(end, known)
            else:
                at = known
        if at > max(cap, 0):
            raise Lost("the answer does not keep to HTTP's form")
        found, self._held = self._held[:at], self._held[at + len(end) :]
        return found

    def _more(self) -> bytes:
        block = self._receive()
        if not block:
            raise Lost("the connection ended before the answer did")
        return block


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not _NAME.fullmatch(name):
        raise Lost("a header of the answer has no name")
    return name, value.strip(" \t")
