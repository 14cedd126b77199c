"""A host's name -> its addresses, by a deadline: getaddrinfo knows none, and a dead name server takes half a minute.

So the lookup has a thread of its own, one for a name at a time, and whoever asks waits only as long as it may. line.py
connects to what comes back.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any

from ossmend.daemon.cloud.settings import is_literal

Address = tuple[int, Any]
"""(family, address), as `socket` wants them."""
CUT = "cut off"


class Lost(Exception):
    """The connection, or the answer on it, was lost. The text says how, and has neither URL nor header in it."""


def _look_up(host: str, port: int) -> list[Address]:
    if host.endswith(".localhost"):
        return [(socket.AF_INET, ("127.0.0.1", port))]  # no name server may say that this machine is elsewhere
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


class Resolver:
    """Thread-safe; a name that many ask for at once is looked up once."""

    def __init__(self, look_up: Callable[[str, int], list[Address]] = _look_up) -> None:
        self._look_up = look_up
        self._pending: dict[tuple[str, int], Future[list[Address]]] = {}
        self._lock = threading.Lock()

    def addresses(self, host: str, port: int, seconds: float) -> list[Address]:
        """Raises Lost."""
        try:
            if is_literal(host):
                return self._look_up(host, port)
            return self._asked(host, port).result(timeout=max(seconds, 0.0))
        except TimeoutError:
            raise Lost(f"the host's name was not resolved within {seconds:.3g} s") from None
        except OSError as unknown:
            raise Lost(f"the host's name was not resolved ({type(unknown).__name__})") from None

    def cut(self) -> None:
        """Whoever waits now stops waiting."""
        with self._lock:
            pending = list(self._pending.values())
        for answer in pending:
            with suppress(InvalidStateError):
                answer.set_exception(Lost(CUT))

    def _asked(self, host: str, port: int) -> Future[list[Address]]:
        with self._lock:
            answer = self._pending.get((host, port))
            if answer is None:
                answer = self._pending[host, port] = Future()
                threading.Thread(target=self._answer, args=(host, port, answer), name="resolve", daemon=True).start()
            return answer

    def _answer(self, host: str, port: int, answer: Future[list[Address]]) -> None:
        try:
            found: list[Address] | OSError = self._look_up(host, port)
        except OSError as unknown:
            found = unknown
        with self._lock:
            del self._pending[host, port]
        with suppress(InvalidStateError):  # it may have been cut meanwhile
            if isinstance(found, OSError):
                answer.set_exception(found)
            else:
                answer.set_result(found)
