"""What is in the packages: complete, the same whoever builds, and readable by the tools that will read it."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ossmend.daemon.commands.main import COMMANDS, main
from tests.packaging.conftest import ROOT, Packages
from tests.patience import HUNG

pytestmark = [pytest.mark.machine, pytest.mark.xdist_group("packages")]

CHANGED = 1790000000
"""The SOURCE_DATE_EPOCH that conftest.py makes the packages with."""


@pytest.fixture(scope="module")
def unpacked(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "-x", packages.deb, folder], check=True, timeout=HUNG)
    return folder


def members(packages: Packages) -> Iterator[tarfile.TarInfo]:
    told = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", packages.deb], check=True, timeout=HUNG, stdout=subprocess.PIPE
    )
    with tarfile.open(fileobj=io.BytesIO(told.stdout)) as archive:
        yield from archive


def test_nothing_in_it_tells_when_or_where_or_by_whom_it_was_made(unpacked: Path, packages: Packages) -> None:
    found = list(members(packages))
    assert len(found) > 1000
    assert {member.mtime for member in found} == {CHANGED}
    assert {(member.uid, member.gid, member.uname) for member in found} == {(0, 0, "root")}
    here = str(ROOT).encode()
    assert [path for path in unpacked.rglob("*") if path.is_file() and here in path.read_bytes()] == []


def test_only_the_key_is_hidden_and_nothing_can_be_written_by_others(packages: Packages) -> None:
    modes = {member.name: member.mode for member in members(packages) if not member.issym()}
    assert [name for name, mode in modes.items() if mode & 0o022] == []
    assert [name for name, mode in modes.items() if not mode & 0o004] == ["./etc/ossmend/credentials.env"]


def test_the_configuration_is_the_administrators(packages: Packages) -> None:
    told = subprocess.run(
        ["dpkg-deb", "-I", packages.deb, "conffiles"], check=True, timeout=HUNG, stdout=subprocess.PIPE
    )
    assert sorted(told.stdout.decode().split()) == ["/etc/ossmend/credentials.env", "/etc/ossmend/ossmend.example.yaml"]


def test_everything_is_compiled_so_that_nothing_is_written_when_it_runs(unpacked: Path) -> None:
    if sys.implementation.cache_tag != "cpython-311":
        pytest.skip("compares with what Python 3.11 makes")
    site = unpacked / "opt/ossmend/.venv/lib/python3.11/site-packages"
    ours = list((site / "ossmend").rglob("*.py"))
    assert len(ours) > 100
    for path in ours:
        made = path.parent / "__pycache__" / f"{path.stem}.cpython-311.pyc"
        assert int.from_bytes(made.read_bytes()[4:8], "little") == 0b01, f"{made} would be compiled again"


def test_the_manual_page_has_every_command_and_option(unpacked: Path) -> None:
    if shutil.which("man") is None:
        pytest.skip("man is not installed")
    page = unpacked / "usr/share/man/man1/ossmend.1"
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", page], capture_output=True, check=False, timeout=HUNG,
        env={**os.environ, "MANWIDTH": "200", "GROFF_NO_SGR": "1", "MANROFFOPT": "-c"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    text = subprocess.run(["col", "-bx"], input=done.stdout, capture_output=True, check=True).stdout.decode()
    for name in COMMANDS:
        assert f"ossmend {name}" in text
    run = main.get_command(click.Context(main), "run")
    assert run is not None
    for parameter in run.params:
        assert parameter.opts[0] in text


def test_bash_takes_the_completion(unpacked: Path) -> None:
    place = unpacked / "usr/share/bash-completion/completions/ossmend"
    done = subprocess.run(
        ["bash", "--norc", "-c", 'source "$1" && complete -p ossmend', "-", place],
        capture_output=True, check=False, timeout=HUNG, text=True,
    )  # fmt: skip
    assert (done.returncode, "_ossmend_completion" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("kind", ["deb", "rpm"])
def test_the_scripts_are_a_shells(kind: str) -> None:
    scripts = sorted((ROOT / "packaging/scripts").glob(f"{kind}-*"))
    assert len(scripts) >= 3
    for script in scripts:
        done = subprocess.run(["sh", "-n", script], capture_output=True, check=False, timeout=HUNG)
        assert (done.returncode, done.stderr) == (0, b"")


def test_rpm_can_read_the_rpm(packages: Packages) -> None:
    if shutil.which("rpm") is None:
        pytest.skip("rpm is not installed")
    told = subprocess.run(["rpm", "-qp", "--requires", "-l", packages.rpm], capture_output=True, check=True, text=True)
    assert {
        "/usr/bin/ossmend",
        "/usr/lib/systemd/system/ossmend.service",
        "/usr/share/zsh/site-functions/_ossmend",
    } <= set(told.stdout.splitlines())
    assert any(line.startswith("/usr/bin/python3.") for line in told.stdout.splitlines())


@pytest.fixture(scope="module")
def tool(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ossmend` as `uv tool install` leaves it in a home where nothing was."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv is not installed (./ossmend test installs it)")
    home = tmp_path_factory.mktemp("home")
    command = [str(uv), "tool", "install", "--no-index", "--find-links", str(packages.wheels), str(packages.wheel)]
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(
        [*command, "--python", sys.executable],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=HUNG,
    )
    assert done.returncode == 0, done.stderr
    return home / ".local/bin/ossmend"


def test_the_wheel_is_a_tool_in_an_empty_home(tool: Path, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [tool, "explain", "InvalidObjectState"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "RestoreObject" in done.stdout) == (0, True), done.stderr


def test_a_word_that_is_begun_is_completed(tool: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "_OSSMEND_COMPLETE": "bash_complete",
        "COMP_WORDS": "ossmend ch",
        "COMP_CWORD": "1",
    }
    done = subprocess.run([tool], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["plain,check"]
