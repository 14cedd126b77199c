"""What counts as an English sentence in a Chinese answer: three plain words in a row, quotes of OSS aside."""

from __future__ import annotations

import re

HAN = re.compile(r"[\u4e00-\u9fff]")
_SENTENCE = re.compile(r"(?<![\w/.\-])[A-Za-z][a-z']+(?:,? [a-z][a-z']+){2,}")
_IDENTIFIER = re.compile(r"https?://\S+|oss://\S+|`[^`]*`|\{[^}]*\}|[\w.]+\([^)]*\)")
TERMS = ("forbidden by security system",)
"""OSS's own words that a Chinese sentence quotes."""


def english(text: str, *quoted: str) -> list[str]:
    """The English sentences of a text, without what is quoted in it."""
    for quote in sorted(filter(None, (*quoted, *TERMS)), key=len, reverse=True):
        text = text.replace(quote, "")
    return [found[0] for found in _SENTENCE.finditer(_IDENTIFIER.sub(" ", text))]
