"""Who works a state, as `ossmend status` tells it: one line on SQLite, a line for each node on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console

from ossmend.config.load import load_text
from ossmend.daemon.commands import status_page, status_report
from ossmend.daemon.journal import vitals
from ossmend.daemon.journal.leases import drop_old
from ossmend.daemon.journal.postgres import LIVE, Address, PostgresStore, open_node
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.journal.vitals import SourceVitals
from ossmend.daemon.stages.vitals import SignOfLife

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CONFIG = """
version: 1
cloud: { region: cn-hangzhou }
sources:
  - app_log: { path: /var/log/app.log }
  - access_log: { bucket: logs, prefix: oss/ }
"""
FILE, ELSEWHERE = (each.name for each in load_text(CONFIG).sources)


def report(store: Store) -> dict[str, Any]:
    with store.read() as connection:
        return status_report.status(connection, load_text(CONFIG), store.directory, store.clock().now(),
                                    worked=True, dry_run=False)  # fmt: skip


def screen(found: dict[str, Any]) -> str:
    console = Console(file=StringIO(), width=100)
    status_page.page(found, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def reads(store: Store, **sources: SourceVitals) -> SignOfLife:
    life = SignOfLife(store, store.clock(), dry_run=False)
    life.beat(sources.values(), None)
    return life


@contextmanager
def two(url: str, directory: Path) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    with (closing(open_node(Address(url, LIVE), directory, "first")) as first,
          closing(open_node(Address(url, LIVE), directory, "second")) as second):  # fmt: skip
        yield first, second


def test_one_process_on_sqlite_is_one_node_that_counts_no_leases(tmp_path: Path) -> None:
    with closing(open_store(tmp_path, exclusive=True)) as store:
        reads(store)
        found = report(store)
        assert [(each["lives"], each["holds"]) for each in found["nodes"]] == [(True, None)]
        assert "in hand" not in screen(found)


def test_each_node_is_named_with_what_it_has_in_hand(shared_state: str, tmp_path: Path) -> None:
    with two(shared_state, tmp_path) as (first, second):
        reads(first), reads(second)
        assert first.leases.take(["default/object/a", "default/object/b"])
        found = report(second)
        assert [(each["host"], each["holds"], each["lives"]) for each in found["nodes"]] == [
            ("first", 2, True),
            ("second", 0, True),
        ]
        assert ("first, " in screen(found), "has 2 in hand" in screen(found)) == (True, True)
        assert found["troubles"] == []


def test_a_node_that_was_lost_is_a_trouble_for_ten_minutes_and_one_that_said_goodbye_is_none(
    shared_state: str, tmp_path: Path
) -> None:
    def lost_since(store: Store, seconds: int) -> list[str]:
        with store.begin() as connection:
            gone = "UPDATE nodes SET seen_at = extract(epoch FROM clock_timestamp()) - :s WHERE host = 'lost'"
            connection.execute(sa.text(gone), {"s": seconds})
        return list(report(store)["troubles"])

    with two(shared_state, tmp_path) as (first, second):
        reads(first), reads(second)
        second.close()
        assert [each["host"] for each in report(first)["nodes"]] == ["first"]
        with first.begin() as connection:
            connection.execute(sa.text("INSERT INTO nodes VALUES ('lost/1/x', 'lost', '0.0.1', 1, 1)"))
        assert "node lost/1/x was lost" in str(lost_since(first, 60))
        assert lost_since(first, 3600) == []


def test_a_source_elsewhere_is_told_by_who_reads_it_and_a_file_by_who_cannot(shared_state: str, tmp_path: Path) -> None:
    now, before = vitals.told(datetime.now(UTC)), vitals.told(NOON)
    with two(shared_state, tmp_path) as (first, second):
        reads(first, file=SourceVitals(FILE, caught_up_at=now, events=2), far=SourceVitals(ELSEWHERE, before))
        reads(second, file=SourceVitals(FILE, before, events=3, trouble="no such file", trouble_since=before),
              far=SourceVitals(ELSEWHERE, now, trouble=None))  # fmt: skip
        found = {each["name"]: each for each in report(first)["sources"]}
        assert (found[FILE]["trouble"], found[FILE]["events"]) == ("no such file", 5)
        assert found[ELSEWHERE]["caught_up_at"] == now


def test_the_sign_of_life_of_a_host_that_is_gone_for_a_day_is_let_go_and_no_other(
    shared_state: str, tmp_path: Path
) -> None:
    with two(shared_state, tmp_path) as (first, second):
        reads(first), reads(second)
        with first.begin() as connection:
            gone = vitals.read(connection, "second")
            assert gone is not None
            vitals.write(connection, replace(gone, host="gone", at=vitals.told(NOON)), "gone")
            drop_old(connection)
            assert {each.host for each in vitals.every(connection)} == {"first", "second"}
