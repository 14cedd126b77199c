"""What a trial left in the cloud, with the person and in the journal -> what is lost, doubled or broken.

Lost and doubled are read off the cloud and off what people were told; the journal is asked only whether its own chain
holds. A write is doubled when it arrives once more after it was accepted, even if the cloud turns it away by then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ossmend.daemon.journal import entries
from ossmend.daemon.journal.store import Store, open_store
from tests.crash.stage import ASSETS, BEFORE, DAMAGED, GOOD, OURS, PHOTOS, REPORTS, THEIRS, Arrived
from tests.crash.trial import MOST_WRITES, Trial

CODES = {
    "object": "InvalidObjectState",
    "cors": "AccessForbidden",
    "picture": "ImageDamage",
    "tags": "InvalidAccessKeyId",
}
BUCKETS = {"object": REPORTS, "cors": ASSETS, "picture": PHOTOS}
UNDONE = {"cors": BEFORE, "picture": DAMAGED}


@dataclass(slots=True)
class Findings:
    """All empty where the trial held."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.broken)


def judge(trial: Trial) -> Findings:
    found = cloud_findings(trial)
    found.broken += [*_brakes(trial), *_journal(trial)]
    return found


def cloud_findings(trial: Any) -> Findings:
    """What the cloud alone shows; of a trial of nodes, too."""
    found = Findings()
    for subject in trial.stage.subjects:
        found.lost += _lost(trial, subject)
        found.doubled += _doubled(trial, subject)
    found.broken += _rules(trial)
    return found


# ----------------------------------------------------------------------------------------------------------------- lost


def _lost(trial: Trial, subject: str) -> Iterator[str]:
    """Neither repaired, nor a person told."""
    kind = subject.partition(" ")[0]
    if trial.removed is not None and BUCKETS.get(kind) == trial.removed:
        repaired = False
    else:
        repaired = _is_repaired(trial, subject)
    undo = f"undo {CODES[kind]}" in trial.person.said
    told = _is_told(trial, subject)
    if undo and not told and not _is_undone(trial, kind):
        yield f"{subject}: a person has asked for the undo, it was not done, and nobody was told"
    if not undo and not repaired and not told:
        yield f"{subject}: neither repaired nor told, it is {_short(trial.stage.final[subject])}"


def _is_repaired(trial: Trial, subject: str) -> bool:
    state, kind = trial.stage.final[subject], subject.partition(" ")[0]
    match kind:
        case "object":
            return state not in ("frozen", None)
        case "cors":
            return state is not None and OURS in state
        case "picture":
            return state is not None and state[1] == GOOD
        case _:
            return bool(state == "disabled")


def _is_undone(trial: Trial, kind: str) -> bool:
    state = trial.stage.final[kind]
    if state is None:
        return False
    return OURS not in state if kind == "cors" else bool(state[1] == UNDONE[kind])


def _is_told(trial: Trial, subject: str) -> bool:
    kind, _, key = subject.partition(" ")
    for notice in trial.person.notices:
        if notice["code"] == CODES[kind] and (not key or key in notice["subject"]):
            return True
    return CODES[kind] in trial.person.refused


# -------------------------------------------------------------------------------------------------------------- doubled


def _doubled(trial: Trial, subject: str) -> Iterator[str]:
    """One write for the repair, one for an undo that was asked for; whatever others did asks for no more."""
    arrived = [each for each in trial.stage.arrived if each.subject == subject]
    accepted = [each for each in arrived if each.accepted]
    kind = subject.partition(" ")[0]
    wanted = 1 + (f"undo {CODES[kind]}" in trial.person.said)
    if len(accepted) > wanted:
        yield f"{subject}: {len(accepted)} writes accepted for {wanted}: {_listed(arrived)}"
        return
    if any(each.status == 409 for each in arrived):
        yield f"{subject}: sent once more while it was at work: {_listed(arrived)}"


def _listed(arrived: list[Arrived]) -> str:
    return ", ".join(f"{each.operation} {each.status}{' changed it' if each.changed else ''}" for each in arrived)


# --------------------------------------------------------------------------------------------------------------- broken


def _rules(trial: Trial) -> Iterator[str]:
    """The bucket's CORS rules, compared whole: all of before in their order, theirs and ours at most once each."""
    rules = trial.stage.final["cors"]
    if rules is None:
        return
    added = [rule for rule in rules if rule not in BEFORE]
    if tuple(rule for rule in rules if rule in BEFORE) != BEFORE or rules[: len(BEFORE)] != BEFORE:
        yield f"the rules of before are not what they were: {rules}"
    if len(set(added)) != len(added) or not set(added) <= {OURS, THEIRS}:
        yield f"a rule is there twice, or is nobody's: {added}"
    if trial.stage.theirs in ("added", "seen") and THEIRS not in added:
        yield f"a rule that somebody else has added is gone: {added}"


def _brakes(trial: Trial) -> Iterator[str]:
    """What OSS calls turned away (503) counts for nobody, even where it was taken."""
    restores = [each for each in trial.stage.arrived if each.operation == "RestoreObject" and each.status != 503]
    accepted = [each for each in restores if each.accepted]
    if len(accepted) > MOST_WRITES:
        yield f"{len(accepted)} restores accepted where {MOST_WRITES} an hour are allowed"


def chain_findings(store: Store) -> Iterator[str]:
    """Does the journal's chain hold? Closes the store."""
    try:
        with store.read() as connection:
            broken = entries.first_broken(connection)
    finally:
        store.close()
    if broken is not None:
        yield f"the journal's chain is broken at {broken}"


def _journal(trial: Trial) -> Iterator[str]:
    yield from chain_findings(open_store(trial.state, exclusive=False))
    with sqlite3.connect(trial.state / "ossmend.db") as database:
        if (said := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            yield f"the database is damaged: {said}"
    database.close()
    events = trial.person.events()
    if events != trial.lines:
        yield f"{trial.lines} refusals were logged, and {events} counted"
    yield from (f"a fault of ours: {case}" for case in trial.person.cases() if case["state"] == "parked")


def _short(state: object) -> str:
    return repr(state)[:200]
