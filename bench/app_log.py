"""Application logs, by the clock: how fast a followed file is read to events, as ratios to a plain line loop.

The loop is `for line in file: if b"403" in line`, over the same file in the same run: the least that a program in this
language does to a log. Rows: no refusal at all, 1 and 100 refusals a megabyte, an access log full of other servers'
403s, and every refusal another one (events a second). Run `python bench/app_log.py [--megabytes 16]`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count, cycle
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.results.measure import Run, arguments, measuring
from bench.results.row import Row
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.sources import move
from ossmend.daemon.sources.app_log import AppLog

MEGABYTE = 1_000_000
LOGS = {
    "no refusal": (0, False, 1.0),
    "other servers' 403s": (0, True, 1.0),
    "1 refusal a MB": (1, False, 1.0),
    "100 refusals a MB": (100, False, 0.5),
    "refusals only": (3000, False, 0.1),
}
"""Refusals a megabyte, whether there are other servers' 403s, and the share of the size that is written."""
ROWS = (
    *(Row(name=name, unit="x", better="more", to="a plain line loop") for name in LOGS),
    *(Row(name=f"{name}, speed", unit="MB/s", better="more") for name in LOGS),
    Row(name="refusals only, events", unit="/s", better="more"),
)
TRIES = 3
"""The quickest of so many is kept: whatever else the machine does can only add to it."""
ORDINARY = (
    "2026-03-01 10:00:00,123 INFO  [worker-3] c.e.shop.Orders : order 1042 of customer 77 was stored in 12 ms\n",
    '{"ts":"2026-03-01T10:00:00.201Z","level":"info","logger":"stock","msg":"3 items left","article":"A-113"}\n',
    '10.0.0.9 - - [01/Mar/2026:10:00:00 +0800] "GET /orders/1042?full=yes HTTP/1.1" 200 5123 "-" "curl/8.0"\n',
    "time=2026-03-01T10:00:00.377Z level=INFO msg=uploaded bucket=shop-data key=img/1042.jpg took=31ms\n",
    "2026-03-01 10:00:00,411 DEBUG [pool-7] c.a.oss.OSSClient : GET https://shop.oss-cn-hangzhou.aliyuncs.com/a 200\n",
)
FORBIDDEN = '10.0.0.9 - - [01/Mar/2026:10:00:00 +0800] "GET /admin HTTP/1.1" 403 153 "-" "scanner/1.0"\n'
REFUSED = (
    "2026-03-01 10:00:01,000 ERROR [worker-3] c.e.shop.Loader : oss: service returned error: StatusCode=403, "
    'ErrorCode=InvalidObjectState, ErrorMessage="The operation is not valid for the object\'s state", '
    "RequestId=69786BB1{number:016X}, Ec=0016-00000404 url=https://shop-data.oss-cn-hangzhou.aliyuncs.com/2019/{number}.raw\n"
)


def lines(size: int, refusals: int, *, forbidden: bool = False) -> Iterator[str]:
    """A log of about `size` bytes with so many refusals a megabyte, each of another object."""
    every = MEGABYTE // refusals if refusals else size + 1
    written, due, numbers = 0, every, count()
    ordinary = cycle((*ORDINARY, FORBIDDEN) if forbidden else ORDINARY)
    while written < size:
        line = REFUSED.format(number=next(numbers)) if written >= due else next(ordinary)
        due += every if written >= due else 0
        written += len(line)
        yield line


def plain_loop(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        for line in file:
            if b"403" in line:
                found += 1
    return found


def to_events(path: Path) -> int:
    source, events = AppLog(str(path), "beginning", SystemClock()), 0
    cursor: dict[str, Any] = {}
    while True:
        batch = source.read(cursor)
        events += len(batch.events)
        move(cursor, batch.moved)
        if not batch.more:
            return events


def seconds(work: Callable[[Path], int], path: Path) -> tuple[float, int]:
    best, answer = float("inf"), 0
    for _ in range(TRIES):
        began = time.perf_counter()
        answer = work(path)
        best = min(best, time.perf_counter() - began)
    return best, answer


def measure(run: Run, directory: Path, megabytes: int) -> None:
    for name, (refusals, forbidden, share) in LOGS.items():
        size = int(megabytes * MEGABYTE * share)
        path = directory / "app.log"
        path.write_text("".join(lines(size, refusals, forbidden=forbidden)), encoding="utf-8")
        loop, _ = seconds(plain_loop, path)
        read, events = seconds(to_events, path)
        run.tell(name, loop / read)
        run.tell(f"{name}, speed", path.stat().st_size / MEGABYTE / read)
        if name == "refusals only":
            run.tell(f"{name}, events", events / read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=16)
    given = arguments(parser)
    with measuring("app_log", ROWS, given) as run, tempfile.TemporaryDirectory() as directory:
        measure(run, Path(directory), given.megabytes)


if __name__ == "__main__":
    main()
