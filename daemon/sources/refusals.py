"""What scanner.py found -> the refusals of a batch: rows where lines are split, Events where they are odd.

The daemon's own requests are left out by their User-Agent mark and by request ids, never by key: the key may be the
application's. Used by access_log.py and access_files.py; next: parsers/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ossmend.daemon.host.redact import printable, redact
from ossmend.daemon.sources.parsers.access_line import AccessLogEntry, entry_event, parse_line
from ossmend.daemon.sources.parsers.access_row import Refusal, Row
from ossmend.daemon.sources.scanner import Found, Frame

OWN_AGENT = "ossmend/"
SAMPLES = 3
"""So many malformed lines are shown, until the daemon starts again."""


@dataclass(slots=True)
class Whose:
    """Who reads, and which requests are its own."""

    source: str
    is_own_id: Callable[[str], bool]
    own_agent: bytes = OWN_AGENT.encode()
    sampled: int = 0


@dataclass(slots=True)
class Refusals:
    """What one read has found so far."""

    whose: Whose
    refusals: list[Refusal] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def take(self, frame: Frame, start: int, where: str) -> int:
        """Take up what was found behind `start`; up to where everything is taken up now."""
        end, found, long = frame
        self.count("bytes", end - start)
        if long:
            self.count("oversized", long)
        self.add(found, where)
        return end

    def add(self, found: Iterable[Found], where: str) -> None:
        """Take up the refusals of some lines."""
        before = len(self.refusals)
        for each in found:
            refusal = self._of_line(each, where) if isinstance(each, bytes) else self._of_fields(each, where)
            if refusal is not None:
                self.refusals.append(refusal)
        if len(self.refusals) > before:
            self.count("refusals", len(self.refusals) - before)

    def _of_fields(self, fields: tuple[bytes, ...], where: str) -> Refusal | None:
        line = fields[0]
        row = None if self.whose.own_agent in line else Row.of(fields, self.whose.source, where)
        if row is None:
            return self._of_line(line, where)
        if self.whose.is_own_id(row.request_id):
            self.count("own")
            return None
        return row

    def _of_line(self, line: bytes, where: str) -> Refusal | None:
        entry = parse_line(line)
        if entry is None:
            self._malformed(line)
            return None
        if self._is_own(entry):
            self.count("own")
            return None
        return entry_event(entry, source=self.whose.source, where=where)

    def _is_own(self, entry: AccessLogEntry) -> bool:
        if self.whose.own_agent.decode() in (entry.user_agent or ""):
            return True
        return entry.request_id is not None and self.whose.is_own_id(entry.request_id)

    def _malformed(self, line: bytes) -> None:
        self.count("malformed")
        if self.whose.sampled < SAMPLES:
            self.whose.sampled += 1
            self.samples.append(f"malformed line: {printable(redact(line[:300].decode('utf-8', 'replace')))}")
