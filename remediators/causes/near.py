"""A word that somebody typed -> the known code that it may have been meant as. A suggestion, never a substitute.

explain answers with it ("did you mean"); nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Iterable

LIKE = 0.87
"""Two letters in a code of fifteen; `forbidden` is not `UserForbidden`."""
SHORTEST, LONGEST = 6, 60


def nearest(word: str, codes: Iterable[str]) -> str | None:
    """The code that differs least from the word, case aside; None if none is near, or if it is a code itself."""
    from difflib import get_close_matches  # not imported where nobody has mistyped

    bare = word.strip()
    by_lower = {code.lower(): code for code in sorted(codes)}
    if not SHORTEST <= len(bare) <= LONGEST or by_lower.get(bare.lower()) == bare:
        return None
    found = get_close_matches(bare.lower(), by_lower, n=1, cutoff=LIKE)
    return by_lower[found[0]] if found else None


def begun(word: str, codes: Iterable[str]) -> set[str]:
    """The codes that begin with the word and do not end with it."""
    return {code for code in codes if code.startswith(word) and code != word} if word else set()
