"""The cloud's quota of so many restores a second: kept busy, never exceeded, fair, and shared by all nodes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ossmend.config.load import load_text
from ossmend.config.model import CloudConfig
from ossmend.daemon.cloud.send.executor import Sent
from ossmend.daemon.journal.postgres import LIVE, Address, open_node
from ossmend.daemon.journal.quotas import Quota
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages.pace import LATE, Pace
from ossmend.daemon.stages.pause import Pause
from ossmend.daemon.stages.quota import AHEAD, Slot, Slots, first
from ossmend.daemon.stages.record import Record
from ossmend.daemon.stages.triage import Triage
from ossmend.daemon.stages.work import BATCH, Work
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT
from ossmend.remediators.contract.write import Write
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.fakes import ASKED, NOW, FakeAccounts, FakeClock, FakeWorld
from tests.patience import HUNG

RATE = 50
CONFIG = f"""
version: 1
cloud:
  region: cn-hangzhou
  concurrency: 1
  restores_per_second: {{ archive: unlimited, deep_cold_archive: {RATE} }}
brakes: {{ writes_per_hour: unlimited, objects_per_day: unlimited, restore_gib_per_day: unlimited,
          cost_per_day: unlimited, calls_per_minute: unlimited }}
policies:
  - {{ name: many, on: InvalidObjectState, mode: enforce, match: {{ bucket: b, key: "many/**" }} }}
  - {{ name: few, on: InvalidObjectState, mode: enforce, match: {{ bucket: b }} }}
"""
QUOTA = Quota(DEFAULT_ACCOUNT, "cn-hangzhou", "DeepColdArchive")


class World(FakeWorld):
    """Knows when each write came."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[datetime, str]] = []

    def send(self, write: Any) -> Sent:
        self.came.append((self.clock.now(), write.key))
        return super().send(write)


class Scene:
    """One bucket, whose time passes only while somebody waits for it."""

    def __init__(self, directory: Path) -> None:
        self.world = World()
        self.clock = self.world.clock
        self.store: Store = open_store(directory, exclusive=True)
        config = load_text(CONFIG)
        accounts: Any = FakeAccounts(self.world)
        self.triage = Triage(config, self.store, self.clock)
        self.work = Work(config, self.store, accounts, self.clock, dry_run=False, rest=self._rest)

    def _rest(self, seconds: float) -> None:
        self.clock.pass_(timedelta(seconds=seconds))

    def see(self, keys: Sequence[str], storage_class: str = "DeepColdArchive") -> None:
        for key in keys:
            self.world.add_object(key, storage_class)
        events = [
            Event(source="t", code="InvalidObjectState", status=403, bucket="b", key=key, origins=ASKED) for key in keys
        ]
        self.triage.take("t", Batch(tuple(events), {"at": 1}))

    def send(self, number: int) -> list[tuple[datetime, str]]:
        """Turn until so many writes were sent."""
        while len(self.world.came) < number:
            self.work.turn()
        return self.world.came


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    yield built
    built.work.close()
    built.store.close()


def most_within_a_second(came: Sequence[tuple[datetime, str]]) -> int:
    times = sorted(at for at, _ in came)
    return max(sum(at <= other < at + timedelta(seconds=1) for other in times) for at in times)


def names(prefix: str, number: int) -> list[str]:
    return [f"{prefix}/{each:05d}" for each in range(number)]


def test_a_quota_is_kept_busy_and_no_second_has_more(scene: Scene) -> None:
    scene.see(names("many", 6 * RATE))
    came = scene.send(6 * RATE)
    assert most_within_a_second(came) == RATE
    took = came[-1][0] - came[0][0]
    assert took < timedelta(seconds=6.5)
    assert len({key for _, key in came}) == len(came)


def test_what_has_no_quota_goes_at_once(scene: Scene) -> None:
    scene.see(names("many", 3 * RATE), "Archive")
    assert {at for at, _ in scene.send(3 * RATE)} == {NOW}


def test_one_policys_hundreds_keep_anothers_ten_waiting_for_no_more_than_a_batch(scene: Scene) -> None:
    scene.see(names("many", BATCH + 100))
    scene.clock.pass_(timedelta(seconds=1))
    scene.see(names("few", 10))
    came = scene.send(BATCH)
    assert max(at for at, key in came if key.startswith("few")) - came[0][0] < timedelta(seconds=1)
    assert sum(key.startswith("few") for _, key in came) == 10


def test_after_a_restart_the_slots_of_before_are_not_given_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.see(names("many", RATE))
    scene.send(RATE)
    scene.work.close()
    scene.store.close()
    again = Scene(tmp_path)
    again.see(names("few", RATE))
    came = scene.world.came + again.send(RATE)
    again.work.close()
    again.store.close()
    assert most_within_a_second(came) == RATE


# --------------------------------------------------------------------------------------------------------- one turn


def slots(free: datetime | None = None) -> Slots:
    clouds = {"default": CloudConfig(region="cn-hangzhou")}
    return Slots(clouds, lambda _quota: free, lambda _bucket: None, NOW)


def restore(storage_class: str) -> RestoreObject:
    return RestoreObject(bucket="b", key="k", days=1, storage_class=storage_class, size=1, planned_on="x")


@pytest.mark.parametrize(("storage_class", "most"), [("Archive", 500), ("ColdArchive", 500), ("DeepColdArchive", 100)])
def test_the_documented_quotas_are_on_by_default(storage_class: str, most: int) -> None:
    turn, write = slots(), restore(storage_class)
    given = []
    while turn.room([write], DEFAULT_ACCOUNT):
        slot = turn.take(write, DEFAULT_ACCOUNT)
        assert slot is not None
        given.append(slot.at)
    assert len(given) == most * AHEAD.total_seconds()
    assert sum(at < NOW + timedelta(seconds=1) for at in given) == most


def test_classes_do_not_wait_for_each_other() -> None:
    turn = slots()
    for _ in range(50):
        turn.take(restore("DeepColdArchive"), DEFAULT_ACCOUNT)
    other = turn.take(restore("ColdArchive"), DEFAULT_ACCOUNT)
    assert other is not None
    assert other.at == NOW


def test_other_writes_have_no_quota() -> None:
    write: Write = PutBucketCors.example()
    assert slots(NOW + AHEAD).room([write], DEFAULT_ACCOUNT)
    assert slots().take(write, DEFAULT_ACCOUNT) is None


@pytest.mark.parametrize(
    ("free", "next_slot"),
    [
        (None, NOW),
        (NOW - timedelta(days=1), NOW),
        (NOW + timedelta(seconds=3), NOW + timedelta(seconds=3)),
        (NOW + timedelta(days=1), NOW),
    ],
)
def test_a_clock_that_was_set_back_stops_nothing(free: datetime | None, next_slot: datetime) -> None:
    assert first(free, NOW) == next_slot


# ---------------------------------------------------------------------------------------------------- late, and shared


def slot_at(at: datetime) -> Slot:
    return Slot(QUOTA, at, timedelta(milliseconds=20))


def left(pace: Pace, clock: FakeClock, slot: Slot) -> datetime:
    pace.wait(slot)
    return clock.now()


def test_a_process_that_was_held_up_does_not_hurry_after_its_slots() -> None:
    clock = FakeClock()
    pace = Pace(clock, lambda seconds: clock.pass_(timedelta(seconds=seconds)), None)
    clock.pass_(timedelta(seconds=30))
    times = [left(pace, clock, slot_at(NOW + timedelta(milliseconds=20 * each))) for each in range(10)]
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {timedelta(milliseconds=20)}


@pytest.mark.parametrize(
    ("back", "waited"), [(timedelta(seconds=5), timedelta(seconds=5)), (timedelta(hours=2), timedelta(0))]
)
def test_a_clock_that_is_set_back_before_the_slot_keeps_no_call_for_hours(back: timedelta, waited: timedelta) -> None:
    clock = FakeClock()
    pace = Pace(clock, lambda seconds: clock.pass_(timedelta(seconds=seconds)), None)
    slots = [slot_at(NOW + timedelta(milliseconds=20 * each)) for each in range(2)]
    clock.step(-back)
    began = clock.monotonic()
    for each in slots:
        pace.wait(each)
    assert clock.monotonic() - began == pytest.approx((waited + timedelta(milliseconds=20)).total_seconds())


@pytest.mark.parametrize(("late", "asks"), [(LATE, 0), (LATE + timedelta(milliseconds=1), 1)])
def test_beside_other_nodes_a_slot_that_was_missed_is_exchanged(late: timedelta, asks: int) -> None:
    clock, asked = FakeClock(), []

    def renew(quota: Quota, apart: timedelta, number: int) -> datetime:
        asked.append((quota, apart, number))
        return clock.now() + timedelta(seconds=2)

    pace = Pace(clock, lambda seconds: clock.pass_(timedelta(seconds=seconds)), renew)
    clock.pass_(late)
    began = clock.now()
    assert left(pace, clock, slot_at(NOW)) - began == timedelta(seconds=2 * asks)
    assert len(asked) == asks


def test_no_slot_is_given_twice_whoever_asks(shared_state: str, tmp_path: Path) -> None:
    stores = [open_node(Address(shared_state, LIVE), tmp_path, name) for name in ("left", "right")]
    config, apart = load_text(CONFIG), timedelta(milliseconds=20)
    records = [Record(config, store, store.clock(), Pause(store, store.clock()), dry_run=False) for store in stores]
    given: list[datetime] = []
    began = threading.Barrier(4)

    def ask(record: Record) -> None:
        began.wait(HUNG)
        given.extend([record.more_slots(QUOTA, apart, 5) for _ in range(10)])

    threads = [threading.Thread(target=ask, args=(record,)) for record in records * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HUNG)
    for store in stores:
        store.close()
    assert len(given) == 40
    times = sorted(given)
    near = timedelta(microseconds=5)  # as exactly as seconds since the epoch are kept
    assert all(later - earlier >= 5 * apart - near for earlier, later in itertools.pairwise(times))
    assert datetime.now(UTC) - times[0] < timedelta(hours=1)
