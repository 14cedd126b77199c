"""How long commands take to start, as multiples of a bare Python: medians of runs that take turns on the same machine.

A command line is used at night, by a person who waits: `--help` at most 4 x, `check` 25 x, `explain` 15 x. What is left
of each is in docs/decisions/0015-start-up.md.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OSSMEND = str(Path(sys.executable).with_name("ossmend"))
ROUNDS = 15
REFUSAL = (
    "<Error><Code>AccessDenied</Code><Message>You have no right to access this object because of bucket acl.</Message>"
    "<RequestId>66F10B88C0FFEE1234ABCD01</RequestId><HostId>shop.oss-cn-hangzhou.aliyuncs.com</HostId></Error>"
)
COMMANDS: dict[str, tuple[list[str], float | None]] = {
    "python -c pass": ([sys.executable, "-c", "pass"], None),
    "import click": ([sys.executable, "-c", "import click"], None),
    "import pydantic": ([sys.executable, "-c", "from pydantic import BaseModel, TypeAdapter"], None),
    "--help": ([OSSMEND, "--help"], 4),
    "check": ([OSSMEND, "check", "--config", str(ROOT / "config/ossmend.example.yaml")], 25),
    "explain CODE": ([OSSMEND, "explain", "InvalidObjectState"], 15),
    "explain TEXT": ([OSSMEND, "explain", REFUSAL], 15),
}


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, (command, _aim) in COMMANDS.items():
            took[name].append(seconds(command))
    bare = statistics.median(took["python -c pass"])
    print(f"{'':16} {'median':>9} {'x bare':>7} {'to reach':>9}")
    for name, (_command, aim) in COMMANDS.items():
        median = statistics.median(took[name])
        print(f"{name:16} {median * 1000:6.0f} ms {median / bare:7.1f} {f'{aim:.0f}' if aim else '':>9}")


if __name__ == "__main__":
    main()
