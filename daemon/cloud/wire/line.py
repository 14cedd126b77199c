"""A host -> one connection to it, on which every wait ends with the deadline of the call that waits.

A socket's timeout begins anew with each byte, so it is set anew before each: to what is left, or to how long the other
side may be silent. `cut` may come from another thread, at any time. endpoints.py keeps the lines; http1.py speaks.
"""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass

from ossmend.daemon.cloud.wire.deadline import Deadline
from ossmend.daemon.cloud.wire.resolve import CUT, Address, Lost, Resolver

BLOCK = 64 * 1024
MOMENT = 0.001
"""Seconds: a timeout of zero would mean "do not wait at all", which is another error."""


@dataclass(frozen=True, slots=True)
class Silence:
    """How long the other side may say nothing."""

    connecting: float
    reading: float


class Line:
    """For one call at a time. Every method but `cut` and `close` is called by that call's thread; all raise Lost."""

    def __init__(self, silence: Silence) -> None:
        self._silence = silence
        self._socket: socket.socket | None = None
        self._cut = False
        self._lock = threading.Lock()

    @property
    def opened(self) -> bool:
        return self._socket is not None

    def connect(self, host: str, port: int, resolver: Resolver, tls: ssl.SSLContext | None, deadline: Deadline) -> None:
        """To the first address that answers; all of them share one time, so that a dead one leaves some to the next."""
        patience = deadline.at_most(self._silence.connecting)
        addresses = resolver.addresses(host, port, patience.left())
        trouble = Lost("the host has no address")
        for number, address in enumerate(addresses):
            share = patience.left() / (len(addresses) - number)
            try:
                self._connect(address, host, tls, patience.at_most(share))
            except Lost as lost:
                self.close()
                trouble = lost
            else:
                return
            if self._cut or patience.left() <= 0:
                break
        raise trouble

    def _connect(self, address: Address, host: str, tls: ssl.SSLContext | None, patience: Deadline) -> None:
        try:
            channel = self._begun(address)
            _wait_until_open(channel, max(patience.left(), MOMENT))
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                secure = self._hold(tls.wrap_socket(channel, server_hostname=host, do_handshake_on_connect=False))
                assert isinstance(secure, ssl.SSLSocket)  # what a context wraps into
                secure.settimeout(max(patience.left(), MOMENT))
                secure.do_handshake()  # OpenSSL's own loop, which keeps to the timeout as a whole
        except TimeoutError:
            raise self._lost(f"no connection within {patience.seconds:.3g} s") from None
        except OSError as failed:
            raise self._lost(f"no connection ({type(failed).__name__})") from None

    def _begun(self, address: Address) -> socket.socket:
        """A connection on its way: only one that has begun is woken by `cut`."""
        channel = socket.socket(address[0], socket.SOCK_STREAM)
        channel.setblocking(False)
        fault = channel.connect_ex(address[1])
        self._hold(channel)
        if fault not in (0, errno.EINPROGRESS):
            raise OSError(fault, os.strerror(fault))
        return channel

    def _hold(self, channel: socket.socket) -> socket.socket:
        with self._lock:
            self._socket = channel
            if not self._cut:
                return channel
        raise Lost(CUT)

    def send(self, data: bytes, deadline: Deadline) -> None:
        channel = self._held()
        try:
            channel.settimeout(self._wait(deadline))
            channel.sendall(data)
        except OSError as failed:
            raise self._lost(f"lost while asking ({type(failed).__name__})") from None

    def receive(self, deadline: Deadline) -> bytes:
        """What has come in, at least one byte; none when the other side has ended it."""
        channel, left = self._held(), self._wait(deadline)
        patience = min(left, self._silence.reading)
        try:
            channel.settimeout(patience)
            data = channel.recv(BLOCK)
        except TimeoutError:
            raise self._lost(_late(deadline) if patience == left else f"silent for {patience:g} s") from None
        except OSError as failed:
            raise self._lost(f"lost while answering ({type(failed).__name__})") from None
        if self._cut:
            raise Lost(CUT)
        return data

    def quiet(self) -> bool:
        """Is it open, with nothing to be read? What comes unasked is a farewell, or belongs to nobody."""
        channel = self._held()
        poll = select.poll()
        poll.register(channel, select.POLLIN)
        return not poll.poll(0)

    def cut(self) -> None:
        """Wake whoever waits on it. socket's own shutdown: ssl's would take the decryption from under its reader."""
        with self._lock:
            self._cut = True
            if self._socket is not None:
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            channel, self._socket = self._socket, None
        if channel is not None:
            with suppress(OSError):
                channel.close()

    def _held(self) -> socket.socket:
        channel = self._socket
        if channel is None:
            raise Lost("the connection is closed")
        return channel

    def _wait(self, deadline: Deadline) -> float:
        left = deadline.left()
        if left <= 0:
            raise Lost(_late(deadline))
        return left

    def _lost(self, why: str) -> Lost:
        return Lost(CUT if self._cut else why)


def _wait_until_open(channel: socket.socket, seconds: float) -> None:
    poll = select.poll()
    poll.register(channel, select.POLLOUT)
    if not poll.poll(math.ceil(seconds * 1000)):
        raise TimeoutError
    fault = channel.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if fault:
        raise OSError(fault, os.strerror(fault))


def _late(deadline: Deadline) -> str:
    return f"no whole answer within {deadline.seconds:.3g} s"
