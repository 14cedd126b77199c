"""Following application logs: what is read, what waits, what is left alone, and where a restart goes on."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

from ossmend.daemon.sources import app_log
from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.sources.envelopes.encodings import as_text
from ossmend.daemon.sources.taking import PATIENT_SECONDS
from ossmend.remediators.contract import Event
from tests.daemon.sources.following import Follower, HandClock
from tests.samples.printed import SHAPES, Refused

FROZEN = Refused(code="InvalidObjectState", message="The operation is not valid for the object's state")


def line(number: int, key: str = "2024/a.csv") -> str:
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
        (identity,) = follower.cursor["files"]
        info = log.stat()
        follower.cursor["files"] = {f"{info.st_dev}:{info.st_ino}": follower.cursor["files"][identity]}
    assert numbers(follower.read()) == [2, 3]


def test_compressed_rotations_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(line(1).encode()))
    (tmp_path / "app.log.3").write_bytes(gzip.compress(line(1).encode()))
    follower, _ = follow(tmp_path, pattern="app*")
    assert follower.read() == []
    assert follower.complaints == []


# ------------------------------------------------------------------------------------------- half lines, many lines


def test_a_half_written_line_waits_for_its_other_half(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    text = line(1)
    log.write_text(text[:200])
    follower, clock = follow(tmp_path)
    assert follower.read() == []
    clock.pass_(5)
    assert follower.read() == []
    with log.open("a") as file:
        file.write(text[200:])
    assert [(event.bucket, event.key) for event in follower.read()] == [("reports", "2024/a.csv")]


def test_a_last_line_without_newline_is_read_once_it_is_quiet_and_complete(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(line(1).rstrip("\n"))
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


def test_the_next_record_ends_a_block_without_waiting(tmp_path: Path) -> None:
    text = f"2026-03-01 10:00:00.123 ERROR a\n{SHAPES['java_short'](FROZEN).text}2026-03-01 10:00:01.123 INFO next\n"
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
    "shape", ["oss2_class", "go", "ossutil", "cpp", "body_one_line", "oss2_in_json", "node_json", "body_json_escaped"]
)
def test_shapes_of_one_line_are_taken_at_once(tmp_path: Path, shape: str) -> None:
    (tmp_path / "a.log").write_text(f"2026-03-01 10:00:00 ERROR x: {SHAPES[shape](FROZEN).text.rstrip()}\n")
    follower, _ = follow(tmp_path)
    assert [event.code for event in follower.read()] == ["InvalidObjectState"]


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


def test_names_in_gb18030_are_read_as_they_were_meant() -> None:
    assert as_text("读取失败 oss://b/报表.csv".encode("gb18030")) == "读取失败 oss://b/报表.csv"
    assert as_text(b"\xff\x80\xff") == "\ufffd\ufffd\ufffd"


def test_a_batch_is_bounded_and_says_that_there_is_more(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(line(number) for number in range(5000)))
    follower, _ = follow(tmp_path)
    first = follower.once()
    assert first.more
    assert len(first.events) == app_log.MOST_EVENTS
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
    assert source.watch_directories() == [tmp_path / "one", tmp_path / "two"]
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
