"""Several accounts, whose troubles are their own, and buckets that answer at their own region's endpoint only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import oss2
import pytest

from ossmend.simulator.scene import SceneError
from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.rpc.rpc_client import Account

OTHER = "2222222222222222"
KEY = ("LTAI5tOtherAdministrator", "other-secret")
SCENE: dict[str, Any] = {
    "accounts": {OTHER: {"administrator": {"id": KEY[0], "secret": KEY[1]}}},
    "buckets": {
        "mine": {"objects": {"a": {"content": "a"}}},
        "theirs": {"owner": OTHER, "region": "cn-beijing", "objects": {"a": {"content": "a"}}},
    },
}


@pytest.fixture
def sim() -> Iterator[Running]:
    with running_simulator(scene=SCENE) as running:
        yield running


def read(sim: Running, bucket: str, key: tuple[str, str], region: str, endpoint: str = "") -> tuple[int, str]:
    client = oss2.Bucket(oss2.AuthV4(*key), endpoint or sim.oss, bucket, region=region)
    try:
        return client.get_object("a").status, ""
    except oss2.exceptions.ServerError as refused:
        return refused.status, str(refused.details.get("Endpoint") or refused.code)


def mine(sim: Running) -> tuple[str, str]:
    return sim.access_key_id, sim.access_key_secret


def test_an_account_reads_what_is_its_own_and_not_the_others(sim: Running) -> None:
    assert read(sim, "theirs", KEY, "cn-beijing") == (200, "")
    assert read(sim, "theirs", mine(sim), "cn-beijing") == (403, "AccessDenied")
    assert read(sim, "mine", KEY, "cn-hangzhou") == (403, "AccessDenied")


def test_a_bucket_says_where_it_is_to_whoever_signs_for_another_region(sim: Running) -> None:
    for key in (KEY, mine(sim)):
        assert read(sim, "theirs", key, "cn-hangzhou") == (403, "oss-cn-beijing.aliyuncs.com")


def test_an_account_that_is_overdue_leaves_the_other_one_alone(sim: Running) -> None:
    def change(cloud: Any) -> None:
        cloud.others[OTHER].account_status = "overdue"

    sim.do(change)
    assert read(sim, "theirs", KEY, "cn-beijing") == (403, "UserDisable")
    assert read(sim, "mine", mine(sim), "cn-hangzhou") == (200, "")


def test_ram_shows_each_caller_its_own_account(sim: Running) -> None:
    for key, account in ((KEY, OTHER), (mine(sim), "1234567890123456")):
        assert Account(sim.rpc, *key).call("Sts", "GetCallerIdentity")["AccountId"] == account


def test_a_further_account_that_makes_no_sense_is_told_with_its_place() -> None:
    with pytest.raises(SceneError, match="acounts"), running_simulator(scene={"acounts": {}}):
        pass
    with pytest.raises(SceneError, match="status"), running_simulator(scene={"accounts": {OTHER: {"status": "rich"}}}):
        pass
