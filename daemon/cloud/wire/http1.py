"""A request -> its bytes; the bytes of an answer -> status, headers and body, each bounded. By h11, and nothing else.

h11 reads and writes HTTP/1.1 without touching a socket, and takes nothing that does not keep to it; what it does not
take is Lost. line.py brings the bytes; connections.py is the caller. Not http.client: that takes a connection that ends
within the headers for the end of the headers, so that half an answer looks like a success.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import h11
from urllib3 import HTTPHeaderDict as Headers

from ossmend.daemon.cloud.wire.resolve import Lost

__all__ = ["Exchange", "Headers", "Unsendable"]

HEAD_CAP = 64 * 1024
"""Bytes of status line and headers, of a chunk's size, and of the trailers after chunks."""
ANNOUNCED = 8
"""How often an answer may be announced (1xx) before it comes."""

BEYOND = 600
"""No status of HTTP is as high; h11 takes any of three digits."""


class Unsendable(ValueError):
    """No request can carry this: it comes from events, which are other people's text."""


class Exchange:
    """One request (`request`: its bytes) and its answer as it comes in: first `head`, then `blocks` to their end."""

    def __init__(self, method: str, host: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        """`target` is the path with its query, percent-encoded. Raises Unsendable."""
        self._peer = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_CAP)
        self.request = self._said(method, host, target, headers, body)
        self.status = 0
        self.headers = Headers()
        self.receive: Callable[[], bytes] = bytes
        """Brings at least a byte, or none when the other side has ended the connection. Set by `head`."""

    def _said(self, method: str, host: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        carried = [*{"Host": host, "Accept-Encoding": "identity", **headers}.items()]
        if body or method in ("POST", "PUT"):
            carried.append(("Content-Length", str(len(body))))
        if not target.startswith("/"):
            raise Unsendable("the path")
        try:
            head = self._peer.send(h11.Request(method=method, target=target, headers=carried))
            data = self._peer.send(h11.Data(body)) if body else b""
            self._peer.send(h11.EndOfMessage())
        except (h11.LocalProtocolError, UnicodeError) as odd:
            raise Unsendable("a header, or the path") from odd
        assert head is not None  # None is for an end of the connection
        assert data is not None
        return head + data

    @property
    def length(self) -> int | None:
        """Of the body, as it was announced; None where only its end tells."""
        length = self.headers.get("Content-Length", "")
        return int(length) if length.isdecimal() else None

    def head(self, receive: Callable[[], bytes]) -> None:
        """Read status and headers; whatever only announces another answer (1xx) is passed over. Raises Lost.

        `receive` brings at least a byte, or none when the other side has ended the connection.
        """
        self.receive = receive
        for _ in range(ANNOUNCED + 1):
            event = self._next()
            if isinstance(event, h11.Response):
                break
        else:
            raise Lost("the answer is announced again and again")
        if event.status_code >= BEYOND:
            raise Lost("the answer has no status")
        self.status = event.status_code
        self.headers = _headers(event)

    def blocks(self) -> Iterator[bytes]:
        """The body as it comes in. Raises Lost where it does not come whole."""
        while self._peer.their_state is h11.SEND_BODY:
            event = self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)

    @property
    def reusable(self) -> bool:
        """After the body's end: may the line carry another call? What is left over would be taken for its answer."""
        states = (self._peer.our_state, self._peer.their_state)
        return states == (h11.DONE, h11.DONE) and self._peer.trailing_data == (b"", False)

    def _next(self) -> object:
        """The next of h11's events."""
        try:
            while (event := self._peer.next_event()) is h11.NEED_DATA:
                data = self.receive()
                if not data and self._peer.their_state is h11.SEND_RESPONSE:
                    raise Lost("the connection ended before the answer did")
                self._peer.receive_data(data)
        except h11.RemoteProtocolError as odd:
            raise Lost(f"the answer does not keep to HTTP's form: {odd}") from None
        return event


def _headers(event: h11.Response) -> Headers:
    return Headers((name.decode("ascii"), value.decode("latin-1")) for name, value in event.headers)
