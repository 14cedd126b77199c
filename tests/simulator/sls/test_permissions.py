"""Who may read the log: users, roles' sessions, explicit Deny, other accounts, and accounts that are overdue."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.sls.log_client import ACCOUNT, PROJECT, STORE, NotRefused, client, control, refusal

STORE_ARN = f"acs:log:cn-hangzhou:{ACCOUNT}:project/{PROJECT}/logstore/{STORE}"
GROUP_ARN = f"{STORE_ARN}/consumergroup/g"
OTHER = "2222222222222222"


def user(sim: Running, *statements: dict[str, Any]) -> Any:
    """A client of a new user who may do that much."""
    control(sim, "PUT", "users/reader", {"policy": {"Version": "1", "Statement": list(statements)}})
    key = control(sim, "POST", "keys", {"user": "reader"})
    return client(sim, (key["id"], key["secret"]))


def allow(*actions: str, resource: str = "*", effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": list(actions), "Resource": resource}


CALLS: list[tuple[str, str, str, Callable[[Any], Any]]] = [
    ("ListShards", "log:ListShards", STORE_ARN, lambda c: c.list_shards(PROJECT, STORE)),
    ("GetCursor", "log:GetCursorOrData", STORE_ARN, lambda c: c.get_cursor(PROJECT, STORE, 0, "begin")),
    ("PullLogs", "log:GetCursorOrData", STORE_ARN, lambda c: c.pull_logs(PROJECT, STORE, 0, "MA==")),
    ("GetLogs", "log:GetLogStoreLogs", STORE_ARN, lambda c: c.get_log(PROJECT, STORE, 0, 10)),
    ("GetLogStore", "log:GetLogStore", STORE_ARN, lambda c: c.get_logstore(PROJECT, STORE)),
    (
        "CreateConsumerGroup",
        "log:CreateConsumerGroup",
        f"{STORE_ARN}/consumergroup/*",
        lambda c: c.create_consumer_group(PROJECT, STORE, "g", 30),
    ),
    (
        "ListConsumerGroup",
        "log:ListConsumerGroup",
        f"{STORE_ARN}/consumergroup/*",
        lambda c: c.list_consumer_group(PROJECT, STORE),
    ),
    (
        "UpdateConsumerGroup",
        "log:UpdateConsumerGroup",
        GROUP_ARN,
        lambda c: c.update_consumer_group(PROJECT, STORE, "g", 40),
    ),
    (
        "ConsumerGroupHeartBeat",
        "log:ConsumerGroupHeartBeat",
        GROUP_ARN,
        lambda c: c.heart_beat(PROJECT, STORE, "g", "one", []),
    ),
    (
        "GetConsumerGroupCheckPoint",
        "log:GetConsumerGroupCheckPoint",
        GROUP_ARN,
        lambda c: c.get_check_point(PROJECT, STORE, "g", 0),
    ),
    (
        "ConsumerGroupUpdateCheckPoint",
        "log:ConsumerGroupUpdateCheckPoint",
        GROUP_ARN,
        lambda c: c.update_check_point(PROJECT, STORE, "g", 0, "MA==", "one"),
    ),
]


@pytest.mark.parametrize(("operation", "action", "resource", "call"), CALLS, ids=[each[0] for each in CALLS])
def test_each_operation_asks_for_its_own_right(
    sim: Running, operation: str, action: str, resource: str, call: Callable[[Any], Any]
) -> None:
    reader = user(sim, allow("oss:*"))
    told = refusal(call, reader)
    assert told == (401, "Unauthorized", f"denied by sts or ram, action: {action}, resource: {resource}")
    assert control(sim, "GET", "requests?service=sls")["requests"][-1]["operation"] == operation


@pytest.mark.parametrize(("operation", "action", "resource", "call"), CALLS, ids=[each[0] for each in CALLS])
def test_the_right_to_one_operation_is_enough_for_it(
    sim: Running, operation: str, action: str, resource: str, call: Callable[[Any], Any]
) -> None:
    client(sim).create_consumer_group(PROJECT, STORE, "g", 30)
    reader = user(sim, allow(action, resource=resource))
    with suppress(NotRefused):
        assert refusal(call, reader)[1] in ("ParameterInvalid", "InvalidCursor", "ConsumerGroupAlreadyExist")


def test_a_deny_wins_over_an_allow(sim: Running) -> None:
    reader = user(sim, allow("log:*"), allow("log:ListShards", effect="Deny"))
    assert refusal(reader.list_shards, PROJECT, STORE)[:2] == (401, "Unauthorized")
    assert reader.get_logstore(PROJECT, STORE).logstore_name == STORE


def test_the_policy_of_the_documentation_reads_everything(sim: Running) -> None:
    resource = f"acs:log:*:{ACCOUNT}:project/oss-log-*/logstore/oss-log-store"
    reader = user(sim, allow("log:GetCursorOrData", "log:ListShards", "log:GetLogStore", resource=resource))
    assert reader.list_shards(PROJECT, STORE).count == 2
    begin = reader.get_begin_cursor(PROJECT, STORE, 0).get_cursor()
    assert reader.pull_logs(PROJECT, STORE, 0, begin).get_next_cursor() == begin


def test_the_default_user_may_use_oss_only(sim: Running) -> None:
    key = control(sim, "POST", "keys", {"user": "app"})
    assert refusal(client(sim, (key["id"], key["secret"])).list_shards, PROJECT, STORE)[1] == "Unauthorized"


@pytest.mark.parametrize("status", ["overdue", "security", "in_debt"])
def test_an_account_that_is_held_cannot_read_its_log(sim: Running, status: str) -> None:
    control(sim, "PATCH", "account", {"status": status})
    told = refusal(client(sim).list_shards, PROJECT, STORE)
    assert told == (403, "ProjectForbidden", f"Project {PROJECT} has been forbidden.")
    control(sim, "PATCH", "account", {"status": "normal"})
    assert client(sim).list_shards(PROJECT, STORE).count == 2


def test_each_account_has_a_project_of_its_own() -> None:
    scene = {
        "accounts": {OTHER: {"administrator": {"id": "LTAI5tOther", "secret": "other"}}},
        "buckets": {
            "mine": {"real_time_log": True},
            "theirs": {"real_time_log": True, "owner": OTHER, "region": "cn-beijing"},
        },
    }
    with running_simulator(scene=scene, speed=0.0) as sim:
        theirs = f"oss-log-{OTHER}-cn-beijing"
        their_client = client(sim, ("LTAI5tOther", "other"), region="cn-beijing")
        assert their_client.list_shards(theirs, STORE).count == 2
        told = refusal(client(sim, region="cn-beijing").list_shards, theirs, STORE)
        assert told == (401, "Unauthorized", "The project does not belong to you.")
        assert client(sim).list_shards(PROJECT, STORE).count == 2
