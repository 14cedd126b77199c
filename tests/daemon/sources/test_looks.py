"""What is looked at: everything without a watcher; with one only what it tells, and everything now and then."""

from __future__ import annotations

from pathlib import Path

from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.sources.files import Pattern
from ossmend.daemon.sources.found import Said
from ossmend.daemon.sources.looks import LOOK_SECONDS, LOOK_SHARE, Looks
from ossmend.daemon.sources.places import BEGUN
from tests.daemon.sources.following import Follower, HandClock
from tests.daemon.sources.test_app_log import follow, line, numbers, refused


def watched(tmp_path: Path) -> tuple[Follower, HandClock]:
    follower, clock = follow(tmp_path)
    assert follower.source.changed(None)
    follower.read()
    return follower, clock


def append(path: Path, text: str) -> str:
    with path.open("a") as file:
        file.write(text)
    return str(path)


def test_only_what_a_watcher_tells_is_read(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text("")
    follower, _ = watched(tmp_path)
    told = append(tmp_path / "a.log", line(1))
    append(tmp_path / "b.log", line(2))
    assert follower.source.changed({told})
    assert numbers(follower.read()) == [1]


def test_what_no_watcher_tells_is_found_after_a_while(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("")
    follower, clock = watched(tmp_path)
    append(tmp_path / "a.log", line(1))
    assert follower.read() == []
    clock.pass_(LOOK_SECONDS)
    assert numbers(follower.read()) == [1]


def test_a_new_file_of_the_pattern_is_found_at_once(tmp_path: Path) -> None:
    follower, _ = watched(tmp_path)
    assert follower.source.changed({append(tmp_path / "new.log", line(1))})
    assert numbers(follower.read()) == [1]


def test_other_files_beside_it_wake_nobody(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("")
    follower, _ = watched(tmp_path)
    others = {str(tmp_path / name) for name in ("a.txt", "b.log.gz", "c")}
    assert not follower.source.changed(others)


def test_a_file_renamed_and_made_anew_is_read_to_its_end_and_the_new_one_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, _ = watched(tmp_path)
    append(log, line(2))
    log.rename(tmp_path / "a.log.1")
    log.write_text(line(3))
    assert follower.source.changed({str(log), str(tmp_path / "a.log.1")})
    assert sorted([*numbers(follower.read()), *numbers(follower.read())]) == [2, 3]
    assert follower.source.changed({append(tmp_path / "a.log.1", line(4))})  # its writer has not reopened it yet
    assert numbers(follower.read()) == [4]


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line(1))
    follower, _ = watched(tmp_path)
    log.unlink()
    assert follower.source.changed({str(log)})
    assert [*follower.read(), *follower.read()] == []
    assert follower.complaints == [f"{log} vanished"]


def test_a_new_directory_of_the_pattern_is_a_reason_to_look(tmp_path: Path) -> None:
    (tmp_path / "shop-1").mkdir()
    clock = HandClock()
    follower = Follower(AppLog(str(tmp_path / "shop-*" / "*.log"), "beginning", clock))
    follower.source.changed(None)
    assert follower.read() == []
    assert tmp_path in follower.source.watch_directories()
    (tmp_path / "shop-2").mkdir()
    (tmp_path / "shop-2" / "a.log").write_text(line(1))
    assert follower.source.changed({str(tmp_path / "shop-2")})
    assert numbers(follower.read()) == [1]
    assert tmp_path / "shop-2" in follower.source.watch_directories()


def test_a_waiting_block_is_looked_at_again_though_nobody_tells_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("")
    follower, clock = watched(tmp_path)
    text = refused(1).replace("oss://reports/2024/a.csv", "it")  # no place: it is not whole by itself
    follower.source.changed({append(tmp_path / "a.log", text)})
    assert follower.read() == []
    assert follower.source.unfinished
    clock.pass_(1)
    assert numbers(follower.read()) == [1]
    assert not follower.source.unfinished


def test_what_was_read_and_not_stored_is_found_by_the_next_look(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("")
    follower, clock = watched(tmp_path)
    follower.source.changed({append(tmp_path / "a.log", line(1))})
    assert numbers(list(follower.source.read(follower.cursor).events)) == [1]  # and the journal cannot be written
    clock.pass_(LOOK_SECONDS)
    assert numbers(follower.read()) == [1]


def test_only_what_has_moved_goes_into_the_cursor(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.log").write_text(line(number))
    follower, _ = watched(tmp_path)
    assert len(follower.cursor.keys() - {BEGUN}) == 20
    follower.source.changed({append(tmp_path / "07.log", "INFO nothing is wrong\n")})
    moved = follower.once().moved
    assert [position["path"] for position in moved.values()] == [str(tmp_path / "07.log")]
    assert follower.once().moved == {}


class Slow(HandClock):
    """Time passes while something is done."""

    def monotonic(self) -> float:
        self.seconds += 1.0
        return self.seconds


def test_a_look_that_takes_long_is_repeated_the_more_seldom(tmp_path: Path) -> None:
    clock = Slow()
    looks = Looks(str(tmp_path / "*.log"), clock)
    looks.changed(None)
    with looks.all({}, Said()):
        cost = 1.0
    assert not looks.all_is_due()
    clock.pass_(LOOK_SECONDS * 2)
    assert not looks.all_is_due()
    clock.pass_(cost / LOOK_SHARE)
    assert looks.all_is_due()


def names(tmp_path: Path, pattern: str) -> list[str]:
    found = Pattern(str(tmp_path / pattern))
    files = found.files(found.directories(), Said())
    return [str(Path(file.path).relative_to(tmp_path)) for file in files]


def test_a_pattern_finds_what_a_shell_would(tmp_path: Path) -> None:
    for path in ("a.log", "b.log", ".hidden.log", "c.txt", "x/d.log", "x/y/e.log", "z/f.log.gz"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    assert names(tmp_path, "*.log") == ["a.log", "b.log"]
    assert names(tmp_path, "[a]*") == ["a.log"]
    assert names(tmp_path, "a.log") == ["a.log"]
    assert names(tmp_path, ".*.log") == [".hidden.log"]
    assert names(tmp_path, "*/*.log") == ["x/d.log"]
    assert names(tmp_path, "**/*.log") == ["a.log", "b.log", "x/d.log", "x/y/e.log"]
    assert names(tmp_path, "z/*") == []
    assert names(tmp_path, "missing/*.log") == []
