"""A planned write -> does anybody stand behind it: the policy, a person, OSS's own log? How much may go is brakes.py.

Three questions, asked by dispatch.py before an intent is stored. Does the policy cover what would be written to,
whoever chose it? Has a person to say something, or said it? And who tells the refusal: a source of high trust, or only
text that whoever can make an application log a line may have forged (docs/security.md)?
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from ossmend.config.model import Config, Policy
from ossmend.daemon.journal import intents
from ossmend.daemon.stages.fair import Party
from ossmend.remediators.agreement import OSS_LOG
from ossmend.remediators.contract.case import Case, Event
from ossmend.remediators.contract.write import Write, digest

CONFIRM_FOR = timedelta(hours=24)
"""A person is told when OSS's own log has not confirmed a refusal for so long. When it does later, the write goes."""
OWN_LOG = "OSS's own log"


@dataclass(frozen=True, slots=True)
class Held:
    """Something holds the write back."""

    why: str
    until: datetime | None
    """When to look again; None: only a person's approval lets it go."""
    state: Literal["held", "waiting", "told"] = "held"
    """What becomes of its case."""
    since: datetime | None = None
    """Since when it is held, where that has to be kept."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Who stands behind a write, and what it lacks."""

    trust: Literal["high", "low"]
    """high: a source of high trust tells this refusal of this place, or a person has approved the write."""
    parties: tuple[Party, ...]
    """Who asks for it; at least one."""
    hold: Held | None = None
    approved: bool = False


def outside(policy: Policy, case: Case, write: Write) -> str | None:
    """Why the policy does not let this be written to; None where it does."""
    if not policy.enabled:
        return f"policy {policy.name} is switched off"
    if policy.match.covers(write.place, case.event):
        return None
    return f"{write.target} is outside of what policy {policy.name} matches"


def consent_to(
    connection: sa.Connection, config: Config, policy: Policy, mode: str, case: Case, write: Write, now: datetime
) -> Consent:
    """Ask for a write that would be sent; never in a dry run, which sends nothing."""
    parties = tuple(dict.fromkeys(Party(event.source, event.client or "") for event in case.samples))
    granted = intents.approval(connection, digest(write), now)
    if granted:
        return Consent("high", parties, approved=True)  # a person has seen exactly this write
    trust: Literal["high", "low"] = "high" if _vouched(case, write) else "low"
    if granted is False:
        return Consent(trust, parties, Held("rejected", None))
    if mode == "approve":
        return Consent(trust, parties, Held("waits for approval", None))
    if trust == "low" and config.asks_witness(case.event.source, policy) and not _vouched(case, write, of_oss=True):
        return Consent(trust, parties, _unconfirmed(connection, case, now))
    return Consent(trust, parties)


def _vouched(case: Case, write: Write, *, of_oss: bool = False) -> bool:
    """Does a sample of high trust tell that this very place was refused, later than it was last seen well? It has to be
    this place: a case may hold a forged copy source, or a forged second reading, beside a true refusal.
    """
    return any(
        (event.source.startswith(OSS_LOG) if of_oss else event.trust == "high")
        and _is_news(case, event)
        and _tells(event, case, write)
        for event in case.samples
    )


def _is_news(case: Case, event: Event) -> bool:
    return case.verified_at is None or event.time is None or event.time > case.verified_at


def _tells(event: Event, case: Case, write: Write) -> bool:
    place = write.place
    if place is None:
        return event.access_key_id is not None and event.access_key_id == case.event.access_key_id
    if event.bucket != place.bucket:
        return False
    return place.key is None or (event.key == place.key and place.version_id in (None, event.version_id))


def _unconfirmed(connection: sa.Connection, case: Case, now: datetime) -> Held:
    since = intents.held_since(connection, case.id, OWN_LOG) or now
    what = f"request id {case.event.request_id}" if case.event.request_id else "this refusal, which names no request id"
    if now < since + CONFIRM_FOR:
        return Held(f"waits for {OWN_LOG} to confirm {what}", since + CONFIRM_FOR, "waiting", since)
    hours = f"{CONFIRM_FOR.total_seconds() / 3600:.0f}"
    return Held(f"{OWN_LOG} has not confirmed {what} within {hours} h", None, "told", since)
