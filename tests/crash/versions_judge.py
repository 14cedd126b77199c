"""What a trial of two versions shows -> what of it is not as docs/scaling.md promises. upgrade.py has the trial."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ossmend.daemon.journal import migrate

ENDS = 1
OUTGROWN, REFUSED = "a newer ossmend has changed the schema of", "was written by a newer ossmend (schema"
_HEAD = re.compile(r'^HEAD = "(\w+)"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Older:
    """What the checkout is."""

    checkout: Path
    head: str
    """Its schema."""
    asks: bool
    """Does it ask whether the state serves it? The first versions on PostgreSQL did not."""

    @classmethod
    def of(cls, checkout: Path) -> Older:
        journal = checkout / "daemon" / "journal"
        found = _HEAD.search((journal / "migrate.py").read_text(encoding="utf-8"))
        assert found is not None, f"{checkout} is no ossmend"
        return cls(checkout, found[1], (journal / "versions.py").is_file())

    @property
    def goes_on(self) -> bool:
        """Beside a node of ours? One that does not ask cannot be told to end."""
        return self.head >= migrate.SERVES or not self.asks

    @property
    def starts(self) -> bool:
        """On a state that a node of ours has brought up to date?"""
        return self.head == migrate.HEAD or (self.goes_on and self.asks)


@dataclass(frozen=True, slots=True)
class Wrote:
    """One write that arrived."""

    at: float
    by: str
    """The access key: each version has its own."""
    what: str


def stale(wrote: Iterable[Wrote], older: str, ended_at: float) -> list[str]:
    """What arrived from the older version after its last lease, from before the migration, can have lasted."""
    late = [each for each in wrote if each.by == older and each.at > ended_at]
    return [f"sent by a stale holder: {each.what}, {each.at - ended_at:.1f} s later" for each in late]


def goodbye(trace: str, status: int | None, *, was_working: bool) -> list[str]:
    """What is wrong with the end of a node that the state serves no more."""
    found = [] if status == ENDS else [f"the older node ended with {status}"]
    if OUTGROWN not in trace and REFUSED not in trace:
        found.append("the older node has not said why it ends")
    if was_working and '"event": "state.outgrown"' in trace and '"event": "daemon.stopped"' not in trace:
        found.append("the older node did not end in order")
    return found
