"""From a log line to its RestoreObject on the wire: p50 and p99 in ms, alone and beside a dead bucket.

The daemon runs as a process and follows the file; a line is appended, and the simulator is asked until it has seen the
call. The floor is the same poll around a bare oss2 call. The dead bucket is a way that accepts and never answers, with
a hundred cases of its own. Run `python bench/latency.py [--lines 60]`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))

import oss2

from bench.restores import CONFIG, REFUSED, archive, simulator
from tests.journeys.slow import way_to

DEAD = "dead-bucket"
POLL_SECONDS = 0.002


def seen(told: dict[str, str]) -> int:
    with urlopen(Request(f"{told['control']}/requests")) as answer:
        requests = json.load(answer)["requests"]
    return sum(each["operation"] == "RestoreObject" for each in requests)


def timed(do: Callable[[], None], told: dict[str, str], before: int) -> float:
    began = time.perf_counter()
    do()
    while seen(told) <= before:
        time.sleep(POLL_SECONDS)
    return (time.perf_counter() - began) * 1000


def line(bucket: str, key: str, number: int) -> str:
    return REFUSED.format(number=number, key=key).replace("https://bench.", f"https://{bucket}.")


def daemon(told: dict[str, str], endpoint: str, directory: Path) -> tuple[subprocess.Popen[bytes], Path]:
    directory.mkdir()
    log, config, trace = directory / "app.log", directory / "ossmend.yaml", directory / "trace"
    log.touch()
    config.write_text(CONFIG.format(**(told | {"oss": endpoint}), state=directory / "state", log=log), encoding="utf-8")
    with trace.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "ossmend", "run", "--config", str(config)], stderr=out)
    while b"daemon.ready" not in trace.read_bytes():
        time.sleep(0.05)
    return process, log


def lines(told: dict[str, str], log: Path, keys: list[str], first: int) -> list[float]:
    found = []
    for number, key in enumerate(keys, first):

        def append(key: str = key, number: int = number) -> None:
            with log.open("a", encoding="utf-8") as file:
                file.write(line("bench", key, number))

        found.append(timed(append, told, seen(told)))
    return found


def shown(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {"p50_ms": round(statistics.median(times), 1), "p99_ms": round(cuts[98], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=60)
    number = parser.parse_args().lines
    with simulator() as told, tempfile.TemporaryDirectory() as place:
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = told["access_key_id"]
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = told["access_key_secret"]
        bucket: oss2.Bucket = archive(told, [])
        bucket.create_bucket()
        keys = {name: [f"{name}/{each:04d}" for each in range(number)] for name in ("floor", "alone", "beside")}
        archive(told, [key for each in keys.values() for key in each])
        floor = [timed(lambda key=key: bucket.restore_object(key), told, seen(told)) for key in keys["floor"]]
        rows = {"floor": shown(floor)}
        with way_to(told["oss"], {DEAD: "silent"}) as way:  # both rows take the way: what it costs is in both
            process, log = daemon(told, way.url, Path(place) / "state-and-log")
            rows["alone"] = shown(lines(told, log, keys["alone"], 0))
            with log.open("a", encoding="utf-8") as file:
                file.writelines(line(DEAD, f"k{each}", 100_000 + each) for each in range(100))
            while not way.kept_waiting:
                time.sleep(0.05)
            rows["beside a dead bucket"] = shown(lines(told, log, keys["beside"], number))
            process.send_signal(signal.SIGTERM)
            process.wait()
        print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
