"""What commands cost to start, as multiples of a bare Python: processor time of runs that take turns on one machine.

A command line is used at night, by a person who waits: `--help` at most 4 x, `check` 25 x, `explain` 15 x. Processor
time, because others may be at work here; both the best and the median of the rounds. Everything is byte-compiled first.
What is left of each is in docs/decisions/0027-what-a-start-costs.md.
"""

from __future__ import annotations

import compileall
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OSSMEND = str(Path(sys.executable).with_name("ossmend"))
ROUNDS = 15
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


def seconds(command: list[str]) -> float:
    """Processor time of a process, its own and the kernel's for it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for folder in ("config", "daemon", "remediators"):
        compileall.compile_dir(ROOT / "src/ossmend" / folder, quiet=2)
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, (command, _aim) in COMMANDS.items():
            took[name].append(seconds(command))
    best, median = min(took["python -c pass"]), statistics.median(took["python -c pass"])
    print(f"{'':16} {'best':>9} {'x bare':>7} {'median':>9} {'x bare':>7} {'to reach':>9}")
    for name, (_command, aim) in COMMANDS.items():
        least, usual = min(took[name]), statistics.median(took[name])
        ratios = f"{least * 1000:6.0f} ms {least / best:7.1f} {usual * 1000:6.0f} ms {usual / median:7.1f}"
        print(f"{name:16} {ratios} {f'{aim:.0f}' if aim else '':>9}")


if __name__ == "__main__":
    main()
