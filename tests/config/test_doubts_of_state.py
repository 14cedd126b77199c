"""A state or a file that every user of the machine may change is doubted; one that only its owner may is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossmend.config import document, doubts
from ossmend.config.load import load_text


def said(tmp_path: Path) -> list[str]:
    """What `ossmend check` doubts of the file."""
    path = tmp_path / "ossmend.yaml"
    text = path.read_text(encoding="utf-8")
    found = doubts.of(load_text(text, str(path)), document.read(text, str(path)), text)
    return [f"{each.path}: {each.message}" for each in found if "every user" in each.message]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir(mode=0o700)
    path = tmp_path / "ossmend.yaml"
    path.write_text(
        f"version: 1\ncloud: {{ region: cn-hangzhou }}\nstate: {{ path: '{tmp_path / 'state'}' }}\n", encoding="utf-8"
    )
    path.chmod(0o640)
    return tmp_path


def test_what_only_its_owner_may_change_is_fine(place: Path) -> None:
    assert said(place) == []


@pytest.mark.parametrize("mode", [0o777, 0o702])
def test_a_state_that_everybody_may_write_to_is_told_with_the_cure(place: Path, mode: int) -> None:
    (place / "state").chmod(mode)
    (told,) = said(place)
    assert told == (
        "state.path: every user of this machine may write there, and so make ossmend forget or believe anything: "
        f"chmod o-w {place / 'state'}"
    )


def test_a_state_in_a_directory_that_is_meant_for_everybody_belongs_elsewhere(place: Path) -> None:
    """`chmod o-w /tmp` would be a bad piece of advice."""
    (place / "state").chmod(0o1777)
    (told,) = said(place)
    assert told.endswith("believe anything: name a directory of its own")


def test_a_file_that_everybody_may_change_is_told_with_the_cure(place: Path) -> None:
    (place / "ossmend.yaml").chmod(0o666)
    (told,) = said(place)
    assert told.endswith(f"and with it what is written in the cloud: chmod o-w {place / 'ossmend.yaml'}")


def test_a_state_that_is_not_there_yet_is_not_looked_at(place: Path) -> None:
    (place / "state").rmdir()
    assert said(place) == []
