"""Rows of refused requests, read shard by shard with the real SDK: cursors, packing, the filter, late rows."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import advance, stopped
from tests.simulator.sls.log_client import (
    PROJECT,
    STORE,
    client,
    control,
    cursor_of,
    everything,
    refusal,
    refused_read,
    rows,
)

FILTER = "* | where http_status = '403' and __topic__ = 'oss_access_log'"


def ids(found: list[dict[str, Any]]) -> list[str]:
    return sorted(row["request_id"] for row in found)


@pytest.mark.parametrize("version", ["v1", "v4"])
@pytest.mark.parametrize("compress", [True, False])
def test_a_refused_request_is_a_row(sim: Running, photos: Any, version: str, compress: bool) -> None:
    request_id = refused_read(photos)
    (row,) = everything(client(sim, version=version), compress=compress)
    assert (row["request_id"], row["__topic__"]) == (request_id, "oss_access_log")
    assert (row["http_status"], row["error_code"]) == ("403", "InvalidObjectState")


def test_a_bucket_without_the_log_has_no_rows(sim: Running, photos: Any) -> None:
    assert requests.get(f"{sim.oss}/quiet/a", timeout=HUNG).status_code == 403
    assert everything(client(sim)) == []


def test_rows_are_spread_over_the_shards_and_stay_in_order(sim: Running, photos: Any) -> None:
    sent = [refused_read(photos) for _ in range(6)]
    by_shard = []
    for shard in (0, 1):
        cursor = cursor_of(sim, shard, "begin")
        by_shard.append([row["request_id"] for row in rows(client(sim).pull_logs(PROJECT, STORE, shard, cursor))])
    assert by_shard == [sent[::2], sent[1::2]]


def test_shards_are_told_with_their_halves_of_the_hashes(sim: Running) -> None:
    first, second = client(sim).list_shards(PROJECT, STORE).get_shards_info()
    assert (first["shardID"], first["status"], first["inclusiveBeginKey"]) == (0, "readwrite", "0" * 32)
    assert first["exclusiveEndKey"] == second["inclusiveBeginKey"] == "8" + "0" * 31
    assert (second["shardID"], second["exclusiveEndKey"]) == (1, "f" * 32)


def test_the_logstore_says_how_long_it_keeps_rows(sim: Running) -> None:
    found = client(sim).get_logstore(PROJECT, STORE)
    assert (found.logstore_name, found.ttl, found.shard_count) == (STORE, 7, 2)


# -------------------------------------------------------------------------------------------------------- cursors


def test_the_end_stays_where_it_is_and_holds_nothing(sim: Running, photos: Any) -> None:
    refused_read(photos)
    end = cursor_of(sim, 0, "end")
    for compress in (True, False):
        pulled = client(sim).pull_logs(PROJECT, STORE, 0, end, compress=compress)
        assert (pulled.get_next_cursor(), pulled.get_loggroup_count(), pulled.get_raw_size()) == (end, 0, 0)
    refused_read(photos)
    later = refused_read(photos)
    assert ids(rows(client(sim).pull_logs(PROJECT, STORE, 0, end))) == [later]


def test_a_time_finds_what_came_since(sim: Running, photos: Any) -> None:
    now = stopped(sim)
    refused_read(photos)
    sim.do(lambda cloud: setattr(cloud.clock, "machine", lambda: now + 100))
    refused_read(photos)
    late = refused_read(photos)
    assert ids(rows(client(sim).pull_logs(PROJECT, STORE, 0, cursor_of(sim, 0, int(now + 50))))) == [late]
    assert cursor_of(sim, 0, int(now) - 5) == cursor_of(sim, 0, "begin")
    assert cursor_of(sim, 0, int(now) + 500) == cursor_of(sim, 0, "end")
    assert client(sim).get_previous_cursor_time(PROJECT, STORE, 0, cursor_of(sim, 0, "end")).get_cursor_time() == (
        now + 100
    )


def test_a_pull_is_limited_by_its_count_and_by_the_end_cursor(sim: Running, photos: Any) -> None:
    sent = [refused_read(photos) for _ in range(6)][::2]
    begin, end = cursor_of(sim, 0, "begin"), cursor_of(sim, 0, "end")
    refused_read(photos)
    one = client(sim).pull_logs(PROJECT, STORE, 0, begin, count=1)
    assert ids(rows(one)) == [sent[0]]
    rest = client(sim).pull_logs(PROJECT, STORE, 0, one.get_next_cursor(), end_cursor=end)
    assert (ids(rows(rest)), rest.get_next_cursor()) == (sorted(sent[1:]), end)
    whole = [row for found in client(sim).pull_log(PROJECT, STORE, 0, "begin", "end") for row in rows(found)]
    assert len(whole) == 4


@pytest.mark.parametrize("cursor", ["MA==", "OTk5OTk5OTk5OTk5OTk5OTk5OTk="])
def test_a_cursor_of_elsewhere_is_refused(sim: Running, cursor: str) -> None:
    told = refusal(client(sim).pull_logs, PROJECT, STORE, 0, cursor)
    assert told == (400, "InvalidCursor", "this cursor is invalid")


def test_the_cursor_of_another_shard_is_refused(sim: Running) -> None:
    assert refusal(client(sim).pull_logs, PROJECT, STORE, 0, cursor_of(sim, 1, "end"))[:2] == (400, "InvalidCursor")


@pytest.mark.parametrize(
    ("action", "arguments", "told"),
    [
        ("get_cursor", (7, "begin"), (400, "ShardNotExist", "Shard 7 does not exist")),
        ("pull_logs", (0, "nonsense!"), (400, "ParameterInvalid", "Parameter Cursor is not valid")),
        ("pull_logs", (0, "MA==", 1001), (400, "ParameterInvalid", "ParameterCount should be in [0-1000]")),
    ],
)
def test_what_is_not_there_is_refused(
    sim: Running, action: str, arguments: tuple[Any, ...], told: tuple[int, str, str]
) -> None:
    given = (0, cursor_of(sim, 0, "begin"), 1001) if arguments[-1] == 1001 else arguments
    assert refusal(getattr(client(sim), action), PROJECT, STORE, *given) == told


# --------------------------------------------------------------------------------------------------------- packing


def test_packed_and_plain_say_the_same(sim: Running, photos: Any) -> None:
    for _ in range(40):
        refused_read(photos)
    assert ids(everything(client(sim), compress=True)) == ids(everything(client(sim), compress=False))


def test_the_headers_say_how_it_is_packed(sim: Running, photos: Any) -> None:
    refused_read(photos)
    begin = cursor_of(sim, 0, "begin")
    packed = client(sim).pull_logs(PROJECT, STORE, 0, begin).get_all_headers()
    plain = client(sim).pull_logs(PROJECT, STORE, 0, begin, compress=False).get_all_headers()
    assert packed["x-log-compresstype"] == "lz4"
    assert "x-log-compresstype" not in plain
    assert packed["x-log-bodyrawsize"] == plain["x-log-bodyrawsize"] == plain["Content-Length"]
    assert {"x-log-count", "x-log-cursor", "x-log-requestid"} <= set(plain)


# ------------------------------------------------------------------------------------------------------ the filter


def test_the_filter_leaves_rows_out_and_steps_over_them(sim: Running, photos: Any) -> None:
    sent = [refused_read(photos), refused_read(photos)]
    for _ in range(4):
        photos.put_object("k", b"1")
    begin, end = cursor_of(sim, 0, "begin"), cursor_of(sim, 0, "end")
    pulled = client(sim).pull_logs(PROJECT, STORE, 0, begin, query=FILTER)
    assert ids(rows(pulled)) == [sent[0]]
    assert (pulled.get_next_cursor(), pulled.get_loggroup_count()) == (end, 1)
    assert pulled.get_raw_log_group_count_before_query() == 3
    assert pulled.get_raw_size_before_query() > pulled.get_raw_size()
    none = client(sim).pull_logs(PROJECT, STORE, 0, begin, query="* | where http_status = '418'")
    assert (none.get_next_cursor(), none.get_loggroup_count(), none.get_raw_log_group_count_before_query()) == (
        end,
        0,
        3,
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("*", True),
        ("* | where http_status = '403'", True),
        ("*|WHERE http_status!='403'", False),
        ("* | where http_status <> '200' AND (error_code = 'AccessDenied' OR error_code = 'InvalidObjectState')", True),
        ("* | where not bucket = 'photos'", False),
        ("* | where \"bucket\" = 'photos' and __topic__ = 'oss_access_log'", True),
        ("* | where user_agent = 'it''s'", False),
        ("* | where nosuchfield != 'x'", False),
        ("* | where ((((bucket = 'photos'))))", True),
    ],
)
def test_a_condition_means_what_it_says(sim: Running, photos: Any, query: str, found: bool) -> None:
    refused_read(photos)
    assert bool(everything(client(sim), query=query)) is found


@pytest.mark.parametrize(
    "query",
    [
        "http_status: 403",
        "* | extend a = 1",
        "* | where http_status = 403",
        "* | where http_status like '4%'",
        "* | where http_status = '403' |project bucket",
        "* | where (bucket = 'photos'",
        "* | where bucket = 'photos' and",
        "* | where " + "(" * 100 + "bucket = 'photos'" + ")" * 100,
        "* | where 'photos' = bucket",
    ],
)
def test_what_is_no_simple_condition_is_refused(sim: Running, query: str) -> None:
    begin = cursor_of(sim, 0, "begin")
    status, code, words = refusal(client(sim).pull_logs, PROJECT, STORE, 0, begin, query=query)
    assert (status, code) == (400, "ParameterInvalid")
    assert words.startswith("Parameter Query is not valid: ")


# ------------------------------------------------------------------------------- what the log may do to its readers


def test_late_rows_arrive_together_when_their_time_has_come(sim: Running, photos: Any) -> None:
    control(sim, "PATCH", "real-time-log", {"delay_seconds": 180})
    sent = [refused_read(photos) for _ in range(4)]
    assert everything(client(sim)) == []
    advance(sim, 179)
    assert everything(client(sim)) == []
    advance(sim, 2)
    assert ids(everything(client(sim))) == sorted(sent)
    assert client(sim).pull_logs(PROJECT, STORE, 0, cursor_of(sim, 0, "begin")).get_loggroup_count() == 1
    assert len(rows(client(sim).pull_logs(PROJECT, STORE, 0, cursor_of(sim, 0, "begin")))) == 2


def test_rows_come_twice_when_told_to(sim: Running, photos: Any) -> None:
    first, last = refused_read(photos), refused_read(photos)
    assert control(sim, "POST", "real-time-log/repeat", {"rows": 1}) == {"repeated": 1}
    assert ids(everything(client(sim))) == sorted([first, last, last])


def test_a_cursor_to_forgotten_rows_is_refused(sim: Running, photos: Any) -> None:
    begin = cursor_of(sim, 0, "begin")
    refused_read(photos)
    end = cursor_of(sim, 0, "end")
    control(sim, "POST", "real-time-log/forget", {})
    assert refusal(client(sim).pull_logs, PROJECT, STORE, 0, begin)[:2] == (400, "InvalidCursor")
    assert client(sim).pull_logs(PROJECT, STORE, 0, end).get_next_cursor() == end == cursor_of(sim, 0, "begin")


def test_rows_are_kept_for_seven_days(sim: Running, photos: Any) -> None:
    begin = cursor_of(sim, 0, "begin")
    request_id = refused_read(photos)
    advance(sim, 7 * 86400 - 1)
    assert ids(everything(client(sim))) == [request_id]
    advance(sim, 2)
    assert everything(client(sim)) == []
    assert refusal(client(sim).pull_logs, PROJECT, STORE, 0, begin)[:2] == (400, "InvalidCursor")


def test_a_split_shard_is_only_read_and_two_new_ones_are_written(sim: Running, photos: Any) -> None:
    before = [refused_read(photos), refused_read(photos)]
    control(sim, "POST", "real-time-log/split", {"shard": 0})
    shards = client(sim).list_shards(PROJECT, STORE).get_shards_info()
    assert [(shard["shardID"], shard["status"]) for shard in shards] == [
        (0, "readonly"),
        (1, "readwrite"),
        (2, "readwrite"),
        (3, "readwrite"),
    ]
    assert shards[2]["inclusiveBeginKey"] == shards[0]["inclusiveBeginKey"]
    assert (shards[3]["inclusiveBeginKey"], shards[3]["exclusiveEndKey"]) == ("4" + "0" * 31, "8" + "0" * 31)
    after = [refused_read(photos) for _ in range(3)]
    assert ids(everything(client(sim))) == sorted(before + after)
    assert ids(rows(client(sim).pull_logs(PROJECT, STORE, 0, cursor_of(sim, 0, "begin")))) == [before[0]]
    advance(sim, 7 * 86400 + 1)
    assert len(client(sim).list_shards(PROJECT, STORE).get_shards_info()) == 3


# ------------------------------------------------------------------------------------------------------------ faults


def test_a_fault_strikes_one_shard(sim: Running, photos: Any) -> None:
    refused_read(photos)
    control(sim, "POST", "faults", {"operation": "PullLogs", "key": f"{STORE}/shards/0", "status": 403, "times": 1})
    begin = cursor_of(sim, 0, "begin")
    assert client(sim).pull_logs(PROJECT, STORE, 1, cursor_of(sim, 1, "begin")).get_loggroup_count() == 0
    told = refusal(client(sim).pull_logs, PROJECT, STORE, 0, begin)
    assert told == (403, "ShardReadQuotaExceed", "shard read qps exceed quota limits")
    assert client(sim).pull_logs(PROJECT, STORE, 0, begin).get_loggroup_count() == 1


def test_a_fault_of_a_moment_is_tried_again_by_the_sdk(sim: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    control(sim, "POST", "faults", {"operation": "ListShards", "status": 503, "times": 2})
    assert client(sim).list_shards(PROJECT, STORE).count == 2
    told = [(r["status"], r["code"]) for r in control(sim, "GET", "requests?service=sls")["requests"]]
    assert told == [(503, "ServerBusy"), (503, "ServerBusy"), (200, None)]


def test_a_fault_breaks_the_connection(sim: Running) -> None:
    control(sim, "POST", "faults", {"operation": "GetCursor", "abort": "reset", "times": 1})
    assert refusal(client(sim).get_cursor, PROJECT, STORE, 0, "begin")[1] == "LogRequestError"
    assert client(sim).get_cursor(PROJECT, STORE, 0, "begin").get_cursor()
