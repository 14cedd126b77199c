"""The words in which the data files write down what speaks for a cause and against it; each makes a Sign of model.py."""

from __future__ import annotations

from ossmend.remediators.causes.model import Cause, Sign, Text, cause

SAID = Text("OSS said: {}", "OSS 返回：{}")
EC = Text("EC {} goes with this cause (only a hint: ECs may change)", "EC {} 常见于该原因（仅供参考，EC 可能变化）")
CODE = Text("the code is {}", "错误码为 {}")
MOST_OF_AN_EC = 1.0
ONLY = 3.4
"""What a code weighs that has one documented cause."""


def said(pattern: str, weight: float = 6.0) -> Sign:
    """OSS's own message. What only one cause is answered with weighs 6."""
    return Sign("message", pattern, weight, SAID)


def ec(pattern: str, weight: float = 0.9) -> Sign:
    """OSS's EC: never more than a hint."""
    if weight > MOST_OF_AN_EC:
        raise ValueError(f"an EC may weigh at most {MOST_OF_AN_EC}: its values may change")
    return Sign("ec", rf"^(?:{pattern})$", weight, EC)


def code(pattern: str, weight: float = 5.0) -> Sign:
    """The code itself, for causes that several codes share."""
    return Sign("code", rf"^(?:{pattern})$", weight, CODE)


def sign(feature: str, pattern: str, weight: float, en: str, zh: str) -> Sign:
    """Any other feature, with the sentence of evidence in both languages."""
    return Sign(feature, pattern, weight, Text(en, zh))


def against(feature: str, pattern: str, weight: float) -> Sign:
    """Something that speaks against a cause: no evidence is said for it."""
    return Sign(feature, pattern, -abs(weight))


def sole(
    id: str,  # noqa: A002  # it is what a cause's name is called everywhere
    codes: str,
    title: tuple[str, str],
    next_steps: tuple[tuple[str, str], ...],
    avoid: tuple[tuple[str, str], ...] = (),
    signs: tuple[Sign, ...] = (),
) -> Cause:
    """The only documented cause of its codes: there the code itself speaks for it."""
    itself = code("|".join(codes.split()).replace(".", r"\."), ONLY)
    return cause(id, codes, title, next_steps, avoid, (itself, *signs))
