"""Escaped text -> text as it was meant: backslashes of JSON, Python and C, angle brackets escaped for HTML or JSON."""

from __future__ import annotations

import re
import sys

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U(00[01][0-9a-fA-F]{5})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_BYTES = re.compile(r"\\x[89a-fA-F][0-9a-fA-F]")
_ANGLES = re.compile(
    r"\\+u003[cC]|\\+u003[eE]|\\+x3[cC]|\\+x3[eE]|&(?:amp;){0,4}(?:lt|gt|quot|#34|#39|#60|#62|#x3[cCeE]);"
)
DEEPEST = 5


def depth_of(slashes: str) -> int:
    """How often a text was quoted, by the backslashes before a quote in it: 0, 1, 3, 7, ... for once, twice, ..."""
    return min((len(slashes) + 1).bit_length(), DEEPEST)


def unescaped(value: str, depth: int = 1) -> str:
    r"""`\n`, `\'`, `\u4e2d`, `\x41` as they were meant, where the text was quoted `depth` times."""
    while depth and "\\" in value:
        are_bytes = _BYTES.search(value) is not None
        value = _HALVES.sub(_joined, _ESCAPE.sub(_sign, value))
        if are_bytes:
            value = _from_bytes(value)
        depth -= 1
    return value


def _sign(found: re.Match[str]) -> str:
    if found[4]:
        return _PLAIN.get(found[4], found[4])
    number = int(found[1] or found[2] or found[3], 16)
    return chr(number) if number <= sys.maxunicode else found[0]


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _from_bytes(value: str) -> str:
    r"""Python prints bytes with `\xe6\x8a\xa5`: that is UTF-8, one byte each."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def opened(text: str) -> str:
    """The text with escaped angle brackets put back, where a body is escaped for HTML or JSON."""
    if "u003" not in text and "lt;" not in text and "x3" not in text and "#60;" not in text:
        return text
    return _ANGLES.sub(_angle, text)


def _angle(found: re.Match[str]) -> str:
    word = found[0].lower()
    if word.endswith(("003c", "x3c", "lt;", "#60;", "x3c;")):
        return "<"
    if word.endswith(("003e", "x3e", "gt;", "#62;", "x3e;")):
        return ">"
    return "'" if "39" in word else '"'
