"""Where error events come from. A source turns what was written since a cursor into a Batch of Events.

A source is one file here, with its settings in the file of the same name in config/sources/; `@source` makes it known.
It keeps nothing that has to outlive the process: the cursor comes in with each read, what has moved goes out with each
batch, and triage.py stores both in one transaction. So whatever was read but not stored is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from ossmend.daemon.sources.parsers.access_row import Refusal, Row, event_of
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import ANY_ACCOUNT, DEFAULT_ACCOUNT, AccountRef

if TYPE_CHECKING:  # who only reads a text (`explain`) loads neither the configuration nor an SDK for it
    from ossmend.config.fields import Trust
    from ossmend.config.model import Config
    from ossmend.daemon.cloud.accounts import Cloud
    from ossmend.daemon.host.clock import Clock

Cursor = Mapping[str, Any]
"""Where each part of a source (a followed file, a log object) goes on; JSON values, which the source alone knows."""
Moved = Mapping[str, Any]
"""The parts of a cursor that have moved, and only those; None for one that is gone."""


def move(cursor: dict[str, Any], moved: Moved) -> None:
    """Move a cursor on, after a batch was stored. In place: most of thousands of parts have not moved."""
    for part, position in moved.items():
        if position is None:
            cursor.pop(part, None)
        else:
            cursor[part] = position


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read found."""

    refusals: tuple[Refusal, ...]
    """Those that stand in lines of one form only as rows (parsers/access_row.py)."""
    moved: Moved
    """Where the next read goes on, once these events are stored."""
    more: bool = False
    """There is more to read at once; False: the source is at its end for now."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What was seen since the last batch: `lines`, `bytes`, `refusals`, `malformed`, `own` ..."""
    complaints: tuple[str, ...] = ()
    """What could not be read and why, each said once by the source (vanished, unreadable, malformed lines)."""
    trouble: str | None = None
    """What the source cannot read now, and why, beside what it could; None: it reads everything."""
    files: int | None = None
    """How many files it follows; None where it follows none."""
    absent: bool = False
    """The one file that it is to read is not there: nobody knows what is in it, or whether it is only being rotated."""

    def of(self, trust: Literal["high", "low"], account: AccountRef = DEFAULT_ACCOUNT) -> Batch:
        """The same, with the trust that the configuration puts into its source, and whose events it says they are.
        Parsers never set them: a text cannot say how far it is to be trusted.
        """

        def marked(refusal: Refusal) -> Refusal:
            if isinstance(refusal, Row):
                refusal.trust, refusal.account = trust, account
                return refusal
            known = refusal.trust == trust and refusal.account == account
            return refusal if known else replace(refusal, trust=trust, account=account)

        return replace(self, refusals=tuple(map(marked, self.refusals)))

    @property
    def events(self) -> tuple[Event, ...]:
        """All of them read whole, which takes 20 times as long: for who wants to see, not for who counts."""
        return tuple(map(event_of, self.refusals))


class Source(Protocol):
    """One configured place. `name` is stable across restarts: the cursor is kept under it."""

    name: str
    every: timedelta
    """How often to look; zero where changes of files wake it."""

    @property
    def unfinished(self) -> bool:
        """After a read: something at the end may still grow."""
        ...

    def watch_directories(self) -> list[Path]:
        """The directories in which a change means news. Called beside `read`, by another thread."""
        ...

    def changed(self, paths: Collection[str] | None) -> bool:
        """A watcher has seen these files change; None: look at everything, it begins to watch or has missed something.
        True if it is for this source. Called beside `read`, by another thread.
        """
        ...

    def read(self, cursor: Cursor | None) -> Batch:
        """The next batch after `cursor` (None: never read). Bounded in size and time; does not block waiting for news.

        Raises TryAgain where the place cannot be reached just now.
        """
        ...


class Polled:
    """The half of a source that lies in no file of this machine: it is asked now and then."""

    unfinished = False

    def watch_directories(self) -> list[Path]:
        return []

    def changed(self, paths: Collection[str] | None) -> bool:  # noqa: ARG002  # no file is its own
        return False


# ----------------------------------------------------------------------------------------------------------- building


@dataclass(frozen=True, slots=True)
class Given:
    """What a source is built with, beside its settings."""

    clock: Clock
    cloud: Cloud
    since: timedelta | None
    """An audit reads from the beginning, and wants what happened so long ago or less."""
    domains: Mapping[str, str] = field(default_factory=dict)
    """Host -> the bucket whose own domain it is, as its account has them."""


Build = Callable[[Any, Given], Source]
READERS: dict[str, Build] = {}
"""By kind, as in the configuration."""


B = TypeVar("B", bound=Build)


def source(kind: str) -> Callable[[B], B]:
    """Make known how a source of that kind is built from its settings."""

    def register(build: B) -> B:
        READERS[kind] = build
        return build

    return register


@dataclass(frozen=True, slots=True)
class Built:
    """A source, and what the configuration says of it."""

    source: Source
    trust: Trust
    account: AccountRef
    """Whose events it has."""


def build_sources(
    config: Config, clock: Clock, cloud_of: Callable[[AccountRef], Cloud], since: timedelta | None
) -> list[Built]:
    """Every source of the configuration, in its order. One that names no account asks no cloud of any (whose.py): it is
    built with the first one's.
    """
    found: list[Built] = []
    for entry in config.sources:
        import_module(f"{__name__}.{entry.kind}")  # a kind's reader has the kind's name
        account = config.account_of(entry.given)
        cloud = cloud_of(config.home if account == ANY_ACCOUNT else account)
        given = Given(clock, cloud, since, config.domains_of(account))
        built = READERS[entry.kind](entry.given, given)
        found.append(Built(built, entry.trust, account))
    return found
