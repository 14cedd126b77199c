"""What commands cost to start, as multiples of a bare Python: processor time of runs that take turns on one machine.

A command line is used at night, by a person who waits: `--help` at most 4 x, `check` 25 x, `explain` 15 x. Processor
time, because others may be at work here; both the best and the median of the rounds. Everything is byte-compiled first.
What is left of each is in docs/decisions/0027-what-a-start-costs.md. Run `python bench/startup.py [--rounds 15]`.
"""

from __future__ import annotations

import argparse
import compileall
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.results.measure import arguments, measuring
from bench.results.row import Row

ROOT = Path(__file__).resolve().parents[1]
OSSMEND = str(Path(sys.executable).with_name("ossmend"))
REFUSAL = (
    "<Error><Code>AccessDenied</Code><Message>You have no right to access this object because of bucket acl.</Message>"
    "<RequestId>66F10B88C0FFEE1234ABCD01</RequestId><HostId>shop.oss-cn-hangzhou.aliyuncs.com</HostId></Error>"
)
LOG_LINE = (
    '{"time":"2026-09-13T10:00:00Z","level":"error","msg":"oss2.exceptions.ServerError: {\'status\': 403, '
    "'x-oss-request-id': '66F10B88C0FFEE1234ABCD01', 'details': {'Code': 'SignatureDoesNotMatch', 'Message': "
    "'The request signature we calculated does not match the signature you provided.'}}\"}"
)
COMMANDS: dict[str, tuple[list[str], float | None]] = {
    "python -c pass": ([sys.executable, "-c", "pass"], None),
    "import click": ([sys.executable, "-c", "import click"], None),
    "import pydantic": ([sys.executable, "-c", "from pydantic import BaseModel, TypeAdapter"], None),
    "--help": ([OSSMEND, "--help"], 4),
    "check": ([OSSMEND, "check", "--config", str(ROOT / "config/ossmend.example.yaml")], 25),
    "explain CODE": ([OSSMEND, "explain", "InvalidObjectState"], 15),
    "explain TEXT": ([OSSMEND, "explain", REFUSAL], 15),
    "explain LOG LINE": ([OSSMEND, "explain", LOG_LINE], 15),
}
BARE = "python -c pass"
ROWS = (
    Row(name=BARE, unit="ms", better="less"),
    *(
        Row(name=f"P10 {name}, {which}" if aim else f"{name}, {which}", unit="x", better="less", to=BARE, aim=aim)
        for name, (_command, aim) in COMMANDS.items()
        if name != BARE
        for which in ("median", "best")
    ),
)


def seconds(command: list[str]) -> float:
    """Processor time of a process, its own and the kernel's for it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    given = arguments(parser)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for folder in ("config", "daemon", "remediators"):
        compileall.compile_dir(ROOT / "src/ossmend" / folder, quiet=2)
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with measuring("startup", ROWS, given) as run:
        for _ in range(given.rounds):
            for name, (command, _aim) in COMMANDS.items():
                took[name].append(seconds(command))
        bare = took.pop(BARE)
        run.tell(BARE, statistics.median(bare) * 1000)
        for name, times in took.items():
            row = f"P10 {name}" if COMMANDS[name][1] else name
            run.tell(f"{row}, median", statistics.median(times) / statistics.median(bare))
            run.tell(f"{row}, best", min(times) / min(bare))


if __name__ == "__main__":
    main()
