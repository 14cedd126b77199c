"""A notice -> a log line, a journal entry and a row for each channel, in the transaction that decides it.

What is stored here is sent later, by delivery.py. Bodies hold no secrets, and access key ids are masked in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from ossmend.config.model import Config
from ossmend.daemon.host.show import clean, subject_text
from ossmend.daemon.journal import entries
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import cases, notices
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.verdict import Diagnosis

log = structlog.get_logger("ossmend.notice")

MOST_NAMED = 50


def put(
    connection: sa.Connection,
    config: Config,
    case: Case,
    why: str,
    diagnosis: Diagnosis,
    now: datetime,
    *,
    dry_run: bool,
    rest: Sequence[int] = (),
) -> None:
    """Put one notice out, in the transaction that decides it; stages/page.py knows what was said before. `rest`:
    the numbers of other cases that tell the same.
    """
    region = connection.scalar(sa.select(cases.c.region).where(cases.c.id == case.id)) or None
    body = body_of(case, why, diagnosis, region=region, dry_run=dry_run)
    if rest:
        body |= {"alike": len(rest), "alike_cases": list(rest[:MOST_NAMED])}
    log.warning("notice", **body)
    entries.append(connection, now, [Entry("notice.said", case.id, {"cause": diagnosis.cause, "why": why})])
    for channel in config.channels:
        if channel.in_dry_run or not dry_run:
            connection.execute(
                notices.insert().values(case_id=case.id, channel=channel.name, body=body, at=now, due_at=now)
            )


def put_finding(
    connection: sa.Connection,
    config: Config,
    policy: str,
    why: str,
    diagnosis: Diagnosis,
    now: datetime,
    *,
    dry_run: bool,
) -> None:
    """Put out what is true of a policy and of no case; the same keys, null where only a case has something to say."""
    nothing = dict.fromkeys(("case", "code", "account", "region", "events", "first_seen", "last_seen"))
    told = {"policy": policy, "subject": f"policy:{policy}", "used_by": {}, "recurrences": 0, "dry_run": dry_run}
    body: dict[str, Any] = clean(nothing | told | {"why": why} | _of_diagnosis(diagnosis))
    log.warning("notice", **body)
    entries.append(connection, now, [Entry("notice.said", None, {"cause": diagnosis.cause, "why": why})])
    for channel in config.channels:
        if channel.in_dry_run or not dry_run:
            connection.execute(notices.insert().values(channel=channel.name, body=body, at=now, due_at=now))


def _of_diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "cause": diagnosis.cause,
        "confidence": round(diagnosis.confidence, 2),
        "evidence": list(diagnosis.evidence),
        "next_steps": asdict(diagnosis)["next_steps"],
        "avoid": asdict(diagnosis)["avoid"],
        "facts": dict(diagnosis.facts),
    }


def body_of(case: Case, why: str, diagnosis: Diagnosis, *, region: str | None, dry_run: bool) -> dict[str, Any]:
    """What a notice says: stable keys, JSON values, safe to show."""
    body: dict[str, Any] = clean(
        {
            "case": case.id,
            "code": case.code,
            "policy": case.policy,
            "account": case.account.account,
            "region": region,
            "subject": subject_text(case.subject),
            "why": why,
            **_of_diagnosis(diagnosis),
            "events": case.events,
            "first_seen": case.first_seen.isoformat(),
            "last_seen": case.last_seen.isoformat(),
            "used_by": {kind: dict(table) for kind, table in case.usage.items()},
            "recurrences": case.recurrences,
            "dry_run": dry_run,
        }
    )
    return body
