"""What went wrong on the wire -> what we do next: TryAgain, Refused, and for writes Unsettled or NotSent.

The SDKs lose half of an error (nested details, bodies over 4096 bytes or in chunks, a HEAD's header) and print secrets
with the rest. Therefore connections.py hands every answer that is not a success to this file, whole, before
an SDK sees it. Nothing here is ever a finding about the user: these are refusals of our own requests.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from ossmend.config.regions import region_of
from ossmend.daemon.cloud.credentials import OVER, Provider
from ossmend.daemon.host.redact import mask_key_id, printable, redact
from ossmend.remediators.contract.verdict import Refused, TryAgain

BODY_CAP = 1024 * 1024
MESSAGE_CAP = 1000
SOON, THROTTLED = timedelta(seconds=5), timedelta(seconds=30)
WRONG_REGION = "WrongRegion"
"""Our own word for it: OSS's code is AccessDenied, and would be taken for a matter of rights."""
SIGNED_FOR = "Invalid signing region"
"""How OSS says that a signature names another region than the endpoint's own (docs/facts.md)."""
NOT_OSS = "NotOss"
"""Our own word, too: something that is not OSS has answered at a bucket's own domain."""
DOMAIN_NEEDED = "say the bucket's own domain in cloud.domains, or network: internal"
_ELSEWHERE = "must be addressed using the specified endpoint"
RENEWED = timedelta(seconds=1)
_PERMANENT_5XX = frozenset({501, 505})
_THROTTLES = frozenset(
    """QpsLimitExceeded TotalQpsLimitExceeded DownloadTrafficRateLimitExceeded UploadTrafficRateLimitExceeded
    ActiveRequestLimitExceeded CpuLimitExceeded MetaOperationQpsLimitExceeded ServiceUnavailable SlowDown
    TooManyRequests RequestTimeout ReadQuotaExceed ShardReadQuotaExceed ProjectQuotaExceed""".split()
)


class NoAnswer(Exception):
    """No whole answer came. `left` tells whether the request may have reached the other side."""

    def __init__(self, operation: str, why: str, *, left: bool) -> None:
        super().__init__(f"{operation}: {why}")
        self.operation = operation
        self.why = why
        self.left = left


class BadAnswer(Exception):
    """An answer that is not a success, read whole."""

    def __init__(
        self, operation: str, status: int, code: str, message: str, request_id: str | None, after: timedelta
    ) -> None:
        super().__init__(f"{operation}: {status} {code} ({request_id or 'no request id'}): {message}")
        self.operation = operation
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.after = after
        self._renewed = False

    def of_session(self, access_key_id: str, credentials: Provider) -> BadAnswer:
        """The same, to a request that this key has signed. If it says that the key's session is over, there may be
        another: then a question is not answered yet, and of a write nothing was done.
        """
        if self.code.startswith(OVER) and credentials.renew(access_key_id):
            self._renewed, self.after = True, RENEWED
        return self

    @property
    def throttled(self) -> bool:
        """Turned away before anything was done."""
        return self._renewed or self.status == 429 or self.code in _THROTTLES or self.code.startswith("Throttling")

    @property
    def passing(self) -> bool:
        """Waiting may help."""
        return self.throttled or self.status == 408 or (self.status >= 500 and self.status not in _PERMANENT_5XX)


class WrongEndpoint(BadAnswer):
    """The bucket is in another region than the one that was asked: no refusal of our rights, and nothing was done."""

    region: str | None = None
    """Where it is; None where the answer names no host of OSS."""
    asked: str = ""
    """Where it was asked for: transport.py fills it in."""
    news: bool = False
    """Was that not known before? Then asking again is worth it: transport.py says so."""

    def sentence(self) -> str:
        return f"this bucket is in {self.region or 'another region'}, the request went to {self.asked}"


class WrongSigning(WrongEndpoint):
    """A bucket's own domain does not take signatures for this region. It does not say which one it would take."""

    domain: str = ""
    sure: bool = False
    """Is it known that the bucket is in that region?"""

    def sentence(self) -> str:
        refuses = f'{self.domain} refuses signatures for {self.asked} ("{self.message}")'
        if self.sure:
            return f"{refuses}, where this bucket is: the domain leads to another bucket"
        return f"{refuses}, and where this bucket is OSS's own host did not tell: set region to the bucket's"


class NotOss(BadAnswer):
    """Something that is not OSS has answered at a bucket's own domain. Nobody knows what it has done."""

    def __init__(self, domain: str, operation: str, status: int) -> None:
        said = f"{domain} answered {status}, and not as OSS does: a CDN or a web server is there, not the bucket"
        # what OSS means by a status it does not mean; only that the service is down, anybody may say
        super().__init__(operation, status if status >= 500 else 0, NOT_OSS, said, None, THROTTLED)


class NotAsked(TryAgain):
    """Nothing was sent, since nobody would answer: asking again at once is no use."""


class Unsettled(Exception):
    """A write left and its answer was lost: only reading the world tells whether it took effect."""


class NotSent(Exception):
    """A write did not leave, for certain."""


def of_read(error: NoAnswer | BadAnswer) -> TryAgain | Refused:
    """What a failed question means."""
    if isinstance(error, NoAnswer):
        return TryAgain(str(error), SOON)
    if error.passing:
        return TryAgain(str(error), error.after)
    return _refused(error)


def of_write(error: NoAnswer | BadAnswer) -> TryAgain | Refused | Unsettled | NotSent:
    """What a failed write means. Only what OSS turned away before doing anything may simply be tried again."""
    if isinstance(error, NoAnswer):
        return Unsettled(str(error)) if error.left else NotSent(str(error))
    if error.throttled:
        return TryAgain(str(error), error.after)
    if isinstance(error, WrongEndpoint) and error.news:
        return TryAgain(error.sentence(), SOON)
    return Unsettled(str(error)) if error.passing or isinstance(error, NotOss) else _refused(error)


def _refused(error: BadAnswer) -> Refused:
    if isinstance(error, WrongEndpoint):
        return Refused(error.operation, WRONG_REGION, error.sentence(), error.request_id, error.status)
    code = error.code or f"HTTP {error.status}"
    message = f"{error.message} ({DOMAIN_NEEDED})" if code == "PublicEndpointForbidden" else error.message
    return Refused(error.operation, code, message, error.request_id, error.status)


# ------------------------------------------------------------------------------------------------- reading the answer


def oss_answer(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> BadAnswer:
    """OSS's error, from its body or, for a HEAD, from the header that stands in for one."""
    if not body and headers.get("x-oss-err"):
        body = _base64(headers["x-oss-err"])
    code, message = _code_and_message(body)
    request_id = headers.get("x-oss-request-id") or None
    if code == "AccessDenied" and _ELSEWHERE in message:
        elsewhere = WrongEndpoint(operation, status, code, without_secrets(message), request_id, SOON)
        elsewhere.region = region_of(_element(body, "Endpoint"))
        return elsewhere
    return BadAnswer(operation, status, code, without_secrets(message), request_id, _after(headers))


def rpc_answer(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> BadAnswer:
    """RAM's error: JSON, or the gateway's XML, or a page of HTML by something in between."""
    try:
        told: Any = json.loads(body)
    except ValueError:
        told = None
    if isinstance(told, dict):
        code, message, request_id = (str(told.get(name) or "") for name in ("Code", "Message", "RequestId"))
    else:
        (code, message), request_id = _code_and_message(body), ""
    request_id = request_id or headers.get("x-acs-request-id", "")
    return BadAnswer(operation, status, code, without_secrets(message), request_id or None, _after(headers))


_UNAUTHORIZED = (("security token", "InvalidSecurityToken"), ("AccessKeyId", "InvalidAccessKeyId"))


def log_answer(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> BadAnswer:
    """The log service's error: `{"errorCode", "errorMessage"}`, its request id in a header. `Unauthorized` is said of a
    missing right, of a key and of a session alike; the words tell which, and the last two get OSS's codes.
    """
    try:
        told: Any = json.loads(body)
    except ValueError:
        told = None
    code, message = (
        (str(told.get(name) or "") for name in ("errorCode", "errorMessage"))
        if isinstance(told, dict)
        else _code_and_message(body)
    )
    code = next((meant for words, meant in _UNAUTHORIZED if code == "Unauthorized" and words in message), code)
    request_id = headers.get("x-log-requestid") or None
    return BadAnswer(operation, status, code, without_secrets(message), request_id, _after(headers))


def parse_xml(body: bytes) -> Element | None:
    """The root element; None where this is no XML, or XML that declares entities."""
    try:
        root: Element = ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an encoding nobody knows
        return None
    return root


def _code_and_message(body: bytes) -> tuple[str, str]:
    root = parse_xml(body)
    if root is not None:
        found = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in root}
        return found.get("Code", ""), found.get("Message", "")
    text = body.decode("utf-8", "replace")
    code = re.search(r"<Code>([A-Za-z0-9._-]{1,100})</Code>", text)
    message = re.search(r"<Message>([^<]{1,2000})</Message>", text)
    return code[1] if code else "", message[1] if message else text[:200]


def _element(body: bytes, name: str) -> str:
    root = parse_xml(body)
    return next((child.text or "" for child in root if child.tag.rpartition("}")[2] == name), "") if root else ""


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _after(headers: Mapping[str, str]) -> timedelta:
    """OSS does not document Retry-After; what stands between us and OSS may send it."""
    told = headers.get("Retry-After", "")
    return timedelta(seconds=min(int(told), 600)) if told.isascii() and told.isdigit() else THROTTLED


_STRING_TO_SIGN = re.compile(r"(server string to sign is:).*", re.IGNORECASE | re.DOTALL)
_KEY_ID = re.compile(r"\b(?:LTAI|STS\.|TMP\.)[A-Za-z0-9._=]{10,}")


def without_secrets(text: str) -> str:
    """Signatures, tokens and strings to sign gone, key ids masked in the middle; one line of readable length."""
    text = redact(_STRING_TO_SIGN.sub(r"\1 ***", text[: 4 * MESSAGE_CAP]))
    return printable(_KEY_ID.sub(lambda found: mask_key_id(found[0]), text))[:MESSAGE_CAP]
