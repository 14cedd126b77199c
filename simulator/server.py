"""Turns a listening socket into requests and responses: one connection after the other request, loopback only.

A bare asyncio.Protocol, because the simulator must not be what anybody measures, and because faults need the
connection itself: a reset, half a body, an answer that comes late. What is read whole goes to answer.py.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from ossmend.simulator.answer import answer, note
from ossmend.simulator.http1 import HEAD_LIMIT, ChunkedBody, Head, begins_request, malformed, parse_head, silent
from ossmend.simulator.state import Cloud
from ossmend.simulator.wire import (
    Refusal,
    Request,
    Response,
    Slice,
    error_response,
    head_bytes,
    new_request_id,
)

_BLOCK = 256 * 1024
_ON_ITS_WAY = 4 * 1024 * 1024
"""Bytes of a download that the kernel holds. By its own measure it holds less than two blocks, and a client that does
something with what it gets then waits for us after each: 0.9 GB/s instead of 1.4.
"""
SILENCE_SECONDS = 30.0
"""How long a request that was begun may pause; a connection between two requests may rest for ever."""
_LINGER_SECONDS = 2.0
_NO_BODY = (204, 304)


class Connection(asyncio.Protocol):
    """One client. Pipelined requests wait in the buffer until the one before them was answered."""

    def __init__(self, cloud: Cloud, connections: set[Connection]) -> None:
        self._cloud = cloud
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._peer = "127.0.0.1"
        self._secure = False
        self._buffer = bytearray()
        self._head: Head | None = None
        self._chunked: ChunkedBody | None = None
        self._wire_length = 0
        self._busy = False
        self._keep_alive = True
        self._leaves_rest = False
        """Is something of the request still unread when it is answered? Then the connection ends with it."""
        self._ended = False
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: tuple[Slice, int, bool] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # Any unsent byte pauses, and an empty buffer resumes: that is what makes `_pump` go on.
        transport.set_write_buffer_limits(high=0)
        self._connections.add(self)
        peer = transport.get_extra_info("peername")
        if peer:
            self._peer = peer[0]
        self._secure = transport.get_extra_info("ssl_object") is not None
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_ITS_WAY)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._connections.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if not self._ended:
            self._buffer += data
            self._advance()

    def _advance(self) -> None:
        """Take whole requests from the buffer while nothing is being answered."""
        while self._buffer and self._may_answer():
            try:
                request = self._next()
            except Refusal as refusal:
                self._refuse(refusal)
                return
            if request is None:
                if self._buffer or self._head is not None:
                    self._watch()
                return
            self._send(request, answer(self._cloud, request))

    def _may_answer(self) -> bool:
        transport = self._transport
        return not self._busy and not self._ended and transport is not None and not transport.is_closing()

    def _watch(self) -> None:
        """The rest of a request must come in time. One timer a connection, moved on when it fires, not at each byte."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(SILENCE_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._busy or self._ended or not (self._buffer or self._head is not None):
            return
        loop = asyncio.get_running_loop()
        left = self._heard + SILENCE_SECONDS - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._look)
        else:
            self._refuse(silent())

    def _next(self) -> Request | None:
        if self._head is None and not self._take_head():
            return None
        head = self._head
        assert head is not None
        if not head.body_counts:
            self._pass_over_body(head)
            body = b""
        elif self._chunked is not None:
            if not self._chunked.take(self._buffer):
                return None
            body = bytes(self._chunked.data)
        else:
            assert head.length is not None
            if len(self._buffer) < head.length:
                return None
            body = bytes(self._buffer[: head.length])
            del self._buffer[: head.length]
        self._head, self._chunked = None, None
        return self._request(head, body)

    def _pass_over_body(self, head: Head) -> None:
        """Drop a body that means nothing, if it is here; if not, answer now and let the connection end with that."""
        if self._chunked is not None:
            arrived = self._chunked.take(self._buffer)
        else:
            arrived = len(self._buffer) >= (head.length or 0)
            del self._buffer[: head.length or 0]
        if not arrived:
            head.keep_alive, self._leaves_rest = False, True

    def _take_head(self) -> bool:
        while self._buffer.startswith(b"\r\n"):
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n", 0, HEAD_LIMIT)
        if end < 0:
            if len(self._buffer) >= HEAD_LIMIT:
                raise malformed("the headers are too long")
            if self._buffer and not begins_request(self._buffer):
                raise malformed("bad request line")
            return False
        raw = self._buffer[:end]
        del self._buffer[: end + 4]
        self._head = head = parse_head(raw)
        self._chunked = ChunkedBody() if head.length is None else None
        self._wire_length = end + 4 + (head.length or 0)
        if head.expects_continue and head.body_counts and not self._buffer and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _request(self, head: Head, body: bytes) -> Request:
        shown = self._cloud.clock.shown()
        self._keep_alive = head.keep_alive
        return Request(
            method=head.method,
            target=head.target,
            headers=head.headers,
            body=body,
            peer=self._peer,
            version=head.version,
            received=shown,
            wire_length=self._wire_length if head.length is not None else self._wire_length + len(body),
            request_id=new_request_id(shown),
            secure=self._secure,
        )

    def _refuse(self, refusal: Refusal) -> None:
        """Bytes that are no request: answer once, then close, because nobody knows where the next one begins."""
        shown = self._cloud.clock.shown()
        request = Request(method="-", target="-", headers={}, received=shown, request_id=new_request_id(shown))
        response = error_response(refusal, "GET", request.request_id, "")
        response.headers["x-oss-request-id"] = request.request_id
        response.headers["x-oss-server-time"] = "0"
        note(self._cloud, request, response, service="http")
        response.close = True
        self._keep_alive, self._leaves_rest = False, True
        self._send(request, response)

    def _send(self, request: Request, response: Response) -> None:
        if response.delay > 0:
            self._busy = True
            asyncio.get_running_loop().call_later(response.delay, self._send_late, request, response)
        else:
            self._write(request, response)

    def _send_late(self, request: Request, response: Response) -> None:
        self._busy = False
        self._write(request, response)
        self._advance()

    def _write(self, request: Request, response: Response) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if response.abort == "reset":
            self._reset(transport)
            return
        keep_alive = self._keep_alive and not response.close
        without_body = request.method == "HEAD" or response.status in _NO_BODY
        announced: int | None = response.length if response.content_length is None else response.content_length
        if response.status == 304 or "Transfer-Encoding" in response.headers:
            announced = None
        shown = self._cloud.clock.shown()
        head = head_bytes(response, shown=shown, keep_alive=keep_alive, announced_length=announced)
        body = response.body
        if without_body:
            transport.write(head)
        elif response.abort == "half":
            self._write_half(transport, head, body)
            return
        elif isinstance(body, bytes):
            transport.write(head + body if len(body) < _BLOCK else head)
            if len(body) >= _BLOCK:
                transport.write(body)
        else:
            transport.write(head)
            self._busy = True
            self._sending = (body, body.start, keep_alive)
            self._pump()
            return
        if not keep_alive:
            self._end(transport)

    def _end(self, transport: asyncio.Transport) -> None:
        """Close. Whoever is still sending would lose the answer to the reset that follows, so read on for a moment."""
        self._ended = True
        if not self._leaves_rest or not transport.can_write_eof():
            transport.close()
            return
        self._buffer.clear()
        transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, transport.close)

    def _write_half(self, transport: asyncio.Transport, head: bytes, body: bytes | Slice) -> None:
        """Announce everything, send half, and break the connection: what a dying proxy does."""
        if isinstance(body, Slice):
            half = body.content.read(body.start, body.start + min(body.size // 2, _BLOCK))
        else:
            half = body[: len(body) // 2]
        transport.write(head + half)
        transport.close()

    def _reset(self, transport: asyncio.Transport) -> None:
        """RST instead of FIN, so that the client sees a broken connection and not an empty answer."""
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def _pump(self) -> None:
        """Send a synthetic body block by block, as fast as the client takes it."""
        transport = self._transport
        while self._sending is not None and transport is not None and not transport.is_closing():
            body, position, keep_alive = self._sending
            end = min(position + _BLOCK, body.end)
            if end > position:
                self._sending = (body, end, keep_alive)
                transport.write(body.content.read(position, end))
                if transport.get_write_buffer_size() > 0:
                    return
                continue
            self._sending = None
            self._busy = False
            if not keep_alive:
                self._end(transport)
                return

    def pause_writing(self) -> None:
        """Nothing to do: `_pump` looks at the buffer after each block."""

    def resume_writing(self) -> None:
        self._pump()
        if not self._busy:
            self._advance()
