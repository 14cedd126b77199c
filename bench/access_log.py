"""Access logs, by the clock: how fast the refusals of a log are found and read, as ratios to what counts lines.

The anchors are ripgrep's and GNU grep's count of the same literal in the same file, in the same run; an anchor that is
not installed is left out and named. Rows: finding alone, and finding with an event of each refusal (1 % of the lines).
Run `python bench/access_log.py [--megabytes 300]`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ossmend.daemon.sources.access_log import refused_lines
from ossmend.daemon.sources.parsers.access_line import entry_event, parse_line

MEGABYTE = 1_000_000
BLOCK = 256 * 1024
TRIES = 3
"""The quickest of so many is kept: whatever else the machine does can only add to it."""
LITERAL = '" 403 '
LINE = (
    '10.0.{a}.{b} - - [01/Mar/2026:{hour:02}:10:00 +0800] "GET /2024/{number:07}.parquet HTTP/1.1" {status} {size} 31 '
    '"-" "aliyun-sdk-python/2.19.1(Linux/5.10/x86_64;3.11.7)" "reports-cn.oss-cn-hangzhou.aliyuncs.com" '
    '"{request_id:024X}" "true" "1234567890123456" "GetObject" "reports-cn" "2024/{number:07}.parquet" {size} 12 '
    '"{code}" 412 "1234567890123456" - "-" "standard" "-" "-" "LTAI5tExampleExample1234" "-"\n'
)


def line(dice: random.Random) -> str:
    refused = dice.random() < 0.01
    return LINE.format(
        a=dice.randrange(256),
        b=dice.randrange(256),
        hour=dice.randrange(24),
        number=dice.randrange(10**7),
        status=403 if refused else dice.choice((200, 200, 200, 206, 304, 404)),
        size=dice.randrange(1000, 10**6),  # 403 would be counted, too
        request_id=dice.getrandbits(96),
        code=dice.choice(("AccessDenied", "InvalidObjectState")) if refused else "-",
    )


def write(path: Path, size: int) -> None:
    dice = random.Random(7)  # the same log in every run
    with path.open("w", encoding="ascii") as file:
        while file.tell() < size:
            file.write("".join(line(dice) for _ in range(2000)))


def whole_lines(path: Path) -> Iterator[bytes]:
    rest = b""
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            data = rest + block
            whole = data.rfind(b"\n") + 1
            yield data[:whole]
            rest = data[whole:]
    yield rest


def found(path: Path) -> int:
    return sum(1 for block in whole_lines(path) for _ in refused_lines(block))


def events(path: Path) -> int:
    number = 0
    for block in whole_lines(path):
        for refused in refused_lines(block):
            entry = parse_line(refused)
            number += entry is not None and entry_event(entry, source="bench") is not None
    return number


def counted(program: list[str], path: Path) -> int:
    done = subprocess.run([*program, LITERAL, str(path)], capture_output=True, check=True)
    return int(done.stdout)


def measure(path: Path, work: Callable[[Path], int]) -> tuple[int, float]:
    """(refusals, GB a second), the best of some tries."""
    best, number = 0.0, 0
    for _ in range(TRIES):
        started = time.perf_counter()
        number = work(path)
        best = max(best, path.stat().st_size / 1e9 / (time.perf_counter() - started))
    return number, best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    programs = {"ripgrep": ["rg", "-c", "-F"], "GNU grep": ["grep", "-c", "-F"]}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "access.log"
        write(path, options.megabytes * MEGABYTE)
        anchors = {
            name: measure(path, lambda log, call=call: counted(call, log))  # type: ignore[misc]  # bound at once
            for name, call in programs.items()
            if shutil.which(call[0])
        }
        rows = {"refusals found": measure(path, found), "and read to events": measure(path, events)}
    numbers = {number for number, _ in (*anchors.values(), *rows.values())}
    assert len(numbers) == 1, f"they do not agree: {anchors}, {rows}"
    report = [
        {"what": what, "GB/s": round(speed, 2)}
        | {f"x {name}": round(speed / anchor, 2) for name, (_, anchor) in anchors.items()}
        for what, (_, speed) in rows.items()
    ]
    if options.json:
        print(json.dumps(report))
        return
    for name, call in programs.items():
        print(f"{name}: {anchors[name][1]:.2f} GB/s" if name in anchors else f"{call[0]} is not installed: left out")
    for row in report:
        print("  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
