"""Following application logs: what is read, what waits, what is left alone, and where a restart goes on."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.sources.places import BEGUN
from ossmend.daemon.sources.reader import MOST_EVENTS
from ossmend.daemon.sources.taking import PATIENT_SECONDS, QUIET_SECONDS
from ossmend.remediators.contract.case import Event
from tests.daemon.sources.following import Follower, HandClock
from tests.samples.printed import SHAPES, Refused

FROZEN = Refused(code="InvalidObjectState", message="The operation is not valid for the object's state")


NEXT = "2026-03-01 10:00:00,456 INFO reader: next\n" * 2
"""What is behind an error shows that it is over: its record, and the one behind it that might have been about it."""


def line(number: int, key: str = "2024/a.csv") -> str:
    return refused(number, key) + NEXT


def refused(number: int, key: str = "2024/a.csv") -> str:
    dictionary = {
        "status": 403,
        "x-oss-request-id": f"66F10B88C0FFEE12{number:08X}",
        "details": {"Code": "InvalidObjectState", "RequestId": f"66F10B88C0FFEE12{number:08X}"},
    }
    return f"2026-03-01 10:00:00,123 ERROR reader: cannot read oss://reports/{key}: {dictionary}\n"


def numbers(events: list[Event]) -> list[int]:
    return [int((event.request_id or "0")[16:], 16) for event in events]


def follow(tmp_path: Path, start: str = "beginning", pattern: str = "*.log") -> tuple[Follower, HandClock]:
    clock = HandClock()
    assert start in ("end", "beginning")
    source = AppLog(str(tmp_path / pattern), "end" if start == "end" else "beginning", clock)
    return Follower(source), clock


# ------------------------------------------------------------------------------------------------------ where it starts


def test_from_the_beginning_everything_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(line(1) + line(2))
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1, 2]
    assert follower.read() == []


def test_from_the_end_only_what_is_written_later_is_read(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, _ = follow(tmp_path, "end")
    assert follower.read() == []
    with log.open("a") as file:
        file.write(line(2))
    assert numbers(follower.read()) == [2]


def test_a_file_that_appears_later_is_read_from_its_beginning_even_with_start_end(tmp_path: Path) -> None:
    follower, _ = follow(tmp_path, "end")
    assert follower.read() == []
    (tmp_path / "b.log").write_text(line(1))
    assert numbers(follower.read()) == [1]


def test_a_restart_goes_on_where_the_cursor_says(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, clock = follow(tmp_path)
    follower.read()
    with log.open("a") as file:
        file.write(line(2))
    again = Follower(AppLog(str(tmp_path / "*.log"), "end", clock))
    again.cursor = follower.cursor
    assert numbers(again.read()) == [2]


def test_an_unstored_batch_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(line(1))
    follower, _ = follow(tmp_path)
    first = follower.source.read(None)
    second = follower.source.read(None)
    assert first.events == second.events
    assert len(first.events) == 1


# ----------------------------------------------------------------------------------------------------------- rotation


def test_rotation_by_rename_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    with log.open("a") as file:
        file.write(line(2))
    log.rename(tmp_path / "a.log.1")
    log.write_text(line(3))
    assert sorted(numbers(follower.read())) == [2, 3]
    with (tmp_path / "a.log.1").open("a") as file:  # a writer that has not reopened its file yet
        file.write(line(4))
    assert numbers(follower.read()) == [4]


def test_rotation_within_the_pattern_does_not_read_a_file_twice(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(line(1))
    follower, _ = follow(tmp_path, pattern="app*")
    assert numbers(follower.read()) == [1]
    log.rename(tmp_path / "app.log.1")
    log.write_text(line(2))
    assert numbers(follower.read()) == [2]


def test_rotation_by_copy_truncate_goes_on_at_the_beginning(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1) + line(2))
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1, 2]
    (tmp_path / "a.log.1").write_text(log.read_text())
    os.truncate(log, 0)
    with log.open("a") as file:
        file.write(line(3))
    assert numbers(follower.read()) == [3]


def test_a_truncated_file_that_grew_past_the_old_place_is_noticed(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, _ = follow(tmp_path)
    follower.read()
    with log.open("r+") as file:
        file.truncate(0)
        file.write("".join(line(number) for number in range(2, 9)))
    assert numbers(follower.read()) == list(range(2, 9))


def test_a_hole_of_zeros_left_by_copy_truncate_is_no_binary_file(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"\0" * 5000 + line(1).encode())
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    assert follower.complaints == []


def test_an_inode_that_is_used_again_is_another_file(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, _ = follow(tmp_path)
    follower.read()
    inode = log.stat().st_ino
    log.unlink()
    log.write_text(line(2) + line(3))
    if log.stat().st_ino != inode:
        (identity,) = follower.cursor.keys() - {BEGUN}
        info = log.stat()
        follower.cursor[f"{info.st_dev}:{info.st_ino}"] = follower.cursor.pop(identity)
    assert numbers(follower.read()) == [2, 3]


def test_compressed_rotations_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(line(1).encode()))
    (tmp_path / "app.log.3").write_bytes(gzip.compress(line(1).encode()))
    follower, _ = follow(tmp_path, pattern="app*")
    assert follower.read() == []
    assert follower.complaints == []


# ------------------------------------------------------------------------- renamed while an error is being written

TRACE = [
    "2026-03-01 10:00:00.123 ERROR [main] c.e.App - upload failed",
    "com.aliyun.oss.OSSException: The operation is not valid for the object's state",
    "[ErrorCode]: InvalidObjectState",
    f"[RequestId]: {FROZEN.request_id}",
    f"[HostId]: {FROZEN.host}",
    "[ResponseError]:",
    "<Error>",
    f"  <RequestId>{FROZEN.request_id}</RequestId>",
    "  <ObjectName>2024/q3.csv</ObjectName>",
    "</Error>",
    "\tat com.example.Loader.fetch(Loader.java:57)",
]
PLACE = [("InvalidObjectState", FROZEN.request_id, FROZEN.bucket, "2024/q3.csv")]


def cri(lines: list[str], stream: str = "stderr") -> str:
    return "".join(f"2026-03-01T10:00:00.{number:09d}Z {stream} F {line}\n" for number, line in enumerate(lines))


def places(events: list[Event]) -> list[tuple[str | None, ...]]:
    return [(event.code, event.request_id, event.bucket, event.key) for event in events]


@pytest.mark.parametrize("split", range(2, len(TRACE)))
@pytest.mark.parametrize("wrap", ["", "cri"])
def test_the_rest_of_an_error_at_the_top_of_the_new_file_is_put_to_it(tmp_path: Path, wrap: str, split: int) -> None:
    log = tmp_path / "a.log"
    whole = cri(TRACE) if wrap else "".join(f"{line}\n" for line in TRACE)
    lines = whole.splitlines(keepends=True)
    log.write_text(line(1) + "".join(lines[:split]))
    follower, clock = follow(tmp_path)
    events = follower.read()
    assert numbers(events[:1]) == [1]
    log.rename(tmp_path / "a.log.1")
    log.write_text("".join(lines[split:-1]))
    events += follower.read()
    follower.source = AppLog(str(tmp_path / "*.log"), "beginning", clock)  # stopped and started again
    with log.open("a") as file:
        file.write(lines[-1] + (cri(NEXT.splitlines()) if wrap else NEXT) + line(2))
    events += follower.read()
    assert places(events[1:2]) == PLACE
    assert numbers(events[2:]) == [2]
    clock.pass_(PATIENT_SECONDS + 1)
    assert follower.read() == []


def test_the_rest_of_an_error_in_the_renamed_file_itself_is_put_to_it(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("a", buffering=1) as writer:
        writer.write("".join(f"{line}\n" for line in TRACE[:4]))
        follower, clock = follow(tmp_path)
        assert follower.read() == []
        log.rename(tmp_path / "a.log.1")
        log.write_text("")
        assert follower.read() == []
        writer.write("".join(f"{line}\n" for line in TRACE[4:]))
    log.write_text(line(2))
    clock.pass_(PATIENT_SECONDS + 1)
    events = follower.read()
    assert places(events[:1]) == PLACE
    assert numbers(events[1:]) == [2]
    clock.pass_(PATIENT_SECONDS + 1)
    assert follower.read() == []


def test_a_new_file_that_begins_with_something_else_is_not_put_to_the_old_one(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"{line}\n" for line in TRACE[:5]))
    follower, clock = follow(tmp_path)
    assert follower.read() == []
    log.rename(tmp_path / "a.log.1")
    log.write_text(NEXT + line(2))
    clock.pass_(PATIENT_SECONDS + 1)
    events = follower.read()
    clock.pass_(PATIENT_SECONDS + 1)
    events += follower.read()
    assert places(events[:1]) == [("InvalidObjectState", FROZEN.request_id, FROZEN.bucket, None)]
    assert numbers(events[1:]) == [2]


def test_a_new_file_does_not_wait_for_ever_for_the_renamed_one(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(refused(1).rstrip("\n")[:120])
    follower, _clock = follow(tmp_path)
    assert follower.read() == []
    log.rename(tmp_path / "a.log.1")
    log.write_text(line(2))
    assert numbers(follower.read()) == [2]


# ------------------------------------------------------------------------------------ many streams, stopped anywhere


def test_stopped_and_started_after_every_line_of_two_streams_nothing_is_lost_or_told_twice(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    other = [
        line.replace("2024/q3", "2024/q4").replace(FROZEN.request_id, "66F10B99C0FFEE1234ABCD02") for line in TRACE
    ]
    one, two = (
        cri(TRACE + ["2026-03-01 10:00:02 INFO x"] * 2),
        cri(other + ["2026-03-01 10:00:02 INFO x"] * 2, "stdout"),
    )
    mixed = [line for both in zip(one.splitlines(), two.splitlines(), strict=True) for line in both]
    log.write_text("")
    follower, clock = follow(tmp_path)
    events = follower.read()
    with log.open("a", buffering=1) as file:
        for each in mixed:
            file.write(f"{each}\n")
            clock.pass_(0.1)
            follower.source = AppLog(str(tmp_path / "*.log"), "beginning", clock)
            events += follower.read()
    assert places(events) == [*PLACE, ("InvalidObjectState", "66F10B99C0FFEE1234ABCD02", FROZEN.bucket, "2024/q4.csv")]


def test_an_error_of_one_stream_is_told_while_another_stream_is_still_printing_its_own(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    begun = cri(TRACE[:4], "stdout")
    ended = cri([*TRACE, "2026-03-01 10:00:02 INFO x", "2026-03-01 10:00:03 INFO x"])
    log.write_text(begun.replace(FROZEN.request_id, "66F10B99C0FFEE1234ABCD02") + ended)
    follower, clock = follow(tmp_path)
    assert places(follower.read()) == PLACE
    again = Follower(AppLog(str(tmp_path / "*.log"), "beginning", clock))
    again.cursor = follower.cursor
    with log.open("a") as file:
        file.write(cri(TRACE[4:], "stdout").replace(FROZEN.request_id, "66F10B99C0FFEE1234ABCD02"))
    events = again.read()
    clock.pass_(PATIENT_SECONDS + 1)
    events += again.read()
    assert [event.request_id for event in events] == ["66F10B99C0FFEE1234ABCD02"]
    assert [event.key for event in events] == ["2024/q3.csv"]


def test_the_line_before_an_error_is_found_behind_what_another_stream_was_told_for(tmp_path: Path) -> None:
    """A record began, another stream's error was told, and only then the first one says what went wrong."""
    log = tmp_path / "a.log"
    begun = cri(
        ["2026-03-01 10:00:00 ERROR reader: oss://reports/2024/b.csv cannot be read", "  details follow"], "stdout"
    )
    told = cri([refused(1).rstrip("\n"), *NEXT.splitlines()])
    rest = cri(
        ["  oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState", *NEXT.splitlines()], "stdout"
    )
    log.write_text(begun + told)
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    with log.open("a") as file:
        file.write(rest)
    assert [(event.code, event.key) for event in follower.read()] == [("InvalidObjectState", "2024/b.csv")]


# ------------------------------------------------------------------------------------------- half lines, many lines


def test_a_half_written_line_waits_for_its_other_half(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    text = refused(1) + NEXT
    log.write_text(text[:200])
    follower, clock = follow(tmp_path)
    assert follower.read() == []
    clock.pass_(5)
    assert follower.read() == []
    with log.open("a") as file:
        file.write(text[200:])
    assert [(event.bucket, event.key) for event in follower.read()] == [("reports", "2024/a.csv")]


def test_a_last_line_without_newline_is_read_once_it_is_quiet_and_complete(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(refused(1).rstrip("\n"))
    follower, clock = follow(tmp_path)
    assert follower.read() == []
    clock.pass_(0.3)
    assert numbers(follower.read()) == [1]
    assert follower.read() == []


def test_a_file_nobody_writes_to_any_more_is_read_to_its_end_at_once(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1) + "last words: StatusCode=403, ErrorCode=UserDisable")
    os.utime(log, (time.time() - 86400, time.time() - 86400))
    clock = HandClock()
    clock.moment = clock.moment.fromtimestamp(time.time(), clock.moment.tzinfo)
    follower = Follower(AppLog(str(tmp_path / "*.log"), "beginning", clock))
    assert [event.code for event in follower.read()] == ["InvalidObjectState", "UserDisable"]


def test_a_java_block_that_is_still_being_written_waits(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    block = f"2026-03-01 10:00:00.123 ERROR [main] c.e.App - upload failed\n{SHAPES['java_short'](FROZEN).text}"
    first, rest = block[: block.index("[HostId]")], block[block.index("[HostId]") :]
    log.write_text(first)
    follower, clock = follow(tmp_path)
    assert follower.read() == []
    clock.pass_(0.1)
    with log.open("a") as file:
        file.write(rest)
    assert follower.read() == []
    clock.pass_(PATIENT_SECONDS + 1)
    events = follower.read()
    assert [(event.code, event.bucket) for event in events] == [("InvalidObjectState", FROZEN.bucket)]


def test_the_next_records_end_a_block_without_waiting(tmp_path: Path) -> None:
    text = f"2026-03-01 10:00:00.123 ERROR a\n{SHAPES['java_short'](FROZEN).text}{NEXT}"
    (tmp_path / "a.log").write_text(text)
    follower, _ = follow(tmp_path)
    assert [event.request_id for event in follower.read()] == [FROZEN.request_id]


def test_a_crash_inside_an_unfinished_block_reads_it_whole(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    text = SHAPES["java_short"](FROZEN).text
    log.write_text(line(1) + text[: text.index("[HostId]")])
    follower, clock = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    with log.open("a") as file:
        file.write(text[text.index("[HostId]") :])
    again = Follower(AppLog(str(tmp_path / "*.log"), "beginning", clock))
    again.cursor = follower.cursor
    again.read()
    clock.pass_(PATIENT_SECONDS + 1)
    assert [event.bucket for event in again.read()] == [FROZEN.bucket]


@pytest.mark.parametrize(
    "shape", ["oss2_class", "go", "cpp", "body_one_line", "oss2_in_json", "node_json", "body_json_escaped"]
)
def test_a_shape_of_one_line_waits_a_moment_for_a_second_line_about_it(tmp_path: Path, shape: str) -> None:
    (tmp_path / "a.log").write_text(f"2026-03-01 10:00:00 ERROR x: {SHAPES[shape](FROZEN).text.rstrip()}\n")
    follower, clock = follow(tmp_path)
    assert follower.read() == []
    assert follower.source.unfinished
    clock.pass_(QUIET_SECONDS)
    assert [event.code for event in follower.read()] == ["InvalidObjectState"]


def test_one_refusal_told_in_two_records_is_one_event(tmp_path: Path) -> None:
    where = f"<RequestId>{FROZEN.request_id}</RequestId><HostId>{FROZEN.host}</HostId>"
    body = f"<Error><Code>InvalidAccessKeyId</Code>{where}</Error>"
    told = (
        "2026-03-01 10:00:00 ERROR s3: PutObject API responded with error='InvalidAccessKeyId'\n",
        f"2026-03-01 10:00:00 ERROR s3: response: {body}\n",
        NEXT,
    )
    follower, clock = follow(tmp_path)
    events: list[Event] = []
    with (tmp_path / "a.log").open("a", buffering=1) as file:
        for text in told:
            file.write(text)
            clock.pass_(0.1)
            events += follower.read()
    assert [(event.code, event.request_id) for event in events] == [("InvalidAccessKeyId", FROZEN.request_id)]


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_shape_written_byte_by_byte_is_one_event(tmp_path: Path, shape: str) -> None:
    log = tmp_path / "a.log"
    text = f"2026-03-01 10:00:00 ERROR app: failed\n{SHAPES[shape](FROZEN).text.rstrip()}\n".encode()
    follower, clock = follow(tmp_path)
    events: list[Event] = []
    with log.open("ab", buffering=0) as file:
        for start in range(0, len(text), 97):
            file.write(text[start : start + 97])
            clock.pass_(0.01)
            events += follower.read()
    clock.pass_(PATIENT_SECONDS + 1)
    events += follower.read()
    assert {event.code for event in events} == {"InvalidObjectState"}
    assert len(events) == 1  # also of a traceback, which prints the same answer twice


# ------------------------------------------------------------------------------------------------------- bad input


def test_other_peoples_lines_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(
        "2026-03-01 10:00:00 INFO nginx: GET /api/items 403 12ms\n"
        '{"level":"error","code":"AccessDenied","msg":"user may not open the page"}\n'
        "2026-03-01 10:00:00 INFO policy AccessDenied is evaluated first\n"
        "StatusCode=200, took 12 ms\n"
        "2026-03-01 10:00:01 INFO uploaded to https://b.oss-cn-hangzhou.aliyuncs.com/a.txt status=200 "
        "x-oss-request-id: 66F10B88C0FFEE1234ABCD01\n"
    )
    follower, clock = follow(tmp_path)
    clock.pass_(1)
    assert follower.read() == []


def test_a_binary_file_is_said_once_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "b.log").write_text(line(1))
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    follower.read()
    assert len(follower.complaints) == 1
    assert "a.log" in follower.complaints[0]


def test_an_unreadable_file_is_said_once_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "loop.log").symlink_to(tmp_path / "loop.log")
    (tmp_path / "b.log").write_text(line(1))
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    follower.read()
    assert len(follower.complaints) == 1
    assert "loop.log" in follower.complaints[0]


def test_a_vanished_file_is_said_once_and_a_new_one_is_read(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, _ = follow(tmp_path)
    follower.read()
    log.unlink()
    assert follower.read() == []
    assert follower.read() == []
    assert [complaint for complaint in follower.complaints if "vanished" in complaint] == follower.complaints
    assert len(follower.complaints) == 1
    log.write_text(line(2))
    assert numbers(follower.read()) == [2]


def test_what_was_unread_of_a_vanished_file_is_said(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1)[:100])
    follower, _ = follow(tmp_path)
    follower.read()
    log.unlink()
    follower.read()
    assert ["vanished with 100 bytes unread" in complaint for complaint in follower.complaints] == [True]


def test_a_file_written_anew_to_the_same_length_is_read_again(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    follower.read()
    log.write_text(line(2))
    os.utime(log, (1, 1))
    assert numbers(follower.read()) == [2]


def test_a_huge_line_is_skipped_and_counted_in_bounded_memory(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("wb") as file:
        file.write(line(1).encode())
        for _ in range(100):
            file.write(b"InvalidObjectState 403 " * 45_000)
        file.write(b"\n" + line(2).encode())
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1, 2]
    assert follower.counts["oversized"] >= 1
    assert len([complaint for complaint in follower.complaints if "line of more than" in complaint]) == 1


def test_any_bytes_are_read_and_what_is_between_them_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(
        b"text first, then \xff\xfe\x80\n" + line(1).encode() + b"\xf0\x28\x8c\x28\n" + line(2).encode()
    )
    follower, _ = follow(tmp_path)
    assert numbers(follower.read()) == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("size", [50, 51, 100_000])
def test_a_file_in_another_encoding_is_followed(tmp_path: Path, encoding: str, size: int) -> None:
    log = tmp_path / "a.log"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    data = f"{mark}2026-03-01 10:00:00 INFO 开始\n{line(1, '2024/报表 𝄞.csv')}{line(2)}".encode(encoding)
    follower, clock = follow(tmp_path)
    events: list[Event] = []
    with log.open("ab", buffering=0) as file:
        for start in range(0, len(data), size):
            file.write(data[start : start + size])
            clock.pass_(0.01)
            events += follower.read()
    assert numbers(events) == [1, 2]
    assert [event.key for event in events] == ["2024/报表 𝄞.csv", "2024/a.csv"]
    assert follower.complaints == []
    assert follower.read() == []


def test_a_file_in_utf_16_is_read_on_where_the_cursor_says(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes((line(1) + "".join(f"{line}\n" for line in TRACE[:5])).encode("utf-16"))
    follower, clock = follow(tmp_path)
    assert numbers(follower.read()) == [1]
    again = Follower(AppLog(str(tmp_path / "*.log"), "beginning", clock))
    again.cursor = follower.cursor
    with log.open("ab") as file:
        file.write(("".join(f"{line}\n" for line in TRACE[5:]) + NEXT).encode("utf-16-le"))
    assert places(again.read()) == PLACE


def test_what_only_begins_like_utf_16_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\xff\xfe" + bytes(range(256)) * 100)
    follower, _ = follow(tmp_path)
    assert follower.read() == []
    assert len(follower.complaints) == 1


def test_a_batch_is_bounded_and_says_that_there_is_more(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(line(number) for number in range(5000)))
    follower, _ = follow(tmp_path)
    first = follower.once()
    assert first.more
    assert len(first.events) == MOST_EVENTS
    assert numbers([*first.events, *follower.read()]) == list(range(5000))


def test_a_busy_file_does_not_starve_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(line(number) for number in range(9000)))
    (tmp_path / "b.log").write_text(line(70000))
    follower, _ = follow(tmp_path)
    first_two = [*follower.once().events, *follower.once().events]
    assert 70000 in numbers(first_two)
    assert len(numbers([*first_two, *follower.read()])) == 9001


def test_what_it_watches_are_the_directories_of_the_pattern(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    source = AppLog(str(tmp_path / "*" / "*.log"), "end", HandClock())
    assert source.watch_directories() == [tmp_path, tmp_path / "one", tmp_path / "two"]
    assert AppLog(str(tmp_path / "none" / "a.log"), "end", HandClock()).watch_directories() == []


def test_hostile_file_names_cannot_forge_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "a\n\x1b[31mforged.log").write_bytes(bytes(range(256)) * 100)
    follower, _ = follow(tmp_path)
    follower.read()
    assert len(follower.complaints) == 1
    assert "\n" not in follower.complaints[0]
    assert "\x1b" not in follower.complaints[0]


def test_ten_thousand_refused_reads_of_a_hundred_objects_are_all_read(tmp_path: Path) -> None:
    with (tmp_path / "a.log").open("w") as file:
        file.writelines(
            line(number, f"2024/q{number % 4}/report {number % 100:03d} 100%+ü.csv") for number in range(10_000)
        )
    follower, _ = follow(tmp_path)
    events = follower.read()
    assert len(events) == 10_000
    assert len({(event.bucket, event.key) for event in events}) == 100
    assert all((event.key or "").endswith("ü.csv") for event in events)
