"""Wanted keys of one bucket -> their listing rows, from as few pages as are worth it; the rest is left to HEAD.

A page answers for up to 1,000 keys, costs as much work as ten HEADs and as much money as the price table says (it is
billed as a write); so listing goes on only while pages keep finding wanted keys, by the dearer of the two. Every page
starts just before a wanted key, so gaps between heaps of keys cost nothing. view.py asks for a list batch once in its
life, on the first question about the bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ossmend.daemon.cloud.wire.answers import KEY_BYTES, Page, Row

FEW = 5
"""Fewer keys than this are asked one by one."""
WORTH = 10
"""Wanted keys that a page must find to pay for the next one: by the CPU that it costs."""
CHANCE = 200
"""Keys left to HEAD, after a page that found too few, before another page is tried."""


def list_batch(wanted: Sequence[str], page: Callable[[str, str], Page], billed: int = 1) -> Mapping[str, Row | None]:
    """{key: row, or None where the listing shows that it is not there}; keys without an entry are for HEAD. `billed`: a
    page costs as much money as so many HEADs.
    """
    worth = max(WORTH, billed)
    keys = sorted(set(wanted))  # by code points, which is the order of their UTF-8 bytes and so OSS's
    found: dict[str, Row | None] = {}
    if len(keys) < max(FEW, billed):
        return found
    credit, at = float(worth), 0
    while at < len(keys) - 1:
        if credit < worth:  # a sparse stretch
            at += max(1, round((worth - credit) * CHANCE / WORTH))
            credit = worth
            continue
        prefix = _common(keys[at], keys[-1])
        listed = page(prefix, before(keys[at]))
        rows = {row.key: row for row in listed.rows}
        answered = at
        while answered < len(keys) and _reaches(listed, keys[answered]):
            found[keys[answered]] = rows.get(keys[answered])
            answered += 1
        credit += answered - at - worth
        at = answered
    return found


def _common(first: str, last: str) -> str:
    """What the first and the last of sorted keys begin with, and so all between them."""
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    return first[:length]


def _reaches(listed: Page, key: str) -> bool:
    """Would this page show the key if it existed? A page that claims more but shows nothing proves nothing."""
    return not listed.truncated or (bool(listed.rows) and key <= listed.rows[-1].key)


def before(key: str) -> str:
    """A text that sorts before `key` with next to nothing in between: what `start-after` has to be."""
    head, last = key[:-1], ord(key[-1])
    if last == 0:
        return head
    previous = 0xD7FF if 0xD800 <= last - 1 <= 0xDFFF else last - 1  # surrogates are no characters
    close = f"{head}{chr(previous)}"
    longer = f"{close}~"
    return longer if len(longer.encode()) <= KEY_BYTES else close
