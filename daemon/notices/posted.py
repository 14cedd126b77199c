"""A channel that is one POST: what to send and what counts as taken is said by the channel's own file.

One deadline holds for all of it, from the connection to the last byte of the answer: a receiver that answers a byte a
second is cut off as one that does not answer at all. Redirects are not followed, and no proxy is asked.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ossmend import __version__
from ossmend.daemon.notices.channel import Undelivered

DEADLINE = 10.0
MOST_BYTES = 64 * 1024
"""So much of an answer is read."""


@dataclass(frozen=True, slots=True)
class Post:
    """What is sent."""

    url: str
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    data: bytes


class Posted(ABC):
    """Base of the channels that are one POST."""

    @abstractmethod
    def body(self, notice: Mapping[str, Any]) -> Post:
        """The notice as this receiver wants it."""

    @abstractmethod
    def accepted(self, answer: Answer) -> bool:
        """Has the receiver taken it? Some say no with a 200."""

    def send(self, notice: Mapping[str, Any]) -> None:
        answer = exchange(self.body(notice), DEADLINE)
        if not self.accepted(answer):
            raise Undelivered(f"HTTP {answer.status}")


def exchange(post: Post, seconds: float) -> Answer:
    """Send, and read the answer, within so many seconds. Raises Undelivered."""
    connection = _Connection(post.url, seconds)
    cut = threading.Timer(seconds, connection.cut)
    cut.daemon = True
    cut.start()
    try:
        connection.request("POST", connection.target, post.data, _headers(post))
        answer = connection.getresponse()
        got = Answer(answer.status, answer.read(MOST_BYTES))
        if connection.is_cut:
            raise TimeoutError  # to http.client, a connection that ends is the end of the headers, or of the body
        return got
    except (OSError, HTTPException) as error:
        late = connection.is_cut or isinstance(error, TimeoutError)
        why = f"no whole answer within {seconds:g} s" if late else type(error).__name__
        raise Undelivered(why) from error  # its own text may hold the address, and that a token
    finally:
        cut.cancel()
        connection.close()


def _headers(post: Post) -> dict[str, str]:
    return {"User-Agent": f"ossmend/{__version__}", "Content-Type": "application/json", **post.headers}


class _Connection(HTTPConnection):
    """A connection that another thread can cut, whatever it is doing."""

    def __init__(self, url: str, seconds: float) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self._end = time.monotonic() + seconds  # no daemon's Clock: a socket waits in the machine's seconds
        self.is_cut = False
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        super().__init__(parts.hostname or "", parts.port or (443 if self._is_tls else 80))

    def cut(self) -> None:
        self.is_cut = True
        if self.sock is not None:
            try:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # SSLSocket's own one would take its state away
            except OSError:
                return  # it is closed already

    def connect(self) -> None:
        self.sock = self._connected()
        if self._is_tls:
            self.sock = _trust().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()
        if self.is_cut:
            raise TimeoutError

    def _connected(self) -> socket.socket:
        """To the first of its addresses that answers, and for all of them together no longer than the deadline."""
        trouble: OSError = TimeoutError()
        for family, kind, protocol, _name, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            left = self._end - time.monotonic()
            if left <= 0:
                break
            tried = socket.socket(family, kind, protocol)
            tried.settimeout(left)
            try:
                tried.connect(address)
            except OSError as error:
                tried.close()
                trouble = error
                continue
            return tried
        raise trouble


def _trust() -> ssl.SSLContext:
    """The machine's authorities, and those that come with the SDKs."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
