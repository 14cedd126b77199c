"""The shipped scene: what its comments promise of who may read what, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import oss2
import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.oss.clients import advance
from tests.simulator.sls.log_client import ACCOUNT, STORE, client, everything, refusal

HANGZHOU, BEIJING = f"oss-log-{ACCOUNT}-cn-hangzhou", f"oss-log-{ACCOUNT}-cn-beijing"
READER = ("LTAI5tLogReader00000001", "log-reader-secret")
OF_BEIJING = ("LTAI5tLogReader00000002", "beijing-reader-secret")


@pytest.fixture
def scene() -> Iterator[Running]:
    with running_simulator(scene="real_time_log", speed=0.0) as running:
        yield running


def read(sim: Running, bucket: str, region: str, key: str, secret: str) -> str:
    session = oss2.Session()
    session.session.trust_env = False
    holder = oss2.Bucket(oss2.AuthV4(key, secret), sim.oss, bucket, region=region, session=session)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        holder.get_object("frozen.bin")
    return str(refused.value.code)


def test_refusals_of_both_regions_come_three_minutes_later(scene: Running) -> None:
    app = ("LTAI5tShopApp0000000001", "shop-app-secret")
    assert read(scene, "shop-hangzhou", "cn-hangzhou", *app) == "InvalidObjectState"
    assert read(scene, "shop-hangzhou", "cn-hangzhou", "LTAI5tShopApp0000000002", "x") == "InvalidAccessKeyId"
    assert read(scene, "shop-beijing", "cn-beijing", *app) == "InvalidObjectState"
    assert read(scene, "shop-quiet", "cn-hangzhou", *app) == "InvalidObjectState"
    hangzhou, beijing = client(scene, READER), client(scene, READER, region="cn-beijing")
    assert everything(hangzhou, HANGZHOU) == everything(beijing, BEIJING) == []
    advance(scene, 180)
    told = sorted(row["error_code"] for row in everything(hangzhou, HANGZHOU))
    assert told == ["InvalidAccessKeyId", "InvalidObjectState"]
    assert [row["bucket"] for row in everything(beijing, BEIJING)] == ["shop-beijing"]


@pytest.mark.parametrize(
    ("project", "region", "allowed"), [(HANGZHOU, "cn-hangzhou", False), (BEIJING, "cn-beijing", True)]
)
def test_the_reader_of_one_region_reads_that_one(scene: Running, project: str, region: str, allowed: bool) -> None:
    made = client(scene, OF_BEIJING, region=region)
    if allowed:
        assert made.list_shards(project, STORE).count == 2
    else:
        assert refusal(made.list_shards, project, STORE)[:2] == (401, "Unauthorized")
    assert refusal(made.get_log, project, STORE, 0, 10)[:2] == (401, "Unauthorized")
    assert refusal(made.create_consumer_group, project, STORE, "g", 30)[:2] == (401, "Unauthorized")


def test_the_reader_of_both_uses_consumer_groups(scene: Running) -> None:
    made: Any = client(scene, READER)
    made.create_consumer_group(HANGZHOU, STORE, "g", 30)
    assert made.heart_beat(HANGZHOU, STORE, "g", "one", []).get_shards() == [0, 1]
    made.update_check_point(HANGZHOU, STORE, "g", 0, "MA==", "one")
    assert made.get_check_point(HANGZHOU, STORE, "g", 0).get_count() == 1
    assert made.get_log(HANGZHOU, STORE, 0, 10).is_completed()
