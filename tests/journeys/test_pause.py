"""The switch: after it is thrown nothing leaves any more, whoever throws it and however much is under way.

How soon after is measured by bench/pause.py.
"""

from __future__ import annotations

import signal

import pytest

from tests.journeys.conftest import Daemon, World, until
from tests.journeys.test_restore import POLICY, archive, refusal

pytestmark = pytest.mark.machine
KEYS = [f"{number:03d}" for number in range(100)]
MANY = """\
brakes: { calls_per_minute: unlimited, writes_per_hour: unlimited, objects_per_day: unlimited,
          restore_gib_per_day: unlimited, cost_per_day: unlimited }
"""


@pytest.mark.parametrize("how", ["command", "policy", "file", "signal"])
def test_after_the_switch_is_thrown_no_write_leaves_and_after_it_is_thrown_back_all_do(
    world: World, daemon: Daemon, how: str
) -> None:
    bucket = archive(world, "reports-pause", KEYS)
    lines = [refusal(bucket, key) for key in KEYS]
    daemon.configure(POLICY)
    daemon.config.write_text(daemon.config.read_text(encoding="utf-8") + MANY, encoding="utf-8")
    daemon.start()
    with daemon.log.open("a", encoding="utf-8") as log:
        log.writelines(lines[:50])
    until("some have left", lambda: len(world.requests("RestoreObject")) > 5)
    throw(daemon, how)
    until("everybody sees it", lambda: is_paused(daemon, how))
    until("what was on its way has arrived", lambda: at_rest(daemon))
    gone = len(world.requests("RestoreObject"))
    with daemon.log.open("a", encoding="utf-8") as log:
        log.writelines(lines[50:])
    until("all are known, and held", lambda: len(daemon.cases()) == len(KEYS) and at_rest(daemon))
    assert len(world.requests("RestoreObject")) == gone
    daemon.kill()
    daemon.start()  # it survives that
    until("it has looked again", lambda: at_rest(daemon))
    assert len(world.requests("RestoreObject")) == gone
    assert is_paused(daemon, how)
    throw(daemon, how, back=True)
    until("nobody sees it", lambda: not is_paused(daemon, how))
    until("all have left", lambda: len(world.requests("RestoreObject")) == len(KEYS))
    assert daemon.stop() == 0


def throw(daemon: Daemon, how: str, *, back: bool = False) -> None:
    if how in ("command", "policy"):
        assert daemon.command("resume" if back else "pause", *(["thaw"] if how == "policy" else []))[0] == 0
    elif how == "signal":
        daemon.signal(signal.SIGUSR2 if back else signal.SIGUSR1)
    elif back:
        (daemon.directory / "state" / "pause").unlink()
    else:
        (daemon.directory / "state" / "pause").touch()


def at_rest(daemon: Daemon) -> bool:
    """Nothing is planned, and nothing waits for a moment that comes by itself."""
    return {case["state"] for case in daemon.cases()} <= {"held", "watching", "closed"}


def is_paused(daemon: Daemon, how: str) -> bool:
    """As `ossmend status` tells it."""
    told = daemon.command("status")[1]
    names = [each["policy"] for each in told["paused"]]
    return told["pause_file"] is not None if how == "file" else names == ["thaw" if how == "policy" else "all"]
