"""Consumer groups: who reads which shard, checkpoints, the timeout, and the SDK's own worker reading to the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, CursorPosition, LogHubConfig

from ossmend.simulator.serve import Running
from tests.patience import until
from tests.simulator.oss.clients import advance
from tests.simulator.sls.log_client import (
    PROJECT,
    REGION,
    STORE,
    client,
    control,
    cursor_of,
    refusal,
    refused_read,
)

GROUP = "readers"


@pytest.fixture
def group(sim: Running) -> Any:
    """A client, and a group that was made."""
    made = client(sim)
    made.create_consumer_group(PROJECT, STORE, GROUP, 40)
    return made


def beat(made: Any, consumer: str, *held: int) -> list[int]:
    found: list[int] = made.heart_beat(PROJECT, STORE, GROUP, consumer, list(held)).get_shards()
    return found


# ------------------------------------------------------------------------------------------------------- the groups


def test_a_group_is_made_listed_changed_and_deleted(sim: Running) -> None:
    made = client(sim)
    made.create_consumer_group(PROJECT, STORE, GROUP, 40, in_order=True)
    told = refusal(made.create_consumer_group, PROJECT, STORE, GROUP, 40)
    assert told == (400, "ConsumerGroupAlreadyExist", "consumer group already exist")
    made.update_consumer_group(PROJECT, STORE, GROUP, 60, False)
    (found,) = made.list_consumer_group(PROJECT, STORE).get_consumer_groups()
    assert (found.get_consumer_group_name(), found.get_timeout(), found.is_in_order()) == (GROUP, 60, False)
    made.delete_consumer_group(PROJECT, STORE, GROUP)
    assert made.list_consumer_group(PROJECT, STORE).get_count() == 0
    told = refusal(made.update_consumer_group, PROJECT, STORE, GROUP, 60)
    assert told == (404, "ConsumerGroupNotExist", "consumer group not exist")


def test_a_group_without_a_timeout_is_refused(sim: Running) -> None:
    told = refusal(client(sim).create_consumer_group, PROJECT, STORE, GROUP, "soon")
    assert told == (400, "JsonInfoInvalid", "consumerGroup or timeout is of error format")


# --------------------------------------------------------------------------------------------------- who reads what


def test_the_only_consumer_has_every_shard(group: Any) -> None:
    assert beat(group, "one") == [0, 1]
    assert beat(group, "one", 0, 1) == [0, 1]


def test_a_second_consumer_waits_until_the_first_lets_go(group: Any) -> None:
    assert beat(group, "one") == [0, 1]
    assert beat(group, "two") == []
    assert beat(group, "one", 0, 1) == [0]
    assert beat(group, "two") == []  # shard 1 is still being shut down
    assert beat(group, "one", 0) == [0]
    assert beat(group, "two") == [1]
    assert (beat(group, "one", 0), beat(group, "two", 1)) == ([0], [1])


def test_a_third_consumer_has_nothing_to_do(group: Any) -> None:
    beat(group, "one")
    beat(group, "two")
    beat(group, "one", 0, 1)
    beat(group, "one", 0)
    beat(group, "two")
    assert beat(group, "three") == []
    assert (beat(group, "one", 0), beat(group, "two", 1), beat(group, "three")) == ([0], [1], [])


def test_who_is_silent_for_the_timeout_has_lost_its_shards(sim: Running, group: Any) -> None:
    assert beat(group, "one") == [0, 1]
    advance(sim, 39)
    assert beat(group, "two") == []
    advance(sim, 2)
    assert beat(group, "two") == [0, 1]
    told = refusal(group.heart_beat, PROJECT, STORE, GROUP, "one", [0, 1])
    assert told == (400, "NotExistConsumerWithBody", "non-exist consumer with non-empty body of heartbeat message")


def test_a_split_gives_new_shards_to_read(sim: Running, group: Any) -> None:
    beat(group, "one")
    control(sim, "POST", "real-time-log/split", {"shard": 1})
    assert beat(group, "one", 0, 1) == [0, 1, 2, 3]


def test_in_order_a_split_shard_is_read_to_its_end_first(sim: Running, photos: Any, group: Any) -> None:
    group.update_consumer_group(PROJECT, STORE, GROUP, 40, True)
    refused_read(photos)
    control(sim, "POST", "real-time-log/split", {"shard": 0})
    assert beat(group, "one") == [0, 1]
    group.update_check_point(PROJECT, STORE, GROUP, 0, cursor_of(sim, 0, "end"), "one")
    assert beat(group, "one", 0, 1) == [0, 1, 2, 3]


# ------------------------------------------------------------------------------------------------------ checkpoints


def test_a_checkpoint_is_empty_until_one_is_saved(sim: Running, group: Any) -> None:
    (empty,) = group.get_check_point(PROJECT, STORE, GROUP, 0).get_consumer_group_check_points()
    assert empty == {"shard": 0, "checkpoint": "", "updateTime": 0, "consumer": ""}
    cursor = cursor_of(sim, 0, "end")
    group.update_check_point(PROJECT, STORE, GROUP, 0, cursor, "one")
    found = group.get_check_point(PROJECT, STORE, GROUP).get_consumer_group_check_points()
    assert [(each["shard"], each["checkpoint"], each["consumer"]) for each in found] == [
        (0, cursor, "one"),
        (1, "", ""),
    ]
    assert found[0]["updateTime"] > 1_700_000_000_000_000


def test_without_force_only_the_reader_saves(group: Any) -> None:
    beat(group, "one")
    told = refusal(group.update_check_point, PROJECT, STORE, GROUP, 0, "MA==", "two", force_success=False)
    assert told[:2] == (400, "ConsumerNotExist")
    group.update_check_point(PROJECT, STORE, GROUP, 0, "MA==", "one", force_success=False)


# ----------------------------------------------------------------------------------------------------- the SDK's own


class _Reader(ConsumerProcessorBase):  # type: ignore[misc]  # the SDK's types are not looked into
    """Notes the request ids, and saves where it is."""

    seen: set[str]
    lock = threading.Lock()

    def process(self, log_groups: Any, check_point_tracker: Any) -> None:
        found = {
            content.Value
            for group in log_groups.LogGroups
            for log in group.Logs
            for content in log.Contents
            if content.Key == "request_id"
        }
        with self.lock:
            self.seen |= found
        check_point_tracker.save_check_point(True)


@contextmanager
def working(sim: Running, seen: set[str], version: str, name: str = "one", **settings: Any) -> Iterator[None]:
    """A worker of the SDK that reads into `seen`, from the beginning if nobody has saved where to go on."""
    options = LogHubConfig(
        sim.rpc,
        sim.access_key_id,
        sim.access_key_secret,
        PROJECT,
        STORE,
        GROUP,
        name,
        cursor_position=CursorPosition.BEGIN_CURSOR,
        data_fetch_interval=0.1,
        heartbeat_interval=1,
        auth_version=version,
        region=REGION,
        **settings,
    )
    reading = ConsumerWorker(type("Reader", (_Reader,), {"seen": seen}), consumer_option=options)
    reading.consumer_client.mclient._session.trust_env = False
    reading.start()
    try:
        yield
    finally:
        reading.shutdown()
        reading.join()


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_the_sdk_s_worker_reads_everything_and_saves_where_it_is(sim: Running, photos: Any, version: str) -> None:
    sent = {refused_read(photos) for _ in range(4)}
    seen: set[str] = set()
    with working(sim, seen, version, query="* | where http_status = '403'"):
        until("the rows that were there are read", lambda: sent <= seen)
        sent.add(refused_read(photos))
        until("a row that came later is read", lambda: sent <= seen)
    told = control(sim, "GET", "real-time-log")["projects"][PROJECT]
    assert set(told["consumer_groups"][GROUP]["checkpoints"]) == {"0", "1"}
    asked = [each["operation"] for each in control(sim, "GET", "requests?service=sls")["requests"]]
    assert asked[:3] == ["ListConsumerGroup", "CreateConsumerGroup", "ConsumerGroupHeartBeat"]
    assert {"GetConsumerGroupCheckPoint", "GetCursor", "PullLogs", "ConsumerGroupUpdateCheckPoint"} <= set(asked)


def test_the_next_worker_goes_on_where_the_last_one_was(sim: Running, photos: Any) -> None:
    first, seen, second = {refused_read(photos), refused_read(photos)}, set[str](), set[str]()
    with working(sim, seen, "v4"):
        until("both rows are read", lambda: first <= seen)
    advance(sim, 5)  # the group's timeout, so that nobody has to be waited for
    sent = {refused_read(photos), refused_read(photos)}
    with working(sim, second, "v4", name="two"):
        until("the new rows are read", lambda: sent <= second)
    assert second == sent


def test_the_sdk_s_worker_skips_to_the_end_where_its_checkpoint_is_gone(sim: Running, photos: Any) -> None:
    made = client(sim)
    made.create_consumer_group(PROJECT, STORE, GROUP, 40)
    for shard in (0, 1):
        made.update_check_point(PROJECT, STORE, GROUP, shard, cursor_of(sim, shard, "begin"), "before")
    lost = {refused_read(photos), refused_read(photos)}
    control(sim, "POST", "real-time-log/forget", {})
    before = control(sim, "GET", "requests")["total"]

    def asked() -> list[tuple[str, str]]:
        told = control(sim, "GET", f"requests?service=sls&after={before}")["requests"]
        return [(each["operation"], each["code"] or "") for each in told]

    seen: set[str] = set()
    with working(sim, seen, "v4"):
        until("both shards are at their end", lambda: asked().count(("GetCursor", "")) == 2)
        sent = {refused_read(photos), refused_read(photos)}
        until("what comes then is read", lambda: sent <= seen)
    assert asked().count(("PullLogs", "InvalidCursor")) == 2
    assert seen & lost == set()


def test_two_workers_share_the_shards(sim: Running, photos: Any) -> None:
    one, two = set[str](), set[str]()

    def readers() -> set[str]:
        told = control(sim, "GET", "real-time-log")["projects"][PROJECT]["consumer_groups"]
        return set(told[GROUP]["readers"].values()) if GROUP in told else set()

    with working(sim, one, "v4"):
        until("the first has a shard", lambda: readers() == {"one"})
        with working(sim, two, "v4", name="two"):
            until("each has one", lambda: readers() == {"one", "two"})
            sent = {refused_read(photos) for _ in range(4)}
            until("all are read", lambda: sent <= one | two)
    assert one & two == set()
