"""What the judge of the crash trials calls lost, doubled and broken, and what it lets pass."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("PIL.Image", reason="the extra `images` is not installed")

from ossmend.daemon.journal.store import open_store
from tests.crash import judge
from tests.crash.stage import BEFORE, DAMAGED, GOOD, KEYS, OURS, THEIRS, Arrived

SUBJECTS = (*(f"object {key}" for key in KEYS), "cors", "picture", "tags")


class Told:
    """A trial as it lies before the judge: everything repaired, unless a test says otherwise."""

    def __init__(self, directory: Path) -> None:
        open_store(directory, exclusive=True).close()
        repaired: dict[str, Any] = {"cors": (*BEFORE, OURS), "picture": ("V", GOOD), "tags": "disabled"}
        self.final = {subject: repaired.get(subject, "restored") for subject in SUBJECTS}
        self.arrived: list[Arrived] = []
        self.stage = SimpleNamespace(subjects=SUBJECTS, final=self.final, arrived=self.arrived, theirs="")
        self.notices: list[dict[str, str]] = []
        nothing = {"said": [], "refused": {}, "notices": self.notices, "cases": list, "events": int}
        self.person = SimpleNamespace(**nothing)
        self.state = directory
        self.removed: str | None = None
        self.lines = 0

    def judged(self) -> judge.Findings:
        trial: Any = self
        return judge.judge(trial)


@pytest.fixture
def trial(tmp_path: Path) -> Told:
    return Told(tmp_path)


def accepted(subject: str, status: int = 200, *, changed: bool = True) -> Arrived:
    operation = "RestoreObject" if subject.startswith("object") else "PutBucketCors"
    return Arrived(operation, subject, status, changed, None)


def test_what_is_repaired_once_holds(trial: Told) -> None:
    trial.arrived += [accepted(f"object {key}", 202) for key in KEYS[:2]] + [accepted("cors")]
    assert not trial.judged()


def test_what_is_neither_repaired_nor_told_is_lost(trial: Told) -> None:
    trial.final[f"object {KEYS[0]}"] = "frozen"
    assert len(trial.judged().lost) == 1
    trial.notices.append({"code": "InvalidObjectState", "subject": f"object:b:{KEYS[1]}:-"})
    assert len(trial.judged().lost) == 1, "people were told of another object"
    trial.notices.append({"code": "InvalidObjectState", "subject": f"object:b:{KEYS[0]}:-"})
    assert not trial.judged()


def test_an_undo_that_was_asked_for_and_is_not_there_is_lost(trial: Told) -> None:
    trial.person.said.append("undo ImageDamage")
    assert len(trial.judged().lost) == 1
    trial.final["picture"] = ("W", DAMAGED)
    assert not trial.judged()


def test_a_write_that_the_cloud_took_twice_is_doubled_whatever_it_answered(trial: Told) -> None:
    trial.arrived += [accepted("cors"), accepted("cors", 500)]
    assert len(trial.judged().doubled) == 1
    trial.person.said.append("undo AccessForbidden")
    trial.final["cors"] = BEFORE
    assert not trial.judged(), "the second one is the undo"


def test_a_restore_that_meets_itself_is_doubled(trial: Told) -> None:
    trial.arrived += [accepted(f"object {KEYS[0]}", 202), accepted(f"object {KEYS[0]}", 409, changed=False)]
    assert len(trial.judged().doubled) == 1


@pytest.mark.parametrize(
    "rules",
    [
        BEFORE[1:],
        (*BEFORE[1:], BEFORE[0], OURS),
        (OURS, *BEFORE),
        (*BEFORE, OURS, OURS),
        (*BEFORE, OURS, THEIRS, THEIRS),
    ],
)
def test_rules_that_are_not_what_they_were_and_ours_once_are_broken(trial: Told, rules: object) -> None:
    trial.notices.append({"code": "AccessForbidden", "subject": "cors:b:rule=web"})
    trial.final["cors"] = rules
    assert len(trial.judged().broken) == 1


def test_a_rule_of_others_that_is_gone_is_broken(trial: Told) -> None:
    trial.stage.theirs = "seen"
    assert len(trial.judged().broken) == 1
    trial.final["cors"] = (*BEFORE, THEIRS, OURS)
    assert not trial.judged()


def test_more_restores_than_the_brake_allows_are_broken(trial: Told) -> None:
    trial.arrived += [accepted(f"object {key}", 202) for key in KEYS]
    assert len(trial.judged().broken) == 1
