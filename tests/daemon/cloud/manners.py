"""A server whose manners change while it runs: it answers, refuses, says nothing, or lets a byte fall now and then.

Time is the test's: before each drop the clock is moved by hand, so that a deadline passes without anybody waiting for
it. What counts is who ended whom: a connection that the client closed, while the server still had something to say,
was ended by a deadline.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from tests.daemon.cloud.stubs import HandClock, answer, oss_error
from tests.patience import HUNG

Manner = Literal["works", "is busy", "hangs up", "says nothing", "drips headers", "drips body"]
WHOLE = answer(200)
DROPS = 3


@dataclass
class Server:
    """Its manner towards each bucket, the first part of the path; `""` is everybody else."""

    clock: HandClock
    manners: dict[str, Manner] = field(default_factory=dict)
    step: float = HUNG / 2
    """Seconds before each drop."""
    works: bytes = WHOLE
    """What it answers when it works."""
    begins: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    """What it says of a body that drips."""
    hesitates: float = 0.0
    """Seconds before it hangs up."""
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """`METHOD /target` of each request."""
    connections: int = 0
    left_by_client: threading.Event = field(default_factory=threading.Event)
    """A client has closed a connection on which it had been kept waiting."""
    over: threading.Event = field(default_factory=threading.Event)

    def manner(self, path: str) -> Manner:
        bucket = path.lstrip("/").split("/")[0].split("?")[0]
        return self.manners.get(bucket, self.manners.get("", "works"))

    def converse(self, channel: socket.socket) -> None:
        seen = b""
        while not self.over.is_set():
            while b"\r\n\r\n" not in seen:
                block = channel.recv(65536)
                if not block:
                    return
                seen += block
            head, _, rest = seen.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            while len(rest) < int(length[1] if length else 0):
                rest += channel.recv(65536)
            seen = b""
            target = head.decode("latin-1").split(" ")[1]
            self.asked.append(f"{head.split(b' ', 1)[0].decode()} {target}")
            manner = self.manner(target)
            if manner == "hangs up":
                self.clock.pass_by(self.hesitates)
                return
            if not self._answer(channel, manner):
                return

    def _answer(self, channel: socket.socket, manner: Manner) -> bool:
        match manner:
            case "works":
                channel.sendall(self.works)
                return True
            case "is busy":
                channel.sendall(oss_error(503, "ServiceUnavailable"))
                return True
            case "drips headers":
                self._drip(channel, b"HTTP/1.1 200 OK\r\nx-oss-request-id: A", b"A")
            case "drips body":
                self._drip(channel, self.begins, b" ")
        self._wait_for_the_end(channel)
        return False

    def _drip(self, channel: socket.socket, begin: bytes, drop: bytes) -> None:
        with suppress(OSError):  # the client may go at any of them
            channel.sendall(begin)
            for _ in range(DROPS):
                self.clock.pass_by(self.step)
                channel.sendall(drop)

    def _wait_for_the_end(self, channel: socket.socket) -> None:
        with suppress(OSError):
            while channel.recv(65536):
                pass
        if not self.over.is_set():
            self.left_by_client.set()


@contextmanager
def server(
    clock: HandClock, manner: Manner = "works", wrap: Callable[[socket.socket], socket.socket] | None = None
) -> Iterator[Server]:
    """On loopback, for the length of a `with` block."""
    listening = socket.create_server(("127.0.0.1", 0))
    it = Server(clock, {"": manner}, url=f"http://127.0.0.1:{listening.getsockname()[1]}")
    channels: list[socket.socket] = []

    def one(channel: socket.socket) -> None:
        with suppress(OSError), channel:
            it.converse(wrap(channel) if wrap is not None else channel)

    def serve() -> None:
        while True:
            try:
                channel, _ = listening.accept()
            except OSError:
                return
            it.connections += 1
            channels.append(channel)
            threading.Thread(target=one, args=(channel,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield it
    finally:
        it.over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for channel in channels:
            with suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)
        thread.join(HUNG)


class Asking(threading.Thread):
    """A question in a thread of its own, and how it ended."""

    def __init__(self, question: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._question = question
        self.answer: object = None
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self._question()
        except Exception as error:  # noqa: BLE001  # the test looks at whatever it was
            self.error = error

    def ended(self) -> Exception | None:
        """How it ended; waits for that."""
        self.join(HUNG)
        assert not self.is_alive(), "it never ended"
        return self.error
