"""What the trials of two versions call stale, how an older node has to end, and trials in which both are ours."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PIL.Image", reason="the extra `images` is not installed")

from ossmend.daemon.journal import migrate, versions
from tests.crash.nursery import ROOT, Nursery
from tests.crash.upgrade import KINDS, LEFT, RIGHT
from tests.crash.versions import one
from tests.crash.versions_judge import ENDS, OUTGROWN, REFUSED, Older, Wrote, goodbye, stale

ENDED_AT = 1000.0
IN_ORDER = f'{{"event": "state.outgrown", "why": "{OUTGROWN} ..."}}\n{{"event": "daemon.stopped"}}\n'


def checkout(directory: Path, head: str, *, asks: bool) -> Older:
    journal = directory / "daemon" / "journal"
    journal.mkdir(parents=True)
    (journal / "migrate.py").write_text(f'"""..."""\n\nHEAD = "{head}"\n"""The newest."""\n', encoding="utf-8")
    if asks:
        (journal / "versions.py").touch()
    return Older.of(directory)


def test_this_checkout_goes_on_beside_itself() -> None:
    ours = Older.of(ROOT)
    assert (ours.head, ours.goes_on, ours.starts) == (migrate.HEAD, True, True)


def test_a_version_whose_schema_is_not_served_ends_and_is_refused(tmp_path: Path) -> None:
    older = checkout(tmp_path, "0001", asks=True)
    assert (older.goes_on, older.starts) == (False, False)


def test_a_version_that_does_not_ask_goes_on_and_is_refused_once_it_has_ended(tmp_path: Path) -> None:
    older = checkout(tmp_path, "0001", asks=False)
    assert (older.goes_on, older.starts) == (True, False)


def test_what_arrives_from_the_older_version_after_its_last_lease_is_stale_and_nothing_else_is() -> None:
    wrote = [Wrote(ENDED_AT - 0.1, LEFT, "in time"), Wrote(ENDED_AT + 5, RIGHT, "of the newer version")]
    assert stale(wrote, LEFT, ENDED_AT) == []
    late = Wrote(ENDED_AT + 2, LEFT, "RestoreObject b/k 202")
    assert stale([*wrote, late], LEFT, ENDED_AT) == ["sent by a stale holder: RestoreObject b/k 202, 2.0 s later"]


def test_an_older_node_that_says_why_and_ends_with_one_has_ended_well() -> None:
    assert versions.OUTGROWN.startswith(OUTGROWN), "what is looked for is what the daemon says"
    assert goodbye(IN_ORDER, ENDS, was_working=True) == []
    assert goodbye(f"the state at x {REFUSED} ...)", ENDS, was_working=False) == []


@pytest.mark.parametrize(
    ("trace", "status"),
    [
        (IN_ORDER, 0),
        (IN_ORDER, None),
        ("", ENDS),
        (IN_ORDER.replace("daemon.stopped", "daemon.ready"), ENDS),
    ],
)
def test_any_other_end_of_it_is_a_finding(trace: str, status: int | None) -> None:
    assert len(goodbye(trace, status, was_working=True)) == 1


@pytest.mark.machine
@pytest.mark.long
@pytest.mark.parametrize("seed", range(len(KINDS)))
def test_two_nodes_of_ours_hold_as_two_versions_do(tmp_path: Path, seed: int) -> None:
    """There is no older checkout here: this shows that the trial itself works."""
    nursery = Nursery()
    try:
        report, sent = one(seed, tmp_path, nursery, Older.of(ROOT), nursery)
    finally:
        nursery.close()
    assert str(report) == f"seed {seed} ({list(KINDS)[seed]}): held"
    assert sum(sent.values()) >= report.accepted >= len(("restore", "restore", "restore", "cors", "picture", "tag"))
