"""From a log line to its RestoreObject on the wire: p50 and p99 in ms, alone and beside a dead bucket.

The daemon runs as a process and follows the file; a line is appended, and a way between the daemon and the simulator
tells when the call comes through. The floor is a bare oss2 call by the same way. The dead bucket is one that the way
accepts calls for and never answers, with a hundred cases of its own. Run `python bench/latency.py [--lines 60]`.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.restores import CONFIG, REFUSED, archive, simulator
from bench.results.measure import arguments, measuring
from bench.results.row import Row
from tests.journeys.slow import Handler, Way, serving

DEAD = "dead-bucket"
PATIENCE_SECONDS = 30.0
AIMS = {"p50": 100.0, "p99": 500.0}
ROWS = (
    *(Row(name=f"P7 line to restore, {cut}", unit="ms", better="less", aim=aim) for cut, aim in AIMS.items()),
    *(Row(name=f"beside a dead bucket, {cut}", unit="ms", better="less") for cut in AIMS),
    *(Row(name=f"a bare oss2 call, {cut}", unit="ms", better="less") for cut in AIMS),
    *(Row(name=f"P7 line to restore, {cut}, x", unit="x", better="less", to="a bare oss2 call") for cut in AIMS),
)


class Noting(Way):
    """A way on which it is known when each RestoreObject has come."""

    def __init__(self, simulator: str) -> None:
        super().__init__(simulator, {DEAD: "silent"}, _Telling)
        self.restores: queue.Queue[float] = queue.Queue()

    def timed(self, do: Callable[[], object]) -> float:
        """Milliseconds until the call that follows from it has come."""
        began = time.perf_counter()
        do()
        return (self.restores.get(timeout=PATIENCE_SECONDS) - began) * 1000


class _Telling(Handler):
    server: Noting

    def _pass_on(self, body: bytes) -> None:
        if "?restore" in self.path:
            self.server.restores.put(time.perf_counter())
        super()._pass_on(body)


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


def lines(way: Noting, log: Path, keys: list[str], first: int) -> list[float]:
    found = []
    for number, key in enumerate(keys, first):
        with log.open("a", encoding="utf-8", buffering=1) as file:
            found.append(way.timed(partial(file.write, line("bench", key, number))))
    return found


def shown(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {"p50": statistics.median(times), "p99": cuts[98]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=60)
    given = arguments(parser)
    with measuring("latency", ROWS, given) as run:
        floor, alone, beside = measure(given.lines)
        for cut in AIMS:
            run.tell(f"P7 line to restore, {cut}", alone[cut])
            run.tell(f"beside a dead bucket, {cut}", beside[cut])
            run.tell(f"a bare oss2 call, {cut}", floor[cut])
            run.tell(f"P7 line to restore, {cut}, x", alone[cut] / floor[cut])


def measure(number: int) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """The floor, the daemon, and the daemon beside a dead bucket."""
    with simulator() as told, tempfile.TemporaryDirectory() as place:
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = told["access_key_id"]
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = told["access_key_secret"]
        keys = {name: [f"{name}/{each:04d}" for each in range(number)] for name in ("floor", "alone", "beside")}
        archive(told, []).create_bucket()
        archive(told, [key for each in keys.values() for key in each])
        with serving(Noting(told["oss"])) as way:
            bucket = archive(told | {"oss": way.url}, [])
            floor = [way.timed(partial(bucket.restore_object, key)) for key in keys["floor"]]
            process, log = daemon(told, way.url, Path(place) / "state-and-log")
            alone = lines(way, log, keys["alone"], 0)
            with log.open("a", encoding="utf-8") as file:
                file.writelines(line(DEAD, f"k{each}", 100_000 + each) for each in range(100))
            while not way.kept_waiting:
                time.sleep(0.05)
            beside = lines(way, log, keys["beside"], number)
            process.send_signal(signal.SIGTERM)
            process.wait()
    return shown(floor), shown(alone), shown(beside)


if __name__ == "__main__":
    main()
