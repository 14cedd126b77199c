"""`ossmend check` warns on stderr and is content; `once` says what its first pass leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ossmend.simulator.serve import running_simulator
from tests.daemon.commands.test_main import KEY, run

POLICIES = """policies:
  - { name: thaw, on: InvalidObjectState, mode: enforce, match: { bucket: "*" } }
  - { name: keys, on: InvalidAccessKeyId }
"""


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
    assert (status, told) == (0, f"{doubtful}: fine, with 1 warning (above); 0 policies\n")
    assert f'{doubtful}:2:18: warning: cloud.region: no region called "cn-hangzhu"' in said
    assert len(said.splitlines()) == 1, "its log has something in it, and it begins at the end: a service means that"


def test_without_a_warning_none_is_counted(doubtful: Path) -> None:
    doubtful.write_text(doubtful.read_text(encoding="utf-8").replace("hangzhu", "hangzhou"), encoding="utf-8")
    assert run("check", "--config", str(doubtful)) == (0, f"{doubtful}: fine; 0 policies\n", "")


def test_policies_are_counted_by_their_mode(doubtful: Path) -> None:
    text = doubtful.read_text(encoding="utf-8").replace("hangzhu", "hangzhou")
    policies = ", ".join(
        f"{{ name: {name}, on: InvalidObjectState, mode: {mode}, match: {{ bucket: {name}-bucket }} }}"
        for name, mode in (("one", "dry-run"), ("two", "approve"), ("three", "dry-run"))
    )
    doubtful.write_text(f"{text}policies: [ {policies} ]\n", encoding="utf-8")
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


def test_once_says_what_its_first_pass_leaves_out_and_a_second_one_does_not(doubtful: Path) -> None:
    said = f"note: {doubtful.parent}/app.log: what is there already is not read, for this is the first pass"
    assert said in run("once", "--config", str(doubtful), environment=KEY)[2]
    assert said not in run("once", "--config", str(doubtful), environment=KEY)[2]


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
