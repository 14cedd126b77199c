"""A fragment: one stretch of text that names parts of one refused request, in one shape.

Every module beside this one finds fragments of its family; gather.py puts those together that speak of the same
request, and event.py makes the Event. Names of facts are ours (`code`, `request_id`, ...), whatever the SDK calls them;
what has no name of ours stays in `extra` under the name that the text gives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LONGEST_VALUE = 16 * 1024
"""Longer values are cut: an EncodedDiagnosticMessage may have a few KB, nothing else comes near."""


@dataclass(slots=True)
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

    def put(self, name: str, value: str) -> None:
        """Note a fact, if it is the first of its name."""
        self.facts.setdefault(name, value[:LONGEST_VALUE])

    def note(self, name: str, value: str) -> None:
        """Note something that has no name of ours."""
        if len(self.extra) < 64:
            self.extra.setdefault(name[:80], value[:LONGEST_VALUE])

    def absorb(self, other: Fragment) -> None:
        """The other speaks of the same request: what is missing here is taken from there."""
        for name, value in other.facts.items():
            if not self.facts.get(name):
                self.facts[name] = value
        for name, value in other.extra.items():
            self.note(name, value)
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.weak = self.weak and other.weak
