"""Turns the small part of SPL that filters rows into a test of one: `* | where A = 'x' and (B = 'y' or C != 'z')`.

Everything else of the language is refused, with what is not understood. PullLogs and its `pullMode=scan_on_stream` use
it. A field that a row has not is null: neither equal to a text, nor different from it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ossmend.simulator.sls.conditions import Test, Tokens, Unreadable, whole, words

if TYPE_CHECKING:
    from ossmend.simulator.log_store import Row

_WORD: Final = re.compile(r"\s*('(?:[^']|'')*'|\"[^\"]+\"|[A-Za-z_][\w.]*|!=|<>|=|\(|\))")
_WHERE: Final = re.compile(r"\s*\*\s*(?:\|\s*where\b(?P<condition>.*))?\Z", re.IGNORECASE | re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_][\w.]*\Z")
_WORDS: Final = ("and", "or", "not")


def read(query: str) -> Test:
    """The test that a query means; Unreadable says why there is none."""
    match = _WHERE.match(query)
    if match is None:
        raise Unreadable("only `*` and `* | where ...` are simulated")
    if match["condition"] is None:
        return lambda _: True
    return whole(Tokens(words(_WORD, match["condition"])), _compares)


def _compares(tokens: Tokens) -> Test:
    """`A = 'x'`."""
    name, sign, value = tokens.take(), tokens.take(), tokens.take()
    field = name[1:-1] if name.startswith('"') else name
    if not (name.startswith('"') or _NAME.match(name)) or name.lower() in _WORDS:
        raise Unreadable(f"{name!r} is no field")
    if sign not in ("=", "!=", "<>") or not value.startswith("'"):
        raise Unreadable(f"{field} is compared by = or != with a text in single quotes only")
    wanted = value[1:-1].replace("''", "'")

    def test(row: Row) -> bool:
        held = row.value(field)
        return held is not None and (held == wanted) == (sign == "=")

    return test
