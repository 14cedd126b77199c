"""Restores by the hundred thousand, as ratios in one run: P5 two nodes, P6 a sweep over all in flight, P8 a restart.

P5: two nodes on one PostgreSQL restore what a log tells, of several buckets; the anchor is two processes of bare oss2
with 32 threads each on the same simulator. Both are timed by the simulator, from the first RestoreObject to the last.
P6: so many restores under one prefix are due for a look at the same moment, told in no order of their keys; counted are
the calls, by the simulator, and the memory. The anchor is a list page for each 1,000. P8: from the start of the process
to "ready", with so many restores in flight and with none. States are filled by SQL from one case that the daemon made.

Run `./ossmend bench restores_at_scale`, or `python bench/restores_at_scale.py [--only P6] [--sweep 1000000]`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))

import oss2

from bench.restores import REFUSED, THREADS, simulator
from bench.results.measure import Run, arguments, measuring
from bench.results.row import Row
from ossmend.daemon.app import App
from tests.database import running

OSSMEND = str(Path(sys.executable).with_name("ossmend"))
BUCKETS = 8
CLASS = "DeepColdArchive"
FIRST = "00000000"
MIXED = 7919
"""A prime: by it numbers go through all keys in no order."""
CONFIG = """
version: 1
cloud:
  region: {region}
  endpoint: "{oss}"
  rpc_endpoint: "{rpc}"
  credentials: {{ allow_root: true }}
  restores_per_second: {{ archive: unlimited, cold_archive: unlimited, deep_cold_archive: unlimited }}
clock: {{ ntp_servers: [] }}
state: {{ {state} }}
sources: [ {{ app_log: {{ path: {log}, start: beginning }} }} ]
cases: {{ most_open: 10000000, most_open_per_policy: 10000000 }}
prices: {{ deep_cold_archive: {{ standard: {{ per_gib: 0, per_10k_requests: 0 }} }} }}
brakes: {{ calls_per_minute: unlimited, writes_per_hour: unlimited, objects_per_day: unlimited,
          restore_gib_per_day: unlimited, cost_per_day: unlimited }}
policies: [ {{ name: thaw, on: InvalidObjectState, mode: enforce, match: {{ bucket: "*" }}, restore: {{ poll: 1d }} }} ]
"""
Told = dict[str, str]
ROWS = (
    Row(name="P5 two nodes", unit="x", better="more", to="two processes of bare oss2", aim=0.7),
    Row(name="P5 two nodes, rate", unit="/s", better="more", aim=1000),
    Row(name="P5 two bare processes, rate", unit="/s", better="more"),
    Row(name="P5 writes an object", unit="", better="less", aim=1.01, worse="worse"),
    Row(name="P6 status calls a million", unit="", better="less", aim=1100, worse="worse"),
    Row(name="P6 looks, rate", unit="/s", better="more"),
    Row(name="P6 CPU a look", unit="ms", better="less"),
    Row(name="P6 memory grew", unit="MiB", better="less", worse="worse"),
    Row(name="P6 memory", unit="MiB", better="less", worse="worse"),
    Row(name="P8 ready with all cases", unit="x", better="less", to="ready with none", aim=3),
    Row(name="P8 ready with all cases, time", unit="s", better="less"),
    Row(name="P8 ready with none, time", unit="s", better="less"),
    Row(name="P8 state", unit="MiB", better="less", worse="worse"),
)


def control(told: Told, method: str, path: str, body: object = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = Request(f"{told['control']}/{path}", data, {"Content-Type": "application/json"}, method=method)
    with urlopen(request, timeout=600) as answer:
        return json.loads(answer.read() or b"{}")


def calls(told: Told) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control(told, "GET", "requests")["requests"]
    return found


def bucket_of(told: Told, name: str) -> oss2.Bucket:
    auth = oss2.AuthV4(told["access_key_id"], told["access_key_secret"])
    return oss2.Bucket(auth, told["oss"], name, region=told["region"])


def frozen(told: Told, bucket: str, pattern: str, number: int, **more: object) -> None:
    settings = {"pattern": pattern, "count": number, "size": 1024, "storage_class": CLASS, **more}
    control(told, "POST", f"buckets/{bucket}/objects", settings)


def config(told: Told, place: Path, state: str) -> Path:
    path = place / "ossmend.yaml"
    path.write_text(CONFIG.format(**told, state=state, log=place / "app.log"), encoding="utf-8")
    return path


# ----------------------------------------------------------------------------------------------------------------- P5


def bare(told: Told, bucket: str, keys: list[str], begin: Any) -> None:
    """One process of oss2, 32 threads, that only sends."""
    client = bucket_of(told, bucket)
    client.get_bucket_info()
    begin.wait()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(client.restore_object, keys))


def rate(told: Told, prefix: str) -> tuple[float, int]:
    """Restores a second, from the first to the last that was accepted; and how many were sent."""
    sent = [each for each in calls(told) if each["operation"] == "RestoreObject" and each["key"].startswith(prefix)]
    times = sorted(datetime.fromisoformat(each["time"]).timestamp() for each in sent if each["status"] == 202)
    return (len(times) - 1) / (times[-1] - times[0]), len(sent)


def two_bare(told: Told, number: int) -> float:
    context = multiprocessing.get_context("spawn")
    begin = context.Barrier(2)
    frozen(told, "bucket0", "bare/{n:08d}", number)
    keys = [f"bare/{each:08d}" for each in range(number)]
    halves = [keys[: number // 2], keys[number // 2 :]]
    children = [context.Process(target=bare, args=(told, "bucket0", half, begin)) for half in halves]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return rate(told, "bare/")[0]


def two_nodes(told: Told, place: Path, number: int) -> tuple[float, float, Counter[str]]:
    """Restores a second, writes an object, and calls."""
    each = number // BUCKETS
    lines = []
    for bucket in range(BUCKETS):
        frozen(told, f"bucket{bucket}", "ours/{n:08d}", each)
        for key in range(each):
            line = REFUSED.format(number=bucket * each + key, key=f"ours/{key:08d}")
            lines.append(line.replace("//bench.", f"//bucket{bucket}."))
    (place / "app.log").write_text("".join(lines), encoding="utf-8")
    before = Counter(call["operation"] for call in calls(told))
    with running(fsync="on", shared_buffers="256MB", max_wal_size="4GB") as server:
        path = config(told, place, f"url: {server.fresh()}")
        nodes = [subprocess.Popen([OSSMEND, "run", "--config", str(path)], stderr=subprocess.DEVNULL) for _ in range(2)]
        try:
            wanted = each * BUCKETS
            until(lambda: sum(call["status"] == 202 and call["key"].startswith("ours/") for call in calls(told)
                              if call["operation"] == "RestoreObject") >= wanted)  # fmt: skip
        finally:
            for node in nodes:
                node.terminate()
            for node in nodes:
                node.wait()
    found, sent = rate(told, "ours/")
    return found, sent / wanted, Counter(call["operation"] for call in calls(told)) - before


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 900
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("not within 15 minutes")
        time.sleep(1.0)


def p5(run: Run, number: int) -> None:
    with simulator() as told, tempfile.TemporaryDirectory() as place:
        as_environment(told)
        for bucket in range(BUCKETS):
            bucket_of(told, f"bucket{bucket}").create_bucket()
        anchor = two_bare(told, number)
        ours, writes, made = two_nodes(told, Path(place), number)
    run.tell("P5 two nodes", ours / anchor)
    run.tell("P5 two nodes, rate", ours)
    run.tell("P5 two bare processes, rate", anchor)
    run.tell("P5 writes an object", writes)
    run.note("P5 is held by either: two quotas of 500/s, or the ratio where machine and simulator are slower")
    run.note(f"P5, calls of the nodes: {counted(made)}")


def counted(made: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in made.most_common())


# ------------------------------------------------------------------------------------------------- a state by SQL


def as_environment(told: Told) -> None:
    os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = told["access_key_id"]
    os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = told["access_key_secret"]


def template(told: Told, place: Path) -> Path:
    """A state with one restore in flight, made by the daemon itself."""
    bucket_of(told, "bench").create_bucket()
    frozen(told, "bench", "in/{n:08d}", 1)
    (place / "app.log").write_text(REFUSED.format(number=1, key=f"in/{FIRST}"), encoding="utf-8")
    path = config(told, place, f"path: {place / 'state'}")
    app = App(path, dry_run=False)
    app.once()
    app.close()
    return path


def fill(state: Path, number: int, due_in: float) -> None:
    """So many restores in flight, each a copy of the one that is there, under keys of their own."""
    connection = sqlite3.connect(state / "ossmend.db", isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-800000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    for table, owner in (("cases", "id"), ("writes", "case_id")):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        copied = [
            "number" if name in ("id", owner) else f"replace({name}, '{FIRST}', printf('%08d', number * {MIXED} % ?2))"
            if name in ("subject_key", "subject", "samples", "target", "body", "why") else name
            for name in columns
        ]  # fmt: skip
        connection.execute(
            f"WITH RECURSIVE n(number) AS (VALUES (2) UNION ALL SELECT number + 1 FROM n WHERE number <= ?1) "
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(copied)} FROM n, {table} AS one WHERE one.id = 1 AND number % ?2 <> 0",
            (number, number),
        )
    connection.execute("UPDATE cases SET due_at = ?", (time.time() + due_in,))
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


# ----------------------------------------------------------------------------------------------------------------- P6


class Memory:
    """This process's, sampled while something is done."""

    def __init__(self) -> None:
        self.samples: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE") / 2**20
        while not self._over.wait(0.5):
            self.samples.append(int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * page)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def grew(self) -> float:
        """From a fifth of the way to the end, in MiB."""
        return max(self.samples) - self.samples[len(self.samples) // 5] if self.samples else 0.0


def p6(run: Run, number: int) -> None:
    with simulator() as told, tempfile.TemporaryDirectory() as directory:
        as_environment(told)
        place = Path(directory)
        path = template(told, place)
        fill(place / "state", number, -1.0)
        restoring = {"state": "restoring", "ready_in_seconds": 10**6}
        frozen(told, "bench", "in/{n:08d}", number, restore=restoring)
        before = len(calls(told))
        app = App(path, dry_run=False)
        wall, cpu = time.perf_counter(), time.process_time()
        with Memory() as memory:
            while app.works.work.turn():
                pass
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        left = app.works.work.next_due()
        app.close()
        made = Counter(call["operation"] for call in calls(told)[before:])
    assert left is not None
    status = sum(made[name] for name in ("ListObjectsV2", "ListObjects", "HeadObject", "GetObject"))
    run.tell("P6 status calls a million", status * 1_000_000 / number)
    run.tell("P6 looks, rate", number / wall)
    run.tell("P6 CPU a look", cpu / number * 1000)
    run.tell("P6 memory grew", memory.grew())
    run.tell("P6 memory", max(memory.samples, default=0.0))
    run.note(f"P6, calls: {counted(made)}")


# ----------------------------------------------------------------------------------------------------------------- P8


def ready(path: Path) -> float:
    """Seconds from the start of the process to its word that it is ready."""
    began = time.perf_counter()
    with subprocess.Popen([OSSMEND, "run", "--config", str(path)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "daemon.ready" in line:
                break
        took = time.perf_counter() - began
        process.terminate()
        process.stderr.read()
    return took


def p8(run: Run, number: int, rounds: int = 5) -> None:
    with simulator() as told, tempfile.TemporaryDirectory() as directory:
        as_environment(told)
        paths = {}
        for name in ("none", "many"):
            (Path(directory) / name).mkdir()
        paths["none"] = config(told, Path(directory) / "none", f"path: {Path(directory) / 'none' / 'state'}")
        (Path(directory) / "none" / "app.log").touch()
        paths["many"] = template(told, Path(directory) / "many")
        fill(Path(directory) / "many" / "state", number, 3600.0)
        size = (Path(directory) / "many" / "state" / "ossmend.db").stat().st_size
        took: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(rounds + 1):
            for name, path in paths.items():
                took[name].append(ready(path))
    median = {name: statistics.median(times[1:]) for name, times in took.items()}  # the first makes the state
    run.tell("P8 ready with all cases", median["many"] / median["none"])
    run.tell("P8 ready with all cases, time", median["many"])
    run.tell("P8 ready with none, time", median["none"])
    run.tell("P8 state", size / 2**20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("P5", "P6", "P8"))
    parser.add_argument("--restores", type=int, default=4000)
    parser.add_argument("--sweep", type=int, default=100_000)
    parser.add_argument("--open", type=int, default=1_000_000)
    given = arguments(parser)
    with measuring("restores_at_scale", ROWS, given) as run:
        if given.only in (None, "P5"):
            p5(run, given.restores)
        if given.only in (None, "P6"):
            p6(run, given.sweep)
        if given.only in (None, "P8"):
            p8(run, given.open)


if __name__ == "__main__":
    main()
