"""A line that is whole goes at once; what comes behind it adds to it, and is no second event."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.taking import PATIENT_SECONDS, QUIET_SECONDS
from ossmend.daemon.sources.whole import is_whole
from ossmend.remediators.contract.case import Event, Origin
from tests.daemon.sources.following import Follower
from tests.daemon.sources.test_app_log import follow, numbers

STAMP = "2026-03-01 10:00:00,123 ERROR reader: "


def whole(number: int, key: str = "2024/a.csv") -> str:
    return (
        f"{STAMP}oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, "
        f'ErrorMessage="The operation is not valid for the object\'s state", RequestId={number:024X}, '
        f"url=https://reports.oss-cn-hangzhou.aliyuncs.com/{key}\n"
    )


def followed(tmp_path: Path) -> tuple[Follower, Path]:
    log = tmp_path / "a.log"
    log.write_text("")
    follower, _ = follow(tmp_path)
    assert follower.read() == []
    return follower, log


def write(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_it_goes_before_it_is_quiet_and_once(tmp_path: Path) -> None:
    follower, log = followed(tmp_path)
    write(log, whole(1))
    assert numbers(follower.read()) == [1]
    assert follower.source.unfinished
    assert follower.read() == []


def test_it_is_not_told_again_when_its_block_has_ended(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(whole(1))
    follower, clock = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    clock.pass_(QUIET_SECONDS)
    assert follower.read() == []
    assert not follower.source.unfinished
    assert [position.get("passed") for position in follower.cursor.values() if position is not True] == [[]]


def test_lines_of_one_record_each_go_one_by_one_however_close_they_come(tmp_path: Path) -> None:
    follower, log = followed(tmp_path)
    for number in range(1, 60):  # more than the daemon would look into as one
        write(log, whole(number, f"2024/{number}.csv"))
        assert numbers(follower.read()) == [number]


@pytest.mark.parametrize(
    "more",
    [
        "    at com.example.Reader.read(Reader.java:57)\n",
        f"{STAMP}response: <Error><Code>InvalidObjectState</Code><RequestId>{1:024X}</RequestId></Error>\n",
        f"{STAMP}giving up on 2024/a.csv, request {1:024X}\n",
        f'{STAMP}{{"bucket": "reports", "key": "2024/a.csv", "requestId": "{1:024X}", "code": "InvalidObjectState"}}\n',
    ],
)
def test_what_comes_behind_it_is_no_second_event(tmp_path: Path, more: str) -> None:
    log = tmp_path / "a.log"
    log.write_text(whole(1))
    follower, clock = follow(tmp_path)
    events = follower.read()
    write(log, more)
    events += follower.read()
    clock.pass_(PATIENT_SECONDS)
    events += follower.read()
    assert numbers(events) == [1]
    told = events_in(whole(1) + more, source="test", strict=True)
    assert [(e.code, e.bucket, e.key) for e in events] == [(e.code, e.bucket, e.key) for e in told]


def test_another_refusal_behind_it_is_another_event(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(whole(1))
    follower, clock = follow(tmp_path)
    events = follower.read()
    write(log, f"{STAMP}oss failed: AccessDenied, RequestId={2:024X}, https://logs.oss-cn-hangzhou.aliyuncs.com\n")
    events += follower.read()
    clock.pass_(PATIENT_SECONDS)
    events += follower.read()
    assert [(event.code, event.bucket) for event in events] == [
        ("InvalidObjectState", "reports"),
        ("AccessDenied", "logs"),
    ]


def test_after_a_restart_it_is_not_told_again(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(whole(1))
    follower, clock = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    follower.source = AppLog(str(tmp_path / "*.log"), "beginning", clock)
    assert follower.read() == []
    clock.pass_(QUIET_SECONDS)
    assert follower.read() == []


@pytest.mark.parametrize(
    "text",
    [
        f"{STAMP}cannot read oss://reports/2024/a.csv: InvalidObjectState, RequestId={1:024X}\n",
        f"{STAMP}StatusCode=403, ErrorCode=InvalidObjectState, RequestId={1:024X}\n",
        whole(1).replace(f"RequestId={1:024X}, ", ""),
        whole(1).rstrip("\n"),
    ],
    ids=["a place in prose", "no place", "no id", "half a line"],
)
def test_what_may_still_change_waits(tmp_path: Path, text: str) -> None:
    log = tmp_path / "a.log"
    log.write_text(text)
    follower, _ = follow(tmp_path)
    assert follower.read() == []


EVENT = Event(
    source="t",
    code="InvalidObjectState",
    request_id="66F10B88C0FFEE1234ABCD01",
    bucket="b",
    key="k",
    origins={"code": Origin.BODY, "request_id": Origin.BODY, "bucket": Origin.BODY, "key": Origin.REQUEST},
)


def test_each_part_has_to_come_from_where_nothing_better_can() -> None:
    assert is_whole(EVENT)
    for part in EVENT.origins:
        for origin in set(Origin) - {Origin.BODY, Origin.REQUEST}:
            assert not is_whole(replace(EVENT, origins={**EVENT.origins, part: origin}))
        assert not is_whole(replace(EVENT, origins={name: at for name, at in EVENT.origins.items() if name != part}))


@pytest.mark.parametrize("request_id", [None, "", "abc", "66f10b88c0ffee1234abcd01", "66F10B88C0FFEE1234ABCD0"])
def test_without_an_id_of_osss_own_it_would_not_be_known_again(request_id: str | None) -> None:
    assert not is_whole(replace(EVENT, request_id=request_id))
