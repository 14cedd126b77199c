"""What a source of files cannot read is its trouble for as long as that is so, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ossmend.daemon.sources import Source
from ossmend.daemon.sources.access_files import AccessFiles
from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.sources.looks import LOOK_SECONDS, MISSING_SECONDS
from tests.daemon.sources.following import Follower, HandClock
from tests.daemon.sources.test_app_log import line

UNREADABLE = Path("/proc/self/mem")
"""A regular file that everybody may open, and whose first byte nobody can read."""
BUILDS: dict[str, Callable[[str, HandClock], Source]] = {
    "app_log": lambda pattern, clock: AppLog(pattern, "beginning", clock),
    "access_log": lambda pattern, clock: AccessFiles(pattern, "beginning", clock),
}
each_kind = pytest.mark.parametrize("kind", BUILDS)


def follow(kind: str, pattern: Path) -> tuple[Follower, HandClock]:
    clock = HandClock()
    return Follower(BUILDS[kind](str(pattern), clock)), clock


def test_a_file_that_cannot_be_read_is_the_trouble_until_it_can_be(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.symlink_to(UNREADABLE)
    (tmp_path / "b.log").write_text(line(1))
    follower, clock = follow("app_log", tmp_path / "*.log")
    told = f"{log} cannot be read: Input/output error"
    assert follower.once().trouble == told
    assert follower.once().trouble == told
    assert follower.complaints == [told]
    log.unlink()
    log.write_text(line(2))
    clock.pass_(LOOK_SECONDS)
    follower.read()
    assert follower.once().trouble is None


@each_kind
def test_a_trouble_that_comes_again_is_told_again(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "a.log"
    follower, clock = follow(kind, tmp_path / "*.log")
    for _ in range(2):
        log.symlink_to(log)
        clock.pass_(LOOK_SECONDS)
        assert follower.once().trouble == f"{log} cannot be looked at: Too many levels of symbolic links"
        log.unlink()
        log.write_text("")
        clock.pass_(LOOK_SECONDS)
        follower.read()
        assert follower.once().trouble is None
        log.unlink()


def test_of_many_the_first_is_named_and_the_others_are_counted(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "c.log"):
        (tmp_path / name).symlink_to(tmp_path / name)
    follower, _ = follow("app_log", tmp_path / "*.log")
    trouble = follower.once().trouble
    assert trouble == f"{tmp_path / 'a.log'} cannot be looked at: Too many levels of symbolic links; and 2 more"


@each_kind
def test_the_one_file_of_a_source_that_is_gone_for_longer_than_a_rotation_is_its_trouble(
    tmp_path: Path, kind: str
) -> None:
    log = tmp_path / "a.log"
    log.write_text("")
    follower, clock = follow(kind, log)
    assert (follower.once().trouble, follower.once().files) == (None, 1)
    assert not follower.once().absent
    log.unlink()
    clock.pass_(MISSING_SECONDS - 1)
    assert (follower.once().trouble, follower.once().files, follower.once().absent) == (None, 0, True)
    clock.pass_(LOOK_SECONDS)
    assert follower.once().trouble == f"{log} is not there"
    log.write_text("")
    clock.pass_(LOOK_SECONDS)
    assert (follower.once().trouble, follower.once().files) == (None, 1)


@each_kind
def test_the_one_file_of_a_source_that_never_came_is_its_trouble(tmp_path: Path, kind: str) -> None:
    follower, clock = follow(kind, tmp_path / "none" / "a.log")
    assert follower.once().trouble is None
    clock.pass_(MISSING_SECONDS)
    assert follower.once().trouble == f"{tmp_path / 'none' / 'a.log'} is not there"


@each_kind
def test_a_renamed_file_is_read_on_and_the_name_without_a_file_is_told(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, clock = follow(kind, log)
    follower.read()
    log.rename(tmp_path / "a.log.1")
    clock.pass_(MISSING_SECONDS)
    assert follower.once().trouble == f"{log} is not there"


@each_kind
def test_a_pattern_without_a_file_is_no_trouble(tmp_path: Path, kind: str) -> None:
    follower, clock = follow(kind, tmp_path / "*.log")
    clock.pass_(MISSING_SECONDS * 2)
    assert (follower.once().trouble, follower.once().files, follower.once().absent) == (None, 0, False)


@each_kind
def test_a_directory_is_the_trouble_of_a_source_of_one_file_and_not_of_a_pattern(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.log").mkdir()
    assert follow(kind, tmp_path / "*.log")[0].once().trouble is None
    told = follow(kind, tmp_path / "a.log")[0].once().trouble
    assert told == f"{tmp_path / 'a.log'} is a directory: it is left alone"
