"""Fragments -> refusals: what speaks of one refused request is put together, once, in order of appearance.

A Java exception prints header lines and the XML body of the same request; Node prints the message and then the object;
a traceback prints the same dict twice. Whether two fragments are of one request is said in same_request.py; this file
goes through them in order. Next: event.py makes the Event.
"""

from __future__ import annotations

from itertools import pairwise

from ossmend.daemon.sources.parsers import json_lines, logfmt, reading, tables
from ossmend.daemon.sources.parsers.forged import without_clients_words
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.records import Record, goes_on, split
from ossmend.daemon.sources.parsers.same_request import (
    ABOUT_ERRORS,
    NEAR,
    Refusal,
    agree,
    announces,
    complete_each_other,
    echoes,
    is_about_another,
    is_adjacent,
    one_request,
    same_line,
    told_again,
)

LINES_INSIDE = 60
LOOKBACK = 3
PRELUDE = 2048
MOST_CONTEXTS = 8


def refusals_of(records: list[Record]) -> list[Refusal]:
    """The refused requests that these records tell of, in order of appearance."""
    gathering = _Gathering()
    header: tables.Header | None = None
    for record in records:
        if not record.objects and (fields := logfmt.read(record.text) or json_lines.over_lines(record.text)):
            record.plain, document = fields
            record.objects.append(document)
        if record.objects and record.plain and _belongs_to_a_client(record):
            record.objects, record.plain = [], ""
        if record.objects:
            gathering.take_all(_of_documents(record))
            continue
        record.header = header
        header = header if header and tables.is_row(record.text, header) else tables.last_header(record.text)
        for fragment in _line_by_line(reading.of_text(record), record.text):
            gathering.take(fragment, record)
    refusals = _told_once(gathering.refusals)
    _bound(refusals)
    if len(refusals) == 1 and not refusals[0].prelude:
        before = (record.own or record.text for record in records if record.number < refusals[0].record.number)
        refusals[0].prelude = "\n".join(before)[-PRELUDE:]
        behind = (record.own or record.text for record in records if record.number > refusals[0].record.number)
        refusals[0].sequel = "\n".join(behind)[:PRELUDE]
    return refusals


def _belongs_to_a_client(record: Record) -> bool:
    """Does the JSON at the end of the line stand in what the line tells of somebody's request?"""
    at = len(record.plain)
    return record.text.startswith("{", at) and not without_clients_words(record.text).startswith("{", at)


def _of_documents(record: Record) -> list[Refusal]:
    """The refusals of a JSON line: each of its strings is a text of its own; the other fields are context to all."""
    found: list[Refusal] = []
    plain = [record.plain] if record.plain.strip() else []
    for document in map(json_lines.read, record.objects):
        told = [_of_string(text, record, document) for text in (*plain, *document.texts)]
        mine = _of_objects(document, record, told)
        for refusals in told:
            _match(mine, refusals)
        for refusal in mine:
            refusal.line = record.text
            refusal.contexts.append(document.context)
        found += mine
        plain = []
    return found


def _of_objects(document: json_lines.Document, record: Record, told: list[list[Refusal]]) -> list[Refusal]:
    """The objects that are errors. Beside an error of OSS's one that is none of OSS's is a wrapper: it is context."""
    errors = reading.ready(list(document.errors), record)
    inner = [refusal.fragment for refusals in told for refusal in refusals]
    if any(map(reading.is_of_oss, (*errors, *inner))):
        for wrapper in (each for each in errors if not reading.is_of_oss(each)):
            document.context.absorb(reading.unidentified(wrapper))
        errors = [each for each in errors if reading.is_of_oss(each)]
    if not errors and not inner and (passed := json_lines.passed_on(document.context)) is not None:
        errors = reading.ready([passed], record)
    return [Refusal(each, record, {"json"}, words=document.words()) for each in errors]


def _of_string(text: str, record: Record, document: json_lines.Document) -> list[Refusal]:
    """A string may hold a whole log of its own."""
    inner = list(split(text))
    for each in inner:
        each.stamp = each.stamp or record.stamp
    refusals = [refusal for refusal in refusals_of(inner) if not refusal.overshadowed]
    for refusal in refusals:
        refusal.record.number, refusal.record.start = record.number, record.start
        refusal.record.starts = record.starts
        refusal.words = document.words(besides=text)
    return refusals


def _match(known: list[Refusal], more: list[Refusal]) -> None:
    """What another string says of a refusal that is known already is put to it, one to one; the rest is new."""
    free = list(known)
    for refusal in more:
        same = next((each for each in free if agree(each.fragment, refusal.fragment)), None)
        if same is None:
            known.append(refusal)
            continue
        free.remove(same)
        if same.fragment.weak or same.record.objects:  # the text that tells more is the one to quote
            same.record, start, end = refusal.record, refusal.fragment.start, refusal.fragment.end
        else:
            start, end = same.fragment.start, same.fragment.end
        same.shapes |= refusal.shapes
        same.contexts += refusal.contexts
        _unite(same.fragment, refusal.fragment)
        same.fragment.start, same.fragment.end = start, end


def _line_by_line(fragments: list[Fragment], text: str) -> list[Fragment]:
    """What stands on one line and agrees is one, before anything is joined over lines."""
    found: list[Fragment] = []
    for fragment in fragments:
        last = found[-1] if found else None
        if (
            last is not None
            and same_line(last, fragment, text)
            and agree(last, fragment)
            and complete_each_other(last, fragment)
        ):
            _unite(last, fragment)
        else:
            found.append(fragment)
    return found


def _unite(into: Fragment, fragment: Fragment) -> None:
    """Take what the other has. The fuller one leads: its status and message are the error's own. Each fact keeps the
    belief that it came with, whatever shape the whole has then.
    """
    into.keep_origins()
    if into.weak and not fragment.weak:
        for name in ("status", "message"):
            if name in fragment.facts:
                into.facts.pop(name, None)
        into.shape = fragment.shape
    elif into.shape in ("pairs", "status", "page", "browser_console") and fragment.shape not in (
        "text",
        "status",
        "page",
        "pairs",
    ):
        into.shape = fragment.shape
    into.absorb(fragment)


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
        if not (ABOUT_ERRORS & fragment.facts.keys() or fragment.weak or self._tells(fragment)):
            self._take_context(fragment)
            return
        joined = self._join(fragment, record)
        if joined is None and self.refusals and is_about_another(self.refusals[-1], fragment):
            return
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

    def take_all(self, refusals: list[Refusal]) -> None:
        """Those of a JSON line; one that was told before, with the same id, is told again."""
        for refusal in refusals:
            request_id = refusal.fragment.facts.get("request_id", "")
            known = self._by_id.get(request_id)
            if known is not None and agree(known.fragment, refusal.fragment):
                self._joined(known, refusal.fragment)
                known.contexts += refusal.contexts
                continue
            self.refusals.append(refusal)
            if request_id:
                self._by_id.setdefault(request_id, refusal)

    def _take_context(self, fragment: Fragment) -> None:
        """It is about the next refusal, else about the last one on the same line."""
        self._waiting.append(fragment)
        del self._waiting[:-8]
        last = self.refusals[-1] if self.refusals else None
        if last is None or last.record.number != fragment.record or len(last.contexts) >= MOST_CONTEXTS:
            return
        if "\n" not in last.record.text[last.fragment.end : fragment.start]:
            last.contexts.append(fragment)

    def _join(self, fragment: Fragment, record: Record) -> Refusal | None:
        request_id = fragment.facts.get("request_id")
        if request_id and (known := self._by_id.get(request_id)) is not None and agree(known.fragment, fragment):
            self._drop_prelude(known, fragment)
            return self._joined(known, fragment)
        if self.refusals and echoes(self.refusals[-1], fragment, record):
            self.refusals[-1].echoed = record.number
            return self.refusals[-1]
        for refusal in self.refusals[: -LOOKBACK - 1 : -1]:
            if agree(refusal.fragment, fragment) and is_adjacent(refusal, fragment) and one_request(refusal, fragment):
                return self._joined(refusal, fragment)
        return None

    def _drop_prelude(self, known: Refusal, fragment: Fragment) -> None:
        """Words just before a request that was told already belong to it: Java's message above its block, or the code
        that a program says once more.
        """
        last = self.refusals[-1]
        if (
            last is known
            or not last.fragment.weak
            or not agree(last.fragment, fragment)
            or not is_adjacent(last, fragment)
        ):
            return
        again = agree(last.fragment, known.fragment) and last.fragment.facts.keys() <= {"code", "message", "status"}
        if "code" not in last.fragment.facts or (again and one_request(last, fragment)):
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


def _told_once(refusals: list[Refusal]) -> list[Refusal]:
    """Without those that were told in two pieces: the one with the request id takes in what the other says."""
    found: list[Refusal] = []
    for refusal in refusals:
        last = found[-1] if found else None
        if last is not None and announces(last, refusal):
            found[-1] = refusal
            continue
        if last is None or not told_again(last, refusal):
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
