"""docs/getting-started.md, walked as it stands: each command is run in its order, with the simulator as the cloud.

Only three things differ from the page: how the program is called, where the application's log is, and that `init` is
told where this cloud is.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.journeys.conftest import World, until
from tests.journeys.test_restore import archive, refusal
from tests.patience import HUNG

pytestmark = pytest.mark.machine
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/getting-started.md").read_text(encoding="utf-8")
LOG = "/var/log/app/app.log"
MAY_END_WITH_1 = ("audit", "cases")
"""A case waits for a person."""


def steps() -> Iterator[tuple[str, str]]:
    """(language, text) of each block that is to be run or put into the file, a command each."""
    for language, block in re.findall(r"(?ms)^```(console|yaml)\n(.*?)^```$", PAGE):
        if language == "yaml":
            yield language, block
            continue
        yield from ((language, line.removeprefix("$ ")) for line in block.splitlines())


def exports() -> dict[str, str]:
    """What the page has a terminal export beside the key."""
    found = dict(re.findall(r"(?m)^export (OSSMEND_\w+)=(\S+)$", PAGE))
    assert found
    return found


class Newcomer:
    """Has the page, a directory, a log with a refusal in it, and the key of a cloud."""

    def __init__(self, directory: Path, world: World, environment: dict[str, str]) -> None:
        self.directory = directory
        self.log = directory / "app.log"
        self.config = directory / "ossmend.yaml"
        self.world = world
        self.environment = environment
        self.said: dict[str, str] = {}
        self.running: subprocess.Popen[bytes] | None = None

    def does(self, line: str, *, here: bool = True) -> None:
        """One command of the page; `here`: `init` is told where this cloud is."""
        cloud = f" --endpoint {self.world.simulator.oss} --rpc-endpoint {self.world.simulator.rpc}" if here else ""
        typed = line.replace(LOG, str(self.log)).replace("./ossmend init", f"./ossmend init{cloud}")
        words = shlex.split(typed)
        if words[:2] == ["./ossmend", "run"]:
            with (self.directory / "trace").open("wb") as trace:
                command = [sys.executable, "-m", "ossmend", *words[1:]]
                self.running = subprocess.Popen(command, cwd=self.directory, env=self.environment, stderr=trace)
            until("it runs", lambda: b"daemon.ready" in (self.directory / "trace").read_bytes())
            return
        program = typed.replace("./ossmend", f"{shlex.quote(sys.executable)} -m ossmend")
        done = subprocess.run(
            ["/bin/sh", "-c", program], cwd=self.directory, env=self.environment, check=False, timeout=HUNG,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        allowed = (0, 1) if words[1:2] and words[1] in MAY_END_WITH_1 else (0,)
        assert done.returncode in allowed, f"{line}\n{done.stdout}{done.stderr}"
        self.said[line] = done.stdout

    def state(self) -> str:
        """Of its newest case."""
        words = [sys.executable, "-m", "ossmend", "cases", "list", "--all", "--config", str(self.config)]
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False, timeout=HUNG)
        rows = [line.split() for line in done.stdout.splitlines()]
        return max(([row[0], row[1]] for row in rows if row and row[0].isdigit()), default=["", ""])[1]

    def until_state(self, state: str) -> None:
        until(f"a case is {state}", lambda: self.state() == state)

    def makes_it(self, policy: str) -> None:
        """The policy of that name becomes what the page says."""
        text = self.config.read_text(encoding="utf-8")
        name = policy.partition("\n")[0]
        changed = re.sub(rf"(?ms)^{re.escape(name)}.*?(?=^\n)", lambda _: policy, text, count=1)
        assert changed != text
        self.config.write_text(changed, encoding="utf-8")

    def restored(self) -> int:
        return len(self.world.requests("RestoreObject"))

    def has_reloaded(self, times: int) -> bool:
        return (self.directory / "trace").read_bytes().count(b'"config.reloaded"') == times


@pytest.fixture
def newcomer(tmp_path: Path, world: World) -> Iterator[Newcomer]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALIBABA", "ALIYUN", "OSS"))}
    key = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": world.simulator.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": world.simulator.access_key_secret,
    }
    one = Newcomer(tmp_path, world, kept | key | exports() | {"HOME": str(tmp_path / "home")})
    yield one
    if one.running is not None and one.running.poll() is None:
        one.running.send_signal(signal.SIGKILL)
        one.running.wait(timeout=HUNG)


def test_the_page_leads_from_nothing_to_an_audit_an_approval_and_a_repair(newcomer: Newcomer) -> None:
    bucket = archive(newcomer.world, "reports-first", ["old.csv", "older.csv"])
    newcomer.log.write_text(refusal(bucket, "old.csv").partition("ERROR ")[2], encoding="utf-8")  # an hour ago or so
    again = refusal(bucket, "older.csv")
    seen = refusal(bucket, "old.csv")
    policies = 0
    for kind, text in steps():
        if kind == "yaml":
            newcomer.makes_it(text)
            policies += 1
            continue
        if text.startswith("./ossmend cases show"):
            newcomer.until_state("held")
        if text.startswith("./ossmend cases approve"):
            assert newcomer.restored() == 0
        newcomer.does(text)
        if text.startswith("./ossmend run"):
            with newcomer.log.open("a", encoding="utf-8") as log:
                log.write(seen)
            newcomer.until_state("planned")
        if text.startswith("kill"):
            until("it has read the file again", partial(newcomer.has_reloaded, policies))
        if text.startswith("./ossmend cases approve"):
            newcomer.until_state("watching")
            assert newcomer.restored() == 1
    assert policies == 2
    with newcomer.log.open("a", encoding="utf-8") as log:
        log.write(again)
    until("the second is restored without a word", lambda: newcomer.restored() == 2)
    told = newcomer.said
    assert "would write: 1 RestoreObject" in told["./ossmend audit --since 24h --html audit.html"]
    assert "InvalidObjectState" in (newcomer.directory / "audit.html").read_text(encoding="utf-8")
    assert told["./ossmend journal verify"].startswith("unaltered: ")


def of_the_simulator() -> list[str]:
    """The commands of the page's last section, in their order."""
    section = PAGE.split("## The same without an account")[1]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


def the_exports(ready: dict[str, str]) -> dict[str, str]:
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": ready["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ready["access_key_secret"],
    }


def test_the_section_without_an_account_leads_to_an_object_that_reads_again(newcomer: Newcomer) -> None:
    """Its own simulator, on a free port; every other line as it stands."""
    first, export, *lines = of_the_simulator()
    policies = [text for kind, text in steps() if kind == "yaml" and "mode: enforce" in text]
    assert export == "export OSSMEND_CONFIG=ossmend.yaml"
    scene = shlex.split(first.replace("--port 9300", "--port 0"))[1:]
    with subprocess.Popen(
        [sys.executable, "-m", "ossmend", *scene, "--ready-json"], stdout=subprocess.PIPE, text=True
    ) as cloud:
        try:
            assert cloud.stdout is not None
            ready = json.loads(cloud.stdout.readline())
            newcomer.environment |= the_exports(ready)
            read = shlex.split(lines[-1].replace("http://127.0.0.1:9300", ready["oss"]))
            assert "403" in reads(newcomer, read)[1]
            for line in lines[:-1]:
                if line == "./ossmend run":
                    newcomer.makes_it(policies[-1])
                newcomer.does(line.replace("http://127.0.0.1:9300", ready["oss"]), here=False)
                if line == "./ossmend cases":
                    newcomer.until_state("watching")
            assert "RestoreObject" in newcomer.said["./ossmend cases show 1"]
            assert reads(newcomer, read)[0] == "quarter,revenue\n1,100\n\n"
        finally:
            cloud.terminate()


def reads(newcomer: Newcomer, command: list[str]) -> tuple[str, str]:
    """The page's last line, by the Python that runs this."""
    assert command[0] == ".venv/bin/python"
    done = subprocess.run(
        [sys.executable, *command[1:]], env=newcomer.environment, capture_output=True, text=True, check=False,
        timeout=HUNG,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_every_command_of_the_page_is_one_that_there_is() -> None:
    from ossmend.daemon.commands.main import COMMANDS

    used = set(re.findall(r"(?m)^(?:\$ |    )\./ossmend ([a-z][a-z-]+)", PAGE))
    assert used
    assert used <= set(COMMANDS)
