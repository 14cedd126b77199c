"""A code in a text -> does it only speak of one? Source code, templates, lists of codes, counts, names of files, steps
of tests: nobody was answered there. mentions.py asks, of each code that it finds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ossmend.remediators.contract.light import regex

_COMPARED = regex(r"(?:[=!]==?|\bcase|\.equals(?:IgnoreCase)?\(|\bDEFAULT)[ \t]{0,4}[\"'`]\Z")
_CAUGHT = regex(r"(?<!\w)(?:except|rescue|raises?|throw|throw new|catch|assertRaises|isinstance\(\w{1,20},)\Z")
_CAUGHT_ENDS = ("cept", "scue", "aise", "aises", "hrow", "hrow new", "atch", "Raises", ",")
_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:"
"""Of the package before an exception's name."""
_COMPARED_AFTER = regex(
    r"[\"'`](?:[ \t]{0,4}[=!]==?[ \t]|\.equals(?:IgnoreCase)?\(|:[ \t]{0,4}\Z)"
    r"|[:：,]?[ \t]?(?:%[-+#]?[sdvrqx@]|\{\w{0,20}\}|\$\{\w)"
)
"""Source code that asks which error it was: `if (code === 'AccessDenied')`, `except oss2.exceptions.AccessDenied`; and
a template of what it prints: `'AccessDenied: %s'`.
"""
_BESIDE = regex(
    r"[\"'`)\]]{0,2}[ \t]{0,2}"
    r"(?:[:=x×(]?[\"'`]?[ \t]{0,2}[:=]?[ \t]?\d{1,9}(?: ?(?:times|hits|[次个条]))?\)?"
    r"(?:[,，、|/;；][ \t\n]{0,8}|[ \t\n]{1,8})"
    r"|(?:[,，、|/;]|\bor\b|\band\b|或|和|及)(?:[ \t](?:or|and)\b)?[ \t\n]{0,8}"
    r"|\r?\n[ \t]{0,24}(?:[-*•+] |\d{1,2}[.)] ))[\"'`(\[]{0,2}"
)
"""Nothing else stands between codes that somebody lists, or counts."""
GAP = 40
_PASSED = regex(r"[ \t]{0,16}(?:[✓✔√]|PASS(?:ED)?\b|ok \d|Given (?!up\b))")
_ARROW = regex(r"[ \t]{0,16}\w{1,40}--?>>[+-]?\w{1,40} ?:")
"""A test that went well has whatever name it has; a step of a test, or an arrow of a diagram, is about what may be."""
_IN_PATH_BEFORE = regex(r"[\w.-]/$")
_IN_PATH_AFTER = regex(r"\.[a-z][a-z0-9]{1,4}(?![\w.])")
"""`oss://docs/AccessDenied.html`: a name of a file."""


def is_only_spoken_of(before: str, after: str) -> bool:
    """`before` and `after`: what stands on the code's line."""
    close = before[-64:]
    caught = close.rstrip(_NAME).rstrip(" \t(")
    return (
        (close.endswith(('"', "'", "`")) and _COMPARED.search(close) is not None)
        or (caught.endswith(_CAUGHT_ENDS) and _CAUGHT.search(caught) is not None)
        or _COMPARED_AFTER.match(after) is not None
        or _PASSED.match(before) is not None
        or (">>" in before and _ARROW.match(before) is not None)
        or (
            close.endswith("/")
            and _IN_PATH_BEFORE.search(close) is not None
            and _IN_PATH_AFTER.match(after) is not None
        )
    )


def listed(codes: Sequence[re.Match[str]], text: str) -> set[int]:
    """Where codes stand that stand beside another one: `AccessDenied, InvalidObjectState or UserDisable`."""
    found: set[int] = set()
    for one, other in pairwise(codes):
        if one[1] != other[1] and other.start() - one.end() < GAP and _BESIDE.fullmatch(text, one.end(), other.start()):
            found |= {one.start(), other.start()}
    return found
