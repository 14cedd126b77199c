"""A line of `name=value` pairs -> the same as a JSON line would be: fields, with quoted values as they were meant.

Only lines whose quoted values are escaped are taken: an error of several lines, or one with quotes inside, has to be
opened to be read. All other lines are read as they stand.
"""

from __future__ import annotations

import json
from typing import Any

from ossmend.daemon.sources.parsers.escapes import unescaped
from ossmend.remediators.contract.light import regex

_PAIR = regex(r'(?:^|(?<=\s))([A-Za-z_][\w.@/-]{0,60})=("(?:[^"\\\n]|\\.){0,65536}"|[^\s"]{0,4096})(?=\s|$)')
_ESCAPED = regex(r'="(?:[^"\\\n]|\\.){0,65536}?\\[n"tr]')
FEWEST = 2


def read(line: str) -> tuple[str, dict[str, Any]] | None:
    """What stands before the first pair, and the fields; None if it is no such line, or nothing in it is escaped."""
    line = line.rstrip("\r\n")  # of a followed file each record ends with its line's end
    if "\n" in line or '="' not in line or _ESCAPED.search(line) is None:
        return None
    found = list(_PAIR.finditer(line))
    if len(found) < FEWEST:
        return None
    fields: dict[str, Any] = {}
    for pair in found:
        fields.setdefault(pair[1], _value(pair[2]))
    return line[: found[0].start()], fields


def _value(raw: str) -> str:
    if not raw.startswith('"'):
        return raw
    try:
        return str(json.loads(raw))
    except ValueError:
        return unescaped(raw[1:-1])
