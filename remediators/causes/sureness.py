"""A share -> words: how sure a sentence about a cause may sound. The one place that says so, in both languages.

A number of 46 % beside "this is the cause" is read as the sentence, so the words follow the number. Asked by whoever
makes a sentence of a diagnosis: the remediators that tell, and daemon/explain/page.py.
"""

from __future__ import annotations

from ossmend.remediators.causes import general
from ossmend.remediators.causes.model import Text

SURE, LIKELY, EVEN = 0.9, 0.7, 0.5
_NOT_ABOUT_A_CAUSE = frozenset(cause.id for cause in general.CAUSES)
"""`unknown` and its like say what is not known: a "probably" before them says nothing."""


def hedge(cause: str, share: float) -> Text:
    """What stands before the cause; empty where nine in ten are right."""
    if share >= SURE or cause in _NOT_ABOUT_A_CAUSE:
        return Text("", "")
    if share >= LIKELY:
        return Text("probably: ", "很可能：")
    if share >= EVEN:
        return Text("more likely than not: ", "较有可能：")
    return Text("possibly, among others: ", "可能的原因之一：")


def worded(cause: str, title: Text, share: float) -> Text:
    """The cause's title, as sure as it is. A title that says "may" is unsure enough by itself."""
    if " may " in title.en:
        return title
    return Text(*(before + said for before, said in zip(hedge(cause, share), title, strict=True)))
