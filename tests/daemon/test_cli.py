"""The command line: exit codes, what stands on stdout, and that the README tells the truth about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import HUNG

ROOT = Path(__file__).parents[2]
GOOD = """
version: 1
cloud: { region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }
state: { path: %s }
clock: { ntp_servers: [], every: 10m }
"""
KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tExampleExampleKey1", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s" * 30}


def run(*arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALIBABA", "ALIYUN", "OSS"))}
    done = subprocess.run(
        [sys.executable, "-m", "ossmend", *arguments],
        input=stdin, capture_output=True, timeout=HUNG, check=False, env=kept | (environment or {}),
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "ossmend.yaml"
    path.write_text(GOOD % (tmp_path / "state"), encoding="utf-8")
    return path


def test_the_readme_quotes_the_help_text() -> None:
    status, told, _ = run("--help")
    assert status == 0
    quoted = (ROOT / "README.md").read_text(encoding="utf-8").split("$ ossmend --help\n")[1].split("```")[0]
    assert quoted.split() == told.replace("python -m ossmend", "ossmend").split()


def test_help_and_explain_and_check_load_no_sdk() -> None:
    code = (
        "import sys; from ossmend.daemon import explain; from ossmend.daemon.commands import main;"
        "from ossmend.config import load;"
        "print([name for name in ('oss2', 'aliyunsdkcore', 'sqlalchemy', 'apscheduler') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HUNG, check=True)
    assert done.stdout.decode().strip() == "[]"


def test_a_good_configuration_is_fine(good: Path) -> None:
    status, told, _ = run("check", "--config", str(good), "--json")
    assert (status, json.loads(told)["ok"]) == (0, True)


@pytest.mark.parametrize("command", [["check"], ["run"], ["once"], ["cases"], ["journal", "show"], ["audit"]])
def test_a_refused_configuration_ends_with_78_and_its_place(good: Path, command: list[str]) -> None:
    with good.open("a", encoding="utf-8") as file:
        file.write("polices: []\n")
    status, _, told = run(*command, "--config", str(good), environment=KEY)
    assert status == 78
    assert f"{good}:6:1" in told
    assert 'did you mean "policies"?' in told


def test_a_missing_configuration_ends_with_78(tmp_path: Path) -> None:
    status, _, told = run("check", "--config", str(tmp_path / "none.yaml"))
    assert status == 78
    assert "none.yaml" in told


def test_half_a_key_pair_ends_with_78(good: Path) -> None:
    status, _, told = run(
        "once", "--config", str(good), environment={"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tExampleExampleKey1"}
    )
    assert status == 78
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET" in told


@pytest.mark.parametrize(
    "wrong", [["nonsense"], ["run", "--nonsense"], ["cases", "show", "x"], ["explain", "a", "--file", "b"]]
)
def test_wrong_usage_ends_with_2(wrong: list[str]) -> None:
    assert run(*wrong)[0] == 2


def test_once_with_nothing_to_do_is_fine_and_prints_one_document(good: Path) -> None:
    status, told, _ = run("once", "--config", str(good), "--json", environment=KEY)
    assert (status, json.loads(told)) == (0, {"cases": []})


@pytest.mark.parametrize("group", ["cases", "journal"])
def test_options_may_stand_before_and_after_a_subcommand_and_without_one(good: Path, group: str) -> None:
    options = ("--config", str(good), "--json")
    command = {"cases": "list", "journal": "show"}[group]
    told = {run(group, *words)[:2] for words in (options, (*options, command), (command, *options))}
    assert [status for status, _ in told] == [0]


def test_a_case_that_does_not_exist_is_wrong_usage(good: Path) -> None:
    for command in ("show", "approve", "reject", "retry", "undo"):
        status, _, told = run("cases", command, "7", "--config", str(good))
        assert (status, "7" in told) == (2, True)


def test_explain_reads_stdin_and_any_bytes() -> None:
    status, told, _ = run("explain", "--json", stdin=b"\xff\xfe<Error><Code>AccessDenied</Code></Error>\x00\x1b[31m")
    assert (status, [event["code"] for event in json.loads(told)["events"]]) == (0, ["AccessDenied"])


def test_explain_of_nothing_is_an_empty_list() -> None:
    status, told, _ = run("explain", "--json", stdin=b"all is well\n")
    assert (status, json.loads(told)) == (0, {"events": []})


def test_the_schema_is_one_json_document() -> None:
    status, told, _ = run("schema")
    assert (status, json.loads(told)["properties"]["policies"]["type"]) == (0, "array")


def test_commands_that_do_not_exist_yet_are_absent_and_not_stubs() -> None:
    told = run("--help")[1]
    assert not {"pause", "resume", "ram-policy"} & set(told.split())
