"""OSS's log in the log service: a refusal is found within minutes, repaired once, and read with two rights alone."""

from __future__ import annotations

from typing import Any

import oss2
import pytest
import requests

from tests.journeys.conftest import Daemon, World
from tests.journeys.test_access_log import refused
from tests.journeys.test_restore import POLICY, archive, refusal
from tests.patience import HUNG

LOG = "sources: [ { sls: { start: beginning } } ]"
READS = {"log:ListShards", "log:GetCursorOrData"}


def control(world: World, method: str, path: str, body: dict[str, Any]) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, f"{world.simulator.control}/{path}", json=body, timeout=HUNG)
    assert answer.ok, answer.text
    return answer.json()


def logged(
    world: World, daemon: Daemon, name: str, keys: list[str], policies: str = POLICY, log: str = LOG
) -> oss2.Bucket:
    """An archive whose requests are in the log service, which the daemon reads."""
    bucket = archive(world, name, keys)
    control(world, "PUT", f"buckets/{name}", {"real_time_log": True})
    daemon.configure(policies)
    text = daemon.config.read_text(encoding="utf-8")
    lines = [log if line.startswith("sources:") else line for line in text.splitlines()]
    daemon.config.write_text("\n".join(lines), encoding="utf-8")
    return bucket


@pytest.mark.parametrize("log", [LOG, "sources: [ { sls: { start: beginning, filter: ossmend } } ]"])
def test_refusals_in_the_log_service_are_restored_once_and_not_again_by_the_next_pass(
    world: World, daemon: Daemon, log: str
) -> None:
    keys = ["a b/ü+%.csv", "c"]
    bucket = logged(world, daemon, "reports-logged", keys, log=log)
    for _ in range(5):
        for key in keys:
            refused(bucket, key)
    status, told = daemon.command("once")
    assert (status, sorted(case["events"] for case in told["cases"])) == (0, [5, 5])
    assert sorted(each["key"] for each in world.requests("RestoreObject")) == sorted(keys)
    daemon.command("once")
    assert len(world.requests("RestoreObject")) == 2
    assert len(daemon.cases()) == 2


def test_an_audit_reads_what_is_kept_and_sends_nothing(world: World, daemon: Daemon) -> None:
    bucket = logged(world, daemon, "reports-audited", ["c"], log="sources: [ { sls: {} } ]")
    refused(bucket, "c")
    _, report = daemon.command("audit", "--since", "1h")
    assert [case["subject"] for case in report["cases"]] == ["oss://reports-audited/c"]
    assert world.requests("RestoreObject") == []
    assert {each["operation"] for each in world.requests() if each["service"] == "sls"} == {
        "ListShards", "GetCursor", "PullLogs",
    }  # fmt: skip


def test_an_audit_that_reaches_back_further_than_the_log_is_kept_says_so(world: World, daemon: Daemon) -> None:
    logged(world, daemon, "reports-long", ["c"], log="sources: [ { sls: {} } ]")
    said = "sls:oss-log-* may not reach back to --since 30d: the log service keeps 7 days of it"
    assert said in daemon.refused("audit", "--since", "30d")[1]
    assert said not in daemon.refused("audit", "--since", "7d")[1]


def test_where_it_is_switched_on_for_no_bucket_that_is_said_and_the_rest_goes_on(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-off", ["c"])
    both = f"[ {{ sls: {{ start: beginning }} }}, {{ app_log: {{ path: '{daemon.log}', start: beginning }} }} ]"
    daemon.configure(POLICY, sources=both)
    daemon.log.write_text(refusal(bucket, "c"), encoding="utf-8")
    status, told = daemon.command("once")
    assert status == 1
    assert [each for each in told["not_read"] if "ProjectNotExist" in str(each)]
    assert len(world.requests("RestoreObject")) == 1


def test_check_says_that_it_is_switched_on_for_no_bucket_even_to_a_key_that_may_do_everything(
    world: World, daemon: Daemon
) -> None:
    daemon.configure(POLICY, sources="[ { sls: { start: beginning } } ]")
    status, told = daemon.command("check", "--live")
    assert status == 1
    (line, _) = [each for each in told["live"] if each["ok"] is False]
    assert line["found"].startswith("ListShards: ProjectNotExist: real-time log query is on for no bucket")
    logged(world, daemon, "reports-there", ["c"])
    assert daemon.command("check", "--live")[0] == 0


@pytest.mark.parametrize(
    ("sls", "why"),
    [
        (
            "region: cn-beijing, project: oss-log-1234567890123456-cn-hangzhou",
            "the project is of another region than the source says, or the secret is wrong",
        ),
        ("endpoint: 'http://127.0.0.1:9'", "no answer"),
    ],
)
def test_check_says_of_a_log_that_is_there_what_keeps_it_from_being_read(
    world: World, daemon: Daemon, sls: str, why: str
) -> None:
    logged(world, daemon, "reports-elsewhere", ["c"], log=f"sources: [ {{ sls: {{ {sls} }} }} ]")
    status, told = daemon.command("check", "--live")
    assert status == 1
    (line,) = [each for each in told["live"] if each["ok"] is False]
    assert line["what"].startswith("source sls:")
    assert why in line["found"]


def test_check_says_that_the_log_of_an_account_that_is_overdue_is_away(world: World, daemon: Daemon) -> None:
    logged(world, daemon, "reports-overdue", ["c"])
    control(world, "PATCH", "account", {"status": "overdue"})
    _, told = daemon.command("check", "--live")
    (line,) = [each for each in told["live"] if each["what"].startswith("source ")]
    assert line["ok"] is False
    assert line["found"].startswith("cannot be read: ListShards: ProjectForbidden")
    assert line["found"].endswith("(the account may be overdue)")


def test_the_daemons_own_refused_requests_make_no_case(world: World, daemon: Daemon) -> None:
    bucket = logged(world, daemon, "reports-own", ["c"])
    refused(bucket, "c")
    daemon.command("once")
    assert any("ossmend/" in each["user_agent"] for each in world.requests() if each["bucket"] == "reports-own")
    before = daemon.cases()
    daemon.command("once")
    after = daemon.cases()
    assert [case["events"] for case in before] == [case["events"] for case in after] == [1]


def test_what_only_an_application_tells_is_written_once_osss_own_log_tells_it_too(world: World, daemon: Daemon) -> None:
    bucket = archive(world, "reports-witness", ["c"])
    app = f"{{ app_log: {{ path: '{daemon.log}', start: beginning, confirm: access_log }} }}"
    daemon.configure(POLICY, sources=f"[ {app}, {{ sls: {{ start: beginning }} }} ]")
    daemon.log.write_text(refusal(bucket, "c"), encoding="utf-8")
    daemon.command("once")
    assert world.requests("RestoreObject") == []
    control(world, "PUT", "buckets/reports-witness", {"real_time_log": True})
    refused(bucket, "c")
    daemon.command("once")
    assert [each["key"] for each in world.requests("RestoreObject")] == ["c"]


@pytest.mark.parametrize("missing", [None, *sorted(READS)])
def test_the_rights_that_ram_policy_prints_are_enough_and_each_of_them_is_missed(
    world: World, daemon: Daemon, missing: str | None
) -> None:
    bucket = logged(world, daemon, "reports-rights", ["c"])
    refused(bucket, "c")
    _, made = daemon.command("ram-policy")
    (account,) = made["accounts"]
    (policy,) = account["documents"]
    asked = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert asked >= READS
    for statement in policy["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != missing]
    policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
    control(world, "PUT", "users/ossmend", {"policy": policy})
    key = control(world, "POST", "keys", {"user": "ossmend"})
    daemon.key = (key["id"], key["secret"])
    status, report = daemon.command("check", "--live")
    assert {each["action"] for each in report["missing"]} == ({missing} if missing else set())
    assert status == (1 if missing else 0)
    daemon.command("once")
    assert len(world.requests("RestoreObject")) == (0 if missing else 1)


def test_a_preflights_origin_is_known_where_the_account_has_it_logged(world: World, daemon: Daemon) -> None:
    rule = "{ app: { allowed_origins: ['https://app.example'], allowed_methods: [PUT] } }"
    cors = "  - { name: cors, on: AccessForbidden, match: { bucket: 'web-*' }, mode: enforce, cors: { rule: app } }"
    daemon.configure(cors, sources="[ { sls: { start: beginning } } ]", cors_rules=rule)
    bucket = world.bucket("web-logged", create=True)
    headers = ["origin", "access-control-request-method", "access-control-request-headers"]
    control(world, "PUT", "buckets/web-logged", {"real_time_log": True})
    names = "".join(f"<header>{name}</header>" for name in headers)
    wanted = f"<UserDefinedLogFieldsConfiguration><HeaderSet>{names}</HeaderSet></UserDefinedLogFieldsConfiguration>"
    bucket._do("PUT", "web-logged", "", params={"userDefinedLogFieldsConfig": ""}, data=wanted)
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.options(f"{world.simulator.oss}/web-logged/k", headers=asked, timeout=HUNG)
    assert answer.status_code == 403
    _, told = daemon.command("once")
    assert [case["cause"] for case in told["cases"]] == ["cors-not-enabled"]
    (rule,) = bucket.get_bucket_cors().rules
    assert (rule.allowed_origins, rule.allowed_methods) == (["https://app.example"], ["PUT"])


def test_what_came_while_a_shard_was_split_is_found(world: World, daemon: Daemon) -> None:
    keys = [f"{number}.csv" for number in range(12)]
    bucket = logged(world, daemon, "reports-split", keys)
    for key in keys[:6]:
        refused(bucket, key)
    daemon.command("once")
    control(world, "POST", "real-time-log/split", {"shard": 0})
    for key in keys[6:]:
        refused(bucket, key)
    daemon.command("once")
    assert sorted(each["key"] for each in world.requests("RestoreObject")) == sorted(keys)


def test_rows_that_come_late_and_twice_count_once(world: World, daemon: Daemon) -> None:
    bucket = logged(world, daemon, "reports-late", ["c"])
    refused(bucket, "c")
    control(world, "POST", "real-time-log/repeat", {})
    _, told = daemon.command("once")
    assert [case["events"] for case in told["cases"]] == [1]


def test_a_gap_in_what_is_kept_is_in_the_log(world: World, daemon: Daemon) -> None:
    bucket = logged(world, daemon, "reports-gap", ["a", "b"])
    refused(bucket, "a")
    daemon.command("once")
    refused(bucket, "b")
    control(world, "POST", "real-time-log/forget", {})
    refused(bucket, "b")
    done = daemon.refused("once")
    assert "source.complaint" in done[1] or "is gone" in done[1]


@pytest.mark.parametrize("fault", [{"status": 503}, {"abort": "reset"}])
def test_a_log_service_in_trouble_loses_nothing(world: World, daemon: Daemon, fault: dict[str, Any]) -> None:
    bucket = logged(world, daemon, "reports-weather", ["c"])
    refused(bucket, "c")
    control(world, "POST", "faults", {"operation": "PullLogs", "times": 20, **fault})
    daemon.command("once")
    assert world.requests("RestoreObject") == []
    control(world, "DELETE", "faults", {})
    daemon.command("once")
    assert len(world.requests("RestoreObject")) == 1
