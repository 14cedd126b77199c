"""A refusal -> an Event: the contract's words, aware times, one best place, no secrets, nothing that a store cannot
keep.

Nothing is believed here that the text does not say: a masked request id is no request id, a code that is cut off is no
code, a custom domain names no bucket. Next: the sources hand the events to triage.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from ossmend.daemon.host.redact import redact
from ossmend.daemon.sources.parsers import place, times
from ossmend.daemon.sources.parsers.escapes import readable
from ossmend.daemon.sources.parsers.foreign import says_oss, stranger
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.messages import SHARED, implied_code
from ossmend.daemon.sources.parsers.names import GENERIC, KNOWN_CODES, NOT_REFUSALS, REFUSALS, SAID_TO_S3_CLIENTS
from ossmend.daemon.sources.parsers.same_request import Refusal
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Event, Origin, Reading
from ossmend.remediators.contract.values import ObjectRef

SAMPLE = 4096
BEFORE = 1024
MOST_FIELDS = 64
LONGEST_FIELD = 8192
ABOVE = 1024
"""So much of what a paste says above its only refusal may tell that a HEAD was asked."""
LONGEST_MESSAGE = 2048
V1_LENGTH = 28
"""Characters of a V1 signature: SHA-1 in base64."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_METHODS = frozenset({"GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS"})
_OPERATION = re.compile(r"[A-Z][A-Za-z0-9]{3,40}")
_SAID_OPERATION = re.compile(
    r"operation error (?:S3: )?([A-Z][A-Za-z0-9]{3,40})[:,]|when calling the ([A-Z][A-Za-z0-9]{3,40}) operation"
)
_BODYLESS = re.compile(
    r"\bHead(?:Object|Bucket)\b|\bGetObjectMeta\b|\bForbidden: Forbidden\b|S3Exception: null \("
    r"|Error Code: 403 Forbidden"
    r"|'details': \{\}|ErrorCode=, ErrorMessage=\"\"|\bHEAD (?:https?://|/|[\w.-]{3,200}aliyuncs\.com)|\bHEAD\b.{0,40}\b403\b"
    r"|(?i:head_?(?:object|bucket))"
    r"|\bmethod(?:_string)?['\"]?[ =:]{1,3}['\"]?HEAD\b|--> HEAD |\bcurl -\w{0,8}I\b|-X ?HEAD\b|--spider\b"
    r"|doesObjectExist|object_exists|GetFileStatus|getFileStatus|\bBucketExists\b"
    r"|No further error information was returned|UnknownError: Unknown error|\.head\(|: {2}RequestId: "
)
"""A refusal without a code is that of a HEAD: SDKs print it so, since the answer has no body."""
_AGENT = re.compile(
    r"\b(?:http_)?user[-_ ]?agent\\{0,8}[\"']?[ \t]{0,4}[=:][ \t]{0,4}"
    r"(?:\\{0,8}[\"']([^\"'\n\\]{1,1024})|([^\s\"'\\][^\s,;]{0,1023}))",
    re.IGNORECASE,
)
LONGEST_AGENT = 1024
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::\d{1,5})?")
_ADDRESS = re.compile(r"[0-9a-fA-F:.]{3,45}")
_QUERY_SECRET = re.compile(
    r"(?i)(?:signature|token|secret|credential|ossaccesskeyid|expires|x-oss-(?:date|expires|process-sign))=[^&#\s]*&?"
)
_OSS_ID = re.compile(r"[0-9A-F]{24}")
_OSS_EC = re.compile(r"(?<!\d)\d{4}-\d{8}(?!\d)")


def event_of(refusal: Refusal, *, source: str, now: datetime | None, strict: bool, words: bool) -> Event | None:
    """The event of one refusal; None where the text, looked at as a whole, tells of none."""
    fragment, record = refusal.fragment, refusal.record
    begin, end = max(refusal.after, fragment.start - BEFORE), min(refusal.before, fragment.end + BEFORE)
    inner = "" if record.objects else record.own[begin:end]
    around = f"{inner}\n{refusal.words}" if refusal.words else inner
    whose = stranger(fragment, around, _line(record.text, fragment))
    if not _is_refusal(refusal, around, whose, strict=strict, words=words):
        return None
    if whose is None and "code" not in fragment.facts and (implied := implied_code(fragment.facts.get("message", ""))):
        fragment.put("code", implied, Origin.IMPLIED)
    context = _context(refusal)
    facts = fragment.facts
    before = len(around) if record.objects else fragment.start - begin
    where = place.find(fragment, context, _own(around, before), before)
    if where.bucket is None and where.key is None and not strict:
        where = place.guess(refusal.prelude or around[:before], refusal.sequel)
    code = None if whose else facts.get("code")
    key_id = facts.get("key_id") or (context.facts.get("key_id") if context else None)
    request_id = facts.get("request_id") or _hex_id(context)
    cors = _cors(facts, context)
    return Event(
        source=source,
        shape=fragment.shape,
        code=_clean(code),
        status=_status(facts, context, code),
        message=_clean(_message(refusal)),
        request_id=_clean(request_id),
        ec=_one_ec(facts, around, fragment.start - begin) or _context_ec(context),
        host=_clean(facts.get("host") or _first(context, "host")),
        bucket=None if whose else _clean(where.bucket),
        key=None if whose else _clean(where.key),
        version_id=_clean(where.version_id),
        readings=tuple(
            Reading(ObjectRef(_sure(r.ref.bucket), _sure(r.ref.key), _clean(r.ref.version_id)), r.origin)
            for r in where.readings
        ),
        origins=_origins(fragment, context, where, code),
        method=_head(code, around if strict else f"{around}\n{refusal.prelude[-ABOVE:]}")
        or _method(facts, context, where),
        operation=_operation(facts, context, around),
        url=_clean(without_secrets(where.url)) if where.url else None,
        access_key_id=_clean(key_id[:256]) if key_id else None,
        requester_id=_clean(facts.get("requester") or _first(context, "requester")),
        client=_client(facts, context),
        user_agent=_clean(_agent(facts, context, record.text[begin:end])),
        time=_time(refusal, context, request_id, now),
        request_time=times.read_iso(facts["request_time"]) if "request_time" in facts else None,
        server_time=times.read_iso(facts["server_time"]) if "server_time" in facts else None,
        fields=_fields(refusal, context, whose),
        sample=_sample(refusal, begin),
        origin=cors.origin,
        origin_from="origin" if cors.origin else None,
        cors_method=cors.method,
        cors_headers=cors.headers,
    )


def _line(text: str, fragment: Fragment) -> str:
    """The lines that the fragment stands on, a thousand signs to each side at most."""
    begin, end = max(fragment.start - BEFORE, 0), fragment.end + BEFORE
    return text[begin : fragment.start].rpartition("\n")[2] + text[fragment.start : end].partition("\n")[0]


# ------------------------------------------------------------------------------------------------------- is it one?


def _is_refusal(refusal: Refusal, around: str, whose: str | None, *, strict: bool, words: bool) -> bool:
    fragment = refusal.fragment
    facts = fragment.facts
    status = facts.get("status")
    if status and status.startswith("5") and facts.get("code") in REFUSALS and not fragment.weak:
        del facts["status"]  # what a wrapper answered: OSS has no 5xx of this name
    elif status and not status.startswith("4") and (strict or facts.get("code") not in causes.CODES):
        return False  # no refusal; but somebody who pastes a code that is known wants it explained
    if fragment.shape == "browser_console":
        return not strict or says_oss(fragment, around)
    code = facts.get("code")
    if refusal.overshadowed:
        return False
    if whose is not None:
        return bool(code) and (not fragment.weak or "said" in fragment.extra)
    message = facts.get("message", "")
    oss = says_oss(fragment, around) or (implied_code(message) is not None and not message.startswith(tuple(SHARED)))
    if code is None:
        return _codeless(refusal, oss=oss, strict=strict)
    if fragment.weak:
        said = "said" in fragment.extra or _OSS_ID.fullmatch(facts.get("request_id", "")) is not None
        return (said and (not strict or oss or (code not in GENERIC and "message" in facts))) or words
    return (
        oss
        or (code in KNOWN_CODES and (not strict or code not in GENERIC or fragment.shape == "xml"))
        or (not strict and (fragment.shape == "xml" or (code in SAID_TO_S3_CLIENTS and "said" in fragment.extra)))
    )


def _codeless(refusal: Refusal, *, oss: bool, strict: bool) -> bool:
    """A refusal without a code: an EC, a code that is cut off, OSS's own words, or a 403 that is OSS's."""
    fragment = refusal.fragment
    facts = fragment.facts
    if strict and fragment.weak and "bare" in fragment.extra and not {"status", "message"} & facts.keys():
        return False  # a number alone, in somebody's log: nothing says that it was refused
    if strict and fragment.weak and "lone" in fragment.extra:
        return False
    if "code_cut" in fragment.extra or facts.get("ec") or {"string_to_sign", "signature"} & facts.keys():
        return oss or not strict
    if facts.get("message") and "said" in fragment.extra:
        return oss or not strict
    if facts.get("status") == "403":
        return oss or not strict
    return "page" in fragment.extra and "security system" in fragment.extra["page"]


# ------------------------------------------------------------------------------------------------------ what it says


def _origins(fragment: Fragment, context: Fragment | None, where: place.Place, code: str | None) -> dict[str, Origin]:
    """Where the facts that decide came from, for those that are told."""
    found: dict[str, Origin] = {}
    if code:
        found["code"] = fragment.fact("code")[1]
    if where.bucket and where.bucket_from is not None:
        found["bucket"] = where.bucket_from
    if where.key and where.key_from is not None:
        found["key"] = where.key_from
        if where.version_id:
            found["version_id"] = where.key_from
    for name in ("request_id", "client", "copy_source"):
        if name in fragment.facts:
            found[name] = fragment.fact(name)[1]
        elif context is not None and name in context.facts:
            found[name] = Origin.RECORD
    return found


def _context(refusal: Refusal) -> Fragment | None:
    if not refusal.contexts:
        return None
    merged = Fragment(0, 0, "context")
    for context in refusal.contexts:
        merged.absorb(context)
    return merged


def _own(around: str, before: int) -> str:
    """Without the lines of an earlier record part that would name another object: the last lines before the error."""
    lines = around[:before].rfind("\n\n")
    return around if lines < 0 else " " * (lines + 2) + around[lines + 2 :]


def _status(facts: dict[str, str], context: Fragment | None, code: str | None) -> int | None:
    status = facts.get("status") or _first(context, "status") or ""
    if status.isdigit():
        return int(status)
    return NOT_REFUSALS.get(code or "")


def _message(refusal: Refusal) -> str | None:
    """The error's message; Java prints it on the line above `[ErrorCode]`, behind the exception's name."""
    message = refusal.fragment.facts.get("message")
    if message is None and "java" in refusal.shapes:
        above = refusal.record.text[refusal.after : refusal.fragment.start].rstrip("[ \t").removesuffix("\\n").rstrip()
        message = re.split(
            r"(?:Exception|request|异常)[:：] |[:：]\[|\|\s{2,}", above.rpartition("\n")[2][-LONGEST_MESSAGE:]
        )[-1].strip()
        message = None if message.endswith("Exception:") else message
    if not message:
        return None
    return redact(message[:LONGEST_MESSAGE].replace("\\'", "'").replace('\\"', '"'))


def _one_ec(facts: dict[str, str], around: str, start: int) -> str | None:
    """The EC; none where the same line names several, as in somebody's notes about it."""
    ec = facts.get("ec")
    if ec is None:
        return None
    at = around.find(ec, max(0, start))
    line = around[around.rfind("\n", 0, max(at, 0)) + 1 :].partition("\n")[0] if at >= 0 else ""
    several = f"{ec} (" in line and len(set(_OSS_EC.findall(line))) > 1
    return None if several else ec


def _context_ec(context: Fragment | None) -> str | None:
    told = _first(context, "ec") or ""
    return told if _OSS_EC.fullmatch(told) else None


def _method(facts: dict[str, str], context: Fragment | None, where: place.Place) -> str | None:
    for told in (facts.get("method"), where.method, _first(context, "method"), facts.get("url", "").partition(" ")[0]):
        if told and told.strip().upper() in _METHODS:
            return told.strip().upper()
    signed = facts.get("string_to_sign", "").partition("\n")[0].strip()
    return signed if signed in _METHODS else None


def _head(code: str | None, around: str) -> str | None:
    return "HEAD" if code in (None, "Forbidden") and _BODYLESS.search(around) else None


def _operation(facts: dict[str, str], context: Fragment | None, around: str) -> str | None:
    if found := _SAID_OPERATION.search(around):
        return found[1] or found[2]
    for told in (facts.get("operation"), _first(context, "operation")):
        if told and _OPERATION.fullmatch(told):
            return told
    return None


def _client(facts: dict[str, str], context: Fragment | None) -> str | None:
    told = (facts.get("client") or _first(context, "client") or "").partition(",")[0].strip()
    if re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}:\d{1,5}", told):
        told = told.partition(":")[0]
    return told if _ADDRESS.fullmatch(told) else None


def _agent(facts: dict[str, str], context: Fragment | None, text: str) -> str | None:
    """What the client called itself. It is read from the text as it was: an agent is no error, and still a name."""
    if told := facts.get("user_agent") or _first(context, "user_agent"):
        return told[:LONGEST_AGENT]
    found = _AGENT.search(text) if "agent" in text.lower() else None
    return (found[1] or found[2])[:LONGEST_AGENT] if found else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a browser asked for in a preflight."""

    origin: str | None
    method: str | None
    headers: tuple[str, ...]


def _cors(facts: dict[str, str], context: Fragment | None) -> _Asked:
    origin = facts.get("origin") or _first(context, "origin")
    found = _ORIGIN.match(origin.strip()) if origin else None
    method = facts.get("cors_method") or _first(context, "cors_method")
    if method is None and origin:
        method = facts.get("method") or _first(context, "method")
        method = None if method == "OPTIONS" else method
    headers = facts.get("cors_headers") or _first(context, "cors_headers") or ""
    names = tuple(
        name.strip() for name in re.split(r"[,\s]+", headers)[:64] if re.fullmatch(r"[\w-]{1,100}", name.strip())
    )
    asked = method.strip().upper() if method and method.strip().upper() in _METHODS else None
    return _Asked(_clean(found[0]), asked, names) if found else _Asked(None, asked, ())


def _time(refusal: Refusal, context: Fragment | None, request_id: str | None, now: datetime | None) -> datetime | None:
    stamp = refusal.record.stamp
    if stamp is None and (told := _first(context, "time")):
        stamp = times.read_stamp(told) or times.read_number(told)
    return times.settle(stamp, request_id, now)


def _hex_id(context: Fragment | None) -> str | None:
    told = _first(context, "request_id") or ""
    return told if re.fullmatch(r"[0-9A-F]{24}", told) else None


def _fields(refusal: Refusal, context: Fragment | None, whose: str | None) -> dict[str, str]:
    """What has no field of its own in the contract; never a signature or a token."""
    fragment = refusal.fragment
    facts = fragment.facts
    found = {name: value for name, value in fragment.extra.items() if name not in ("said", "page", "SignatureProvided")}
    if "string_to_sign" in facts:
        signed = facts["string_to_sign"]
        found["StringToSign"] = signed if "\n" in signed else signed.replace("\\n", "\n")
    if signature := facts.get("signature"):
        # the signature itself is gone; what its shape tells about the fault stays
        bare = signature.strip()
        found["signature_length"] = str(len(bare))
        if re.search(r"\s", bare) or (len(bare) == V1_LENGTH - 1 and bare.endswith("=")):
            # its end is there and one sign is not: the first one was a +, became a blank, and was trimmed
            found["signature_has_blank"] = "yes"
        if "%" in signature:
            found["signature_has_percent"] = "yes"
    if "resource" in facts:
        found["Resource"] = facts["resource"]
    if "string_to_sign_cut" in facts:
        found["StringToSign.cut"] = facts["string_to_sign_cut"]
    if context is not None:
        found = {**{name: value for name, value in context.extra.items() if len(value) < 300}, **found}
    if source := facts.get("copy_source") or _first(context, "copy_source"):
        found["x-oss-copy-source"] = source
    if whose is not None:
        found["stranger"] = whose
        if facts.get("code"):
            found["code"] = facts["code"]
    kept = list(found.items())[:MOST_FIELDS]
    return {
        _sure(name): _sure(redact(f"{value[:LONGEST_FIELD]}")) for name, value in kept if name != "StringToSignBytes"
    }


def _sample(refusal: Refusal, begin: int) -> str:
    """The lines that tell it, from the first one; of a JSON line its beginning."""
    if refusal.line:
        return _sure(redact(readable(refusal.line[:SAMPLE])))
    text, fragment = refusal.record.text, refusal.fragment
    line = text.rfind("\n", begin, fragment.start)
    start = begin if line < 0 or fragment.start - begin < BEFORE // 2 else line + 1
    end = text.find("\n", fragment.end, start + SAMPLE)
    return _sure(redact(text[start : min(end if end >= 0 else len(text), start + SAMPLE)]))


def without_secrets(url: str) -> str:
    """A URL or path without the values of its query that sign it."""
    path, mark, query = url.partition("?")
    return redact(f"{path}{mark}{_QUERY_SECRET.sub('', query).rstrip('&')}".rstrip("?"))[:4096]


def _first(context: Fragment | None, name: str) -> str | None:
    return context.facts.get(name) if context is not None else None


def _clean(text: str | None) -> str | None:
    return _sure(text) if text else None


def _sure(text: str) -> str:
    return text if text.isprintable() else _UNSTORABLE.sub("\ufffd", text)
