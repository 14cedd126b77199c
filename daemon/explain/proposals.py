"""An event and its diagnosis -> the writes that would be considered, from the text alone; the cloud is not asked.

A proposal is not a plan: before any write the daemon looks at the cloud, and often finds nothing to do. Nothing is
known here of single codes: the remediator's own plan says whether the text leaves anything to be asked (planning.py),
and the remediator proposes what it comes to if the world agrees. Nothing is proposed outside of what the policy
matches, and never for another service's error or a bare code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ossmend.daemon.host.redact import mask_key_id
from ossmend.daemon.host.show import clean
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.console import code_of
from ossmend.remediators.contract.registry import Explained, Proposal, Remediator, is_ours

if TYPE_CHECKING:
    from ossmend.config.model import Config, Policy

BARE = "code"
"""The shape of an event that is nothing but a code somebody typed."""


def of(told: Explained, others: Sequence[Event], config: Config | None, lang: str = "en") -> list[dict[str, Any]]:
    """What the enabled policies would do; without a configuration, what a policy could do that opts into nothing."""
    event = told.event
    if "sentence_cut" in event.fields:
        return []  # in a log it implies no code, so the daemon writes nothing for it
    remediator = Remediator.registry.get(code_of(event) or "")
    if remediator is None or remediator.proposes is None or event.shape == BARE or not is_ours(event):
        return []
    if config is None:
        found = remediator.proposes(told, None)
        return [_shown(found, event, None, lang)] if found is not None and found.operation in remediator.writes else []
    policy = config.taking(event)
    found = _by_policy(remediator, told, others, policy) if policy is not None else None
    return [_shown(found, event, policy, lang)] if found is not None else []


def _by_policy(remediator: Remediator, told: Explained, others: Sequence[Event], policy: Policy) -> Proposal | None:
    """What the policy that took the event would write; None where its plan writes nothing, or nothing it covers."""
    from ossmend.daemon.explain.planning import decided_by_text

    event, settings = told.event, policy.settings_for(remediator.code)
    if remediator.proposes is None or decided_by_text(remediator, event, others, settings):
        return None
    found = remediator.proposes(told, settings)
    if found is None or found.operation not in remediator.may_write(settings):
        return None
    return found if all(policy.match.covers(place, event) for place in found.places) else None


def _shown(proposal: Proposal, event: Event, policy: Policy | None, lang: str) -> dict[str, Any]:
    target, note = proposal.target, proposal.only_if
    if lang == "zh":
        from ossmend.daemon.explain import sentences_zh  # most people read English, and it is long

        target, note = sentences_zh.sentence(target), sentences_zh.sentence(note)
    if event.access_key_id:
        target = target.replace(event.access_key_id, mask_key_id(event.access_key_id))
    return {
        "operation": proposal.operation,
        "target": clean(target, "target"),
        "policy": policy.name if policy is not None else None,
        "mode": policy.mode if policy is not None else None,
        "note": note,
    }
