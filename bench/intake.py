"""Durable intake: how fast events become cases on disk, as ratios to plain sqlite3 with the same full sync, in one run.

Rows: every event a new case, every event of one cause (both into the store, by triage alone), and every event a new
case from a log file, by the reader and triage as the daemon has them; the last against a loop that parses the same
number of JSON lines and stores one row each. CPU is told beside wall time, for machines that do other work, too.
Run `python bench/intake.py [--events 20000]`.
"""

from __future__ import annotations

import argparse
import gc
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.results.measure import Run, arguments, measuring
from bench.results.row import Row
from ossmend.config.load import load_text
from ossmend.config.model import Config
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.journal.store import open_store
from ossmend.daemon.sources import Batch
from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.stages.triage import Triage
from ossmend.remediators.contract.case import Event, Origin

BATCH = 2000
WAYS = ("P3 new cases to store", "P3 one cause to store", "P3 new cases from a log")
ROWS = (
    *(Row(name=f"{way}, rate", unit="/s", better="more") for way in WAYS),
    *(
        Row(name=f"{way}{how}", unit="x", better="more", to="plain sqlite3, full sync")
        for way in WAYS
        for how in ("", ", by CPU")
    ),
)
CONFIG = """
version: 1
cloud: { region: cn-hangzhou }
cases: { most_open: 10000000, most_open_per_policy: 10000000 }
policies: [ { name: thaw, on: InvalidObjectState, match: { bucket: "b" } } ]
"""
REFUSED = (
    "2026-03-01 10:00:01,000 ERROR [worker-3] c.e.shop.Loader : oss: service returned error: StatusCode=403, "
    'ErrorCode=InvalidObjectState, ErrorMessage="The operation is not valid for the object\'s state", '
    "RequestId=69786BB1{number:016X}, Ec=0016-00000404 url=https://b.oss-cn-hangzhou.aliyuncs.com/2019/{number}.raw\n"
)


def event(number: int, key: str) -> Event:
    """As the parser makes one of REFUSED."""
    return Event(
        source="app_log:/var/log/app.log", shape="go", code="InvalidObjectState", status=403, bucket="b", key=key,
        message="The operation is not valid for the object's state", request_id=f"69786BB1{number:016X}",
        ec="0016-00000404", host="b.oss-cn-hangzhou.aliyuncs.com", time=datetime.now(UTC),
        origins={"code": Origin.BODY, "bucket": Origin.REQUEST, "key": Origin.REQUEST}, sample=REFUSED,
    )  # fmt: skip


def config() -> Config:
    return load_text(CONFIG)


def timed(work: Callable[[], int]) -> tuple[float, float]:
    """Things a second of wall time, and of CPU."""
    gc.freeze()  # as the daemon does; and the events that lie here ready are not the daemon's
    wall, cpu = time.perf_counter(), time.process_time()
    number = work()
    return number / (time.perf_counter() - wall), number / (time.process_time() - cpu)


def into_the_store(directory: Path, events: list[Event]) -> tuple[float, float]:
    store = open_store(directory, exclusive=True)
    triage = Triage(config(), store, SystemClock())

    def take() -> int:
        for start in range(0, len(events), BATCH):
            triage.take("bench", Batch(tuple(events[start : start + BATCH]), {"at": start}))
        return len(events)

    try:
        return timed(take)
    finally:
        store.close()


def from_a_log(directory: Path, log: Path) -> tuple[float, float]:
    store = open_store(directory, exclusive=True)
    source, triage = AppLog(str(log), "beginning", SystemClock()), Triage(config(), store, SystemClock())

    def follow() -> int:
        taken, more = 0, True
        while more:
            batch = source.read(triage.cursor(source.name))
            taken += triage.take(source.name, batch).events
            more = batch.more
        return taken

    try:
        return timed(follow)
    finally:
        store.close()


def plain(directory: Path, log: Path | None, events: list[Event]) -> tuple[float, float]:
    """sqlite3 with full sync: one upsert an event, BATCH of them a transaction; `log` has them as JSON lines."""
    directory.mkdir()
    connection = sqlite3.connect(directory / "plain.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE cases (subject TEXT PRIMARY KEY, events INTEGER, sample TEXT, due REAL)")
    upsert = "INSERT INTO cases VALUES (?, 1, ?, 0) ON CONFLICT (subject) DO UPDATE SET events = events + 1"

    def store() -> int:
        rows = [(f"thaw:{each.bucket}:{each.key}", each.sample) for each in events]
        if log is not None:
            with log.open(encoding="utf-8") as lines:
                told = [json.loads(line) for line in lines]
            rows = [(f"thaw:{each['bucket']}:{each['key']}", each["msg"]) for each in told]
        for start in range(0, len(rows), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(upsert, rows[start : start + BATCH])
            connection.execute("COMMIT")
        return len(rows)

    try:
        return timed(store)
    finally:
        connection.close()


def measure(run: Run, directory: Path, number: int) -> None:
    new = [event(each, f"2019/{each}.raw") for each in range(number)]
    one = [event(each, "2019/a.raw") for each in range(number)]
    log, lines = directory / "app.log", directory / "app.json"
    log.write_text("".join(REFUSED.format(number=each) for each in range(number)), encoding="utf-8")
    lines.write_text(
        "".join(json.dumps({"bucket": each.bucket, "key": each.key, "msg": each.sample}) + "\n" for each in new),
        encoding="utf-8",
    )
    floor = plain(directory / "p1", None, new)
    floor_of_lines = plain(directory / "p2", lines, new)
    measured = (
        (into_the_store(directory / "new", new), floor),
        (into_the_store(directory / "one", one), floor),
        (from_a_log(directory / "log", log), floor_of_lines),
    )
    for way, (mine, beside) in zip(WAYS, measured, strict=True):
        run.tell(f"{way}, rate", mine[0])
        run.tell(way, mine[0] / beside[0])
        run.tell(f"{way}, by CPU", mine[1] / beside[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    given = arguments(parser)
    with measuring("intake", ROWS, given) as run, tempfile.TemporaryDirectory() as directory:
        measure(run, Path(directory), given.events)


if __name__ == "__main__":
    main()
