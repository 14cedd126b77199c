"""Whose credentials are used: the configured ones, whole, and nobody else's from the environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ossmend.config.load import load
from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.credentials import Credentials, from_environment, static
from ossmend.daemon.cloud.settings import CloudSettings, EndpointRefused, cloud_settings
from ossmend.daemon.host.stops import CredentialsRefused
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import BUCKET, answer, control, liar, make_bucket, operations, ref

ALIBABA = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIalibaba", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s1"}
OSS = {"OSS_ACCESS_KEY_ID": "LTAIoss", "OSS_ACCESS_KEY_SECRET": "s2"}
ALIYUN = {"ALIYUN_ACCESS_KEY_ID": "LTAIaliyun", "ALIYUN_ACCESS_KEY_SECRET": "s3"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (ALIBABA, Credentials("LTAIalibaba", "s1")),
        (OSS, Credentials("LTAIoss", "s2")),
        (OSS | ALIBABA, Credentials("LTAIalibaba", "s1")),
        (OSS | {"OSS_SESSION_TOKEN": "t"}, Credentials("LTAIoss", "s2", "t")),
        (ALIBABA | {"ALIBABA_CLOUD_SECURITY_TOKEN": "t"} | ALIYUN, Credentials("LTAIalibaba", "s1", "t")),
        (OSS | {"ALIBABA_CLOUD_ACCESS_KEY_ID": "", "OSS_SESSION_TOKEN": ""}, Credentials("LTAIoss", "s2")),
    ],
)
def test_the_first_family_that_is_set_is_taken_whole(environment: dict[str, str], expected: Credentials) -> None:
    assert from_environment(environment).get_credentials() == expected


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        (ALIYUN, "no credentials"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIx"}, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "x"}, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        ({"ALIBABA_CLOUD_SECURITY_TOKEN": "x"}, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIx"} | OSS, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        ({"OSS_ACCESS_KEY_ID": "LTAIx"}, "OSS_ACCESS_KEY_SECRET"),
        ({"OSS_ACCESS_KEY_ID": "LTAIx ", "OSS_ACCESS_KEY_SECRET": "s"}, "blank"),
        ({"OSS_ACCESS_KEY_ID": "LTAIx", "OSS_ACCESS_KEY_SECRET": "s\n"}, "blank"),
    ],
)
def test_half_a_pair_is_refused_by_name(environment: dict[str, str], named: str) -> None:
    with pytest.raises(CredentialsRefused, match=named) as refused:
        from_environment(environment)
    assert "s\n" not in str(refused.value)


def test_a_secret_is_in_no_representation() -> None:
    provider = static("LTAIx", "topsecret", "toptoken")
    settings = CloudSettings(region="cn-hangzhou", credentials=provider)
    assert "top" not in f"{provider!r} {settings!r} {provider.credentials}"


def test_aliyun_variables_and_proxies_of_the_environment_change_nothing(
    sim: Running, open_port: Callable[..., Cloud], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login netrcuser password netrcsecret\n")
    (tmp_path / ".netrc").chmod(0o600)
    for name, value in ALIYUN.items():
        monkeypatch.setenv(name, value)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DEBUG", "sdk")
    make_bucket(sim, objects={"k": {"size": 1}})
    cloud = open_port(sim.oss, key=(sim.access_key_id, sim.access_key_secret))
    assert cloud.view(()).reads(ref("k"))
    assert cloud.view(()).account_id() == cloud.caller().account_id
    assert cloud.view(()).preflight(BUCKET, "k", "https://a.example", "GET", ()).status == 403
    used = {request["access_key_id"] for request in control(sim, "GET", "requests")["requests"]}
    assert used == {sim.access_key_id, None}


def test_the_core_sdk_logs_and_prints_nothing(
    open_port: Callable[..., Cloud], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    with liar(answer(403, b'{"Code":"NoPermission","Message":"no"}')) as server:
        cloud = open_port(server.url, key=("LTAIabcdefghijklmnop", "s"), token="secrettoken")
        with pytest.raises(Exception, match="NoPermission"):
            cloud.caller()
    told = "".join(capfd.readouterr())
    assert "Signature" not in told
    assert "secrettoken" not in told


def test_a_temporary_key_signs_both_kinds_of_request_with_its_token(open_port: Callable[..., Cloud]) -> None:
    identity = b'{"AccountId":"1","Arn":"acs:ram::1:user/a","IdentityType":"RAMUser"}'
    with liar(answer(200, b""), answer(200, identity)) as server:
        cloud = open_port(server.url, key=("STS.abc", "s"), token="thetoken")
        cloud.view(()).object(ref("k"))
        assert not cloud.caller().is_root
        head, call = server.heads
        assert "x-oss-security-token: thetoken" in head
        assert "SecurityToken=thetoken" in call
        assert call.startswith("POST /?")


@pytest.mark.parametrize(
    "url",
    ["http://oss-cn-hangzhou.aliyuncs.com", "oss-cn-hangzhou.aliyuncs.com", "https://h/path", "https://u:p@h", "ftp://h",
     "https://[::1]:80", "https://h?x=1", "http://127.0.0.1.example.com"],
)  # fmt: skip
def test_an_endpoint_that_must_not_get_signed_requests_is_refused(url: str) -> None:
    with pytest.raises(EndpointRefused):
        CloudSettings(region="cn-hangzhou", credentials=static("a", "b"), endpoint=url)
    with pytest.raises(EndpointRefused):
        CloudSettings(region="cn-hangzhou", credentials=static("a", "b"), rpc_endpoint=url)


def test_the_region_names_the_endpoint() -> None:
    settings = CloudSettings(region="oss-cn-beijing", credentials=static("a", "b"))
    assert (settings.oss_url, settings.bare_region) == ("https://oss-cn-beijing.aliyuncs.com", "cn-beijing")


def test_our_requests_carry_the_mark_and_are_remembered(sim: Running, open_port: Callable[..., Cloud]) -> None:
    make_bucket(sim, objects={"k": {"size": 1}})
    cloud = open_port(sim.oss, key=(sim.access_key_id, sim.access_key_secret))
    cloud.view(()).reads(ref("k"))
    cloud.view(()).preflight(BUCKET, None, "https://a.example", "GET", ())
    cloud.caller()
    seen = control(sim, "GET", "requests")["requests"]
    assert operations(sim) == {"GetObject": 1, "OptionObject": 1, "GetCallerIdentity": 1}
    assert all("ossmend/" in request["user_agent"] for request in seen)
    assert all(cloud.is_own_request(request["request_id"]) for request in seen)
    assert not cloud.is_own_request("66F10B88AAAAAAAAAAAAAAAA")


def test_a_configuration_says_where_and_how_patiently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "id").write_text("LTAIgiven\n")
    (secrets / "secret").write_text("s4")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secrets))
    file = tmp_path / "ossmend.yaml"
    file.write_text(
        "version: 1\n"
        "cloud: { region: cn-hangzhou, endpoint: 'http://127.0.0.1:9300', read_timeout: 3s,\n"
        "  deadline: 9s, concurrency: 7,\n"
        "  credentials: { access_key_id: !secret id, access_key_secret: !secret secret } }\n"
        "clock: { ntp_servers: ['127.0.0.1:123'] }\n"
        "sources: [ { app_log: { path: /var/log/app.log } } ]\n"
        "policies: [ { name: keys, on: InvalidAccessKeyId } ]\n"
    )
    settings = cloud_settings(load(file))
    assert settings.credentials.get_credentials() == Credentials("LTAIgiven", "s4")
    assert (settings.oss_url, settings.rpc_endpoint) == ("http://127.0.0.1:9300", None)
    assert (settings.connect_timeout, settings.read_timeout, settings.deadline, settings.concurrency) == (
        5.0,
        3.0,
        9.0,
        7,
    )
    assert settings.ntp_servers == ("127.0.0.1:123",)
