"""What a machine does to a daemon: a state that cannot be written, copied or deleted, a moved endpoint, many sources.

docs/security.md says what was tried and what held; each journey here is one of those lines.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.cloud.stubs import answer, liar
from tests.journeys.conftest import Daemon, World, until
from tests.journeys.slow import way_to
from tests.journeys.test_restore import KEYS, POLICY, archive, reads, refusal

pytestmark = pytest.mark.machine


def say(daemon: Daemon, *lines: str) -> None:
    with daemon.log.open("a", encoding="utf-8") as log:
        log.writelines(lines)


def trace(daemon: Daemon) -> str:
    return daemon.trace.read_text(encoding="utf-8")


class Disk:
    """A file system of its own, which fails as a real one does: under a running daemon it becomes read-only."""

    def __init__(self, directory: Path) -> None:
        self._image, self.place = directory / "image", directory / "disk"
        self.place.mkdir()
        self._image.write_bytes(b"")
        os.truncate(self._image, 32 * 1024 * 1024)
        if not self._run("mkfs.ext4", "-q", str(self._image)) or not self.mount():
            pytest.skip("no file system can be made and mounted here")

    def mount(self) -> bool:
        return self._run("mount", "-o", "loop", str(self._image), str(self.place))

    def fail(self) -> None:
        assert self._run("mount", "-o", "remount,abort", str(self.place))

    def repair(self) -> None:
        """By a copy: a machine that another test boots meanwhile has its own table of mounts, with this disk in it, and
        as long as that one is there the same image is mounted as it was: read-only.
        """
        self.unmount()
        self._image = Path(shutil.copyfile(self._image, self._image.with_suffix(".copy")))
        assert self.mount()

    def unmount(self) -> None:
        self._run("umount", str(self.place))

    @staticmethod
    def _run(*command: str) -> bool:
        if shutil.which(command[0]) is None:
            return False
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    yield made
    made.unmount()


def test_on_a_disk_that_has_become_read_only_nothing_is_sent_and_after_its_repair_nothing_was_lost(
    world: World, daemon: Daemon, disk: Disk
) -> None:
    bucket = archive(world, "reports-readonly", ["before", "meanwhile"])
    before, meanwhile = refusal(bucket, "before"), refusal(bucket, "meanwhile")
    daemon.configure(POLICY)
    text = daemon.config.read_text(encoding="utf-8")
    daemon.config.write_text(text.replace(str(daemon.directory / "state"), str(disk.place / "state")), encoding="utf-8")
    daemon.start()
    say(daemon, before)
    until("its outcome is written down", lambda: '"write.done"' in trace(daemon))
    disk.fail()
    say(daemon, meanwhile)
    until("it says so", lambda: "state.unavailable" in trace(daemon))
    assert daemon.stop() == 0
    assert len(world.requests("RestoreObject")) == 1, "what cannot be written down is not sent"
    disk.repair()
    daemon.start()
    until("the second is repaired", lambda: reads(bucket, "meanwhile"))
    assert daemon.stop() == 0
    assert len(world.requests("RestoreObject")) == 2


def test_a_redirect_leads_no_signed_request_to_another_host(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-moved", ["a"])
    line = refusal(bucket, "a")
    with liar(answer(200)) as elsewhere:
        moved = answer(307, headers=f"Location: {elsewhere.url}/reports-moved/a\r\n")
        with liar(moved) as here:
            daemon.configure(POLICY)
            text = daemon.config.read_text(encoding="utf-8")
            daemon.config.write_text(text.replace(world.simulator.oss, here.url), encoding="utf-8")
            daemon.start()
            say(daemon, line)
            until("it was sent elsewhere", lambda: len(here.heads) > 0)
            until("the case says so", lambda: [case["state"] for case in daemon.cases()] in (["reported"], ["waiting"]))
            assert daemon.stop() == 0
        assert not elsewhere.heads
    assert not world.requests("RestoreObject")


def test_an_endpoint_that_moves_in_the_middle_is_found_again(world: World, daemon: Daemon) -> None:
    """As a name that leads to another address from now on: what was kept open is dead, and nothing is sent twice."""
    bucket = archive(world, "reports-dns", ["a", "b"])
    first, second = refusal(bucket, "a"), refusal(bucket, "b")
    with way_to(world.simulator.oss, {}) as way:
        daemon.configure(POLICY)
        text = daemon.config.read_text(encoding="utf-8")
        daemon.config.write_text(text.replace(f"endpoint: {world.simulator.oss}", f"endpoint: {way.url}"), "utf-8")
        daemon.start()
        say(daemon, first)
        until("the first is repaired", lambda: reads(bucket, "a"))
    daemon.config.write_text(text, "utf-8")
    say(daemon, second)
    until("nobody answers any more", lambda: "case.waiting" in trace(daemon).split('"daemon.ready"')[-1])
    daemon.signal(signal.SIGHUP)
    until("the second is repaired", lambda: reads(bucket, "b"))
    assert daemon.stop() == 0
    assert len(world.requests("RestoreObject")) == 2


def test_of_configurations_in_quick_succession_the_last_good_one_is_at_work(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-swap", ["a"])
    line = refusal(bucket, "a")
    daemon.configure(POLICY.replace("enforce", "dry-run"))
    daemon.start()
    texts = [daemon.config.read_text(encoding="utf-8")]
    texts += [texts[0].replace("name: thaw", f"name: thaw-{number}") for number in range(20)]
    texts += [texts[0].replace("mode: dry-run", "mode: enforce"), texts[0] + "nonsense: true\n"]
    for text in texts[:-1]:
        daemon.config.write_text(text, encoding="utf-8")
        daemon.signal(signal.SIGHUP)
    until("the last was taken", lambda: '"config.reloaded"' in trace(daemon))
    say(daemon, line)
    until("by the last one it is restored", lambda: reads(bucket, "a"))
    kept = trace(daemon).count('"config.kept"')
    daemon.config.write_text(texts[-1], encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    until("the broken one is kept out", lambda: trace(daemon).count('"config.kept"') > kept)
    assert daemon.stop() == 0
    assert len(world.requests("RestoreObject")) == 1


def test_a_state_that_was_copied_while_it_was_written_is_whole_or_says_that_it_is_not(
    world: World, daemon: Daemon
) -> None:
    bucket = archive(world, "reports-copy", KEYS)
    lines = [refusal(bucket, key) for key in KEYS]
    daemon.configure(POLICY)
    daemon.start()
    copies = []
    for number, line in enumerate(lines):
        say(daemon, line)
        if number % 10 == 9:
            copies.append(daemon.directory / f"copy-{number}")
            shutil.copytree(daemon.directory / "state", copies[-1])
    until("all are asked for", lambda: len(world.requests("RestoreObject")) == len(KEYS))
    assert daemon.stop() == 0
    text = daemon.config.read_text(encoding="utf-8")
    for copy in copies:
        daemon.config.write_text(text.replace(str(daemon.directory / "state"), str(copy)), encoding="utf-8")
        status, report = daemon.command("once")
        assert status in (0, 1, 69), report
        if status == 69:
            assert "state" in report["error"]
        else:
            assert len(report["cases"]) == len(KEYS), "what the copy did not know yet is read from the log again"
    assert len(world.requests("RestoreObject")) == len(KEYS), "the world is looked at before anything is sent"


def test_ten_sources_on_one_log_are_one_case_and_one_write(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-many", ["a"])
    links = [daemon.directory / f"link-{number}.log" for number in range(9)]
    for link in links:
        link.symlink_to(daemon.log)
    sources = ", ".join(f"{{ app_log: {{ path: '{path}', start: beginning }} }}" for path in [daemon.log, *links])
    daemon.configure(POLICY, sources=f"[ {sources} ]")
    say(daemon, refusal(bucket, "a"))
    status, report = daemon.command("once")
    assert status in (0, 1), report
    (case,) = report["cases"]
    assert case["events"] == 1
    assert len(world.requests("RestoreObject")) == 1


def test_a_state_that_is_moved_away_under_the_daemon_is_not_written_on_and_when_it_is_back_it_goes_on(
    world: World, daemon: Daemon
) -> None:
    bucket = archive(world, "reports-away", ["a"])
    daemon.configure(POLICY)
    daemon.start()
    state = daemon.directory / "state"
    state.rename(daemon.directory / "away")
    say(daemon, refusal(bucket, "a"))
    until("it says so", lambda: "was moved, replaced or deleted" in trace(daemon))
    assert not state.exists(), "nor is another begun in its place"
    assert not world.requests("RestoreObject")
    (daemon.directory / "away").rename(state)
    until("it is repaired", lambda: reads(bucket, "a"))
    assert daemon.stop() == 0
