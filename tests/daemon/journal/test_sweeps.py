"""Sweeps: what lies together is taken together, a small heap waits for no big one, and nothing is taken that rests."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ossmend.config.load import load_text
from ossmend.daemon.journal import intents, sweeps
from ossmend.daemon.journal.cases import rows as cases_of
from ossmend.daemon.journal.intents import NewWrite
from ossmend.daemon.journal.schema import cases
from ossmend.daemon.journal.states import WriteState
from ossmend.daemon.journal.store import Store
from ossmend.daemon.journal.sweeps import Sweep
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages.triage import Triage
from ossmend.remediators.contract.case import Case, Event
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.fakes import ASKED, NOW, FakeClock

LANE = "default/object/b"
CONFIG = """
version: 1
cloud: { region: cn-hangzhou }
policies:
  - { name: one, on: InvalidObjectState, match: { bucket: b, key: "one/**" } }
  - { name: two, on: InvalidObjectState, match: { bucket: "*" } }
"""


@pytest.fixture
def store(open_fresh: Callable[[], Store]) -> Store:
    return open_fresh()


def see(store: Store, keys: Sequence[str], *, source: str = "t", bucket: str = "b") -> None:
    """Told in no order."""
    mixed = random.Random(7).sample(list(keys), len(keys))  # no secret
    events = [
        Event(source=source, code="InvalidObjectState", status=403, bucket=bucket, key=key, origins=ASKED)
        for key in mixed
    ]
    Triage(load_text(CONFIG), store, FakeClock()).take(source, Batch(tuple(events), {"at": 1}))


def batch(store: Store, sweep: Sweep, limit: int) -> list[Case]:
    with store.read() as connection:
        ids = sweeps.batch(connection, sweep, NOW, limit)
        found = {case.id: case for case in cases_of(connection, NOW, ids).cases()}
    return [found[case_id] for case_id in ids]


def rest(store: Store, taken: Sequence[Case]) -> None:
    with store.begin() as connection:
        later = cases.update().values(due_at=NOW + timedelta(hours=1))
        connection.execute(later.where(cases.c.id.in_([case.id for case in taken])))


def keys_of(taken: Sequence[Case]) -> list[str]:
    return [case.event.key or "" for case in taken]


def names(prefix: str, number: int) -> list[str]:
    return [f"{prefix}/{each:03d}" for each in range(number)]


def test_a_heap_is_taken_in_the_order_of_its_keys_and_each_case_once(store: Store) -> None:
    see(store, names("one", 60))
    sweep, found = Sweep(LANE), []
    while taken := batch(store, sweep, 20):
        found.append(keys_of(taken))
        rest(store, taken)
    assert [key for group in found for key in group] == names("one", 60)
    assert len(found) == 3


def test_a_sweep_begins_again_where_something_is_due_before_its_place(store: Store) -> None:
    see(store, names("one", 60))
    sweep = Sweep(LANE)
    for _ in range(3):
        rest(store, batch(store, sweep, 20))
    see(store, ["one/0000"])
    assert keys_of(batch(store, sweep, 20)) == ["one/0000"]


@pytest.mark.parametrize("of_source", [False, True])
def test_ten_cases_wait_for_one_batch_however_many_others_there_are(store: Store, of_source: bool) -> None:
    see(store, names("one", 300))
    few = names("one/z" if of_source else "zwei", 10)
    see(store, few, source="late" if of_source else "t")
    taken = keys_of(batch(store, Sweep(LANE), 100))
    assert taken == [*few, *names("one", 90)]


def test_big_heaps_take_turns(store: Store) -> None:
    see(store, names("one", 50) + names("zwei", 50))
    sweep, first = Sweep(LANE), []
    for _ in range(4):
        taken = batch(store, sweep, 20)
        first.append(keys_of(taken)[0])
        rest(store, taken)
    assert first == ["one/000", "zwei/000", "one/020", "zwei/020"]


def test_other_lanes_and_what_is_not_due_are_left_alone(store: Store) -> None:
    see(store, names("one", 5))
    see(store, names("one", 5), bucket="c")
    rest(store, batch(store, Sweep(LANE), 20))
    assert batch(store, Sweep(LANE), 20) == []


def test_what_has_a_write_of_unknown_outcome_is_left_alone(store: Store) -> None:
    see(store, ["one/a", "one/b"])
    with store.begin() as connection:
        case_id = connection.scalar(sa.select(sa.func.min(cases.c.id)))
        assert case_id is not None
        new = NewWrite(case_id=case_id, policy="one", write=RestoreObject.example(), state=WriteState.INTENDED)
        intents.put(connection, [new], NOW)
    assert [case.id for case in batch(store, Sweep(LANE), 20)] == [case_id + 1]
