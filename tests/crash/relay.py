"""A way to the database that can be cut as a cable is: nothing passes any more, and nobody is told."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Listens on a port of this machine, and passes on to another."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listens = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listens.getsockname()[1]
        self._passes = threading.Event()
        self._passes.set()
        self._open: list[socket.socket] = []
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._passes.clear()

    def heal(self) -> None:
        """What was under way is lost, and new connections pass."""
        broken, self._open = self._open, []
        _close(broken)
        self._passes.set()

    def close(self) -> None:
        self._closed = True
        _close([self._listens, *self._open])
        self._passes.set()

    def _accept(self) -> None:
        while not self._closed:
            try:
                ours, _ = self._listens.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(ours,), daemon=True).start()

    def _carry(self, ours: socket.socket) -> None:
        self._open.append(ours)
        self._passes.wait()
        try:
            theirs = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            _close([ours])
            return
        self._open.append(theirs)
        threading.Thread(target=self._pipe, args=(ours, theirs), daemon=True).start()
        self._pipe(theirs, ours)

    def _pipe(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._passes.wait()
                target.sendall(data)
        _close([source, target])


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
