"""A question about OSS -> its answer, asked now. No cache here: view.py has one, executor.py must not.

Every method may raise TryAgain or Refused; refusals that are themselves answers (404 of an object, no CORS rules) come
back as values. Reads that fail on the way are asked again here, a few times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlsplit

from ossmend.daemon.cloud.settings import is_literal
from ossmend.daemon.cloud.wire import answers as wire
from ossmend.daemon.cloud.wire.elements import Unreadable
from ossmend.daemon.cloud.wire.errors import NotOss, WrongEndpoint, oss_answer
from ossmend.daemon.cloud.wire.regions import Regions, learn
from ossmend.daemon.cloud.wire.transport import Answer, Oss, Unsigned
from ossmend.remediators.contract.answers import LifecycleRule
from ossmend.remediators.contract.values import CorsConfiguration, Missing, ObjectRef, ObjectState, PreflightAnswer
from ossmend.remediators.contract.verdict import Refused

Result = TypeVar("Result")

PAGE = 1000


class Reads:
    """The closed list of questions, each sent once it is asked."""

    def __init__(self, oss: Oss, unsigned: Unsigned, regions: Regions) -> None:
        self._oss = oss
        self._unsigned = unsigned
        self._regions = regions

    def locate(self, bucket: str) -> None:
        """For those who write: see Oss.locate. Nothing that writes may ask by itself."""
        self._oss.locate(bucket)

    def head(self, ref: ObjectRef) -> ObjectState | Missing:
        impossible = _impossible(ref)
        if impossible is not None:
            return impossible
        try:
            return self.ask("HeadObject", "HEAD", ref, lambda answer: wire.head_state(ref, answer.headers))
        except Refused as refused:
            missing = _missing(ref, refused)
            if missing is None:
                raise
            return missing

    def reads(self, ref: ObjectRef) -> bool:
        """One byte, by the road the application takes. The rest is dropped where OSS sends more than was asked for."""
        if _impossible(ref) is not None:
            return False

        def probe() -> bool:
            answer = self._oss.call("GET", ref.bucket, ref.key, _version(ref), {"Range": "bytes=0-0"})
            if answer.status == 206:
                answer.small()
            answer.close()
            return answer.status in (200, 206)

        try:
            return self._oss.asked(probe)
        except Refused as refused:
            if refused.status == 416:
                return True
            if refused.status == 404 or (refused.status, refused.code) == (403, "InvalidObjectState"):
                return False
            raise

    def page(self, bucket: str, prefix: str, start_after: str, max_keys: int = PAGE) -> wire.Page:
        """Objects after `start_after`, at most 1,000, current versions only."""
        params = {"list-type": "2", "encoding-type": "url", "max-keys": str(max_keys)}
        params |= {"prefix": prefix} if prefix else {}
        params |= {"start-after": start_after} if start_after else {}
        return self.of_bucket("ListObjectsV2", bucket, params, lambda answer: wire.page(bucket, answer.body))

    def cors(self, bucket: str) -> CorsConfiguration:
        try:
            return self.of_bucket("GetBucketCors", bucket, {"cors": ""}, lambda answer: wire.cors(answer.body))
        except Refused as refused:
            if refused.code == "NoSuchCORSConfiguration":
                return CorsConfiguration()
            raise

    def lifecycle_rules(self, bucket: str) -> tuple[LifecycleRule, ...]:
        try:
            params = {"lifecycle": ""}
            return self.of_bucket("GetBucketLifecycle", bucket, params, lambda answer: wire.lifecycle(answer.body))
        except Refused as refused:
            if refused.code == "NoSuchLifecycle":
                return ()
            raise

    def archive_direct_read(self, bucket: str) -> bool:
        """Off where it was never set and where the region does not know it."""
        operation, params = "GetBucketArchiveDirectRead", {"bucketArchiveDirectRead": ""}
        try:
            return self.of_bucket(operation, bucket, params, lambda answer: wire.direct_read(answer.body))
        except Refused as refused:
            if refused.code == "NotImplemented" or (refused.status == 404 and refused.code != "NoSuchBucket"):
                return False
            raise

    def preflight(
        self, bucket: str, key: str | None, origin: str, method: str, headers: tuple[str, ...]
    ) -> PreflightAnswer:
        """What a browser would send, from here. The headers' names are sent sorted and in small letters, as it does."""
        _known_bucket("OptionObject", bucket)
        if key is not None and not wire.possible_key(key):
            key = None  # the rules are the bucket's; the object need not exist
        carried = {"Origin": origin, "Access-Control-Request-Method": method.upper()}
        if headers:
            carried["Access-Control-Request-Headers"] = ",".join(sorted(name.lower() for name in headers))

        def ask(*, again: bool = False) -> PreflightAnswer:
            region, url = self._regions.of(bucket), self._browser_url(bucket, key or "")
            response, body = self._unsigned.ask("OPTIONS", url, carried, bucket=bucket, key=key or "")
            if (domain := self._regions.domain(bucket)) is not None and not response.headers.get("x-oss-request-id"):
                raise NotOss(domain, "OptionObject", response.status)
            told = oss_answer("OptionObject", response.status, response.headers, body)
            if isinstance(told, WrongEndpoint):  # no browser that has the right address was told so
                learn(self._regions, told, bucket, region)
                if told.news and not again:
                    return ask(again=True)
                raise told
            if told.passing:
                raise told
            success = response.status < 300
            code, message = ("", "") if success else (told.code, told.message)
            return wire.preflight(response.status, response.headers, code, message)

        return self._unsigned.asked(ask)

    def _browser_url(self, bucket: str, key: str) -> str:
        """bucket.host on real OSS, which refuses anything else; the bucket in the path where the host is an address;
        neither at its own domain, which the pages of such a bucket use.
        """
        path = quote(key, safe="")
        domain = self._regions.domain(bucket)
        if domain is not None:
            return f"{domain}/{path}"
        parts = urlsplit(self._regions.url(bucket))
        if is_literal(parts.hostname or ""):
            return f"{parts.scheme}://{parts.netloc}/{bucket}/{path}"
        return f"{parts.scheme}://{bucket}.{parts.netloc}/{path}"

    def of_bucket(
        self, operation: str, bucket: str, params: dict[str, str], read: Callable[[Answer], Result]
    ) -> Result:
        """A question about a bucket; `read` makes the answer of it. Raises TryAgain, Refused."""
        _known_bucket(operation, bucket)
        return self.ask(operation, "GET", ObjectRef(bucket, ""), read, params)

    def ask(
        self,
        operation: str,
        method: str,
        ref: ObjectRef,
        read: Callable[[Answer], Result],
        params: dict[str, str] | None = None,
    ) -> Result:
        """A question about one object; `read` makes the answer of it. Raises TryAgain, Refused."""
        answer = self._oss.asked(lambda: self._oss.call(method, ref.bucket, ref.key, _version(ref) | (params or {})))
        try:
            return read(answer)
        except Unreadable as bad:
            raise wire.unreadable(operation, bad, answer.request_id or None) from bad


def _version(ref: ObjectRef) -> dict[str, str]:
    return {"versionId": ref.version_id} if ref.version_id else {}


def _impossible(ref: ObjectRef) -> Missing | None:
    """OSS cannot have it: not worth a request, and a bucket's name must not become somebody's host."""
    if not wire.possible_bucket(ref.bucket):
        return Missing("bucket")
    if ref.version_id and not (ref.version_id.isascii() and ref.version_id.isprintable()):
        return Missing("version")
    return None if wire.possible_key(ref.key) else Missing("object")


def _known_bucket(operation: str, bucket: str) -> None:
    if not wire.possible_bucket(bucket):
        raise Refused(operation, "NoSuchBucket", f"no bucket can be called {bucket[:80]!r}")


def _missing(ref: ObjectRef, refused: Refused) -> Missing | None:
    """Only OSS's own word counts: a 404 without a code may be a proxy's."""
    match refused.status, refused.code:
        case 404, "NoSuchBucket":
            return Missing("bucket")
        case (404 | 405, "NoSuchVersion") | (405, "MethodNotAllowed") if ref.version_id:
            return Missing("version")  # 405: the version is a delete marker
        case (404, "NoSuchKey" | "SymlinkTargetNotExist") | (400, "InvalidObjectName"):
            return Missing("object")  # 400: no object can have that name, as one that begins with a slash
    return None
