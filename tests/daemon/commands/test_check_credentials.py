"""`check` opens credentials as `run` does, and asks nobody: what `run` would refuse is refused at its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ossmend.daemon.cloud.credentials import chain
from tests.config.test_rights import as_root, somebody_else
from tests.daemon.commands.test_main import KEY, run

ROLE = "acs:ram::1234567890123456:role/ossmend"
PROVIDER = "acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1"
REST = "sources: [ { access_log: { bucket: my-logs } } ]\npolicies: [ { name: told, on: AccessDenied } ]\n"
HALF = '{"current": "ops", "profiles": [{"name": "ops", "mode": "AK", "access_key_id": "LTAI5tNobodyNobody"}]}'
WHOLE = HALF.replace('"}]', '", "access_key_secret": "nobodynobody"}]')


def checked(
    directory: Path, said: str, environment: dict[str, str] | None = None, rest: str = REST
) -> tuple[int, str, str]:
    """Status, stdout and stderr of `check`, for a person who has no profiles unless the directory has some."""
    file = directory / "o.yaml"
    state = f"state: {{ path: {directory}/state }}\n"
    file.write_text(f"version: 1\ncloud:\n  region: cn-hangzhou\n{said}{state}{rest}", encoding="utf-8")
    status, told, complaint = run(
        "check", "--config", str(file), environment={"HOME": str(directory)} | (environment or {})
    )
    return status, told, complaint.replace(str(file), "o.yaml")


def profile(directory: Path, text: str | None) -> str:
    file = directory / "profiles.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    return f"  credentials: {{ profile: ops, profile_file: {file} }}\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HALF, "has access_key_id without access_key_secret; it needs both"),
        (WHOLE[:-9], "is neither whole JSON of the Alibaba Cloud CLI nor an INI file"),
        (WHOLE.replace('"name": "ops"', '"name": "dev"'), "there are: dev"),
        (WHOLE.replace("AK", "CloudSSO"), "is of a kind that a service cannot use: CloudSSO"),
        (WHOLE.replace("nobodynobody", "nobody nobody"), "the secret has a blank"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_profile_that_run_refuses_is_refused_at_its_place(tmp_path: Path, text: str | None, why: str) -> None:
    status, told, said = checked(tmp_path, profile(tmp_path, text))
    assert (status, told) == (78, "")
    assert said.startswith("o.yaml:4:3: cloud.credentials: ")
    assert why in said
    started = run("run", "--config", str(tmp_path / "o.yaml"), environment={"HOME": str(tmp_path)})
    assert started[0] == 78
    assert why in started[2]


def test_a_profile_that_run_takes_is_fine(tmp_path: Path) -> None:
    assert checked(tmp_path, profile(tmp_path, WHOLE)) == (0, f"{tmp_path}/o.yaml: fine; 1 policy (1 dry-run)\n", "")


def test_programs_get_the_refusal_as_a_problem(tmp_path: Path) -> None:
    checked(tmp_path, profile(tmp_path, HALF))
    status, told, _ = run("check", "--json", "--config", str(tmp_path / "o.yaml"))
    (problem,) = json.loads(told)["problems"]
    assert (status, problem["line"], problem["path"]) == (78, 4, "cloud.credentials")


def test_an_account_s_own_profile_is_refused_at_the_account(tmp_path: Path) -> None:
    said = profile(tmp_path, HALF).strip()
    told = REST.replace("{ bucket", "{ account: a, bucket")
    accounts = f"accounts:\n  - {{ name: a }}\n  - {{ name: b, {said} }}\n"
    status, _, complaint = checked(tmp_path, accounts, rest=told)
    assert status == 78
    assert "o.yaml:6:16: accounts[1].credentials: profile 'ops'" in complaint


def test_half_an_oidc_role_is_refused_and_one_of_another_environment_is_doubted(tmp_path: Path) -> None:
    said = f"  credentials: {{ oidc: {{ role_arn: '{ROLE}', provider_arn: '{PROVIDER}' }} }}\n"
    status, _, complaint = checked(tmp_path, said)
    assert (status, "neither token_file nor $ALIBABA_CLOUD_OIDC_TOKEN_FILE says it" in complaint) == (78, True)
    for empty in ("oidc", "environment"):
        status, told, complaint = checked(tmp_path, f"  credentials: {{ {empty}: {{}} }}\n")
        assert (status, "with 1 warning" in told) == (0, True)
        assert "warning: cloud.credentials: " in complaint


def test_a_token_that_is_not_there_is_doubted(tmp_path: Path) -> None:
    token = tmp_path / "token"
    said = f"  credentials:\n    oidc: {{ role_arn: '{ROLE}', provider_arn: '{PROVIDER}', token_file: {token} }}\n"
    status, _, complaint = checked(tmp_path, said)
    assert status == 0
    assert f"cloud.credentials.oidc.token_file: there is no token in {token}" in complaint
    token.write_text("a token\n", encoding="utf-8")
    assert checked(tmp_path, said)[2] == ""


def test_the_base_of_a_role_is_opened_as_well(tmp_path: Path) -> None:
    base = profile(tmp_path, HALF).strip().removeprefix("credentials: ")
    said = f"  credentials: {{ assume_role: {{ arn: '{ROLE}', from: {base} }} }}\n"
    assert checked(tmp_path, said)[0] == 78


def test_half_a_pair_of_the_environment_is_refused_and_none_at_all_is_nobody_s_fault(tmp_path: Path) -> None:
    half = dict(list(KEY.items())[:1])
    status, _, complaint = checked(tmp_path, "", half)
    assert (status, "without ALIBABA_CLOUD_ACCESS_KEY_SECRET; set both or none" in complaint) == (78, True)
    for environment in ({}, KEY):
        assert checked(tmp_path, "", environment)[::2] == (0, "")


def test_a_person_s_own_profiles_are_no_fault_of_the_file_and_are_doubted(tmp_path: Path) -> None:
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun/config.json").write_text(HALF, encoding="utf-8")
    status, _, complaint = checked(tmp_path, "")
    assert status == 0
    assert "warning: cloud.credentials: profile 'ops' in" in complaint
    assert "could not run ossmend so" in complaint


@as_root
def test_a_home_that_may_not_be_looked_into_has_no_profiles(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    with somebody_else():
        assert chain.profile_file({}, tmp_path / "home") is None
