"""UserDisable and its family: the account itself is refused. One case for all of it; no write until it answers again.

Overdue, held for security, or never activated: the code does not say which, BSS's balance may. ossmend cannot pay and
cannot enable; it tells, counts, and looks whether the account answers again (docs/facts.md#disabled-accounts). While
the case is open, brakes.py holds every write: a dead account must not be called in a loop.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ossmend.remediators import causes
from ossmend.remediators.causes import correlation as company
from ossmend.remediators.contract.answers import ACCOUNT_CODES, Balance
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.registry import remedies
from ossmend.remediators.contract.verdict import Diagnosis, Done, Refused, Tell, TryAgain, Verdict
from ossmend.remediators.contract.view import Money

if TYPE_CHECKING:
    from ossmend.remediators.contract.settings import NoSettings

OURS_WORKS = timedelta(minutes=5)
"""The account counts as well again when our own read is answered and nobody was refused for so long."""
ANSWERS = 0.9
LOOK = timedelta(minutes=5)
STILL = "asked just now, OSS refuses our own read"
DEADLINE = "data may be deleted within days of the suspension"


def subject(_event: Event, _settings: NoSettings) -> Subject:
    return Subject("account", ())


@remedies(*ACCOUNT_CODES, subject=subject, asks=("answers", "balance"))
def plan(case: Case, view: Money, _settings: NoSettings) -> Verdict:
    """Does the account answer? If not: what does its balance say?"""
    evidence: list[str] = []
    world: dict[str, str] = {}
    if _answers(case, view, world, evidence):
        return _answers_again(case, view, world)
    money, facts = _money(view, evidence)
    world |= money
    diagnosis = company.diagnosed(case, world=world)
    buckets = sorted(company.usage(case).get("buckets", {}))
    if buckets:
        evidence.append(f"refused: {', '.join(buckets[:5])}{' and more' if len(buckets) > 5 else ''}")
    diagnosis = replace(
        diagnosis,
        evidence=(*diagnosis.evidence, *evidence),
        facts={**diagnosis.facts, **facts, "buckets": buckets[:30], "writes_suspended": True},
    )
    title = causes.CAUSES[diagnosis.cause].title.en
    why = f"{case.code}: {title}; {DEADLINE}; no write of ossmend goes out until the account answers again"
    still = any(said.startswith(STILL) for said in evidence)
    return Tell(why, diagnosis, again_at=view.now() + LOOK, holds=still)


def _answers(case: Case, view: Money, world: dict[str, str], evidence: list[str]) -> bool:
    """True only where a read of the same bucket succeeds, or of the list of buckets where none is named or left."""
    bucket = case.event.bucket
    try:
        try:
            code = view.answers(bucket)
        except Refused as refused:
            if refused.code != "NoSuchBucket":
                raise
            world["cloud.bucket"] = f"missing: {bucket} was never made, or is gone"
            code = view.answers(None)
    except Refused as refused:
        evidence.append(f"could not check whether the account answers: our own {refused.operation}: {refused.code}")
        return False
    except TryAgain as later:
        evidence.append(f"could not check whether the account answers: {later.why}")
        return False
    if code is not None:
        evidence.append(f"{STILL} with {code}")
    return code is None


def _answers_again(case: Case, view: Money, world: dict[str, str]) -> Verdict:
    """Our own read works: nothing is suspended. Somebody else's may not: other accounts look the same in a log."""
    ends = case.last_seen + OURS_WORKS
    if (missing := world.get("cloud.bucket")) is not None:
        said = f"the account answers, and the bucket is {missing}; {DEADLINE}"
        return Tell(f"{case.code}: {said}", _as_it_is_now(case, view, said))
    if view.now() >= ends:
        return Done("the account answers again, and nobody has been refused since", company.diagnosed(case).cause)
    said = "OSS answers our own read of it: it has just ended, or another account's key or bucket is meant"
    return Tell(f"{case.code}: {said}", _as_it_is_now(case, view, said), again_at=ends)


def _as_it_is_now(case: Case, view: Money, said: str) -> Diagnosis:
    """What the cloud says now counts more than what it said then; but a bill that BSS shows is still to be paid."""
    evidence: list[str] = []
    world, facts = _money(view, evidence)
    balance = world.get("cloud.balance", "")
    told = company.diagnosed(case, world=world)
    facts = {**told.facts, **facts, "writes_suspended": False}
    if balance.startswith("negative"):
        return replace(told, evidence=(*told.evidence, said), facts=facts)
    if balance:
        evidence.append(f"the balance is {balance}")
    then = ((told.cause, told.confidence), *told.alternatives)
    return causes.diagnosis("account-answers", ANSWERS, (said, *evidence), facts, then)


def _money(view: Money, evidence: list[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """The balance as a feature: of our own key's account; who pays may be another (docs/facts.md#account-balance)."""
    try:
        balance = view.balance()
    except Refused as refused:
        evidence.append(f"could not ask for the balance: our own {refused.operation}: {refused.code}")
        return {}, {}
    except TryAgain as later:
        evidence.append(f"could not ask for the balance: {later.why}")
        return {}, {}
    return {"cloud.balance": _feature(balance)}, {"balance": str(balance.available), "currency": balance.currency}


def _feature(balance: Balance) -> str:
    sign = "negative" if balance.available < 0 else "zero" if balance.available == 0 else "positive"
    return f"{sign}: {balance.available} {balance.currency}".strip()
