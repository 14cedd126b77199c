"""Many words -> a few patterns that find them in bytes at a speed near that of looking for one letter.

A pattern of alternatives is tried at every byte, and that is slow. One that begins with a single letter is fast, as
long as the letter is rare. So each word is looked for by a letter inside of it that logs
seldom have, with what is before and behind it around; as few letters as possible, each one pattern.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_PER_MILLE = {
    100: " ",
    60: "etaoinr",
    40: "sdlc.0123456789",
    20: "mpu:-",
    12: 'ghfby/="_',
    8: "vw,kINFOERTD",
    4: "x[]()ABCGLMPSUW",
    2: "jqz",
}
"""How often logs have a sign, roughly; the others are rarer."""
_COMMON = {ord(sign): often for often, signs in _PER_MILLE.items() for sign in signs}


def patterns(words: Collection[str], marked: Collection[str] = ()) -> list[re.Pattern[bytes]]:
    """Patterns which together find every one of the words. A match of a marked word has a group, others have none."""
    marks = {word.encode() for word in marked}
    left = {word.encode() for word in words} | marks
    found = []
    while left:
        anchor = min(set(b"".join(left)), key=lambda sign: (_cost(sign) / sum(sign in word for word in left), sign))
        mine = {word for word in left if anchor in word}
        left -= mine
        found.append(_pattern(anchor, mine, marks))
    return found


def _cost(sign: int) -> float:
    """What it takes to look at each place of a sign; and a little for one more pass over the data."""
    return 7 + _COMMON.get(sign, 1)


def _pattern(anchor: int, words: set[bytes], marks: set[bytes]) -> re.Pattern[bytes]:
    """The letter, then what is behind it, and last a look back at what is before it."""
    ways: dict[bytes, list[bytes]] = {}
    for word in sorted(words):
        at = word.index(anchor)
        ways.setdefault(word[at + 1 :], []).append(word)
    ends = [
        re.escape(behind) + b"(?:" + b"|".join(_looking_back(word, marks) for word in whole) + b")"
        for behind, whole in ways.items()
    ]
    return re.compile(re.escape(bytes([anchor])) + b"(?:" + b"|".join(ends) + b")")


def _looking_back(word: bytes, marks: set[bytes]) -> bytes:
    return b"(?<=" + re.escape(word) + (b")()" if word in marks else b")")
