"""YAML text -> signs that only look like YAML's own: full-width punctuation, curly quotes, other kinds of blanks.

An input method or a word processor puts them there, nobody sees the difference, and YAML takes them for letters: `key:
“2024/**”` is a pattern with quotes in it that no key ever fits. Inside of YAML's own quotes they are letters, too: of
a value that is refused they are named, and of one that is taken where hardly anybody means them. load.py adds them to
complaints about the same lines, doubts.py warns of those in a file that is fine otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from ossmend.config.document import Document
from ossmend.config.problems import Problem, dotted

QUOTES = {
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u300c\u300d\u300a\u300b\u301d\u301e\u301f", '"'),
    **dict.fromkeys("\u00ab\u00bb\u275d\u275e\uff62\uff63\u02ba\u02ee", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u300e\u300f\u275b\u275c\u00b4\u02bc", "'"),
}
OTHERS = {
    **dict.fromkeys("\u3001\uff64\u060c", ","),
    **dict.fromkeys("\u3002\uff61", "."),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58", "-"),
    **dict.fromkeys("\u2236\ua789\u02d0", ":"),
    **dict.fromkeys("\u2044\u2215\u29f8", "/"),
    **dict.fromkeys("\u2217\u204e\u2731", "*"),
    **dict.fromkeys("\u3010\u3014\ufe5d", "["),
    **dict.fromkeys("\u3011\u3015\ufe5e", "]"),
    "\u2026": "...",
    "\u301c": "~",
}
UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u034f")
"""Letters by their kind, that nothing is drawn for; every format character is unseen as well."""
JOINERS = frozenset("\u200c\u200d")
"""Unseen, and a part of words in some scripts."""
IN_KEYS = frozenset("\uff0f\uff0a\uff1f\u2215\u2217\ufe61\ufe56")
"""Slash, star and question mark: an object's name may well have other full-width signs in it, and does in China."""
NAMES = frozenset({"key", "path", "prefix"})
"""Settings that hold names which others have chosen: of objects, of files."""
_SETTING = re.compile(r"([a-z_]+):(?=\s)")


def strange(text: str, file: str) -> Iterator[Problem]:
    """One for each such sign outside of comments and of YAML's own quotes."""
    for number, line in enumerate(text.splitlines(), 1):
        for column, sign in _outside(line):
            meant = _meant(sign)
            if meant is None:
                continue
            before = _SETTING.findall(line[: column - 1])
            if before and before[-1] in NAMES and not _is_doubted_in_a_name(sign) and sign not in QUOTES:
                continue
            how = "cannot be seen" if _is_unseen(sign) else "is no sign of YAML"
            yield Problem(file, number, column, "", f"{_named(sign)} {how}: {meant}")


def in_quotes(text: str, document: Document, refused: Collection[str] | None = None) -> Iterator[Problem]:
    """One for each such sign in a quoted value: of the values with these paths, which are refused; else of all that
    are taken, where hardly anybody means it.
    """
    lines = text.splitlines()
    for where in document.values_at:
        value, path, mark = document.at(where), dotted(where), document.values_at[where]
        if not isinstance(value, str) or value.isascii() or (refused is not None and path not in refused):
            continue
        if lines[mark.line][mark.column : mark.column + 1] not in ("'", '"'):
            continue
        a_name = where[-1] in NAMES
        for sign in dict.fromkeys(value):
            meant = _meant(sign) if refused is None else _meant(sign) or _letter(sign)
            if meant is None or (refused is None and a_name and not _is_doubted_in_a_name(sign)):
                continue
            column = lines[mark.line].find(sign, mark.column)
            at = column if column >= 0 else mark.column
            unless = ", unless the name has it" if refused is None and a_name else ""
            how = "cannot be seen" if _is_unseen(sign) else "only looks like another sign"
            yield Problem(document.file, mark.line + 1, at + 1, path, f"{_named(sign)} {how}: {meant}{unless}")


def _named(sign: str) -> str:
    return f"U+{ord(sign):04X} {unicodedata.name(sign, 'a sign without a name')}"


def _is_doubted_in_a_name(sign: str) -> bool:
    return sign in IN_KEYS or (_is_unseen(sign) and sign not in JOINERS)


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) == "Cf" or sign in UNSEEN


def _meant(sign: str) -> str | None:
    """What to do, as words; None for a sign that is what it is."""
    if sign.isascii():
        return None
    if _is_unseen(sign):
        return "remove it"
    if unicodedata.category(sign) == "Zs":
        return "write a blank"
    plain = QUOTES.get(sign) or OTHERS.get(sign)
    if plain is None and ("\uff01" <= sign <= "\uff5e" or "\ufe10" <= sign <= "\ufe6b"):
        plain = unicodedata.normalize("NFKC", sign)
        plain = OTHERS.get(plain, plain)
    return f"write {plain}" if plain is not None and plain.isascii() and not plain.isalnum() else None


def _letter(sign: str) -> str | None:
    """A full-width letter or digit, where none can stand."""
    return f"write {unicodedata.normalize('NFKC', sign)}" if "\uff01" <= sign <= "\uff5e" else None


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
