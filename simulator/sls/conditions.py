"""Turns `a and (b or not c)` into a test of one row; what `a` may look like is for spl.py and search.py to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ossmend.simulator.log_store import Row

Test = Callable[["Row"], bool]
DEEPEST: Final = 40


class Unreadable(ValueError):
    """A condition that is not understood here; the text says what stands in the way."""


def words(pattern: re.Pattern[str], text: str) -> list[str]:
    """The text as one such word behind the other. Raises Unreadable."""
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise Unreadable(f"not understood: {text[at : at + 30].strip()!r}")
        found.append(match[1])
        at = match.end()
    return found


class Tokens:
    """The words of a condition, read from the left."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0

    def peek(self) -> str:
        """The next word; empty at the end."""
        return self._words[self._at] if self._at < len(self._words) else ""

    def take(self) -> str:
        word = self.peek()
        self._at += 1
        return word

    def takes(self, word: str) -> bool:
        """Step over this word, if it is the next one."""
        if self.peek().lower() != word:
            return False
        self._at += 1
        return True


def whole(tokens: Tokens, term: Callable[[Tokens], Test]) -> Test:
    """All words as one condition."""
    found = _either(tokens, term, 0)
    if tokens.peek():
        raise Unreadable(f"unexpected {tokens.peek()!r}")
    return found


def _either(tokens: Tokens, term: Callable[[Tokens], Test], depth: int) -> Test:
    tests = [_both(tokens, term, depth)]
    while tokens.takes("or"):
        tests.append(_both(tokens, term, depth))
    return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)


def _both(tokens: Tokens, term: Callable[[Tokens], Test], depth: int) -> Test:
    tests = [_one(tokens, term, depth)]
    while tokens.takes("and"):
        tests.append(_one(tokens, term, depth))
    return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def _one(tokens: Tokens, term: Callable[[Tokens], Test], depth: int) -> Test:
    if depth > DEEPEST:
        raise Unreadable("nested too deeply")
    if tokens.takes("not"):
        inner = _one(tokens, term, depth + 1)
        return lambda row: not inner(row)
    if tokens.takes("("):
        found = _either(tokens, term, depth + 1)
        if not tokens.takes(")"):
            raise Unreadable("a parenthesis is not closed")
        return found
    if not tokens.peek():
        raise Unreadable("something is missing at the end")
    return term(tokens)
