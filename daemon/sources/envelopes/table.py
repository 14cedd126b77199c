"""The envelopes that are known, in the order in which they are tried; and how one physical line is opened.

An envelope may lie in another: docker's JSON may hold a line of CRI, syslog may hold JSON. A few levels are opened, no
more, whatever somebody nests. A new kind of envelope is one module and one line here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ossmend.daemon.sources.envelopes import cri, docker, journald, prefixes, shippers, stamps, syslog, wire
from ossmend.daemon.sources.envelopes.line import Line
from ossmend.daemon.sources.envelopes.marks import without_colours
from ossmend.remediators.contract.light import regex

OF_TEXT: tuple[Callable[[str], Line | None], ...] = (
    cri.opened,
    wire.opened,
    prefixes.kubectl,
    prefixes.stern,
    syslog.opened,
    prefixes.routed,
    stamps.opened,
    prefixes.compose,
    prefixes.logcat,
    prefixes.meteor,
    prefixes.quoted,
)
OF_JSON: tuple[Callable[[dict[str, Any]], Line | None], ...] = (
    docker.opened,
    journald.opened,
    docker.fluentd_driver,
    shippers.opened,
)
_FLUENTD_FILE = regex(r"(20\d\d-[\dT:.+Z-]{10,40})\t([\w.*/-]{1,200})\t(\{[^\n]*\})$")
"""fluentd's own file: time, tag and record, with tabs between."""
DEEPEST = 5
LONGEST_JSON = 1024 * 1024


def unwrap(raw: str) -> Line:
    """The inside of a physical line; the line itself where no envelope is around it."""
    outer = prefixes.coloured(raw) or Line(raw)
    plain = without_colours(outer.text)
    line = outer if plain == outer.text else replace(outer, text=plain)
    for _ in range(DEEPEST):
        inner = _once(line.text)
        if inner is None:
            break
        line = inner.within(line)
        if inner.document is not None or "\n" in inner.text:
            break
    return line


def _once(text: str) -> Line | None:
    if text.startswith("{"):
        return _of_json(text)
    if (filed := _FLUENTD_FILE.match(text)) is not None:
        inner = _of_json(filed[3]) or Line(filed[3])
        return inner.within(Line("", filed[2], filed[1]))
    for opened in OF_TEXT:
        line = opened(text)
        if line is not None:
            return line
    return None


def _of_json(text: str) -> Line | None:
    if len(text) > LONGEST_JSON or not text.rstrip().endswith("}"):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    for opened in OF_JSON:
        line = opened(document)
        if line is not None:
            return replace(line, text=without_colours(line.text))
    return Line(text, document=document)
