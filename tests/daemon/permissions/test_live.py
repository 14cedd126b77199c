"""What the simulator's RAM grants a user is what `check --live` finds: granted, missing, or not known, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ossmend.config.load import load_text
from ossmend.daemon.cloud.accounts import Cloud, connect
from ossmend.daemon.cloud.wire.permissions import PERMISSIONS, RESOURCES
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.permissions.document import documents
from ossmend.daemon.permissions.live import Finding, granted
from ossmend.daemon.permissions.needs import Need, needs
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import control, make_bucket, settings_for
from tests.simulator.rpc.rpc_client import Account

BUCKET = "reports-eu"
READS = {operation: permission for operation, permission in PERMISSIONS.items() if permission is not None}
LOGSTORE = "acs:log:*:*:project/oss-log-*/logstore/oss-log-store"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.fixture(scope="module")
def sim() -> Iterator[Running]:
    with running_simulator(speed=0.0) as running:
        make_bucket(running, BUCKET, real_time_log=True)
        yield running


def clouds(sim: Running, *statements: dict[str, Any], user: str = "daemon") -> Cloud:
    """A port with the key of a user who may do this and nothing else."""
    control(sim, "PUT", f"users/{user}", {"policy": {"Version": "1", "Statement": list(statements)}})
    key = control(sim, "POST", "keys", {"user": user})
    return connect(settings_for(sim.oss, key=(key["id"], key["secret"])), clock=SystemClock(), may_write=False)


def found(cloud: Cloud, *wanted: Need) -> list[Finding]:
    try:
        return granted(cloud, cloud.caller(), wanted)
    finally:
        cloud.close()


def states(several: list[Finding]) -> dict[str, str]:
    return {each.needs[0].action: each.state for each in several}


def allow(*actions: str, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def without(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "NotAction": list(actions), "Resource": "*"}


def need(action: str, resource: str, *, writes: bool = False) -> Need:
    return Need("policy p", "Call", action, resource, writes=writes)


def resource_of(on: Any) -> str:
    named = {"object": f"acs:oss:*:*:{BUCKET}/2024/*", "bucket": f"acs:oss:*:*:{BUCKET}", "logstore": LOGSTORE}
    return named[on] if on in named else RESOURCES[on]


ACTIONS = sorted({(action, each.on) for each in READS.values() for action in (each.action, each.of_version) if action})


@pytest.mark.parametrize(("action", "on"), ACTIONS)
def test_a_read_is_granted_with_its_action_alone_and_missing_without_it(sim: Running, action: str, on: str) -> None:
    asked = need(action, resource_of(on))
    (having,) = found(clouds(sim, allow(action)), asked)
    assert having.state == "granted", having.why
    (lacking,) = found(clouds(sim, without(action, "bss:DescribeAcccount")), asked)  # BSS knows two names for one right
    assert lacking.state == "missing", lacking.why


THAW = """
version: 1
cloud: { region: cn-hangzhou }
policies:
  - { name: thaw, on: InvalidObjectState, match: { bucket: "%s", key: "2024/**" }, mode: enforce }
"""
WRITES = {"oss:RestoreObject", "oss:RestoreObjectVersion"}


def thaw(bucket: str = BUCKET) -> tuple[Need, ...]:
    return needs(load_text(THAW % bucket))


@pytest.mark.parametrize("bucket", [BUCKET, "reports-*"])
def test_thaw_in_enforce_with_a_key_that_only_reads_is_told_what_is_missing(sim: Running, bucket: str) -> None:
    reads = allow("oss:Get*", "oss:List*", "ram:Get*", "ram:List*")
    told = states(found(clouds(sim, reads), *thaw(bucket)))
    assert {action for action, state in told.items() if state != "granted"} == WRITES
    assert {told[action] for action in WRITES} == {"missing"}


def test_a_write_that_nobody_can_see_is_could_not_check_with_the_reason_and_nothing_was_sent(sim: Running) -> None:
    cloud = clouds(sim, allow("oss:Get*", "oss:List*", "oss:RestoreObject*"))
    told = {each.needs[0].action: each for each in found(cloud, *thaw())}
    assert {told[action].state for action in WRITES} == {"unknown"}
    assert "ListPoliciesForUser: NoPermission" in told["oss:RestoreObject"].why
    assert told["ram:ListPoliciesForUser"].state == "missing"
    methods = {each["method"] for each in control(sim, "GET", "requests")["requests"] if each["bucket"] == BUCKET}
    assert methods <= {"GET", "HEAD", "OPTIONS"}


def test_a_deny_is_missing_although_another_policy_allows_it(sim: Running) -> None:
    deny = {"Effect": "Deny", "Action": "oss:RestoreObject", "Resource": "*"}
    (told,) = found(clouds(sim, EVERYTHING, deny), need("oss:RestoreObject", f"acs:oss:*:*:{BUCKET}/*", writes=True))
    assert (told.state, "denies" in told.why) == ("missing", True)


def test_an_answer_counts_where_the_resource_is_narrower_than_anything(sim: Running) -> None:
    action = "ram:GetUserInRecycleBin"
    own = allow("ram:ListPoliciesForUser", "ram:GetPolicy", action, resource="acs:ram:*:*:*/*")
    (told,) = found(clouds(sim, own), need(action, "*"))
    assert told.state == "granted", told.why


def test_an_answer_for_one_key_does_not_speak_for_those_that_no_policy_names(sim: Running) -> None:
    some = allow("oss:GetObject", resource=f"acs:oss:*:*:{BUCKET}/2024/oss*")
    (told,) = found(clouds(sim, some, allow("ram:*")), need("oss:GetObject", f"acs:oss:*:*:{BUCKET}/2024/*"))
    assert (told.state, told.why) == ("missing", "policy control-daemon allows a part of it only")


def test_a_bucket_policy_is_heard_too(sim: Running) -> None:
    user = "bystander"
    cloud = clouds(sim, allow("oss:GetBucketPolicy", "ram:Get*", "ram:List*"), user=user)
    who = control(sim, "GET", f"users/{user}")["id"]
    make_bucket(sim, "by-bucket")
    statement = {
        "Effect": "Allow",
        "Principal": [who],
        "Action": ["oss:RestoreObject"],
        "Resource": ["acs:oss:*:*:by-bucket/*"],
    }
    control(sim, "PATCH", "buckets/by-bucket", {"policy": {"Version": "1", "Statement": [statement]}})
    wanted = (need(action, "acs:oss:*:*:by-bucket/*", writes=True) for action in ("oss:RestoreObject", "oss:PutObject"))
    assert states(found(cloud, *wanted)) == {"oss:RestoreObject": "granted", "oss:PutObject": "missing"}


def test_the_policies_of_a_group_count_and_are_asked_for_only_where_ours_leave_something_open(sim: Running) -> None:
    own = allow("ram:Get*", "ram:List*", "oss:GetBucketCors")
    cloud = clouds(sim, own, user="member")
    before = len(control(sim, "GET", "requests")["requests"])
    assert states(found(cloud, need("oss:GetBucketCors", "acs:oss:*:*:reports-*"))) == {"oss:GetBucketCors": "granted"}
    asked = [each["operation"] for each in control(sim, "GET", "requests")["requests"][before:]]
    assert "ListGroupsForUser" not in asked

    def join(cloud: Any) -> None:
        identity = cloud.identity
        group = identity.add_group("restorers")
        identity.add_policy("restoring", {"Version": "1", "Statement": [allow("oss:RestoreObject")]})
        identity.attach(group, "Custom", "restoring")
        identity.users["member"].groups["restorers"] = 0.0
        identity.refresh([identity.users["member"]])

    sim.do(join)
    (told,) = found(clouds(sim, own, user="member"), need("oss:RestoreObject", "acs:oss:*:*:reports-*/*", writes=True))
    assert (told.state, told.why) == ("granted", "policy restoring allows it")


def test_a_role_s_session_reads_the_policies_of_its_role(sim: Running) -> None:
    admin = Account(sim.rpc, sim.access_key_id, sim.access_key_secret)
    wanted = needs(load_text(THAW % "reports-*"), identity="role")
    (document,) = documents(wanted)

    def make(cloud: Any) -> None:
        identity = cloud.identity
        identity.add_policy("of-the-role", document)
        identity.attach(identity.add_role("ossmend"), "Custom", "of-the-role")

    sim.do(make)
    arn = "acs:ram::1234567890123456:role/ossmend"
    session = admin.as_user("assumer", "AliyunSTSAssumeRoleAccess").call(
        "Sts", "AssumeRole", {"RoleArn": arn, "RoleSessionName": "job-1"}
    )["Credentials"]
    key = (session["AccessKeyId"], session["AccessKeySecret"])
    settings = settings_for(sim.oss, key=key, token=session["SecurityToken"])
    cloud = connect(settings, clock=SystemClock(), may_write=False)
    assert cloud.caller().role == "ossmend"
    assert set(states(found(cloud, *wanted, need("oss:PutObject", "acs:oss:*:*:*", writes=True))).items()) == {
        *((each.action, "granted") for each in wanted), ("oss:PutObject", "missing")
    }  # fmt: skip


def test_a_bucket_that_is_not_there_is_could_not_check(sim: Running) -> None:
    (told,) = found(clouds(sim, allow("oss:*")), need("oss:GetBucketCors", "acs:oss:*:*:never-made"))
    assert (told.state, "no such bucket" in told.why) == ("unknown", True)


def test_a_dead_endpoint_is_could_not_check_and_raises_nothing(sim: Running) -> None:
    cloud = clouds(sim, EVERYTHING)
    caller = cloud.caller()
    cloud.cut()
    (told,) = granted(cloud, caller, [need("oss:GetBucketCors", f"acs:oss:*:*:{BUCKET}")])
    assert told.state == "unknown"
    cloud.close()


def test_the_account_itself_may_do_everything(sim: Running) -> None:
    key = (sim.access_key_id, sim.access_key_secret)
    cloud = connect(settings_for(sim.oss, key=key), clock=SystemClock(), may_write=False)
    (told,) = found(cloud, need("oss:RestoreObject", "acs:oss:*:*:*", writes=True))
    assert told.state == "granted"
