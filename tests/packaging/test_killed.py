"""An upgrade of the .deb that does not end: killed at one moment or another, given up by dpkg, tried again, purged.

Each is brought to its moment by programs that stand still there, and not by luck; and each test says what the machine
looks like then. Files of two versions are started by nothing, and installing once more ends every one of them: the
service runs as before, with its cases, and asks the cloud for nothing twice.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packaging.conftest import Packages, repacked
from tests.packaging.host import Host, booted_debian, configure
from tests.patience import until

pytestmark = [pytest.mark.machine, pytest.mark.xdist_group("packages"), pytest.mark.timeout(1800)]

MIDDLE = "within dpkg-deb --fsys-tarfile"


@dataclass(frozen=True)
class Moment:
    """Where the upgrade is killed, and how one sees that it was there."""

    hold: str
    status: str
    service: str
    half: bool
    """Whether files have come that are not in their places."""
    mark: bool


MOMENTS = {
    "before the service is stopped": Moment(
        "before systemctl stop", "install reinstreq half-configured", "active", half=False, mark=False
    ),
    "after it was stopped": Moment(
        "after systemctl stop", "install reinstreq half-configured", "inactive", half=False, mark=False
    ),
    "in the middle of the files": Moment(MIDDLE, "install reinstreq half-installed", "inactive", half=True, mark=True),
    "after the last file": Moment(
        "before systemctl daemon-reload", "install reinstreq half-installed", "inactive", half=False, mark=True
    ),
}


@pytest.fixture(scope="module")
def host(packages: Packages, newer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The service at work on one case, and the next version's package in root's home."""
    with booted_debian(tmp_path_factory.mktemp("killed"), packages.deb) as host:
        home = host.machine.root / "root"
        shutil.copy(newer, home)
        host.sh("apt-get install -y ./ossmend_*.deb")
        configure(host)
        assert host.client("write", "first") == 403
        until("it is restored", lambda: set(host.cases().values()) == {"watching"})
        yield host


def again(host: Host, package: str) -> None:
    """As docs/operations.md has it: apt takes the same version or a newer one, dpkg takes any."""
    if package == "next.deb":
        host.machine.run("dpkg", "--configure", "-a")  # what apt asks for; it cannot unpack what was not unpacked
        host.sh("apt-get install -y --reinstall ./next.deb")
    else:
        host.sh('dpkg -i "$1"', package)


def other(host: Host) -> str:
    """The package of the version that is not installed; back or forth is the same to dpkg."""
    (first,) = (host.machine.root / "root").glob("ossmend_*.deb")
    return first.name if host.version().startswith("9.0-1 ") else "next.deb"


def goes_on(host: Host, package: str) -> None:
    assert host.version() == host.sh('dpkg-deb -f "$1" Version', package).strip() + " install ok installed"
    assert host.sh("dpkg --audit") == ""
    assert (host.is_marked(), host.unpacked()) == (False, 0)
    assert host.machine.shows("ActiveState") == "active"
    assert set(host.cases().values()) == {"watching"}
    assert host.restores("first") == 1


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_killed_upgrade_starts_no_half_program_and_is_ended_by_the_next_try(host: Host, moment: Moment) -> None:
    package = other(host)
    host.kill(moment.hold, "dpkg", "-i", package)

    assert (host.status(), host.machine.shows("ActiveState")) == (moment.status, moment.service)
    assert (host.unpacked() > 0, host.is_marked()) == (moment.half, moment.mark)
    if moment.mark:
        host.starts_nothing()

    again(host, package)
    goes_on(host, package)


def test_between_unpacking_and_configuring_nothing_is_started_and_configuring_ends_it(host: Host) -> None:
    package = other(host)
    host.sh('dpkg --unpack "$1"', package)
    assert (host.status(), host.unpacked(), host.is_marked()) == ("install ok unpacked", 0, True)
    host.starts_nothing()
    host.sh("dpkg --configure -a")
    goes_on(host, package)


def test_a_package_that_dpkg_cannot_read_to_its_end_leaves_the_old_version_at_work(host: Host) -> None:
    host.sh("head -c 60000000 next.deb > cut.deb && ! dpkg -i cut.deb")
    goes_on(host, "next.deb")


def test_a_try_that_is_given_up_does_not_make_files_of_two_versions_one(host: Host) -> None:
    host.kill(MIDDLE, "dpkg", "-i", "next.deb")
    host.sh("! dpkg -i cut.deb")
    host.starts_nothing()
    again(host, "next.deb")
    goes_on(host, "next.deb")


def forget(root: Path) -> None:
    """What is installed is a version from before there was a mark: its scripts and its unit know of none."""
    info = root / "var/lib/dpkg/info"
    (info / "ossmend.preinst").unlink()
    for path in (info / "ossmend.postinst", info / "ossmend.postrm", root / "usr/lib/systemd/system/ossmend.service"):
        text = re.sub(r"(?m)^(mark=|rm -f |Assert).*upgrade-did-not-end\n", "", path.read_text(encoding="utf-8"))
        assert "upgrade-did-not-end" not in text
        path.write_text(text, encoding="utf-8")


def refuse(tree: Path) -> None:
    """A script that fails after its work."""
    (tree / "DEBIAN/conffiles").unlink()
    with (tree / "DEBIAN/preinst").open("a", encoding="utf-8") as script:
        script.write("exit 1\n")


def test_an_upgrade_from_a_version_without_a_mark_leaves_none_given_up_or_not(
    host: Host, packages: Packages, tmp_path: Path
) -> None:
    refused = repacked(packages.deb, tmp_path / "refused.deb", "9.0-2", refuse, files=False)
    shutil.move(refused, host.machine.root / "root")
    forget(host.machine.root)
    host.sh("systemctl daemon-reload && ! dpkg -i refused.deb")
    goes_on(host, "next.deb")

    again(host, "next.deb")
    goes_on(host, "next.deb")


def test_a_half_installed_package_can_be_purged_and_leaves_nothing(host: Host) -> None:
    host.kill(MIDDLE, "dpkg", "-i", "next.deb")
    host.sh("dpkg --purge --force-remove-reinstreq ossmend")
    host.sh("rm -rf /root/*.deb /root/edited")  # this test's own
    assert host.left() == []
