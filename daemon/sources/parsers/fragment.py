"""A fragment: one stretch of text that names parts of one refused request, in one shape.

Every module beside this one finds fragments of its family; gather.py puts those together that speak of the same
request, and event.py makes the Event. Names of facts are ours (`code`, `request_id`, ...), whatever the SDK calls them;
what has no name of ours stays in `extra` under the name that the text gives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ossmend.daemon.sources.parsers.messages import implied_code
from ossmend.remediators.contract.case import Origin

LONGEST_VALUE = 16 * 1024
"""Longer values are cut: an EncodedDiagnosticMessage may have a few KB, nothing else comes near."""


PLACES = frozenset({"bucket", "object", "key", "version_id", "host", "url", "request", "client", "copy_source"})
"""Facts of which a better believed one replaces a worse one."""
SHAPES_OF_OSS = frozenset({"xml", "access_log"})


def _is_osss(message: str) -> bool:
    return implied_code(message) is not None


@dataclass(slots=True, eq=False)
class Fragment:
    start: int
    end: int
    shape: str
    facts: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    record: int = 0
    """Which log record it stands in."""
    weak: bool = False
    """Only a word: joins a neighbour that speaks of the same code, and counts for little alone."""
    origins: dict[str, Origin] = field(default_factory=dict)
    """Where a fact came from, if not from where facts of this shape come from."""

    def put(self, name: str, value: str, origin: Origin | None = None) -> None:
        """Note a fact, if it is the first of its name, or a place that is told better than before."""
        if name in self.facts and not (origin is not None and name in PLACES and origin.rank < self._origin(name).rank):
            return
        self.facts[name] = value[:LONGEST_VALUE]
        if origin is not None:
            self.origins[name] = origin

    def note(self, name: str, value: str) -> None:
        """Note something that has no name of ours."""
        if len(self.extra) < 64:
            self.extra.setdefault(name[:80], value[:LONGEST_VALUE])

    def fact(self, name: str) -> tuple[str, Origin]:
        """A fact and where it came from; "" where it is not told."""
        return self.facts.get(name, ""), self._origin(name)

    def _origin(self, name: str) -> Origin:
        if name in self.origins:
            return self.origins[name]
        return Origin.BODY if self.shape in SHAPES_OF_OSS else Origin.REQUEST

    def keep_origins(self) -> None:
        """Note where each fact came from: before the shape, which says it of all others, becomes another's."""
        self.origins = {name: self._origin(name) for name in self.facts}

    def absorb(self, other: Fragment) -> None:
        """The other speaks of the same request: what is missing here is taken from there, a place also where it is
        believed more.
        """
        self.keep_origins()
        for name, value in other.facts.items():
            _value, origin = other.fact(name)
            better = name in PLACES and value and origin.rank < self._origin(name).rank
            better = better or (name == "message" and _is_osss(value) and not _is_osss(self.facts.get(name, "")))
            if not self.facts.get(name) or better:
                self.facts[name] = value
                self.origins[name] = origin
        for name, value in other.extra.items():
            self.note(name, value)
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.weak = self.weak and other.weak
