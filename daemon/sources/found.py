"""What one read of a source's files has found so far, and which troubles were said already.

reader.py writes it; app_log.py makes a batch of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ossmend.daemon.host.redact import printable
from ossmend.daemon.sources.places import Passed, Place, digest
from ossmend.remediators.contract.case import Event

MOST_SAID = 10_000
"""So many troubles are known as said; of more, the oldest are said a second time."""


@dataclass(slots=True)
class Found:
    """What one read of all files has found so far."""

    began: float
    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    moved: dict[str, Place | None] = field(default_factory=dict)
    """The places that have changed; None: the file is gone."""
    more: set[str] = field(default_factory=set)
    """Files of which more can be read at once, ..."""
    noted: set[str] = field(default_factory=set)
    """... or as soon as it is stored that they are."""
    waiting: set[str] = field(default_factory=set)
    """Files in which a block waits for its other lines, ..."""
    unfinished: set[str] = field(default_factory=set)
    """... or the first half of a line for the other."""
    lost: bool = False
    """A file was not where it was."""
    told: dict[str, dict[str, int]] = field(default_factory=dict)
    """By file: what of its first lines was told together with the last ones of the file that had its name before."""

    def add(self, events: Iterable[Event], passed: Passed) -> Passed:
        """Take up events, without those that were passed on before; a mark for each that was taken."""
        marks: list[str] = []
        for event in events:
            mark = _mark(event)
            if mark not in passed:
                self.events.append(event)
                marks.append(mark)
        self.count("refusals", len(marks))
        return tuple(marks)

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number


def _mark(event: Event) -> str:
    """What makes two tellings one."""
    return digest(repr((event.request_id, event.code, event.bucket, event.key)).encode("utf-8", "surrogatepass"))


class Said:
    """Troubles, each said once until the daemon starts again, or until it has come a second time; and those of them
    because of which something is not read now.
    """

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], None] = {}
        self._news: list[str] = []
        self._unread: dict[str, str] = {}
        self._unseen: dict[str, str] = {}
        """As of the last look at everything."""

    @property
    def trouble(self) -> str | None:
        """What cannot be read now, and why; None: nothing."""
        now = {**self._unseen, **self._unread}
        first = next((printable(f"{path} {why}") for path, why in now.items()), None)
        return first if len(now) <= 1 else f"{first}; and {len(now) - 1} more"

    def look(self) -> None:
        """Everything is looked at: what cannot be seen is told anew."""
        self._unseen = {}

    def cannot_see(self, path: str, why: str) -> None:
        self._unseen[path] = why
        self.complain(path, why)

    def cannot_read(self, path: str, why: str) -> None:
        self._unread[path] = why
        self.complain(path, why)

    def reads(self, path: str) -> None:
        """It was read, or is gone."""
        if (why := self._unread.pop(path, None)) is not None:
            self._said.pop((path, why), None)

    def complain(self, path: str, what: str) -> None:
        if (path, what) not in self._said:
            self._said[path, what] = None
            self._news.append(printable(f"{path} {what}"))
            if len(self._said) > MOST_SAID:
                del self._said[next(iter(self._said))]

    def news(self) -> tuple[str, ...]:
        news, self._news = tuple(self._news), []
        return news
