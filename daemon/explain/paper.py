"""Lines of text -> a terminal or a pipe: folded to a width that is told, bold and dim where it can show them.

rich does far more, for the tables of other commands; its import alone takes longer than an explanation may.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TextIO
from unicodedata import combining, east_asian_width

from ossmend.daemon.host.width import columns
from ossmend.remediators.contract.light import regex

WHOLE = sys.maxsize
"""Columns where nobody has said how many there are: a pipe is read by a program, which wants whole lines."""
TITLE = 16
"""Columns of a row's title."""
_STYLES = {"bold": "\x1b[1m{}\x1b[0m", "dim": "\x1b[2m{}\x1b[0m"}
_CJK = "\u2e80"
"""The first sign of Chinese, Japanese and Korean writing."""
_WORD = regex(r"\s+|\S+")
_PIECE = regex(r"\s+|[\u2e80-\uffef][，。；：、？！）”》]*|[^\s\u2e80-\uffef]+")
"""A word, or a Chinese sign with the punctuation that must not begin a line."""


class Paper:
    """What is written on: a stream, how wide it is, and whether it shows styles."""

    def __init__(self, out: TextIO, width: int, *, styled: bool = False) -> None:
        self._out, self._width, self._styled = out, width, styled

    @classmethod
    def of_stdout(cls) -> Paper:
        terminal = sys.stdout.isatty()
        plain = "NO_COLOR" in os.environ or os.environ.get("TERM", "dumb") == "dumb"
        return cls(sys.stdout, columns() or WHOLE, styled=terminal and not plain)

    def write(self, text: str = "", style: str = "") -> None:
        """A paragraph, folded."""
        for line in folded(text, self._width):
            self._line(line, style)

    def whole(self, text: str, style: str = "") -> None:
        """One line, however long: it is there to be copied."""
        self._line(text, style)

    def indented(self, text: str) -> None:
        """A line that begins with blanks, folded: what does not fit stands two columns further in."""
        line = text.lstrip(" ")
        blanks = " " * (len(text) - len(line))
        for number, part in enumerate(folded(line, max(self._width - len(blanks) - 2, 20))):
            self._line(f"{blanks}{'  ' if number else ''}{part}")

    def row(self, title: str, text: str) -> None:
        """A title and its text side by side."""
        room = max(self._width - TITLE - 3, 20)
        for number, line in enumerate(folded(text, room)):
            head = title if number == 0 else ""
            blanks = " " * max(TITLE - cells(head), 0)
            self._line(f"  {self._in_style(head, 'dim')}{blanks} {line}")

    def _line(self, text: str, style: str = "") -> None:
        print(self._in_style(text, style), file=self._out)

    def _in_style(self, text: str, style: str) -> str:
        return _STYLES[style].format(text) if self._styled and style and text else text


def folded(text: str, width: int) -> Iterator[str]:
    """Its lines, none wider than that: broken at blanks, and within a word only where one is too wide by itself."""
    for line in text.split("\n"):
        if 2 * len(line) <= width:
            yield line.rstrip()
            continue
        now = ""
        for piece in (_WORD if max(line, default="") < _CJK else _PIECE).findall(line):
            if cells(now) + cells(piece) <= width or not piece.strip():
                now += piece
                continue
            if now.strip():
                yield now.rstrip()
                now = ""
            *full, now = _cut(now + piece, width)
            yield from full
        yield now.rstrip()


def _cut(word: str, width: int) -> list[str]:
    """A word in pieces that fit."""
    pieces, room = [""], width
    for char in word:
        if cells(char) > room:
            pieces.append("")
            room = width
        pieces[-1] += char
        room -= cells(char)
    return pieces


def cells(text: str) -> int:
    """Columns on a terminal: a Chinese sign takes two."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(char) in "WF" else 0 if combining(char) else 1 for char in text)
