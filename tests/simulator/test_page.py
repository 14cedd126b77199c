"""docs/simulator.md is what a stranger follows: its code runs as it stands there, and its lists are the simulator's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from ossmend.daemon.commands.simulator import command
from ossmend.simulator.batch import Switches
from ossmend.simulator.log_store import Switches as LogSwitches
from ossmend.simulator.oss.route import NOT_SIMULATED
from ossmend.simulator.scene import shipped_scenes
from ossmend.simulator.serve import running_simulator
from ossmend.simulator.sls.call import OPERATIONS
from tests.daemon.cloud.stubs import control
from tests.patience import HUNG

PAGE = (Path(__file__).parents[2] / "docs/simulator.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.machine
def test_the_pages_code_runs_as_it_stands_there(tmp_path: Path) -> None:
    files = dict(BLOCK.findall(PAGE))
    assert files.keys() == {"conftest.py", "test_refusals.py"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**kept, "PATH": path},
        timeout=HUNG,
        check=False,
    )
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr


def test_each_control_call_of_the_page_does_what_it_says() -> None:
    rows = re.search(r"^\| call \| body \|\n\|---.*\n((?:\|.+\n)+)", PAGE, re.MULTILINE)
    assert rows is not None
    calls = re.findall(r"^\| `(\w+) \{control\}/(\S+)` \| `(\{.*?\})`[;:| ]", rows[1], re.MULTILINE)
    assert len(calls) == len(rows[1].splitlines())
    with running_simulator(speed=0.0) as sim:
        id_ = control(sim, "POST", "keys", {"user": control(sim, "PUT", "users/first", {})["name"]})["id"]
        for method, path, body in calls:
            place = path.replace("KEY", "a/b.csv").replace("ID", id_).replace("NAME", "first")
            said = json.loads(body.replace("[...]", "[]").replace("NAME", "first"))
            control(sim, method, place, said)


def test_the_page_names_what_is_not_simulated() -> None:
    listed = re.search(r"^Sub-resources that OSS has.*:\n\n((?:    .+\n)+)", PAGE, re.MULTILINE)
    assert listed is not None
    assert set(listed[1].split()) == NOT_SIMULATED


def test_the_page_has_each_switch_of_batch_jobs_with_its_value() -> None:
    rows = re.search(r"^\| switch \|.*\n\|---.*\n((?:\|.+\n)+)", PAGE, re.MULTILINE)
    assert rows is not None
    named = [name for row in rows[1].splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(each.name for each in fields(Switches))
    for each in fields(Switches):
        row = next(row for row in rows[1].splitlines() if f"`{each.name}`" in row.split("|")[1])
        value = f"{each.default:g}" if isinstance(each.default, float) and each.default < 1 else str(each.default)
        assert value.lower().removesuffix(".0") in row.lower(), row


def test_the_page_has_each_setting_of_the_real_time_log_with_its_value() -> None:
    rows = re.search(r"^\| setting \|.*\n\|---.*\n((?:\|.+\n)+)", PAGE, re.MULTILINE)
    assert rows is not None
    told = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", rows[1], re.MULTILINE))
    kept = {each.name: each.default for each in fields(LogSwitches)}
    assert told == {
        name: f"{value:g}" if type(value) in (int, float) else str(value).lower() for name, value in kept.items()
    }


def test_the_page_names_each_operation_of_the_log_service_and_each_control_call() -> None:
    section = PAGE.partition("## The real-time log")[2].partition("\n## ")[0]
    assert [name for name in OPERATIONS if f"`{name}`" not in section] == []
    with running_simulator(scene="real_time_log", speed=0.0) as sim:
        for path, body in re.findall(r"^\| `POST \{control\}/(\S+)` \| `(.+?)`", section, re.MULTILINE):
            control(sim, "POST", path, {"project": "oss-log-1234567890123456-cn-beijing", **json.loads(body)})


def test_the_page_names_only_switches_that_there_are() -> None:
    known = {name for parameter in command.params for name in parameter.opts}
    assert set(re.findall(r"(?<!\S)`?\*{0,2}`?(--[a-z0-9-]+)", PAGE)) <= known
    assert "s3_clients" in shipped_scenes()
