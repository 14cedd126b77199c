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

from ossmend.daemon.sources.anchored import patterns
from ossmend.daemon.sources.shapes import wrapped
from ossmend.daemon.sources.shapes.messages import MESSAGE_CODES
from ossmend.daemon.sources.shapes.names import KNOWN_CODES, spellings

SLICE = 256 * 1024
"""So much is looked at in one go: it stays in the processor's cache, and a list of its hits stays small."""
NEAR = 16 * 1024
"""How far away OSS may be named. The parser looks at 1 KiB of the record; a shipper may put as much into each line."""
WEAK_WORDS = ("CORS", "Allow-Origin", "access control check", "XHR error", "XMLHttpRequest", "Cross-Origin", "tengine")
"""What browsers say of CORS, a page's own client of a refused request, and the name that OSS's block page gives."""
SIGNED = ("oss_err", "string_to_sign", "signature")
"""Fields that only an answer about a signature has, and the header that stands for the body of a HEAD."""


def _plain_part(sentence: str) -> str:
    """The longest piece of a sentence that looks the same however it is quoted or escaped."""
    return max(re.split(r"[^A-Za-z .-]+", sentence), key=len).strip(" .").lower()


def _shortest(words: tuple[str, ...]) -> list[str]:
    """Those that stand in none of the others: `code` finds `error code`, too."""
    return [word for word in words if not any(other != word and other in word for other in words)]


_CODE_FIELDS = _shortest(spellings("code"))
_SIGNED_WORDS = {spelling.replace(" ", joint) for name in SIGNED for spelling in spellings(name) for joint in " -_"} | {
    spelling.replace(" ", "") for name in SIGNED for spelling in spellings(name)
}
_CODES = patterns(KNOWN_CODES)
_CHINESE_ESCAPED = {word.encode("unicode_escape").decode() for word in _CODE_FIELDS if not word.isascii()}
_SENTENCES = patterns(
    {_plain_part(sentence) for sentence in MESSAGE_CODES} | _SIGNED_WORDS | _CHINESE_ESCAPED,
    marked=[word.lower().strip() for word in (*WEAK_WORDS, *wrapped.HINTS)],
)
_FIELD_ENDS = tuple(word.encode() for word in _CODE_FIELDS if word.isascii())
_CHINESE_FIELDS = tuple(
    word.encode(encoding) for word in _CODE_FIELDS if not word.isascii() for encoding in ("utf-8", "gb18030")
)
_A_CODE = re.compile(
    rb"(?i:code)(?:\\*['\"`]|[\])*])?(?:\W|\\+u003[EeDd]|\\+[nrt]|&(?:amp;){0,8}(?:gt|quot|#\d{2,3});|\d{1,3}m){1,24}"
    rb"[A-Z][A-Za-z0-9.]{2,60}"
)
_CUT_CODE = re.compile(rb"(?:<|&lt;|\\+u003[cC])Code(?:>|&gt;|\\+u003[eE])")
_STATUS = re.compile(rb"(?:(?<![0-9A-Za-z.])|(?<=[pPsS])|(?<=[dD][eE])|(?<=\dm))403(?![0-9A-EG-Za-z])")
_EC = re.compile(rb"(?<!\d)\d{4}-\d{8}(?!\d)")
_REQUEST_ID = re.compile(rb"(?<![0-9A-Za-z])[0-9A-F]{24}(?![0-9A-Za-z])")
_NUMBERS = re.compile(rb'"MESSAGE"\s{0,4}:\s{0,4}\[([\d, ]{2,1000000})\]')
_OSS = (b"oss", "阿里云".encode(), "阿里云".encode("gb18030"), b"\\u963f\\u91cc\\u4e91")


def may_tell(line: bytes) -> bool:
    """May the parser find anything in this line (or these lines)?"""
    return next(hits(line), None) is not None


def hits(data: bytes) -> Iterator[int]:
    """Where in the data something stands that the parser may make an event of, in order."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + SLICE) + 1 or len(data)
        yield from _in_slice(data, start, end)
        start = end


def _in_slice(data: bytes, start: int, end: int) -> list[int]:
    part = data[start:end]
    lowered = part.lower()
    found = [hit.start() for pattern in _CODES for hit in pattern.finditer(part)]
    weak = [at for at in _places(part, b"403") if _STATUS.match(part, at)]
    for pattern in _SENTENCES:
        for hit in pattern.finditer(lowered):
            (weak if hit.lastindex else found).append(hit.start())
    found += _code_fields(part, lowered)
    found += [at for at in _places(part, b"-0000") if _EC.match(part, max(0, at - 4))]
    if part.startswith(b"{"):
        found += _in_numbers(part)
    places = [start + at for at in found]
    places += _near_oss(data, sorted(start + at for at in weak))
    return sorted(set(places))


def _places(data: bytes, word: bytes) -> Iterator[int]:
    at = data.find(word)
    while at >= 0:
        yield at
        at = data.find(word, at + 1)


def _code_fields(part: bytes, lowered: bytes) -> Iterator[int]:
    """Where a field for a code has something in it that looks like one, known or not."""
    for word in _FIELD_ENDS:
        for at in _places(lowered, word):
            ends = at + len(word) - 4
            if _A_CODE.match(part, ends) or _CUT_CODE.match(part, max(0, ends - 1)):
                yield at
    if not part.isascii():
        for word in _CHINESE_FIELDS:
            yield from _places(lowered, word)


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
    named = sorted(first + at for sign in _OSS for at in _places(around, sign))
    for at in weak:
        nearest = bisect_left(named, at - NEAR)
        if (nearest < len(named) and named[nearest] <= at + NEAR) or _REQUEST_ID.search(data, *_line_of(data, at)):
            yield at


def _line_of(data: bytes, at: int) -> tuple[int, int]:
    end = data.find(b"\n", at, at + NEAR)
    return data.rfind(b"\n", max(0, at - NEAR), at) + 1 or max(0, at - NEAR), end if end >= 0 else at + NEAR
