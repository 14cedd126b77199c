"""Patterns and words -> their places in bytes, near to the speed of looking for one letter.

`re` tries its alternatives at every byte, and that is slow. The regular expressions that pydantic brings along are not
`re`'s: they compare 16 bytes at once with some dozens of words. They say only whether there is anything, and that is
all that has to be known of most of a log. So each pattern has signs that are in whatever it finds: where one of them is
not to be seen, `re` is not asked. gate.py has the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydantic_core import SchemaValidator, core_schema

from ossmend.daemon.sources.parsers.names import trie

FINE = 2 * 1024
"""A slice with a sign in it is looked at again in pieces of this size, so that `re` reads little of it."""
BEYOND = 256
"""So far behind the end of a piece may what begins in it reach."""
MOST_WORDS = 40
"""More words than about 60 are not compared at once but one byte after the other, which takes twenty times as long;
fewer are told apart better.
"""


class Sought:
    """A pattern of `re`, with signs that are all to be seen where it finds something."""

    def __init__(self, pattern: bytes, *signs: str) -> None:
        """A sign is a pattern for text in which each byte is one sign."""
        self._pattern = re.compile(pattern)
        self._signs = tuple(
            SchemaValidator(core_schema.str_schema(pattern=sign, regex_engine="rust-regex")) for sign in signs
        )

    def found(self, data: bytes, start: int, end: int, text: str) -> Iterator[re.Match[bytes]]:
        """What begins in data[start:end], which are whole lines; `text` is the same, one sign a byte."""
        if self.may_be_in(text):
            for first, last in slices(data, start, end, FINE):
                if self.may_be_in(one_sign_a_byte(data, first, last)):
                    every = self._pattern.finditer(data, first, last + BEYOND)
                    yield from (each for each in every if each.start() < last)

    def may_be_in(self, text: str) -> bool:
        """Are its signs to be seen?"""
        return all(sign.isinstance_python(text) for sign in self._signs)

    def is_in(self, data: bytes, start: int, end: int) -> bool:
        return any(self.found(data, start, end, one_sign_a_byte(data, start, end)))


def one_of(words: Iterable[bytes]) -> Iterator[Sought]:
    """Each of the words."""
    ordered = sorted({word.decode("latin-1") for word in words})
    for first in range(0, len(ordered), MOST_WORDS):
        some = ordered[first : first + MOST_WORDS]
        yield Sought(trie(some).encode("latin-1"), "|".join(map(re.escape, some)))


def one_sign_a_byte(data: bytes, start: int, end: int) -> str:
    return data[start:end].decode("latin-1")


def slices(data: bytes, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """From where to where slices of about this size reach, each of whole lines."""
    while start < end:
        last = data.find(b"\n", start + size, end) + 1 or end
        yield start, last
        start = last
