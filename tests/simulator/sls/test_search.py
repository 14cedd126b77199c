"""GetLogs: by time and by `field: value`, in pages, by POST and by the older GET."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import stopped
from tests.simulator.sls.log_client import PROJECT, STORE, client, control, refusal, refused_read

WANTED = "http_status: 403 and __topic__: oss_access_log"


@pytest.fixture
def moments(sim: Running, photos: Any) -> tuple[int, list[str]]:
    """Three refusals, ten seconds apart: the time of the first, and their ids."""
    now = stopped(sim)
    sent = []
    for number in range(3):
        control(sim, "PATCH", "clock", {"offset_seconds": 10 * number})
        sent.append(refused_read(photos))
    photos.put_object("k", b"1")
    return int(now), sent


def found(made: Any, begin: int, end: int, query: str = WANTED, **settings: Any) -> list[str]:
    answer = made.get_log(PROJECT, STORE, begin, end, query=query, **settings)
    assert answer.is_completed()
    assert answer.get_count() == len(answer.get_logs())
    return [log.get_contents()["request_id"] for log in answer.get_logs()]


@pytest.mark.parametrize("by_post", [True, False])
@pytest.mark.parametrize("version", ["v1", "v4"])
def test_rows_of_a_time_come_in_its_order(
    sim: Running, moments: tuple[int, list[str]], by_post: bool, version: str
) -> None:
    now, sent = moments
    made = client(sim, version=version)
    made._get_logs_v2_enabled = by_post
    assert found(made, now, now + 100) == sent
    assert found(made, now, now + 20) == sent[:2]
    assert found(made, now + 10, now + 20) == [sent[1]]
    assert found(made, now, now + 100, reverse=True) == sent[::-1]
    assert found(made, now, now + 100, size=1, offset=1) == [sent[1]]
    assert found(made, now, now) == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("*", 4),
        ("", 4),
        ("error_code: InvalidObjectState", 3),
        ("error_code: invalidobjectstate", 3),
        ("error_code: Invalid", 0),
        ('user_agent: "app/1"', 3),
        ("user_agent: app", 3),
        ("http_status: 200 or http_status: 403", 4),
        ("not http_status: 403", 1),
        ("(http_status: 403) and bucket: quiet", 0),
        ("__topic__: oss_metering_log", 0),
    ],
)
def test_a_query_finds_what_it_says(sim: Running, moments: tuple[int, list[str]], query: str, count: int) -> None:
    now, _ = moments
    assert len(found(client(sim), now - 100, now + 100, query)) == count


def test_a_topic_may_be_named_beside_the_query(sim: Running, moments: tuple[int, list[str]]) -> None:
    now, _ = moments
    assert found(client(sim), now, now + 100, "*", topic="oss_metering_log") == []
    assert len(found(client(sim), now, now + 100, "*", topic="oss_access_log")) == 4


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("* | select count(1)", "ParameterInvalid"),
        ("timeout", "InvalidQueryString"),
        ("http_status: 4*", "InvalidQueryString"),
        ("http_status >= 400", "InvalidQueryString"),
        ("http_status:", "InvalidQueryString"),
        ("(http_status: 403", "InvalidQueryString"),
        ("http_status: 403 and", "InvalidQueryString"),
    ],
)
def test_what_is_no_simple_query_is_refused(sim: Running, query: str, code: str) -> None:
    assert refusal(client(sim).get_log, PROJECT, STORE, 0, 10, query=query)[:2] == (400, code)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"from_time": 10, "to_time": 5}, ("InvalidTimeRange", "request time range is invalid")),
        ({"offset": -1}, ("InvalidOffset", "offset is invalid")),
        ({"size": -5}, ("InvalidLine", "line is invalid")),
    ],
)
def test_numbers_that_cannot_be_are_refused(sim: Running, settings: dict[str, Any], told: tuple[str, str]) -> None:
    asked = {"from_time": 0, "to_time": 10} | settings
    assert refusal(client(sim).get_log, PROJECT, STORE, **asked) == (400, *told)
