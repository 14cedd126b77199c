"""Fragments -> refusals: what speaks of one refused request is put together, once, in order of appearance.

A Java exception prints header lines and the XML body of the same request; Node prints the message and then the object; a
traceback prints the same dict twice. The rule: request ids decide where there are any; a code never joins another code; two
full fragments of one shape are two requests; words and status lines join the fuller fragment beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ossmend.daemon.sources.shapes import browser, json_lines, mentions, pairs, xml_body
from ossmend.daemon.sources.shapes.fragment import Fragment
from ossmend.daemon.sources.shapes.names import KNOWN_CODES
from ossmend.daemon.sources.shapes.records import Record

REQUEST_ID = re.compile(r"[0-9A-Fa-f]{16,40}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Z]{16}")
NEAR = 4000
"""Fragments further apart than this are of two requests, unless a request id says otherwise."""
ABOUT_ERRORS = frozenset({"code", "request_id", "ec", "status", "key_id", "signature", "string_to_sign", "oss_err"})
LOOKBACK = 3
ADJACENT = 2


@dataclass(slots=True)
class Refusal:
    """All that a text tells about one refused request."""

    fragment: Fragment
    record: Record
    shapes: set[str]
    text_start: int
    """Where in the record the error itself begins: what stands before it is about the request."""
    contexts: list[Fragment] = field(default_factory=list)


def fragments_of(text: str) -> list[Fragment]:
    """Every fragment in a plain text, by place."""
    bodies = list(xml_body.find(text))
    rest = text
    for body in bodies:
        rest = _blank(rest, body.start, body.end) if len(bodies) < 50 else rest
    if len(bodies) >= 50:
        rest = _blank_all(text, bodies)
    dicts = list(pairs.find(rest))
    for each in dicts:
        _decode_header(each)
    full = [each for each in dicts if "code" in each.facts]
    rest = _blank_all(rest, full)
    found = [*bodies, *dicts, *mentions.find(rest), *browser.find(text)]
    found.sort(key=lambda fragment: (fragment.start, fragment.end))
    return found


def _blank(text: str, start: int, end: int) -> str:
    return f"{text[:start]}{' ' * (end - start)}{text[end:]}"


def _blank_all(text: str, fragments: list[Fragment]) -> str:
    parts: list[str] = []
    at = 0
    for fragment in fragments:
        if fragment.start >= at:
            parts += (text[at : fragment.start], " " * (fragment.end - fragment.start))
            at = fragment.end
    return "".join((*parts, text[at:]))


def _decode_header(fragment: Fragment) -> None:
    """A HEAD has no body: OSS puts it, in base64, into x-oss-err."""
    encoded = fragment.facts.pop("oss_err", "")
    if not encoded:
        return
    import base64
    import binascii

    try:
        body = base64.b64decode(encoded, validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return
    for inner in xml_body.find(body):
        fragment.absorb(Fragment(fragment.start, fragment.end, "xml", inner.facts, inner.extra))


def refusals_of(records: list[Record]) -> list[Refusal]:
    """The refused requests that these records tell of, in order of appearance."""
    gathering = _Gathering()
    for record in records:
        record.text = xml_body.opened(record.text)
        for fragment in _fragments(record):
            fragment.record = record.number
            _normalise(fragment)
            gathering.take(fragment, record)
    return gathering.refusals


def _fragments(record: Record) -> list[Fragment]:
    if not record.objects:
        return fragments_of(record.text)
    found: list[Fragment] = []
    for document in record.objects:
        found += json_lines.find(document, 0, lambda text: fragments_of(xml_body.opened(text)))
    return found


def _normalise(fragment: Fragment) -> None:
    """Spell codes and ids as OSS does; keep what is no id (masked, cut, made up) only as told."""
    facts = fragment.facts
    code = facts.get("code", "").strip()
    name = facts.pop("error_name", "").rpartition(".")[2].removesuffix("Exception").removesuffix("Error")
    if not code and name in KNOWN_CODES:
        facts["code"] = name
    elif code:
        bare = code.removesuffix("Error")
        facts["code"] = bare if bare in KNOWN_CODES else code
    request_id = facts.get("request_id", "").strip()
    if request_id and not REQUEST_ID.fullmatch(request_id):
        fragment.note("RequestId", facts.pop("request_id"))
    ec = facts.get("ec", "").strip()
    if ec and not re.fullmatch(r"\d{4}-\d{8}", ec):
        fragment.note("EC", facts.pop("ec"))


class _Gathering:
    """The refusals so far, while fragments come in by place."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []
        self._by_id: dict[str, Refusal] = {}
        self._waiting: list[Fragment] = []
        self._record = -1

    def take(self, fragment: Fragment, record: Record) -> None:
        if record.number != self._record:
            self._record, self._waiting = record.number, []
        if fragment.shape == "context" or not (ABOUT_ERRORS & fragment.facts.keys() or fragment.weak or self._tells(fragment)):
            self._take_context(fragment)
            return
        joined = self._join(fragment)
        if joined is None:
            joined = Refusal(fragment, record, {fragment.shape}, fragment.start)
            joined.contexts += [each for each in self._waiting if fragment.start - each.end < NEAR]
            self.refusals.append(joined)
        self._waiting = []
        request_id = joined.fragment.facts.get("request_id")
        if request_id:
            self._by_id.setdefault(request_id, joined)

    @staticmethod
    def _tells(fragment: Fragment) -> bool:
        return fragment.shape in ("xml", "browser_console", "page")

    def _take_context(self, fragment: Fragment) -> None:
        """Of a JSON line it is about every refusal in it; in plain text about the next one, else about the last."""
        if fragment.shape == "context":
            for refusal in self.refusals[-64:]:
                if refusal.record.number == fragment.record:
                    refusal.contexts.append(fragment)
            return
        self._waiting.append(fragment)
        del self._waiting[:-8]
        last = self.refusals[-1] if self.refusals else None
        if last is not None and last.record.number == fragment.record and len(last.contexts) < 8:
            if "\n" not in last.record.text[last.fragment.end : fragment.start]:
                last.contexts.append(fragment)

    def _join(self, fragment: Fragment) -> Refusal | None:
        request_id = fragment.facts.get("request_id")
        if request_id and (known := self._by_id.get(request_id)) is not None and _agree(known.fragment, fragment):
            return self._joined(known, fragment)
        for refusal in self.refusals[: -LOOKBACK - 1 : -1]:
            if _agree(refusal.fragment, fragment) and _beside(refusal, fragment) and _one_request(refusal, fragment):
                return self._joined(refusal, fragment)
        return None

    @staticmethod
    def _joined(refusal: Refusal, fragment: Fragment) -> Refusal:
        same_record = refusal.record.number == fragment.record
        into = refusal.fragment
        if into.weak and not fragment.weak:  # the fuller one leads: its status and message are the error's own
            if into.facts.get("status") and "status" in fragment.facts:
                del into.facts["status"]
            into.shape = fragment.shape
            if "code" not in into.facts or "message" in fragment.facts:
                into.facts.pop("message", None)
        elif into.shape in ("pairs", "status", "page") and fragment.shape not in ("text", "status", "page", "pairs"):
            into.shape = fragment.shape
        ends = (into.start, into.end)
        into.absorb(fragment)
        if not same_record:
            into.start, into.end = ends[0], max(ends[1], len(refusal.record.text))
        refusal.shapes.add(fragment.shape)
        return refusal


def _agree(one: Fragment, other: Fragment) -> bool:
    """Nothing that identifies a request differs."""
    for name in ("request_id", "code", "ec"):
        mine, theirs = one.facts.get(name), other.facts.get(name)
        if mine and theirs and mine.upper() != theirs.upper():
            return False
    mine, theirs = one.extra.get("RequestId"), other.extra.get("RequestId")
    return not (mine and theirs and mine != theirs)


def _beside(refusal: Refusal, fragment: Fragment) -> bool:
    """In the same record and near; or in the next records, where one has the request and the other the error."""
    into = refusal.fragment
    if refusal.record.number == fragment.record:
        return fragment.start - into.end < NEAR
    if fragment.record - refusal.record.number > ADJACENT or fragment.weak or into.weak:
        return False
    one = "code" not in into.facts and "request_id" in into.facts and refusal.shapes != {"xml"}
    return one and "request_id" not in fragment.facts and fragment.shape == "xml"


def _one_request(refusal: Refusal, fragment: Fragment) -> bool:
    """May two fragments that agree and stand together be of one request?"""
    into = refusal.fragment
    if refusal.record.objects and fragment.start == into.start:
        return True
    both_coded = "code" in into.facts and "code" in fragment.facts
    if into.facts.get("request_id") and into.facts.get("request_id") == fragment.facts.get("request_id"):
        return True
    if into.weak and fragment.weak:
        between = refusal.record.text[into.end : fragment.start]
        return "\n" not in between or not ("code" in into.facts or "message" in into.facts) or fragment.shape in ("status", "page")
    if fragment.weak or into.weak:
        return True
    if into.shape == "browser_console" or fragment.shape == "browser_console":
        return False
    return fragment.shape not in refusal.shapes if both_coded else True
