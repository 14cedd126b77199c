"""Sessions end while restores are under way, services are away, roles are taken: no case fails, no write goes twice."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.cloud.credentials.stubs import ROLE, trust, trust_pods
from tests.daemon.cloud.stubs import control
from tests.journeys.conftest import Daemon, World, until
from tests.journeys.test_restore import POLICY, archive, refusal

SPEED = 300.0
"""A session of 15 minutes lives for 3 s, a restore takes 8 s: it sees three of them."""
SESSION, RESTORE = 900.0, 2400.0
WELL, NOT_WELL = 0, 1
KEYS = [f"2024/{number}.csv" for number in range(20)]
NOBODY = trust({"RAM": ["acs:ram::9999999999999999:root"]})
ANYBODY = trust({"RAM": ["acs:ram::1234567890123456:root"]})
ALLOWED, REFUSED = (f"credentials: {{ allow_root: {said} }}" for said in ("true", "false"))


def kind_of(name: str, world: World, tmp_path: Path) -> str:
    """The `credentials:` of one kind, whose sessions live for 15 minutes."""
    sim = world.simulator
    role = {"arn": ROLE, "duration": "15m"}
    match name:
        case "ecs_role":
            control(sim, "PATCH", "instance", {"session_seconds": SESSION})
            return json.dumps({"ecs_role": "auto"})
        case "oidc":
            return json.dumps({"oidc": trust_pods(sim, tmp_path) | {"duration": "15m"}})
        case "chained":
            control(sim, "PATCH", "instance", {"session_seconds": SESSION, "role": "node"})
            return json.dumps({"assume_role": role | {"from": {"ecs_role": "node"}}})
        case "profile":
            file = tmp_path / "aliyun.json"
            pair = {"access_key_id": sim.access_key_id, "access_key_secret": sim.access_key_secret}
            ops = {"name": "ops", "mode": "RamRoleArn", "ram_role_arn": ROLE, "expired_seconds": 900} | pair
            file.write_text(json.dumps({"current": "ops", "profiles": [ops]}))
            return json.dumps({"profile": "ops", "profile_file": str(file)})
    return json.dumps({"assume_role": role})


def begin(world: World, daemon: Daemon, credentials: str) -> None:
    """A daemon with these credentials, and twenty objects that it restores."""
    sim = world.simulator
    control(sim, "PATCH", "clock", {"speed": SPEED})
    control(sim, "PATCH", "restore-durations", {"Archive": RESTORE})
    use(world, daemon, credentials)
    bucket = archive(world, "reports-night", KEYS)
    daemon.log.write_text("".join(refusal(bucket, key) for key in KEYS), encoding="utf-8")
    daemon.start()


def use(world: World, daemon: Daemon, credentials: str) -> None:
    daemon.configure(POLICY)
    text = daemon.config.read_text(encoding="utf-8")
    said = f"credentials: {credentials}\n  metadata_endpoint: {world.simulator.rpc}"
    assert ALLOWED in text
    daemon.config.write_text(text.replace(ALLOWED, said), encoding="utf-8")


def own(world: World) -> list[dict[str, Any]]:
    """The daemon's own requests, with those for its credentials."""
    return [each for each in world.requests() if "ossmend/" in (each["user_agent"] or "")]


def all_verified(daemon: Daemon) -> bool:
    cases = daemon.cases()
    return len(cases) == len(KEYS) and {case["state"] for case in cases} <= {"watching", "closed"}


def each_sent_once(world: World) -> bool:
    return Counter(each["key"] for each in world.requests("RestoreObject")) == dict.fromkeys(KEYS, 1)


def told(daemon: Daemon) -> list[str]:
    """What the log says of credentials, beyond that all is well."""
    lines = [json.loads(line) for line in daemon.trace.read_text(encoding="utf-8").splitlines()]
    return [line["event"] for line in lines if line["event"].startswith("credentials.") and line["level"] != "debug"]


@pytest.mark.parametrize("kind", ["ecs_role", "oidc", "assume_role", "profile", "chained"])
def test_sessions_end_in_the_middle_of_a_restore_and_no_case_fails(
    kind: str, world: World, daemon: Daemon, tmp_path: Path
) -> None:
    begin(world, daemon, kind_of(kind, world, tmp_path))
    until("all verified", lambda: all_verified(daemon))
    assert daemon.stop() == 0
    assert each_sent_once(world)
    asked = own(world)
    sessions = {
        each["access_key_id"] for each in asked if each["operation"] in ("RestoreObject", "ListObjectsV2", "GetObject")
    }
    assert len(sessions) >= 2
    assert all(key_id.startswith("STS.") for key_id in sessions)
    assert [each for each in asked if each["status"] in (400, 401) or each["code"] == "SecurityTokenExpired"] == []
    assert told(daemon) == []
    secrets = world.simulator.do(
        lambda cloud: [text for key in cloud.identity.keys.values() for text in (key.secret, key.token)]
    )
    log = daemon.trace.read_text(encoding="utf-8")
    assert [secret for secret in secrets if secret and secret in log] == []


def away(world: World) -> Callable[[], None]:
    control(world.simulator, "POST", "faults", {"operation": "AssumeRole", "abort": "reset"})
    return lambda: control(world.simulator, "DELETE", "faults", {})


def taken(world: World) -> Callable[[], None]:
    control(world.simulator, "PATCH", "roles/ossmend", {"trust": NOBODY})
    return lambda: control(world.simulator, "PATCH", "roles/ossmend", {"trust": ANYBODY})


@pytest.mark.parametrize(("trouble", "event"), [(away, "credentials.unreachable"), (taken, "credentials.refused")])
def test_with_no_session_left_cases_wait_and_nobody_is_accused(
    trouble: Callable[[World], Callable[[], None]], event: str, world: World, daemon: Daemon, tmp_path: Path
) -> None:
    control(world.simulator, "PUT", "roles/ossmend", {})
    begin(world, daemon, kind_of("assume_role", world, tmp_path))
    until("restores are under way", lambda: len(world.requests("RestoreObject")) == len(KEYS))
    mend = trouble(world)
    until("nothing valid is left", lambda: any("could not check yet" in case["why"] for case in daemon.cases()))
    waiting = daemon.cases()
    assert {case["state"] for case in waiting} <= {"waiting", "watching", "closed"}
    until("it is not well", lambda: daemon.command("status")[0] == NOT_WELL)
    assert any("no valid credentials (assume_role" in each for each in daemon.command("status")[1]["troubles"])
    mend()
    until("all verified", lambda: all_verified(daemon))
    until("it is well again", lambda: daemon.command("status")[0] == WELL)
    assert daemon.stop() == 0
    assert each_sent_once(world)
    assert told(daemon).count(event) == 1
    assert told(daemon)[-1] == "credentials.renewed"


def test_a_role_that_cannot_be_assumed_is_told_before_there_is_anything_to_do(
    world: World, daemon: Daemon, tmp_path: Path
) -> None:
    control(world.simulator, "PUT", "roles/ossmend", {})
    mend = taken(world)
    use(world, daemon, kind_of("assume_role", world, tmp_path))
    daemon.start()
    until("it is not well", lambda: daemon.command("status")[0] == NOT_WELL)
    mend()
    until("it is well again", lambda: daemon.command("status")[0] == WELL)
    assert daemon.stop() == 0
    assert told(daemon) == ["credentials.refused", "credentials.renewed"]


def test_a_key_of_the_account_itself_is_refused_unless_it_is_allowed(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    allowed = daemon.config.read_text(encoding="utf-8")
    daemon.config.write_text(allowed.replace(ALLOWED, REFUSED), encoding="utf-8")
    for command in ("run", "once"):
        status, said = daemon.refused(command)
        assert status == 78
        assert ":root: a key of the account itself" in said
        assert "allow_root: true" in said
    status, live = daemon.command("check", "--live")
    assert status == 1
    assert [line["ok"] for line in live["live"] if line["what"] == "credentials"] == [False]
    for accepted in (allowed, allowed.replace(ALLOWED, "")):
        daemon.config.write_text(accepted, encoding="utf-8")
        assert daemon.command("check", "--live")[1]["live"][0]["ok"], "a cloud on this machine is the simulator"


def test_a_reload_to_a_key_of_the_account_itself_is_kept_out(world: World, daemon: Daemon) -> None:
    daemon.configure(POLICY)
    allowed = daemon.config.read_text(encoding="utf-8")
    daemon.start()
    daemon.config.write_text(allowed.replace(ALLOWED, REFUSED), encoding="utf-8")
    daemon.signal(signal.SIGHUP)
    until("the old one is kept", lambda: "config.kept" in daemon.trace.read_text(encoding="utf-8"))
    assert daemon.stop() == 0


def test_a_reload_that_a_half_profile_refuses_is_told_though_the_file_has_not_changed(
    world: World, daemon: Daemon, tmp_path: Path
) -> None:
    use(world, daemon, kind_of("profile", world, tmp_path))
    profile = tmp_path / "aliyun.json"
    whole = profile.read_text()
    daemon.start()
    assert daemon.command("status")[0] == WELL
    profile.write_text(whole.replace('"access_key_secret"', '"no_secret"'))
    daemon.signal(signal.SIGHUP)
    until("it is kept out", lambda: "config.kept" in daemon.trace.read_text(encoding="utf-8"))
    code, found = daemon.command("status")
    assert code == NOT_WELL
    assert "access_key_id without access_key_secret; it needs both" in found["configuration"]["kept_out"]
    profile.write_text(whole)
    daemon.signal(signal.SIGHUP)
    until("it is well again", lambda: daemon.command("status")[0] == WELL)
    assert daemon.stop() == 0


def test_an_identity_that_cannot_be_asked_is_said_and_keeps_nobody_from_starting(world: World, daemon: Daemon) -> None:
    control(world.simulator, "POST", "faults", {"operation": "GetCallerIdentity", "abort": "reset"})
    daemon.configure(POLICY)
    text = daemon.config.read_text(encoding="utf-8")
    daemon.config.write_text(text.replace(ALLOWED, REFUSED), encoding="utf-8")
    daemon.start()
    assert daemon.stop() == 0
    assert told(daemon) == ["credentials.caller-unknown"]
