"""Turns rows about answered OSS requests into shards, log groups and positions, as the log service keeps them.

OSS's real-time log is a project of the log service for each account and region, with one logstore, there as soon as
one bucket has its log switched on. oss/real_time_log.py writes the rows, sls/ reads them; both let time pass by
`catch_up`: rows that are late arrive, and what is older than the retention is gone.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from ossmend.simulator import given
from ossmend.simulator.consumers import ConsumerGroup

if TYPE_CHECKING:
    from ossmend.simulator.clock import Clock

LOGSTORE: Final = "oss-log-store"
ACCESS: Final = "oss_access_log"
METERING: Final = "oss_metering_log"
SOURCE: Final = ""
"""The `__source__` of OSS's rows: UNCONFIRMED."""
_USER_AGENT_FIELDS: Final = ("user_agent", "User-Agent", "user-agent")
_HASHES: Final = 1 << 128
_ROWS_OF_A_GROUP: Final = 50
_REMEMBERED: Final = 1000


@dataclass(slots=True)
class Switches:
    """What no source says, and how long things take."""

    delay_seconds: float = 0.0
    """How late rows arrive, of the elapsed clock; documented are up to 180."""
    retention_days: float = 7.0
    shards: int = 2
    """Of projects that come up from now on."""
    ec: bool = False
    """Has a row the field `ec`? One page lists it, others do not."""
    user_agent_field: str = "user_agent"
    """The name of that field: three pages have three."""
    metering_every: int = 10
    """After how many rows about requests a project gets one about what is billed; 0: never."""


def switched(switches: Switches, settings: given.Settings) -> None:
    """Apply the settings that were given; none of them if one is wrong."""
    given.unknown(settings, " ".join(each.name for each in fields(Switches)), "real_time_log")
    least = {"shards": 1.0, "retention_days": 0.001}
    checked: dict[str, Any] = {}
    for name, value in settings.items():
        old = getattr(switches, name)
        if isinstance(old, bool):
            checked[name] = given.truth(value, name)
        elif isinstance(old, str):
            checked[name] = given.one_of(value, _USER_AGENT_FIELDS, name)
        else:
            number = given.number(value, name, least=least.get(name, 0.0))
            checked[name] = int(number) if isinstance(old, int) else number
    if checked.get("shards", 1) > 256:
        raise given.BadSetting("shards must be 256 at most")
    for name, value in checked.items():
        setattr(switches, name, value)


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `time` is the request's, in Unix seconds of the shown clock, and every value is a text."""

    time: int
    topic: str
    fields: Mapping[str, str]

    def value(self, name: str) -> str | None:
        own = {"__time__": str(self.time), "__topic__": self.topic, "__source__": SOURCE}
        return own[name] if name in own else self.fields.get(name)


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that arrived together, at one position of a shard."""

    topic: str
    rows: tuple[Row, ...]
    arrived: float
    """On the elapsed clock, by which it grows old."""
    received: float
    """On the shown clock, by which cursors are asked for."""


@dataclass(slots=True)
class Shard:
    """A part of a logstore. A position is a number: the shard's creation in nanoseconds, and one more for each group.

    That is what the cursors of real samples hold (UNCONFIRMED as a promise): a client must not take one apart.
    """

    id: int
    begin: int
    end: int
    created: float
    parent: int | None = None
    closed: float | None = None
    """When it was split, on the elapsed clock: from then on it is only read."""
    groups: list[Group] = field(default_factory=list)
    forgotten: int = 0
    """Groups that were here, and are gone."""

    @property
    def base(self) -> int:
        return int(self.created) * 1_000_000_000 + self.id * 1_000_003

    @property
    def first(self) -> int:
        """The position of the oldest group, or of the next one if there is none."""
        return self.base + self.forgotten

    @property
    def next(self) -> int:
        """The position of the group that comes next."""
        return self.first + len(self.groups)

    def since(self, received: float) -> int:
        """The position of the first group that was received then or later."""
        for number, group in enumerate(self.groups):
            if group.received >= received:
                return self.first + number
        return self.next

    def forget(self, count: int | None = None) -> None:
        """Drop the oldest groups; all of them without a count."""
        gone = len(self.groups) if count is None else count
        del self.groups[:gone]
        self.forgotten += gone


class Project:
    """The log of one account's buckets in one region."""

    def __init__(self, account_id: str, region: str, *, shards: int, created: float) -> None:
        self.account_id = account_id
        self.region = region
        self.created = created
        step = _HASHES // shards
        self.shards = {
            number: Shard(number, number * step, (number + 1) * step if number + 1 < shards else _HASHES, created)
            for number in range(shards)
        }
        self.consumer_groups: dict[str, ConsumerGroup] = {}
        self.written = 0
        """Rows about requests, since the beginning."""
        self._waiting: list[tuple[float, int, Row]] = []
        self._recent: deque[Row] = deque(maxlen=_REMEMBERED)
        self._turn = 0
        self._serial = 0
        self._last_shard = shards - 1

    @property
    def name(self) -> str:
        return project_name(self.account_id, self.region)

    @property
    def waiting(self) -> int:
        """Rows that are on their way."""
        return len(self._waiting)

    def send(self, row: Row, due: float) -> None:
        """A row sets out; it arrives at `due` of the elapsed clock."""
        self._serial += 1
        heapq.heappush(self._waiting, (due, self._serial, row))

    def catch_up(self, clock: Clock, retention_seconds: float) -> None:
        """Rows that are due arrive: those of one second together. What is too old is gone, split shards at last too."""
        now = clock.elapsed()
        while self._waiting and self._waiting[0][0] <= now:
            due = self._waiting[0][0]
            batch = []
            while self._waiting and self._waiting[0][0] <= min(now, due + 1.0):
                batch.append(heapq.heappop(self._waiting)[2])
            self.arrive(batch, due, clock.shown_when(due))
        for shard in list(self.shards.values()):
            old = 0
            while old < len(shard.groups) and now - shard.groups[old].arrived > retention_seconds:
                old += 1
            if old:
                shard.forget(old)
            if shard.closed is not None and now - shard.closed > retention_seconds:
                del self.shards[shard.id]

    def arrive(self, rows: Iterable[Row], arrived: float, received: float, *, again: bool = False) -> None:
        """Rows are dealt out to the shards that are written, and become groups of one topic there."""
        dealt: dict[tuple[int, str], list[Row]] = {}
        written = [shard.id for shard in self.shards.values() if shard.closed is None]
        for row in rows:
            if row.topic == ACCESS and not again:
                self._recent.append(row)
            shard = written[self._turn % len(written)]
            self._turn += 1
            dealt.setdefault((shard, row.topic), []).append(row)
        for (shard, topic), together in dealt.items():
            for start in range(0, len(together), _ROWS_OF_A_GROUP):
                part = tuple(together[start : start + _ROWS_OF_A_GROUP])
                self.shards[shard].groups.append(Group(topic, part, arrived, received))

    def repeat(self, count: int, clock: Clock) -> int:
        """The last rows about requests arrive once more, as delivery at least once may do; how many there were."""
        latest = list(self._recent)[-count:] if count else []
        self.arrive(latest, clock.elapsed(), clock.shown(), again=True)
        return len(latest)

    def split(self, shard: Shard, clock: Clock) -> tuple[Shard, Shard]:
        """A shard is only read from now on, and two new ones share what it would have got."""
        middle = (shard.begin + shard.end) // 2
        shard.closed = clock.elapsed()
        made = []
        for begin, end in ((shard.begin, middle), (middle, shard.end)):
            self._last_shard += 1
            made.append(Shard(self._last_shard, begin, end, clock.shown(), parent=shard.id))
            self.shards[self._last_shard] = made[-1]
        return made[0], made[1]


def project_name(account_id: str, region: str) -> str:
    return f"oss-log-{account_id}-{region}"


class LogService:
    """The projects of a cloud, by name. One that came up stays, whoever switches a bucket's log off again."""

    def __init__(self) -> None:
        self.switches = Switches()
        self.projects: dict[str, Project] = {}

    def open(self, account_id: str, region: str, clock: Clock) -> Project:
        """The project of an account in a region; made if it is not there."""
        name = project_name(account_id, region)
        if name not in self.projects:
            self.projects[name] = Project(account_id, region, shards=self.switches.shards, created=clock.shown())
        return self.projects[name]

    def write(self, project: Project, row: Row, clock: Clock) -> None:
        project.send(row, clock.elapsed() + self.switches.delay_seconds)
        if not self.switches.delay_seconds:
            project.catch_up(clock, self._retention_seconds)

    @property
    def _retention_seconds(self) -> float:
        return self.switches.retention_days * 86400.0

    def catch_up(self, clock: Clock) -> None:
        """Let the time pass that has passed."""
        for project in self.projects.values():
            project.catch_up(clock, self._retention_seconds)
