"""Restores by one process: from a log to every RestoreObject accepted, as a ratio to bare oss2 on the same simulator.

Bare oss2 sends the same number of RestoreObject calls with 32 threads and does nothing else: no log, no look, no
journal. CPU is this process's own; the simulator is another. A round takes two seconds, and one differs from the next
by a sixth, so the median of several is told. Run `python bench/restores.py [--objects 1000] [--rounds 5]`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

import oss2

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.results.measure import arguments, measuring
from bench.results.row import Row
from ossmend.daemon.app import App

THREADS = 32
ANCHOR = "bare oss2, 32 threads"
ROWS = (
    Row(name="P5 restores by one process", unit="x", better="more", to=ANCHOR, aim=0.7),
    Row(name="P5 CPU a restore", unit="x", better="less", to=ANCHOR, aim=2),
    *(
        row
        for who in ("ossmend", "bare oss2")
        for row in (
            Row(name=f"{who}, restores a second", unit="/s", better="more"),
            Row(name=f"{who}, CPU a restore", unit="ms", better="less"),
        )
    ),
)
CONFIG = """
version: 1
cloud:
  region: {region}
  endpoint: "{oss}"
  rpc_endpoint: "{rpc}"
  credentials: {{ allow_root: true }}
  restores_per_second: {{ archive: unlimited, cold_archive: unlimited }}
clock: {{ ntp_servers: [] }}
state: {{ path: {state} }}
sources: [ {{ app_log: {{ path: {log}, start: beginning }} }} ]
brakes: {{ calls_per_minute: unlimited, writes_per_hour: unlimited, objects_per_day: unlimited,
          restore_gib_per_day: unlimited, cost_per_day: unlimited }}
policies: [ {{ name: thaw, on: InvalidObjectState, mode: enforce, match: {{ bucket: "*" }} }} ]
"""
REFUSED = (
    "2026-03-01 10:00:01,000 ERROR oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, "
    'ErrorMessage="The operation is not valid for the object\'s state", RequestId=69786BB1{number:016X}, '
    "Ec=0016-00000404 url=https://bench.oss-cn-hangzhou.aliyuncs.com/{key}\n"
)


@contextmanager
def simulator(*options: str) -> Any:
    command = [sys.executable, "-m", "ossmend", "simulator", "--port", "0", "--ready-json", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def archive(told: dict[str, str], keys: list[str], storage_class: str = "Archive") -> oss2.Bucket:
    auth = oss2.AuthV4(told["access_key_id"], told["access_key_secret"])
    bucket = oss2.Bucket(auth, told["oss"], "bench", region=told["region"])
    if keys:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: bucket.put_object(key, b"x", {"x-oss-storage-class": storage_class}), keys))
    return bucket


def restored(told: dict[str, str]) -> int:
    with urlopen(Request(f"{told['control']}/requests")) as answer:
        requests = json.load(answer)["requests"]
    return sum(each["operation"] == "RestoreObject" and each["status"] == 202 for each in requests)


def bare(bucket: oss2.Bucket, keys: list[str]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(bucket.restore_object, keys))


def daemon(told: dict[str, str], directory: Path, keys: list[str]) -> App:
    """Built, and not begun: what a start costs is another bench's."""
    directory.mkdir()
    followed = directory / "app.log"
    lines = [REFUSED.format(number=number, key=key) for number, key in enumerate(keys)]
    followed.write_text("".join(lines), encoding="utf-8")
    config = directory / "ossmend.yaml"
    config.write_text(CONFIG.format(**told, state=directory / "state", log=followed), encoding="utf-8")
    return App(config, dry_run=False)


def ours(app: App) -> None:
    """Until nothing is due. The simulator is not asked meanwhile: to read its list of requests is none of the work."""
    reading, work = app.works.readings[0], app.works.work
    while reading.read():
        pass
    while work.turn():
        pass


def timed(work: Callable[[], None], number: int) -> dict[str, float]:
    gc.collect()
    gc.freeze()  # as the daemon does when it has started; and for the bare client, too
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "a_second": number / (time.perf_counter() - wall),
        "cpu_ms_each": (time.process_time() - cpu) / number * 1000,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many is told")
    given = arguments(parser)
    with measuring("restores", ROWS, given) as run:
        floors, mines = zip(*(measure(given.objects) for _ in range(given.rounds)), strict=True)
        for row, figure in (("P5 restores by one process", "a_second"), ("P5 CPU a restore", "cpu_ms_each")):
            run.tell(row, median(mine[figure] / floor[figure] for floor, mine in zip(floors, mines, strict=True)))
        for who, rounds in (("ossmend", mines), ("bare oss2", floors)):
            run.tell(f"{who}, restores a second", median(each["a_second"] for each in rounds))
            run.tell(f"{who}, CPU a restore", median(each["cpu_ms_each"] for each in rounds))


def measure(number: int) -> tuple[dict[str, float], dict[str, float]]:
    """Bare oss2, and ours."""
    with simulator() as told, tempfile.TemporaryDirectory() as directory:
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = told["access_key_id"]
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = told["access_key_secret"]
        bucket = archive(told, [])
        bucket.create_bucket()
        first = [f"bare/{each:06d}.raw" for each in range(number)]
        second = [f"ours/{each:06d}.raw" for each in range(number)]
        archive(told, first + second, "ColdArchive")  # for which the simulator takes longer: none is read back here
        floor = timed(lambda: bare(bucket, first), number)
        app = daemon(told, Path(directory) / "run", second)
        mine = timed(lambda: ours(app), number)
        app.close()
        assert restored(told) == 2 * number, restored(told)
    return floor, mine


if __name__ == "__main__":
    main()
