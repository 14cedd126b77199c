"""ossmend under a real systemd: ready, killed and back, a bad reload kept out, a good one taken, a stop that drains.

systemd-nspawn boots this machine's own files, with a throw-away layer on top and a network of its own, so that nothing
outside is touched. Where that cannot run (no root, no nspawn, no overlay) the tests skip, and say why.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.patience import HUNG, until

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "ossmend.service"
UP = (b"running", b"degraded")
PYTHON = "/opt/ossmend/.venv/bin/python"
FOLDERS = ("src", "daemon", "remediators", "config", "simulator", "systemd")
CONFIG = """\
version: 1
cloud: {{ region: {region}, endpoint: "{oss}", rpc_endpoint: "{rpc}", credentials: {{ allow_root: true }} }}
sources: [ {{ app_log: {{ path: /var/log/app/app.log, start: beginning }} }} ]
clock: {{ ntp_servers: [], every: 10m }}
policies:
  - {{ name: thaw, on: InvalidObjectState, mode: enforce, match: {{ bucket: "reports-*" }} }}
"""

pytestmark = [pytest.mark.machine, pytest.mark.xdist_group("systemd"), pytest.mark.timeout(1800)]


def why_not() -> str | None:
    """Why a systemd cannot be booted here; None if it can be tried."""
    if os.geteuid() != 0:
        return "booting a systemd needs root"
    if shutil.which("systemd-nspawn") is None:
        return "systemd-nspawn is not installed (Debian: systemd-container)"
    isolated = subprocess.run([sys.executable, "-I", "-c", "import ossmend"], capture_output=True, check=False)
    return "ossmend is not installed in this Python (./ossmend test installs it)" if isolated.returncode else None


class Machine:
    """A booted systemd, and the files below `root` as it sees them."""

    def __init__(self, layer: Path) -> None:
        self.root = layer / "root"
        self._layer = layer
        self._boot: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def start(self) -> str | None:
        """Boot; a sentence if that cannot be done here."""
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self._layer], capture_output=True, check=False).returncode:
            return "a tmpfs cannot be mounted here"
        for name in ("upper", "work", "root"):
            (self._layer / name).mkdir()
        options = f"lowerdir=/,upperdir={self._layer}/upper,workdir={self._layer}/work"
        overlay = ["mount", "-t", "overlay", "overlay", "-o", options, str(self.root)]
        if subprocess.run(overlay, capture_output=True, check=False).returncode:
            return "an overlay cannot be mounted here"
        self._prepare()
        self._boot = subprocess.Popen(
            ["systemd-nspawn", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "--quiet",
             "--link-journal=no", f"--machine=ossmend-test-{os.getpid()}", "-D", self.root, "-b"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        given_up = time.monotonic() + HUNG
        while self._boot.poll() is None and time.monotonic() < given_up:
            if self._is_up(self._boot.pid):
                return None
            time.sleep(0.2)
        return "systemd-nspawn does not boot here"

    def _is_up(self, boot: int) -> bool:
        children = Path(f"/proc/{boot}/task/{boot}/children").read_text(encoding="ascii").split()
        self._leader = int(children[0]) if children else 0
        return bool(self._leader) and self.run("systemctl", "is-system-running").stdout.strip() in UP

    def _prepare(self) -> None:
        """Install this checkout in /opt/ossmend, as the unit wants it; the base Python stays where it is."""
        opt = self.root / "opt/ossmend"
        shutil.copytree(sys.prefix, opt / ".venv", symlinks=True)
        for folder in FOLDERS:
            shutil.copytree(ROOT / folder, opt / folder, symlinks=True)
        for path in (opt / ".venv").glob("lib/python*/site-packages/*.pth"):
            path.write_text(path.read_text(encoding="utf-8").replace(str(ROOT), "/opt/ossmend"), encoding="utf-8")
        base = Path(sys.base_prefix)
        text = UNIT.read_text(encoding="utf-8").replace("ExecPaths=/opt/ossmend ", f"ExecPaths=/opt/ossmend {base} ")
        if base.is_relative_to("/home") or base.is_relative_to("/root"):
            text = text.replace("ProtectHome=yes", "ProtectHome=no")
        (self.root / "etc/systemd/system/ossmend.service").write_text(text, encoding="utf-8")
        for parent in (base, *base.parents):
            inside = self.root / parent.relative_to("/")
            inside.chmod(inside.stat().st_mode | 0o055)
        (self.root / "etc/ossmend").mkdir(exist_ok=True)
        (self.root / "var/log/app").mkdir(exist_ok=True)
        (self.root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")

    def inside(self, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", "--", *command]

    def run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(self.inside(*command), capture_output=True, check=False, timeout=HUNG)

    def shows(self, name: str) -> str:
        return self.run("systemctl", "show", "-P", name, "ossmend").stdout.decode().strip()

    def log(self) -> str:
        return self.run("journalctl", "-u", "ossmend", "-o", "cat", "--no-pager").stdout.decode()

    def stop(self) -> None:
        if self._boot is not None and self._boot.poll() is None:
            if self._leader:
                os.kill(self._leader, signal.SIGRTMIN + 4)  # power off, without asking anybody
            try:
                self._boot.wait(timeout=HUNG)
            except subprocess.TimeoutExpired:
                self._boot.kill()
                self._boot.wait(timeout=HUNG)
        subprocess.run(["umount", "-l", self.root], capture_output=True, check=False)
        subprocess.run(["umount", "-l", self._layer], capture_output=True, check=False)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    booted = Machine(tmp_path_factory.mktemp("machine"))
    try:
        if (reason := booted.start()) is not None:
            pytest.skip(reason)
        yield booted
    finally:
        booted.stop()


@pytest.fixture(scope="module")
def service(machine: Machine) -> Iterator[Machine]:
    """The machine with a simulator in its network and ossmend configured, not yet started."""
    command = machine.inside(PYTHON, "-I", "-m", "ossmend", "simulator", "--port", "0", "--ready-json")
    simulator = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert simulator.stdout is not None
    try:
        told = json.loads(simulator.stdout.readline())
        config = machine.root / "etc/ossmend/ossmend.yaml"
        config.write_text(CONFIG.format(**told), encoding="utf-8")
        pair = {"ID": told["access_key_id"], "SECRET": told["access_key_secret"]}
        lines = [f"ALIBABA_CLOUD_ACCESS_KEY_{name}={value}\n" for name, value in pair.items()]
        (machine.root / "etc/ossmend/credentials.env").write_text("".join(lines), encoding="utf-8")
        (machine.root / "etc/ossmend/scene.json").write_text(json.dumps(told), encoding="utf-8")
        yield machine
    finally:
        simulator.terminate()
        simulator.wait(timeout=HUNG)


CLIENT = """
import json, sys, oss2
key = sys.argv[1]
told = json.load(open("/etc/ossmend/scene.json"))
auth = oss2.AuthV4(told["access_key_id"], told["access_key_secret"])
bucket = oss2.Bucket(auth, told["oss"], "reports-unit", region=told["region"])
bucket.create_bucket()
bucket.put_object(key, b"x", headers={"x-oss-storage-class": "Archive"})
try:
    bucket.get_object(key).read()
except oss2.exceptions.ServerError as error:
    open("/var/log/app/app.log", "a").write(f"ERROR oss://reports-unit/{key}: {error}\\n")
"""


def test_the_service_lives_as_the_unit_says(service: Machine) -> None:
    config = service.root / "etc/ossmend/ossmend.yaml"
    good = config.read_text(encoding="utf-8")

    started = service.run("systemctl", "start", "ossmend")
    assert started.returncode == 0, service.log()
    assert (service.shows("ActiveState"), service.shows("StatusText")) == ("active", "no cases")

    assert service.run(PYTHON, "-I", "-c", CLIENT, "a").returncode == 0
    # the line `write.done` is older than its transaction: what comes next proves that the receipt is stored
    until("the restore was looked at", lambda: "case.waiting" in service.log() or "case.watching" in service.log())

    first = service.shows("MainPID")
    service.run("systemctl", "kill", "-s", "KILL", "ossmend")
    until(
        "it is back after SIGKILL",
        lambda: service.shows("ActiveState") == "active" and service.shows("MainPID") != first,
    )
    until("it goes on with the case", lambda: "case.watching" in service.log())
    assert service.log().count('"event": "write.done"') == 1

    second = service.shows("MainPID")
    config.write_text(good + "nonsense: true\n", encoding="utf-8")
    assert service.run("systemctl", "reload", "ossmend").returncode != 0
    assert (service.shows("ActiveState"), service.shows("MainPID")) == ("active", second)
    assert "config.reloaded" not in service.log()

    config.write_text(good + "quiet: 1h\n", encoding="utf-8")
    assert service.run("systemctl", "reload", "ossmend").returncode == 0
    until("the good reload was taken", lambda: "config.reloaded" in service.log())
    assert service.shows("MainPID") == second

    assert service.run("systemctl", "stop", "ossmend").returncode == 0
    assert (service.shows("ActiveState"), service.shows("Result")) == ("inactive", "success")
    assert service.log().rstrip().splitlines()[-1].count("daemon.stopped") <= 1
    assert "daemon.stopped" in service.log()


def test_a_refused_configuration_is_not_started_again_and_again(service: Machine) -> None:
    config = service.root / "etc/ossmend/ossmend.yaml"
    good = config.read_text(encoding="utf-8")
    config.write_text(good + "nonsense: true\n", encoding="utf-8")
    try:
        assert service.run("systemctl", "start", "ossmend").returncode != 0
        assert (service.shows("ExecMainStatus"), service.shows("NRestarts")) == ("78", "0")
        assert "nonsense" in service.log()
    finally:
        config.write_text(good, encoding="utf-8")
        service.run("systemctl", "reset-failed", "ossmend")


@pytest.fixture
def drop_in(service: Machine) -> Iterator[Callable[[str], None]]:
    """Puts one of the shipped drop-ins in place, as its first lines say, for the time of one test."""
    folder = service.root / "etc/systemd/system/ossmend.service.d"
    folder.mkdir()

    def put(name: str) -> None:
        shutil.copy(UNIT.with_name("ossmend.service.d") / f"{name}.conf.example", folder / f"{name}.conf")
        service.run("systemctl", "daemon-reload")

    yield put
    service.run("systemctl", "stop", "ossmend")
    shutil.rmtree(folder)
    service.run("systemctl", "daemon-reload")
    service.run("systemctl", "reset-failed", "ossmend")


def test_the_key_may_be_a_systemd_credential_also_when_reloading(
    service: Machine, drop_in: Callable[[str], None]
) -> None:
    config = service.root / "etc/ossmend/ossmend.yaml"
    good = config.read_text(encoding="utf-8")
    told = json.loads((service.root / "etc/ossmend/scene.json").read_text(encoding="utf-8"))
    pair = "access_key_id: !secret access_key_id, access_key_secret: !secret access_key_secret"
    for name in ("access_key_id", "access_key_secret"):
        path = service.root / "etc/ossmend" / name
        path.write_text(told[name], encoding="utf-8")
        path.chmod(0o600)
    drop_in("credentials")
    config.write_text(good.replace("credentials: { ", f"credentials: {{ {pair}, "), encoding="utf-8")
    try:
        assert service.run("systemctl", "start", "ossmend").returncode == 0, service.log()
        assert service.run("systemctl", "reload", "ossmend").returncode == 0, service.log()
    finally:
        config.write_text(good, encoding="utf-8")


def test_a_log_of_root_and_adm_is_read_with_the_drop_in_and_only_with_it(
    service: Machine, drop_in: Callable[[str], None]
) -> None:
    assert service.run(PYTHON, "-I", "-c", CLIENT, "adm").returncode == 0
    log = service.root / "var/log/app/app.log"
    shutil.chown(log, "root", "adm")
    log.chmod(0o640)
    assert service.run("systemctl", "start", "ossmend").returncode == 0, service.log()
    until("it says what it cannot read", lambda: "cannot be read: Permission denied" in service.log())
    assert "reports-unit/adm" not in service.log()
    assert service.run("systemctl", "stop", "ossmend").returncode == 0
    drop_in("adm-logs")
    assert service.run("systemctl", "start", "ossmend").returncode == 0, service.log()
    until("the refusal was read", lambda: "reports-unit/adm" in service.log())
