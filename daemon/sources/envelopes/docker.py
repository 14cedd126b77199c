r"""Docker's json-file driver: `{"log": "...\n", "stream": "stderr", "time": "..."}`, one line of the program in each.

A line longer than 16 KiB comes in parts; all but the last lack their line end. Where no line in sight has one (some
shippers trim them) that says nothing: streams.py looks at that. Docker's fluentd and journald drivers mark their parts.
"""

from __future__ import annotations

from typing import Any

from ossmend.daemon.sources.envelopes.line import Line

_KEYS = frozenset({"log", "stream", "time", "attrs"})


def opened(document: dict[str, Any]) -> Line | None:
    log = document.get("log")
    if not isinstance(log, str) or not document.keys() <= _KEYS or len(document) < 2:
        return None
    stream, stamp = str(document.get("stream", "")), str(document.get("time", ""))[:64]
    return Line(log.rstrip("\r\n"), stream, stamp, ended=log.endswith("\n"))


def fluentd_driver(document: dict[str, Any]) -> Line | None:
    """`docker run --log-driver fluentd`: the same, named otherwise, its parts marked."""
    log = document.get("log")
    if not isinstance(log, str) or not isinstance(document.get("container_id"), str) or "source" not in document:
        return None
    more = document.get("partial_message") in (True, "true") and document.get("partial_last") not in (True, "true")
    stream = f"{document['container_id'][:64]} {document['source']}"
    return Line(log.rstrip("\r\n"), stream, partial=more)
