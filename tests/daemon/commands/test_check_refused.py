"""`check --live` with credentials that the cloud refuses: the cause and the next step, and never a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ossmend.daemon.cloud.credentials import static
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.commands import check_live, check_refused
from ossmend.remediators.contract.values import ClockReading, ClockSample
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import control
from tests.daemon.commands.test_main import run
from tests.daemon.commands.test_ram_policy import configured, key, reading

KEY_ID, SECRET = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
WRONG = "wrongwrongwrongwrongwrong12345"


@pytest.fixture
def sim() -> Iterator[Running]:
    with running_simulator(speed=0.0) as running:
        yield running


def credentials_line(tmp_path: Path, sim: Running, environment: dict[str, str]) -> dict[str, Any]:
    config = configured(tmp_path, sim)
    status, told, said = run("check", "--live", "--json", "--config", config, environment=environment)
    assert status == 1
    assert environment[SECRET] not in told + said
    assert environment[KEY_ID] not in told + said
    (line,) = [each for each in json.loads(told)["live"] if each["what"] == "credentials"]
    found: dict[str, Any] = line
    return found


def test_a_wrong_secret_is_named_with_what_to_do(tmp_path: Path, sim: Running) -> None:
    line = credentials_line(tmp_path, sim, {**key(sim, reading()), SECRET: WRONG})
    assert (line["ok"], line["cause"]) == (False, "wrong-secret")
    assert line["found"].startswith("refused: SignatureDoesNotMatch (key LTAI****")
    assert "The secret at this client is wrong" in line["found"]
    assert "Paste the secret again" in line["found"]
    assert "string to sign" not in line["found"]


def test_a_key_that_nobody_knows_is_named_with_what_to_do(tmp_path: Path, sim: Running) -> None:
    line = credentials_line(tmp_path, sim, {KEY_ID: "LTAI5tNobodyNobodyNobody", SECRET: WRONG})
    assert line["cause"] == "key-not-of-this-account"
    assert "Compare the key id with the one that was issued" in line["found"]
    line = credentials_line(tmp_path, sim, {KEY_ID: "STS.NobodyNobodyNobodyNobody", SECRET: WRONG})
    assert line["cause"] == "key-temporary"


def test_a_disabled_key_is_named_and_its_owner_is_to_be_asked(tmp_path: Path, sim: Running) -> None:
    control(sim, "PUT", "users/daemon", {"policy": reading()})
    made = control(sim, "POST", "keys", {"user": "daemon", "status": "Inactive"})
    line = credentials_line(tmp_path, sim, {KEY_ID: made["id"], SECRET: made["secret"]})
    assert line["cause"] == "key-disabled"
    assert "Ask its owner why it was disabled" in line["found"]


def test_a_wrong_clock_is_named_in_both_lines_and_not_the_key(tmp_path: Path, sim: Running) -> None:
    environment = key(sim, reading())
    control(sim, "PUT", "clock", {"offset_seconds": 3600})
    _, told, _ = run("check", "--live", "--config", configured(tmp_path, sim), environment=environment)
    for what in ("BAD credentials: refused: InvalidTimeStamp.Expired", "BAD clock: server minus ours is between +3"):
        (line,) = [each for each in told.splitlines() if what in each]
        assert "The clock of this host is wrong. Let this host keep time by NTP" in line


@pytest.mark.parametrize(
    ("code", "cause", "said"),
    [
        ("InvalidSecurityToken.Expired", "token-expired", "Refresh the temporary credentials"),
        ("SecurityTokenExpired", "token-expired", "Refresh the temporary credentials"),
        ("InvalidSecurityToken.MismatchWithAccessKey", "token-mismatch", "of one and the same answer"),
        ("MissingSecurityToken", "key-temporary", "Get new temporary credentials"),
    ],
)
def test_temporary_credentials_have_causes_of_their_own(code: str, cause: str, said: str) -> None:
    refused = Refused("GetCallerIdentity", code, "as it came", "1-2-3", 400)
    told = check_refused.told(refused, static("STS.NobodyNobody1234", WRONG, "token"))
    assert told["cause"] == cause
    assert told["found"].startswith(f"refused: {code} (key STS.****1234): ")
    assert said in told["found"]


def test_every_cause_that_is_named_here_is_in_the_catalogue() -> None:
    assert all(check_refused.meaning(cause) for cause in check_refused.CAUSES.values())


def test_a_code_with_several_causes_names_none_and_says_where_they_are_told() -> None:
    refused = Refused("GetCallerIdentity", "UserDisable", "as it came", None, 403)
    told = check_refused.told(refused, static("LTAI5tNobodyNobody", WRONG))
    assert told["cause"] is None
    assert told["found"].endswith("as it came; `ossmend explain UserDisable` says what may be behind it")


def test_what_nobody_knows_is_told_as_it_came_and_no_answer_is_no_refusal() -> None:
    refused = Refused("GetCallerIdentity", "Brand.New", "as it came", None, 400)
    assert check_refused.told(refused, static("LTAI5tNobodyNobody", WRONG)) == {
        "found": "refused: Brand.New (key LTAI****body) as it came", "cause": None,
    }  # fmt: skip
    told = check_refused.told(TryAgain("GetCallerIdentity: timed out"), static("LTAI5tNobodyNobody", WRONG))
    assert told == {"found": "no answer: GetCallerIdentity: timed out", "cause": None}


@pytest.mark.parametrize(
    ("endpoint", "ok"),
    [
        ("https://oss-cn-shanghai.aliyuncs.com", False),
        ("https://oss-cn-shanghai-internal.aliyuncs.com", False),
        ("https://oss-cn-hangzhou-internal.aliyuncs.com", True),
        ("https://oss-accelerate.aliyuncs.com", True),
        ("https://oss.example.com", True),
        (None, True),
    ],
)
def test_an_endpoint_of_another_region_than_the_configured_one_is_told(endpoint: str | None, *, ok: bool) -> None:
    settings = CloudSettings(region="cn-hangzhou", credentials=static("LTAI5tNobodyNobody", WRONG), endpoint=endpoint)
    line = check_live._endpoint(settings, ClockReading((ClockSample("oss", 0.0, 0.1),), ()))
    assert line["ok"] is ok
    assert ("Set region to cn-shanghai" in line["found"]) is not ok
