"""Where a name ends in a text that puts it between brackets: at the one that the name has not opened itself.

`a(1).png` is a name, and SDKs print it as it is; of `(path: a.png)` the last bracket is the sentence's. Used by
addresses.py and pairs.py.
"""

from __future__ import annotations

from ossmend.remediators.contract.light import regex

PAIRED = {")": "(", "]": "[", "}": "{", "）": "（"}
_BRACKETS = regex(r"[()\[\]{}（）]")


def closed_at(text: str) -> int:
    """Where a bracket closes that is not opened in the text; else the end."""
    opened: list[str] = []
    for bracket in _BRACKETS.finditer(text):
        sign = bracket[0]
        if sign not in PAIRED:
            opened.append(sign)
        elif opened and opened[-1] == PAIRED[sign]:
            opened.pop()
        else:
            return bracket.start()
    return len(text)


def is_open(text: str) -> bool:
    """Does a bracket stay open at the end of the text?"""
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth = depth + 1 if bracket[0] not in PAIRED else max(0, depth - 1)
    return depth > 0
