"""A planned write -> does anybody stand behind it: the policy, a person, OSS's own log? How much may go is brakes.py.

Three questions, asked by decide.py before an intent is stored. Does the policy cover what would be written to, whoever
chose it? Has a person to say something, or said it? And who tells the refusal: a source of high trust, or only text
that whoever can make an application log a line may have forged (docs/security.md)?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ossmend.config.model import Policy
from ossmend.daemon.host.show import moment
from ossmend.daemon.journal import taken_back
from ossmend.daemon.journal.batches import KIND
from ossmend.daemon.journal.intents import WITNESS, Words
from ossmend.daemon.stages.fair import Party
from ossmend.daemon.stages.rules import Rules
from ossmend.remediators.contract.case import Case, Event, Receipt
from ossmend.remediators.contract.write import Place, Write, digest, undos_among

CONFIRM_FOR = timedelta(hours=24)
"""A person is told when OSS's own log has not confirmed a refusal for so long. When it does later, the write goes."""
OWN_LOG = "OSS's own log"


@dataclass(frozen=True, slots=True)
class Held:
    """Something holds the write back."""

    by: str
    """What, as a word: `approval`, `rejected`, `witness`, `share`, `price`, `account`, the name of a limit,
    or `beyond` and that name."""
    why: str
    until: datetime | None
    """When to look again; None: only a person ends it."""
    case: Literal["held", "waiting", "reported"] = "held"
    """What becomes of its case."""
    since: datetime | None = None
    """Since when it is held, where that has to be kept."""
    of_undone: bool = False
    """A person has taken the same back: his word on exactly this is awaited, in whatever mode."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Who stands behind a write, and what it lacks."""

    trust: Literal["high", "low"]
    """high: a source of high trust tells this refusal of this place, or a person has approved the write."""
    parties: tuple[Party, ...]
    """Who asks for it; at least one."""
    hold: Held | None = None
    approved: bool = False


def outside(policy: Policy | None, case: Case, write: Write) -> str | None:
    """Why the policy does not let this be written to; None where it does."""
    if policy is None:
        return f"there is no policy {case.policy} now"
    if not policy.enabled:
        return f"policy {policy.name} is switched off"
    if not policy.works_in(case.account):
        return f"the case is of account {case.account}, and policy {policy.name} writes in {policy.account}"
    places = (*write.places, *(Place(ref.bucket, ref.key) for ref in case.members))
    if all(policy.match.covers(place, case.event) for place in places):
        return None
    return f"{write.target} is outside of what policy {policy.name} matches"


def by_hand(case: Case) -> Consent:
    """A person has asked for exactly this write."""
    return Consent("high", _parties(case), approved=True)


def consent_to(case: Case, write: Write, rules: Rules, words: Words, now: datetime, *, approve: bool) -> Consent:
    """Ask for a write that would be sent; never in a dry run, which sends nothing. `approve`: the remediator wants a
    person to look, whatever the policy's mode is.
    """
    granted = words.granted.get(digest(write))
    if granted == "approved":
        return by_hand(case)  # a person has seen exactly this write
    parties = _parties(case)
    trust: Literal["high", "low"] = "high" if _vouched(case, write) else "low"
    if granted == "rejected":
        return Consent(trust, parties, Held("rejected", "rejected", None))
    undone = _undone(case, write, words)
    if undone is not None:
        why = f"waits for approval, because the same was undone by hand {undone}"
        return Consent(trust, parties, Held("approval", why, None, of_undone=True))
    if (approve or rules.mode == "approve") and not write.only_prepares:
        return Consent(trust, parties, Held("approval", "waits for approval", None))
    if case.subject.kind == KIND:
        return Consent(trust, parties)  # OSS's own log has confirmed each of its cases, where it has to
    if trust == "low" and rules.confirm:
        return Consent(trust, parties, _unconfirmed(case, words, now))
    return Consent(trust, parties)


def _undone(case: Case, write: Write, words: Words) -> str | None:
    """When the same was taken back, here or in another case: what a person has undone, no policy does again by itself.
    One that was approved after that ends it, and then the policy's mode counts again.
    """
    at = _undone_at(case.receipts, write)
    if at is not None:
        return f"at {moment(at)}"
    backs = (words.taken_back[key] for key in taken_back.keys(write) if key in words.taken_back)
    back = next(backs, None)
    if back is None:
        return None
    return f"at {moment(back.at)}" if back.case_id == case.id else f"in case {back.case_id} at {moment(back.at)}"


def _undone_at(receipts: Sequence[Receipt], write: Write) -> datetime | None:
    """When this case's last write of that kind to that place was taken back, also by an ossmend that remembered it in
    its case alone.
    """
    same = [each for each in receipts if (each.write.operation, each.write.target) == (write.operation, write.target)]
    return same[-1].at if len(same) - 1 in undos_among([(each.write, each.outcome) for each in same]) else None


def _parties(case: Case) -> tuple[Party, ...]:
    return tuple(dict.fromkeys(Party(event.source, event.client or "") for event in case.samples))


def _vouched(case: Case, write: Write) -> bool:
    """Does a sample of high trust tell that this very place was refused, later than it was last seen well? It has to be
    this place: a case may hold a forged copy source, or a forged second reading, beside a true refusal.
    """
    if case.subject.kind == KIND:
        return case.subject.parts[4] == "high"  # gathered by it (gather.py)
    return any(event.trust == "high" and _is_news(case, event) and _tells(event, case, write) for event in case.samples)


def _is_news(case: Case, event: Event) -> bool:
    return case.verified_at is None or event.time is None or event.time > case.verified_at


def _tells(event: Event, case: Case, write: Write) -> bool:
    place = write.place
    if place is None:
        return event.access_key_id is not None and event.access_key_id == case.event.access_key_id
    if event.bucket != place.bucket:
        return False
    return place.key is None or (event.key == place.key and place.version_id in (None, event.version_id))


def _unconfirmed(case: Case, words: Words, now: datetime) -> Held:
    since = min(words.awaited_since.get(case.id) or now, now)  # never ahead, whatever the clock was once
    what = f"request id {case.event.request_id}" if case.event.request_id else "this refusal, which names no request id"
    if now < since + CONFIRM_FOR:
        return Held(WITNESS, f"waits for {OWN_LOG} to confirm {what}", since + CONFIRM_FOR, "waiting", since)
    hours = f"{CONFIRM_FOR.total_seconds() / 3600:.0f}"
    return Held(WITNESS, f"{OWN_LOG} has not confirmed {what} within {hours} h", None, "reported", since)
