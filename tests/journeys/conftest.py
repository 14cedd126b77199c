"""What every journey needs: a simulator, an account in it, and the real daemon as a process that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests

from ossmend.simulator.serve import Running, running_simulator
from tests.journeys.forked import Commands
from tests.journeys.story import Story
from tests.journeys.test_every_cause import RULE
from tests.patience import HUNG, until
from tests.simulator.test_scenes_refuse import playing

__all__ = ["Daemon", "World", "until"]


class Daemon:
    """`ossmend run` on a directory of its own."""

    def __init__(self, directory: Path, simulator: Running, commands: Commands) -> None:
        self._commands = commands
        self.directory = directory
        self.log = directory / "app.log"
        self.config = directory / "ossmend.yaml"
        self.trace = directory / "daemon.log"
        self._simulator = simulator
        self.key = (simulator.access_key_id, simulator.access_key_secret)
        """Its own: that of the account, as long as a journey gives it no other."""
        self._process: subprocess.Popen[bytes] | None = None
        self.log.touch()

    def configure(self, policies: str, **top: str) -> None:
        """Write the configuration: `policies` as YAML, and further top-level lines; `sources` instead of the log."""
        sources = top.pop("sources", f"[ {{ app_log: {{ path: '{self.log}', start: beginning }} }} ]")
        lines = [
            "version: 1",
            "cloud:",
            f"  region: {self._simulator.region}",
            f"  endpoint: {self._simulator.oss}",
            f"  rpc_endpoint: {self._simulator.rpc}",
            "  credentials: { allow_root: true }",  # the key that the simulator announces is the account's own
            "  deadline: 4s",  # a lost answer is looked for some times as long
            f"state: {{ path: '{self.directory / 'state'}' }}",
            f"sources: {sources}",
            "clock: { ntp_servers: [], every: 10m }",
            *(f"{name}: {value}" for name, value in top.items()),
            "policies:",
            policies,
        ]
        self.config.write_text("\n".join(lines), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ALIBABA", "ALIYUN", "OSS"))}
        return kept | {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.key[0],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.key[1],
        }

    def start(self, *arguments: str) -> None:
        """Start it, and wait until it says that it is ready."""
        ready_before = self._ready_count()
        with self.trace.open("ab") as trace:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ossmend", "run", "--config", str(self.config), *arguments],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=trace,
            )  # fmt: skip
        until("daemon.ready", lambda: self._ready_count() > ready_before or self._ended())
        assert not self._ended(), self.trace.read_text()

    def _ready_count(self) -> int:
        return self.trace.read_text(encoding="utf-8").count('"event": "daemon.ready"') if self.trace.exists() else 0

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=HUNG)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=HUNG)

    def ends(self) -> int:
        """By itself; the exit status."""
        assert self._process is not None
        return self._process.wait(timeout=HUNG)

    def command(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run another `ossmend` command on the same configuration with --json: exit status and document."""
        done = subprocess.run(
            [sys.executable, "-m", "ossmend", *arguments, "--config", str(self.config), "--json"],
            env=self.environment, capture_output=True, timeout=HUNG, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            pytest.fail(f"{arguments} printed no JSON: {done.stdout!r} {done.stderr.decode()}")

    def refused(self, *arguments: str) -> tuple[int, str]:
        """Run a command that does not begin: exit status, and what it says on stderr."""
        done = subprocess.run(
            [sys.executable, "-m", "ossmend", *arguments, "--config", str(self.config)],
            env=self.environment, capture_output=True, timeout=HUNG, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return done.returncode, done.stderr.decode()

    def cases(self, *arguments: str) -> list[dict[str, Any]]:
        """What `cases list` prints; mostly asked again and again until it is what a journey waits for (forked.py)."""
        asked = ["cases", "list", "--all", *arguments, "--config", str(self.config), "--json"]
        status, out, errors = self._commands.run(asked, self.environment)
        assert status in (0, 1), errors.decode()  # 1: somebody is needed
        found: list[dict[str, Any]] = json.loads(out)["cases"]
        return found

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=HUNG)


class World:
    """The simulator with its administrator's clients."""

    def __init__(self, simulator: Running) -> None:
        self.simulator = simulator

    def bucket(self, name: str, *, create: bool = False) -> oss2.Bucket:
        auth = oss2.AuthV4(self.simulator.access_key_id, self.simulator.access_key_secret)
        session = oss2.Session()
        session.session.trust_env = False
        bucket = oss2.Bucket(auth, self.simulator.oss, name, region=self.simulator.region, session=session)
        if create:
            bucket.create_bucket()
        return bucket

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        with requests.Session() as session:
            session.trust_env = False
            found: list[dict[str, Any]] = session.get(f"{self.simulator.control}/requests", timeout=HUNG).json()[
                "requests"
            ]
        return [each for each in found if operation is None or each["operation"] == operation]


@pytest.fixture
def world() -> Iterator[World]:
    with running_simulator() as simulator:
        yield World(simulator)


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    begun = Commands(tmp_path_factory.mktemp("commands"))
    yield begun
    begun.close()


@pytest.fixture
def daemon(tmp_path: Path, world: World, commands: Commands) -> Iterator[Daemon]:
    started = Daemon(tmp_path, world.simulator, commands)
    yield started
    started.close()


@pytest.fixture
def stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Story]]:
    """Begins a story on a scene: `stories("access_denied")`; `rule` replaces the stored CORS rules."""
    with ExitStack() as open_ones:

        def begin(scene: str, rule: str = RULE) -> Story:
            sim = open_ones.enter_context(playing(scene))
            monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", sim.access_key_id)
            monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", sim.access_key_secret)
            story = Story(tmp_path, sim, rule)
            open_ones.callback(story.app.close)
            return story

        yield begin
