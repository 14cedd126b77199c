"""Bytes of a log -> where something stands that the parser may make an event of. The one gate in front of the daemon.

Most of a log is about something else, and is never decoded. What passes is made from the tables that the parser reads:
names.py (codes, and how a code's field is spelled), messages.py (OSS's sentences). A test asks parser and gate about a
text of every kind: whatever the parser finds, the gate lets through. Next: blocks.py takes the lines around a hit.

Two kinds of hits: a code or a sentence tells by itself. A lone 403 or a browser's words tell only where something near
them says that it is about OSS.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from ossmend.daemon.sources.anchored import Way, Words, places
from ossmend.daemon.sources.parsers import wrapped
from ossmend.daemon.sources.parsers.messages import MESSAGE_CODES
from ossmend.daemon.sources.parsers.names import KNOWN_CODES, spellings

SLICE = 128 * 1024
"""So much is looked at in one go: it stays in the processor's cache, and a list of its hits stays small."""
SAMPLE = 8 * 1024
"""In so much of a log its letters are counted; what is shorter is looked through as an ordinary log would be."""
NEAR = 16 * 1024
"""How far away OSS may be named. The parser looks at 1 KiB of the record; a shipper may put as much into each line."""
BROWSERS_WORDS = (
    *("CORS", "Cross-Origin", "Allow-Origin", "Access-Control", "ccess control check", "reflight", "XMLHttpRequest"),
    *("XHR error", "(connected: "),
)
"""What browsers say of CORS, and a page's own client of a refused request."""
PAGES = ("<center>tengine",)
SIGNED = ("oss_err", "string_to_sign", "signature")
"""Fields that only an answer about a signature has, and the header that stands for the body of a HEAD."""
_CODES_TAG = ("<Code>", "lt;Code", "u003cCode", "u003CCode", "x3cCode", "CODE")


def _plain_part(sentence: str) -> str:
    """The longest piece of a sentence that looks the same however it is quoted or escaped."""
    return max(re.split(r"[^A-Za-z .-]+", sentence), key=len).strip(" .")


def _shortest(words: tuple[str, ...]) -> list[str]:
    """Those that stand in none of the others: `code` finds `error code`, too."""
    return [word for word in words if not any(other != word and other in word for other in words)]


def _written(words: str) -> set[str]:
    """A name as it is written in sentences, in code, and as an element."""
    titled = words.title().replace("-", " ")
    found = {form.replace(" ", joint) for form in (words, titled) for joint in " -_"} | {titled.replace(" ", "")}
    return found | {found_one[:1].lower() + found_one[1:] for found_one in found}


_CODE_FIELDS = _shortest(spellings("code"))
_CHINESE = [*(word for word in _CODE_FIELDS if not word.isascii()), "跨源"]
"""A name of a code's field; and what Firefox says of CORS in Chinese."""
_WORDS = Words(
    {
        *KNOWN_CODES,
        *map(_plain_part, MESSAGE_CODES),
        *(written for name in SIGNED for spelling in spellings(name) for written in _written(spelling)),
        *_CODES_TAG,
    },
    marked=[*BROWSERS_WORDS, *PAGES, *(hint.strip() for hint in wrapped.HINTS)],
)
_ORDINARY = _WORDS.ways(
    b"2026-03-01 10:00:00,123 INFO  [worker-3] com.example.shop.OrderService : order 1042 of 77 was stored in 12 ms\n"
    b'{"ts":"2026-03-01T10:00:00.201Z","level":"debug","logger":"stock","msg":"items left","requestId":"a-113"}\n'
    b'10.0.0.9 - - [01/Mar/2026:10:00:00 +0800] "GET /orders/1042?full=yes HTTP/1.1" 200 5123 "-" "Mozilla/5.0"\n'
    b"\tat com.example.store.Loader.fetch(Loader.java:57) ~[app.jar:1.2]\n"
)
_CHINESE_WORDS = re.compile(
    b"|".join(re.escape(word.encode(encoding)) for word in _CHINESE for encoding in ("utf-8", "gb18030"))
)
_CHINESE_ESCAPED = re.compile(
    rb"\\u(?:" + b"|".join(re.escape(word.encode("unicode_escape")[2:]) for word in _CHINESE) + rb")"
)
_A_CODE = re.compile(
    rb"ode(?<=[cC]ode)(?:\\{0,8}['\"`]|[\])*])?"
    rb"(?:\W|\\{1,8}u003[EeDd]|\\{1,8}[nrt]|&(?:amp;){0,8}(?:gt|quot|#\d{2,3});|\d{1,3}m){1,24}[A-Z][A-Za-z0-9.]{2,60}"
)
_STATUS = re.compile(rb"403(?:(?<![0-9A-Za-z.]403)|(?<=[pPsS]403)|(?<=[dD][eE]403)|(?<=\dm403))(?![0-9A-EG-Za-z])")
_EC = re.compile(rb"-0000\d{4}(?<=\d{4}-\d{8})(?!\d)")
_REQUEST_ID = re.compile(rb"(?<![0-9A-Za-z])[0-9A-F]{24}(?![0-9A-Za-z])")
_NUMBERS = re.compile(rb'"MESSAGE"\s{0,4}:\s{0,4}\[([\d, ]{2,1000000})\]')
_OSS = (b"oss", "阿里云".encode(), "阿里云".encode("gb18030"), b"\\u963f\\u91cc\\u4e91")


class Hit(NamedTuple):
    """A place where something stands that may tell of a refusal."""

    place: int
    sure: bool
    """A code or a sentence. Otherwise OSS must be named in the same record."""


def may_tell(line: bytes) -> bool:
    """May the parser find anything in this line (or these lines)?"""
    return any(hit.sure for hit in hits(line)) or (any(hits(line)) and names_oss(line))


def names_oss(data: bytes) -> bool:
    """Is OSS named here, or is there a request id as OSS makes them?"""
    lowered = data.lower()
    return any(sign in lowered for sign in _OSS) or _REQUEST_ID.search(data) is not None


def hits(data: bytes) -> Iterator[Hit]:
    """Where in the data something stands that the parser may make an event of, in order.

    What is not sure is left out if nothing near to it is of OSS; but not at the end, where that may still come.
    """
    ways = _WORDS.ways(data[:SAMPLE]) if len(data) > SAMPLE else _ORDINARY
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + SLICE) + 1 or len(data)
        yield from _in_slice(data, start, end, ways)
        start = end


def _in_slice(data: bytes, start: int, end: int, ways: tuple[Way, ...]) -> list[Hit]:
    part = data[start:end]
    found: list[int] = []
    weak = [at for at in _starts(_STATUS, part) if not _is_of_an_access_log(part, at)]
    for at, marked in places(part, ways):
        (weak if marked else found).append(at)
    found += _starts(_A_CODE, part)
    found += _starts(_EC, part)
    if not part.isascii():
        found += _starts(_CHINESE_WORDS, part)
    if part.startswith(b"{"):
        found += _starts(_CHINESE_ESCAPED, part)
        found += _in_numbers(part)
    unsure = _near_oss(data, sorted(start + at for at in weak))
    return sorted({*(Hit(start + at, sure=True) for at in found), *(Hit(at, sure=False) for at in unsure)})


def _starts(pattern: re.Pattern[bytes], data: bytes) -> Iterator[int]:
    return (hit.start() for hit in pattern.finditer(data))


def _is_of_an_access_log(part: bytes, at: int) -> bool:
    """Such a line is a record of its own: does it say nothing of OSS?"""
    if part[at - 2 : at] != b'" ':
        return False
    return not names_oss(part[slice(*_line_of(part, at))])


def _in_numbers(part: bytes) -> Iterator[int]:
    """The journal writes a message as the numbers of its bytes, if there is a tab or a colour in it."""
    for message in _NUMBERS.finditer(part):
        numbers = message[1].split(b",")
        if all(number.strip().isdigit() and int(number) < 256 for number in numbers) and may_tell(
            bytes(map(int, numbers))
        ):
            yield message.start()


def _near_oss(data: bytes, weak: list[int]) -> Iterator[int]:
    """Those places that have OSS named around them, or a request id as OSS makes them on the same line."""
    if not weak:
        return
    first = max(0, weak[0] - NEAR)
    around = data[first : weak[-1] + NEAR].lower()
    named = sorted(first + at for sign in _OSS for at in _starts(re.compile(re.escape(sign)), around))
    for at in weak:
        if at + NEAR >= len(data):
            yield at
            continue
        nearest = bisect_left(named, at - NEAR)
        if (nearest < len(named) and named[nearest] <= at + NEAR) or _REQUEST_ID.search(data, *_line_of(data, at)):
            yield at


def _line_of(data: bytes, at: int) -> tuple[int, int]:
    end = data.find(b"\n", at, at + NEAR)
    return data.rfind(b"\n", max(0, at - NEAR), at) + 1 or max(0, at - NEAR), end if end >= 0 else at + NEAR
