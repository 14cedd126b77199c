"""docs/credentials.md is what a person follows: its configurations load, and its names are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ossmend.config.credentials import CredentialsConfig
from ossmend.config.load import load_text
from ossmend.daemon.cloud.credentials import World, open_credentials, profiles

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/credentials.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FOLDER = ROOT / "daemon/cloud/credentials"
CODE = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))


@pytest.fixture(autouse=True)
def _secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("access-key-id", "access-key-secret", "external-id"):
        (tmp_path / name).write_text("made-up")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_a_configuration_that_can_be_opened(example: str, tmp_path: Path) -> None:
    file = tmp_path / "aliyun.json"
    file.write_text('{"profiles": [{"name": "ops", "mode": "EcsRamRole"}]}')
    config = load_text("version: 1\n" + example.replace("/etc/ossmend/aliyun.json", str(file)))
    pod = {
        "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1234567890123456:role/pod",
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1234567890123456:oidc-provider/ack",
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/run/token",
    }
    pair = {"OSS_ACCESS_KEY_ID": "LTAImadeup", "OSS_ACCESS_KEY_SECRET": "made-up"}
    credentials = config.cloud.credentials
    assert credentials is not None
    provider = open_credentials(credentials, World(environment=pod | pair))
    assert provider.lasting == (credentials.kind in ("static", "environment", "chain"))


def test_the_page_shows_every_kind() -> None:
    shown = {load_text("version: 1\n" + each).cloud.credentials for each in EXAMPLES}
    kinds = {each.kind for each in shown if each is not None}
    assert kinds == {"chain", "static", "environment", "profile", "ecs_role", "oidc", "assume_role"}
    assert all(
        f"`{name}`" in PAGE or f"{name}:" in PAGE for name in CredentialsConfig.model_fields if "_token" not in name
    )


def test_the_page_and_the_code_name_the_same_variables_events_and_modes() -> None:
    variables = set(re.findall(r"`((?:ALIBABA_CLOUD|OSS)_[A-Z_]+)`", PAGE))
    of_the_library = {"ALIBABA_CLOUD_STS_REGION", "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"}
    assert variables - of_the_library == set(re.findall(r'"((?:ALIBABA_CLOUD|OSS)_[A-Z_]+)"', CODE))
    events = set(re.findall(r"`(credentials\.[a-z-]+)`", PAGE))
    known = set(re.findall(r'"(credentials\.[a-z-]+)"', CODE)) | {"credentials.caller-unknown"}
    assert events == known - {"credentials.reread"}
    assert [mode for mode in profiles._NAMES if not re.search(rf"\b{mode}\b", PAGE)] == []
