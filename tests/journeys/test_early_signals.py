"""Signals at awkward moments: while the daemon starts, while it reloads, while it stops, and when it is nearly gone."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import Daemon
from tests.journeys.test_restore import POLICY
from tests.journeys.test_service import KEYS_POLICY, told
from tests.patience import HUNG, until

ROOT = Path(__file__).parents[2]
MOMENTS = ["ossmend.daemon.host.early", "click", "pydantic", "sqlalchemy", "apscheduler", "oss2"]
"""Modules in the order in which a start imports them: each is a moment in it."""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def begin(daemon: Daemon) -> Iterator[Start]:
    """Begins a daemon that says what it imports; does not wait until it is ready."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> subprocess.Popen[bytes]:
        program = command or (sys.executable, "-X", "importtime", "-m", "ossmend")
        words = [*program, "run", "--config", str(daemon.config)]
        with daemon.trace.open("ab") as trace:
            begun.append(subprocess.Popen(words, env=daemon.environment, stdin=subprocess.DEVNULL, stderr=trace))
        return begun[-1]

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=HUNG)


def at(daemon: Daemon, process: subprocess.Popen[bytes], module: str) -> None:
    """Wait for that moment of the start."""

    def come() -> bool:
        return any(line.split("|")[-1].strip() == module for line in daemon.trace.read_text("utf-8").splitlines())

    until(module, lambda: come() or process.poll() is not None)


@pytest.mark.parametrize("module", MOMENTS)
def test_a_reload_that_comes_while_the_daemon_starts_is_done_when_it_has(
    daemon: Daemon, begin: Start, module: str
) -> None:
    daemon.configure(KEYS_POLICY)
    process = begin()
    at(daemon, process, module)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    until("it was reloaded", lambda: bool(told(daemon, "config.reloaded")) or process.poll() is not None)
    assert process.poll() is None
    process.terminate()
    assert process.wait(timeout=HUNG) == 0


@pytest.mark.parametrize("module", MOMENTS)
def test_a_stop_that_comes_while_the_daemon_starts_ends_it_as_any_stop(
    daemon: Daemon, begin: Start, module: str
) -> None:
    daemon.configure(KEYS_POLICY)
    process = begin()
    at(daemon, process, module)
    process.terminate()
    assert process.wait(timeout=HUNG) == 0
    assert "Traceback" not in daemon.trace.read_text("utf-8")


def test_a_reload_that_the_launcher_was_sent_before_it_became_the_daemon_is_kept(daemon: Daemon, begin: Start) -> None:
    """The launcher holds SIGHUP back, and what is held back goes over the exec."""
    daemon.configure(KEYS_POLICY)
    held = (
        f"import os, runpy, signal, sys; launcher = runpy.run_path({str(ROOT / 'ossmend')!r});"
        "launcher['main'].__globals__['set_up'] = lambda locks: os.kill(os.getpid(), signal.SIGHUP);"
        "launcher['main'](sys.argv[1:])"
    )
    process = begin(sys.executable, "-c", held)
    until("it was reloaded", lambda: bool(told(daemon, "config.reloaded")) or process.poll() is not None)
    assert process.poll() is None
    process.terminate()
    assert process.wait(timeout=HUNG) == 0


def test_of_two_reloads_in_quick_succession_the_second_configuration_is_at_work(daemon: Daemon) -> None:
    daemon.configure(KEYS_POLICY)
    daemon.start()
    daemon.configure(POLICY)
    daemon.signal(signal.SIGHUP)
    daemon.configure(POLICY + KEYS_POLICY)
    daemon.signal(signal.SIGHUP)
    until("both are", lambda: [line["policies"] for line in told(daemon, "config.reloaded")][-1:] == [2])
    assert daemon.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_daemon_that_stops_ends_well_whatever_signals_come_until_it_is_gone(
    daemon: Daemon, begin: Start, number: signal.Signals
) -> None:
    daemon.configure(KEYS_POLICY)
    process = begin(sys.executable, "-m", "ossmend")
    until("it is ready", lambda: bool(told(daemon, "daemon.ready")))
    process.terminate()

    def gone() -> bool:
        process.send_signal(number)
        return process.poll() is not None

    until("it is gone", gone, pause=0.0)
    assert process.returncode == 0
