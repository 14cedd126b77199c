"""A log that root reads and the service does not: said where root checks the service's configuration, with the cure."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ossmend.config.load import load_with_doubts
from ossmend.config.service_reads import CONFIG, UNIT, closed, is_meant
from tests.config.test_rights import as_root, somebody_else

pytestmark = as_root


@pytest.fixture
def machine() -> Iterator[Path]:
    """The root of a machine with the service, below directories that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="ossmend-machine-") as made:
        root = Path(made)
        root.chmod(0o755)
        for place in ("etc/ossmend", "usr/lib/systemd/system", f"etc/systemd/system/{UNIT}.d", "var/log/app"):
            (root / place).mkdir(parents=True)
        (root / "usr/lib/systemd/system" / UNIT).write_text("[Service]\nDynamicUser=yes\n")
        yield root


POLICY = "policies: [ { name: a, on: AccessDenied } ]\n"


def log_of(root: Path, mode: int, group: str = "adm") -> Path:
    log = root / "var/log/app/app.log"
    log.write_text("a line\n")
    shutil.chown(log, "root", group)
    log.chmod(mode)
    return log


def drop_in(root: Path, text: str, name: str = "a") -> None:
    (root / f"etc/systemd/system/{UNIT}.d/{name}.conf").write_text(f"[Service]\n{text}\n")


def doubts_of(machine: Path, source: str, path: Path) -> list[str]:
    config = machine / "ossmend.yaml"
    config.write_text(
        f"version: 1\ncloud: {{ region: cn-hangzhou }}\nsources: [ {{ {source}: {{ path: '{path}' }} }} ]\n{POLICY}"
    )
    return [each.told("") for each in load_with_doubts(config)[1]]


def test_a_log_of_a_group_is_closed_to_the_service_and_the_drop_in_is_named(machine: Path) -> None:
    log = log_of(machine, 0o640)
    told = closed(log, machine)
    assert told is not None
    assert f"{log} is root:adm -rw-r-----: let it into the group (SupplementaryGroups=adm, as in " in told


def test_a_directory_on_the_way_is_named_where_it_is_that_one(machine: Path) -> None:
    log = log_of(machine, 0o644)
    log.parent.chmod(0o750)
    assert f"for {log.parent} is root:root drwxr-x---" in str(closed(log, machine))


def test_a_log_that_everybody_may_read_is_open(machine: Path) -> None:
    assert closed(log_of(machine, 0o644), machine) is None


def test_a_drop_in_opens_what_is_its_group_s_and_nothing_else(machine: Path) -> None:
    drop_in(machine, "SupplementaryGroups=adm")
    drop_in(machine, "SupplementaryGroups=games", "b")
    assert closed(log_of(machine, 0o640), machine) is None
    assert closed(log_of(machine, 0o640, "games"), machine) is None
    assert closed(log_of(machine, 0o640, "daemon"), machine) is not None
    assert closed(log_of(machine, 0o600), machine) is not None


def test_an_empty_line_takes_the_groups_before_it_back(machine: Path) -> None:
    drop_in(machine, "SupplementaryGroups=adm\nSupplementaryGroups=")
    assert closed(log_of(machine, 0o640), machine) is not None


def test_of_a_service_with_a_user_of_its_own_choice_nothing_is_said(machine: Path) -> None:
    drop_in(machine, "User=app")
    assert closed(log_of(machine, 0o600), machine) is None


def test_a_log_in_a_home_is_never_seen_by_the_service() -> None:
    assert "ProtectHome" in str(closed(Path("/home/app/logs/app.log")))


def test_it_is_said_to_root_of_the_service_s_own_file_on_a_machine_that_has_it(machine: Path) -> None:
    assert is_meant(str(machine / CONFIG), machine)
    assert not is_meant(str(machine / "ossmend.yaml"), machine)
    with somebody_else():
        assert not is_meant(str(machine / CONFIG), machine)
    (machine / "usr/lib/systemd/system" / UNIT).unlink()
    assert not is_meant(str(machine / CONFIG), machine)


def test_who_checks_and_may_not_read_the_log_is_told(machine: Path) -> None:
    log = log_of(machine, 0o600)
    config = machine / "ossmend.yaml"
    config.write_text(
        f"version: 1\ncloud: {{ region: cn-hangzhou }}\nsources: [ {{ app_log: {{ path: '{log}' }} }} ]\n{POLICY}"
    )
    config.chmod(0o644)
    with somebody_else():
        doubts = [each.told("") for each in load_with_doubts(config)[1]]
    assert len(doubts) == 1
    assert f"{log}: nobody may not read it: look at its rights (ls -l)" in doubts[0]
    assert load_with_doubts(config)[1] == ()


@pytest.mark.parametrize(
    ("source", "ending"), [("app_log", ".gz"), ("app_log", ".zst"), ("access_log", ".bz2"), ("access_log", ".zst")]
)
def test_a_path_of_packed_files_that_nobody_reads_is_told(machine: Path, source: str, ending: str) -> None:
    log = machine / f"a.log{ending}"
    log.write_bytes(b"")
    (told,) = doubts_of(machine, source, machine / f"*.log{ending}")
    assert f"files that end in {ending} are not read here" in told


def test_a_packed_access_log_is_read_and_left_alone_here(machine: Path) -> None:
    (machine / "a.gz").write_bytes(b"")
    assert doubts_of(machine, "access_log", machine / "*.gz") == []


def test_a_directory_where_a_log_is_named_is_said_to_be_no_file(machine: Path) -> None:
    (told,) = doubts_of(machine, "app_log", machine / "var/log")
    assert f"{machine}/var/log is no file: it is left alone" in told
