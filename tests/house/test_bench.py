"""What is measured is told by name, kept, and held against what was kept before; the file that keeps it is whole."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bench.results import history
from bench.results.history import BadHistory, append, before, checkout, now, read
from bench.results.measure import arguments, measuring, sizes
from bench.results.row import Line, Row
from bench.results.table import WIDTH, table
from tests.house.test_names import ROOT

BY_NO_CLOCK = {"calibration", "scaling"}
"""They count; nothing that they tell depends on the machine."""
SCRIPTS = sorted({path.stem for path in (ROOT / "bench").glob("*.py")} - BY_NO_CLOCK)
PATH = re.compile(r"(?<![\w/])/[\w.-]+/")
RATE = Row(name="P5 restores by one process", unit="x", better="more", to="bare oss2, 32 threads", aim=0.7)
MEMORY = Row(name="resident memory", unit="MiB", better="less", worse="worse")
ROWS = (RATE, MEMORY)


def line(rate: float, memory: float = 100.0, **other: Any) -> Line:
    made = {
        "script": "restores",
        "date": datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
        "commit": "0123456789ab",
        "dirty": False,
        "python": "3.11.7",
        "cores": 2,
        "processor": "Example",
        "system": "Linux x86_64",
        "load": (0.2, 1.5),
        "under_load": False,
        "sizes": {"objects": 1000},
        "rows": {RATE.name: RATE.filled(rate), MEMORY.name: MEMORY.filled(memory)},
    }
    return Line.model_validate(made | other)


def shown(one: Line, *earlier: Line) -> str:
    return "\n".join(table(one, ROWS, earlier, []))


# ----------------------------------------------------------------------------------------------------------- the rows


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_declares_its_rows_and_tells_them_under_its_own_name(script: str) -> None:
    rows: tuple[Row, ...] = import_module(f"bench.{script}").ROWS
    names = [row.name for row in rows]
    assert names
    assert len(set(names)) == len(names)
    assert f'measuring("{script}", ROWS' in (ROOT / "bench" / f"{script}.py").read_text(encoding="utf-8")


def test_a_row_that_nobody_declared_is_no_row(tmp_path: Path) -> None:
    given = arguments(argparse.ArgumentParser(), ["--history", str(tmp_path / "h")])
    with pytest.raises(KeyError), measuring("restores", ROWS, given) as run:
        run.tell("restores, roughly", 1.0)


# -------------------------------------------------------------------------------------------------- the kept history


def complaints(one: Line) -> list[str]:
    """What is wrong with a line, beyond its form."""
    if one.script not in SCRIPTS:
        return [f"no script {one.script}"]
    declared = {row.name: row for row in import_module(f"bench.{one.script}").ROWS}
    wrong = [f"{one.script} has no row {name}" for name in one.rows if name not in declared]
    for name, kept in one.rows.items():
        row = declared.get(name)
        if row is not None and (row.unit, row.to, row.better) != (kept.unit, kept.to, kept.better):
            wrong.append(f"{name} is told in another unit now, to something else, or turned round")
    if PATH.search(one.model_dump_json()):
        wrong.append("it names a path")
    return wrong


def test_every_line_of_the_history_is_whole_and_each_row_of_it_is_known() -> None:
    assert [told for one in read(history.HISTORY) for told in complaints(one)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"script": "guesses"},
        {"rows": {"restores, roughly": RATE.filled(1.0)}},
        {"rows": {RATE.name: MEMORY.filled(1.0)}},
        {"rows": {RATE.name: RATE.filled(1.0)}, "sizes": {"python": "/opt/other/bin/python"}},
    ],
)
def test_a_line_that_does_not_belong_into_the_history_is_seen(wrong: dict[str, Any]) -> None:
    assert complaints(line(1.0, rows={RATE.name: RATE.filled(1.0)})) == []
    assert complaints(line(1.0, **wrong)) != []


@pytest.mark.parametrize("text", ["{", '{"script": "restores"}', line(1.0).model_dump_json()[:-1] + ', "host": "a"}'])
def test_a_broken_line_is_told_with_its_number_before_anything_is_measured(text: str, tmp_path: Path) -> None:
    kept = tmp_path / "history.jsonl"
    append(kept, line(1.0))
    kept.write_text(kept.read_text(encoding="utf-8") + text + "\n", encoding="utf-8")
    begun = []
    given = arguments(argparse.ArgumentParser(), ["--history", str(kept)])
    with pytest.raises(BadHistory, match="line 2"), measuring("restores", ROWS, given):
        begun.append(True)
    assert begun == []


def test_what_is_kept_is_read_back_as_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "history.jsonl"
    assert read(kept) == []
    for rate in (0.7, 0.8):
        append(kept, line(rate))
    assert read(kept) == [line(0.7), line(0.8)]


def test_a_folder_that_is_no_checkout_has_no_commit(tmp_path: Path) -> None:
    assert checkout(tmp_path) == (None, None)
    assert "of no git checkout" in shown(line(0.7, commit=None, dirty=None))


# ------------------------------------------------------------------------------------------------------------ one run


def test_a_run_is_shown_and_leaves_a_line_in_the_history_and_in_the_file_that_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, asked = tmp_path / "history.jsonl", tmp_path / "run.json"
    given = arguments(argparse.ArgumentParser(), ["--history", str(kept), "--json", str(asked)])
    for rate in (0.8, 0.4):
        with measuring("restores", ROWS, given) as run:
            run.tell(RATE.name, rate)
            run.note("only for a person")
    assert [each.rows[RATE.name].figure for each in read(kept)] == [0.8, 0.4]
    assert read(asked) == read(kept)
    out, err = capsys.readouterr()
    assert "only for a person" in out
    assert "only for a person" not in kept.read_text(encoding="utf-8")
    assert err == ""
    assert "not measured in this run: resident memory" in out


def interrupted() -> float:
    """Ctrl-C in the midst of it."""
    raise KeyboardInterrupt


def test_a_run_that_is_stopped_or_asked_to_leaves_no_line(tmp_path: Path) -> None:
    kept = tmp_path / "history.jsonl"
    stopped = arguments(argparse.ArgumentParser(), ["--history", str(kept)])
    with pytest.raises(KeyboardInterrupt), measuring("restores", ROWS, stopped) as run:
        run.tell(RATE.name, interrupted())
    asked = arguments(argparse.ArgumentParser(), ["--history", str(kept), "--no-history"])
    with measuring("restores", ROWS, asked) as run:
        run.tell(RATE.name, 0.8)
    assert not kept.exists()


def test_figures_are_shown_also_where_they_cannot_be_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments(argparse.ArgumentParser(), ["--history", str(tmp_path / "not-there" / "history.jsonl")])
    with measuring("restores", ROWS, given) as run:
        run.tell(RATE.name, 0.8)
    out, err = capsys.readouterr()
    assert "0.80 x" in out
    assert "could not be kept" in err


def test_the_settings_of_a_run_are_kept_and_its_paths_are_not(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--procrastinate", type=Path)
    given = arguments(parser, ["--procrastinate", str(tmp_path), "--json", str(tmp_path / "run.json")])
    assert sizes(given) == {"objects": 1000}


# --------------------------------------------------------------------------------------------- beside what was before


def test_the_change_is_told_since_the_last_run_and_whether_an_aim_is_met() -> None:
    text = shown(line(0.8), line(0.5), line(0.75))
    (row,) = [each for each in text.splitlines() if each.startswith(RATE.name)]
    assert row.split()[-6:] == ["x", ">=", "0.7", "met", "0.75", "+7%"]
    assert "MISSED" in shown(line(0.69))


def test_a_row_far_below_the_median_of_its_last_runs_is_called_slower() -> None:
    earlier = [line(rate) for rate in (0.1, 0.9, 0.8, 0.2, 0.8, 0.81)]
    text = shown(line(0.6), *earlier)
    assert "slower: 25% behind the median of 5 runs, 0.80" in text
    assert "worse" not in text


def test_memory_that_grew_is_worse_and_not_slower() -> None:
    text = shown(line(0.8, 130.0), line(0.8, 100.0))
    assert "worse: 30% behind the run before, 100" in text
    assert "slower" not in text


@pytest.mark.parametrize(("rate", "memory"), [(0.8, 100.0), (0.65, 119.0), (8.0, 1.0)])
def test_what_is_as_before_better_or_a_little_worse_is_left_alone(rate: float, memory: float) -> None:
    text = shown(line(rate, memory), line(0.8, 100.0))
    assert "slower" not in text
    assert "worse" not in text


@pytest.mark.parametrize(
    "other",
    [
        {"under_load": True},
        {"cores": 8},
        {"processor": "Another"},
        {"python": "3.12.1"},
        {"sizes": {"objects": 20}},
        {"script": "restores_at_scale"},
    ],
)
def test_runs_of_another_machine_size_or_load_are_not_compared(other: dict[str, Any]) -> None:
    assert before([line(0.8, **other)], line(0.1), RATE.name) is None
    assert "slower" not in shown(line(0.1), line(0.8, **other))


def test_a_change_by_more_than_tenfold_and_one_from_nothing_are_told_too() -> None:
    assert "0.01 >10x" in shown(line(0.8), line(0.01))
    (row,) = [each for each in shown(line(0.8, 5.0), line(0.8, 0.0)).splitlines() if each.startswith(MEMORY.name)]
    assert row.endswith(" 0.00")


def test_another_commit_or_a_newer_patch_of_python_is_compared() -> None:
    found = before([line(0.8, commit="ba9876543210", dirty=True, python="3.11.9")], line(0.1), RATE.name)
    assert found is not None
    assert (found.last, found.runs) == (0.8, 1)


@pytest.mark.parametrize(("begin", "end", "busy"), [(0.1, 3.9, False), (2.1, 2.0, True), (0.1, 4.1, True)])
def test_a_run_beside_much_other_work_is_marked(
    begin: float, end: float, busy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (end, 0.0, 0.0))
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    made = now("restores", {}, begin, {})
    assert made.under_load is busy
    assert ("UNDER LOAD" in shown(made)) is busy


# ----------------------------------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_table_fits_on_eighty_columns(script: str) -> None:
    rows: tuple[Row, ...] = import_module(f"bench.{script}").ROWS
    big = {row.name: row.filled(98765.4) for row in rows}
    small = {row.name: row.filled(0.012345) for row in rows}
    for one, last in ((big, small), (small, big)):
        told = list(table(line(1.0, rows=one), rows, [line(1.0, rows=last)], ["a long remark " * 20]))
        assert [each for each in told if len(each) > WIDTH] == []


def test_the_page_shows_what_is_printed() -> None:
    page = (ROOT / "docs/measurements.md").read_text(encoding="utf-8")
    earlier = [line(rate, memory) for rate, memory in ((0.82, 99.0), (0.9, 100.0), (0.84, 98.0))]
    assert shown(line(0.6, 99.0), *earlier) in page
