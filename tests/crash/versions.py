"""An older checkout and a seed -> one trial of an upgrade: its node works a log, and a node of ours starts beside it.

Two real versions on one PostgreSQL state, each with its own code and programs, while one of them is killed, stopped or
cut off. The older one then goes on beside the newer or ends by itself, whichever docs/scaling.md promises for its
schema; its machine is upgraded, and nodes of ours finish. Judged as nodes.py's trials are, and beside that: the words
and exit statuses of the older one, and that nothing arrives from it later than its last lease can have lasted.

There is no older checkout in a suite, so this is run by hand:
`.venv/bin/python -m tests.crash.versions --against CHECKOUT --number 20`, where CHECKOUT is a worktree that is set up.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.crash.judge import Findings
from tests.crash.nodes import Report
from tests.crash.nursery import Nursery
from tests.crash.rounds import at_once
from tests.crash.upgrade import KINDS, Upgrade
from tests.crash.versions_judge import Older


def one(
    seed: int, directory: Path, nursery: Nursery, older: Older, olders: Nursery
) -> tuple[Report, Mapping[str, int]]:
    """One trial, and how many writes arrived from each version."""
    began = time.monotonic()
    trial = Upgrade(seed, directory / f"upgrade-{seed}", nursery, older, olders)
    try:
        findings = trial.run()
    except Exception:  # noqa: BLE001 - a trial that breaks is a finding, and the others go on
        findings = Findings(broken=[*trial.wrong, traceback.format_exc(limit=-3)])
    if not findings:
        shutil.rmtree(trial.directory)
    accepted = sum(each.accepted for each in trial.stage.arrived)
    report = Report(seed, trial.kind, accepted, time.monotonic() - began, findings, trial.directory)
    return report, trial.sent()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", type=Path, required=True)
    for name, default in (("--first", 0), ("--number", len(KINDS)), ("--jobs", 2)):
        parser.add_argument(name, type=int, default=default)
    given = parser.parse_args()
    older, directory = Older.of(given.against.resolve()), Path(tempfile.mkdtemp(prefix="ossmend-versions-"))
    olders, total = Nursery(older.checkout), Counter[str]()
    seeds = range(given.first, given.first + given.number)
    sys.stdout.write(f"{older}: it {'goes on' if older.goes_on else 'ends'} beside ours\n")
    try:
        for report, sent in at_once(partial(one, older=older, olders=olders), seeds, directory, given.jobs):
            total.update(trials=1, lost=len(report.findings.lost), doubled=len(report.findings.doubled),
                         broken=len(report.findings.broken), accepted=report.accepted)  # fmt: skip
            total.update(sent)
            sys.stdout.write(f"{report.seconds:5.1f} s {report}\n")
            sys.stdout.flush()
    finally:
        olders.close()
    sys.stdout.write(f"{dict(total)}; evidence in {directory}\n")
    return int(bool(total["lost"] or total["doubled"] or total["broken"]))


if __name__ == "__main__":
    sys.exit(main())
