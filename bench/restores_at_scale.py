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
from ossmend.daemon.app import App
from ossmend.daemon.host import log
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


def p5(number: int) -> dict[str, object]:
    with simulator() as told, tempfile.TemporaryDirectory() as place:
        as_environment(told)
        for bucket in range(BUCKETS):
            bucket_of(told, f"bucket{bucket}").create_bucket()
        anchor = two_bare(told, number)
        ours, writes, made = two_nodes(told, Path(place), number)
    return {
        "restores": number,
        "two processes of bare oss2, a second": round(anchor, 1),
        "two nodes, a second": round(ours, 1),
        "ratio (to reach: 0.7)": round(ours / anchor, 2),
        "writes an object (to reach: 1.01)": round(writes, 4),
        "calls": dict(made),
    }


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


def p6(number: int) -> dict[str, object]:
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
    return {
        "restores in flight": number,
        "calls": dict(made),
        "status calls a million (to reach: 1,100)": round(status * 1_000_000 / number),
        "looked at a second": round(number / wall),
        "cpu, ms each": round(cpu / number * 1000, 2),
        "memory grew, MiB": round(memory.grew(), 1),
        "memory, MiB": round(max(memory.samples, default=0.0)),
    }


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


def p8(number: int, rounds: int = 5) -> dict[str, object]:
    with simulator() as told, tempfile.TemporaryDirectory() as directory:
        as_environment(told)
        log.configure("json", "info")
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
    return {
        "open cases": number,
        "state, MiB": round(size / 2**20),
        "ready with none, s": round(median["none"], 2),
        "ready with all, s": round(median["many"], 2),
        "ratio (to reach: 3)": round(median["many"] / median["none"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("P5", "P6", "P8"))
    parser.add_argument("--restores", type=int, default=4000)
    parser.add_argument("--sweep", type=int, default=100_000)
    parser.add_argument("--open", type=int, default=1_000_000)
    given = parser.parse_args()
    log.configure("json", "error")
    rows: dict[str, Callable[[], dict[str, object]]] = {
        "P5": lambda: p5(given.restores),
        "P6": lambda: p6(given.sweep),
        "P8": lambda: p8(given.open),
    }
    found = {name: row() for name, row in rows.items() if given.only in (None, name)}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
