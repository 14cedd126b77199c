"""One record -> its fragments: found by each family of shapes, spelled as OSS spells, wrappers set aside.

What is found by one family is blanked for the next, so that nothing is found twice. Next: gather.py puts together what
speaks of one request.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_left

from ossmend.daemon.sources.parsers import browser, columns, mentions, pairs, stripped, tables, wrapped, xml_body
from ossmend.daemon.sources.parsers.escapes import has_marks, opened
from ossmend.daemon.sources.parsers.forged import without_clients_words
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.messages import CUTS, cut_off
from ossmend.daemon.sources.parsers.names import KNOWN_CODES
from ossmend.daemon.sources.parsers.records import Record
from ossmend.daemon.sources.parsers.same_request import NEAR
from ossmend.remediators.contract.light import regex

REQUEST_ID = regex(r"[0-9A-Fa-f]{16,40}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Z]{16}")
MARKS = "!.,;:)]}'\"。，！；"
"""A sentence may end behind an id."""
WITHIN = 400
"""How far before a refusal the dict or object may open that the text ends in."""
SDKS_OWN = frozenset({"RequestError", "ConnectionTimeout", "ConnectionTimeoutError", "ResponseTimeoutError", "Unknown"})
"""What an SDK calls a request that got no answer: no code of OSS's."""
OSS_ID = regex(r"[0-9A-F]{24}")
_EC = regex(r"\d{4}-\d{8}")
_METRIC = regex(
    r"^[A-Za-z_:][\w:]{0,200}\{[^{}\n]{1,4000}\}[ \t]{1,20}[-+0-9.eE]{1,30}(?:[ \t]{1,20}\d{1,20})?"
    r"(?: # \{[^\n]{1,400})?[ \t]{0,20}$",
    re.MULTILINE,
)
"""`oss_errors_total{code="403"} 7`: a number that is counted, in Prometheus's text format, is no refusal."""
_MEASURED = regex(
    r"^[A-Za-z_][\w.:/-]{0,200}(?:,[\w.-]{1,100}=[^\s,]{1,400}){1,40} [\w.-]{1,100}=[-+\d.eE]{1,30}[iu]?"
    r"(?:,[\w.-]{1,100}=[-+\d.eE]{1,30}[iu]?){0,40}(?: \d{10,20})?[ \t]{0,20}$"
    r"|^[\w.-]{1,200}:[-+\d.eE|:]{1,60}\|(?:c|g|h|ms|s|d)\b[^\n]{0,2000}$"
    r"|^put [\w./-]{1,200} \d{10,13} [-+\d.eE]{1,30}(?: [\w./-]{1,100}=[^\s=]{1,200}){1,40}[ \t]{0,20}$"
    r"|\bmatchers:[ \t]{0,4}(?:[\[{][^\]}\n]{1,2000}[\]}]|(?:\r?\n[ \t]{1,40}- [^\n]{1,400}){1,40})",
    re.MULTILINE,
)
"""The same as InfluxDB, StatsD and OpenTSDB take it; and a route of alerts, which asks for such labels."""
_SELECTED = regex(r"\{[^{}\n]{1,2000}\}\[\d{1,4}(?:ms|[smhdwy])(?::\w{0,8})?\]")
"""`oss_errors_total{code="AccessDenied"}[5m]`: a rule or a query asks for such numbers."""


def of_text(record: Record) -> list[Fragment]:
    """Every fragment of a record's text, by place, ready to be put together."""
    if has_marks(record.text):
        record.text = without_clients_words(record.text)  # while a line is one: a mark in it may be the client's, too
    record.text = opened(record.text)
    record.own = columns.without_clients_cells(without_clients_words(record.text), record.header)
    return ready(fragments_of(record.own, record.header), record)


def ready(found: list[Fragment], record: Record) -> list[Fragment]:
    """Spelled as OSS spells, and with wrappers set aside."""
    written = len(record.own.rstrip(CUTS))
    for fragment in found:
        fragment.record = record.number
        _normalise(fragment)
        _note_cut(fragment, record.own, written)
    _set_wrappers_aside(found)
    return found


def fragments_of(text: str, header: tables.Header | None = None) -> list[Fragment]:
    """Every fragment in a plain text, by place; `header` is that of a table that the text may be a row of."""
    if "{" in text:
        text = _METRIC.sub(lambda line: " " * len(line[0]), text)
    if "}[" in text:
        text = _SELECTED.sub(lambda labels: " " * len(labels[0]), text)
    if _may_be_measured(text):
        text = _MEASURED.sub(lambda line: " " * len(line[0]), text)
    bodies = sorted((*xml_body.find(text), *stripped.find(text)), key=lambda fragment: fragment.start)
    consoles = sorted(browser.find(text), key=lambda fragment: fragment.start)
    rest = _blank(_blank(text, bodies), consoles)
    rows = list(tables.find(rest, header))
    rest = _blank(rest, rows)
    dicts = list(pairs.find(rest, [body.start for body in bodies]))
    for each in dicts:
        _decode_header(each)
    full = [each for each in dicts if "code" in each.facts]
    rest = _blank(rest, full)
    clients = sorted(wrapped.find(rest), key=lambda fragment: fragment.start)
    rest = _blank(rest, clients)
    found = [*bodies, *rows, *dicts, *clients, *mentions.find(rest), *consoles]
    found.sort(key=lambda fragment: (fragment.start, fragment.end))
    return found


def _may_be_measured(text: str) -> bool:
    """Asked of every text, so it asks for little."""
    return (
        ("," in text and (",code=" in text or ",status=" in text or ",error" in text))
        or ("|" in text and ("|c" in text or "|g" in text or "|h" in text or "|ms" in text))
        or "matchers:" in text
        or text.startswith("put ")
        or "\nput " in text
    )


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


def _normalise(fragment: Fragment) -> None:
    """Spell codes and ids as OSS does; keep what is no id (masked, cut, made up) only as told."""
    facts = fragment.facts
    code = facts.get("code", "").strip()
    if code in SDKS_OWN:
        code = facts.pop("code", "") and ""
    name = facts.pop("error_name", "").rpartition(".")[2].removesuffix("Exception").removesuffix("Error")
    if not code and name in KNOWN_CODES:
        facts["code"] = name
    elif code:
        bare = code.removesuffix("Error")
        facts["code"] = bare if bare in KNOWN_CODES else code
    request_id = facts.get("request_id", "").strip().rstrip(MARKS)
    if whole := OSS_ID.match(request_id):
        close = request_id[24:25]  # something may stand close behind it
        request_id = request_id if close.isdigit() or close.islower() or close in set("ABCDEF") else whole[0]
    if request_id:
        facts["request_id"] = request_id
    if request_id and not REQUEST_ID.fullmatch(request_id):
        fragment.note("RequestId", facts.pop("request_id"))
    ec = facts.get("ec", "").strip()
    if ec and not _EC.fullmatch(ec):
        fragment.note("EC", facts.pop("ec"))


def _note_cut(fragment: Fragment, text: str, written: int) -> None:
    """A text that ends within a code, as pastes and shippers cut it, shows a beginning and no code. `written`: where it
    ends, but for what a cut leaves.
    """
    code = fragment.facts.get("code", "")
    if not code:
        _note_cut_body(fragment, text)
        return
    if code in KNOWN_CODES or fragment.end < written:
        return
    if text.endswith(code, 0, written) and any(known.startswith(code) for known in KNOWN_CODES):
        fragment.note("code_cut", fragment.facts.pop("code"))


def _note_cut_body(fragment: Fragment, text: str) -> None:
    """Within a sentence of OSS's, or within a dict or an object: the code may have stood behind the cut."""
    if len(text) - fragment.end > WITHIN:
        return  # far from the end; and a record with a thousand of them is not counted through a thousand times
    message = fragment.facts.get("message", "").rstrip(CUTS)
    if message and text.rstrip(CUTS).endswith(message) and (cut := cut_off(message)) is not None:
        fragment.note("sentence_cut", cut[1])
    if "status" in fragment.facts and not fragment.weak:
        answer = text[max(0, fragment.start - WITHIN) :]
        if answer.count("{") > answer.count("}"):
            fragment.note("body_cut", "yes")


def _set_wrappers_aside(found: list[Fragment]) -> None:
    """Beside an error of OSS's, a code that OSS does not know, another kind of request id or a status that is no
    refusal's are a wrapper's own: they are context.
    """
    inner = [fragment for fragment in found if is_of_oss(fragment)]
    starts = [fragment.start for fragment in inner]
    own = set(map(id, inner))
    for fragment in found:
        if fragment.weak or id(fragment) in own or not _near_one(fragment, inner, starts):
            continue
        facts = fragment.facts
        if facts.get("code") not in KNOWN_CODES:
            facts.pop("code", None)
        if "request_id" in facts:
            fragment.note("RequestId.wrapper", facts.pop("request_id"))
        if facts.get("status") not in ("400", "403"):
            facts.pop("status", None)


def _near_one(fragment: Fragment, inner: list[Fragment], starts: list[int]) -> bool:
    """Is one of them, which are in order of place, near?"""
    at = bisect_left(starts, fragment.start)
    return any(
        max(fragment.start, each.start) - min(fragment.end, each.end) < NEAR // 2
        for each in inner[max(0, at - 1) : at + 1]
    )


def unidentified(wrapper: Fragment) -> Fragment:
    """What a wrapper tells of places, without what identifies its own error."""
    for name in ("code", "message", "request_id", "error_name", "status"):
        wrapper.facts.pop(name, None)
    return wrapper


def is_of_oss(fragment: Fragment) -> bool:
    """Is it OSS's error, by its id, its EC, or a code that OSS has?"""
    facts = fragment.facts
    if OSS_ID.fullmatch(facts.get("request_id", "")) or "ec" in facts:
        return True
    known = facts.get("code") in KNOWN_CODES
    return known and (not fragment.weak or "said" in fragment.extra) and "request_id" not in facts
