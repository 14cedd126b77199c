"""Thousands of followed files that nobody writes to: what that costs, and what one harmless line costs the journal.

The daemon runs as a process and follows them all. `idle` is the share of one processor that it takes while nothing is
written, beside the same daemon with a single file. A harmless line is one that tells of no refusal: what the journal's
files were written of, in bytes, is taken from the kernel's count for the process. Run
`python bench/followed_files.py [--files 5000] [--seconds 60]`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.results.measure import arguments, measuring
from bench.results.row import Row

CONFIG = """
version: 1
cloud: {{ region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }}
clock: {{ ntp_servers: [] }}
state: {{ path: {state} }}
sources: [ {{ app_log: {{ path: {logs}, start: beginning }} }} ]
"""
LINE = "2026-03-01 10:00:00,123 INFO  [worker-3] c.e.shop.Orders : order 1042 was stored in 12 ms\n"
LINES = 50
ROWS = tuple(
    row
    for files in ("one file", "many files")
    for row in (
        Row(name=f"{files}, idle", unit="%", better="less"),
        Row(name=f"{files}, bytes a line", unit="B", better="less", worse="worse"),
    )
)
SETTLED_SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def daemon(directory: Path, files: int) -> Iterator[tuple[int, Path]]:
    """Its process id, and where the logs are."""
    logs = directory / "logs"
    logs.mkdir(parents=True)
    for number in range(files):
        (logs / f"{number:05}.log").write_text(LINE, encoding="utf-8")
    config, trace = directory / "ossmend.yaml", directory / "trace"
    config.write_text(CONFIG.format(state=directory / "state", logs=logs / "*.log"), encoding="utf-8")
    keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "bench", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "bench"}
    with trace.open("wb") as out:
        command = [sys.executable, "-m", "ossmend", "run", "--config", str(config)]
        process = subprocess.Popen(command, stderr=out, env=os.environ | keys)
    try:
        while b"daemon.ready" not in trace.read_bytes():
            time.sleep(0.05)
        time.sleep(SETTLED_SECONDS)
        yield process.pid, logs
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def seconds_of(process: int) -> float:
    """Of the processor, user and system, so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def written_by(process: int) -> int:
    lines = Path(f"/proc/{process}/io").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("wchar:")))


def idle(process: int, seconds: float) -> float:
    before, began = seconds_of(process), time.monotonic()
    time.sleep(seconds)
    return (seconds_of(process) - before) / (time.monotonic() - began)


def per_line(process: int, logs: Path) -> float:
    """Bytes written for a line, each of another file, one after the other."""
    before = written_by(process)
    for number in range(LINES):
        path = logs / f"{number * 7 % len(list(logs.iterdir())):05}.log"
        with path.open("a", encoding="utf-8") as file:
            file.write(LINE)
        time.sleep(0.2)
    time.sleep(2.0)
    return (written_by(process) - before) / LINES


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = arguments(parser)
    with measuring("followed_files", ROWS, given) as run:
        for name, files in (("one file", 1), ("many files", given.files)):
            with tempfile.TemporaryDirectory() as place, daemon(Path(place), files) as (process, logs):
                run.tell(f"{name}, idle", 100 * idle(process, given.seconds))
                run.tell(f"{name}, bytes a line", per_line(process, logs))


if __name__ == "__main__":
    main()
