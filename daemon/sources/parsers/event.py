"""A refusal -> an Event: the contract's words, aware times, one best place, no secrets, nothing that a store cannot
keep.

Nothing is believed here that the text does not say: a masked request id is no request id, a code that is cut off is no
code, a domain that the configuration does not know names no bucket. Next: the sources hand the events to triage.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ossmend.daemon.host.redact import redact
from ossmend.daemon.sources.parsers import denial, place
from ossmend.daemon.sources.parsers.escapes import readable
from ossmend.daemon.sources.parsers.facts import Facts
from ossmend.daemon.sources.parsers.foreign import foreign_service
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.is_refusal import is_refusal
from ossmend.daemon.sources.parsers.messages import implied_code
from ossmend.daemon.sources.parsers.place import Place
from ossmend.daemon.sources.parsers.same_request import Refusal
from ossmend.daemon.sources.parsers.texts import said, storable, without_secrets
from ossmend.remediators.contract.case import Event, Origin, Reading
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.values import ObjectRef

SAMPLE = 4096
BEFORE = 1024
MOST_FIELDS = 64
LONGEST_FIELD = 8192
_OSS_ID = regex(r"[0-9A-F]{24}")
V1_LENGTH = 28
"""Characters of a V1 signature: SHA-1 in base64."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The part of a record's text that belongs to a refusal."""

    begin: int
    end: int
    around: str
    before: int
    """Where in `around` the refusal begins."""

    @staticmethod
    def of(refusal: Refusal) -> _Stretch:
        fragment, record = refusal.fragment, refusal.record
        begin, end = max(refusal.after, fragment.start - BEFORE), min(refusal.before, fragment.end + BEFORE)
        inner = "" if record.objects else record.own[begin:end]
        around = f"{inner}\n{refusal.words}" if refusal.words else inner
        return _Stretch(begin, end, around, len(around) if record.objects else fragment.start - begin)


def event_of(
    refusal: Refusal, domains: Mapping[str, str], *, source: str, now: datetime | None, strict: bool, words: bool
) -> Event | None:
    """The event of one refusal; None where the text, looked at as a whole, tells of none. `domains`: see place.py."""
    fragment, stretch = refusal.fragment, _Stretch.of(refusal)
    service = foreign_service(fragment, stretch.around, _line(refusal.record.text, fragment))
    if not is_refusal(refusal, stretch.around, service, strict=strict, words=words):
        return None
    _imply(fragment, ours=service is None, strict=strict)
    facts = Facts.of(refusal, stretch.around)
    where = _place(facts, stretch, domains, strict=strict)
    return _event(facts, where, stretch, service, source=source, now=now, strict=strict)


def _imply(fragment: Fragment, *, ours: bool, strict: bool) -> None:
    """The code that OSS's own sentence goes with. One that is cut off is explained to whoever pasted it; in a log it
    implies nothing, so nothing is ever written for it.
    """
    cut, message = fragment.extra.pop("sentence_cut", None), fragment.facts.get("message", "")
    if not ours or "code" in fragment.facts:
        return
    if (implied := implied_code(message)) is not None:
        fragment.put("code", implied, Origin.IMPLIED)
    elif cut is not None and not strict:
        fragment.put("code", cut, Origin.IMPLIED)
        fragment.note("sentence_cut", message)


def _line(text: str, fragment: Fragment) -> str:
    """The lines that the fragment stands on, a thousand signs to each side at most."""
    begin, end = max(fragment.start - BEFORE, 0), fragment.end + BEFORE
    return text[begin : fragment.start].rpartition("\n")[2] + text[fragment.start : end].partition("\n")[0]


def _place(facts: Facts, stretch: _Stretch, domains: Mapping[str, str], *, strict: bool) -> Place:
    around, before, refusal = stretch.around, stretch.before, facts.refusal
    where = place.find(refusal.fragment, facts.context, _own(around, before), before, domains)
    if where.bucket is None and where.key is None and not strict:
        return place.guess(refusal.prelude or around[:before], refusal.sequel or around[before:], domains)
    return where


def _own(around: str, before: int) -> str:
    """Without the lines of an earlier record part that would name another object: the last lines before the error."""
    lines = around[:before].rfind("\n\n")
    return around if lines < 0 else " " * (lines + 2) + around[lines + 2 :]


def _event(
    facts: Facts,
    where: Place,
    stretch: _Stretch,
    service: str | None,
    *,
    source: str,
    now: datetime | None,
    strict: bool,
) -> Event:
    refusal = facts.refusal
    code = None if service else facts.own.get("code")
    key_id = facts.get("key_id")
    preflight = facts.preflight()
    return Event(
        source=source,
        shape=refusal.fragment.shape,
        code=said(code),
        status=facts.status(code),
        message=said(facts.message()),
        request_id=said(facts.request_id()),
        ec=facts.ec(refusal.fragment.start - stretch.begin),
        host=said(facts.get("host")),
        bucket=None if service else said(where.bucket),
        key=None if service else said(where.key),
        version_id=said(where.version_id),
        readings=tuple(map(_reading, where.readings)),
        origins=_origins(facts, where, code),
        method="HEAD" if facts.is_head(code, strict=strict) else facts.method(where.method),
        operation=facts.operation(),
        url=said(without_secrets(where.url)) if where.url else None,
        access_key_id=said(key_id[:256]) if key_id else None,
        requester_id=said(facts.get("requester")),
        client=facts.client(),
        user_agent=said(facts.agent(refusal.record.text[stretch.begin : stretch.end])),
        time=facts.time(now),
        request_time=facts.moment("request_time"),
        server_time=facts.moment("server_time"),
        fields=_fields(facts, service, stretch.around if code == "AccessDenied" else ""),
        sample=_sample(refusal, stretch.begin),
        origin=preflight.origin,
        origin_from="origin" if preflight.origin else None,
        cors_method=preflight.method,
        cors_headers=preflight.headers,
    )


def _reading(reading: Reading) -> Reading:
    ref = reading.ref
    return Reading(ObjectRef(storable(ref.bucket), storable(ref.key), said(ref.version_id)), reading.origin)


def _origins(facts: Facts, where: Place, code: str | None) -> dict[str, Origin]:
    """Where the facts that decide came from, for those that are told."""
    found: dict[str, Origin | None] = {
        "code": facts.origin("code") if code else None,
        "bucket": where.bucket_from if where.bucket else None,
        "key": where.key_from if where.key else None,
        "version_id": where.key_from if where.key and where.version_id else None,
    }
    found |= {name: facts.origin(name) for name in ("request_id", "client", "copy_source")}
    return {name: origin for name, origin in found.items() if origin is not None}


def _fields(facts: Facts, service: str | None, around: str) -> dict[str, str]:
    """What has no field of its own in the contract; never a signature or a token. `around`: of a denied request."""
    own, extra, context = facts.own, facts.refusal.fragment.extra, facts.context
    found = {name: value for name, value in context.extra.items() if len(value) < 300} if context is not None else {}
    found |= {name: value for name, value in extra.items() if name not in ("said", "page", "SignatureProvided")}
    found |= _of_signature(own)
    if "resource" in own:
        found["Resource"] = own["resource"]
    if source := facts.get("copy_source"):
        found["x-oss-copy-source"] = source
    if service is not None:
        found["foreign_service"] = service
        if own.get("code"):
            found["code"] = own["code"]
    if around:
        found |= _denial(facts.refusal, around)
    kept = list(found.items())[:MOST_FIELDS]
    return {
        storable(name): storable(redact(value[:LONGEST_FIELD])) for name, value in kept if name != "StringToSignBytes"
    }


def _denial(refusal: Refusal, around: str) -> dict[str, str]:
    """Who lacks what, where a program has printed it in its own way; OSS's own body tells it better."""
    line = refusal.line[:LONGEST_FIELD]
    one = line and len(set(_OSS_ID.findall(line))) == 1  # of several, who knows whose it is
    told = denial.told(line, fields=True) if one else denial.told(around)
    return {} if any(name.startswith(denial.DETAIL) for name in refusal.fragment.extra) else told


def _of_signature(own: dict[str, str]) -> dict[str, str]:
    """What was signed. The signature itself is gone; what its shape tells about the fault stays."""
    found: dict[str, str] = {}
    if "string_to_sign" in own:
        signed = own["string_to_sign"]
        found["StringToSign"] = signed if "\n" in signed else signed.replace("\\n", "\n")
    if signature := own.get("signature"):
        bare = signature.strip()
        found["signature_length"] = str(len(bare))
        if re.search(r"\s", bare) or (len(bare) == V1_LENGTH - 1 and bare.endswith("=")):
            # its end is there and one sign is not: the first one was a +, became a blank, and was trimmed
            found["signature_has_blank"] = "yes"
        if "%" in signature:
            found["signature_has_percent"] = "yes"
    if "string_to_sign_cut" in own:
        found["StringToSign.cut"] = own["string_to_sign_cut"]
    return found


def _sample(refusal: Refusal, begin: int) -> str:
    """The lines that tell it, from the first one; of a JSON line its beginning."""
    if refusal.line:
        return storable(redact(readable(refusal.line[:SAMPLE])))
    text, fragment = refusal.record.text, refusal.fragment
    line = text.rfind("\n", begin, fragment.start)
    start = begin if line < 0 or fragment.start - begin < BEFORE // 2 else line + 1
    end = text.find("\n", fragment.end, start + SAMPLE)
    return storable(redact(text[start : min(end if end >= 0 else len(text), start + SAMPLE)]))
