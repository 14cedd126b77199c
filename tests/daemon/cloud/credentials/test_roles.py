"""Every kind of role against its own service: over an expiry, on its bad days, and with no secret told to anybody."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from ossmend.daemon.cloud.accounts import Cloud, connect
from ossmend.daemon.cloud.credentials import NoCredentials, Provider, World, open_credentials
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.simulator.serve import Running
from tests.daemon.cloud.credentials.stubs import (
    ROLE,
    Passing,
    jwt,
    key_of,
    opened,
    renewed,
    settings,
    trust,
    trust_pods,
)
from tests.daemon.cloud.stubs import (
    BUCKET,
    Liar,
    answer,
    archived,
    control,
    liar,
    make_bucket,
    operations,
    ref,
    refused_port,
)
from tests.patience import HUNG

KINDS = ("ecs_role", "auto", "oidc", "assume_role", "profile", "chained")
LIFE = {"ecs_role": 6 * 3600.0, "auto": 6 * 3600.0}
SECRETS = ("topsecret", "thetoken", "Signature=", "external-secret")


def kind_of(name: str, sim: Running, tmp_path: Path) -> dict[str, Any]:
    """The settings of one kind, with the simulator's side of it."""
    match name:
        case "ecs_role":
            return {"ecs_role": "ossmend"}
        case "auto":
            return {"ecs_role": "auto"}
        case "oidc":
            return {"oidc": trust_pods(sim, tmp_path)}
        case "assume_role":
            return {"assume_role": {"arn": ROLE, "from": key_of(sim)}}
        case "chained":
            return {"assume_role": {"arn": ROLE, "from": {"ecs_role": "node"}}, "allow_root": False} | _node(sim)
    profile = {
        "name": "ops", "mode": "RamRoleArn", "ram_role_arn": ROLE, "ram_session_name": "night",
        "access_key_id": sim.access_key_id, "access_key_secret": sim.access_key_secret, "expired_seconds": 3600,
    }  # fmt: skip
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"current": "ops", "profiles": [profile]}))
    return {"profile": "ops", "profile_file": str(file)}


def _node(sim: Running) -> dict[str, Any]:
    control(sim, "PATCH", "instance", {"role": "node"})
    return {}


@pytest.fixture
def port(sim: Running) -> Iterator[Callable[[Provider], Cloud]]:
    """A port to the simulator that signs with these credentials."""
    made: list[Cloud] = []

    def make(credentials: Provider) -> Cloud:
        told = CloudSettings(region="cn-hangzhou", credentials=credentials, endpoint=sim.oss, rpc_endpoint=sim.rpc,
                             read_timeout=HUNG, deadline=HUNG, retry_pauses=(0.0, 0.0))  # fmt: skip
        made.append(connect(told, clock=Passing(), may_write=False))
        return made[-1]

    yield make
    for each in made:
        each.close()


def statuses(sim: Running) -> set[int]:
    return {request["status"] for request in control(sim, "GET", "requests")["requests"]}


@pytest.mark.parametrize("kind", KINDS)
def test_over_an_expiry_no_request_is_refused(
    kind: str, sim: Running, port: Callable[[Provider], Cloud], tmp_path: Path
) -> None:
    make_bucket(sim, objects={"k": {"size": 1}})
    clock = Passing()
    provider = opened(sim, clock, **kind_of(kind, sim, tmp_path))
    cloud = port(provider)
    life = LIFE.get(kind, 3600.0)
    assert cloud.view(()).reads(ref("k"))
    first = provider.get_credentials().access_key_id
    clock.both(sim, life - 300)  # near its end, and valid
    assert cloud.view(()).reads(ref("k"))
    second = renewed(provider, first)
    clock.both(sim, 600)  # the first one is over by now
    assert cloud.view(()).reads(ref("k"))
    assert cloud.caller().kind == "AssumedRoleUser"
    assert provider.get_credentials().access_key_id == second
    assert statuses(sim) == {200, 206}


@pytest.mark.parametrize("kind", KINDS)
def test_an_idle_night_ends_in_a_new_session_and_not_in_a_refusal(kind: str, sim: Running, tmp_path: Path) -> None:
    clock = Passing()
    provider = opened(sim, clock, **kind_of(kind, sim, tmp_path))
    first = provider.get_credentials().access_key_id
    clock.both(sim, 12 * 3600)
    assert provider.get_credentials().access_key_id != first
    assert statuses(sim) == {200}


def test_a_session_of_fifteen_minutes_is_not_fetched_at_every_signature(sim: Running) -> None:
    provider = opened(sim, assume_role={"arn": ROLE, "duration": "15m", "from": key_of(sim)})
    for _ in range(50):
        provider.get_credentials()
    assert operations(sim) == {"AssumeRole": 1}


def test_the_metadata_service_is_asked_in_its_second_protocol_only(sim: Running) -> None:
    control(sim, "PATCH", "instance", {"hardened": True})
    assert opened(sim, ecs_role="auto").get_credentials().access_key_id.startswith("STS.")
    assert operations(sim) == {"MetadataToken": 2, "MetadataRole": 1, "MetadataCredentials": 1}
    control(sim, "POST", "faults", {"operation": "MetadataToken", "status": 500})
    with pytest.raises(NoCredentials, match="500"):
        opened(sim, ecs_role="ossmend").get_credentials()
    assert operations(sim)["MetadataCredentials"] == 1  # no way back to the first


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_that_is_read_again_goes_on_with_its_session(kind: str, sim: Running, tmp_path: Path) -> None:
    world = World(sts=sim.rpc, metadata=sim.rpc, environment={})
    told = settings(**kind_of(kind, sim, tmp_path))
    before = open_credentials(told, world)
    first = before.get_credentials()
    control(sim, "POST", "faults", {"operation": "*", "abort": "reset"})
    after = open_credentials(told.model_copy(deep=True), world)
    assert after.get_credentials() == first
    assert before.get_credentials() == first


def test_another_external_id_is_another_session(sim: Running) -> None:
    world = World(sts=sim.rpc, environment={})
    asked = {"arn": ROLE, "from": key_of(sim)}
    several = [open_credentials(settings(assume_role=asked | {"external_id": SecretStr(each)}), world) for each in "ab"]
    assert len({each.get_credentials().access_key_id for each in several}) == 2


# ------------------------------------------------------------------------------------------------------------ bad days

FAULTS: dict[str, dict[str, Any]] = {
    "away": {"abort": "reset"},
    "half an answer": {"abort": "half"},
    "half a document": {"status": 200, "body": '{"Code": "Success", "AccessKeyId": "STS.half", "Acce'},
    "half a pair": {"status": 200, "body": '{"Code": "Success", "AccessKeyId": "STS.half"}'},
    "a page": {"status": 502, "body": "<html>bad gateway</html>"},
    "throttled": {"status": 429},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", ["ecs_role", "oidc", "assume_role"])
def test_ten_bad_minutes_of_the_service_fail_no_request(
    kind: str, fault: str, sim: Running, port: Callable[[Provider], Cloud], tmp_path: Path
) -> None:
    make_bucket(sim, objects={"k": {"size": 1}})
    clock = Passing()
    provider = opened(sim, clock, **kind_of(kind, sim, tmp_path))
    first = provider.get_credentials().access_key_id
    clock.both(sim, LIFE.get(kind, 3600.0) - 890)
    control(sim, "POST", "faults", {"operation": "Metadata*"} | FAULTS[fault])
    control(sim, "POST", "faults", {"operation": "AssumeRole*"} | FAULTS[fault])
    for _ in range(10):
        assert port(provider).view(()).reads(ref("k"))
        clock.both(sim, 60)
    assert provider.get_credentials().access_key_id == first
    control(sim, "DELETE", "faults", {})
    clock.both(sim, 60)
    renewed(provider, first)


def test_a_role_that_may_no_longer_be_assumed_is_said_once_and_taken_again(sim: Running) -> None:
    clock = Passing()
    control(sim, "PUT", "roles/ossmend", {})
    provider = opened(sim, clock, assume_role={"arn": ROLE, "from": key_of(sim)})
    first = provider.get_credentials().access_key_id
    nobody = trust({"RAM": ["acs:ram::9999999999999999:root"]})
    control(sim, "PATCH", "roles/ossmend", {"trust": nobody})
    with capture_logs() as told:
        clock.both(sim, 3700)
        for _ in range(3):
            with pytest.raises(NoCredentials, match=r"role/ossmend.*403 NoPermission"):
                provider.get_credentials()
            clock.both(sim, 10)
    assert [line["event"] for line in told] == ["credentials.refused"]
    control(sim, "PATCH", "roles/ossmend", {"trust": trust({"RAM": ["acs:ram::1234567890123456:root"]})})
    clock.both(sim, 10)
    assert provider.get_credentials().access_key_id != first


def test_a_role_that_is_deleted_ends_in_could_not_check_and_in_no_finding(
    sim: Running, port: Callable[[Provider], Cloud]
) -> None:
    make_bucket(sim, objects={"k": {"size": 1}})
    control(sim, "PUT", "roles/ossmend", {})
    cloud = port(opened(sim, assume_role={"arn": ROLE, "from": key_of(sim)}))
    assert cloud.view(()).reads(ref("k"))
    control(sim, "DELETE", "roles/ossmend", {})
    with pytest.raises(NoCredentials, match=r"EntityNotExist\.Role"):
        cloud.view(()).reads(ref("k"))


def test_the_external_id_is_what_lets_in(sim: Running) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "external-secret"}}
    control(sim, "PUT", "roles/ossmend", {"trust": trust({"RAM": ["acs:ram::1234567890123456:root"]}, condition)})
    asked = {"arn": ROLE, "from": key_of(sim)}
    good, bad = SecretStr("external-secret"), SecretStr("another")
    opened(sim, assume_role=asked | {"external_id": good}).get_credentials()
    for wrong in (asked, asked | {"external_id": bad}):
        with pytest.raises(NoCredentials, match="NoPermission"):
            opened(sim, assume_role=wrong).get_credentials()


def test_a_pods_token_is_read_at_every_renewal(sim: Running, tmp_path: Path) -> None:
    clock = Passing()
    pod = trust_pods(sim, tmp_path)
    provider = opened(sim, clock, oidc=pod)
    first = provider.get_credentials().access_key_id
    token = Path(pod["token_file"])
    token.write_text(jwt(exp=0))
    clock.both(sim, 3700)
    with pytest.raises(NoCredentials, match=r"OIDCToken\.Expired"):
        provider.get_credentials()
    token.unlink()
    clock.both(sim, 10)
    with pytest.raises(NoCredentials, match="token cannot be read"):
        provider.get_credentials()
    token.write_text(jwt())
    clock.both(sim, 10)
    assert provider.get_credentials().access_key_id != first


# ----------------------------------------------------------------------------- sessions that are over before their time


def test_a_session_that_oss_calls_over_is_renewed_and_the_question_answered(
    sim: Running, port: Callable[[Provider], Cloud]
) -> None:
    make_bucket(sim, objects={"k": {"size": 1}})
    cloud = port(opened(sim, assume_role={"arn": ROLE, "from": key_of(sim)}))
    assert cloud.view(()).reads(ref("k"))
    control(sim, "POST", "advance", {"seconds": 3700})  # and our clock has slept
    assert cloud.view(()).reads(ref("k"))
    control(sim, "POST", "advance", {"seconds": 3700})
    assert cloud.caller().kind == "AssumedRoleUser"
    assert operations(sim)["AssumeRole"] == 3


def test_a_write_that_met_the_end_of_its_session_was_not_sent_and_goes_once(sim: Running) -> None:
    make_bucket(sim, objects={"k": archived()})
    provider = opened(sim, assume_role={"arn": ROLE, "from": key_of(sim)})
    told = CloudSettings(region="cn-hangzhou", credentials=provider, endpoint=sim.oss, rpc_endpoint=sim.rpc)
    write = RestoreObject(bucket=BUCKET, key="k", days=1, storage_class="Archive", size=100, planned_on="frozen")
    cloud = connect(told, clock=Passing(), may_write=True)
    try:
        assert cloud.executor is not None
        cloud.executor.look(write)
        control(sim, "POST", "advance", {"seconds": 3700})  # and our clock has slept
        with pytest.raises(TryAgain, match="SecurityTokenExpired"):
            cloud.executor.send(write)
        assert cloud.executor.send(write).outcome == "accepted"
    finally:
        cloud.close()
    asked = control(sim, "GET", "requests")["requests"]
    assert [each["status"] for each in asked if each["operation"] == "RestoreObject"] == [403, 202]


def test_a_base_that_is_over_is_renewed_with_the_role(sim: Running) -> None:
    control(sim, "PATCH", "instance", {"role": "node"})
    clock = Passing()
    provider = opened(sim, clock, assume_role={"arn": ROLE, "from": {"ecs_role": "node"}})
    provider.get_credentials()
    control(sim, "POST", "advance", {"seconds": 7 * 3600})
    clock.passed += 3700  # the node's session seems to be valid still
    provider.get_credentials()
    assert operations(sim)["AssumeRole"] == 3


def test_a_given_session_that_is_over_stays_a_refusal(sim: Running, port: Callable[[Provider], Cloud]) -> None:
    make_bucket(sim, objects={"k": {"size": 1}})
    held = opened(sim, assume_role={"arn": ROLE, "from": key_of(sim)}).get_credentials()
    given: dict[str, Any] = {
        "access_key_id": SecretStr(held.access_key_id),
        "access_key_secret": SecretStr(held.access_key_secret),
        "security_token": SecretStr(held.security_token or ""),
    }
    cloud = port(opened(sim, **given))
    assert cloud.view(()).reads(ref("k"))
    control(sim, "POST", "advance", {"seconds": 3700})
    with pytest.raises(Refused, match="SecurityTokenExpired"):
        cloud.view(()).reads(ref("k"))


# --------------------------------------------------------------------------------------------------- secrets and wires


def asked_of(server: Liar, kind: str, tmp_path: Path) -> NoCredentials:
    token = tmp_path / "token"
    token.write_text("thetoken")
    pair = {"access_key_id": SecretStr("LTAIabcdefghijklmnop"), "access_key_secret": SecretStr("topsecret")}
    kinds: dict[str, Any] = {
        "ecs_role": {"ecs_role": "ossmend"},
        "oidc": {"oidc": {"role_arn": ROLE, "provider_arn": f"{ROLE[:-12]}oidc-provider/x", "token_file": str(token)}},
        "assume_role": {"assume_role": {"arn": ROLE, "external_id": SecretStr("external-secret"),
                                        "from": pair | {"security_token": SecretStr("thetoken")}}},
    }  # fmt: skip
    world = World(sts=server.url, metadata=server.url, environment={})
    with pytest.raises(NoCredentials) as refused:
        open_credentials(settings(**kinds[kind]), world).get_credentials()
    return refused.value


ECHO = b'{"Code":"SignatureDoesNotMatch","Message":"server string to sign is:topsecret thetoken Signature=x"}'
ODD: dict[str, bytes | str] = {
    "echoes what was signed": answer(400, ECHO),
    "has no session": answer(200, b"{}"),
    "is no JSON": answer(200, b"topsecret"),
    "is a list": answer(200, b"[]"),
    "is too deep": answer(200, b"[" * 60_000),
    "is of another kind": answer(200, b'{"Code":"Success","Credentials":7,"Expiration":7}'),
    "ends after all time": answer(200, b'{"Code":"Success","Expiration":"9999-99-99T99:99:99Z","AccessKeyId":7}'),
    "has no secret": answer(
        200, b'{"Code":"Success","Credentials":{"AccessKeyId":"STS.x","SecurityToken":"thetoken"}}'
    ),
    "is half": answer(200, b'{"Credentials"', length=500),
    "leads elsewhere": answer(302, b"", "Location: http://127.0.0.1:9/thetoken\r\n"),
    "is endless": answer(200, b"x" * 70_000),
    "breaks off": "reset",
}


@pytest.mark.parametrize("kind", ["ecs_role", "oidc", "assume_role"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_is_could_not_check_and_tells_no_secret(
    odd: str, kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEBUG", "sdk")
    with liar(ODD[odd]) as server:
        error = asked_of(server, kind, tmp_path)
    told = f"{error!r} {error.why} {capfd.readouterr()}"
    assert [secret for secret in SECRETS if secret in told] == []
    assert error.__context__ is None or not isinstance(error.__context__, OSError)


def test_proxies_and_variables_of_the_environment_change_nothing(
    sim: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, refused_port())
    monkeypatch.setenv("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/other")
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA", "other")
    monkeypatch.setenv("ALIBABA_CLOUD_ROLE_SESSION_NAME", "other")
    for kind in ("ecs_role", "auto", "assume_role"):
        opened(sim, **kind_of(kind, sim, tmp_path)).get_credentials()
    assert "other" not in {key.owner.role for key in sim.do(lambda cloud: list(cloud.identity.keys.values()))}


def test_the_library_has_no_voice_of_its_own(sim: Running, capfd: pytest.CaptureFixture[str]) -> None:
    opened(sim, ecs_role="ossmend").get_credentials()
    for name in ("credentials", "alibabacloud-tea"):
        logging.getLogger(name).error("topsecret")
    assert "topsecret" not in "".join(capfd.readouterr())
