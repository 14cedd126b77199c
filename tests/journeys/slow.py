"""A way to the simulator on which some buckets are slow: they answer never, or a byte at a time."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

Manner = Literal["silent", "drips its headers", "drips its body"]
DRIP_SECONDS = 0.5


class Way(ThreadingHTTPServer):
    """Listens on loopback; `slow` says how each slow bucket behaves, every other request is passed on."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, simulator: str, slow: Mapping[str, Manner], handler: type[Handler] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler or Handler)
        self.simulator = urlsplit(simulator)
        self.slow = slow
        self.ended = threading.Event()
        self.kept_waiting = 0
        """Requests to slow buckets so far."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what this server is for."""


Served = TypeVar("Served", bound=Way)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a body is written behind its headers: the kernel would hold it back for 40 ms
    server: Way
    _KEPT: ClassVar = ("connection", "transfer-encoding", "keep-alive")

    def log_message(self, *_: object) -> None:
        return

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        manner = self.server.slow.get(self.path.lstrip("/").split("/")[0].split("?")[0])
        if manner is None:
            self._pass_on(body)
            return
        self.server.kept_waiting += 1
        self.close_connection = True
        if manner == "drips its headers":
            self._drip(b"HTTP/1.1 200 OK\r\nx-oss-request-id: 69786BB1", b"A")
        elif manner == "drips its body":
            self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nContent-Type: application/xml\r\n\r\n", b" ")
        else:
            self.server.ended.wait()

    do_GET = do_PUT = do_POST = do_HEAD = do_OPTIONS = _any  # noqa: N815  # http.server's names

    def _drip(self, begin: bytes, drop: bytes) -> None:
        self.wfile.write(begin)
        while not self.server.ended.wait(DRIP_SECONDS):
            self.wfile.write(drop)

    def _pass_on(self, body: bytes) -> None:
        upstream = http.client.HTTPConnection(self.server.simulator.netloc)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body or None)
            answer = upstream.getresponse()
            told = answer.read()
        finally:
            upstream.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in self._KEPT:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)


@contextmanager
def serving(way: Served) -> Iterator[Served]:
    """The way, open until the end of the block."""
    thread = threading.Thread(target=way.serve_forever, daemon=True)
    thread.start()
    try:
        yield way
    finally:
        way.ended.set()
        way.shutdown()
        way.server_close()
        thread.join()


@contextmanager
def way_to(simulator: str, slow: Mapping[str, Manner]) -> Iterator[Way]:
    with serving(Way(simulator, slow)) as way:
        yield way
