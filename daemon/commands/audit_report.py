"""What would be done: a dry run over what the sources hold, as a report with calls, cost, permissions and doubts.

The audit works in a state of its own that it throws away, reads every source from its beginning, and takes only
what happened since the time asked for. Nothing is written to the cloud, and the live cursors do not move.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ossmend.config.load import load
from ossmend.config.model import Config
from ossmend.daemon import queries
from ossmend.daemon.app import App
from ossmend.daemon.commands import audit_jobs, audit_strangers, audit_unchecked
from ossmend.daemon.host import log
from ossmend.daemon.host.show import clean
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal import intents, opening
from ossmend.daemon.journal.states import CaseState
from ossmend.daemon.works import Works

IN_THE_REPORT = ("notice", "key.refused", "cloud.away")
"""Events of the log that the report tells in its own words."""


def audit(config_path: Path, back: timedelta) -> dict[str, Any]:
    """Run the audit; JSON values with stable keys. Raises ConfigRefused, CredentialsRefused."""
    config = load(config_path)
    level = "warning" if config.log.level == "info" else config.log.level
    log.configure(config.log.format, level, without=IN_THE_REPORT)
    with tempfile.TemporaryDirectory(prefix="ossmend-audit-") as directory:
        app = App(config_path, dry_run=True, state=Path(directory), since=back)
        try:
            app.once(tell=False)  # the report is for whoever asked for it; a webhook's readers did not ask
            with app.store.read() as connection:
                return _report(connection, config, back, app.works)
        finally:
            app.close()


def _known_numbers(connection: sa.Connection, config: Config) -> dict[int, int]:
    """The audit's case -> the same case of the live journal, where that has it."""
    try:
        live = opening.to_read(config, dry_run=False)
    except StateUnavailable:
        return {}  # an audit works on a machine without a state, too
    try:
        with live.read() as journal:
            known = {key: case_id for case_id, key in queries.keys(journal)}
    except StateUnavailable:
        return {}
    finally:
        live.close()
    return {case_id: known[key] for case_id, key in queries.keys(connection) if key in known}


def _report(connection: sa.Connection, config: Config, back: timedelta, works: Works) -> dict[str, Any]:
    numbers = _known_numbers(connection, config)
    rows = sorted(queries.open_cases(connection), key=lambda row: int(row["id"]))
    said = queries.findings(connection)
    rows = [row | said.get(row["id"], {"evidence": [], "next_steps": []}) for row in rows]
    unchecked = audit_unchecked.unchecked(rows)
    rows = [row | _number(row["id"], numbers) for row in rows]
    planned = [_planned(intent, config) | _number(intent.case_id, numbers) for intent in queries.planned(connection)]
    costs = [Decimal(write["cost"]) for write in planned if write["cost"] is not None]
    permissions = sorted({permission for write in planned for permission in write["permissions"]})
    away = queries.not_opened(connection)
    return {
        "since_seconds": back.total_seconds(),
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "unchecked": unchecked,
        "not_read": works.not_read(),
        "cases": rows,
        "closed_not_shown": queries.by_state(connection)[CaseState.CLOSED],
        "not_opened": away,
        "older": works.triage.older,
        "another_service": audit_strangers.counted(works.triage.another_service),
        "writes": planned,
        "batch_jobs": audit_jobs.jobs(queries.planned(connection), config),
        "calls": dict(Counter(write["operation"] for write in planned)),
        "cost": {
            "amount": str(sum(costs, Decimal(0))),
            "currency": config.prices.currency,
            "prices_as_of": str(config.prices.as_of),
            "unpriced": sum(write["cost"] is None for write in planned),
        },
        "permissions": permissions,
        "cannot_be_known": _doubts(rows, planned, away),
        "needs_a_human": queries.needs_a_human(rows) or unchecked is not None or bool(works.not_read()),
    }


def _number(case_id: int, numbers: Mapping[int, int]) -> dict[str, Any]:
    """A number that nobody can take for one of `ossmend cases`, and that one, where there is one."""
    return {"id": f"A{case_id}", "case": numbers.get(case_id)}


def _planned(intent: intents.Intent, config: Config) -> dict[str, Any]:
    cost = intent.write.cost(config.prices)
    return {
        "policy": intent.policy,
        "account": intent.account.account,
        "mode": next((policy.mode for policy in config.policies if policy.name == intent.policy), "dry-run"),
        "operation": intent.write.operation,
        "target": clean(intent.write.target, "target"),
        "cost": None if cost is None else str(cost),
        "permissions": [clean(f"{action} on {resource}") for action, resource in intent.write.permissions],
    }


def _doubts(rows: list[dict[str, Any]], planned: list[dict[str, Any]], not_opened: list[dict[str, Any]]) -> list[str]:
    """What a dry run cannot know."""
    doubts = []
    if any(row["cause"] == "could-not-check" for row in rows):
        doubts.append("some causes: our own requests were refused or unanswered (see the cases with could-not-check)")
    if not_opened:
        doubts.append("what becomes of the subjects that were not opened: more than `cases` lets be open")
    if any(row["state"] == CaseState.WAITING for row in rows):
        doubts.append("cases that were still waiting for the cloud to answer when the audit ended")
    if any(write["cost"] is None for write in planned):
        doubts.append("the cost of writes without a price: set `prices`")
    if any(write["operation"] == "RestoreObject" for write in planned):
        doubts.append("how long a restore takes: OSS's times are reference values, and a full quota queues requests")
    if any(write["operation"] == "PutBucketCors" for write in planned):
        doubts.append(
            "whether the daemon's key may write: only a real write shows it (ossmend check --live reads only)"
        )
    return doubts
