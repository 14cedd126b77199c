"""The standard chain, in its order: the first that is there, whole or refused; nothing is asked to find out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ossmend.config.load import ConfigRefused, load_text
from ossmend.daemon.cloud.credentials import StaticProvider, World, open_credentials
from ossmend.daemon.cloud.credentials.chain import EcsRole, Oidc, Profile, found
from ossmend.daemon.cloud.credentials.kept import Kept
from ossmend.daemon.cloud.credentials.profiles import FromProfile
from ossmend.daemon.host.stops import CredentialsRefused
from tests.daemon.cloud.credentials.stubs import PROVIDER, ROLE, settings

ALIBABA = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIalibaba", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s1"}
OSS = {"OSS_ACCESS_KEY_ID": "LTAIoss", "OSS_ACCESS_KEY_SECRET": "s2"}
ROLE_ARN = {"ALIBABA_CLOUD_ROLE_ARN": ROLE}
POD = ROLE_ARN | {"ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER, "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/run/token"}
ECS = {"ALIBABA_CLOUD_ECS_METADATA": "node"}
NOWHERE = Path("/nowhere")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".aliyun").mkdir()
    profiles = [
        {"name": name, "mode": "AK", "access_key_id": f"LTAI{name}", "access_key_secret": "s"} for name in ("a", "b")
    ]
    (tmp_path / ".aliyun/config.json").write_text(json.dumps({"current": "a", "profiles": profiles}))
    return tmp_path


@pytest.fixture
def product(tmp_path: Path) -> Path:
    file = tmp_path / "product_name"
    file.write_text("Alibaba Cloud ECS\n")
    return file


def test_each_link_is_taken_where_those_before_it_are_missing(home: Path, product: Path) -> None:
    pairs = (ALIBABA | OSS | POD | ECS, OSS | POD | ECS)
    ids = [link.credentials.access_key_id for link in (found(each, home, product) for each in pairs)
           if isinstance(link, StaticProvider)]  # fmt: skip
    assert ids == ["LTAIalibaba", "LTAIoss"]
    assert found(POD | ECS, home, product) == Oidc(ROLE, PROVIDER, "/run/token")
    assert found(ECS, home, product) == Profile(home / ".aliyun/config.json", None)
    assert found(ECS, NOWHERE, product) == EcsRole("node")
    assert found({}, NOWHERE, product) == EcsRole(None)


def test_a_machine_that_is_no_instance_is_not_asked_for_a_role(tmp_path: Path) -> None:
    other = tmp_path / "product"
    other.write_text("Standard PC (Q35 + ICH9, 2009)\n")
    for product in (other, tmp_path / "gone"):
        with pytest.raises(CredentialsRefused, match="no credentials"):
            found({}, NOWHERE, product)


def test_an_instance_can_be_told_not_to_be_asked(product: Path) -> None:
    with pytest.raises(CredentialsRefused, match="no credentials"):
        found(ECS | {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}, NOWHERE, product)


@pytest.mark.parametrize("missing", POD)
def test_two_of_the_three_variables_of_a_pod_are_refused_by_name(missing: str, home: Path, product: Path) -> None:
    half = {name: value for name, value in POD.items() if name != missing}
    with pytest.raises(CredentialsRefused, match=f"without {missing}"):
        found(half, home, product)


def test_a_roles_arn_alone_is_no_half(home: Path, product: Path) -> None:
    assert isinstance(found(ROLE_ARN, home, product), Profile)


def test_a_profile_is_named_by_the_environment(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.ini"
    file.write_text("[b]\ntype = access_key\naccess_key_id = LTAIini\naccess_key_secret = s\n")
    named = {"ALIBABA_CLOUD_PROFILE": "b"}
    assert found(named, home, NOWHERE) == Profile(home / ".aliyun/config.json", "b")
    assert found(named | {"ALIBABA_CLOUD_CREDENTIALS_FILE": str(file)}, home, NOWHERE) == Profile(file, "b")
    with pytest.raises(CredentialsRefused, match="'c'"):
        found({"ALIBABA_CLOUD_PROFILE": "c"}, home, NOWHERE)
    with pytest.raises(CredentialsRefused, match="'b'"):
        found(named, NOWHERE, NOWHERE)


def test_what_is_found_is_opened(home: Path, product: Path) -> None:
    def opened(environment: dict[str, str], home: Path) -> object:
        return open_credentials(None, World(environment=environment, home=home, product=product))

    assert isinstance(opened(POD, home), Kept)
    assert isinstance(opened({}, home), FromProfile)
    assert isinstance(opened({}, NOWHERE), Kept)


def test_the_environment_alone_is_not_the_chain(home: Path, product: Path) -> None:
    world = World(environment=POD, home=home, product=product)
    with pytest.raises(CredentialsRefused, match="no credentials"):
        open_credentials(settings(environment={}), world)
    assert (
        open_credentials(settings(environment={}), World(environment=OSS)).get_credentials().access_key_id == "LTAIoss"
    )


def test_oidc_without_variables_says_which_setting_is_missing() -> None:
    with pytest.raises(CredentialsRefused, match="token_file nor"):
        open_credentials(settings(oidc={"role_arn": ROLE, "provider_arn": PROVIDER}), World(environment={}))


# -------------------------------------------------------------------------------------------------------- the settings


@pytest.mark.parametrize(
    ("credentials", "named"),
    [
        ("{ ecs_role: a, profile: b }", "one kind of credentials, found profile, ecs_role"),
        ("{ access_key_id: LTAIx, access_key_secret: s }", "!secret NAME"),
        ("{ profile_file: /etc/ossmend/aliyun.json }", "say which profile"),
        ("{ assume_role: { external_id: x } }", "assume_role.arn: is missing"),
        ("{ assume_role: { arn: ossmend } }", "expected a role's ARN"),
        (f"{{ assume_role: {{ arn: '{ROLE}', duration: 14m }} }}", "at least 15m"),
        (f"{{ assume_role: {{ arn: '{ROLE}', duration: 13h }} }}", "at most 12h"),
        (f"{{ assume_role: {{ arn: '{ROLE}', form: {{ ecs_role: a }} }} }}", 'did you mean "from"'),
        ("{ ecs_rolle: ossmend }", 'did you mean "ecs_role"'),
        ("{ ecs_role: 'a/b' }", "expected the name of a role"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(credentials: str, named: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_text(f"version: 1\ncloud:\n  region: cn-hangzhou\n  credentials: {credentials}\n")
    assert named in str(refused.value).replace("; ", " ")


def test_the_metadata_service_of_the_settings_is_on_this_machine() -> None:
    for wrong in ("http://100.100.100.200", "https://127.0.0.1:1", "http://metadata.example.com"):
        with pytest.raises(ConfigRefused):
            load_text(f"version: 1\ncloud: {{ region: cn-hangzhou, metadata_endpoint: '{wrong}' }}\n")
    config = load_text("version: 1\ncloud: { region: cn-hangzhou, metadata_endpoint: 'http://127.0.0.1:1' }\n")
    assert config.cloud.metadata_endpoint == "http://127.0.0.1:1"


def test_roles_are_chained_in_the_file() -> None:
    config = load_text(
        f"version: 1\ncloud:\n  region: cn-hangzhou\n  credentials:\n    assume_role:\n      arn: '{ROLE}'\n"
        f"      from: {{ assume_role: {{ arn: '{ROLE}', from: {{ ecs_role: node }} }} }}\n"
    )
    first = config.cloud.credentials
    assert first is not None
    assert first.assume_role is not None
    assert first.assume_role.base is not None
    assert first.assume_role.base.assume_role is not None
    assert first.assume_role.base.assume_role.base == settings(ecs_role="node")
