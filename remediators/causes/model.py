"""What is known about a cause, as a value: when it fits, what to do, what not to do, in English and Chinese.

The data files beside this one hold nothing but these values. engine.py weighs them; docs/causes.md is made from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Text(NamedTuple):
    """One sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Sign:
    """Something in the text that speaks for a cause (weight above 0) or against it (below), in log-odds.

    `feature` is a name of features.py; `pattern` is searched in its value, without case. 2 is strong, 4 all but proves
    it. An EC may be a sign of at most 1: Alibaba says that its values may change.
    """

    feature: str
    pattern: str
    weight: float
    says: str
    """The sentence of evidence; `{}` stands for the feature's value."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    def found(self, features: dict[str, str]) -> str | None:
        """The evidence if the sign is there."""
        value = features.get(self.feature)
        if value is None or self.regex.search(value) is None:
            return None
        return self.says.replace("{}", value[:200])


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason for a refusal."""

    id: str
    codes: tuple[str, ...]
    """OSS's codes that it can hide behind; empty where only the cloud's own answers can name it."""
    title: Text
    next_steps: tuple[Text, ...]
    """In order; the first is what a person should do now."""
    avoid: tuple[Text, ...] = ()
    """What makes it worse."""
    signs: tuple[Sign, ...] = ()
    prior: float = 0.0
    """Log-odds before anything was read; the commonest cause of a code has the highest."""
    cure: str | None = None
    """The write of remediators/writes.py that cures it, if any."""


def cause(  # noqa: PLR0917  # the data files write a cause as one reads it, in this order
    id: str,  # noqa: A002  # it is what a cause's name is called everywhere
    codes: str,
    title: tuple[str, str],
    next_steps: tuple[tuple[str, str], ...],
    avoid: tuple[tuple[str, str], ...] = (),
    signs: tuple[Sign, ...] = (),
    prior: float = 0.0,
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
