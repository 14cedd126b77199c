"""One OSS request -> one answer, read whole, or an error that keeps all of it. oss2 signs; the connections are ours.

oss2's own session merges the environment's proxies, .netrc and cookies into every request, follows redirects and has a
pool of 10. This one does none of that: what the guard lets through is signed, sent once, and answered. Errors go
through errors.py before oss2 can cut them down. Retries of reads are `asked`, at the end; writes have none.
"""

from __future__ import annotations

import http.client
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import oss2
import requests
import stamina
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.errors import BODY_CAP, BadAnswer, NoAnswer, of_read, oss_answer
from ossmend.daemon.cloud.wire.guard import COPY_SOURCE, IMAGE_INFO, UNSIGNED, Guard, WriteForbidden
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.verdict import Refused, TryAgain

Result = TypeVar("Result")

ANSWER_CAP = 16 * 1024 * 1024
"""Bytes of a successful answer that is read whole: a page of 1,000 keys of 1,023 bytes, percent-encoded, is 4 MB."""
WHOLE_ANSWER = 60.0
"""Seconds for reading one answer to its end. The read timeout alone lets a byte every ten seconds go on for ever."""
BLOCK = 256 * 1024
BUCKETS = 1024
HOSTS = 64
"""Virtual-hosted buckets are hosts; a pool is kept for so many."""

_LOST = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)


logging.getLogger("oss2").setLevel(logging.WARNING)
"""Below that it logs Authorization, security token and string to sign."""


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


class Answer:
    """A successful answer, in the shape that oss2's results are made from."""

    def __init__(self, response: requests.Response, body: bytes | None) -> None:
        self.response = response
        self.status = response.status_code
        self.headers: CaseInsensitiveDict[str] = response.headers
        self.request_id = response.headers.get("x-oss-request-id", "")
        self._body = body

    @property
    def body(self) -> bytes:
        return self._body or b""

    def read(self, amt: int | None = None) -> bytes:
        """The body, once; what oss2's parsers call."""
        body, self._body = self.body, b""
        return body if amt is None else body[:amt]

    def blocks(self) -> Iterator[bytes]:
        """The body as it comes in, just as it was stored, for answers that are not read whole."""
        try:
            yield from self.response.raw.stream(BLOCK, decode_content=False)
        except _LOST as lost:
            raise NoAnswer("GetObject", f"lost on the way: {type(lost).__name__}", left=True) from None
        finally:
            self.response.close()

    def close(self) -> None:
        """Drop the connection with whatever has not been read."""
        self.response.close()


class Connections:
    """A pool that sends what it is given and adds nothing: no environment, cookies, redirects or retries."""

    def __init__(self, settings: CloudSettings, clock: Clock, ids: RequestIds, methods: frozenset[str]) -> None:
        self._adapter = HTTPAdapter(pool_connections=HOSTS, pool_maxsize=settings.concurrency, max_retries=0)
        self._timeout = (settings.connect_timeout, settings.read_timeout)
        self._verify: bool | str = settings.ca_bundle or True
        self._agent = settings.agent
        self._methods = methods
        self._clock = clock
        self._ids = ids

    def send(
        self,
        operation: str,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, Any] | None = None,
        data: Any = None,
    ) -> requests.Response:
        """The response with its headers; the body is still on its way. Raises NoAnswer."""
        if method not in self._methods:
            raise WriteForbidden(f"{method} must not leave here ({operation})")
        prepared = requests.PreparedRequest()
        carried = {"User-Agent": self._agent} | {
            name: value for name, value in (headers or {}).items() if value is not None
        }
        if not all(map(_fits_a_header, carried.values())):
            raise Refused(operation, "Unsendable", "no header can carry this")
        try:
            prepared.prepare(method=method, url=url, headers=carried, params=dict(params or {}), data=data or None)
        except (requests.RequestException, UnicodeError) as unsendable:
            raise Refused(operation, "Unsendable", f"no request can carry this: {type(unsendable).__name__}") from None
        try:
            response = self._adapter.send(prepared, stream=True, timeout=self._timeout, verify=self._verify, proxies={})
        except _LOST as lost:
            raise NoAnswer(operation, _why(lost), left=not _never_left(lost)) from None
        request_id = response.headers.get("x-oss-request-id")
        if request_id:
            self._ids.add(request_id)
        return response

    def whole(self, operation: str, response: requests.Response, cap: int = ANSWER_CAP) -> bytes:
        """The body to its end, within bounds of size and time; the connection goes back to the pool."""
        body, until = bytearray(), self._clock.monotonic() + WHOLE_ANSWER
        try:
            for block in response.iter_content(BLOCK):
                body += block
                if len(body) > cap or self._clock.monotonic() > until:
                    raise NoAnswer(operation, f"the answer does not end ({len(body)} bytes)", left=True)
        except _LOST as lost:
            raise NoAnswer(operation, f"half an answer: {type(lost).__name__}", left=True) from None
        finally:
            response.close()
        return bytes(body)

    def close(self) -> None:
        self._adapter.close()


class _GuardedAuth:
    """Asks the guard, notes the operation on the request, and only then lets oss2 sign."""

    def __init__(self, guard: Guard, signer: Any) -> None:
        self._guard = guard
        self._signer = signer

    def _sign_request(self, request: Any, bucket: str, key: str) -> None:
        body = bool(request.data)
        request.operation = self._guard.oss_operation(request.method, bucket, key, _named(request), body=body)
        self._signer._sign_request(request, bucket, key)  # noqa: SLF001  # oss2 calls its signers by this name

    def _sign_url(self, *_: object, **__: object) -> str:
        raise WriteForbidden("a signed URL could be sent by anybody, to any end")

    _sign_rtmp_url = _sign_url

    def auth_version(self) -> str:
        return "v4"


def _named(request: Any) -> set[str]:
    """What the guard tells operations apart by: query parameters, and the two that only a value or a header tells."""
    named = {*request.params}
    if request.params.get("x-oss-process") == "image/info":
        named = (named - {"x-oss-process"}) | {IMAGE_INFO}
    return named | ({COPY_SOURCE} & {name.lower() for name in request.headers})


class _Session:
    """What oss2 calls its session: sends what the guard has seen and oss2 has signed, and refuses everything else."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def do_request(self, request: Any, timeout: object) -> Answer:  # noqa: ARG002  # oss2 passes its own; ours are set
        operation = getattr(request, "operation", None)
        if operation is None:
            raise WriteForbidden(f"{request.method} was not checked by the guard before it was signed")
        response = self._connections.send(
            operation, request.method, request.url, request.params, request.headers, request.data
        )
        if not 200 <= response.status_code < 300:
            body = self._connections.whole(operation, response, BODY_CAP)
            raise oss_answer(operation, response.status_code, response.headers, body)
        if operation == "GetObject":
            return Answer(response, None)
        return Answer(response, self._connections.whole(operation, response))


class Oss:
    """OSS as one guard allows it: signed calls through oss2. Thread-safe; a bucket's client is made once."""

    def __init__(self, settings: CloudSettings, clock: Clock, ids: RequestIds, guard: Guard) -> None:
        self._settings = settings
        self._connections = Connections(settings, clock, ids, guard.methods)
        self._auth = _GuardedAuth(guard, oss2.ProviderAuthV4(settings.credentials))
        self._session = _Session(self._connections)
        self._buckets: dict[str, Any] = {}

    def bucket(self, name: str) -> Any:
        """oss2's client for a bucket. The caller has checked the name: it becomes part of a host."""
        found = self._buckets.get(name)
        if found is None:
            if len(self._buckets) >= BUCKETS:
                self._buckets.clear()
            found = oss2.Bucket(
                self._auth,
                self._settings.oss_url,
                name,
                session=self._session,
                app_name=self._settings.agent,
                enable_crc=False,
                region=self._settings.bare_region,
            )
            self._buckets[name] = found
        return found

    def call(
        self,
        method: str,
        bucket: str,
        key: str = "",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request without a body. Raises NoAnswer, BadAnswer."""
        answer: Answer = self.bucket(bucket)._do(  # noqa: SLF001  # oss2's public methods parse, and lose, what we read
            method, bucket, key, params=dict(params or {}), headers=dict(headers or {})
        )
        return answer

    def list_buckets(self) -> Answer:
        """The one question that names no bucket, at most one bucket long. Raises NoAnswer, BadAnswer."""
        service = oss2.Service(
            self._auth,
            self._settings.oss_url,
            session=self._session,
            app_name=self._settings.agent,
            region=self._settings.bare_region,
        )
        answer: Answer = service._do("GET", "", "", params={"max-keys": "1"})  # noqa: SLF001  # as in `call`
        return answer

    def close(self) -> None:
        self._connections.close()


class Unsigned:
    """Requests that anybody could make: a browser's preflight, a look at OSS's clock."""

    def __init__(self, settings: CloudSettings, clock: Clock, ids: RequestIds) -> None:
        self._connections = Connections(settings, clock, ids, frozenset({"GET", "OPTIONS"}))

    def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, *, bucket: str = "", key: str = ""
    ) -> tuple[requests.Response, bytes]:
        """Whatever is answered, success or not. Raises NoAnswer."""
        operation = UNSIGNED.oss_operation(method, bucket, key, (), body=False)
        response = self._connections.send(operation, method, url, headers=headers)
        return response, self._connections.whole(operation, response, BODY_CAP)

    def close(self) -> None:
        self._connections.close()


def asked(question: Callable[[], Result]) -> Result:
    """Ask, and ask again where waiting may help: up to three times within ten seconds. Never for a refusal."""
    for attempt in stamina.retry_context(
        on=TryAgain, attempts=3, timeout=10.0, wait_initial=0.2, wait_max=2.0, wait_jitter=0.3
    ):
        with attempt:
            try:
                return question()
            except (NoAnswer, BadAnswer) as error:
                raise of_read(error) from None
    raise AssertionError("stamina either returns or raises")


def _fits_a_header(value: str | bytes) -> bool:
    """Origins and the like come from events: other people's text."""
    return isinstance(value, bytes) or (value.isascii() and value.isprintable())


def _never_left(lost: Exception) -> bool:
    """Was there no connection at all? Only then has certainly nothing left."""
    if isinstance(lost, requests.ConnectTimeout):
        return True
    cause = lost.args[0] if lost.args else None
    return isinstance(getattr(cause, "reason", None), urllib3.exceptions.NewConnectionError)


def _why(lost: Exception) -> str:
    """The kind of trouble, without the SDK's text: that has the URL in it."""
    cause = lost.args[0] if lost.args else None
    reason = getattr(cause, "reason", None) or cause
    kind = type(reason if isinstance(reason, BaseException) else lost).__name__
    return f"no answer ({kind})"
