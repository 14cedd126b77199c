"""A write that has not left -> what it will send, as lines: its fields one below the other, or where it replaces a
configuration, what goes and what comes. `--json` has the whole of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any

THERE, THEN = "is there now", "will be there"
SAID_ABOVE = frozenset({"operation", "planned_on"})
"""Of the call: its name stands in the line above, and what it was planned on is a fingerprint."""


def request(write: Mapping[str, Any]) -> Iterator[str]:
    """Of one whose text is too long to be kept here, how long it is."""
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
    return json.dumps(value, ensure_ascii=False, indent=2).splitlines()
