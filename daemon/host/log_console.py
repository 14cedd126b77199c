"""A log event -> a line that a person reads in a terminal: time, level, event, key=value; a traceback under it.

structlog's console rendering, made safe and short. Each value is one word or stands in quotes, so that no text of a log
can pretend to be a field, and a traceback's lines are indented, so that none can pretend to be an event. What the
fields mean is in docs/operations.md. log.py decides who gets this; machines get JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.dev import Column, ConsoleRenderer, KeyValueColumnFormatter

from ossmend.daemon.host.show import moment
from ossmend.remediators.contract.light import regex

BARE = regex(r"[^\s\"'=]{1,4096}")
"""A value that needs no quotes."""
NAMES: Mapping[str, str] = {
    "foreign": "not_ours",
    "turned_away": "no_room_for",
    "repeated": "known_before",
    "woken": "looked_at_again",
}
"""Counters whose names nobody understands who reads them first. On a terminal a count of 0 is left out, too."""
LONG: Mapping[str, frozenset[str]] = {
    "notice": frozenset(
        {
            "evidence", "next_steps", "avoid", "facts", "used_by", "confidence", "first_seen", "last_seen",
            "recurrences", "account", "region", "alike_cases",
        }
    ),
}  # fmt: skip
"""What `ossmend cases show CASE` prints better than a line of the log."""
BEFORE_TRACEBACK = "    | "
RESET, BOLD, DIM = "\x1b[0m", "\x1b[1m", "\x1b[2m"
LEVELS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}


def console(*, colours: bool) -> tuple[structlog.typing.Processor, structlog.typing.Processor]:
    """The last two processors of a log that a person reads."""

    def styled(style: str, key: str | None = None) -> KeyValueColumnFormatter:
        reset = RESET if colours else ""
        return KeyValueColumnFormatter(key_style=key if colours or key is None else "",
                                       value_style=style if colours else "", reset_style=reset,
                                       value_repr=str)  # fmt: skip

    def level(key: str, value: object) -> str:  # noqa: ARG001  # structlog's signature
        said = f"{value!s:<7}"
        return f"{LEVELS.get(str(value), '')}{said}{RESET}" if colours else said

    columns = [
        Column("timestamp", styled(DIM)), Column("level", level), Column("event", styled(BOLD)),
        Column("", styled("", DIM)),
    ]  # fmt: skip
    return _for_people, ConsoleRenderer(columns=columns, sort_keys=False)


def _for_people(_logger: Any, _method: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The same event without what only machines want, each value as one word or in quotes."""
    away = LONG.get(str(fields.get("event")), frozenset())
    told: dict[str, Any] = {"case": quoted(fields["case"])} if fields.get("case") is not None else {}
    for name, value in fields.items():
        if name == "exception":
            told[name] = "\n".join(f"{BEFORE_TRACEBACK}{line}" for line in str(value).splitlines())
        elif name == "timestamp":
            told[name] = moment(str(value))
        elif name in ("level", "event"):
            told[name] = value
        elif name not in away and value not in (None, "", [], {}) and not (name in NAMES and value == 0):
            told[NAMES.get(name, name)] = quoted(value)
    return told


def quoted(value: object) -> str:
    """One word as it is; anything else in quotes, or as JSON."""
    if isinstance(value, str):
        return value if BARE.fullmatch(value) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value, ensure_ascii=False, default=str)
