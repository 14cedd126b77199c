"""What was turned away at a ceiling -> a counter, and two notices: when it begins, and when there is room again.

However many subjects a flood names, it is one row for each policy, and people are told once a day at most. admit.py
says who is turned away; triage.py calls this in the transaction of its batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from ossmend.daemon.journal import ceilings, entries
from ossmend.daemon.journal.ceilings import Turned
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.notices import outbox
from ossmend.daemon.stages.admit import is_roomy
from ossmend.daemon.stages.rules import RuleBook
from ossmend.remediators import causes

log = structlog.get_logger("ossmend.room")

OVER_AFTER = timedelta(minutes=10)
"""A flood is over when it has turned nothing away for so long, and there is room."""
TELL_EVERY = timedelta(hours=24)


def count(connection: sa.Connection, rules: RuleBook, turned: Mapping[str, Turned], now: datetime) -> None:
    """Count what a batch has turned away, by policy; tell people where that begins."""
    for policy, each in turned.items():
        if not ceilings.count(connection, policy, each, now):
            continue
        of = f"of {each.most} open cases ({each.ceiling})"
        why = f"policy {policy} is at its part of the ceiling {of}: new subjects are counted and not opened"
        data = {"policy": policy, "ceiling": each.ceiling, "most": each.most}
        entries.append(connection, now, [Entry("ceiling.reached", None, data)])
        log.warning("ceiling.reached", **data)
        if ceilings.tell(connection, policy, now, TELL_EVERY):
            _tell(connection, rules, policy, "too-many-cases", why, data, now)


def look(connection: sa.Connection, rules: RuleBook, now: datetime) -> None:
    """Say where there is room again."""
    by_policy = ceilings.open_by_policy(connection)
    for row in ceilings.quiet(connection, now - OVER_AFTER):
        if not is_roomy(rules.config.cases, by_policy, {row.policy: 1}):
            continue
        ceilings.end(connection, row.policy)
        data = {"policy": row.policy, "subjects": row.subjects, "events": row.events}
        entries.append(connection, now, [Entry("ceiling.cleared", None, data)])
        log.info("ceiling.cleared", **data)
        if row.told_at is not None and row.told_at >= row.since:
            why = (
                f"policy {row.policy} has room for new cases again: from {row.since:%Y-%m-%d %H:%M}Z to "
                f"{row.last:%H:%M}Z, {row.events} refusals of {row.subjects} subjects were counted and not opened"
            )
            _tell(connection, rules, row.policy, "room-for-cases", why, data, now)


def _tell(
    connection: sa.Connection,
    rules: RuleBook,
    policy: str,
    cause: str,
    why: str,
    facts: Mapping[str, object],
    now: datetime,
) -> None:
    diagnosis = causes.diagnosis(cause, 1.0, (why,), facts)
    dry_run = rules.mode(policy) == "dry-run"
    outbox.put_finding(connection, rules.config, policy, why, diagnosis, now, dry_run=dry_run)
