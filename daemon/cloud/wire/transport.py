"""One OSS question -> one answer, through oss2: it signs, and the connections are ours.

oss2's own session merges the environment's proxies, .netrc and cookies into every request, follows redirects and has a
pool of 10; connections.py does none of that. What the guard lets through is signed, sent once, and answered. Errors go
through errors.py before oss2 can cut them down. Reads are asked again by `Wire.asked`; writes have nothing of the kind.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import oss2

from ossmend.config.regions import host_of
from ossmend.daemon.cloud.credentials import Provider, StaticProvider
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire import domains
from ossmend.daemon.cloud.wire.connections import SMALL, Connections, Response, Wire
from ossmend.daemon.cloud.wire.deadline import half_of_it
from ossmend.daemon.cloud.wire.errors import (
    BODY_CAP,
    SIGNED_FOR,
    BadAnswer,
    NoAnswer,
    NotAsked,
    WrongEndpoint,
    oss_answer,
)
from ossmend.daemon.cloud.wire.guard import (
    COPY_SOURCE,
    IMAGE_INFO,
    NEW_OBJECT,
    ONE_JOB,
    UNSIGNED,
    Guard,
    WriteForbidden,
)
from ossmend.daemon.cloud.wire.http1 import Headers
from ossmend.daemon.cloud.wire.place import split
from ossmend.daemon.cloud.wire.regions import Regions, learn

BUCKETS = 1024

logging.getLogger("oss2").setLevel(logging.WARNING)
"""Below that it logs Authorization, security token and string to sign."""


class Answer:
    """A successful answer, in the shape that oss2's results are made from."""

    def __init__(self, response: Response, body: bytes | None) -> None:
        self.status = response.status
        self.headers: Headers = response.headers
        self.request_id: str = response.headers.get("x-oss-request-id", "")
        self._response = response
        self._body = body

    @property
    def body(self) -> bytes:
        return self._body or b""

    def read(self, amt: int | None = None) -> bytes:
        """The body, once; what oss2's parsers call."""
        body, self._body = self.body, b""
        return body if amt is None else body[:amt]

    def download(self) -> Iterator[bytes]:
        """The body of an object as it comes in. Raises NoAnswer."""
        return self._response.download()

    def small(self) -> bytes:
        """The body of an object that is a few bytes at most. Raises NoAnswer."""
        return self._response.whole(SMALL)

    def close(self) -> None:
        """Give up what has not been read."""
        self._response.close()


class _GuardedAuth:
    """Asks the guard, notes the operation on the request, and only then lets oss2 sign."""

    def __init__(self, guard: Guard, provider: Provider) -> None:
        self._guard = guard
        self._provider = provider

    def _sign_request(self, request: Any, bucket: str, key: str) -> None:
        body = bool(request.data)
        request.operation = self._guard.oss_operation(request.method, bucket, key, _named(request), body=body)
        request.bucket = bucket
        held = self._provider.get_credentials()
        request.access_key_id = held.access_key_id
        signer = oss2.ProviderAuthV4(StaticProvider(held))  # it must be the one that the answer is about
        signer._sign_request(request, bucket, key)  # noqa: SLF001  # oss2 calls its signers by this name

    def _sign_url(self, *_: object, **__: object) -> str:
        raise WriteForbidden("a signed URL could be sent by anybody, to any end")

    _sign_rtmp_url = _sign_url

    def auth_version(self) -> str:
        return "v4"


def _named(request: Any) -> set[str]:
    """What the guard tells operations apart by: query parameters, and those that only a value or a header tells."""
    named = {*request.params}
    if request.params.get("x-oss-process") == "image/info":
        named = (named - {"x-oss-process"}) | {IMAGE_INFO}
    if request.method == "GET" and {"batchJob", "batchJobId"} <= named:
        named = (named - {"batchJob"}) | {ONE_JOB}
    if request.headers.get(NEW_OBJECT) == "true":
        named = named | {NEW_OBJECT}
    return named | ({COPY_SOURCE} & {name.lower() for name in request.headers})


class _Session:
    """What oss2 calls its session: sends what the guard has seen and oss2 has signed, and refuses everything else."""

    def __init__(self, wire: Wire, guard: Guard, provider: Provider, regions: Regions) -> None:
        self._connections = Connections(wire, guard.methods)
        self._standing = wire.standing
        self._provider = provider
        self._regions = regions

    def do_request(self, request: Any, timeout: object) -> Answer:  # noqa: ARG002  # oss2 passes its own; ours are set
        operation = getattr(request, "operation", None)
        if operation is None:
            raise WriteForbidden(f"{request.method} was not checked by the guard before it was signed")
        response = self._connections.send(
            operation, request.method, request.url, request.params, request.headers, request.data or b"",
            part=request.bucket,
        )  # fmt: skip
        domain = self._regions.domain(request.bucket)
        if domain is not None and split(request.url)[0] == domain:
            asked = (request.bucket, request.region)
            refusal = domains.refusal(domain, operation, response, self._regions, asked)
            of_key = refusal is None or domains.tells_of_the_key(refusal)
            if refusal is not None and refusal.code in domains.OF_AN_OBJECT:
                self._regions.answered(request.bucket, request.region)
        else:
            refusal = None if 200 <= response.status < 300 else self._refused(operation, request, response)
            of_key = not isinstance(refusal, WrongEndpoint)  # the region is looked at before the key
        if refusal is not None:
            refusal = refusal.of_session(request.access_key_id, self._provider)
        if of_key:
            self._standing.answered(refusal)
        if refusal is not None:
            raise refusal
        self._regions.answered(request.bucket, request.region)
        return Answer(response, None if operation == "GetObject" else response.whole())

    def _refused(self, operation: str, request: Any, response: Response) -> BadAnswer:
        error = oss_answer(operation, response.status, response.headers, response.whole(BODY_CAP))
        if isinstance(error, WrongEndpoint):
            learn(self._regions, error, request.bucket, request.region)
        elif response.status == 403 and error.code != "SignatureDoesNotMatch":
            # the endpoint is looked at before rights and states are
            self._regions.answered(request.bucket, request.region)
        return error


class Oss:
    """OSS as one guard allows it: signed calls through oss2. Thread-safe; a bucket's client is made once."""

    def __init__(self, settings: CloudSettings, wire: Wire, guard: Guard, regions: Regions | None = None) -> None:
        """`regions`: where it is known already; the clients of one account share it."""
        self.asked = wire.asked
        self._settings = settings
        self._auth = _GuardedAuth(guard, settings.credentials)
        self._regions = regions or Regions(settings)
        self._session = _Session(wire, guard, settings.credentials, self._regions)
        self._buckets: dict[tuple[str, str], Any] = {}

    def bucket(self, name: str) -> Any:
        """oss2's client for a bucket, at its domain or in its region. The caller has checked the name: it becomes part
        of a host.
        """
        return self._in(self._regions.of(name), self._regions.url(name), name)

    def _in(self, region: str, url: str, name: str) -> Any:
        found = self._buckets.get((url, name))
        if found is None or found.region != region:
            if len(self._buckets) >= BUCKETS:
                self._buckets.clear()
            found = oss2.Bucket(
                self._auth, url, name, is_cname=url == self._regions.domain(name), session=self._session,
                app_name=self._settings.agent, enable_crc=False, region=region,
            )  # fmt: skip
            self._buckets[url, name] = found
        return found

    def call(
        self,
        method: str,
        bucket: str,
        key: str = "",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request without a body, made again in the bucket's own region where that was not known. Raises NoAnswer,
        BadAnswer.
        """
        self.locate(bucket)
        if self._settings.one_for_all and self._regions.sure(bucket) is None and not self._regions.domain(bucket):
            self._find(bucket)
        try:
            return self._once(method, bucket, key, params, headers)
        except WrongEndpoint as elsewhere:
            if not elsewhere.news:
                raise
            wrong = elsewhere
        try:
            return self._once(method, bucket, key, params, headers)
        except BadAnswer as again:
            if SIGNED_FOR not in again.message:
                raise
        self._regions.forget(bucket)  # one host, and it leads to one region whatever is signed for
        raise wrong

    def _once(
        self, method: str, bucket: str, key: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None
    ) -> Answer:
        answer: Answer = self.bucket(bucket)._do(  # noqa: SLF001  # oss2's public methods parse, and lose, what we read
            method, bucket, key, params=dict(params or {}), headers=dict(headers or {})
        )
        return answer

    def locate(self, bucket: str) -> None:
        """Find out where a bucket with a domain is, before it is asked there: the domain takes signatures for its own
        region alone, and never says which one that is. Raises nothing of the cloud: if nobody tells it, the account's
        own region is tried.
        """
        if self._regions.domain(bucket) is not None and self._regions.sure(bucket) is None:
            with suppress(NoAnswer, NotAsked), half_of_it():
                self._find(bucket)

    def _find(self, bucket: str) -> None:
        """Ask the account's usual endpoint: whatever it answers tells the region. Where that is one host for all
        regions it does not, and a public one is asked.
        """
        region = self._settings.bare_region
        url = f"https://{host_of(region)}" if self._settings.one_for_all else self._settings.oss_url
        try:
            self._in(region, url, bucket)._do(  # noqa: SLF001  # as above
                "GET", bucket, "", params={"bucketInfo": ""}
            )
        except WrongEndpoint as elsewhere:
            if elsewhere.region is not None:
                self._regions.answered(bucket, elsewhere.region)
        except BadAnswer:
            pass  # no right to ask: that was said in the right region

    def at_region_of(
        self,
        bucket: str,
        method: str,
        params: Mapping[str, str],
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request to the endpoint of the bucket's region, which names no bucket. Raises NoAnswer, BadAnswer."""
        service = oss2.Service(
            self._auth, self._regions.endpoint(bucket), session=self._session, app_name=self._settings.agent,
            region=self._regions.of(bucket),
        )  # fmt: skip
        answer: Answer = service._do(  # noqa: SLF001  # as in `call`
            method, "", "", params=dict(params), data=body, headers=dict(headers or {})
        )
        return answer

    def list_buckets(self, prefix: str = "", most: int = 1) -> Answer:
        """The one question that names no bucket: the first whose names begin so. Raises NoAnswer, BadAnswer."""
        settings = self._settings
        service = oss2.Service(
            self._auth,
            f"https://{host_of(settings.bare_region)}" if settings.one_for_all else settings.oss_url,
            session=self._session,
            app_name=self._settings.agent,
            region=self._settings.bare_region,
        )
        wanted = {"max-keys": str(most)} | ({"prefix": prefix} if prefix else {})
        answer: Answer = service._do("GET", "", "", params=wanted)  # noqa: SLF001  # as in `call`
        return answer


class Unsigned:
    """Requests that anybody could make: a browser's preflight, a look at OSS's clock."""

    def __init__(self, wire: Wire) -> None:
        self.asked = wire.asked
        self._connections = Connections(wire, frozenset({"GET", "OPTIONS"}))

    def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, *, bucket: str = "", key: str = ""
    ) -> tuple[Response, bytes]:
        """Whatever is answered, success or not. Raises NoAnswer, NotAsked."""
        operation = UNSIGNED.oss_operation(method, bucket, key, (), body=False)
        response = self._connections.send(operation, method, url, headers=headers, part=bucket)
        return response, response.whole(BODY_CAP)
