"""The newest warnings and errors of our own log, kept in memory for `ossmend status`: what went wrong, how often, when.

A processor of the log (log.py) that sees each line after its secrets are gone. Findings are no troubles: notices have a
table of their own. Next: stages/vitals.py writes them down.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

MOST = 10
LONGEST = 300
LEVELS = ("warning", "error", "critical")
NO_TROUBLE = frozenset({"notice", "paused", "resumed", "clock.drift", "config.kept"})
"""Said loudly, and told elsewhere, as long as it holds: cases, the switch, the clock, the configuration."""
WHERE = ("source", "lane", "channel", "job", "stages", "policy", "endpoint")
"""Fields that tell two troubles of one name apart."""
WHY = ("why", "what", "outcome", "exception")


class Troubles:
    """Each trouble once, with its number. Thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock = threading.Lock()

    def note(self, _logger: Any, _method: str, fields: Any) -> Any:
        """As structlog calls it: the line goes on as it came."""
        event = str(fields.get("event", ""))
        if fields.get("level") in LEVELS and event not in NO_TROUBLE:
            where = next((str(fields[name]) for name in WHERE if fields.get(name)), "")
            why = next((str(fields[name]) for name in WHY if fields.get(name)), "")
            why = why.strip().rpartition("\n")[2][:LONGEST]
            self._add(event, where, {"why": why, "at": str(fields.get("timestamp", ""))})
        return fields

    def end(self, event: str) -> bool:
        """It is over, wherever it was. Was there one? Not read from the log, which may keep such lines back."""
        with self._lock:
            left = {known: told for known, told in self._kept.items() if known[0] != event}
            ended, self._kept = len(left) < len(self._kept), left
            return ended

    def _add(self, event: str, where: str, told: Mapping[str, Any]) -> None:
        with self._lock:
            known = self._kept.pop((event, where), {"times": 0})
            self._kept[event, where] = {"event": event, "where": where, **told, "times": known["times"] + 1}
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]

    def restore(self, newest: Iterable[Mapping[str, Any]]) -> None:
        """What a process before us has met, behind what this one has met already."""
        with self._lock:
            for each in newest:
                if each["event"] not in NO_TROUBLE:
                    self._kept.setdefault((each["event"], each["where"]), dict(each))
            last = sorted(self._kept.items(), key=lambda kept: str(kept[1]["at"]))[-MOST:]
            self._kept = dict(last)

    def newest(self) -> list[Mapping[str, Any]]:
        """Oldest first."""
        with self._lock:
            return [dict(each) for each in self._kept.values()]


TROUBLES = Troubles()
"""Of this process: its log is one, too."""
