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
from itertools import chain
from typing import NamedTuple

from ossmend.daemon.sources.parsers import mentions, wrapped
from ossmend.daemon.sources.parsers.messages import MESSAGE_CODES
from ossmend.daemon.sources.parsers.names import KNOWN_CODES, spellings
from ossmend.daemon.sources.sieve import FINE, Sought, one_of, one_sign_a_byte, slices

SLICE = 64 * 1024
"""So much is looked at in one go: it stays in the processor's cache, and a list of its hits stays small."""
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
_WORDS = (
    *KNOWN_CODES,
    *map(_plain_part, MESSAGE_CODES),
    *(written for name in SIGNED for spelling in spellings(name) for written in _written(spelling)),
    *_CODES_TAG,
    *_CHINESE,
)
_ENCODED = (word.encode(encoding) for word in _WORDS for encoding in ("utf-8", "gb18030", "unicode_escape"))
_A_CODE = Sought(
    rb"ode(?<=[cC]ode)(?:\\{0,8}['\"`]|[\])*])?"
    rb"(?:\W|\\{1,8}u003[EeDd]|\\{1,8}[nrt]|&(?:amp;){0,8}(?:gt|quot|#\d{2,3});|\d{1,3}m){1,24}[A-Z][A-Za-z0-9.]{2,60}",
    "[cC]ode[^A-Za-z_]",
)
_EC = Sought(rb"-0000\d{4}(?<=\d{4}-\d{8})(?!\d)", "-0000")
_SURE = (*one_of(_ENCODED), _A_CODE, _EC)
_NUMBERS = Sought(rb'"MESSAGE"\s{0,4}:\s{0,4}\[([\d, ]{2,1000000})\]', '"MESSAGE"')

_OSS = (b"oss", "阿里云".encode(), "阿里云".encode("gb18030"), b"\\u963f\\u91cc\\u4e91")
_NAME = "(?i:" + "|".join(re.escape(name.decode("latin-1")) for name in _OSS) + ")"
_ID = "[0-9A-F]{24}"
_OSS_IN_ANY_CASE = Sought(_NAME.encode("latin-1"), _NAME)
_REQUEST_ID = Sought(rb"(?<![0-9A-Za-z])[0-9A-F]{24}(?![0-9A-Za-z])", _ID)

_STATUS = Sought(
    rb"403(?:(?<![0-9A-Za-z.]403)(?<!\" 403)|(?<=[pPsS]403)|(?<=[dD][eE]403)|(?<=\dm403))(?![0-9A-EG-Za-z])", "403"
)
_STATUS_OF_A_REQUEST = Sought(
    rb"403(?<=\" 403)(?![0-9A-EG-Za-z])", '" 403', rf'(?:{_NAME}|{_ID})[^\n]*" 403|" 403[^\n]*(?:{_NAME}|{_ID})'
)
"""In an access log, where each line is a record of its own: it has to name OSS itself."""
_UNSURE = (
    _STATUS,
    *one_of(word.encode() for word in (*BROWSERS_WORDS, *PAGES, mentions.QTS, *map(str.strip, wrapped.HINTS))),
)


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
    return any(each.is_in(data, 0, len(data)) for each in (_OSS_IN_ANY_CASE, _REQUEST_ID))


def hits(data: bytes) -> Iterator[Hit]:
    """Where in the data something stands that the parser may make an event of, in order.

    What is not sure is left out if nothing near to it is of OSS; but not at the end, where that may still come.
    """
    for start, end in slices(data, 0, len(data), SLICE):
        yield from _in_slice(data, start, end)


def _in_slice(data: bytes, start: int, end: int) -> list[Hit]:
    text = one_sign_a_byte(data, start, end)

    def places(*some: Sought) -> Iterator[int]:
        return (hit.start() for each in some for hit in each.found(data, start, end, text))

    numbers = (message.start() for message in _NUMBERS.found(data, start, end, text) if _may_tell_in_numbers(message))
    requests = (at for at in places(_STATUS_OF_A_REQUEST) if names_oss(data[slice(*_line_of(data, at))]))
    sure = chain(places(*_SURE), numbers)
    unsure = _near_oss(data, sorted(chain(places(*_UNSURE), requests)))
    return sorted({*(Hit(at, sure=True) for at in sure), *(Hit(at, sure=False) for at in unsure)})


def _may_tell_in_numbers(message: re.Match[bytes]) -> bool:
    """The journal writes a message as the numbers of its bytes, if there is a tab or a colour in it."""
    numbers = message[1].split(b",")
    return all(number.strip().isdigit() and int(number) < 256 for number in numbers) and may_tell(
        bytes(map(int, numbers))
    )


def _near_oss(data: bytes, weak: list[int]) -> Iterator[int]:
    """Those places that have OSS named around them, or a request id as OSS makes them on the same line."""
    if not weak:
        return
    first, last = max(0, weak[0] - NEAR), min(weak[-1] + NEAR, len(data))
    named = [
        part for part in slices(data, first, last, FINE) if _OSS_IN_ANY_CASE.may_be_in(one_sign_a_byte(data, *part))
    ]
    ends = [end for _start, end in named]
    far: list[int] = []
    for at in weak:
        nearest = bisect_left(ends, at - NEAR)
        if at + NEAR >= len(data) or (nearest < len(named) and named[nearest][0] <= at + NEAR):
            yield at
        else:
            far.append(at)
    if far and _REQUEST_ID.is_in(data, first, last):
        yield from (at for at in far if _REQUEST_ID.is_in(data, *_line_of(data, at)))


def _line_of(data: bytes, at: int) -> tuple[int, int]:
    end = data.find(b"\n", at, at + NEAR)
    return data.rfind(b"\n", max(0, at - NEAR), at) + 1 or max(0, at - NEAR), end if end >= 0 else at + NEAR
