"""Escaped text -> text as it was meant: backslashes of JSON, Python and C, angle brackets escaped for HTML or JSON."""

from __future__ import annotations

import re
import sys
from html import unescape

from ossmend.remediators.contract.light import regex

_ESCAPE = regex(r"\\(?:u([0-9a-fA-F]{4})|U(00[01][0-9a-fA-F]{5})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_BEYOND_ASCII = regex(r"(?<!\\)\\{1,16}u(?!00[0-7])([0-9a-fA-F]{4})()()()")
_HALVES = regex("[\ud800-\udbff][\udc00-\udfff]")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_BYTES = regex(r"\\x[89a-fA-F][0-9a-fA-F]")
_ANGLES = regex(r"\\+(?:u00|x)(3[cCeE]|26|27|22)")
_TAG_NAMES = r"/?(?:Error|Code|Message|RequestId|HostId|EC)\b"
_ESCAPED_TAG = regex(rf"(&(?:amp;){{0,8}}(?:lt|#60|#x3[cC]);|\\+(?:u00|x)3[cC])\\{{0,8}}{_TAG_NAMES}")
_PLAIN_TAG = regex(rf"<{_TAG_NAMES}[^<>]{{0,400}}>")
_BROKEN_TAG = regex(r"<(/?[A-Za-z]{0,24})(\r?\n)([A-Za-z/]{0,24}>)")
_ELEMENTS = frozenset("Error Code Message RequestId HostId EC BucketName ObjectName OSSAccessKeyId".split())
_LINE_MARK = regex(r"<(?:EOL|CRLF|LF|br ?/?)>")
DEEPEST = 5


def depth_of(slashes: str) -> int:
    """How often a text was quoted, by the backslashes before a quote in it: 0, 1, 3, 7, ... for once, twice, ..."""
    return min((len(slashes) + 1).bit_length(), DEEPEST)


def unescaped(value: str, depth: int = 1) -> str:
    r"""`\n`, `\'`, `\u4e2d`, `\x41` as they were meant, where the text was quoted `depth` times."""
    while depth and "\\" in value:
        are_bytes = value.isascii() and _BYTES.search(value) is not None
        value = _HALVES.sub(_joined, _ESCAPE.sub(_sign, value))
        if are_bytes:
            value = _from_bytes(value)
        depth -= 1
    return value


def readable(text: str) -> str:
    r"""`\u4e2d` as the sign that it stands for; signs of ASCII stay escaped, since they would change what is quoted."""
    return _HALVES.sub(_joined, _BEYOND_ASCII.sub(_sign, text)) if "\\u" in text else text


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


def has_marks(text: str) -> bool:
    """May there be a framework's mark for a line's end?"""
    return "<EOL>" in text or "<br" in text or "<LF>" in text or "<CRLF>" in text


def opened(text: str) -> str:
    """The text with angle brackets put back, from where an error body's tags are escaped to where the body ends; and
    with lines where a framework wrote a mark for their ends.
    """
    if has_marks(text):
        text = _LINE_MARK.sub("\n ", text)
    if "<" in text:
        text = _BROKEN_TAG.sub(_mended, text)
    if "u003" not in text and "lt;" not in text and "x3" not in text and "#60;" not in text:
        return text
    lines: list[str] = []
    times = 0
    for line in text.split("\n"):
        plain, again = line, times
        if _PLAIN_TAG.search(line):
            again = times = 0  # a key may have brackets of its own
        while again or (times < DEEPEST and _ESCAPED_TAG.search(plain)):
            plain = _once(plain)
            times, again = (times, again - 1) if again else (times + 1, 0)
        lines.append(plain)
        if "</Error" in plain:
            times = 0
    return "\n".join(lines)


def _mended(tag: re.Match[str]) -> str:
    """A tag that a terminal's width has cut in two; the line ends behind it."""
    name = tag[1] + tag[3]
    return f"<{name}{tag[2]}" if name.strip("/>") in _ELEMENTS else tag[0]


def _once(line: str) -> str:
    return unescape(line) if "&" in line and not _ANGLES.search(line) else _ANGLES.sub(_angle, line)


def _angle(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))
