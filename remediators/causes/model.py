"""What is known about a cause, as a value: when it fits, what to do, what not to do, in English and Chinese.

The data files beside this one hold nothing but these values, written with the words of signs.py. engine.py weighs
them; document.py makes docs/causes.md of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ossmend.remediators.contract.values import shortened

LONGEST_QUOTE = 300


class Text(NamedTuple):
    """One sentence in both languages."""

    en: str
    zh: str

    def words(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


TYPED = Text("the text says: {}", "文本中写道：{}")
"""Of words that are told as nobody's message: OSS's sentence may stand among them, and a colleague's before it."""


class Bilingual(str):
    """A feature's value that is our own words: signs and English sentences see the English, Chinese ones the Chinese."""

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, en: str, zh: str) -> Bilingual:
        told = super().__new__(cls, en)
        told.zh = zh
        return told

    @staticmethod
    def of(value: str, lang: str) -> str:
        """The value in that language; what is the text's own stays as it is."""
        return value.zh if lang == "zh" and isinstance(value, Bilingual) else value


@dataclass(frozen=True)
class Sign:
    """Something in the text that speaks for a cause (weight above 0) or against it (below), in log-odds.

    `feature` is a name of features.py; `pattern` is searched in its value, without case. 1 is a hint, 3 is strong, 6 is
    what only one cause brings about. An EC may be a sign of at most 1: Alibaba says that its values may change.
    """

    feature: str
    pattern: str
    weight: float
    says: Text | None = None
    """The sentence of evidence; `{}` stands for the feature's value. None where there is nothing worth saying."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    def fits(self, features: Mapping[str, str]) -> bool:
        value = features.get(self.feature)
        return value is not None and self.regex.search(value) is not None

    def sentence(self, features: Mapping[str, str], lang: str) -> str | None:
        """The evidence, in words one can check; None for a sign that has none."""
        if self.says is None or self.weight <= 0:
            return None
        if self.feature == "message" and "typed" in features:
            return TYPED.words(lang).replace("{}", shortened(features["message"], LONGEST_QUOTE))
        return self.says.words(lang).replace("{}", shortened(Bilingual.of(features[self.feature], lang), LONGEST_QUOTE))


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason for a refusal."""

    id: str
    codes: tuple[str, ...]
    """OSS's codes that it can hide behind; empty where it fits any code, or none."""
    title: Text
    next_steps: tuple[Text, ...]
    """In order; the first is what a person should do now."""
    avoid: tuple[Text, ...] = ()
    """What makes it worse."""
    signs: tuple[Sign, ...] = ()
    prior: float | None = 0.0
    """Log-odds before anything was read; the commonest cause of a code has the highest. None: a text can never name it,
    only the cloud's own answers can."""
    cure: str | None = None
    """The write of remediators/writes/ that cures it, if any."""


def cause(  # noqa: PLR0917  # the data files write a cause as one reads it, in this order
    id: str,  # noqa: A002  # it is what a cause's name is called everywhere
    codes: str,
    title: tuple[str, str],
    next_steps: tuple[tuple[str, str], ...],
    avoid: tuple[tuple[str, str], ...] = (),
    signs: tuple[Sign, ...] = (),
    prior: float | None = 0.0,
    cure: str | None = None,
) -> Cause:
    """A Cause, written short: `codes` are separated by blanks, texts are pairs (en, zh)."""
    return Cause(
        id=id,
        codes=tuple(codes.split()),
        title=Text(*title),
        next_steps=tuple(Text(*each) for each in next_steps),
        avoid=tuple(Text(*each) for each in avoid),
        signs=signs,
        prior=prior,
        cure=cure,
    )
