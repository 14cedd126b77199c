"""A configuration that changes the way a ConfigMap does, or an editor, or a copy that takes its time."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossmend.daemon.host.watched_file import WatchedFile


def swap(volume: Path, number: int, text: str) -> None:
    """What the kubelet does: a new folder, and one rename of the link `..data`."""
    folder = volume / f"..{number}"
    folder.mkdir()
    (folder / "ossmend.yaml").write_text(text)
    (volume / "..data_tmp").symlink_to(folder.name)
    (volume / "..data_tmp").rename(volume / "..data")


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A mounted ConfigMap."""
    swap(tmp_path, 1, "one")
    (tmp_path / "ossmend.yaml").symlink_to("..data/ossmend.yaml")
    return tmp_path


def answers(watched: WatchedFile, times: int) -> list[bool]:
    return [watched.has_changed() for _ in range(times)]


def test_a_swapped_config_map_is_told_once_when_it_has_settled(volume: Path) -> None:
    watched = WatchedFile(volume / "ossmend.yaml")
    assert answers(watched, 2) == [False, False]
    before = (volume / "ossmend.yaml").lstat()
    swap(volume, 2, "two")
    assert (volume / "ossmend.yaml").lstat() == before  # nothing is to be seen at the link itself
    assert answers(watched, 3) == [False, True, False]


def test_a_file_that_is_still_being_copied_is_not_told(volume: Path) -> None:
    path = volume / "plain.yaml"
    path.write_text("")
    watched = WatchedFile(path)
    for size in range(1, 5):
        path.write_text("x" * size)
        assert not watched.has_changed()
    assert answers(watched, 2) == [True, False]


def test_a_file_that_is_gone_is_no_change_until_it_is_back(volume: Path) -> None:
    path = volume / "plain.yaml"
    path.write_text("one")
    watched = WatchedFile(path)
    path.rename(volume / "away")
    assert answers(watched, 3) == [False, False, False]
    (volume / "away").rename(path)
    assert answers(watched, 3) == [False, False, False]  # the same file
    path.write_text("other")
    assert answers(watched, 2) == [False, True]


def test_a_change_while_the_file_was_read_is_seen_afterwards(volume: Path) -> None:
    watched = WatchedFile(volume / "ossmend.yaml")  # made, and only then is the file read
    swap(volume, 2, "two")
    assert True in answers(watched, 3)
