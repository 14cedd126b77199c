"""A write that has not left -> what it will send, as lines: its fields one below the other, or where it replaces a
configuration, what goes and what comes. `--json` has the whole of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import unified_diff
from typing import Any

from ossmend.remediators.contract.write import GIB, gib

THERE, THEN = "is there now", "will be there"
LONGEST = 100
"""Characters of a list that stays on the line of its field."""
SAID_ABOVE = frozenset({"operation", "planned_on"})
"""Of the call: its name stands in the line above, and what it was planned on is a fingerprint."""


def request(write: Mapping[str, Any]) -> Iterator[str]:
    """Of one whose text is too long to be kept here, how long it is; then what it spends."""
    yield from _sent(write)
    if write.get("gib") is not None:
        yield f"restores: {gib(Decimal(str(write['gib'])) * GIB) if write['gib'] else 'under 0.01 GiB'}"
    if write.get("takes"):
        yield f"takes: {write['takes']}; more when many are restored at once"
    if "prices_as_of" in write and write["cost"] != "0":
        known = f"{write['cost']} {write['currency']}, by prices of {write['prices_as_of']}"
        yield f"cost: {'price unknown: set `prices`' if write['cost'] is None else known}"


def _sent(write: Mapping[str, Any]) -> Iterator[str]:
    replaces, body = write.get("replaces"), write["body"]
    if replaces is not None:
        yield from _difference(replaces["now"], replaces["then"])
    elif isinstance(body, dict):
        yield from _text({name: value for name, value in body.items() if name not in SAID_ABOVE})
    else:
        yield str(body)


def _difference(now: Any, then: Any) -> Iterator[str]:
    yield from unified_diff(_text(now), _text(then), THERE, THEN, lineterm="")


def _text(value: Any) -> list[str]:
    return list(_lines(value, ""))


def _lines(value: Any, indent: str) -> Iterator[str]:
    """A field a line, and a list of words on the line of its field: a rule is to be seen as a whole."""
    named = value.items() if isinstance(value, Mapping) else (("-", each) for each in value)
    for name, each in named:
        label = f"{indent}{name}" if name == "-" else f"{indent}{name}:"
        short = f"{label} {json.dumps(each, ensure_ascii=False)}"
        if isinstance(each, Mapping) or (isinstance(each, list) and (_is_deep(each) or len(short) > LONGEST)):
            yield label
            yield from _lines(each, f"{indent}  ")
        else:
            yield short


def _is_deep(values: list[Any]) -> bool:
    return any(isinstance(each, (Mapping, list)) for each in values)
