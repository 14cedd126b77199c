"""A refusal and what stands around it -> each fact of its event, checked: a status is a number, a method is one that
there is, an address looks like one. None where the text does not say it, or says what it cannot mean.

The refusal's own words come first, its context's (the log call, the access line) behind them. Next: event.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from ossmend.daemon.host.redact import redact
from ossmend.daemon.sources.parsers import times
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.messages import osss_own
from ossmend.daemon.sources.parsers.names import NOT_REFUSALS
from ossmend.daemon.sources.parsers.same_request import Refusal
from ossmend.daemon.sources.parsers.texts import said
from ossmend.remediators.contract.case import Origin
from ossmend.remediators.contract.light import regex

ABOVE = 1024
"""So much of what a paste says above its only refusal may tell that a HEAD was asked."""
LONGEST_MESSAGE = 2048
LONGEST_AGENT = 1024
_METHODS = frozenset({"GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS"})
_OPERATION = regex(r"[A-Z][A-Za-z0-9]{3,40}")
_SAID_OPERATION = regex(
    r"operation error (?:S3: )?([A-Z][A-Za-z0-9]{3,40})[:,]|when calling the ([A-Z][A-Za-z0-9]{3,40}) operation"
)
_BODYLESS = regex(
    r"\bHead(?:Object|Bucket)\b|\bGetObjectMeta\b|\bForbidden: Forbidden\b|S3Exception: null \("
    r"|Error Code: 403 Forbidden"
    r"|ErrorCode=, ErrorMessage=\"\"|\bHEAD (?:https?://|/|[\w.-]{3,200}aliyuncs\.com)|\bHEAD\b.{0,40}\b403\b"
    r"|(?i:head_?(?:object|bucket))"
    r"|\bmethod(?:_string)?['\"]?[ =:]{1,3}['\"]?HEAD\b|--> HEAD |\bcurl -\w{0,8}I\b|-X ?HEAD\b|--spider\b"
    r"|doesObjectExist|object_exists|GetFileStatus|getFileStatus|\bBucketExists\b"
    r"|No further error information was returned|UnknownError: Unknown error|\.head\(|: {2}RequestId: "
)
"""A refusal without a code is that of a HEAD: SDKs print it so, since the answer has no body."""
_NO_DETAILS = "'details': {}"
_NO_HEADS = regex(
    r"'x-oss-request-id': ''|\bin (?:get|put|post|append|copy|list|delete|upload|init|complete|abort|restore|create)_"
    r"(?!object_meta\b)\w{1,40}\b|__do_(?:object|bucket)\(['\"](?:GET|PUT|POST|DELETE)"
)
"""oss2 prints no details for whatever is no XML, a proxy's page, too: OSS sends an id with each answer, and a frame
names the call.
"""
_AGENT = regex(
    r"\b(?:http_)?user[-_ ]?agent\\{0,8}[\"']?[ \t]{0,4}[=:][ \t]{0,4}"
    r"(?:\\{0,8}[\"']([^\"'\n\\]{1,1024})|([^\s\"'\\][^\s,;]{0,1023}))",
    re.IGNORECASE,
)
_ORIGIN = regex(r"https?://[A-Za-z0-9.-]{1,253}(?::\d{1,5})?")
_ADDRESS = regex(r"[0-9a-fA-F:.]{3,45}")
_OSS_ID = regex(r"[0-9A-F]{24}")
_OSS_EC = regex(r"(?<!\d)\d{4}-\d{8}(?!\d)")


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a browser asked for before its request."""

    origin: str | None
    method: str | None
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    refusal: Refusal
    around: str
    """The text around the refusal, in its own record."""
    own: dict[str, str]
    context: Fragment | None

    @staticmethod
    def of(refusal: Refusal, around: str) -> Facts:
        return Facts(refusal, around, refusal.fragment.facts, _context(refusal))

    def get(self, name: str) -> str | None:
        return self.own.get(name) or self.nearby(name)

    def nearby(self, name: str) -> str | None:
        """What the context says."""
        return self.context.facts.get(name) if self.context is not None else None

    def status(self, code: str | None) -> int | None:
        status = self.get("status") or ""
        return int(status) if status.isdigit() else NOT_REFUSALS.get(code or "")

    def message(self) -> str | None:
        """The error's message; Java prints it on the line above `[ErrorCode]`, behind the exception's name."""
        message = self.own.get("message")
        if message is None and "java" in self.refusal.shapes:
            message = _java_message(self.refusal)
        if not message:
            return None
        return redact(osss_own(message[:LONGEST_MESSAGE]).replace("\\'", "'").replace('\\"', '"'))

    def ec(self, start: int) -> str | None:
        """The EC; none where the same line names several, as in somebody's notes about it. `start`: where in the text
        around it the refusal begins.
        """
        ec = self.own.get("ec")
        if ec:
            at = self.around.find(ec, max(0, start))
            line = self.around[self.around.rfind("\n", 0, max(at, 0)) + 1 :].partition("\n")[0] if at >= 0 else ""
            if not (f"{ec} (" in line and len(set(_OSS_EC.findall(line))) > 1):
                return ec
        nearby = self.nearby("ec") or ""
        return nearby if _OSS_EC.fullmatch(nearby) else None

    def request_id(self) -> str | None:
        nearby = self.nearby("request_id") or ""
        return self.own.get("request_id") or (nearby if _OSS_ID.fullmatch(nearby) else None)

    def method(self, of_place: str | None) -> str | None:
        """`of_place`: that of the request that names the object."""
        url = self.own.get("url", "").partition(" ")[0]
        for method in (self.own.get("method"), of_place, self.nearby("method"), url):
            if method and method.strip().upper() in _METHODS:
                return method.strip().upper()
        signed = self.own.get("string_to_sign", "").partition("\n")[0].strip()
        return signed if signed in _METHODS else None

    def is_head(self, code: str | None, *, strict: bool) -> bool:
        """Only the answer of a HEAD has no code, because it has no body."""
        text = self.around if strict else f"{self.around}\n{self.refusal.prelude[-ABOVE:]}"
        if code not in (None, "Forbidden"):
            return False
        return _BODYLESS.search(text) is not None or (_NO_DETAILS in text and not _NO_HEADS.search(text))

    def operation(self) -> str | None:
        if found := _SAID_OPERATION.search(self.around):
            return found[1] or found[2]
        for operation in (self.own.get("operation"), self.nearby("operation")):
            if operation and _OPERATION.fullmatch(operation):
                return operation
        return None

    def client(self) -> str | None:
        client = (self.get("client") or "").partition(",")[0].strip()
        if re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}", client):
            client = client.partition(":")[0]
        return client if _ADDRESS.fullmatch(client) else None

    def agent(self, text: str) -> str | None:
        """What the client called itself. It is read from the text as it was: an agent is no error, and still a name."""
        if agent := self.get("user_agent"):
            return agent[:LONGEST_AGENT]
        found = _AGENT.search(text) if "agent" in text.lower() else None
        return (found[1] or found[2])[:LONGEST_AGENT] if found else None

    def preflight(self) -> Preflight:
        origin = self.get("origin")
        found = _ORIGIN.match(origin.strip()) if origin else None
        method = self.get("cors_method")
        if method is None and origin:
            method = self.get("method")
            method = None if method == "OPTIONS" else method
        told = self.get("cors_headers")
        names = [name.strip() for name in re.split(r"[,\s]+", told)[:64]] if told else []
        headers = tuple(name for name in names if re.fullmatch(r"[\w-]{1,100}", name))
        asked = method.strip().upper() if method and method.strip().upper() in _METHODS else None
        return Preflight(said(found[0]), asked, headers) if found else Preflight(None, asked, ())

    def time(self, now: datetime | None) -> datetime | None:
        stamp = self.refusal.record.stamp
        if stamp is None and (written := self.nearby("time") or self.own.get("time")):
            stamp = times.read_stamp(written) or times.read_number(written)
        return times.settle(stamp, self.request_id(), now)

    def moment(self, name: str) -> datetime | None:
        """A time that the refusal itself gives."""
        return times.read_iso(self.own[name]) if name in self.own else None

    def origin(self, name: str) -> Origin | None:
        """Where a fact came from."""
        if name in self.own:
            return self.refusal.fragment.fact(name)[1]
        return Origin.RECORD if self.context is not None and name in self.context.facts else None


def _context(refusal: Refusal) -> Fragment | None:
    if not refusal.contexts:
        return None
    merged = Fragment(0, 0, "context")
    for context in refusal.contexts:
        merged.absorb(context)
    return merged


def _java_message(refusal: Refusal) -> str | None:
    above = refusal.record.text[refusal.after : refusal.fragment.start].rstrip("[ \t").removesuffix("\\n").rstrip()
    parts = re.split(r"(?:Exception|request|异常)[:：] |[:：]\[|\|\s{2,}", above.rpartition("\n")[2][-LONGEST_MESSAGE:])
    message = parts[-1].strip()
    return None if message.endswith("Exception:") else message
