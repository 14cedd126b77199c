"""The unit file as systemd reads it: clean, hardened, and each line of hardening with its reason."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import HUNG

UNIT = Path(__file__).parents[2] / "systemd" / "ossmend.service"
DROP_INS = sorted(UNIT.with_name("ossmend.service.d").iterdir())
MOST_EXPOSED = 1.2

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def systemd_version() -> int:
    told = subprocess.run(["systemd-analyze", "--version"], capture_output=True, check=True, text=True).stdout
    return int(told.split()[1])


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy whose ExecStart exists on this machine."""
    copy = tmp_path / "ossmend.service"
    copy.write_text(
        UNIT.read_text(encoding="utf-8").replace("/opt/ossmend/.venv/bin/python", sys.executable), encoding="utf-8"
    )
    return copy


@needs_analyze
def test_systemd_has_nothing_to_complain_of(installed: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(installed)], capture_output=True, check=False, timeout=HUNG
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@needs_analyze
@pytest.mark.parametrize("drop_in", DROP_INS, ids=lambda path: path.name.partition(".")[0])
def test_systemd_has_nothing_to_complain_of_in_a_drop_in(installed: Path, drop_in: Path) -> None:
    if "notify-reload" in drop_in.name and systemd_version() < 253:
        pytest.skip("Type=notify-reload came with systemd 253")
    folder = installed.with_name("ossmend.service.d")
    folder.mkdir()
    text = drop_in.read_text(encoding="utf-8").replace("/opt/ossmend/.venv/bin/python", sys.executable)
    (folder / drop_in.name.removesuffix(".example")).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(installed)], capture_output=True, check=False, timeout=HUNG
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@needs_analyze
def test_the_exposure_is_as_low_as_a_tcp_client_gets(installed: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(installed)]
    told = subprocess.run(command, capture_output=True, check=False, timeout=HUNG, text=True).stdout
    found = re.search(r"Overall exposure level for ossmend.service: ([0-9.]+)", told)
    assert found is not None
    assert float(found[1]) <= MOST_EXPOSED


def test_every_hardening_line_stands_below_a_reason() -> None:
    lines = UNIT.read_text(encoding="utf-8").split("--- hardening")[1].split("[Install]")[0].splitlines()[1:]
    assert len([line for line in lines if "=" in line and not line.startswith("#")]) > 25
    reasoned = False
    for line in lines:
        if line.startswith("#"):
            reasoned = True
        elif not line:
            reasoned = False
        else:
            assert reasoned, f"{line}: no reason above it"


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "RestartPreventExitStatus=78",
        "DynamicUser=yes",
        "StateDirectory=ossmend",
        "WatchdogSec=120",
        "AssertPathExists=!/opt/ossmend/.upgrade-did-not-end",
    ],
)
def test_what_the_daemon_relies_on_is_there(line: str) -> None:
    assert line in UNIT.read_text(encoding="utf-8").splitlines()


def test_a_reload_checks_the_file_before_the_daemon_hears_of_it() -> None:
    reloads = [line for line in UNIT.read_text(encoding="utf-8").splitlines() if line.startswith("ExecReload=")]
    assert [" check " in line for line in reloads] == [True, False]
