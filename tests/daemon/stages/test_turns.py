"""What a turn costs the database: it is asked for each lane, and not for each case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from ossmend.config.load import load_text
from ossmend.daemon.journal import cases
from ossmend.daemon.journal.store import Store
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages import work
from ossmend.daemon.stages.triage import Triage
from ossmend.daemon.stages.work import Work
from ossmend.remediators.contract.case import Case, Event
from tests.fakes import ASKED, FakeAccounts, FakeWorld

CONFIG = """
version: 1
cloud: { region: cn-hangzhou, concurrency: 1 }
policies: [ { name: thaw, on: InvalidObjectState, match: { bucket: "*" } } ]
"""


@pytest.fixture
def store(open_fresh: Callable[[], Store]) -> Store:
    return open_fresh()


def refused(bucket: str, number: int) -> Event:
    return Event(source="test", code="InvalidObjectState", status=403, bucket=bucket, key=f"k{number}",
                 request_id=f"{bucket}{number}", time=datetime.now(UTC), origins=ASKED)  # fmt: skip


def told(store: Store, **buckets: int) -> Work:
    """So many refusals in each bucket are stored; who works them, in a dry run."""
    config, world = load_text(CONFIG), FakeWorld()
    events = [refused(bucket, number) for bucket, many in buckets.items() for number in range(many)]
    for each in events:
        world.add_object(each.key or "", bucket=each.bucket or "")
    Triage(config, store, store.clock()).take("test", Batch(tuple(events), {"at": 1}))
    accounts: Any = FakeAccounts(world, may_write=False)
    return Work(config, store, accounts, store.clock(), dry_run=True)


def states(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return dict(cases.by_state(connection))


def asked(store: Store, **buckets: int) -> set[tuple[str, bool]]:
    """Each statement of one turn, and whether it was asked row by row; without renewals, which come when they come."""
    working = told(store, **buckets)
    asked: set[tuple[str, bool]] = set()

    def note(_connection: Any, _cursor: Any, statement: str, _given: Any, _context: Any, row_by_row: bool) -> None:
        if "leases" not in statement and "nodes" not in statement:
            asked.add((statement, row_by_row))

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        working.turn()
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
    working.close()
    return asked


def test_many_cases_of_a_lane_ask_the_database_the_same_as_few(store: Store) -> None:
    few, many = asked(store, few=3), asked(store, many=300)
    assert states(store) == {"planned": 303}
    assert many - few == set()
    if store.leases.shared:
        assert [statement for statement, row_by_row in many if row_by_row] == []


def test_a_full_lane_hides_no_other_and_no_pass_is_larger_than_a_list_page(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "BATCH", 20)
    passes: list[int] = []
    read = Work._read

    def noted(self: Work, ids: Sequence[int]) -> list[Case]:
        passes.append(len(ids))
        return read(self, ids)

    monkeypatch.setattr(Work, "_read", noted)
    working = told(store, full=50, other=10)
    working.turn()
    working.close()
    assert states(store) == {"planned": 60}
    assert sorted(passes) == [10, 10, 20, 20]
