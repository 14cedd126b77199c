"""Tells people: a structured log line for every notice, and webhooks from a durable outbox.

A notice is said once per case and cause, in the transaction that decides it; a webhook that cannot be reached is
tried again later, a bounded number of times. Bodies hold no secrets, and access key ids are masked in the middle.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa
import structlog

from ossmend import __version__
from ossmend.config.model import Config, Webhook
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.show import clean, subject_text
from ossmend.daemon.journal import entries
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import notices
from ossmend.daemon.journal.store import Store
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.verdict import Diagnosis

log = structlog.get_logger("ossmend.notice")

TIMEOUT = (5, 10)
MOST_TRIES = 10
MOST_NAMED = 50
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(hours=1)


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
    """Put one notice out, in the transaction that decides it; stages/record.py knows what was said before. `rest`:
    the numbers of other cases that tell the same.
    """
    body = body_of(case, why, diagnosis, dry_run=dry_run)
    if rest:
        body |= {"alike": len(rest), "alike_cases": list(rest[:MOST_NAMED])}
    log.warning("notice", **body)
    entries.append(connection, now, [Entry("notice.said", case.id, {"cause": diagnosis.cause, "why": why})])
    for webhook in config.webhooks:
        if webhook.in_dry_run or not dry_run:
            connection.execute(
                notices.insert().values(case_id=case.id, channel=channel_of(webhook), body=body, at=now, due_at=now)
            )


def body_of(case: Case, why: str, diagnosis: Diagnosis, *, dry_run: bool) -> dict[str, Any]:
    """What a notice says: stable keys, JSON values, safe to show."""
    body: dict[str, Any] = clean(
        {
            "case": case.id,
            "code": case.code,
            "policy": case.policy,
            "subject": subject_text(case.subject),
            "why": why,
            "cause": diagnosis.cause,
            "confidence": round(diagnosis.confidence, 2),
            "evidence": list(diagnosis.evidence),
            "next_steps": asdict(diagnosis)["next_steps"],
            "avoid": asdict(diagnosis)["avoid"],
            "facts": dict(diagnosis.facts),
            "events": case.events,
            "first_seen": case.first_seen.isoformat(),
            "last_seen": case.last_seen.isoformat(),
            "used_by": {kind: dict(table) for kind, table in case.usage.items()},
            "recurrences": case.recurrences,
            "dry_run": dry_run,
        }
    )
    return body


def channel_of(webhook: Webhook) -> str:
    """A webhook's name in the journal: its host and a hash, because a token may be part of its address."""
    digest = hashlib.sha256(webhook.url.encode()).hexdigest()[:12]
    return f"{urlsplit(webhook.url).hostname}#{digest}"


def deliver(store: Store, config: Config, clock: Clock, *, limit: int = 20) -> int:
    """Send the webhooks that are due, one after the other. How many went through."""
    webhooks: Mapping[str, Webhook] = {channel_of(webhook): webhook for webhook in config.webhooks}
    with store.read() as connection:
        query = sa.select(notices).where(notices.c.due_at <= clock.now()).order_by(notices.c.due_at).limit(limit)
        due = connection.execute(query).all()
    delivered = 0
    for row in due:
        webhook = webhooks.get(row.channel)
        outcome = "dropped: no longer configured" if webhook is None else _post(webhook, row.body)
        now = clock.now()
        tries = row.tries + 1
        over = outcome == "sent" or webhook is None or tries >= MOST_TRIES
        again = None if over else now + min(FIRST_RETRY * 2 ** (tries - 1), LONGEST_RETRY)
        with store.begin() as connection:
            values = {"due_at": again, "tries": tries, "outcome": outcome}
            connection.execute(notices.update().where(notices.c.id == row.id).values(values))
        delivered += outcome == "sent"
        if outcome != "sent":
            log.warning("notice.undelivered", notice=row.id, outcome=outcome, tries=tries, again_at=again)
    return delivered


def _post(webhook: Webhook, body: Mapping[str, Any]) -> str:
    """POST one body; `sent`, or why not. Signed with the webhook's secret, so that the receiver can tell it is ours."""
    data = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    headers = {"Content-Type": "application/json", "User-Agent": f"ossmend/{__version__}"}
    if webhook.secret is not None:
        mac = hmac.new(webhook.secret.get_secret_value().encode(), data, hashlib.sha256)
        headers["X-Ossmend-Signature"] = f"sha256={mac.hexdigest()}"
    session = requests.Session()
    session.trust_env = False
    try:
        with session.post(
            webhook.url, data=data, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
        ) as answer:
            return "sent" if 200 <= answer.status_code < 300 else f"HTTP {answer.status_code}"
    except requests.RequestException as error:
        return type(error).__name__
    finally:
        session.close()
