"""Access logs in files: found at any size, each refusal once whatever becomes of the files, nothing else opened."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ossmend.daemon.sources import scanners
from ossmend.daemon.sources.access_files import AccessFiles
from ossmend.daemon.sources.parsers.access_row import Row
from ossmend.daemon.sources.scanner import stretch
from ossmend.daemon.sources.scanners import Scanner, searched
from tests.daemon.sources.following import Follower, HandClock
from tests.patience import HUNG, until

NOW = datetime(2026, 9, 13, 12, 0, tzinfo=UTC)


def entry(number: int, status: int = 403, agent: str = "curl/8.7.1") -> str:
    code = "InvalidObjectState" if status == 403 else "-"
    return (
        f'198.51.100.23 - - [13/Sep/2026:15:47:19 +0800] "GET /2024%2Fa.csv HTTP/1.1" {status} 370 15 "-" "{agent}" '
        f'"reports.oss-cn-hangzhou.aliyuncs.com" "66F10B88C0FFEE12{number:08X}" "true" "300000000000000033" '
        f'"GetObject" "reports" "2024%2Fa.csv" 370070 13 "{code}" 119 "1000000000000011" - "-" "archive" "-" "-" "-"\n'
    )


def lines(*numbers: int) -> str:
    """Refusals, each behind a line that is none."""
    return "".join(entry(number, 200) + entry(number) for number in numbers)


def follow(pattern: Path, start: str = "beginning", **settings: object) -> Follower:
    return Follower(AccessFiles(str(pattern), start, HandClock(), **settings))  # type: ignore[arg-type]  # any of its settings


def ids(follower: Follower) -> list[int]:
    return [int((event.request_id or "0")[16:], 16) for event in follower.read()]


def test_refusals_of_a_file_are_read_once_and_what_is_appended_later(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(lines(1, 2))
    follower = follow(log)
    assert ids(follower) == [1, 2]
    assert ids(follower) == []
    with log.open("a") as file:
        file.write(lines(3))
    assert ids(follower) == [3]


def test_an_event_says_its_file_and_what_the_bucket_s_log_would_say(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(entry(1))
    (event,) = follow(tmp_path / "*.log").read()
    assert (event.shape, event.code, event.bucket, event.key) == (
        "access_log",
        "InvalidObjectState",
        "reports",
        "2024/a.csv",
    )
    assert event.where == str(tmp_path / "access.log")
    assert event.time == datetime(2026, 9, 13, 7, 47, 19, tzinfo=UTC)


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    whole = entry(2)
    log.write_text(entry(1) + whole[:-40])
    follower = follow(log)
    assert ids(follower) == [1]
    with log.open("a") as file:
        file.write(whole[-40:])
    assert ids(follower) == [2]


def test_a_last_line_without_a_newline_is_taken_when_nobody_writes_any_more(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(entry(1) + entry(2).rstrip("\n"))
    os.utime(log, (0, 0))
    assert ids(follow(log)) == [1, 2]


def test_start_end_leaves_out_what_is_there_and_reads_what_comes(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(lines(1))
    (tmp_path / "access.log.2.gz").write_bytes(gzip.compress(lines(9).encode()))
    follower = follow(tmp_path / "access.log*", "end")
    assert ids(follower) == []
    with log.open("a") as file:
        file.write(lines(2))
    (tmp_path / "access.log.new").write_text(lines(3))
    assert sorted(ids(follower)) == [2, 3]


def test_a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(lines(1))
    follower = follow(log)
    assert ids(follower) == [1]
    with log.open("a") as file:
        file.write(lines(2))
    log.rename(tmp_path / "access.log.1")
    log.write_text(lines(3))
    assert sorted(ids(follower)) == [2, 3]


def test_a_truncated_file_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(lines(1, 2))
    follower = follow(log)
    assert ids(follower) == [1, 2]
    log.write_text(lines(3))
    assert ids(follower) == [3]


def test_a_packed_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(lines(1, 2).encode()) + gzip.compress(lines(3).encode()))
    follower = follow(tmp_path / "*.gz")
    assert ids(follower) == [1, 2, 3]
    assert ids(follower) == []
    assert [place["offset"] for part, place in follower.cursor.items() if part != "begun"] == [len(lines(1, 2, 3))]


def test_what_a_rotation_packs_goes_on_where_the_plain_file_was(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(lines(1, 2))
    follower = follow(tmp_path / "access.log*")
    assert ids(follower) == [1, 2]
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress((lines(1, 2) + lines(3)).encode()))
    log.unlink()
    assert ids(follower) == [3]
    assert follower.complaints == []


def test_a_packed_file_that_is_cut_short_is_read_on_when_it_has_grown(tmp_path: Path) -> None:
    packed = gzip.compress("".join(map(entry, range(500))).encode())
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    follower = follow(tmp_path / "a.gz")
    first = ids(follower)
    with (tmp_path / "a.gz").open("ab") as file:
        file.write(packed[len(packed) // 2 :])
    assert len(first) < 500
    assert first + ids(follower) == list(range(500))


def test_a_packed_file_that_unfolds_without_end_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"\n" * 50_000_000))
    (tmp_path / "b.gz").write_bytes(b"\x1f\x8b no gzip")
    follower = follow(tmp_path / "*.gz")
    assert ids(follower) == []
    assert ids(follower) == []
    assert follower.counts["bytes"] < 5_000_000
    assert len(follower.complaints) == 2


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.log")
    (tmp_path / "b.log").mkdir()
    (tmp_path / "c.log").write_text(lines(1))
    follower = follow(tmp_path / "*.log")
    assert ids(follower) == [1]
    assert len(follower.complaints) == 2


def test_a_batch_is_bounded_and_the_next_one_goes_on_within_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(map(entry, range(7000))))
    follower = follow(tmp_path / "a.log")
    first = follower.once()
    assert first.more
    assert len(first.refusals) < 4000
    assert len(first.refusals) + len(follower.read()) == 7000


def test_what_was_not_stored_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(map(entry, range(7000))))
    source = AccessFiles(str(tmp_path / "a.log"), "beginning", HandClock())
    lost = source.read(None)
    again = source.read(None)
    assert lost.more
    assert [refusal.request_id for refusal in again.refusals] == [refusal.request_id for refusal in lost.refusals]


def test_ordinary_lines_are_rows_and_odd_ones_events(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(entry(1) + entry(2, agent='a "quote" and \u00e9'))
    batch = AccessFiles(str(tmp_path / "a.log"), "beginning", HandClock()).read(None)
    assert [isinstance(refusal, Row) for refusal in batch.refusals] == [True, False]


# --------------------------------------------------------------------------------------------- processes of its own


def test_processes_that_take_turns_find_what_one_finds_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanners, "STRETCH", 50_000)  # ends within lines again and again
    log = tmp_path / "a.log"
    log.write_text("".join(entry(number, 403 if number % 3 else 200) for number in range(2000)) + "half a line")
    size = log.stat().st_size
    with log.open("rb") as file:
        alone, together = list(stretch(file, 0, size)), list(searched(file, 0, size))
    assert [each for _, found, _ in together for each in found] == [each for _, found, _ in alone for each in found]
    assert together[-1][0] == alone[-1][0] == size - len("half a line")
    assert [end for end, _, _ in together] == sorted(end for end, _, _ in together)


def test_when_a_process_dies_its_part_is_read_again_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanners, "STRETCH", 100_000)
    begun: list[Scanner] = []
    ask = Scanner.ask

    def dying(self: Scanner, start: int, end: int) -> None:
        begun.append(self)
        if len(begun) == 4:
            os.kill(self.pid, signal.SIGKILL)
        ask(self, start, end)

    monkeypatch.setattr(Scanner, "ask", dying)
    (tmp_path / "a.log").write_text("".join(map(entry, range(3000))))
    follower = follow(tmp_path / "a.log", large=1)
    assert ids(follower) == list(range(3000))
    assert any("is read on" in complaint for complaint in follower.complaints)


def test_where_no_process_can_be_started_the_daemon_reads_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "forbidden"))
    (tmp_path / "a.log").write_text(lines(1, 2))
    follower = follow(tmp_path / "a.log", large=1)
    assert ids(follower) == [1, 2]
    assert any("could be started" in complaint for complaint in follower.complaints)


STARTS_ONE = """
import sys
from ossmend.daemon.sources.scanners import Scanner
scanner = Scanner(open(sys.argv[1], "rb"))
print(scanner.pid, flush=True)
sys.stdin.read()
"""


def runs(pid: int) -> bool:
    """A process that has ended stays in the table until somebody asks."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_a_process_ends_with_whoever_started_it_however_that_ends(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(lines(1))
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, str(tmp_path / "a.log")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    starter.kill()
    starter.communicate(timeout=HUNG)
    until("the process has ended", lambda: not runs(pid))
