"""What a pattern meets beside files (pipes, devices, directories, sockets, circles): said once, never read."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ossmend.daemon.sources.files import NoFile, opened
from tests.daemon.sources.test_app_log import follow, line, numbers


def pipe(path: Path) -> None:
    os.mkfifo(path)


def directory(path: Path) -> None:
    path.mkdir()


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(path.parent)  # the whole path may be longer than a socket's name can be
        try:
            server.bind(path.name)
        finally:
            os.chdir(here)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def circle(path: Path) -> None:
    path.symlink_to(path)


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (pipe, "is a pipe: it is left alone"),
    "a directory": (directory, "is a directory: it is left alone"),
    "a socket": (listening, "is a socket: it is left alone"),
    "a device": (endless, "is a device: it is left alone"),
    "a circle": (circle, "cannot be looked at: Too many levels of symbolic links"),
}
odd = pytest.mark.parametrize("kind", ODD)


@odd
def test_it_is_said_once_and_the_other_files_go_on(tmp_path: Path, kind: str) -> None:
    make, what = ODD[kind]
    make(tmp_path / "a.log")
    (tmp_path / "b.log").write_text(line(1))
    follower, clock = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    clock.pass_(60)
    assert follower.read() == []
    assert follower.complaints == [f"{tmp_path / 'a.log'} {what}"]


@odd
def test_it_is_said_once_where_it_takes_the_place_of_a_followed_file(tmp_path: Path, kind: str) -> None:
    make, what = ODD[kind]
    (tmp_path / "a.log").write_text(line(1))
    (tmp_path / "b.log").write_text(line(2))
    follower, clock = follow(tmp_path)
    assert numbers(follower.read()) == [1, 2]
    (tmp_path / "a.log").unlink()
    make(tmp_path / "a.log")
    with (tmp_path / "b.log").open("a") as file:
        file.write(line(3))
    assert numbers(follower.read()) == [3]
    clock.pass_(60)
    assert follower.read() == []
    assert sorted(follower.complaints) == [f"{tmp_path / 'a.log'} {what}", f"{tmp_path / 'a.log'} vanished"]


@odd
def test_it_is_not_read_where_it_is_swapped_in_between_the_look_and_the_opening(tmp_path: Path, kind: str) -> None:
    make, _what = ODD[kind]
    (tmp_path / "a.log").write_text(line(1))
    (tmp_path / "b.log").write_text(line(2))
    follower, _ = follow(tmp_path)
    follower.source.changed(None)
    assert numbers(follower.read()) == [1, 2]
    (tmp_path / "a.log").unlink()
    make(tmp_path / "a.log")
    follower.source.changed({str(tmp_path / "a.log")})  # a known file, so it is opened without another look
    assert follower.read() == []
    assert follower.read() == []
    assert [said for said in follower.complaints if "vanished" not in said] != []


@pytest.mark.parametrize("kind", ["a pipe", "a directory", "a device"])
def test_what_is_no_file_is_opened_without_waiting_and_closed_at_once(tmp_path: Path, kind: str) -> None:
    make, what = ODD[kind]
    make(tmp_path / "a.log")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(NoFile, match=what):
        opened(str(tmp_path / "a.log"))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "pods").mkdir()
    (tmp_path / "pods" / "0.log").write_text(line(1))
    (tmp_path / "a.log").symlink_to(tmp_path / "pods" / "0.log")
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    assert follower.complaints == []


def test_a_link_that_leads_nowhere_yet_is_left_alone_until_it_leads_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to(tmp_path / "later")
    follower, _ = follow(tmp_path)
    assert follower.read() == []
    (tmp_path / "later").write_text(line(1))
    assert numbers(follower.read()) == [1]
    assert follower.complaints == []


def test_a_directory_that_may_not_be_listed_is_said(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may list every directory")
    (tmp_path / "logs").mkdir(mode=0o300)
    follower, _ = follow(tmp_path / "logs")
    assert follower.read() == []
    assert follower.complaints == [f"{tmp_path / 'logs'} cannot be listed: Permission denied"]
