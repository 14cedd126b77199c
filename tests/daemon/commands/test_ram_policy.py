"""`ossmend ram-policy` and `check --live` at the command line: documents on stdout, remarks on stderr, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.credentials.stubs import ROLE
from tests.daemon.cloud.stubs import control, make_bucket
from tests.daemon.commands.test_main import EXAMPLE, run

POLICIES = """
policies:
  - { name: thaw, on: InvalidObjectState, match: { bucket: "reports-eu", key: "2024/*" }, mode: enforce }
"""


@pytest.fixture
def sim() -> Iterator[Running]:
    with running_simulator(speed=0.0) as running:
        make_bucket(running, "reports-eu")
        yield running


NO_ROOT = "{ allow_root: false }"
"""As in front of the real cloud; on this machine the account's own key is taken."""


def configured(path: Path, sim: Running | None = None) -> str:
    where = f', endpoint: "{sim.oss}", rpc_endpoint: "{sim.rpc}", credentials: {NO_ROOT}' if sim else ""
    file = path / "ossmend.yaml"
    head = f"version: 1\ncloud: {{ region: cn-hangzhou{where} }}\nstate: {{ path: {path}/state }}\n"
    file.write_text(f"{head}clock: {{ ntp_servers: [] }}\n{POLICIES}", encoding="utf-8")
    return str(file)


def key(sim: Running, policy: dict[str, Any]) -> dict[str, str]:
    """The environment of a user who may do that."""
    control(sim, "PUT", "users/daemon", {"policy": policy})
    made = control(sim, "POST", "keys", {"user": "daemon"})
    return {"ALIBABA_CLOUD_ACCESS_KEY_ID": made["id"], "ALIBABA_CLOUD_ACCESS_KEY_SECRET": made["secret"]}


def reading() -> dict[str, Any]:
    actions = ["oss:Get*", "oss:List*", "ram:Get*", "ram:List*"]
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}


def test_stdout_is_the_document_and_stderr_says_what_it_allows_more(tmp_path: Path) -> None:
    status, told, said = run("ram-policy", "--config", configured(tmp_path))
    assert status == 0
    assert [each["Effect"] for each in json.loads(told)["Statement"]] == ["Allow"] * len(json.loads(told)["Statement"])
    assert "oss:RestoreObject" in told
    assert 'note: allows more than the configuration: policy thaw: key "2024/*"' in said


def test_the_dry_run_of_it_gives_reads_alone(tmp_path: Path) -> None:
    status, told, _ = run("ram-policy", "--config", configured(tmp_path), "--mode", "dry-run", "--json")
    (account,) = json.loads(told)["accounts"]
    actions = {action for each in account["documents"] for one in each["Statement"] for action in one["Action"]}
    assert status == 0
    assert {action.partition(":")[2].rstrip("V")[:3] for action in actions} == {"Get", "Lis"}


def test_an_account_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert run("ram-policy", "--config", configured(tmp_path), "--account", "prod")[0] == 2


def test_the_policy_of_the_example_is_one_document_without_a_wildcard_action() -> None:
    status, told, _ = run("ram-policy", "--config", str(EXAMPLE))
    assert (status, [a for each in json.loads(told)["Statement"] for a in each["Action"] if "*" in a]) == (0, [])


def test_thaw_in_enforce_with_a_read_only_key_is_told_with_the_statement_to_add(tmp_path: Path, sim: Running) -> None:
    status, told, _ = run("check", "--live", "--config", configured(tmp_path, sim), environment=key(sim, reading()))
    assert status == 1
    assert "BAD oss:RestoreObject on acs:oss:*:*:reports-eu/2024/* (policy thaw: RestoreObject): missing: " in told
    added = json.loads(told[told.index("    {") :])
    assert added["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["oss:RestoreObject", "oss:RestoreObjectVersion"],
            "Resource": ["acs:oss:*:*:reports-eu/2024/*"],
        }
    ]


def test_a_write_that_nobody_can_see_is_told_with_its_statement_too_and_needs_a_person(
    tmp_path: Path, sim: Running
) -> None:
    blind = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["oss:Get*", "oss:List*"], "Resource": "*"}]}
    status, told, _ = run(
        "check", "--live", "--json", "--config", configured(tmp_path, sim), environment=key(sim, blind)
    )
    report = json.loads(told)
    (document,) = report["add_unless_there"]["default"]
    assert (status, document["Statement"][0]["Action"]) == (1, ["oss:RestoreObject", "oss:RestoreObjectVersion"])
    assert {each["action"] for each in report["missing"]} == {"ram:ListPoliciesForUser", "ram:GetPolicy"}


def test_with_what_it_says_added_nothing_is_missing(tmp_path: Path, sim: Running) -> None:
    config = configured(tmp_path, sim)
    first = json.loads(run("check", "--live", "--json", "--config", config, environment=key(sim, reading()))[1])
    (account,) = first["add"].values()
    both = {"Version": "1", "Statement": reading()["Statement"] + account[0]["Statement"]}
    status, told, _ = run("check", "--live", "--json", "--config", config, environment=key(sim, both))
    report = json.loads(told)
    assert (status, report["ok"], report["missing"], report["unchecked"]) == (0, True, [], [])


def test_the_generated_policy_is_enough_for_check_live(tmp_path: Path, sim: Running) -> None:
    config = configured(tmp_path, sim)
    policy = json.loads(run("ram-policy", "--config", config)[1])
    status, told, _ = run("check", "--live", "--config", config, environment=key(sim, policy))
    assert (status, "BAD" in told, "  ?  " in told) == (0, False, False), told


@pytest.mark.parametrize("kind", ["ecs_role", "assume_role"])
def test_the_policy_of_a_configured_role_is_a_roles_and_enough_for_check_live(
    tmp_path: Path, sim: Running, kind: str
) -> None:
    said = {"ecs_role": "{ ecs_role: ossmend }", "assume_role": f"{{ assume_role: {{ arn: '{ROLE}' }} }}"}[kind]
    file = Path(configured(tmp_path, sim))
    config = file.read_text(encoding="utf-8").replace(NO_ROOT, f"{said}, metadata_endpoint: '{sim.rpc}'")
    file.write_text(config, encoding="utf-8")
    _, told, remarks = run("ram-policy", "--config", str(file))
    assert ("ram:ListPoliciesForRole" in told, "ram:ListPoliciesForUser" in told) == (True, False)
    assert "note: for a role" in remarks
    assert ("needs sts:AssumeRole on it" in remarks) is (kind == "assume_role")
    control(sim, "PUT", "roles/ossmend", {"policy": json.loads(told)})
    control(sim, "PATCH", "instance", {"role": "ossmend"})
    root = {"ALIBABA_CLOUD_ACCESS_KEY_ID": sim.access_key_id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sim.access_key_secret}
    status, live, _ = run("check", "--live", "--config", str(file), environment=root)
    assert (status, "BAD" in live, "  ?  " in live) == (0, False, False), live


def test_a_session_of_the_environment_is_a_roles_and_nothing_at_all_a_users(tmp_path: Path) -> None:
    config = configured(tmp_path)
    session = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "STS.a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b"}
    told = {
        name: run("ram-policy", "--config", config, environment=environment)[1]
        for name, environment in (("session", session | {"ALIBABA_CLOUD_SECURITY_TOKEN": "c"}), ("none", {}))
    }
    assert "ram:ListPoliciesForRole" in told["session"]
    assert "ram:ListPoliciesForUser" in told["none"]
    assert (
        "ram:ListPoliciesForUser" in run("ram-policy", "--identity", "user", "--config", config, environment=session)[1]
    )


def test_a_dry_run_that_is_to_be_enforced_can_be_asked_about_before(tmp_path: Path, sim: Running) -> None:
    config = configured(tmp_path, sim)
    dry = json.loads(run("ram-policy", "--mode", "dry-run", "--config", config)[1])
    environment = key(sim, dry)
    asked = ("check", "--live", "--json", "--config", config)
    told = {
        mode: json.loads(run(*asked, "--mode", mode, environment=environment)[1]) for mode in ("dry-run", "enforce")
    }
    assert told["dry-run"]["ok"] is True
    assert "oss:RestoreObject" in {each["action"] for each in told["enforce"]["unchecked"]}
    assert run("check", "--mode", "enforce", "--config", config)[0] == 2


def test_the_accounts_own_key_is_told_to_be_too_much(tmp_path: Path, sim: Running) -> None:
    root = {"ALIBABA_CLOUD_ACCESS_KEY_ID": sim.access_key_id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sim.access_key_secret}
    status, told, _ = run("check", "--live", "--config", configured(tmp_path, sim), environment=root)
    assert (status, "BAD credentials" in told, "use a RAM user or role" in " ".join(told.split())) == (1, True, True)


def test_a_region_that_the_endpoint_is_not_in_is_told_as_that_and_not_as_rights(tmp_path: Path, sim: Running) -> None:
    config = Path(configured(tmp_path, sim))
    config.write_text(config.read_text(encoding="utf-8").replace("cn-hangzhou", "cn-beijing"), encoding="utf-8")
    everything = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    status, told, _ = run("check", "--live", "--config", str(config), environment=key(sim, everything))
    (line,) = [each for each in told.splitlines() if " endpoint " in each]
    assert (status, line.startswith("  BAD endpoint ")) == (1, True)
    assert "it refuses signatures for cn-beijing" in line
    assert "set region to the one that this endpoint is in" in line


def test_a_log_s_bucket_that_is_not_there_is_bad_and_a_policy_s_could_not_be_checked(
    tmp_path: Path, sim: Running
) -> None:
    config = Path(configured(tmp_path, sim))
    text = config.read_text(encoding="utf-8").replace("reports-eu", "never-made")
    config.write_text(f"{text}sources: [ {{ access_log: {{ bucket: no-such-logs }} }} ]\n", encoding="utf-8")
    everything = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    status, told, _ = run("check", "--live", "--json", "--config", str(config), environment=key(sim, everything))
    absent = {each["what"].partition(" on ")[2]: each["ok"] for each in json.loads(told)["live"]
              if "there is no such bucket" in each["found"]}  # fmt: skip
    assert status == 1
    assert {ok for what, ok in absent.items() if "no-such-logs" in what} == {False}
    assert {ok for what, ok in absent.items() if "never-made" in what} == {None}


def test_of_several_accounts_each_line_stands_below_its_own(tmp_path: Path, sim: Running) -> None:
    config = Path(configured(tmp_path, sim))
    text = config.read_text(encoding="utf-8").replace("name: thaw,", 'name: thaw, account: "*",')
    accounts = ", ".join(f"{{ name: {name}, credentials: {NO_ROOT} }}" for name in ("first", "second"))
    config.write_text(f"{text}accounts: [ {accounts} ]\n".replace(f", credentials: {NO_ROOT} }}\n", " }\n"), "utf-8")
    _, told, said = run("check", "--live", "--config", str(config), environment=key(sim, reading()))
    assert told, said
    lines = [line.split()[0:2] for line in told.splitlines() if line.startswith("  ")]
    assert [words[1] for words in lines if words[0] == "account"] == ["first", "second"]
    assert lines[0][0] == "account"


def test_a_key_that_nobody_knows_leaves_the_permissions_unchecked(tmp_path: Path, sim: Running) -> None:
    strange = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tNobodyNobodyNobody", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s" * 30}
    status, told, _ = run("check", "--live", "--config", configured(tmp_path, sim), environment=strange)
    assert (status, "BAD credentials: refused" in told, "?   permissions: could not check" in told) == (1, True, True)
