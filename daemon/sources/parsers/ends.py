"""A bare value that runs to its line's end -> where the string or the bracket ends in which somebody put the line.

`{"err":"... Object=a/my file.csv"}`: the key has no quotes and may have blanks, so its own words do not end it. What
was opened before it on its line does. Where that may as well be part of the name there is no value: half a name is
another object's. values.py asks here.
"""

from __future__ import annotations

import re

from ossmend.remediators.contract.light import regex

LOOKBACK = 4096
_PAIRED = {")": "(", "]": "[", "}": "{", "）": "（", "”": "“", "」": "「", "』": "『", ">": "<"}
_OPENING = frozenset(_PAIRED.values())
_SIGNS = regex(r"(\\{0,15})([\"'`])|[()\[\]{}（）“”「」『』<>]")
_CLOSING = regex(r"[\"'`)\]}>）”」』]")
_NOTHING = regex(r"[\s\"'`()\[\]{}（）”」』>,;.!，；。！\\]*")
"""What ends strings, brackets and sentences: the name is over, and nothing else is said."""
_TAG = regex(r"</[A-Za-z][\w:.-]{0,40}>")


def ended(text: str, start: int, end: int, line: int) -> int | None:
    """Where the value that begins at `start` ends, `end` at most; None where that is anybody's guess. `line`: where its
    line ends.
    """
    if _CLOSING.search(text, start, end) is None:
        return end  # as mostly
    before, opened = text[max(text.rfind("\n", max(0, start - LOOKBACK), start) + 1, start - LOOKBACK) : start], _Open()
    for sign in _SIGNS.finditer(before):
        opened.take(sign, before)
    if (tag := _TAG.search(text, start, end)) is not None:
        return tag.start() if _NOTHING.fullmatch(_TAG.sub("", text[tag.start() : line])) else None
    inner: list[str] = []
    for sign in _SIGNS.finditer(text, start, end):
        mark = sign[0]
        if mark in _OPENING:
            inner.append(mark)
        elif inner and inner[-1] == _PAIRED.get(mark):
            inner.pop()
        elif _PAIRED.get(mark, mark) in opened.marks and not _in_a_word(sign, text):
            rest_says_nothing = _NOTHING.fullmatch(text, sign.end(), line) is not None
            return sign.start() if rest_says_nothing or opened.escapes(mark) else None
        elif sign[2] == '"' and sign.end() < end and not _in_a_word(sign, text) and not _ends(text, sign, end):
            return None  # it closes something that was opened on another line
    return end


class _Open:
    """Quotes and brackets that are open, the outermost first; and which of the quotes hold quotes that are escaped."""

    def __init__(self) -> None:
        self.marks: list[str] = []
        self._escaping: set[str] = set()

    def take(self, sign: re.Match[str], text: str) -> None:
        mark, quote = sign[0], sign[2]
        if quote is None:
            if mark in _OPENING:
                self.marks.append(mark)
            elif self.marks and self.marks[-1] == _PAIRED[mark]:
                self.marks.pop()
            return
        self._escaping |= {each for each in self.marks if each[-1] == quote and len(each) < len(mark)}
        before, behind = text[sign.start() - 1 : sign.start()], text[sign.end() : sign.end() + 1]
        opens = before in "=:([{" and (behind.isalnum() or behind in "/{[<\\")
        if mark in self.marks and not opens:
            if not _in_a_word(sign, text):
                while self.marks.pop() != mark:
                    pass
                self._escaping.discard(mark)
        elif not before.isalnum():
            self.marks.append(mark)

    def escapes(self, mark: str) -> bool:
        """Did whoever wrote the string escape the quotes within? Then one that is not escaped is its end."""
        return mark in self._escaping


def _in_a_word(sign: re.Match[str], text: str) -> bool:
    """`object's`, `a"b.csv`, `a).csv`: something goes on."""
    behind = text[sign.end() : sign.end() + 2]
    return behind[:1].isalnum() or (behind[:1] in "._-/" and behind[1:].isalnum())


def _ends(text: str, sign: re.Match[str], end: int) -> bool:
    """Nothing but quotes to the end: the caller takes them off."""
    return not text[sign.start() : end].strip(" \t,;\"'\\")
