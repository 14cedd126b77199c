"""Several nodes on PostgreSQL, durable (fsync on), as ratios in one run: intake, turnover, fail-over.

Intake: every event a new case, by one node. Turnover: cases of many buckets, each claimed, planned by its remediator on
a world of plain data, decided and recorded; by one process, then by two. The anchor is procrastinate, no-op jobs by two
workers on the same server: `--procrastinate PYTHON` names an interpreter that has it. Fail-over: from the kill, or the
stop, of a node to the take-over of what it had.

Run `python bench/postgres.py [--cases 20000]`.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg
import sqlalchemy as sa
import structlog

from bench.results.measure import Run, arguments, measuring
from bench.results.row import Row
from ossmend.config.load import load_text
from ossmend.daemon.journal.postgres import LIVE, Address, PostgresStore, open_node
from ossmend.daemon.journal.schema import cases
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages.triage import Triage
from ossmend.daemon.stages.work import Work
from ossmend.remediators.contract.case import Event
from tests.database import Server, running
from tests.fakes import ASKED, FakeAccounts, FakeWorld

BATCH = 2000
BUCKETS = 32
NODES = {1: "one node", 2: "two nodes"}
ROWS = (
    Row(name="P3 intake, every event new", unit="/s", better="more", aim=10_000),
    Row(name="P3 intake, a second of CPU", unit="/s", better="more"),
    Row(name="P3 intake", unit="x", better="more", to="a plain COPY"),
    *(
        row
        for nodes in NODES.values()
        for row in (
            Row(name=f"turnover, {nodes}", unit="/s", better="more"),
            Row(name=f"CPU a case of {nodes}", unit="us", better="less"),
            Row(name=f"server's CPU a case, {nodes}", unit="us", better="less"),
        )
    ),
    Row(name="procrastinate, 2 workers, jobs", unit="/s", better="more"),
    Row(name="P4 turnover of two nodes", unit="x", better="more", to="procrastinate's jobs", aim=20),
    Row(name="P11 turnover of two nodes", unit="x", better="more", to="one node", aim=1.6),
    *(
        Row(name=f"P11 fail-over after {how.name}", unit="s", better="less", aim=15)
        for how in (signal.SIGKILL, signal.SIGSTOP)
    ),
)
MESSAGE = "The operation is not valid for the object's state"
CONFIG = """
version: 1
cloud: { region: cn-hangzhou, concurrency: 1 }
cases: { most_open: 10000000, most_open_per_policy: 10000000 }
policies: [ { name: thaw, on: InvalidObjectState, match: { bucket: "*" } } ]
"""
JOBS = """
import asyncio, sys, time, procrastinate
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=sys.argv[1]))

@app.task(name="nothing")
async def nothing(n): pass

async def main(number):
    async with app.open_async():
        if number:
            await app.schema_manager.apply_schema_async()
            for start in range(0, number, 1000):
                await nothing.batch_defer_async(*({"n": n} for n in range(start, min(start + 1000, number))))
        else:
            await app.run_worker_async(concurrency=10, wait=False, install_signal_handlers=False)

asyncio.run(main(int(sys.argv[2])))
"""


def event(number: int) -> Event:
    return Event(
        source="bench", shape="go", code="InvalidObjectState", status=403, bucket=f"b{number % BUCKETS}",
        key=f"k{number}", request_id=f"69786BB1{number:016X}", time=datetime.now(UTC), origins=ASKED,
        message=MESSAGE, client="10.0.0.1",
    )  # fmt: skip


def node(url: str, name: str) -> PostgresStore:
    return open_node(Address(url, LIVE), Path(tempfile.gettempdir()), name)


def intake(url: str, number: int) -> tuple[float, float]:
    """Events a second of wall time, and of this process's CPU; every one is a new case."""
    store = node(url, "intake")
    triage = Triage(load_text(CONFIG), store, store.clock())
    events = [event(each) for each in range(number)]
    gc.freeze()  # as the daemon does; and these events are not the daemon's
    began, cpu = time.perf_counter(), time.process_time()
    for start in range(0, number, BATCH):
        triage.take("bench", Batch(tuple(events[start : start + BATCH]), {"at": start}))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    store.close()
    return number / took, number / cpu


def plain_copy(url: str, number: int) -> float:
    """The same events a second by COPY into a table with one key, as many a transaction: what the server allows."""
    rows = [(f"thaw:b{each % BUCKETS}:k{each}", 1, MESSAGE, 0.0) for each in range(number)]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain (subject text PRIMARY KEY, events int, sample text, due float)")
        began = time.perf_counter()
        for start in range(0, number, BATCH):
            with connection.transaction(), connection.cursor().copy("COPY plain FROM STDIN") as copy:
                for row in rows[start : start + BATCH]:
                    copy.write_row(row)
        return number / (time.perf_counter() - began)


def turning(url: str, name: str, number: int, ready: Any, begin: Any, done: Any) -> None:
    """One node, in a process of its own, until nothing is due any more."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    store, world = node(url, name), FakeWorld()
    for each in range(number):
        world.add_object(f"k{each}", bucket=f"b{each % BUCKETS}")
    accounts: Any = FakeAccounts(world, may_write=False)
    work = Work(load_text(CONFIG), store, accounts, store.clock(), dry_run=True)
    store.renew()
    ready.release()
    begin.wait()
    quiet, spent = 0, time.process_time()
    while quiet < 3:
        began = work.start()
        quiet = 0 if began or work.busy() else quiet + 1
        time.sleep(0.0 if began else 0.02)
    done.put((time.perf_counter(), time.process_time() - spent))
    work.close()
    store.close()


def cpu_of(server: Server) -> float:
    """Seconds of CPU that the server has taken, with those of its sessions that have ended."""
    taken = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if int(stat.parent.name) == server.pid:
                taken += sum(map(int, fields[11:15]))  # with its children's, once they have ended
            elif int(fields[1]) == server.pid:
                taken += sum(map(int, fields[11:13]))
    return taken / os.sysconf("SC_CLK_TCK")


@dataclass
class Turned:
    """Cases a second, and the microseconds of CPU that one takes of a node and of the server."""

    a_second: float
    node: float
    server: float


def turnover(server: Server, url: str, number: int, nodes: int) -> Turned:
    """Each case is planned and recorded once, by one of so many nodes."""
    with_all = node(url, "again")
    with with_all.begin() as connection:
        connection.execute(cases.update().values(due_at=with_all.clock().now(), state="open"))
        connection.execute(sa.text("DELETE FROM writes"))
    with_all.close()
    server.execute("VACUUM ANALYZE", url.rpartition("/")[2])
    context = multiprocessing.get_context("spawn")
    ready, begin, done = context.Semaphore(0), context.Event(), context.Queue()
    children = [
        context.Process(target=turning, args=(url, f"n{each}", number, ready, begin, done)) for each in range(nodes)
    ]
    for child in children:
        child.start()
    for _ in children:
        ready.acquire()
    time.sleep(3.5)  # until each knows of the other
    began, spent = time.perf_counter(), cpu_of(server)
    begin.set()
    ends = [done.get() for _ in children]
    for child in children:
        child.join()
    assert still_due(url) == 0, "not every case was turned"
    nodes_spent, server_spent = sum(each for _, each in ends), cpu_of(server) - spent
    return Turned(
        number / (max(end for end, _ in ends) - began), nodes_spent / number * 1e6, server_spent / number * 1e6
    )


def still_due(url: str) -> int:
    """Cases that no node has planned."""
    store = node(url, "again")
    with store.read() as connection:
        left = connection.scalar(sa.select(sa.func.count()).where(cases.c.due_at <= store.clock().now()))
    store.close()
    return left or 0


def jobs(server: Server, python: str, number: int) -> float:
    """No-op jobs of procrastinate a second, two workers."""
    url = server.fresh()
    command = [python, "-c", JOBS, url]
    subprocess.run([*command, str(number)], check=True, capture_output=True)
    began = time.perf_counter()
    workers = [
        subprocess.Popen([*command, "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)
    ]
    for worker in workers:
        worker.wait()
    return number / (time.perf_counter() - began)


def holding(url: str, ready: Any) -> None:
    store = node(url, "holder")
    store.leases.take(["default/object/b"])
    ready.release()
    signal.pause()


def failover(url: str, how: signal.Signals) -> float:
    """Seconds from that signal to the take-over."""
    context = multiprocessing.get_context("spawn")
    ready = context.Semaphore(0)
    holder = context.Process(target=holding, args=(url, ready))
    holder.start()
    ready.acquire()
    other = node(url, "other")
    assert holder.pid is not None
    began = time.perf_counter()
    os.kill(holder.pid, how)
    while not other.leases.take(["default/object/b"]):
        time.sleep(other.looks_every)
    took = time.perf_counter() - began
    holder.kill()
    holder.join()
    other.close()
    return took


def best(of: int, work: Callable[[], Turned]) -> Turned:
    return max((work() for _ in range(of)), key=lambda each: each.a_second)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--best-of", type=int, default=3)
    parser.add_argument("--procrastinate", metavar="PYTHON", type=Path)
    given = arguments(parser)
    settings = {"fsync": "on", "shared_buffers": "256MB", "max_wal_size": "4GB"}
    with measuring("postgres", ROWS, given) as run, running(**settings) as server:
        measure(run, server, given)


def measure(run: Run, server: Server, given: argparse.Namespace) -> None:
    url = server.fresh()
    rate, by_cpu = intake(url, given.cases)
    run.tell("P3 intake, every event new", rate)
    run.tell("P3 intake, a second of CPU", by_cpu)
    run.tell("P3 intake", rate / plain_copy(url, given.cases))
    turned = {nodes: best(given.best_of, partial(turnover, server, url, given.cases, nodes)) for nodes in NODES}
    for nodes, name in NODES.items():
        run.tell(f"turnover, {name}", turned[nodes].a_second)
        run.tell(f"CPU a case of {name}", turned[nodes].node)
        run.tell(f"server's CPU a case, {name}", turned[nodes].server)
    run.tell("P11 turnover of two nodes", turned[2].a_second / turned[1].a_second)
    if given.procrastinate:
        anchor = jobs(server, str(given.procrastinate), 2000)
        run.tell("procrastinate, 2 workers, jobs", anchor)
        run.tell("P4 turnover of two nodes", turned[2].a_second / anchor)
    for how in (signal.SIGKILL, signal.SIGSTOP):
        run.tell(f"P11 fail-over after {how.name}", failover(server.fresh(), how))


if __name__ == "__main__":
    main()
