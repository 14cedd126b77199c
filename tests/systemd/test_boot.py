"""ossmend under a real systemd: ready, killed and back, a bad reload kept out, a good one taken, a stop that drains.

machine.py boots this machine's own files, with a throw-away layer on top.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.patience import HUNG, until
from tests.systemd.machine import Machine, why_not

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "ossmend.service"
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


def is_installed() -> bool:
    """Whether this Python has ossmend by itself: the machine gets a copy of it."""
    isolated = subprocess.run([sys.executable, "-I", "-c", "import ossmend"], capture_output=True, check=False)
    return isolated.returncode == 0


def prepare(root: Path) -> None:
    """Install this checkout in /opt/ossmend, as the unit wants it; the base Python stays where it is."""
    opt = root / "opt/ossmend"
    shutil.copytree(sys.prefix, opt / ".venv", symlinks=True)
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, opt / folder, symlinks=True)
    for path in (opt / ".venv").glob("lib/python*/site-packages/*.pth"):
        path.write_text(path.read_text(encoding="utf-8").replace(str(ROOT), "/opt/ossmend"), encoding="utf-8")
    base = Path(sys.base_prefix)
    text = UNIT.read_text(encoding="utf-8").replace("ExecPaths=/opt/ossmend ", f"ExecPaths=/opt/ossmend {base} ")
    if base.is_relative_to("/home") or base.is_relative_to("/root"):
        text = text.replace("ProtectHome=yes", "ProtectHome=no")
    (root / "etc/systemd/system/ossmend.service").write_text(text, encoding="utf-8")
    for parent in (base, *base.parents):
        inside = root / parent.relative_to("/")
        inside.chmod(inside.stat().st_mode | 0o055)
    (root / "etc/ossmend").mkdir(exist_ok=True)
    (root / "var/log/app").mkdir(exist_ok=True)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    if not is_installed():
        pytest.skip("ossmend is not installed in this Python (./ossmend test installs it)")
    booted = Machine(tmp_path_factory.mktemp("machine"))
    try:
        if (reason := booted.start(prepare)) is not None:
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
