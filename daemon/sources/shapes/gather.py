"""Fragments -> refusals: what speaks of one refused request is put together, once, in order of appearance.

A Java exception prints header lines and the XML body of the same request; Node prints the message and then the object;
a traceback prints the same dict twice. The rule: request ids decide where there are any; a code never joins another
code; two full fragments of one shape are two requests; words and status lines join the fuller fragment beside them.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from urllib.parse import unquote

from ossmend.daemon.sources.shapes import browser, json_lines, mentions, pairs, xml_body
from ossmend.daemon.sources.shapes.escapes import opened
from ossmend.daemon.sources.shapes.forged import without_clients_words
from ossmend.daemon.sources.shapes.fragment import Fragment
from ossmend.daemon.sources.shapes.names import KNOWN_CODES
from ossmend.daemon.sources.shapes.records import Record, goes_on
from ossmend.remediators.contract import Origin

REQUEST_ID = re.compile(r"[0-9A-Fa-f]{16,40}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Z]{16}")
OSS_ID = re.compile(r"[0-9A-F]{24}")
NEAR = 4000
"""Fragments further apart than this are of two requests, unless a request id says otherwise."""
ABOUT_ERRORS = frozenset({"code", "request_id", "ec", "status", "key_id", "signature", "string_to_sign", "oss_err"})
_ADDRESS = re.compile(r"https?://|\w/\w|\.com|\"(?:GET|PUT|POST|HEAD|DELETE|OPTIONS) ")
LINES_INSIDE = 60
LOOKBACK = 3
MOST_CONTEXTS = 8
ADJACENT = 2


@dataclass(slots=True)
class Refusal:
    """All that a text tells about one refused request."""

    fragment: Fragment
    record: Record
    shapes: set[str]
    contexts: list[Fragment] = field(default_factory=list)
    after: int = 0
    """Where in the record the refusal before it ends, ..."""
    before: int = 1 << 62
    """... and where the line of the next one begins: nothing outside is about this one."""
    overshadowed: bool = False
    """A lone status beside a refusal that has its own."""


def fragments_of(text: str) -> list[Fragment]:
    """Every fragment in a plain text, by place."""
    bodies = list(xml_body.find(text))
    consoles = sorted(browser.find(text), key=lambda fragment: fragment.start)
    rest = _blank(_blank(text, bodies), consoles)
    dicts = list(pairs.find(rest, [body.start for body in bodies]))
    for each in dicts:
        _decode_header(each)
    full = [each for each in dicts if "code" in each.facts]
    rest = _blank(rest, full)
    found = [*bodies, *dicts, *mentions.find(rest), *consoles]
    found.sort(key=lambda fragment: (fragment.start, fragment.end))
    return found


def _blank(text: str, fragments: list[Fragment]) -> str:
    """The text with blanks where these fragments stand, so that nothing is found twice."""
    if not fragments:
        return text
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
        record.text = opened(record.text)
        record.own = without_clients_words(record.text)
        found = _fragments(record)
        for fragment in found:
            fragment.record = record.number
            _normalise(fragment)
        _set_wrappers_aside(found)
        for fragment in found if record.objects else _line_by_line(found, record.text):
            gathering.take(fragment, record)
    refusals = _told_once(gathering.refusals)
    _bound(refusals)
    return refusals


def _told_once(refusals: list[Refusal]) -> list[Refusal]:
    """Without those that were told in two pieces: the one with the request id takes in what the other says."""
    found: list[Refusal] = []
    for refusal in refusals:
        last = found[-1] if found else None
        if last is None or not _told_again(last, refusal):
            found.append(refusal)
            continue
        kept, other = (refusal, last) if "request_id" in refusal.fragment.facts else (last, refusal)
        start, end = kept.fragment.start, kept.fragment.end
        _unite(kept.fragment, other.fragment)
        kept.fragment.start, kept.fragment.end = start, end
        kept.contexts += other.contexts
        kept.shapes |= other.shapes
        found[-1] = kept
    return found


def _bound(refusals: list[Refusal]) -> None:
    """Give every refusal of a record its own stretch of the text."""
    coded = {refusal.record.number for refusal in refusals if "code" in refusal.fragment.facts}
    for one, other in pairwise(refusals):
        if one.record is other.record and one.fragment.end <= other.fragment.start:
            one.before = other.after = _end_of(one, other.fragment.start)
    for refusal in refusals:
        fragment = refusal.fragment
        lone = fragment.weak and not {"code", "message"} & fragment.facts.keys()
        refusal.overshadowed = lone and refusal.record.number in coded


def _end_of(refusal: Refusal, limit: int) -> int:
    """The end of the line that a refusal ends on, and of the lines below that look like its inside."""
    text, end = refusal.record.text, refusal.fragment.end
    line = text.find("\n", end, limit)
    if line < 0:
        return end
    for _ in range(LINES_INSIDE):
        following = text.find("\n", line + 1, limit)
        if following < 0 or not goes_on(text[line + 1 : min(following, line + 200)]):
            break
        line = following
    return line + 1


def _line_by_line(fragments: list[Fragment], text: str) -> list[Fragment]:
    """What stands on one line and agrees is one, before anything is joined over lines."""
    found: list[Fragment] = []
    for fragment in fragments:
        last = found[-1] if found else None
        if (
            last is not None
            and _same_line(last, fragment, text)
            and _agree(last, fragment)
            and _complete_each_other(last, fragment)
        ):
            _unite(last, fragment)
        else:
            found.append(fragment)
    return found


def _same_line(one: Fragment, other: Fragment, text: str) -> bool:
    return other.start - one.end < NEAR and "\n" not in text[one.end : other.start]


def _complete_each_other(one: Fragment, other: Fragment) -> bool:
    if "browser_console" in (one.shape, other.shape):
        return one.weak or other.weak
    if one.weak or other.weak:
        return bool(ABOUT_ERRORS & one.facts.keys() or one.weak) and bool(
            ABOUT_ERRORS & other.facts.keys() or other.weak
        )
    return False


def _unite(into: Fragment, fragment: Fragment) -> None:
    """Take what the other has. The fuller one leads: its status and message are the error's own."""
    if into.weak and not fragment.weak:
        for name in ("status", "message"):
            if name in fragment.facts:
                into.facts.pop(name, None)
        into.shape = fragment.shape
    elif into.shape in ("pairs", "status", "page") and fragment.shape not in ("text", "status", "page", "pairs"):
        into.shape = fragment.shape
    into.absorb(fragment)


def _fragments(record: Record) -> list[Fragment]:
    if not record.objects:
        return fragments_of(record.own)
    found = fragments_of(without_clients_words(record.plain)) if record.plain else []
    for document in record.objects:
        found += json_lines.find(
            document, len(record.plain), lambda text: fragments_of(without_clients_words(opened(text)))
        )
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


def _set_wrappers_aside(found: list[Fragment]) -> None:
    """Beside an error of OSS's, a code that OSS does not know, another kind of request id or a status that is no
    refusal's are a wrapper's own: they are context.
    """
    inner = [fragment for fragment in found if _is_of_oss(fragment)]
    for fragment in found:
        facts = fragment.facts
        if fragment.weak or fragment in inner or not any(_near(fragment, each) for each in inner):
            continue
        if facts.get("code") not in KNOWN_CODES:
            facts.pop("code", None)
        if "request_id" in facts:
            fragment.note("RequestId.wrapper", facts.pop("request_id"))
        if facts.get("status") not in ("400", "403"):
            facts.pop("status", None)


def _is_of_oss(fragment: Fragment) -> bool:
    facts = fragment.facts
    if OSS_ID.fullmatch(facts.get("request_id", "")) or "ec" in facts:
        return True
    known = facts.get("code") in KNOWN_CODES
    return known and (not fragment.weak or "said" in fragment.extra) and "request_id" not in facts


def _near(one: Fragment, other: Fragment) -> bool:
    return max(one.start, other.start) - min(one.end, other.end) < NEAR // 2


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
        if fragment.shape == "context" or not (
            ABOUT_ERRORS & fragment.facts.keys() or fragment.weak or self._tells(fragment)
        ):
            self._take_context(fragment)
            return
        joined = self._join(fragment, record)
        if joined is None:
            joined = Refusal(fragment, record, {fragment.shape})
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
        if last is None or last.record.number != fragment.record or len(last.contexts) >= MOST_CONTEXTS:
            return
        if "\n" not in last.record.text[last.fragment.end : fragment.start]:
            last.contexts.append(fragment)

    def _join(self, fragment: Fragment, record: Record) -> Refusal | None:
        request_id = fragment.facts.get("request_id")
        if request_id and (known := self._by_id.get(request_id)) is not None and _agree(known.fragment, fragment):
            self._drop_prelude(known, fragment)
            return self._joined(known, fragment)
        if self.refusals and _echoes(self.refusals[-1], fragment, record.own):
            return self.refusals[-1]
        for refusal in self.refusals[: -LOOKBACK - 1 : -1]:
            if _agree(refusal.fragment, fragment) and _beside(refusal, fragment) and _one_request(refusal, fragment):
                return self._joined(refusal, fragment)
        return None

    def _drop_prelude(self, known: Refusal, fragment: Fragment) -> None:
        """Words just before a request that was told already belong to it: Java's message above its block."""
        last = self.refusals[-1]
        if last is known or not last.fragment.weak or "code" in last.fragment.facts:
            return
        if _agree(last.fragment, fragment) and _beside(last, fragment):
            self.refusals.pop()

    @staticmethod
    def _joined(refusal: Refusal, fragment: Fragment) -> Refusal:
        into = refusal.fragment
        refusal.shapes.add(fragment.shape)
        start, end = into.start, into.end
        _unite(into, fragment)
        if refusal.record.number != fragment.record:
            into.start, into.end = start, max(end, len(refusal.record.text))
        elif fragment.start - end > NEAR:
            into.start, into.end = start, end  # told again far below: the first place is the one to quote
        return refusal


def _agree(one: Fragment, other: Fragment) -> bool:
    """Nothing that identifies a request differs."""
    if _other_object(one, other):
        return False
    for name in ("request_id", "code", "ec"):
        mine, theirs = one.facts.get(name), other.facts.get(name)
        if mine and theirs and mine.upper() != theirs.upper():
            return False
    mine, theirs = one.extra.get("RequestId"), other.extra.get("RequestId")
    return not (mine and theirs and mine != theirs)


def _other_object(one: Fragment, other: Fragment) -> bool:
    """Both name an object for certain, and not the same: two requests, even if somebody gave them one id."""
    mine, theirs = _named(one), _named(other)
    return bool(mine and theirs and unquote(mine) != unquote(theirs))


def _named(fragment: Fragment) -> str:
    key, origin = fragment.fact("object")
    return key.lstrip("/") if origin is Origin.BODY else ""


def _beside(refusal: Refusal, fragment: Fragment) -> bool:
    """In the same record and near; or in the next records, where one has the request and the other the error."""
    into = refusal.fragment
    if refusal.record.number == fragment.record:
        return fragment.start - into.end < NEAR
    if fragment.record - refusal.record.number > ADJACENT or fragment.weak or into.weak:
        return False
    one = "code" not in into.facts and "request_id" in into.facts and refusal.shapes != {"xml"}
    return one and "request_id" not in fragment.facts and fragment.shape == "xml"


def _told_again(one: Refusal, other: Refusal) -> bool:
    """The same code with and without its request id, one after the other: a program told its refusal in two pieces."""
    mine, theirs = one.fragment.facts, other.fragment.facts
    if "code" not in mine or mine["code"] != theirs.get("code") or not _agree(one.fragment, other.fragment):
        return False
    if ("request_id" in mine) == ("request_id" in theirs):
        return False
    apart = other.record.number - one.record.number
    if apart > 1 or (apart == 0 and (one.record.objects or other.fragment.start - one.fragment.end > NEAR)):
        return False
    if apart and not _at_once(one.record.stamp, other.record.stamp):
        return False
    both = mine.keys() & theirs.keys() & {"bucket", "object", "key", "host", "url", "ec"}
    return all(mine[name] == theirs[name] for name in both)


def _at_once(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return True
    return (one.tzinfo is None) == (other.tzinfo is None) and abs((one - other).total_seconds()) <= 1


def _echoes(refusal: Refusal, fragment: Fragment, text: str) -> bool:
    """`ERROR 403: Forbidden.` on the next line: the same refusal in other words, if nothing is named that is new."""
    alone = {"status"}
    return (
        refusal.fragment.facts.keys() == alone == fragment.facts.keys()
        and refusal.fragment.facts == fragment.facts
        and fragment.record - refusal.record.number == 1
        and _ADDRESS.search(text) is None
    )


def _one_request(refusal: Refusal, fragment: Fragment) -> bool:
    """May two fragments that agree and stand together be of one request?"""
    into = refusal.fragment
    if refusal.record.objects and fragment.start == into.start and not (refusal.shapes == {"json"} == {fragment.shape}):
        return True
    both_coded = "code" in into.facts and "code" in fragment.facts
    if into.facts.get("request_id") and into.facts.get("request_id") == fragment.facts.get("request_id"):
        return True
    if into.weak and fragment.weak:
        between = refusal.record.text[into.end : fragment.start]
        return (
            "\n" not in between
            or not ("code" in into.facts or "message" in into.facts)
            or fragment.shape in ("status", "page")
        )
    if "code" not in fragment.facts and _begins_anew(refusal, fragment):
        return False
    if fragment.weak or into.weak:
        return True
    if into.shape == "browser_console" or fragment.shape == "browser_console":
        return _same_console(into, fragment)
    return fragment.shape not in refusal.shapes if both_coded else True


def _same_console(one: Fragment, other: Fragment) -> bool:
    """A message of the console and the network line of the same request."""
    origins = {each.facts["origin"] for each in (one, other) if "origin" in each.facts}
    if one.shape != other.shape or len(origins) > 1:
        return False
    mine, theirs = one.facts.get("url", "").partition("?")[0], other.facts.get("url", "").partition("?")[0]
    if mine and theirs:
        return mine == theirs
    return browser.NETWORK in (one.extra if not mine else other.extra)


def _begins_anew(refusal: Refusal, fragment: Fragment) -> bool:
    """A second status on a line of its own, that looks like no inside of anything: the next error begins there."""
    into = refusal.fragment
    if "status" not in fragment.facts or "status" not in into.facts or "code" not in into.facts:
        return False
    text = refusal.record.text
    if refusal.record.number != fragment.record or "\n" not in text[into.end : fragment.start]:
        return False
    line = text.rfind("\n", into.end, fragment.start) + 1
    return not goes_on(text[line : line + 200].partition("\n")[0])
