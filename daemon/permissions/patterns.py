"""A policy's `match` -> RAM resource patterns, and a sentence for each place where RAM's wildcards allow more.

RAM has `*` (any run of characters, slashes included) and `?` (any one); `match` has a `*` that stops at a slash, and
`**` that does not (config/globs.py). A pattern here is never narrower than the match, for a refused write helps nobody.
needs.py is the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from ossmend.config.globs import DEEP
from ossmend.config.policy import Match

MOST_VARIANTS = 8
"""Patterns of one key; beyond that `**/` is widened to `*`."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a policy may look and write."""

    buckets: tuple[str, ...]
    objects: tuple[str, ...]
    widened: tuple[str, ...] = ()
    """What the patterns allow beyond the match, each a sentence."""


def places(match: Match) -> Places:
    bucket = match.bucket or "*"
    key = match.key or "**"
    keys = key_patterns(key)
    return Places(
        (f"acs:oss:*:*:{bucket}",), tuple(f"acs:oss:*:*:{bucket}/{each}" for each in keys), tuple(_widened(match))
    )


def key_patterns(key: str) -> tuple[str, ...]:
    """`**/a` is both `a` and `*/a`; every other run of stars is one star."""
    first, *rest = DEEP.split(key)
    gaps, chunks = rest[::2], rest[1::2]
    folders = sum(gap.endswith("/") for gap in gaps)
    if 2**folders > MOST_VARIANTS:
        return (re.sub(r"\*+", "*", first + "".join(f"*{chunk}" for chunk in chunks)),)
    choices = [("", "*/") if gap.endswith("/") else ("*",) for gap in gaps]
    variants = (
        first + "".join(gap + chunk for gap, chunk in zip(chosen, chunks, strict=True)) for chosen in product(*choices)
    )
    return tuple(dict.fromkeys(re.sub(r"\*+", "*", each) for each in variants))


def _widened(match: Match) -> Iterator[str]:
    """What RAM cannot say as narrowly."""
    key = match.key or "**"
    between = "".join(DEEP.split(key)[::2])
    if "*" in between or "?" in between:
        yield f'key "{key}": * and ? stop at a slash in `match`, and do not in RAM'
    if set("*?") & set(match.bucket or "") and match.bucket != "*" and not key.startswith("**"):
        yield f'bucket "{match.bucket}": its wildcard may run over the slash into the key in RAM'
    if len(key_patterns(key)) == 1 and 2 ** key.count("**/") > MOST_VARIANTS:
        yield f'key "{key}": **/ became *, which also fits in the middle of a name'
    for name in ("access_key_id", "client", "user_agent", "origin"):
        if getattr(match, name) is not None:
            yield f"{name}: RAM knows nothing of refused requests, so this narrows neither reads nor writes"
