"""What an envelope holds: one line of an application (or several, where the envelope keeps a whole message)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """The inside of one physical line, after all of its envelopes were opened."""

    text: str
    stream: str | None = None
    """Which process or container printed it, as far as the envelopes tell: lines of one stream belong together. None:
    no envelope tells.
    """
    stamp: str | None = None
    """When the outermost envelope was made, as it writes that."""
    partial: bool = False
    """The next line of the same stream is the rest of this one."""
    ended: bool | None = None
    """Docker keeps a line's end in the text: False where it is missing, None where the envelope has none to keep."""
    logged: bool = False
    """The envelope is what a log call gets: each begins a record, unless its text looks like the inside of one."""
    document: dict[str, Any] | None = field(default=None, compare=False)
    """The text is a structured record (JSON) of the application's own."""

    def within(self, outer: Line) -> Line:
        """The same line, seen from outside of one more envelope."""
        streams = [stream for stream in (outer.stream, self.stream) if stream is not None]
        return Line(
            self.text,
            "/".join(streams) if streams else None,
            outer.stamp or self.stamp,
            outer.partial or self.partial,
            outer.ended if outer.ended is not None else self.ended,
            outer.logged or self.logged,
            self.document,
        )
