"""Arguments -> `ossmend` as a process of its own, without the second that Python needs to import it.

One process imports the daemon and nothing else, and forks whenever it is told to; what it forks is the whole command,
with its own environment, log and clock. A thousand trials start four thousand daemons: this is what makes them cheap.
Next: trial.py, which kills them.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import mmap
import os
import pkgutil
import random
import select
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.patience import HUNG

ROOT = Path(__file__).parents[2]
PR_SET_PDEATHSIG = 1


class Child:
    """One process, held by a handle: its number may be another's as soon as it has ended."""

    def __init__(self, pid: int, exit_status: Path) -> None:
        self.pid = pid
        self._exit_status = exit_status
        try:
            self._handle: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle = None
        self._lock = threading.Lock()

    def signal(self, number: int) -> None:
        """Nothing happens to one that has ended."""
        with self._lock:
            if self._handle is None:
                return
            try:
                signal.pidfd_send_signal(self._handle, number)
            except ProcessLookupError:
                return

    def ended(self, seconds: float = 0.0) -> bool:
        """Has it ended, or does it within so many seconds?"""
        if self._handle is None:
            return True
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def status(self) -> int | None:
        """What it returned; None if it was killed."""
        text = self._exit_status.read_text("ascii") if self._exit_status.exists() else ""
        return int(text) if text else None

    def close(self) -> None:
        """Let it end, by force."""
        self.signal(signal.SIGKILL)
        assert self.ended(HUNG)
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
            self._handle = None


class Nursery:
    """Starts processes. Threads may share it."""

    def __init__(self, checkout: Path = ROOT) -> None:
        """`checkout`: of which version; another one is set up beside ours, with programs of its own."""
        python = sys.executable if checkout == ROOT else str(checkout / ".venv" / "bin" / "python")
        command = [python, "-m", "tests.crash.nursery"]
        self._process = subprocess.Popen(command, cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lock = threading.Lock()

    def start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        trace: Path,
        clock: Path,
        out: Path | None = None,
    ) -> Child:
        """`ossmend ARGUMENTS`; stderr goes to `trace`, stdout to `out` or nowhere, and `clock` holds the seconds by
        which its clock is off.
        """
        exit_status = trace.with_suffix(".exit")
        exit_status.unlink(missing_ok=True)
        order = {"arguments": list(arguments), "environment": dict(environment), "trace": str(trace),
                 "clock": str(clock), "exit": str(exit_status), "out": str(out or os.devnull)}  # fmt: skip
        assert self._process.stdin is not None  # both are pipes
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            pid = int(self._process.stdout.readline())
        return Child(pid, exit_status)

    def close(self) -> None:
        assert self._process.stdin is not None  # a pipe
        self._process.stdin.close()
        self._process.wait(timeout=HUNG)


# ------------------------------------------------------------------------------------------- in the process that forks


def step(clock: Path, seconds: float) -> None:
    """Put the clock of whoever was started with it off by so much."""
    with clock.open("r+b") as file:
        file.write(struct.pack("d", seconds))


def stepped(clock: Path) -> float:
    """By how much it is off."""
    seconds: float = struct.unpack("d", clock.read_bytes())[0]
    return seconds


def _stepped_clock(path: str) -> None:
    from ossmend.daemon.host import clock
    from ossmend.daemon.host.clock import SystemClock
    from ossmend.daemon.journal import store

    with open(path, "rb") as file:  # noqa: PTH123 - the map needs its descriptor
        seen = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    class Stepped(SystemClock):
        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(seconds=struct.unpack("d", seen[:8])[0])

    for module in (clock, store):
        setattr(module, "SystemClock", Stepped)  # noqa: B010 - the machine's own clock is not ours to step


def _become(order: Mapping[str, Any]) -> None:
    """In the child: what the order says, to its end."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # nobody outlives the trials, whatever ends them
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    out, trace = (os.open(order[name], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for name in ("out", "trace"))
    for target, source in ((0, null), (1, out), (2, trace)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order["environment"])
    random.seed()
    status = 70
    try:
        _stepped_clock(order["clock"])
        from ossmend.daemon.commands.main import main

        main.main(order["arguments"], prog_name="ossmend")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # noqa: BLE001 - the child must not become a second nursery
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    Path(order["exit"]).write_text(str(status), encoding="ascii")
    os._exit(status)


def _import_all() -> None:
    import ossmend.daemon

    for found in pkgutil.walk_packages(ossmend.daemon.__path__, "ossmend.daemon."):
        if not found.name.startswith(("ossmend.daemon.demo", "ossmend.daemon.journal.migrations")):
            importlib.import_module(found.name)
    importlib.import_module("PIL.Image").init()


def _serve() -> None:
    _import_all()
    assert threading.active_count() == 1, "only a process of one thread may fork"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    for line in sys.stdin.buffer:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
