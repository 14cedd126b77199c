"""A booted machine as its administrator sees it, with a cloud and an application that is refused. Not a test itself.

What is killed is killed at a moment that the test names, because one of its programs stands still there (HELD).

The tree of the .deb's tests is the one that $OSSMEND_TEST_DEBIAN names: a bare Debian 12 with python3 and systemd-sysv,
which .ci/run makes by `mmdebstrap`. Without it, it is this machine's own files. Both lie below a throw-away layer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.conftest import ROOT
from tests.patience import HUNG
from tests.systemd.machine import Machine, why_not

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
HELD = """\
#!/bin/sh
# a program that a package manager and its scripts start, which stands still where $HOLD says
hold() { echo held >/root/here; exec tail -f /dev/null; }
program=$(basename "$0")
if [ "$HOLD" = "before $program $1" ]; then hold; fi
if [ "$HOLD" = "within $program $1" ]; then "/usr/bin/$program" "$@" | head -c 60000000; hold; fi
"/usr/bin/$program" "$@" || exit
if [ "$HOLD" = "after $program $1" ]; then hold; fi
"""
KILLED = """\
# a command, killed with all that it has started as soon as one of them stands still
set -e
cd /root
rm -f here && mkfifo here && exec 3<>here
{ setsid -w sh -c 'echo $$ >leader; PATH=/root/held:$PATH exec "$@"' sh "$@"; echo it ended >here; } >said 2>&1 &
read -r moment <here
test "$moment" = held || { cat said; exit 1; }
kill -s KILL -- "-$(cat leader)"
wait
rm -f here leader
"""
MARK = "/opt/ossmend/.upgrade-did-not-end"


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

    def status(self) -> str:
        """As `version`, without the version: `install ok installed`."""
        return self.version().partition(" ")[2]

    def is_marked(self) -> bool:
        return (self.machine.root / MARK[1:]).exists()

    def unpacked(self) -> int:
        """How many files have come that are not yet in their places."""
        return sum(1 for _ in (self.machine.root / "opt").rglob("*.dpkg-new"))

    def kill(self, hold: str, *command: str) -> None:
        """Kill this when it is where HELD says."""
        self.sh('HOLD="$1" && shift && export HOLD && sh killed.sh "$@"', hold, *command)

    def left(self) -> list[str]:
        """All that bears the name, and is there."""
        found = self.machine.changes.rglob("*ossmend*")
        return [str(path) for path in found if not path.is_char_device()]

    def starts_nothing(self) -> None:
        """Neither by hand nor as a boot does it, and it says why in both places where people look."""
        started = self.machine.run("systemctl", "start", "ossmend")
        assert (started.returncode, b"Assertion failed" in started.stderr) == (1, True), started
        self.sh("systemctl daemon-reload && systemctl start multi-user.target")
        assert self.machine.shows("ActiveState") == "inactive"
        shown = self.machine.run("systemctl", "status", "ossmend").stdout.decode()
        assert f"{MARK} was not met" in shown
        told = self.machine.run("ossmend", "status")
        assert (told.returncode, told.stdout) == (69, b"")
        assert b"did not end" in told.stderr
        assert b"install the package again" in told.stderr


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


@contextmanager
def booted(layer: Path, tree: Path, package: Path) -> Iterator[Host]:
    """A machine with the package in root's home, an editor, and an application: nothing is installed yet."""
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    machine = Machine(layer, tree)

    def prepare(root: Path) -> None:
        home = root / "root"
        shutil.copy(package, home)
        (home / "edited").mkdir()
        (home / "client.py").write_text(CLIENT, encoding="utf-8")
        (home / "killed.sh").write_text(KILLED, encoding="utf-8")
        (home / "held").mkdir()
        for program in ("systemctl", "dpkg-deb"):
            (home / "held" / program).write_text(HELD, encoding="utf-8")
            (home / "held" / program).chmod(0o755)
        (root / "usr/local/bin/editor").write_text(EDITOR, encoding="utf-8")
        (root / "usr/local/bin/editor").chmod(0o755)
        (root / "var/log/app").mkdir(exist_ok=True)

    host = Host(machine, {})
    try:
        if (reason := machine.start(prepare)) is not None:
            pytest.skip(reason)
        yield host
    finally:
        if host.simulator is not None:
            host.simulator.terminate()
            host.simulator.wait(timeout=HUNG)
        machine.stop()


@contextmanager
def booted_debian(layer: Path, package: Path) -> Iterator[Host]:
    tree = Path(os.environ.get("OSSMEND_TEST_DEBIAN", "/"))
    if shutil.which("dpkg-deb") is None or not (tree / "usr/bin/python3.11").exists():
        pytest.skip("no Debian with Python 3.11 to boot")
    with booted(layer, tree, package) as host:
        yield host


def configure(host: Host) -> None:
    """By hand, what `ossmend init` and an editor do in test_install.py; the service is started."""
    start_the_cloud(host)
    host.sh("cp edited/* /etc/ossmend/ && chmod 600 /etc/ossmend/credentials.env")
    host.sh("systemctl enable --now ossmend")
