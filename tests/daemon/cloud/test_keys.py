"""The ladder: whose key it is and what became of it; our own troubles are never an answer to that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.ask.cache import Cache
from ossmend.daemon.cloud.ask.keys import KNOWN, STATUS, UNKNOWN
from ossmend.daemon.cloud.wire.rate_limit import RateLimit
from ossmend.remediators.contract.values import KeyNetworks, KeyOwner
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import StillClock, answer, control, liar, operations

Open = Callable[..., Cloud]
NOBODY = "LTAI5tNobodyNobodyNobody"
OWNER = {"User": {"UserId": "2", "UserName": "a", "UserPrincipalName": "a@x.onaliyun.com", "DisplayName": "A"}}


def key_of(sim: Running, name: str = "alice", **settings: object) -> str:
    control(sim, "PUT", f"users/{name}", {})
    made = control(sim, "POST", "keys", {"user": name} | settings)
    return str(made["id"])


def said(**told: Any) -> bytes:
    return answer(200, json.dumps({"RequestId": "R"} | told).encode(), headers="")


def refused(status: int, code: str) -> bytes:
    return answer(status, json.dumps({"RequestId": "R", "Code": code, "Message": "m"}).encode(), headers="")


# ----------------------------------------------------------------------------------------------------- by the simulator


@pytest.mark.parametrize("status", ["Active", "Inactive"])
def test_a_users_key_has_an_owner_and_a_status(sim: Running, cloud: Cloud, status: str) -> None:
    key_id = key_of(sim, status=status)
    view = cloud.view([])
    owner = view.key_owner(key_id)
    assert owner is not None
    assert owner.name == "alice"
    assert owner.principal.startswith("alice@")
    assert owner.kind == "ram-user"
    found = view.key_status(owner, key_id)
    assert found is not None
    assert found.status == status
    assert found.created is not None
    assert view.key_networks(owner, key_id) == KeyNetworks()
    assert view.key_status(owner, NOBODY) is None


def test_a_key_that_was_disabled_later_says_when_and_not_when_it_was_made(sim: Running, cloud: Cloud) -> None:
    key_id = key_of(sim)
    control(sim, "POST", "clock", {"offset_seconds": 600})
    control(sim, "PATCH", f"keys/{key_id}", {"status": "Inactive"})
    control(sim, "POST", "clock", {"offset_seconds": 0})
    view = cloud.view([])
    owner = view.key_owner(key_id)
    assert owner is not None
    found = view.key_status(owner, key_id)
    assert found is not None
    assert found.created is not None
    assert found.updated is not None
    assert (found.updated - found.created).total_seconds() >= 600


def test_a_deleted_key_lies_in_the_recycle_bin(sim: Running, cloud: Cloud) -> None:
    key_id = key_of(sim)
    control(sim, "DELETE", f"keys/{key_id}")
    view = cloud.view([])
    assert view.key_owner(key_id) is None
    found = view.recycled_key(key_id)
    assert found is not None
    assert found.principal.startswith("alice@")
    assert found.recycled is not None
    assert found.purged_by is not None
    assert not found.user_recycled


def test_a_key_that_went_with_its_user_says_so(sim: Running, cloud: Cloud) -> None:
    key_id = key_of(sim)
    control(sim, "DELETE", "users/alice")
    found = cloud.view([]).recycled_key(key_id)
    assert found is not None
    assert found.user_recycled


def test_a_key_of_nobody_is_on_no_rung(sim: Running, cloud: Cloud) -> None:
    view = cloud.view([])
    assert view.key_owner(NOBODY) is None
    assert view.recycled_key(NOBODY) is None
    assert view.key_last_used(NOBODY) is None


def test_the_networks_of_a_key_go_before_the_accounts(sim: Running, cloud: Cloud) -> None:
    key_id, other = key_of(sim, networks=["10.0.0.0/8"]), key_of(sim, "bob")
    control(sim, "PATCH", "account", {"networks": ["127.0.0.0/8"]})  # ours is in it
    view = cloud.view([])
    for name, expected in (
        (key_id, KeyNetworks(("10.0.0.0/8",), "key")),
        (other, KeyNetworks(("127.0.0.0/8",), "account")),
    ):
        owner = view.key_owner(name)
        assert owner is not None
        assert view.key_networks(owner, name) == expected


def test_the_accounts_own_key_is_known_by_its_use(sim: Running, cloud: Cloud) -> None:
    cloud.caller()
    view = cloud.view([])
    used = view.key_last_used(sim.access_key_id)
    assert used is not None
    root = KeyOwner(user_id=used.owner_id, principal="root", name="root", kind="root")
    assert view.key_status(root, sim.access_key_id) is None
    assert view.key_networks(root, sim.access_key_id) == KeyNetworks()


def test_we_know_who_we_are_and_ask_once(sim: Running, cloud: Cloud) -> None:
    assert cloud.caller().is_root
    assert cloud.view([]).account_id() == cloud.view([]).account_id() == control(sim, "GET", "account")["account_id"]
    assert operations(sim) == {"GetCallerIdentity": 1}


# ----------------------------------------------------------------------------------------------------- never a finding


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "InvalidAccessKeyId.NotFound"),
        (400, "InvalidAccessKeyId.Inactive"),
        (400, "InvalidSecurityToken.Expired"),
        (400, "SignatureDoesNotMatch"),
        (400, "InvalidTimeStamp.Expired"),
        (403, "NoPermission"),
        (403, "Inactive"),
        (404, "InvalidAction.NotFound"),
        (404, ""),
        (302, ""),
    ],
)
def test_a_refusal_of_our_own_call_is_not_an_unknown_key(open_port: Open, status: int, code: str) -> None:
    with liar(refused(status, code)) as server:
        view = open_port(server.url).view([])
        for ask in (view.key_owner, view.recycled_key, view.key_last_used):
            with pytest.raises(Refused):
                ask(NOBODY)
        with pytest.raises(Refused):
            view.account_id()


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "EntityNotExist.User.AccessKey"), (404, "EntityNotExist.User"), (400, "EntityNotExist")],
)
def test_what_does_not_exist_is_an_answer(open_port: Open, status: int, code: str) -> None:
    with liar(refused(status, code)) as server:
        view = open_port(server.url).view([])
        assert view.key_owner(NOBODY) is None
        assert view.recycled_key(NOBODY) is None


@pytest.mark.parametrize(
    "accident",
    [refused(400, "Throttling.User"), refused(429, "TooManyRequests"), refused(503, "ServiceUnavailable"),
     answer(503, b"<html>busy</html>"), "reset", answer(200, b"<html>"), answer(200, b"[]"), answer(200, b"\xff\xfe")],
)  # fmt: skip
def test_an_accident_is_tried_again_and_then_later(open_port: Open, accident: bytes | str) -> None:
    with liar(accident) as server:
        with pytest.raises(TryAgain):
            open_port(server.url).view([]).key_owner(NOBODY)
        assert len(server.heads) == 3


def test_a_signature_error_without_a_colon_does_not_crash_the_sdk(open_port: Open) -> None:
    with liar(refused(400, "SignatureDoesNotMatch")) as server, pytest.raises(Refused, match="SignatureDoesNotMatch"):
        open_port(server.url).caller()


@pytest.mark.parametrize("key_id", ["", " ", "LTAI 5t", "LTAI5t\n", "a&Principal=x", "LTAI*", "x" * 200, "LTAÏ"])
def test_text_that_is_no_key_id_goes_nowhere(open_port: Open, key_id: str) -> None:
    with liar(said(**OWNER)) as server:
        view = open_port(server.url).view([])
        assert view.key_owner(key_id) is None
        assert view.recycled_key(key_id) is None
        assert view.key_last_used(key_id) is None
        assert server.heads == []


def test_an_owner_without_a_principal_is_never_asked_about(open_port: Open) -> None:
    with liar(said()) as server:
        view = open_port(server.url).view([])
        nameless = KeyOwner(user_id="1", principal="", name="")
        for ask in (view.key_status, view.key_networks):
            with pytest.raises(Refused):
                ask(nameless, NOBODY)
        assert server.heads == []
        with pytest.raises(Refused):  # and an answer without one is not turned into such an owner
            view.key_owner(NOBODY)


# ------------------------------------------------------------------------------------------------------- odd answers


@pytest.mark.parametrize("keys", [{}, {"AccessKeys": None}, {"AccessKeys": {}}, {"AccessKeys": {"AccessKey": []}}])
def test_an_empty_list_may_be_left_out(open_port: Open, keys: dict[str, object]) -> None:
    owner = KeyOwner(user_id="2", principal="a@x", name="a")
    with liar(said(**keys)) as server:
        assert open_port(server.url).view([]).key_status(owner, NOBODY) is None


def test_a_status_we_do_not_know_is_not_guessed(open_port: Open) -> None:
    owner = KeyOwner(user_id="2", principal="a@x", name="a")
    listed = said(AccessKeys={"AccessKey": [{"AccessKeyId": NOBODY, "Status": "Sleeping"}]})
    with liar(listed) as server, pytest.raises(Refused, match="Sleeping"):
        open_port(server.url).view([]).key_status(owner, NOBODY)


def policy(status: str, *statements: dict[str, object]) -> str:
    return json.dumps({"Version": 1, "Status": status, "Statements": statements})


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (policy("Active", {"Type": "ClassicWhiteList", "IPList": ["10.0.0.1/32"]}), ("10.0.0.1/32",)),
        (policy("Inactive", {"Type": "ClassicWhiteList", "IPList": ["10.0.0.1/32"]}), ()),
        (policy("Active", {"Type": "VpcWhiteList", "VpcList": ["vpc-1"]}), ("vpc-1",)),
        (policy("Active"), ()),
        ("", ()),
    ],
)
def test_the_policy_is_json_inside_a_text(open_port: Open, policy: str, allowed: tuple[str, ...]) -> None:
    owner = KeyOwner(user_id="2", principal="a@x", name="a")
    with liar(said(AccessKeyPolicy=policy), said()) as server:
        assert open_port(server.url).view([]).key_networks(owner, NOBODY).allowed == allowed


@pytest.mark.parametrize(
    ("told", "kind", "name"),
    [
        ({"AccountType": "ram-user", "OwnerId": "2", "UserName": "a", "UsedTimestamp": 1657247532000}, "ram-user", "a"),
        ({"AccountType": "root-account", "OwnerId": "1", "UserName": ""}, "root", ""),
        ({"AccountType": "", "OwnerId": "", "UserName": ""}, None, None),
        ({}, None, None),
    ],
)
def test_what_actiontrail_knows(open_port: Open, told: dict[str, object], kind: str | None, name: str | None) -> None:
    with liar(said(**told)) as server:
        used = open_port(server.url).view([]).key_last_used(NOBODY)
        assert (used.kind, used.name) == (kind, name) if used is not None else kind is None


# ------------------------------------------------------------------------------------------------- cache and rate limit


def test_owners_are_kept_longer_than_nobodies_and_statuses_only_for_a_view(open_port: Open) -> None:
    clock = StillClock()
    listed = said(AccessKeys={"AccessKey": [{"AccessKeyId": NOBODY, "Status": "Active"}]})
    with liar(refused(404, "EntityNotExist.User"), said(**OWNER), listed) as server:
        cloud = open_port(server.url, clock=clock)
        assert cloud.view([]).key_owner(NOBODY) is None
        clock.pass_by(UNKNOWN - 1)
        assert cloud.view([]).key_owner(NOBODY) is None
        assert len(server.heads) == 1
        clock.pass_by(1)
        owner = cloud.view([]).key_owner(NOBODY)
        assert owner is not None
        cloud.view([]).key_status(owner, NOBODY)
        cloud.view([]).key_status(owner, NOBODY)
        assert len(server.heads) == 3
        clock.pass_by(STATUS)
        cloud.view([]).key_status(owner, NOBODY)
        assert len(server.heads) == 4
        clock.pass_by(KNOWN - STATUS - 1)
        assert cloud.view([]).key_owner(NOBODY) == owner
        assert len(server.heads) == 4


def test_a_failure_is_not_remembered_as_an_answer(open_port: Open) -> None:
    with liar(refused(403, "NoPermission"), said(**OWNER)) as server:
        view = open_port(server.url).view([])
        with pytest.raises(Refused):
            view.key_owner(NOBODY)
        assert view.key_owner(NOBODY) is not None


def test_five_calls_at_once_and_then_five_a_second() -> None:
    clock = StillClock()
    slept: list[float] = []
    limit = RateLimit(clock, sleep=slept.append)
    for _ in range(8):
        limit.wait()
    assert slept == pytest.approx([0.2, 0.4, 0.6])
    clock.pass_by(60)
    limit.wait()
    assert len(slept) == 3


def test_a_queue_that_is_too_long_is_for_later() -> None:
    limit = RateLimit(StillClock(), sleep=lambda _: None)
    for _ in range(5 + 25):
        limit.wait()
    with pytest.raises(TryAgain):
        limit.wait()


def test_the_cache_is_bounded_and_drops_what_is_over_first() -> None:
    clock = StillClock()
    cache = Cache(clock, room=2)
    asked: list[str] = []

    def ask(question: str, seconds: float = 60) -> None:
        cache.get(question, lambda: asked.append(question), lambda _: seconds)

    ask("a")
    ask("b", 1)
    clock.pass_by(2)
    ask("c")
    ask("a")
    assert asked == ["a", "b", "c"]
    ask("d")
    ask("a")
    assert asked == ["a", "b", "c", "d", "a"]
