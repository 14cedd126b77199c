"""From a bare Debian to a repaired refusal by the lines of the README, and on: upgrade, a killed one, remove, purge.

The tests of this file are one machine's life, in this order; each begins with a service that is installed and runs. The
machine is this one's own files, or the tree that $OSSMEND_TEST_DEBIAN names (made by `debootstrap --variant=minbase
--include=python3,systemd-sysv`), below a throw-away layer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ossmend.daemon.journal.store import DATABASE
from tests.packaging.conftest import ROOT, Packages
from tests.patience import HUNG, until
from tests.systemd.machine import Machine, why_not

pytestmark = [pytest.mark.machine, pytest.mark.xdist_group("packages"), pytest.mark.timeout(1800)]

PYTHON = "/opt/ossmend/.venv/bin/python"
CONFIG = """\
version: 1
cloud: {{ region: {region}, endpoint: "{oss}", rpc_endpoint: "{rpc}", credentials: {{ allow_root: true }} }}
sources: [ {{ app_log: {{ path: /var/log/app/*.log, start: beginning }} }} ]
clock: {{ ntp_servers: [], every: 10m }}
policies:
  - {{ name: thaw, on: InvalidObjectState, mode: enforce, match: {{ bucket: "reports-*" }} }}
"""
EDITOR = """\
#!/bin/sh
# a person with an editor: whatever file is opened is saved as it should be
for file; do cat "/root/edited/$(basename "$file")" > "$file" || exit 1; done
"""
CLIENT = """\
# an application: writes an archived object, is refused when it reads it, and logs what the SDK said
import json, sys, oss2
told = json.load(open("/root/scene.json"))
auth = oss2.AuthV4(told["access_key_id"], told["access_key_secret"])
bucket = oss2.Bucket(auth, told["oss"], "reports-unit", region=told["region"])
verb, key = sys.argv[1:]
if verb == "write":
    bucket.create_bucket()
    bucket.put_object(key, b"x", headers={"x-oss-storage-class": "Archive"})
try:
    print(bucket.get_object(key).status)
except oss2.exceptions.ServerError as error:
    print(error.status)
    open("/var/log/app/app.log", "a").write(f"ERROR oss://reports-unit/{key}: {error}\\n")
"""
KILLED = """\
# an upgrade that is killed when the daemon is stopped and the files are being unpacked
dpkg -i "$1" & dpkg=$!
while kill -0 $dpkg && [ ! -e /opt/ossmend/.start-again ]; do :; done
kill -KILL $dpkg
wait $dpkg
test -e /opt/ossmend/.start-again
"""


def five_lines() -> list[str]:
    """The README's way from nothing to a service."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"(?m)^## Running it as a service\n(?s:.*?)\n\n((?:    .+\n)+)", readme)
    assert found is not None
    return [line.partition("  # ")[0].strip() for line in found[1].splitlines()]


@dataclass
class Host:
    """The booted machine, as its administrator sees it."""

    machine: Machine
    scene: dict[str, str]
    simulator: subprocess.Popen[bytes] | None = None

    def sh(self, line: str, *arguments: str) -> str:
        """A line typed by root in its home; it must work."""
        done = self.machine.run("/bin/sh", "-c", f"cd /root && {line}", "sh", *arguments)
        assert done.returncode == 0, f"{line}\n{done.stdout.decode()}{done.stderr.decode()}{self.machine.log()}"
        return done.stdout.decode()

    def client(self, verb: str, key: str) -> int:
        return int(self.sh(f"{PYTHON} -I client.py {verb} {key}"))

    def cases(self) -> dict[str, str]:
        """Each open case's object, and its state."""
        done = self.machine.run("ossmend", "cases", "list", "--json")
        return {case["subject"]: case["state"] for case in json.loads(done.stdout)["cases"]}

    def restores(self, key: str) -> int:
        """How often the cloud was asked to restore this."""
        program = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
        told: dict[str, Any] = json.loads(
            self.sh(f'{PYTHON} -I -c "$1" "$2"', program, f"{self.scene['control']}/requests")
        )
        return sum((each["operation"], each["key"]) == ("RestoreObject", key) for each in told["requests"])

    def version(self) -> str:
        return self.sh("dpkg-query -W -f '${Version} ${Status}' ossmend")


def below() -> Path:
    return Path(os.environ.get("OSSMEND_TEST_DEBIAN", "/"))


@pytest.fixture(scope="module")
def newer(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same package, called newer: what an upgrade does is in its scripts, not in its files."""
    folder = tmp_path_factory.mktemp("newer")
    subprocess.run(["dpkg-deb", "-R", packages.deb, folder / "tree"], check=True, timeout=HUNG)
    control = folder / "tree/DEBIAN/control"
    made = {}
    for version in ("9.0-1", "9.0-2"):
        text = re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text(encoding="utf-8"))
        control.write_text(text, encoding="utf-8")
        made[version] = folder / f"ossmend_{version}.deb"
        pack = ["dpkg-deb", "-Znone", "-b", str(folder / "tree"), str(made[version])]
        subprocess.run(pack, check=True, timeout=HUNG, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder / "tree")
    return made


@pytest.fixture(scope="module")
def host(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Debian with the package in root's home, an editor, and an application: nothing is installed yet."""
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    if shutil.which("dpkg-deb") is None or not (below() / "usr/bin/python3.11").exists():
        pytest.skip("no Debian with Python 3.11 to boot")
    booted = Machine(tmp_path_factory.mktemp("debian"), below())

    def prepare(root: Path) -> None:
        home = root / "root"
        shutil.copy(packages.deb, home)
        (home / "edited").mkdir()
        (home / "client.py").write_text(CLIENT, encoding="utf-8")
        (home / "killed.sh").write_text(KILLED, encoding="utf-8")
        (root / "usr/local/bin/editor").write_text(EDITOR, encoding="utf-8")
        (root / "usr/local/bin/editor").chmod(0o755)
        (root / "var/log/app").mkdir(exist_ok=True)

    host = Host(booted, {})
    try:
        if (reason := booted.start(prepare)) is not None:
            pytest.skip(reason)
        yield host
    finally:
        if host.simulator is not None:
            host.simulator.terminate()
            host.simulator.wait(timeout=HUNG)
        booted.stop()


def start_the_cloud(host: Host) -> None:
    """Out of the package that has just been installed; and what a person writes to reach it."""
    command = [PYTHON, "-I", "-m", "ossmend", "simulator", "--port", "0", "--ready-json"]
    host.simulator = subprocess.Popen(host.machine.inside(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert host.simulator.stdout is not None
    host.scene.update(json.loads(host.simulator.stdout.readline()))
    home = host.machine.root / "root"
    (home / "scene.json").write_text(json.dumps(host.scene), encoding="utf-8")
    (home / "edited/ossmend.yaml").write_text(CONFIG.format(**host.scene), encoding="utf-8")
    pair = {"ID": host.scene["access_key_id"], "SECRET": host.scene["access_key_secret"]}
    lines = "".join(f"ALIBABA_CLOUD_ACCESS_KEY_{name}={value}\n" for name, value in pair.items())
    (home / "edited/credentials.env").write_text(lines, encoding="utf-8")


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


def test_an_upgrade_keeps_configuration_and_cases_and_goes_on(installed: Host, newer: dict[str, Path]) -> None:
    assert installed.client("write", "second") == 403
    until("it is being restored", lambda: installed.restores("second") == 1)
    before, first = set(installed.cases()), installed.machine.shows("MainPID")
    config = installed.sh("cat /etc/ossmend/ossmend.yaml /etc/ossmend/credentials.env")

    shutil.copy(newer["9.0-1"], installed.machine.root / "root/next.deb")
    installed.sh("apt-get install -y ./next.deb")

    assert installed.version() == "9.0-1 install ok installed"
    assert installed.machine.shows("ActiveState") == "active"
    assert installed.machine.shows("MainPID") != first
    assert installed.sh("cat /etc/ossmend/ossmend.yaml /etc/ossmend/credentials.env") == config
    assert set(installed.cases()) == before
    until("both are restored", lambda: set(installed.cases().values()) == {"watching"})
    assert (installed.restores("first"), installed.restores("second")) == (1, 1)


def test_an_upgrade_that_is_killed_half_way_is_ended_by_the_next_try(installed: Host, newer: dict[str, Path]) -> None:
    before = set(installed.cases())
    shutil.copy(newer["9.0-2"], installed.machine.root / "root/killed.deb")
    installed.sh("sh killed.sh ./killed.deb")
    assert installed.version() != "9.0-2 install ok installed"

    installed.machine.run("dpkg", "--configure", "-a")  # what apt asks for; it cannot unpack what was not unpacked
    installed.sh("apt-get install -y ./killed.deb")

    assert installed.version() == "9.0-2 install ok installed"
    assert installed.sh("dpkg --audit") == ""
    assert installed.machine.shows("ActiveState") == "active"
    assert set(installed.cases()) == before
    assert (installed.restores("first"), installed.restores("second")) == (1, 1)


def test_an_upgrade_of_a_service_that_was_stopped_starts_nothing(installed: Host) -> None:
    installed.sh("systemctl stop ossmend")
    installed.sh("apt-get install -y --reinstall ./killed.deb")
    assert installed.machine.shows("ActiveState") == "inactive"
    installed.sh("systemctl start ossmend")


def test_a_package_removed_while_it_runs_stops_well_and_purge_leaves_nothing(installed: Host) -> None:
    before = set(installed.cases())
    installed.sh("apt-get remove -y ossmend")
    log = installed.machine.log()
    assert log.count('"daemon.stopped"') == log.count('"daemon.ready"')
    assert installed.machine.shows("MainPID") == "0"
    installed.sh(f"test -e /etc/ossmend/ossmend.yaml && test -s /var/lib/private/ossmend/{DATABASE}")

    installed.sh("apt-get install -y ./killed.deb && systemctl start ossmend")
    assert set(installed.cases()) == before

    installed.sh("apt-get purge -y ossmend")
    installed.sh("rm -rf /root/*.deb /root/edited")  # this test's own
    left = [path for path in installed.machine.changes.rglob("*ossmend*") if not path.is_char_device()]
    assert [str(path) for path in left] == []
