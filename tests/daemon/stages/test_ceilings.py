"""At the ceiling of open cases: counted and not opened, told once, and what is real still gets in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ossmend.config.load import load_text
from ossmend.daemon import queries
from ossmend.daemon.journal.schema import notices, seen
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages.glance import SECONDS, Glance
from ossmend.daemon.stages.rules import RuleBook
from ossmend.daemon.stages.triage import Triage
from ossmend.daemon.stages.watch_clock import watch_clock
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.values import ClockReading, ClockSample, ObjectRef, ObjectState
from tests.fakes import ASKED, FakeAccounts, FakeCloud, FakeWorld

CONFIG = load_text("""
version: 1
cloud: { region: cn-hangzhou }
cases: { most_open: 100, most_open_per_policy: 50 }
notify: [ { webhook: { url: "https://hooks.example.com/a" } } ]
policies:
  - { name: thaw, on: InvalidObjectState, mode: enforce, match: { bucket: "*" } }
  - { name: keys, on: InvalidAccessKeyId, mode: enforce }
""")
OBJECTS = 40
"""Eight tenths of the policy's ceiling."""


class Scene:
    def __init__(self, directory: Path) -> None:
        self.world = FakeWorld(buckets={"b", "c"})
        self.clock = self.world.clock
        self.store: Store = open_store(directory, exclusive=True)
        accounts: Any = FakeAccounts(self.world)
        self.glance = Glance(accounts, RuleBook(CONFIG, dry_run=False), self.clock)
        self.triage = Triage(CONFIG, self.store, self.clock, look=self.glance.confirmed)
        self._numbers = 0

    def flood(self, number: int, **more: Any) -> int:
        """So many ever-new keys in one batch; how many were opened."""
        self._numbers += number
        keys = [f"k{each}" for each in range(self._numbers - number, self._numbers)]
        return self.take(*(self.refusal(key, request_id=f"F{key}", **more) for key in keys))

    def refusal(self, key: str, bucket: str = "b", **more: Any) -> Event:
        return Event(source="t", code="InvalidObjectState", bucket=bucket, key=key, origins=ASKED, **more)

    def take(self, *events: Event) -> int:
        return self.triage.take("t", Batch(tuple(events), {"at": 1})).cases

    def archive(self, key: str, bucket: str = "b") -> None:
        ref = ObjectRef(bucket, key, None)
        self.world.objects[ref] = ObjectState(ref=ref, storage_class="Archive", size=10, restore="none")

    def scalar(self, query: Any) -> Any:
        with self.store.read() as connection:
            return connection.scalar(query)

    def rows(self) -> list[dict[str, Any]]:
        with self.store.read() as connection:
            return queries.all_cases(connection)

    def not_opened(self) -> list[tuple[str, bool, int]]:
        with self.store.read() as connection:
            return [(row["policy"], row["over"], row["subjects"]) for row in queries.not_opened(connection)]

    def reported(self) -> list[str]:
        with self.store.read() as connection:
            return [body["cause"] for body in connection.scalars(sa.select(notices.c.body).order_by(notices.c.id))]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    yield built
    built.store.close()


def test_beyond_the_ceiling_new_subjects_are_counted_and_not_opened_and_people_are_told_once(scene: Scene) -> None:
    opened = [scene.flood(30) for _ in range(20)]
    assert (sum(opened), len(scene.rows())) == (OBJECTS, OBJECTS)
    assert scene.not_opened() == [("thaw", True, 600 - OBJECTS)]
    assert scene.reported() == ["too-many-cases"]


def test_what_is_open_goes_on_being_counted_in(scene: Scene) -> None:
    scene.flood(100)
    scene.take(scene.refusal("k0", request_id="again"))
    assert max(row["events"] for row in scene.rows()) == 2


def test_a_refusal_that_was_turned_away_is_opened_when_it_is_told_again_and_there_is_room(scene: Scene) -> None:
    scene.flood(50)
    assert scene.scalar(sa.select(sa.func.count()).select_from(seen)) == OBJECTS
    with scene.store.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET state = 'closed', closed_at = 1")
    assert scene.take(scene.refusal("k49", request_id="Fk49")) == 1


def test_a_genuine_refusal_that_looks_like_the_flood_is_opened_because_the_world_confirms_it(scene: Scene) -> None:
    scene.flood(100)
    scene.archive("real")
    flood = [scene.refusal(f"x{each}") for each in range(100)]
    assert scene.take(*flood[:50], scene.refusal("real"), *flood[50:]) == 1
    assert [row["subject"] for row in scene.rows() if "real" in row["subject"]]


def test_high_trust_and_other_policies_are_not_shut_out(scene: Scene) -> None:
    scene.flood(100)
    assert scene.take(scene.refusal("real", trust="high")) == 1
    assert scene.take(Event(source="t", code="InvalidAccessKeyId", access_key_id="LTAI5tExampleKey0001")) == 1


def test_our_own_clock_and_the_account_itself_are_never_shut_out(scene: Scene) -> None:
    scene.flood(100)
    denied = [Event(source="t", code="AccessDenied", bucket=f"b{each}") for each in range(100)]
    assert scene.take(*denied) == OBJECTS  # what no policy takes has a ceiling, too: and now both are at theirs
    scene.world.clock_reading = ClockReading((ClockSample("oss", 900.0, 901.0),))
    cloud: Any = FakeCloud(scene.world)
    watch_clock(CONFIG, cloud, scene.triage, scene.clock)
    scene.take(Event(source="t", code="UserDisable"))
    assert {row["code"] for row in scene.rows()} >= {"RequestTimeTooSkewed", "UserDisable"}


def test_when_there_is_room_again_that_is_said_once(scene: Scene) -> None:
    scene.flood(50)
    scene.triage.look_for_room()
    scene.clock.pass_(timedelta(minutes=11))
    scene.triage.look_for_room()
    assert scene.reported() == ["too-many-cases"]  # it is quiet, and still full
    with scene.store.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET state = 'closed', closed_at = 1 WHERE id <= 5")
    for _ in range(2):
        scene.triage.look_for_room()
    assert scene.reported() == ["too-many-cases", "room-for-cases"]
    assert scene.not_opened() == [("thaw", False, 10)]


def test_a_flood_that_comes_and_goes_is_told_once_a_day(scene: Scene) -> None:
    for _ in range(5):
        scene.flood(60)
        scene.clock.pass_(timedelta(minutes=11))
        with scene.store.begin() as connection:
            connection.exec_driver_sql("UPDATE cases SET state = 'closed', closed_at = 1")
        scene.triage.look_for_room()
    assert scene.reported() == ["too-many-cases", "room-for-cases"]


# --------------------------------------------------------------------------------------------------- looking at them


def subjects(scene: Scene, *events: Event) -> Sequence[Case]:
    now = scene.clock.now()
    policy = CONFIG.policies[0].name
    return [
        Case(id=number, policy=policy, code=event.code, events=1, opened_at=now, first_seen=now, last_seen=now,
             subject=Subject("object", (event.bucket or "", event.key or "")), samples=(event,))
        for number, event in enumerate(events)
    ]  # fmt: skip


def test_a_bucket_with_few_subjects_is_looked_at_before_the_one_of_the_flood(scene: Scene) -> None:
    scene.archive("real", "c")
    before, ask = scene.world.object, timedelta(seconds=SECONDS / 10)

    def slowly(ref: ObjectRef) -> Any:
        scene.clock.pass_(ask)
        return before(ref)

    scene.world.object = slowly  # type: ignore[method-assign]  # a cloud that takes its time
    found = scene.glance.confirmed(
        subjects(scene, *(scene.refusal(f"k{each}") for each in range(50)), scene.refusal("real", "c"))
    )
    assert found == {50}
    assert scene.world.asked["HeadObject"] <= 12  # a flood costs a bounded time


def test_a_bucket_that_cannot_be_asked_is_left_alone_for_a_minute(scene: Scene) -> None:
    scene.world.down = True
    flood = subjects(scene, *(scene.refusal(f"k{each}") for each in range(9)))
    for _ in range(3):
        assert scene.glance.confirmed(flood) == set()
    assert scene.world.asked["HeadObject"] == 1
    scene.world.down = False
    scene.archive("k3")
    scene.clock.pass_(timedelta(seconds=61))
    assert scene.glance.confirmed(flood) == {3}


def test_what_no_policy_could_write_for_is_not_asked_about(scene: Scene) -> None:
    (case,) = subjects(scene, Event(source="t", code="AccessDenied", bucket="b"))
    assert scene.glance.confirmed([case]) == set()
    assert not scene.world.asked


def test_ever_new_keys_in_batches_of_one_find_the_same_ceiling(scene: Scene) -> None:
    assert sum(scene.flood(1) for _ in range(OBJECTS + 20)) == OBJECTS
    scene.clock.pass_(timedelta(minutes=5))
    assert scene.flood(1) == 0


def test_open_cases_are_not_counted_for_each_batch_while_there_is_room(scene: Scene) -> None:
    counts: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counts.extend([statement] if "count(*)" in statement and "cases" in statement else [])

    scene.flood(1)
    sa.event.listen(scene.store._engine, "before_cursor_execute", note)
    for _ in range(10):
        scene.flood(1)
    assert not counts
    scene.clock.pass_(timedelta(minutes=2))
    scene.flood(1)
    assert counts
