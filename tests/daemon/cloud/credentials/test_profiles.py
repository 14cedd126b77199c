"""A profile's file: both formats, every kind that a service can use, half of anything refused, changes taken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ossmend.daemon.cloud.credentials import profiles
from ossmend.daemon.cloud.credentials.pair import static
from ossmend.daemon.cloud.credentials.profiles import FromProfile, read
from ossmend.daemon.host.redact import redact
from ossmend.daemon.host.stops import CredentialsRefused
from tests.daemon.cloud.credentials.stubs import PROVIDER, ROLE
from tests.daemon.cloud.stubs import StillClock

PAIR = {"access_key_id": "LTAIprofile", "access_key_secret": "topsecret"}


def cli(path: Path, *several: dict[str, Any], current: str = "ops") -> Path:
    file = path / "config.json"
    file.write_text(json.dumps({"current": current, "profiles": several}))
    return file


def ini(path: Path, text: str) -> Path:
    file = path / "credentials.ini"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        ({"mode": "AK"} | PAIR, "static"),
        ({"mode": "StsToken", "sts_token": "t"} | PAIR, "static"),
        ({"mode": "RamRoleArn", "ram_role_arn": ROLE, "ram_session_name": "ops"} | PAIR, "assume_role"),
        ({"mode": "EcsRamRole", "ram_role_name": "node"}, "ecs_role"),
        ({"mode": "EcsRamRole"}, "ecs_role"),
        ({"mode": "OIDC", "ram_role_arn": ROLE, "oidc_provider_arn": PROVIDER, "oidc_token_file": "/run/t"}, "oidc"),
    ],
)
def test_a_profile_of_the_cli_says_what_the_settings_would(tmp_path: Path, profile: Any, kind: str) -> None:
    assert read(cli(tmp_path, {"name": "ops"} | profile), None).kind == kind


def test_a_profile_that_leads_to_another_is_a_chain(tmp_path: Path) -> None:
    role = {"name": "ops", "mode": "ChainableRamRoleArn", "source_profile": "node", "ram_role_arn": ROLE,
            "external_id": "x", "expired_seconds": 900}  # fmt: skip
    found = read(cli(tmp_path, role, {"name": "node", "mode": "EcsRamRole", "ram_role_name": "node"}), "ops")
    assert found.assume_role is not None
    assert found.assume_role.duration.total_seconds() == 900
    assert found.assume_role.base is not None
    assert found.assume_role.base.ecs_role == "node"


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("type = access_key\naccess_key_id = LTAIx\naccess_key_secret = s%(x)s  # the key of ops\n", "static"),
        (f"type = ram_role_arn\naccess_key_id = LTAIx\naccess_key_secret = s\nrole_arn = {ROLE}\n", "assume_role"),
        ("type = ecs_ram_role\nrole_name = node\n", "ecs_role"),
        (f"type = oidc_role_arn\nrole_arn = {ROLE}\noidc_provider_arn = {PROVIDER}\n", "oidc"),
    ],
)
def test_a_section_of_an_ini_file_says_the_same(tmp_path: Path, section: str, kind: str) -> None:
    assert read(ini(tmp_path, f"[default]\n{section}"), None).kind == kind


@pytest.mark.parametrize(
    ("profile", "named"),
    [
        ({"mode": "AK", "access_key_id": "LTAIx"}, "access_key_id without access_key_secret"),
        ({"mode": "AK", "access_key_secret": "topsecret"}, "access_key_secret without access_key_id"),
        ({"mode": "AK"}, "neither"),
        ({"mode": "RamRoleArn", "ram_role_arn": ROLE, "access_key_id": "LTAIx"}, "without access_key_secret"),
        ({"mode": "RamRoleArn", "ram_role_arn": "role"} | PAIR, "expected a role's ARN"),
        ({"mode": "RamRoleArn"} | PAIR, "assume_role.arn"),
        ({"mode": "RamRoleArn", "ram_role_arn": ROLE, "policy": "{}"} | PAIR, "policy"),
        ({"mode": "ChainableRamRoleArn", "ram_role_arn": ROLE, "source_profile": "ops"}, "circle"),
        ({"mode": "ChainableRamRoleArn", "ram_role_arn": ROLE, "source_profile": "gone"}, "no profile 'gone'"),
        ({"mode": "OAuth", "oauth_access_token": "topsecret"}, "a service cannot use: OAuth"),
        ({"mode": "External", "process_command": "topsecret"}, "a service cannot use: External"),
        ({}, "none is said"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_and_without_a_secret(tmp_path: Path, profile: Any, named: str) -> None:
    with pytest.raises(CredentialsRefused) as refused:
        read(cli(tmp_path, {"name": "ops"} | profile), "ops")
    assert named in str(refused.value)
    assert str(tmp_path) in str(refused.value)
    assert "topsecret" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"profiles": 1}',
        '{"profiles": [1]}',
        "[]",
        "[default",
        "key without a section\n",
        "\xff",
        "{" * 100_000,
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(CredentialsRefused):
        read(file, None)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsRefused, match=r"gone\.json cannot be read: No such file"):
        read(tmp_path / "gone.json", None)


# -------------------------------------------------------------------------------------------------------- its changes


def follow(file: Path, clock: StillClock) -> FromProfile:
    def opened(settings: Any) -> Any:
        return static(settings.access_key_id.get_secret_value(), settings.access_key_secret.get_secret_value())

    return FromProfile(file, "ops", opened, clock)


def rotate(path: Path, key_id: str) -> Path:
    """The next key, at another time and in another file: as configuration tools and ConfigMaps replace one."""
    before = (path / "config.json").stat().st_mtime_ns if (path / "config.json").exists() else 0
    fresh = path / "fresh"
    fresh.mkdir(exist_ok=True)
    file = cli(fresh, {"name": "ops", "mode": "AK"} | PAIR | {"access_key_id": key_id})
    os.utime(file, ns=(before + 10**9, before + 10**9))
    return file.replace(path / "config.json")


def test_a_key_that_was_rotated_is_taken_within_a_second(tmp_path: Path) -> None:
    clock = StillClock()
    provider = follow(rotate(tmp_path, "LTAIone"), clock)
    assert provider.get_credentials().access_key_id == "LTAIone"
    rotate(tmp_path, "LTAItwo")
    clock.pass_by(profiles.LOOK)
    assert provider.get_credentials().access_key_id == "LTAItwo"


def test_a_key_that_the_cloud_does_not_know_any_more_is_looked_for_at_once(tmp_path: Path) -> None:
    provider = follow(rotate(tmp_path, "LTAIone"), StillClock())
    assert not provider.renew("LTAIone")
    rotate(tmp_path, "LTAItwo")
    assert provider.renew("LTAIone")
    assert provider.get_credentials().access_key_id == "LTAItwo"


@pytest.mark.parametrize("text", ['{"current": "ops", "prof', '{"profiles": [{"name": "ops", "mode": "AK"}]}', None])
def test_a_file_that_is_half_or_gone_changes_nothing_and_is_said_once(tmp_path: Path, text: str | None) -> None:
    clock = StillClock()
    file = rotate(tmp_path, "LTAIone")
    provider = follow(file, clock)
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    with capture_logs() as told:
        for _ in range(3):
            clock.pass_by(profiles.LOOK)
            assert provider.get_credentials().access_key_id == "LTAIone"
    assert [(line["event"], line["file"]) for line in told] == [("credentials.kept", str(file))]
    assert str(provider.trouble).endswith("; the credentials from before are kept"), "the next start would be refused"
    assert redact(told[0]["why"]) == told[0]["why"], "our own words are no secrets"
    rotate(tmp_path, "LTAItwo")
    clock.pass_by(profiles.LOOK)
    assert provider.get_credentials().access_key_id == "LTAItwo"
    assert provider.trouble is None
