"""Any text -> Events: finds what OSS refused in logs, tracebacks, consoles and pastes, in whatever shape it was
printed.

The road of a text: records.py splits it into what single log calls wrote; reading.py has xml_body, pairs, mentions,
json_lines and browser find fragments in what is left without a client's own words (forged.py, columns.py); gather.py
puts together what is of one request (a browser's console and OSS's answer by preflights.py); place.py orders what is
told of bucket and key; event.py makes the Event, and lines.py says where in the text it stands. Lines of an access log
are read by access_line.py, rows of the log service by log_entry.py. It never raises and works in linear time, whatever
it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from ossmend.daemon.sources.parsers import access_line, json_lines, log_entry, records
from ossmend.daemon.sources.parsers.addresses import NO_DOMAINS
from ossmend.daemon.sources.parsers.event import event_of
from ossmend.daemon.sources.parsers.gather import refusals_of
from ossmend.daemon.sources.parsers.lines import Told, stretch, zoneless
from ossmend.daemon.sources.parsers.names import KNOWN_CODES
from ossmend.daemon.sources.parsers.same_request import Refusal
from ossmend.remediators import causes
from ossmend.remediators.causes.near import nearest
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.light import regex

LONGEST_TEXT = 16 * 1024 * 1024
"""What is longer is read so far."""
MOST_WORDS = 3
"""Somebody's prose about so many codes is about one of them; a text with more of them lists codes."""
_BARE_CODE = regex(r"[A-Z][A-Za-z0-9]{2,60}(?:\.[A-Za-z]{2,40})?")
_BARE_WORD = regex(r"[A-Za-z][A-Za-z0-9]{2,60}(?:\.[A-Za-z]{2,40})?")
_BARE_EC = regex(r"(?:EC[:=\s]{0,3})?(\d{4}-\d{8})")


def events_in(
    text: str,
    *,
    source: str,
    now: datetime | None = None,
    strict: bool = False,
    domains: Mapping[str, str] = NO_DOMAINS,
) -> list[Event]:
    """The refused requests that a text tells of, in order of appearance, each once.

    `strict` is for logs, where most text is about something else: a common word or a lone 403 needs a sign of OSS
    beside it. Without it the text is taken for what somebody wants explained. `domains`: host, in small letters and
    without a port -> the bucket whose own domain it is.
    """
    return [told.event for told in told_in(text, source=source, now=now, strict=strict, domains=domains)]


def told_in(
    text: str,
    *,
    source: str,
    now: datetime | None = None,
    strict: bool = False,
    domains: Mapping[str, str] = NO_DOMAINS,
) -> list[Told]:
    """As events_in, each with the lines of the text that it stands in."""
    text = text[:LONGEST_TEXT]
    if (
        not strict
        and (bare := event_for_code(text.strip()[:100], source=source)) is not None
        and len(text.strip()) <= 100
    ):
        return [Told(bare, 0, 0)]
    plain: list[records.Record] = []
    found: list[_Found] = []
    for record in records.split(text):
        if (rows := _rows(record)) is not None:
            for fields, time in rows:
                event = log_entry.event_of_entry(fields, time, source=source, where="")
                if event is not None:
                    found.append(_Found(record.start, record.number, Told(event, record.starts[0], record.starts[-1])))
            continue
        entries = access_line.entries_in(record.text)
        if entries is None:
            plain.append(record)
            continue
        for number, entry in entries:
            event = access_line.entry_event(entry, source=source)
            if event is not None:
                line = record.starts[number] if number < len(record.starts) else record.start
                found.append(_Found(record.start, record.number, Told(event, line, line)))
    refusals = refusals_of(plain)
    found += _events(refusals, domains, source=source, now=now, strict=strict, words=False)
    if not found and not strict:  # somebody's prose about a code
        found = _events(refusals, domains, source=source, now=now, strict=False, words=True)
    found.sort(key=lambda each: each.number)
    return [each.told for each in sorted(_once(found), key=lambda each: each.start)]


def _rows(record: records.Record) -> list[tuple[dict[str, str], int]] | None:
    """Of OSS's log in the log service, and of nothing else; None where it is another record."""
    if log_entry.TOPIC not in record.text:
        return None
    objects, before = record.objects, record.plain
    if not objects and (spread := json_lines.over_lines(record.text)) is not None:
        before, objects = spread[0], [spread[1]]
    return log_entry.rows_in(objects) if not before.strip() else None


class _Found(NamedTuple):
    """An event with its record: where that begins, which is the order of appearance, and its number in its stream."""

    start: int
    number: int
    told: Told

    @property
    def event(self) -> Event:
        return self.told.event


def _once(found: list[_Found]) -> Iterator[_Found]:
    """Without a 403 that has no code and is told again at once, of the same object."""
    last: _Found | None = None
    for each in found:
        near = last is not None and each.number - last.number <= 1
        if not (near and last is not None and _is_the_same_again(last.event, each.event)):
            yield each
        last = each


def _is_the_same_again(one: Event, other: Event) -> bool:
    return one.object == other.object and _is_nameless(one) and _is_nameless(other)


def _is_nameless(event: Event) -> bool:
    return event.object is not None and (event.code or event.request_id or event.ec) is None


def _events(
    refusals: list[Refusal],
    domains: Mapping[str, str],
    *,
    source: str,
    now: datetime | None,
    strict: bool,
    words: bool,
) -> list[_Found]:
    found: list[_Found] = []
    if words and len({refusal.fragment.facts.get("code") for refusal in refusals}) > MOST_WORDS:
        return []  # a list of codes: nobody was refused
    for refusal in refusals:
        event = event_of(refusal, domains, source=source, now=now, strict=strict, words=words)
        if event is not None and not (words and event.code in {known.event.code for known in found}):
            told = Told(event, *stretch(refusal), zoneless=not strict and zoneless(refusal, event))
            found.append(_Found(refusal.record.start, refusal.record.number, told))
    return found


def event_for_code(text: str, *, source: str) -> Event | None:
    """The event of a bare code or EC, as somebody types it to have it explained; None for anything else.

    A word that is nearly a code stays the word it is: what it may be meant as is for the explanation to ask.
    """
    word = text.strip()
    if found := _BARE_EC.fullmatch(word):
        return Event(source=source, shape="code", ec=found[1], sample=word)
    known = KNOWN_CODES | causes.CODES
    if _BARE_CODE.fullmatch(word) and (word in known or word.removesuffix("Error") in known):
        code = word if word in known else word.removesuffix("Error")
        return Event(source=source, shape="code", code=code, sample=word)
    if _BARE_WORD.fullmatch(word) and nearest(word, known) is not None:
        return Event(source=source, shape="code", code=word, sample=word)
    return None
