"""A request as an SDK has signed it -> one answer, by one deadline; nothing is added, followed, kept or sent twice.

No proxies, .netrc or cookies of the environment, no redirects, no retries. Both SDKs' requests come through here
(transport.py, rpc.py), and so do the unsigned ones; which methods may leave is the last check, on what really leaves.
endpoints.py says whether there is a way, http1.py reads the answer, errors.py what it means.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.deadline import Deadline, current, within
from ossmend.daemon.cloud.wire.endpoints import Call, Endpoints
from ossmend.daemon.cloud.wire.errors import BadAnswer, NoAnswer, of_read
from ossmend.daemon.cloud.wire.guard import WriteForbidden
from ossmend.daemon.cloud.wire.http1 import Exchange, Headers, Unsendable
from ossmend.daemon.cloud.wire.oss_time import OssTime
from ossmend.daemon.cloud.wire.place import place_of, split
from ossmend.daemon.cloud.wire.resolve import Lost
from ossmend.daemon.cloud.wire.standing import Standing
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.verdict import Refused, TryAgain

Result = TypeVar("Result")

ANSWER_CAP = 16 * 1024 * 1024
"""Bytes of a successful answer that is read whole: a page of 1,000 keys of 1,023 bytes, percent-encoded, is 4 MB."""
SLOWEST = 256 * 1024
"""Bytes a second: a download may take so much longer than other calls as its length needs at this rate."""
LONGEST_DOWNLOAD = 300.0
"""Seconds that this may come to: a length is only what the other side says."""
SMALL = 16 * 1024
"""Bytes: so much of an answer is read to its end rather than given up together with its line."""


class RequestIds:
    """The ids of our own requests, the newest of them: an access log may show them hours later."""

    def __init__(self, on_request: Callable[[str], None] | None, room: int = 20_000) -> None:
        self._on_request = on_request
        self._room = room
        self._order: deque[str] = deque()
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def add(self, request_id: str) -> None:
        with self._lock:
            if request_id in self._known:
                return
            self._known.add(request_id)
            self._order.append(request_id)
            if len(self._order) > self._room:
                self._known.discard(self._order.popleft())
        if self._on_request is not None:
            self._on_request(request_id)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._known


class Response:
    """Status and headers; the body is still on its way, and has to be read or closed."""

    def __init__(self, operation: str, call: Call, exchange: Exchange) -> None:
        self.operation = operation
        self.status = exchange.status
        self.headers: Headers = exchange.headers
        self._call = call
        self._exchange = exchange

    def blocks(self) -> Iterator[bytes]:
        """The body as it comes in, just as it was stored. Raises NoAnswer."""
        try:
            yield from self._exchange.blocks()
            self._call.answered(keep=self._exchange.reusable)
        except Lost as lost:
            self._call.lost()
            raise NoAnswer(self.operation, f"half an answer: {lost}", left=True) from None
        finally:
            self.close()

    def download(self) -> Iterator[bytes]:
        """The same for a body of any length: it has more time, and the reader's own time does not count."""
        length = self._exchange.length
        more = LONGEST_DOWNLOAD if length is None else min(length / SLOWEST, LONGEST_DOWNLOAD)
        self._call.deadline.extend(more)
        for block in self.blocks():
            with self._call.deadline.stopped():
                yield block

    def whole(self, cap: int = ANSWER_CAP, *, long: bool = False) -> bytes:
        """The body to its end; `long`: it has the time of a download. Raises NoAnswer."""
        body = bytearray()
        for block in self.download() if long else self.blocks():
            body += block
            if len(body) > cap:
                self.close()
                raise NoAnswer(self.operation, f"the answer does not end ({len(body)} bytes)", left=True)
        return bytes(body)

    def close(self) -> None:
        """Done with it: what has not been read is given up, and the line with it."""
        self._call.answered(keep=False)


class Connections:
    """What may carry requests of some methods. Thread-safe."""

    def __init__(self, wire: Wire, methods: frozenset[str]) -> None:
        self._wire = wire
        self._methods = methods

    def send(
        self,
        operation: str,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, Any] | None = None,
        body: bytes = b"",
        *,
        part: str = "",
    ) -> Response:
        """The response with its headers. `part` of the endpoint: see place.py. Raises NoAnswer, NotAsked, Refused."""
        if method not in self._methods:
            raise WriteForbidden(f"{method} must not leave here ({operation})")
        origin, path = split(url)
        try:
            exchange = Exchange(method, origin.partition("://")[2], _target(path, params), self._carried(headers), body)
        except Unsendable as unsendable:
            raise Refused(operation, "Unsendable", f"no request can carry this: {type(unsendable).__name__}") from None
        call = self._wire.endpoints.begin(place_of(origin, part), current() or self._wire.deadline())
        try:
            call.send(exchange.request)
            exchange.head(call.receive)
        except Lost as lost:
            call.lost()
            raise NoAnswer(operation, f"no answer: {lost}", left=call.left) from None
        finally:
            if exchange.status < 200:
                call.dropped()  # whatever it was; a call that was lost stays lost
        request_id = exchange.headers.get("x-oss-request-id")
        if request_id or origin not in self._wire.domains:  # what is there may be no OSS, and its clock anybody's
            self._wire.time.hear(exchange.headers.get("Date"))
        if request_id:
            self._wire.ids.add(request_id)
        return Response(operation, call, exchange)

    def _carried(self, headers: Mapping[str, Any] | None) -> dict[str, str]:
        carried = {"User-Agent": self._wire.agent}
        for name, value in (headers or {}).items():
            if value is not None:
                carried[name] = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        return carried


class Wire:
    """What all connections of one account share: its endpoints, its request ids, whether its key is taken, and how long
    anything may take.
    """

    def __init__(self, settings: CloudSettings, clock: Clock, ids: RequestIds) -> None:
        self._clock = clock
        self._seconds = settings.deadline
        self._pauses = settings.retry_pauses
        self.agent = settings.agent
        self.domains = frozenset(settings.domains.values())
        self.ids = ids
        self.time = OssTime(clock)
        self.standing = Standing(clock)
        self.endpoints = Endpoints(settings, clock)

    @property
    def returns(self) -> int:
        """How often the cloud was there again, or took our key again."""
        return self.standing.returns + self.endpoints.returns

    def deadline(self) -> Deadline:
        return Deadline(self._clock, self._seconds)

    def asked(self, question: Callable[[], Result]) -> Result:
        """Ask, and ask again where waiting may help, a few times, all by one deadline. Never for a refusal."""
        deadline = self.deadline()
        with within(deadline):
            for pause in self._pauses:
                try:
                    return question()
                except (NoAnswer, BadAnswer) as error:
                    meant = of_read(error)
                if not isinstance(meant, TryAgain) or deadline.left() <= pause:
                    raise meant
                self.endpoints.stopping.wait(pause)
            try:
                return question()
            except (NoAnswer, BadAnswer) as error:
                raise of_read(error) from None


def _target(path: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return path
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params.items())
    return f"{path}{'&' if '?' in path else '?'}{query}"
