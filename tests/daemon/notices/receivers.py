"""Receivers of notices on this machine: one that takes them, one that refuses, one that never ends its answer."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.patience import HUNG

DRIP_SECONDS = 0.01
"""Between two drops of a server that never ends: any pace will do, whoever asks has to end it."""


class Receiver:
    """What came in, and where it is to be sent."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.raw: list[bytes] = []
        self.status = 204
        self.url = ""

    @property
    def causes(self) -> list[str]:
        return [body["cause"] for body, _headers in self.got]


@contextmanager
def receiver() -> Iterator[Receiver]:
    known = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            known.raw.append(data)
            known.got.append((json.loads(data), dict(self.headers)))
            self.send_response(known.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}/hook?token=t0ken"
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=HUNG)


class Endless:
    """Takes connections and sends `piece` again and again, or nothing, until it is ended."""

    def __init__(self, first: bytes, piece: bytes) -> None:
        self._first, self._piece = first, piece
        self._server = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.asked = threading.Event()
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/hook"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                self.asked.set()
                connection.sendall(self._first)
                while not self._over.wait(DRIP_SECONDS):
                    connection.sendall(self._piece)
            except OSError:
                return  # who asked has given up

    def end(self) -> None:
        self._over.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(timeout=HUNG)


@contextmanager
def endless(first: bytes = b"", piece: bytes = b"") -> Iterator[Endless]:
    server = Endless(first, piece)
    try:
        yield server
    finally:
        server.end()
