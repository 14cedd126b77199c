"""An idle daemon: memory as a ratio to importing its own libraries, and CPU as a share of one core.

The daemon follows one file in which nothing happens; it is looked at after it has been idle for a while. Run
`python bench/idle.py [--seconds 30]`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.results.measure import arguments, measuring
from bench.results.row import Row

CONFIG = """
version: 1
cloud: {{ region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }}
clock: {{ ntp_servers: [], every: 1h }}
state: {{ path: {state} }}
sources: [ {{ app_log: {{ path: {log} }} }} ]
policies: [ {{ name: thaw, on: InvalidObjectState, mode: enforce, match: {{ bucket: b }} }} ]
"""
IMPORTS = "import ossmend.daemon.app; import sys; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.read()"
SETTLED_SECONDS = 5.0
ROWS = (
    Row(
        name="P9 memory of an idle daemon",
        unit="x",
        better="less",
        to="importing its libraries",
        aim=1.3,
        worse="worse",
    ),
    Row(name="P9 share of one core", unit="%", better="less", aim=0.5),
    Row(name="resident memory", unit="MiB", better="less", worse="worse"),
    Row(name="memory of the imports", unit="MiB", better="less", worse="worse"),
)


def memory(process_id: int) -> int:
    """Resident KiB."""
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


def cpu(process_id: int) -> float:
    """Seconds of CPU so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def imports() -> int:
    process = subprocess.Popen([sys.executable, "-c", IMPORTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.readline()
    found = memory(process.pid)
    process.stdin.close()
    process.wait()
    return found


def idle(directory: Path, seconds: float) -> tuple[int, float]:
    log, config, trace = directory / "app.log", directory / "ossmend.yaml", directory / "trace"
    log.touch()
    config.write_text(CONFIG.format(state=directory / "state", log=log), encoding="utf-8")
    environment = os.environ | {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tBench", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "none"}
    with trace.open("wb") as out:
        command = [sys.executable, "-m", "ossmend", "run", "--config", str(config)]
        process = subprocess.Popen(command, stderr=out, env=environment)
    while b"daemon.ready" not in trace.read_bytes():
        time.sleep(0.1)
    time.sleep(SETTLED_SECONDS)
    before, began = cpu(process.pid), time.monotonic()
    time.sleep(seconds)
    share, resident = (cpu(process.pid) - before) / (time.monotonic() - began), memory(process.pid)
    process.send_signal(signal.SIGTERM)
    process.wait()
    return resident, share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = arguments(parser)
    with measuring("idle", ROWS, given) as run:
        with tempfile.TemporaryDirectory() as directory:
            resident, share = idle(Path(directory), given.seconds)
        floor = imports()
        run.tell("P9 memory of an idle daemon", resident / floor)
        run.tell("P9 share of one core", share * 100)
        run.tell("resident memory", resident / 1024)
        run.tell("memory of the imports", floor / 1024)


if __name__ == "__main__":
    main()
