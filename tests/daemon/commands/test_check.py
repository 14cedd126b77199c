"""`ossmend check` warns on stderr and is content; `once` says what its first pass leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.daemon.commands.test_main import KEY, run


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    """A region that does not exist, and a log with something in it that would be passed over."""
    (tmp_path / "app.log").write_text("ERROR\n", encoding="utf-8")
    file = tmp_path / "ossmend.yaml"
    file.write_text(
        f"version: 1\n"
        f'cloud: {{ region: cn-hangzhu, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }}\n'
        f"state: {{ path: {tmp_path}/state }}\n"
        f"clock: {{ ntp_servers: [] }}\n"
        f"sources: [ {{ app_log: {{ path: {tmp_path}/app.log, start: end }} }} ]\n",
        encoding="utf-8",
    )
    return file


def test_warnings_have_their_place_go_to_stderr_and_end_with_0(doubtful: Path) -> None:
    status, told, said = run("check", "--config", str(doubtful))
    assert (status, told) == (0, f"{doubtful}: fine, 0 policies\n")
    assert f'{doubtful}:2:18: warning: cloud.region: no region called "cn-hangzhu"' in said
    assert f"{doubtful}:5:" in said


def test_warnings_stand_in_the_document_for_programs(doubtful: Path) -> None:
    status, told, said = run("check", "--json", "--config", str(doubtful))
    report = json.loads(told)
    assert (status, report["ok"], report["problems"], said) == (0, True, [], "")
    assert [(each["line"], each["suggestion"]) for each in report["warnings"]] == [(2, "cn-hangzhou"), (5, None)]


def test_once_says_what_its_first_pass_leaves_out_and_a_second_one_does_not(doubtful: Path) -> None:
    said = f"{doubtful.parent}/app.log: not read, for this is the first pass"
    assert said in run("once", "--config", str(doubtful), environment=KEY)[2]
    assert said not in run("once", "--config", str(doubtful), environment=KEY)[2]
