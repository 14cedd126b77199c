"""The sign of life: written when there is news and when it is old, and never oftener."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from ossmend.config.load import load_text
from ossmend.daemon.commands.status_page import lines
from ossmend.daemon.commands.status_report import status
from ossmend.daemon.host.troubles import MOST, Troubles
from ossmend.daemon.journal import entries as journal
from ossmend.daemon.journal import vitals
from ossmend.daemon.journal.postgres import LIVE, Address, open_node
from ossmend.daemon.journal.schema import entries, meta, nodes
from ossmend.daemon.journal.store import Store, open_store
from ossmend.daemon.journal.vitals import SourceVitals, Vitals
from ossmend.daemon.stages.vitals import BEAT_SECONDS, LOOK_SECONDS, SignOfLife
from ossmend.remediators.contract.values import ClockReading
from tests.fakes import FakeClock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "state", exclusive=True)
    yield opened
    opened.close()


def row(store: Store) -> Vitals:
    with store.read() as connection:
        found = vitals.read(connection)
    assert found is not None
    return found


def test_a_state_that_takes_a_row_again_is_said_to_be_available_and_its_trouble_is_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles, clock = Troubles(), FakeClock(NOON)
    monkeypatch.setattr("ossmend.daemon.stages.vitals.TROUBLES", troubles)
    fields = {"event": "state.unavailable", "level": "error", "why": "database or disk is full", "timestamp": ""}
    troubles.note(None, "", fields)
    life = SignOfLife(store, clock, dry_run=False)
    with capture_logs() as told:
        life.beat([], None)
    assert [each["event"] for each in told] == ["state.available"]
    clock.pass_(timedelta(seconds=LOOK_SECONDS))
    with capture_logs() as told:
        life.beat([], None)
    assert (told, row(store).errors) == ([], [])


def test_a_daemon_at_rest_writes_every_half_minute_and_news_at_once(store: Store) -> None:
    clock = FakeClock(NOON)
    life, source = SignOfLife(store, clock, dry_run=False), SourceVitals("app_log:/a")
    life.beat([source], None)
    first = row(store).at
    clock.pass_(timedelta(seconds=LOOK_SECONDS))
    source.caught_up_at = vitals.told(clock.now())  # it has read, and found nothing
    life.beat([source], clock.now())
    assert row(store).at == first
    source.fails("nobody answers", clock.now())
    life.beat([source], None)
    assert (row(store).at > first, row(store).sources[0].trouble) == (True, "nobody answers")
    second = row(store).at
    clock.pass_(timedelta(seconds=BEAT_SECONDS))
    life.beat([source], None)
    assert row(store).at > second


def test_whatever_is_said_is_news(store: Store) -> None:
    clock = FakeClock(NOON)
    life = SignOfLife(store, clock, dry_run=False)
    life.beat([], None)
    life.kept_out("line 3 is no policy", None)
    life.beat([], None)
    assert row(store).kept_out == "line 3 is no policy"
    life.configured("d", {"dry-run": 1})
    life.beat([], None)
    assert (row(store).kept_out, row(store).digest, row(store).policies) == (None, "d", {"dry-run": 1})
    life.measured(ClockReading((), ("nobody answers",)), "clock-unmeasured")
    life.beat([], None)
    assert (row(store).clock or {})["cause"] == "clock-unmeasured"


def test_the_next_process_knows_when_the_last_event_was(store: Store) -> None:
    clock = FakeClock(NOON)
    source = SourceVitals("app_log:/a", last_event_at=vitals.told(NOON), events=7, trouble="then")
    SignOfLife(store, clock, dry_run=False).beat([source], None, stopped=True)
    assert row(store).stopped_at == vitals.told(NOON)
    found = SignOfLife(store, clock, dry_run=False).known("app_log:/a")
    assert (found.last_event_at, found.events, found.trouble) == (vitals.told(NOON), 0, None)


def test_oss_s_clock_as_one_process_has_seen_it_outlives_it_with_its_age(store: Store, tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    config = load_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\nstate: {{ path: {tmp_path}/state }}\n")

    def shown(worked: bool) -> dict[str, str]:
        with store.read() as connection:
            report = status(connection, config, tmp_path / "state", clock.now(), worked=worked, dry_run=False)
        return {label: told for label, told, _ in lines(report) if label}

    first = SignOfLife(store, clock, dry_run=False)
    first.beat([], clock.now() + timedelta(seconds=90))
    assert shown(worked=True)["clock"] == "OSS's clock is 90.0 s ahead of ours"
    first.beat([], None, stopped=True)
    clock.pass_(timedelta(minutes=5))
    assert shown(worked=False)["clock"] == "OSS's clock was 90.0 s ahead of ours 5 min ago"
    assert shown(worked=False)["ossmend"] == "not running, stopped cleanly 2026-03-01 12:00:00Z"
    second = SignOfLife(store, clock, dry_run=False)
    second.beat([], None)
    assert shown(worked=True)["clock"] == "OSS's clock was 90.0 s ahead of ours 5 min ago"
    assert "trouble" not in shown(worked=True), "what a process before has seen is no trouble of now"
    second.beat([], clock.now(), stopped=True)
    assert shown(worked=True)["clock"] == "OSS's clock is within 0.1 s of ours"
    clock.pass_(timedelta(seconds=BEAT_SECONDS))
    second.beat([], clock.now() - timedelta(seconds=0.9), stopped=True)
    assert shown(worked=True)["clock"] == "OSS's clock is 0.9 s behind ours"


def test_a_source_without_a_file_is_not_said_to_be_read_to_its_end(store: Store, tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    config = load_text(
        "version: 1\ncloud: { region: cn-hangzhou }\nsources: [ { app_log: { path: /a/*.log } } ]\n"
        f"state: {{ path: {tmp_path}/state }}\n"
    )
    told = {}
    for files in (0, 2):
        SignOfLife(store, clock, dry_run=False).beat(
            [SourceVitals("app_log:/a/*.log", vitals.told(NOON), files=files)], None
        )
        with store.read() as connection:
            report = status(connection, config, tmp_path / "state", clock.now(), worked=True, dry_run=False)
        told[files] = next(text for label, text, _ in lines(report) if label == "sources")
    assert told == {
        0: "app_log:/a/*.log: no file is there; no refusal yet",
        2: "app_log:/a/*.log: read to its end, lag 0 s; no refusal yet",
    }


def test_what_a_newer_ossmend_says_beyond_is_passed_over(store: Store) -> None:
    SignOfLife(store, FakeClock(NOON), dry_run=False).beat([SourceVitals("app_log:/a", events=7)], None)
    with store.begin() as connection:
        newer = json.loads(str(connection.scalar(sa.select(meta.c.value).where(meta.c.name == vitals.ROW))))
        newer |= {"mood": "good", "sources": [newer["sources"][0] | {"colour": "red"}]}
        connection.execute(meta.update().where(meta.c.name == vitals.ROW).values(value=json.dumps(newer)))
    assert row(store).sources == [SourceVitals("app_log:/a", events=7)]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": 1, "sources": [{"nose": 2}]}', "null"])
def test_a_row_in_other_words_is_no_row(store: Store, text: str) -> None:
    with store.begin() as connection:
        connection.execute(meta.insert().values(name=vitals.ROW, value=text))
    with store.read() as connection:
        assert vitals.read(connection) is None
    SignOfLife(store, FakeClock(NOON), dry_run=False).beat([], None)
    assert row(store).sources == []


def test_a_state_that_cannot_be_written_costs_the_sign_and_no_more(store: Store, tmp_path: Path) -> None:
    life = SignOfLife(store, FakeClock(NOON), dry_run=False)
    (tmp_path / "state" / "ossmend.db").rename(tmp_path / "elsewhere.db")
    life.beat([], None)
    assert not (tmp_path / "state" / "ossmend.db").exists(), "no second state is begun for it"


def test_a_trouble_is_kept_once_with_its_number_and_a_finding_is_none() -> None:
    kept = Troubles()
    for number in range(3):
        kept.note(None, "", {"level": "warning", "event": "source.unreachable", "source": "a", "why": str(number)})
    kept.note(None, "", {"level": "warning", "event": "notice", "why": "a finding"})
    kept.note(None, "", {"level": "info", "event": "source.read", "source": "a"})
    (only,) = kept.newest()
    assert (only["event"], only["where"], only["why"], only["times"]) == ("source.unreachable", "a", "2", 3)
    for number in range(50):
        kept.note(None, "", {"level": "error", "event": "lane.failed", "lane": str(number)})
    assert len(kept.newest()) == MOST


# ------------------------------------------------------------------------------------------ who ended without a word


def kinds(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.scalars(sa.select(entries.c.kind).order_by(entries.c.seq)))


def was_here(store: Store, host: str, pid: int) -> None:
    """A service that has given a sign of life, and no farewell."""
    then = vitals.told(NOON)
    with store.begin() as connection:
        vitals.write(connection, Vitals(host, pid, "1", "run", False, then, then), store.host)


def ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_container_that_is_made_anew_under_another_name_tells_of_the_one_before(store: Store) -> None:
    was_here(store, "another-container", 1)
    SignOfLife(store, FakeClock(NOON), dry_run=False).works({})
    assert kinds(store) == ["daemon.lost", "daemon.started"]


@pytest.mark.parametrize(("pid", "lost"), [(ended, True), (os.getpid, True), (os.getppid, False)])
def test_a_killed_node_is_told_of_though_its_lease_is_not_over(
    shared_state: str, tmp_path: Path, pid: Callable[[], int], lost: bool
) -> None:
    """`os.getpid`: in a container every process has the same number. `os.getppid`: it works still."""
    number = pid()
    with closing(open_node(Address(shared_state, LIVE), tmp_path, "web-1")) as node:
        was_here(node, "web-1", number)
        with node.begin() as connection:
            connection.execute(nodes.insert().from_select(
                ["name", "host", "version", "started_at", "seen_at"],
                sa.select(sa.literal(f"web-1/{number}/0a0a"), nodes.c.host, nodes.c.version, nodes.c.started_at,
                          nodes.c.seen_at).where(nodes.c.name.startswith(f"web-1/{os.getpid()}/")),
            ))  # fmt: skip
        SignOfLife(node, FakeClock(NOON), dry_run=False).works({})
        assert kinds(node) == ["daemon.lost"] * lost + ["daemon.started"]


@pytest.mark.parametrize(
    ("policies", "dry_run"), [({"dry-run": ["a", "b"]}, True), ({"dry-run": ["a"], "approve": ["b"]}, False)]
)
def test_the_journal_means_by_dry_run_what_the_log_does(
    store: Store, policies: dict[str, list[str]], dry_run: bool
) -> None:
    SignOfLife(store, FakeClock(NOON), dry_run=False).works(policies)
    with store.read() as connection:
        (begun,) = journal.newest(connection, 1, None)
    assert (begun.kind, begun.data["dry_run"]) == ("daemon.started", dry_run)


SOURCE = "app_log:/a/app.log"


def seen(store: Store, after: timedelta, *, worked: bool = True, stopped: bool = False) -> dict[str, str]:
    """`ossmend status` so long after the last sign of life: its first lines by their labels."""
    told: dict[str, str] = {}
    for label, text in seen_lines(store, after, worked=worked, stopped=stopped):
        told.setdefault(label, text)
    return told


def seen_lines(
    store: Store, after: timedelta = timedelta(0), *, worked: bool = True, stopped: bool = False
) -> list[tuple[str, str]]:
    config = load_text(
        "version: 1\ncloud: { region: cn-hangzhou }\nsources: [ { app_log: { path: /a/app.log } } ]\n"
        f"state: {{ path: {store.directory} }}\n"
    )
    read = SourceVitals(SOURCE, vitals.told(NOON - timedelta(seconds=2)), files=1)
    SignOfLife(store, FakeClock(NOON), dry_run=False).beat([read], None, stopped=stopped)
    with store.read() as connection:
        report = status(connection, config, store.directory, NOON + after, worked=worked, dry_run=False)
    return [(label, text) for label, text, _ in lines(report)]


def test_a_daemon_that_misses_its_sign_of_life_is_not_well_within_a_minute_and_reads_nothing_to_its_end(
    store: Store,
) -> None:
    told = seen(store, timedelta(seconds=2 * BEAT_SECONDS + 1))
    assert told["trouble"].startswith("no sign of life for 61 s: it hangs, or cannot write its state")
    assert (told["ossmend"], told["sources"]) == (
        "not well", f"{SOURCE}: read until 2026-03-01 11:59:58Z; no refusal yet",
    )  # fmt: skip


def test_a_trouble_that_names_no_place_has_no_blank_before_its_colon(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = Troubles()
    monkeypatch.setattr("ossmend.daemon.stages.vitals.TROUBLES", troubles)
    for where in ({}, {"lane": "b"}):
        fields = {"event": "key.refused", "level": "error", "why": "HeadObject", "timestamp": vitals.told(NOON)}
        troubles.note(None, "", fields | where)
    report = [text for label, text in seen_lines(store) if text.startswith("key.refused")]
    assert report == ["key.refused b: HeadObject", "key.refused: HeadObject"]


@pytest.mark.parametrize("seconds", [0.0, BEAT_SECONDS + LOOK_SECONDS, 2 * BEAT_SECONDS - 1])
def test_a_busy_machine_is_left_its_time(store: Store, seconds: float) -> None:
    told = seen(store, timedelta(seconds=seconds))
    assert "trouble" not in told
    assert (told["ossmend"], told["sources"]) == ("well", f"{SOURCE}: read to its end, lag 2 s; no refusal yet")


def test_a_daemon_that_does_not_run_is_not_said_to_hang(store: Store) -> None:
    assert "trouble" not in seen(store, timedelta(hours=1), worked=False, stopped=True)


@pytest.mark.parametrize(("free", "is_full"), [(0, True), (4096, True), (10**9, False)])
def test_a_full_disk_of_the_state_is_seen_by_who_asks(
    store: Store, monkeypatch: pytest.MonkeyPatch, free: int, *, is_full: bool
) -> None:
    usage = type(shutil.disk_usage("/"))(10**10, 10**10 - free, free)
    monkeypatch.setattr("ossmend.daemon.commands.status_report.disk_usage", lambda _path: usage)
    told = seen(store, timedelta(0))
    assert told["ossmend"] == ("not well" if is_full else "well")
    assert told.get("trouble", "").startswith("the disk of the state is full") is is_full
