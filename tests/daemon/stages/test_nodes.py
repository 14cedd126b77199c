"""Two nodes on one state: brakes are exact, each case is planned by one, and who has lost its lane sends nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ossmend.config.load import load_text
from ossmend.daemon.journal import entries
from ossmend.daemon.journal.postgres import LIVE, Address, PostgresStore, open_node
from ossmend.daemon.journal.schema import writes
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages.send import send
from ossmend.daemon.stages.triage import Triage
from ossmend.daemon.stages.work import Work
from ossmend.remediators.contract.case import Event
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.fakes import ASKED, FakeAccounts, FakeClock, FakeWorld
from tests.patience import HUNG, until

MOST = 5
BUCKETS, KEYS = 6, 4
CONFIG = f"""
version: 1
cloud: {{ region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }}
brakes: {{ writes_per_hour: {MOST} }}
policies: [ {{ name: thaw, on: InvalidObjectState, mode: enforce, match: {{ bucket: "*" }} }} ]
"""


class Present(FakeClock):
    """Goes with the database's clock, by which the nodes wait."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return datetime.now(UTC).timestamp()


class World(FakeWorld):
    """Writes within a time."""

    def send(self, write: Any, seconds: float | None = None) -> Any:
        assert seconds is not None, "a lease has an end"
        return super().send(write)


class Node:
    """One node, on a world that both share."""

    def __init__(self, url: str, directory: Path, name: str, world: FakeWorld) -> None:
        self.store: PostgresStore = open_node(Address(url, LIVE), directory, name)
        accounts: Any = FakeAccounts(world)
        self.triage = Triage(load_text(CONFIG), self.store, self.store.clock())
        self.work = Work(load_text(CONFIG), self.store, accounts, self.store.clock(), dry_run=False)

    def close(self) -> None:
        self.work.close()
        self.store.close()


@pytest.fixture
def world() -> FakeWorld:
    made = World(clock=Present())
    for bucket in range(BUCKETS):
        for key in range(KEYS):
            made.add_object(f"k{key}", bucket=f"b{bucket}")
    return made


@pytest.fixture
def both(shared_state: str, tmp_path: Path, world: FakeWorld) -> Iterator[tuple[Node, Node]]:
    left, right = (Node(shared_state, tmp_path, name, world) for name in ("left", "right"))
    left.store.renew()
    yield left, right
    for node in (left, right):
        node.close()


def refusals() -> tuple[Event, ...]:
    return tuple(
        Event(source="t", code="InvalidObjectState", status=403, bucket=f"b{bucket}", key=f"k{key}", origins=ASKED)
        for bucket in range(BUCKETS)
        for key in range(KEYS)
    )


def test_a_brake_is_exact_whoever_asks(both: tuple[Node, Node], world: FakeWorld) -> None:
    both[0].triage.take("t", Batch(refusals(), {"at": 1}))
    began = threading.Barrier(2)

    def turn(node: Node) -> None:
        began.wait(HUNG)
        for _ in range(10):
            node.work.turn()

    threads = [threading.Thread(target=turn, args=(node,)) for node in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HUNG)
    left = both[0]
    until("nobody is at work", lambda: left.work.turn() == 0 and not left.store.leases.others())
    assert len(world.sent) == MOST
    with left.store.read() as connection:
        states: dict[str, int] = dict(
            connection.execute(sa.select(writes.c.state, sa.func.count()).group_by(writes.c.state)).all()
        )
        assert entries.first_broken(connection) is None
    assert states == {"done": MOST, "held": BUCKETS * KEYS - MOST}


def test_each_node_takes_its_part(both: tuple[Node, Node]) -> None:
    left, right = both
    left.triage.take("t", Batch(refusals(), {"at": 1}))
    assert left.work.start() == BUCKETS // 2 * KEYS
    left.work.wait(HUNG)
    right.store.renew()
    assert right.work.start() == BUCKETS // 2 // 2 * KEYS + KEYS, "of what is left"
    right.work.wait(HUNG)


def test_what_another_node_is_at_work_on_is_left_alone(both: tuple[Node, Node]) -> None:
    left, right = both
    left.triage.take("t", Batch(refusals(), {"at": 1}))
    right.store.leases.take([f"default/object/b{bucket}" for bucket in range(BUCKETS)])
    assert left.work.start() == 0
    assert left.work.next_due() is None


@pytest.mark.parametrize(("left", "sent"), [(0.0, 0), (2.9, 0), (9.0, 1)])
def test_nothing_leaves_that_another_may_send_in_a_moment(world: FakeWorld, left: float, sent: int) -> None:
    limits: list[float | None] = []

    class Executor(FakeWorld):
        def send(self, write: Any, seconds: float | None = None) -> Any:
            limits.append(seconds)
            return super().send(write)

    executor: Any = Executor()
    executor.add_object("k0", bucket="b0")
    write = RestoreObject(bucket="b0", key="k0", days=1, storage_class="Archive", size=1, planned_on=executor.look(
        RestoreObject(bucket="b0", key="k0", days=1, storage_class="Archive", size=1, planned_on="")))  # fmt: skip
    send(executor, write, lambda _: None, lambda: None, lambda: left)
    assert len(executor.sent) == sent
    assert limits == ([left - 1.0] if sent else [])
