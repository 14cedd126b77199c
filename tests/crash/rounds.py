"""Seeds -> reports: trials side by side, and what became of each; a failed one leaves its directory.

By hand, for as many as one likes: `.venv/bin/python -m tests.crash.rounds --first 0 --number 100 --jobs 6`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.crash.faults import KINDS
from tests.crash.judge import Findings, judge
from tests.crash.nursery import Nursery
from tests.crash.trial import Trial


@dataclass(frozen=True, slots=True)
class Report:
    """One trial, in a line."""

    seed: int
    kind: str
    kills: int
    struck: int
    accepted: Mapping[str, int]
    """Writes that the cloud took, by operation, and undos that a person has asked for."""
    seconds: float
    findings: Findings
    evidence: Path

    def __str__(self) -> str:
        found = [*self.findings.lost, *self.findings.doubled, *self.findings.broken]
        said = "; ".join(found) or "held"
        return f"seed {self.seed} ({self.kind}), {self.kills} kills, struck {self.struck} times: {said}" + (
            f" ({self.evidence})" if found else ""
        )


def kind_of(seed: int) -> str:
    """Every kind in turn: as many seeds as there are kinds are one round."""
    return list(KINDS)[seed % len(KINDS)]


def rounds(seeds: Iterable[int], directory: Path, jobs: int) -> Iterator[Report]:
    """Run these trials, `jobs` at a time; their reports as they come."""
    return at_once(_one, seeds, directory, jobs)


Reported = TypeVar("Reported")


def at_once(
    one: Callable[[int, Path, Nursery], Reported], seeds: Iterable[int], directory: Path, jobs: int
) -> Iterator[Reported]:
    """Trials of any sort, over one nursery."""
    nursery = Nursery()
    try:
        with ThreadPoolExecutor(jobs) as pool:
            begun = [pool.submit(one, seed, directory, nursery) for seed in seeds]
            yield from (each.result() for each in as_completed(begun))
    finally:
        nursery.close()


def _one(seed: int, directory: Path, nursery: Nursery) -> Report:
    began = time.monotonic()
    trial = Trial(seed, directory / f"trial-{seed}", nursery, kind_of(seed))
    try:
        trial.run()
        findings = judge(trial)
    except Exception:  # noqa: BLE001 - a trial that breaks is a finding, and the others go on
        findings = Findings(broken=[traceback.format_exc(limit=-3)])
    finally:
        trial.abandon()
    accepted = Counter(each.operation for each in trial.stage.arrived if each.accepted)
    accepted.update(word for word in trial.person.said)
    if findings:
        _leave(trial)
    else:
        shutil.rmtree(trial.directory)
    return Report(
        seed, trial.kind, trial.killed, trial.struck, accepted, time.monotonic() - began, findings, trial.directory
    )


def _leave(trial: Trial) -> None:
    """Beside state, log and trace: what was chosen, what arrived and what people were told."""
    requests = [
        f"{each.shown:.3f} {each.operation} {each.bucket} {each.key} {each.status} {each.code}"
        for each in trial.stage.requests
    ]
    told = {
        "seed": trial.seed,
        "kind": trial.kind,
        "kills": trial.kills,
        "said": trial.person.said,
        "refused": trial.person.refused,
        "arrived": trial.stage.arrived,
        "notices": trial.person.notices,
        "requests": requests,
    }
    (trial.directory / "trial.json").write_text(json.dumps(told, default=str, indent=1), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser()
    for name, default in (("--first", 0), ("--number", len(KINDS)), ("--jobs", 6)):
        parser.add_argument(name, type=int, default=default)
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="ossmend-crash-"))
    seeds = range(given.first, given.first + given.number)
    kinds: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for report in rounds(seeds, directory, given.jobs):
        kinds[report.kind] += bool(report.struck)
        total.update(trials=1, kills=report.kills, lost=len(report.findings.lost),
                     doubled=len(report.findings.doubled), broken=len(report.findings.broken))  # fmt: skip
        total.update(report.accepted)
        sys.stdout.write(f"{report.seconds:5.1f} s {report}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{dict(total)}; trials that were struck, by kind: {dict(kinds)}; evidence in {directory}\n")
    return int(bool(total["lost"] or total["doubled"] or total["broken"]))


if __name__ == "__main__":
    sys.exit(main())
