"""A systemd that is booted for a test: a tree of files, a throw-away layer on top of it, and a network of its own.

systemd-nspawn boots it; nothing outside is touched. Where that cannot run (no root, no nspawn, no overlay) the tests
skip, and say why. Used by test_boot.py here and by test_install.py of the packages.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.patience import HUNG

UP = (b"running", b"degraded")


def why_not() -> str | None:
    """Why a systemd cannot be booted here; None if it can be tried."""
    if os.geteuid() != 0:
        return "booting a systemd needs root"
    if shutil.which("systemd-nspawn") is None:
        return "systemd-nspawn is not installed (Debian: systemd-container)"
    return None


class Machine:
    """A booted systemd, and the files below `root` as it sees them. `changes` has what is not as in the tree below."""

    def __init__(self, layer: Path, below: Path = Path("/")) -> None:
        self.root = layer / "root"
        self.changes = layer / "upper"
        self._layer = layer
        self._below = below
        self._boot: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def start(self, prepare: Callable[[Path], None]) -> str | None:
        """Boot, after `prepare` has had the root; a sentence if that cannot be done here."""
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self._layer], capture_output=True, check=False).returncode:
            return "a tmpfs cannot be mounted here"
        for name in ("upper", "work", "root"):
            (self._layer / name).mkdir()
        options = f"lowerdir={self._below},upperdir={self._layer}/upper,workdir={self._layer}/work"
        overlay = ["mount", "-t", "overlay", "overlay", "-o", options, str(self.root)]
        if subprocess.run(overlay, capture_output=True, check=False).returncode:
            return "an overlay cannot be mounted here"
        prepare(self.root)
        (self.root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")
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
                os.kill(self._leader, signal.SIGKILL)  # the power goes: nothing of it is kept
            try:
                self._boot.wait(timeout=HUNG)
            except subprocess.TimeoutExpired:
                self._boot.kill()
                self._boot.wait(timeout=HUNG)
        subprocess.run(["umount", "-l", self.root], capture_output=True, check=False)
        subprocess.run(["umount", "-l", self._layer], capture_output=True, check=False)
