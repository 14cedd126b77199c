"""How the daemon fares, told by the state alone: beside one that runs, and after one that stopped or was killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ossmend.daemon.commands import status_page
from tests.daemon.cloud.stubs import control
from tests.daemon.notices.receivers import receiver
from tests.journeys.conftest import Daemon, World, until
from tests.journeys.test_restore import POLICY, archive, refusal
from tests.patience import HUNG

pytestmark = pytest.mark.machine
WELL, NOT_WELL, NOT_RUNNING = 0, 1, 3


def status(daemon: Daemon) -> tuple[int, dict[str, Any]]:
    return daemon.command("status")


def said(daemon: Daemon) -> dict[str, Any]:
    return status(daemon)[1]


def refused(world: World, daemon: Daemon, bucket: str, number: int) -> None:
    """So many objects of a new bucket were to be read, and could not."""
    keys = [f"{each:02d}" for each in range(number)]
    made = archive(world, bucket, keys)
    lines = [refusal(made, key) for key in keys]
    with daemon.log.open("a", encoding="utf-8") as log:
        log.writelines(lines)


def hook_of(url: str) -> str:
    return f"{{ webhook: {{ url: '{url}', in_dry_run: true }} }}"


def contents(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, with when it was written."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def test_a_daemon_that_does_its_work_is_well_and_says_what_it_has_read(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    daemon.start()
    code, found = status(daemon)
    assert (code, found["running"], found["troubles"]) == (WELL, True, [])
    assert found["sources"][0]["last_event_at"] is None
    refused(world, daemon, "reports-status", 3)
    until("it tells of the refusals", lambda: said(daemon)["sources"][0]["events"] == 3)
    until("all are restored", lambda: said(daemon)["cases"]["watching"] == 3)
    code, found = status(daemon)
    source = found["sources"][0]
    assert (code, source["trouble"], source["trust"]) == (WELL, None, "low")
    assert source["lag_seconds"] < 60
    assert source["last_event_age_seconds"] is not None
    assert found["nodes"][0]["pid"] == int((daemon.directory / "state" / "lock").read_text(encoding="ascii"))
    assert daemon.stop() == 0


def test_a_pause_a_full_brake_and_what_is_held_are_told(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY, brakes="{ objects_per_day: 4 }")
    daemon.start()
    refused(world, daemon, "reports-brakes", 6)
    until("the brake holds two", lambda: said(daemon)["held"] == {"objects_per_day": 2})
    code, found = status(daemon)
    assert code == WELL, "work that waits is no fault of the daemon"
    assert found["waiting_for_a_person"] == 2
    brake = found["brakes"][0]
    assert (brake["brake"], brake["spent"], brake["limit"], brake["share"]) == ("objects_per_day", 4, 4, 1)
    assert brake["frees_at"] is not None
    good = daemon.config.read_text(encoding="utf-8")
    daemon.config.write_text(good.replace("objects_per_day: 4", "objects_per_day: four"), encoding="utf-8")
    of_the_process = said(daemon)
    assert (of_the_process["configuration"]["refused"], of_the_process["brakes"][0]) == (True, brake)
    daemon.config.write_text(good, encoding="utf-8")
    assert daemon.command("pause", "thaw")[0] == 0
    assert [each["policy"] for each in said(daemon)["paused"]] == ["thaw"]
    assert daemon.stop() == 0


def test_a_source_and_a_channel_in_trouble_are_named_with_the_reason(world: World, daemon: Daemon, nobody: str) -> None:
    """The log's bucket does not exist, and the receiver answers 500."""
    with receiver() as hook:
        hook.status = 500
        log = f"{{ app_log: {{ path: '{daemon.log}', start: beginning }} }}"
        daemon.configure(
            "  - { name: all, on: AccessDenied }",
            sources=f"[ {log}, {{ access_log: {{ bucket: no-such-logs }} }} ]",
            notify=f"[ {hook_of(hook.url)}, {hook_of(nobody)} ]",
        )
        daemon.start()
        with daemon.log.open("a", encoding="utf-8") as file:
            file.write("ERROR <Error><Code>AccessDenied</Code><BucketName>b-1</BucketName></Error>\n")
        until("both fail", lambda: len([each for each in said(daemon)["channels"] if each["failing"]]) == 2)
        until("the source, too", lambda: said(daemon)["sources"][1]["trouble"] is not None)
        code, found = status(daemon)
        assert (code, found["running"], found["well"]) == (NOT_WELL, True, False)
        assert any("access_log:no-such-logs/" in each and "NoSuchBucket" in each for each in found["troubles"])
        assert any("127.0.0.1#" in each and "500" in each for each in found["troubles"])
        assert "source.unreachable" in [each["event"] for each in found["errors"]]
        assert "t0ken" not in json.dumps(found)
        assert daemon.stop() == 0


def test_a_log_that_cannot_be_read_is_no_well_being_and_neither_read_to_its_end(world: World, daemon: Daemon) -> None:
    daemon.log.unlink(missing_ok=True)
    daemon.log.symlink_to("/proc/self/mem")  # a regular file of which nobody can read the first byte
    daemon.configure(POLICY)
    code, found = daemon.command("once")
    unread = {"source": f"app_log:{daemon.log}", "why": f"{daemon.log} cannot be read: Input/output error"}
    assert (code, found["not_read"]) == (NOT_WELL, [unread])
    code, found = daemon.command("audit")
    assert (code, found["not_read"], found["needs_a_human"]) == (NOT_WELL, [unread], True)
    daemon.start()
    until("it is not well", lambda: status(daemon)[0] == NOT_WELL)
    found = said(daemon)
    assert found["troubles"] == [f"{unread['source']} cannot be read: {unread['why']}"]
    assert found["sources"][0]["caught_up_at"] is None
    daemon.log.unlink()
    daemon.log.write_text("", encoding="utf-8")
    until("it is well again", lambda: status(daemon)[0] == WELL)
    assert said(daemon)["sources"][0]["complaint"] is None, "what is read again is left out no more"
    assert daemon.stop() == 0


def test_a_key_of_its_own_that_is_refused_is_no_well_being_and_its_return_is_seen(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    daemon.start()
    own = f"keys/{world.simulator.ready.access_key_id}"
    made = archive(world, "reports-refused", ["a", "b"])
    lines = {key: refusal(made, key) for key in ("a", "b")}
    control(world.simulator, "PATCH", own, {"status": "Inactive"})
    with daemon.log.open("a", encoding="utf-8") as log:
        log.write(lines["a"])
    until("it says that its key is refused", lambda: status(daemon)[0] == NOT_WELL)
    (told,) = said(daemon)["troubles"]
    assert "key.refused" in told
    assert "InvalidAccessKeyId" in told
    control(world.simulator, "PATCH", own, {"status": "Active"})
    with daemon.log.open("a", encoding="utf-8") as log:
        log.write(lines["b"])
    until("it is well again", lambda: status(daemon)[0] == WELL)
    until("what could not be checked went on by itself", lambda: said(daemon)["cases"]["watching"] == 2)
    assert daemon.stop() == 0


def test_writes_that_our_own_key_may_not_send_are_no_well_being_and_one_notice(world: World, daemon: Daemon) -> None:
    reads = {"Effect": "Allow", "Action": ["oss:Get*", "oss:List*"], "Resource": "*"}
    restores = {"Effect": "Allow", "Action": "oss:RestoreObject", "Resource": "*"}
    control(world.simulator, "PUT", "users/reader", {"policy": {"Version": "1", "Statement": [reads]}})
    key = control(world.simulator, "POST", "keys", {"user": "reader"})
    daemon.key = (key["id"], key["secret"])
    with receiver() as hook:
        daemon.configure(POLICY, notify=f"[ {hook_of(hook.url)} ]")
        daemon.start()
        refused(world, daemon, "reports-denied", 8)
        until("all are told", lambda: said(daemon)["unchecked"] == 8)
        until("it is not well", lambda: status(daemon)[0] == NOT_WELL)
        (told,) = said(daemon)["troubles"]
        assert told == "writes.refused: our own RestoreObject was refused: AccessDenied"
        until("one notice was taken", lambda: len(hook.got) == 1)
        control(world.simulator, "PATCH", "users/reader", {"policy": {"Version": "1", "Statement": [reads, restores]}})
        subprocess.run(
            [sys.executable, "-m", "ossmend", "cases", "retry", *(str(case["id"]) for case in daemon.cases()),
             "--config", str(daemon.config)],
            env=daemon.environment, check=True, timeout=HUNG, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until("all are restored", lambda: said(daemon)["cases"]["watching"] == 8)
        until("it is well again", lambda: status(daemon)[0] == WELL)
        assert (said(daemon)["unchecked"], len(hook.got)) == (0, 1)
        assert daemon.stop() == 0


def test_a_configuration_that_was_kept_out_is_told_until_a_good_one_comes(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    daemon.start()
    good = daemon.config.read_text(encoding="utf-8")
    bad = good.replace("mode:", "mood:").replace("every:", "evry:")
    daemon.config.write_text(bad, encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    until("it says that it kept it out", lambda: "config.kept" in daemon.trace.read_text(encoding="utf-8"))
    assert "mood" in said(daemon)["configuration"]["kept_out"], "who has read that line asks at once"
    code, found = status(daemon)
    assert (code, found["configuration"]["kept_out_at"] is not None) == (NOT_WELL, True)
    (told,) = found["troubles"]
    assert len(told.splitlines()) == 3
    assert "\\n" not in told
    daemon.config.write_text(good, encoding="utf-8")
    assert said(daemon)["configuration"]["kept_out"] is None, "the file is what is at work"
    daemon.config.write_text(f"{good}\nlog: {{ level: warning }}\n", encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    until("it is well again", lambda: said(daemon)["troubles"] == [])
    assert "config.kept" not in [each["event"] for each in said(daemon)["errors"]]
    assert daemon.stop() == 0
    told_of = [each for each in entries(daemon) if each["kind"] == "config.kept"]
    assert ["mood" in each["data"]["why"] for each in told_of] == [True]


def test_the_journal_tells_when_somebody_worked_who_was_killed_and_that_a_file_has_paused(
    world: World, daemon: Daemon
) -> None:
    daemon.configure(POLICY)
    pause = daemon.directory / "state" / "pause"
    daemon.start()
    pid = said(daemon)["nodes"][0]["pid"]
    pause.touch()
    until("the file is seen", lambda: "paused" in kinds(daemon))
    daemon.kill()
    pause.unlink()
    daemon.start()
    until("it is seen to be gone", lambda: "resumed" in kinds(daemon))
    assert daemon.stop() == 0
    told = [kind for kind in kinds(daemon) if kind != "config.loaded"]
    assert told == ["daemon.started", "paused", "daemon.lost", "daemon.started", "resumed", "daemon.stopped"]
    lost = next(each for each in entries(daemon) if each["kind"] == "daemon.lost")
    assert (lost["data"]["pid"], "killed" in lost["data"]["why"]) == (pid, True)


def entries(daemon: Daemon) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = daemon.command("journal", "show")[1]["entries"]
    return found


def kinds(daemon: Daemon) -> list[str]:
    return [each["kind"] for each in entries(daemon)]


def test_status_of_a_state_that_nobody_works_says_since_when_and_leaves_every_byte_as_it_is(
    world: World, daemon: Daemon
) -> None:
    daemon.configure(POLICY)
    assert status(daemon)[0] == NOT_RUNNING
    assert not (daemon.directory / "state").exists()
    daemon.start()
    assert daemon.stop() == 0
    before = contents(daemon.directory / "state")
    code, found = status(daemon)
    assert (code, found["running"], found["stopped_in_order"]) == (NOT_RUNNING, False, True)
    assert found["down_since"] == found["nodes"][0]["stopped_at"]
    assert contents(daemon.directory / "state") == before
    daemon.start()
    daemon.kill()
    code, found = status(daemon)
    assert (code, found["stopped_in_order"]) == (NOT_RUNNING, False)
    assert found["down_since"] == found["nodes"][0]["seen_at"]


def test_what_a_daemon_knew_of_its_sources_outlives_it(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    daemon.start()
    refused(world, daemon, "reports-again", 1)
    until("it tells of the refusal", lambda: said(daemon)["sources"][0]["last_event_at"] is not None)
    last = said(daemon)["sources"][0]["last_event_at"]
    daemon.kill()
    assert said(daemon)["sources"][0]["last_event_at"] == last
    daemon.start()
    assert said(daemon)["sources"][0]["last_event_at"] == last
    assert daemon.stop() == 0


@pytest.mark.parametrize("terminal", [True, False])
def test_the_screen_fits_eighty_columns_and_a_pipe_gets_no_colour(
    world: World, daemon: Daemon, terminal: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.configure(POLICY, brakes="{ objects_per_day: 4 }")
    daemon.start()
    refused(world, daemon, "reports-screen", 6)
    until("the rest is restored", lambda: said(daemon)["cases"]["watching"] == 4)
    report = said(daemon)
    assert daemon.stop() == 0
    status_page.page(report, Console(width=80, force_terminal=terminal, highlight=False, markup=False, emoji=False))
    told = capsys.readouterr().out
    for word in (
        "well",
        "sources",
        "last refusal",
        "4 watching",
        "objects_per_day",
        "need a person",
        os.uname()[1],
    ):
        assert word in told
    assert ("\x1b[" in told) is terminal
    if terminal:
        assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in told.splitlines()) <= 80
