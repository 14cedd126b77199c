"""Glob pattern -> does a value fit? The whole value must fit, and case matters.

Two kinds. In *text* (bucket, client, origin, ...) `*` is any run of characters and `?` any one. In an object key, a
*path*, both stop at a slash, and `**` does not:

    2024/*          2024/a, but not 2024/01/a
    2024/**         everything below 2024/, at any depth, and the folder marker 2024/ itself
    **/a.csv        a.csv in any folder, and at the top: `**/` stands for any number of folders, none included
    **              every key

Nothing else is special and nothing can be escaped: a `?` fits a literal `*`. Patterns come from the operator but
values come from strangers, so a pattern must not be made slow by the value it meets: stars are compiled to atomic
groups, which never try a second split where the first one decides (tests compare them with the plain definition).
"""

from __future__ import annotations

import re
from functools import lru_cache

DEEP = re.compile(r"((?:(?<=/)|^)\*\*+/|\*\*+)")
"""`**/` at the start of a path segment, or `**` anywhere; more stars than two mean the same."""


def fits(pattern: str | None, value: str | None, *, path: bool = False) -> bool:
    """True without a pattern. A value that is absent fits no pattern, not even `*`."""
    if pattern is None:
        return True
    return value is not None and _compiled(pattern, path).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str, path: bool) -> re.Pattern[str]:
    one = "[^/]" if path else "."
    if path:
        first, *rest = DEEP.split(pattern)
    else:  # without a notion of folders every run of stars crosses everything
        first, *rest = re.split(r"(\*+)", pattern)
    gaps, chunks = rest[::2], rest[1::2]
    if not gaps:
        return re.compile(_chunk(first, one, to_the_end=True), re.DOTALL)
    # Between two gaps the first place where a chunk fits is as good as any later one, since the next gap swallows
    # the difference. Only the last chunk has to search for the end of the value.
    inner = "".join(f"(?>{_gap(gap)}{_chunk(chunk, one)})" for gap, chunk in zip(gaps[:-1], chunks[:-1], strict=True))
    return re.compile(_chunk(first, one) + inner + _gap(gaps[-1]) + _chunk(chunks[-1], one, to_the_end=True), re.DOTALL)


def _gap(gap: str) -> str:
    return "(?:.*?/)??" if gap.endswith("/") else ".*?"


def _chunk(chunk: str, one: str, *, to_the_end: bool = False) -> str:
    """What stands between two gaps: literals and `?`, with single stars between them that stop at a slash."""
    pieces = ["".join(one if sign == "?" else re.escape(sign) for sign in piece) for piece in chunk.split("*")]
    if len(pieces) == 1:
        return pieces[0]
    first, *middle = pieces
    last = f"{one}*{middle.pop()}" if to_the_end else ""
    return first + "".join(f"(?>{one}*?{piece})" for piece in middle) + last


# ------------------------------------------------------------------------------------------------ pattern in pattern


def within(narrow: str, wide: str) -> bool:
    """Does everything that fits one text pattern fit the other? A wildcard is only within a wider one.

    Each star takes as little as it can, and one sign more wherever the rest does not fit; only the last star is ever
    moved, so that no name makes this slow.
    """
    at = here = 0
    star: tuple[int, int] | None = None
    while at < len(narrow):
        sign = wide[here : here + 1]
        if sign == "*":
            star, here = (here, at), here + 1
        elif sign == narrow[at] or (sign == "?" and narrow[at] != "*"):
            here, at = here + 1, at + 1
        elif star is None:
            return False
        else:
            star = (star[0], star[1] + 1)
            here, at = star[0] + 1, star[1]
    return not wide[here:].strip("*")


def surely_within(narrow: str | None, wide: str | None, *, path: bool = False) -> bool:
    """The same of what a match may leave out; for paths only where it is plain, so False may mean "not known"."""
    if wide is None or narrow is None:
        return wide is None
    if not path:
        return within(narrow, wide)
    if {"*", "?"}.isdisjoint(narrow):
        return fits(wide, narrow, path=True)
    prefix = wide.removesuffix("**")
    return wide == narrow or (wide.endswith("**") and {"*", "?"}.isdisjoint(prefix) and narrow.startswith(prefix))
