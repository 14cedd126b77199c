"""An event -> the policy, the subject and the account of the case that it belongs to, as an empty fold.

`ossmend explain` counts by it as the daemon does (stages/triage.py), so a log has as many cases in one as in the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ossmend.daemon.journal.folds import Fold
from ossmend.remediators.contract.case import Event, Subject
from ossmend.remediators.contract.console import code_of
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.other import subject_other

if TYPE_CHECKING:
    from ossmend.config.model import Config, Policy

UNTAKEN = "-"
"""Policy name of the cases that no policy took."""


def fold_of(event: Event, config: Config) -> tuple[Event, Fold]:
    """The event with the account that its policy names, and the fold; the first policy that fits takes it."""
    policy = config.taking(event)
    account = config.settled(event, policy)
    if account != event.account:
        event = replace(event, account=account)
    if policy is not None:
        return event, Fold(policy.name, code_of(event), _subject(policy, event), policy.recurrence, account)
    telling = Remediator.only_telling(event.code)
    subject = telling.subject(event, telling.settings.only_telling()) if telling is not None else subject_other(event)
    return event, Fold(UNTAKEN, event.code, subject, config.recurrence, account)


def _subject(policy: Policy, event: Event) -> Subject:
    remediator = Remediator.registry.get(code_of(event) or "")
    if remediator is None:
        return subject_other(event)
    return remediator.subject(event, policy.settings_for(remediator.code))
