"""YAML text -> signs that only look like YAML's own: full-width punctuation, curly quotes, other kinds of blanks.

An input method or a word processor puts them there, nobody sees the difference, and YAML takes them for letters: `key:
“2024/**”` is a pattern with quotes in it that no key ever fits. load.py adds them to complaints about the same lines,
doubts.py warns of those in a file that is fine otherwise.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ossmend.config.problems import Problem

QUOTES = {
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u300c": '"',
    "\u300d": '"',
    "\u00ab": '"',
    "\u00bb": '"',
}
BLANKS = {"\u00a0", "\u2002", "\u2003", "\u2009", "\u200b", "\u202f", "\u3000", "\ufeff"}
OTHERS = {"\u3001": ",", "\u3002": ".", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2026": "..."}
IN_KEYS = frozenset("\uff0f\uff0a\uff1f")
"""Slash, star and question mark: an object's name may well have other full-width signs in it, and does in China."""


def strange(text: str, file: str) -> Iterator[Problem]:
    """One for each such sign outside of comments and of YAML's own quotes."""
    for number, line in enumerate(text.splitlines(), 1):
        a_key = line.lstrip(" -{").startswith("key:")
        for column, sign in _outside(line):
            meant = _meant(sign)
            if meant is None or (a_key and sign not in IN_KEYS and sign not in QUOTES):
                continue
            name = unicodedata.name(sign, "a sign without a name")
            yield Problem(file, number, column, "", f"U+{ord(sign):04X} {name} is no sign of YAML: write {meant}")


def _meant(sign: str) -> str | None:
    """What was meant, as words; None for a sign that is what it is."""
    if sign.isascii():
        return None
    if sign in BLANKS:
        return "a blank"
    if sign in QUOTES or sign in OTHERS:
        return QUOTES.get(sign) or OTHERS[sign]
    if "\uff01" <= sign <= "\uff5e" and not unicodedata.normalize("NFKC", sign).isalnum():
        return unicodedata.normalize("NFKC", sign)
    return None


def _outside(line: str) -> Iterator[tuple[int, str]]:
    """(column from 1, sign) of what is neither in quotes nor in a comment; a quote counts where a value may begin."""
    quoted = ""
    before = " "
    for column, sign in enumerate(line, 1):
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in "'\"" and before in " [{,:(":
            quoted = sign
        elif sign == "#" and before == " ":
            return
        else:
            yield column, sign
        before = sign
