"""Events of one batch -> folds: what they add to one case, counted in memory. Next: intake.py writes them down.

Folding comes before the database, so that a batch of ten thousand events of one cause touches one row once, and ten
thousand causes are one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ossmend.remediators.contract.case import Event, Subject
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef

KEEP_FIRST, KEEP_LAST = 3, 5
"""Samples of a case. Of the later ones one of low trust goes before one of high trust: no flood pushes it out."""
USAGE_KINDS = 30

Whole = Callable[[], Event]
"""Reads a refusal of which so far only what it has in common with others is known."""


@dataclass(slots=True)
class Fold:
    """The events of one batch that belong to one case."""

    policy: str
    code: str | None
    subject: Subject
    recurrence: timedelta
    """A case closed for longer than this is over; later events are a new case."""
    account: AccountRef = DEFAULT_ACCOUNT
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None
    usage: dict[str, dict[str, int]] = field(default_factory=dict)
    key: str = field(init=False)
    """What makes two events one case."""
    _kept: list[tuple[Event, Whole | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        mine = f"{self.policy}\x1f{self.subject}"
        self.key = mine if self.account == DEFAULT_ACCOUNT else f"{mine}\x1f{self.account}"

    @property
    def party(self) -> tuple[str, str]:
        """Source and client of whoever told it first."""
        return self.samples[0].source, self.samples[0].client or ""

    @property
    def samples(self) -> list[Event]:
        """The kept ones, read whole now and not before: most are let go again, and nothing of them is ever read."""
        self._kept = [(event if whole is None else whole(), None) for event, whole in self._kept]
        return [event for event, _ in self._kept]

    def add(self, event: Event, at: datetime, whole: Whole | None = None) -> None:
        """One more refusal; `whole`: reads it, where `event` only stands for it."""
        self.events += 1
        self.vouch(event, at, whole)
        self._count(event)

    def vouch(self, event: Event, at: datetime, whole: Whole | None = None) -> None:
        """A better witness of a refusal that was counted before: kept as a sample, and not counted again."""
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)
        if len(self._kept) >= KEEP_FIRST + KEEP_LAST:
            del self._kept[_least([sample.trust for sample, _ in self._kept])]
        self._kept.append((event, whole))

    def _count(self, event: Event) -> None:
        for kind, name in (
            ("clients", event.client),
            ("agents", event.user_agent),
            ("buckets", event.bucket),
            ("operations", event.operation or event.method),
            ("keys", event.access_key_id),
            ("logs", event.where or event.source),
        ):
            if name:
                count(self.usage, kind, name)


def _least(trusts: Sequence[str]) -> int:
    """Which sample is let go: the oldest of low trust behind the first ones, else the oldest behind them."""
    later = trusts[KEEP_FIRST:]
    return KEEP_FIRST + (later.index("low") if "low" in later else 0)


def count(usage: dict[str, dict[str, int]], kind: str, name: str, number: int = 1) -> None:
    """Add to a usage table; beyond USAGE_KINDS different names the rest is counted as `(others)`."""
    table = usage.setdefault(kind, {})
    if name not in table and len(table) >= USAGE_KINDS:
        name = "(others)"
    table[name] = table.get(name, 0) + number


def newest(known: Sequence[Event], samples: Sequence[Event]) -> list[Event]:
    """The stored samples with newer ones, cut to what a case keeps; the newest is always kept, and last."""
    kept = [*known, *samples]
    while len(kept) > KEEP_FIRST + KEEP_LAST:
        del kept[_least([sample.trust for sample in kept[:-1]])]
    return kept
