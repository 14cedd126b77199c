"""`ossmend check` warns on stderr and is content; it and `once` say what a source's first pass leaves out."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from ossmend.daemon.commands import check, once
from ossmend.daemon.host import log
from ossmend.simulator.serve import running_simulator
from tests.config.test_rights import as_root, somebody_else
from tests.daemon.commands.test_main import KEY, run

POLICIES = """policies:
  - { name: thaw, on: InvalidObjectState, mode: enforce, match: { bucket: "*" } }
  - { name: keys, on: InvalidAccessKeyId }
"""


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    """A region that does not exist, and a log with something in it."""
    (tmp_path / "app.log").write_text("ERROR\n", encoding="utf-8")
    file = tmp_path / "ossmend.yaml"
    file.write_text(
        f"version: 1\n"
        f'cloud: {{ region: cn-hangzhu, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }}\n'
        f"state: {{ path: {tmp_path}/state }}\n"
        f"clock: {{ ntp_servers: [] }}\n"
        f"sources: [ {{ app_log: {{ path: {tmp_path}/app.log, start: beginning }} }} ]\n"
        f"policies: [ {{ name: told, on: AccessDenied }} ]\n",
        encoding="utf-8",
    )
    return file


def test_warnings_have_their_place_go_to_stderr_and_end_with_0(doubtful: Path) -> None:
    status, told, said = run("check", "--config", str(doubtful))
    assert (status, told) == (0, f"{doubtful}: fine, with 1 warning (above); 1 policy (1 dry-run)\n")
    assert f'{doubtful}:2:18: warning: cloud.region: no region called "cn-hangzhu"' in said
    assert len(said.splitlines()) == 1


def test_without_a_warning_none_is_counted(doubtful: Path) -> None:
    doubtful.write_text(doubtful.read_text(encoding="utf-8").replace("hangzhu", "hangzhou"), encoding="utf-8")
    assert run("check", "--config", str(doubtful)) == (0, f"{doubtful}: fine; 1 policy (1 dry-run)\n", "")


def test_policies_are_counted_by_their_mode(doubtful: Path) -> None:
    text = doubtful.read_text(encoding="utf-8").replace("hangzhu", "hangzhou")
    policies = ", ".join(
        f"{{ name: {name}, on: InvalidObjectState, mode: {mode}, match: {{ bucket: {name}-bucket }} }}"
        for name, mode in (("one", "dry-run"), ("two", "approve"), ("three", "dry-run"))
    )
    doubtful.write_text(f"{text.partition('policies:')[0]}policies: [ {policies} ]\n", encoding="utf-8")
    assert run("check", "--config", str(doubtful))[1] == f"{doubtful}: fine; 3 policies (1 approve, 2 dry-run)\n"


def test_live_names_the_region_that_was_meant_where_its_host_does_not_answer(doubtful: Path) -> None:
    told = run("check", "--live", "--config", str(doubtful), environment=KEY)[1]
    (endpoint,) = [line for line in told.splitlines() if "endpoint" in line]
    assert 'no region called "cn-hangzhu" is known here: did you mean "cn-hangzhou"?' in endpoint


def test_warnings_stand_in_the_document_for_programs(doubtful: Path) -> None:
    status, told, said = run("check", "--json", "--config", str(doubtful))
    report = json.loads(told)
    assert (status, report["ok"], report["problems"], said) == (0, True, [], "")
    assert [(each["line"], each["suggestion"]) for each in report["warnings"]] == [(2, "cn-hangzhou")]


FIRST = "a first `once` passes over what is there already (start: end), and a service reads what comes"


@pytest.fixture
def at_the_end(doubtful: Path) -> Path:
    """A source that begins at the end of a log with something in it, in a region that exists."""
    text = doubtful.read_text(encoding="utf-8").replace("hangzhu", "hangzhou").replace("beginning", "end")
    doubtful.write_text(text, encoding="utf-8")
    return doubtful


def passes_over(config: Path, log: str) -> tuple[bool, bool]:
    """Do `check` and then `once` say that a first pass leaves that log out?"""
    name = str(config.parent / log)
    checked = run("check", "--config", str(config))[2]
    told = run("once", "--config", str(config), environment=KEY)[2]
    notes = [line for line in told.splitlines() if line.startswith(f"note: {name}: what is there already is not read")]
    return FIRST in checked, len(notes) == 1


def test_check_and_once_say_what_a_first_pass_leaves_out_and_a_second_one_does_not(at_the_end: Path) -> None:
    assert passes_over(at_the_end, "app.log") == (True, True)
    assert passes_over(at_the_end, "app.log") == (False, False)


def test_the_warning_of_a_first_pass_stands_at_the_source_s_start(at_the_end: Path) -> None:
    status, told, said = run("check", "--config", str(at_the_end))
    assert (status, "with 1 warning" in told) == (0, True)
    assert f"{at_the_end}:5:{said.split(':')[2]}: warning: sources[0].app_log.start: {FIRST}" in said
    assert "`start: beginning` reads it all" in said
    text = at_the_end.read_text(encoding="utf-8")
    at_the_end.write_text(text.replace(", start: end", ""), encoding="utf-8")
    assert f"sources[0].app_log.path: {FIRST}" in run("check", "--config", str(at_the_end))[2]


def test_a_source_that_joins_a_state_has_a_first_pass_of_its_own(at_the_end: Path) -> None:
    assert passes_over(at_the_end, "app.log") == (True, True)
    (at_the_end.parent / "new.log").write_text("ERROR\n", encoding="utf-8")
    text = at_the_end.read_text(encoding="utf-8")
    joined = text.replace("sources: [", f"sources: [ {{ app_log: {{ path: {at_the_end.parent}/new.log }} }},")
    at_the_end.write_text(joined, encoding="utf-8")
    (warning,) = run("check", "--config", str(at_the_end))[2].splitlines()
    assert f"sources[0].app_log.path: {FIRST}" in warning
    assert passes_over(at_the_end, "new.log") == (True, True)
    assert passes_over(at_the_end, "new.log") == (False, False)


@as_root
def test_a_state_that_may_not_be_looked_into_ends_once_with_a_sentence_and_check_doubts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log, "configure", lambda *_: None)
    with tempfile.TemporaryDirectory(prefix="ossmend-closed-") as made:
        directory = Path(made)
        directory.chmod(0o755)
        (directory / "state").mkdir(mode=0o700)
        (directory / "app.log").write_text("ERROR\n", encoding="utf-8")
        file = directory / "o.yaml"
        runner = CliRunner()
        text = (
            "version: 1\ncloud: { region: cn-hangzhou, endpoint: 'http://127.0.0.1:9' }\n"
            f"state: {{ path: {directory}/state }}\nsources: [ {{ app_log: {{ path: {directory}/app.log }} }} ]\n"
            "clock: { ntp_servers: [] }\npolicies: [ { name: told, on: AccessDenied } ]\n"
        )
        file.write_text(text.replace("/state", "/other"), encoding="utf-8")
        for command in (once.command, check.command):  # what they import nobody could read
            assert runner.invoke(command, ["--config", str(file)], env=KEY).exit_code == 0
        file.write_text(text, encoding="utf-8")
        with somebody_else():
            passed = runner.invoke(once.command, ["--config", str(file)], env=KEY)
            checked = runner.invoke(check.command, ["--config", str(file)])
    assert (passed.exit_code, checked.exit_code) == (1, 0), checked.exception
    assert f"{directory}/state: nobody has no permission to use it, for it belongs to root" in passed.output
    doubted, fine = checked.output.splitlines()
    assert (
        "state.path: `ossmend run` will end here: nobody has no permission to use it, for it belongs to root" in doubted
    )
    assert fine == f"{file}: fine, with 1 warning (above); 1 policy (1 dry-run)"


def test_live_says_of_a_key_of_the_account_itself_once_that_it_may_do_everything_and_warns(tmp_path: Path) -> None:
    file = tmp_path / "ossmend.yaml"
    with running_simulator() as cloud:
        file.write_text(
            f'version: 1\ncloud: {{ region: {cloud.region}, endpoint: "{cloud.oss}", rpc_endpoint: "{cloud.rpc}" }}\n'
            f"clock: {{ ntp_servers: [] }}\n{POLICIES}",
            encoding="utf-8",
        )
        key = {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.access_key_secret,
        }
        status, told, _ = run("check", "--live", "--config", str(file), environment=key)
    assert status == 0, told
    assert [line.split(":")[0] for line in told.splitlines()[1:]] == [
        "  ok  credentials", "  ok  clock", "  ok  endpoint http", "  ok  permissions",
    ]  # fmt: skip
    assert "warning: a key of the account itself" in told
    assert told.count("may do everything") == 1
