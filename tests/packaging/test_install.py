"""From a bare Debian to a repaired refusal by the lines of the README, and on: upgrade, remove, purge.

The tests of this file are one machine's life, in this order; each begins with a service that is installed and runs.
host.py says which machine that is. Upgrades that do not end are in test_killed.py, the .rpm is in test_rpm.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ossmend.daemon.journal.store import DATABASE
from tests.packaging.conftest import Packages
from tests.packaging.host import Host, booted_debian, five_lines, start_the_cloud
from tests.patience import until

pytestmark = [pytest.mark.machine, pytest.mark.xdist_group("packages"), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def host(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with booted_debian(tmp_path_factory.mktemp("debian"), packages.deb) as host:
        yield host


@pytest.fixture(scope="module")
def installed(host: Host) -> Host:
    """After the five lines."""
    first, *others = five_lines()
    host.sh(first)
    start_the_cloud(host)
    for line in others:
        if line.startswith("ossmend init"):  # asks for the region: this machine resolves no host of the cloud's
            host.sh("printf 'cn-hangzhou\\n\\n' | script -qec \"$1\" /dev/null", line)
        else:
            host.sh(line)
    return host


def test_five_lines_of_the_readme_lead_to_a_repaired_refusal(installed: Host) -> None:
    assert len(five_lines()) == 5
    assert (installed.machine.shows("ActiveState"), installed.machine.shows("StatusText")) == ("active", "no cases")
    assert installed.client("write", "first") == 403
    until("the restore has ended", lambda: "watching" in installed.cases().values())
    assert installed.client("read", "first") == 200
    assert installed.restores("first") == 1


def test_what_the_unit_says_to_read_is_installed(installed: Host) -> None:
    owned = installed.sh("dpkg-query -L ossmend").splitlines()
    named = [place.strip('"') for place in installed.machine.shows("Documentation").split()]
    assert named == ["man:ossmend(1)", "file:///usr/share/doc/ossmend/README.md"]
    assert {"/usr/share/man/man1/ossmend.1", "/usr/share/doc/ossmend/README.md"} <= set(owned)


def test_an_upgrade_keeps_configuration_and_cases_and_goes_on(installed: Host, newer: Path) -> None:
    assert installed.client("write", "second") == 403
    until("it is being restored", lambda: installed.restores("second") == 1)
    before, first = set(installed.cases()), installed.machine.shows("MainPID")
    config = installed.sh("cat /etc/ossmend/ossmend.yaml /etc/ossmend/credentials.env")

    shutil.copy(newer, installed.machine.root / "root/next.deb")
    installed.sh("apt-get install -y ./next.deb")

    assert installed.version() == "9.0-1 install ok installed"
    assert installed.machine.shows("ActiveState") == "active"
    assert installed.machine.shows("MainPID") != first
    assert installed.sh("cat /etc/ossmend/ossmend.yaml /etc/ossmend/credentials.env") == config
    assert set(installed.cases()) == before
    until("both are restored", lambda: set(installed.cases().values()) == {"watching"})
    assert (installed.restores("first"), installed.restores("second")) == (1, 1)


def test_an_upgrade_of_a_service_that_was_stopped_starts_nothing(installed: Host) -> None:
    installed.sh("systemctl stop ossmend")
    installed.sh("apt-get install -y --reinstall ./next.deb")
    assert installed.machine.shows("ActiveState") == "inactive"
    installed.sh("systemctl start ossmend")


def test_a_package_removed_while_it_runs_stops_well_and_purge_leaves_nothing(installed: Host) -> None:
    before = set(installed.cases())
    installed.sh("apt-get remove -y ossmend")
    log = installed.machine.log()
    assert log.count('"daemon.stopped"') == log.count('"daemon.ready"')
    assert installed.machine.shows("MainPID") == "0"
    installed.sh(f"test -e /etc/ossmend/ossmend.yaml && test -s /var/lib/private/ossmend/{DATABASE}")

    installed.sh("apt-get install -y ./next.deb && systemctl start ossmend")
    assert set(installed.cases()) == before

    installed.sh("apt-get purge -y ossmend")
    installed.sh("rm -rf /root/*.deb /root/edited")  # this test's own
    assert installed.left() == []
