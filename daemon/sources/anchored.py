"""Many words -> their places in bytes, at a speed near that of looking for a few letters.

A pattern of many alternatives is tried at every byte, and that is slow. Looking for one letter is fast if the letter is
rare. So each word is looked for by one letter inside of it, and only where that letter is, the word around it is
compared. Which letters are rare differs from log to log: they are counted in a piece of the log itself, and as few as
possible are chosen that stand in all of the words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_

LOOKED_UP = 0.2
"""What it takes to look at one letter in a thousand that is found one by one, ..."""
PASSED = 0.025
"""... and at one that a pattern goes through, ..."""
PASS = 0.29
"""... and for a pattern to go through everything else; nanoseconds a byte, where they were measured. Only their ratios
matter.
"""
_OFTEN = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Letters in a thousand: logs that are alike in this are looked through in one way."""


@dataclass(frozen=True, slots=True)
class Way:
    """One letter to look for."""

    letter: bytes
    around: re.Pattern[bytes]
    """The letter with what is behind it in one of the words, and a look back at what is before it."""
    rare: bool


class Words:
    """Words to look for. Of some it is asked for by `marked` that they be told apart."""

    def __init__(self, words: Collection[str], marked: Collection[str] = ()) -> None:
        self._marked = frozenset(word.encode() for word in marked)
        self._words = tuple(sorted({word.encode() for word in words} | self._marked))
        self._with = {
            letter: sum(1 << number for number, word in enumerate(self._words) if letter in word)
            for letter in set(b"".join(self._words))
        }
        """By letter: the words that have it, as bits."""
        self._chosen = lru_cache(maxsize=64)(self._choose)

    def ways(self, sample: bytes) -> tuple[Way, ...]:
        """The letters by which all of the words are found with the least work in bytes like these."""
        size = max(len(sample), 1) / 1000
        return self._chosen(tuple(bisect_left(_OFTEN, sample.count(letter) / size) for letter in self._with))

    def _choose(self, often: tuple[int, ...]) -> tuple[Way, ...]:
        met = {letter: _OFTEN[min(each, len(_OFTEN) - 1)] for letter, each in zip(self._with, often, strict=True)}
        costs = {letter: min(LOOKED_UP * each, PASS + PASSED * each) + 0.01 for letter, each in met.items()}
        plans = [self._cover(costs, weight) for weight in (0.5, 0.7, 0.85, 1.0, 1.2)]
        ways, left = [], (1 << len(self._words)) - 1
        for letter in min(plans, key=lambda plan: sum(costs[letter] for letter in plan)):
            rare = LOOKED_UP * met[letter] < PASS + PASSED * met[letter]
            ways.append(Way(bytes([letter]), self._pattern_for(letter, self._with[letter] & left), rare))
            left &= ~self._with[letter]
        return tuple(ways)

    def _cover(self, costs: dict[int, float], weight: float) -> list[int]:
        """Letters that stand in all of the words, cheap ones first; without those that the others make superfluous."""
        everything = left = (1 << len(self._words)) - 1
        chosen: list[int] = []
        while left:
            gains = {letter: (words & left).bit_count() for letter, words in self._with.items() if words & left}
            letter = min(gains, key=lambda each: (costs[each] / gains[each] ** weight, each))
            chosen.append(letter)
            left &= ~self._with[letter]
        for letter in sorted(chosen, key=lambda each: -costs[each]):
            others = [each for each in chosen if each != letter]
            if _union(self._with[each] for each in others) == everything:
                chosen = others
        return sorted(chosen, key=lambda each: costs[each])

    def _pattern_for(self, letter: int, mine: int) -> re.Pattern[bytes]:
        """All that can be behind the letter, by its first sign: most places are passed after a look at that."""
        mine_now = [word for number, word in enumerate(self._words) if mine >> number & 1]
        behind: dict[bytes, list[bytes]] = {}
        for word in sorted(mine_now, key=len, reverse=True):  # a longer word is told, not a marked one inside of it
            at = word.index(letter) + 1
            behind.setdefault(word[at : at + 1], []).append(re.escape(word[at + 1 :]) + self._looking_back(word))
        ends = [
            re.escape(sign) + b"(?:" + b"|".join(rest) + b")" for sign, rest in sorted(behind.items(), reverse=True)
        ]
        return re.compile(re.escape(bytes([letter])) + b"(?:" + b"|".join(ends) + b")")

    def _looking_back(self, word: bytes) -> bytes:
        """The whole word is here; a marked one leaves a group."""
        return b"(?<=" + re.escape(word) + (b")()" if word in self._marked else b")")


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)


def places(data: bytes, ways: Collection[Way]) -> Iterator[tuple[int, bool]]:
    """Where one of the words is, at a letter inside of it, and whether it is a marked one; not in order."""
    for way in ways:
        for found in _each(data, way) if way.rare else way.around.finditer(data):
            yield found.start(), found.lastindex is not None


def _each(data: bytes, way: Way) -> Iterator[re.Match[bytes]]:
    find, match, letter = data.find, way.around.match, way.letter
    at = find(letter)
    while at >= 0:
        found = match(data, at)
        if found is not None:
            yield found
        at = find(letter, at + 1)
