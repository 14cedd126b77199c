"""The kernel tells what changes in directories, and the waker passes it on; timers run beside it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ossmend.daemon.host.inotify import Inotify
from ossmend.daemon.host.wake import Waker
from tests.patience import HUNG, until


@pytest.fixture
def inotify() -> Iterator[Inotify]:
    built = Inotify()
    yield built
    built.close()


def test_what_is_written_made_renamed_and_deleted_is_told_by_its_path(inotify: Inotify, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("")
    assert inotify.watch([str(tmp_path)]) == (True, None)
    with log.open("a") as file:
        file.write("x\n")
    assert inotify.wait() == {str(log)}
    log.rename(tmp_path / "a.log.1")
    assert inotify.wait() == {str(log), str(tmp_path / "a.log.1")}
    (tmp_path / "b.log").touch()
    assert inotify.wait() == {str(tmp_path / "b.log")}
    (tmp_path / "b.log").unlink()
    assert inotify.wait() == {str(tmp_path / "b.log")}


def test_what_is_only_read_or_lies_below_is_not_told(inotify: Inotify, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.log").write_text("x")
    inotify.watch([str(tmp_path)])
    (tmp_path / "a.log").read_text()
    (tmp_path / "below" / "b.log").touch()
    (tmp_path / "last").touch()
    assert inotify.wait() == {str(tmp_path / "last")}


def test_a_directory_that_is_watched_already_is_not_new_and_one_that_is_not_there_is_passed_over(
    inotify: Inotify, tmp_path: Path
) -> None:
    wanted = [str(tmp_path), str(tmp_path / "later")]
    assert inotify.watch(wanted) == (True, None)
    assert inotify.watch(wanted) == (False, None)
    (tmp_path / "later").mkdir()
    assert inotify.watch(wanted) == (True, None)
    (tmp_path / "later" / "a.log").touch()
    assert str(tmp_path / "later" / "a.log") in (inotify.wait() or ())


def test_a_directory_that_was_deleted_and_made_anew_is_new(inotify: Inotify, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    inotify.watch([str(tmp_path), str(logs)])
    logs.rmdir()
    assert inotify.wait() == {str(logs)}
    logs.mkdir()
    assert inotify.watch([str(tmp_path), str(logs)])[0]
    (logs / "a.log").touch()
    assert str(logs / "a.log") in (inotify.wait() or ())


def test_a_directory_that_was_renamed_is_not_told_under_its_old_name(inotify: Inotify, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    inotify.watch([str(tmp_path), str(logs)])
    logs.rename(tmp_path / "old")
    assert inotify.wait() == {str(logs), str(tmp_path / "old")}
    (tmp_path / "old" / "a.log").touch()
    (tmp_path / "last").touch()
    assert inotify.wait() == {str(tmp_path / "last")}


def test_what_is_not_watched_any_more_is_not_told(inotify: Inotify, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    inotify.watch([str(tmp_path / "a"), str(tmp_path / "b")])
    inotify.watch([str(tmp_path / "b")])
    (tmp_path / "a" / "x.log").touch()
    (tmp_path / "b" / "y.log").touch()
    assert inotify.wait() == {str(tmp_path / "b" / "y.log")}


def test_a_wait_ends_when_it_is_stopped(inotify: Inotify, tmp_path: Path) -> None:
    inotify.watch([str(tmp_path)])
    told: list[set[str] | None] = []
    thread = threading.Thread(target=lambda: told.append(inotify.wait()))
    thread.start()
    inotify.stop()
    thread.join(HUNG)
    assert told == [set()]


class Heard:
    """What the waker has passed on."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.everything = 0

    def __call__(self, paths: Collection[str] | None) -> None:
        if paths is None:
            self.everything += 1
        else:
            self.paths |= set(paths)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def waker(heard: Heard) -> Iterator[Waker]:
    built = Waker(heard)
    built.start()
    yield built
    built.stop()


def test_a_watch_begins_with_a_look_at_everything_and_goes_on_with_what_changes(
    waker: Waker, heard: Heard, tmp_path: Path
) -> None:
    waker.watch([tmp_path])
    assert heard.everything == 1
    waker.watch([tmp_path])
    assert heard.everything == 1
    (tmp_path / "a.log").touch()
    until("the change is heard", lambda: heard.paths == {str(tmp_path / "a.log")})


def test_no_directory_is_no_trouble(waker: Waker, heard: Heard, tmp_path: Path) -> None:
    waker.watch([])
    waker.watch([tmp_path / "missing"])
    assert (heard.everything, heard.paths) == (0, set())


def test_a_timer_runs_again_and_again(waker: Waker) -> None:
    ticks: list[int] = []
    waker.every(timedelta(milliseconds=10), "tick", lambda: ticks.append(1))
    until("it has run", lambda: len(ticks) > 2)
    assert waker.troubles == 0
