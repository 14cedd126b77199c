"""Case -> what its remediator says of it: a verdict, or why there is none. The only stage that asks the world.

Our own troubles become "later" or "could not check", never a finding about the user; a bug in one remediator parks its
case, and the daemon goes on. Next: decide.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ossmend.daemon.stages.fault import Fault, caught
from ossmend.daemon.stages.rules import Rules
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.verdict import Refused, Tell, TryAgain, Verdict
from ossmend.remediators.contract.view import View
from ossmend.remediators.other import NO_BUCKET, answered, gone, plan_other

ASK_AGAIN = timedelta(minutes=10)
"""What our own key may not do is tried again this seldom."""


@dataclass(frozen=True, slots=True)
class Later:
    """The world could not be asked just now."""

    why: str
    after: timedelta


Answer = Verdict | Later | Fault


OtherOwner = Callable[[str, AccountRef], str | None]
"""(bucket, account) -> the other account of ours that it belongs to: cloud/accounts.py."""


def _of_nobody(_bucket: str, _account: AccountRef) -> None:
    return None


def plan(case: Case, view: View, rules: Rules, other_owner: OtherOwner = _of_nobody) -> Answer:
    """Ask the remediator of the case's code, with its policy's settings."""
    return caught(lambda: _answer(case, view, rules, other_owner), "case.parked", case=case.id, code=case.code)


def _answer(case: Case, view: View, rules: Rules, other_owner: OtherOwner) -> Verdict | Later:
    try:
        return _asked(case, view, rules)
    except TryAgain as later:
        return Later(later.why, later.after)
    except Refused as refused:
        bucket = case.event.bucket
        if bucket and refused.code == NO_BUCKET:
            return gone(bucket, refused)
        owner = other_owner(bucket, case.account) if bucket and refused.code == "AccessDenied" else None
        if bucket and owner is not None:
            return _elsewhere(case, bucket, owner)
        return could_not_check(refused, view.now())


def _elsewhere(case: Case, bucket: str, owner: str) -> Tell:
    """Another of our accounts has that bucket: no matter of rights, and nothing is done there by this case's policy."""
    why = f"bucket {bucket} belongs to account {owner}, and {case.event.source} tells of account {case.account}"
    facts = {"bucket": bucket, "owner": owner, "account": case.account.account}
    return Tell(why, causes.diagnosis("bucket-of-another-account", 1.0, (why,), facts))


def could_not_check(refused: Refused, now: datetime) -> Tell:
    """Our own question was refused: a trouble of ours, and no finding about the user."""
    diagnosis = causes.diagnosis("could-not-check", 1.0, answered(refused), {"code": refused.code})
    return Tell(f"could not check: {refused}", diagnosis, again_at=now + ASK_AGAIN)


def _asked(case: Case, view: View, rules: Rules) -> Verdict:
    remediator = Remediator.registry.get(case.code or "")
    policy = rules.policy
    if policy is None and (telling := Remediator.only_telling(case.code)) is not None:
        return telling.plan(case, view, telling.settings.only_telling())
    if remediator is None or policy is None:
        return plan_other(case, view)
    return remediator.plan(case, view, policy.settings_for(remediator.code))
