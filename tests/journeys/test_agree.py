"""`explain` and `audit` of the same log: the same cases, counts and order; and where nobody asked, equal certainty."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ossmend.config.load import load
from ossmend.daemon.commands.audit_report import audit
from ossmend.daemon.explain.text import explain_text
from ossmend.remediators.contract.settings import parse_duration
from ossmend.simulator.serve import Running
from tests.journeys.test_every_cause import configured
from tests.journeys.test_explain_live import credentials
from tests.simulator.test_scenes_refuse import playing

SKEWED = (
    "bucket=reports status=403 code=RequestTimeTooSkewed RequestTime=2026-11-28T{}:00.000Z "
    "ServerTime=2026-11-28T03:12:00.000Z request_id={}"
)
LINES = (
    SKEWED.format("02:49", f"{1:024X}"),
    "bucket=reports key=2026/q3.csv status=403 code=InvalidObjectState operation=GetObject",
    "client_ip=10.0.0.9 " + SKEWED.format("02:49", f"{2:024X}"),
    "bucket=vault key=plan.txt status=403 code=KmsServiceNotEnabled message=off client_ip=10.0.0.7",
    SKEWED.format("11:12", f"{3:024X}"),
    "bucket=vault key=plan.txt status=403 code=KmsServiceNotEnabled message=off client_ip=10.0.0.8",
    SKEWED.format("11:12", f"{3:024X}"),  # told twice: one request, one refusal
    "bucket=reports key=2026/q3.csv status=403 code=InvalidObjectState operation=GetObject",
    f"oss: StatusCode=403, ErrorCode=AccessDenied, ErrorMessage=no bucket is told, RequestId={4:024X}",
)
BY_TEXT = ("RequestTimeTooSkewed", "KmsServiceNotEnabled", "AccessDenied")
"""Codes whose plans ask the cloud for nothing here: audit and explain know the same."""


def log_of(directory: Path) -> str:
    text = "".join(f"2026-11-28T03:12:{number:02}Z ERROR {line}\n" for number, line in enumerate(LINES))
    text += "2026-11-28T03:12:59Z INFO all is well\n"
    log = directory / "app.log"
    log.write_text(text, encoding="utf-8")
    at_rest = log.stat().st_mtime - 10.0
    os.utime(log, (at_rest, at_rest))  # nobody is in the middle of a line
    return text


def both(directory: Path, sim: Running) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What audit and explain say: a row for each case."""
    config, text = configured(directory, sim), log_of(directory)
    rows = audit(config, parse_duration("3650d"))["cases"]
    events = explain_text(text, config=load(config))["events"]
    mine = {event["case"]["number"]: {**event["case"], "code": event["code"]} for event in events if event["case"]}
    return sorted(rows, key=lambda row: int(row["id"][1:])), list(mine.values())


@pytest.mark.parametrize("asked", [True, False], ids=["cloud", "no cloud"])
def test_the_same_log_has_the_same_cases_counts_and_order(
    asked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing("invalid_object_state") as sim:
        credentials(sim, monkeypatch)
        if not asked:
            monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tNobodyKnowsThisOne")
        rows, mine = both(tmp_path, sim)

    def told(cases: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(each["policy"], each["code"], each["subject"], each["events"]) for each in cases]

    assert told(mine) == told(rows)
    assert [each["events"] for each in mine] == [2, 2, 1, 2, 1]
    for row, case in zip(rows, mine, strict=True):
        if row["code"] in BY_TEXT:
            assert (case["cause"], case["confidence"]) == (row["cause"], row["confidence"]), row


def test_nameless_clocks_are_not_one_machine_in_either_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("invalid_object_state") as sim:
        credentials(sim, monkeypatch)
        rows, mine = both(tmp_path, sim)
    assert mine[0]["subject"] == rows[0]["subject"] == "clocks of unknown machines"
    assert rows[0]["why"].startswith("clocks of unknown machines are off by 2 different amounts: ")
    assert mine[0]["diagnosis"]["evidence"][0].startswith("clocks of unknown machines, off by 2 different amounts")
    assert "drift_seconds" not in mine[0]["diagnosis"]["facts"]
    assert max(rows[0]["confidence"], mine[0]["confidence"]) <= 0.5
