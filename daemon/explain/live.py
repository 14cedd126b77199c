"""`ossmend explain --live`: one event -> what its remediator says after it has asked the cloud, by reads alone.

The same plan that the daemon would make, in a dry run of one: nothing is stored, nothing can be written. text.py
puts it in the place of what the text alone tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ossmend.config.model import Config, Policy
from ossmend.daemon.cloud.accounts import Cloud, connect
from ossmend.daemon.cloud.settings import cloud_settings
from ossmend.daemon.explain.planning import case_of, spoken
from ossmend.daemon.host import log
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.host.show import clean
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.console import code_of
from ossmend.remediators.contract.registry import Remediator, is_ours
from ossmend.remediators.contract.verdict import Act, Diagnosis, Done, Refused, Tell, TryAgain, Verdict, Wait
from ossmend.remediators.other import NO_BUCKET, gone

MOST = 20
"""Refusals of one text that the cloud is asked about; a whole log is the daemon's work."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it, in the shape that text.py prints."""

    diagnosis: Diagnosis
    writes: list[dict[str, Any]]


@contextmanager
def asking(config: Config) -> Iterator[Live]:
    """A connection for one explanation. Raises CredentialsRefused."""
    log.quiet()
    cloud = connect(cloud_settings(config), clock=SystemClock(), may_write=False)
    try:
        yield Live(config, cloud)
    finally:
        cloud.close()


class Live:
    """Answers about the first MOST events; None for the rest and where no remediator knows the code."""

    def __init__(self, config: Config, cloud: Cloud) -> None:
        self._config = config
        self._view = cloud.view(())
        self._left = MOST

    def found(self, event: Event, others: Sequence[Event], told: Diagnosis, lang: str = "en") -> Found | None:
        """`told` is what the text alone tells: it stays where the cloud cannot be asked."""
        remediator = Remediator.registry.get(code_of(event) or "")
        if remediator is None or event.fields.get("foreign_service") or self._left == 0:
            return None
        self._left -= 1
        policy = self._config.taking(event) if is_ours(event) else None
        settings = policy.settings_for(remediator.code) if policy else remediator.settings.only_telling()
        speaking = causes.SPOKEN.set(lang)
        try:
            case = case_of(event, others, remediator, settings, self._view.now())
            verdict: Verdict = remediator.plan(case, self._view, settings)
        except (TryAgain, Refused) as trouble:
            if isinstance(trouble, Refused) and trouble.code == NO_BUCKET and event.bucket:
                return _found(gone(event.bucket, trouble), told, policy, event, lang)
            return Found(replace(told, evidence=(*told.evidence, *spoken((f"could not check: {trouble}",), lang))), [])
        finally:
            causes.SPOKEN.reset(speaking)
        return _found(verdict, told, policy, event, lang)


def _spoken(diagnosis: Diagnosis, lang: str) -> Diagnosis:
    return replace(diagnosis, evidence=spoken(diagnosis.evidence, lang))


def _found(verdict: Verdict, told: Diagnosis, policy: Policy | None, event: Event, lang: str) -> Found:
    """A write that lies outside of the policy is none: the daemon would not store it."""
    match verdict:
        case Act(writes, _, diagnosis) if policy is not None:
            planned = [
                {
                    "operation": write.operation,
                    "target": clean(write.target, "target"),
                    "policy": policy.name,
                    "mode": policy.mode,
                    "note": "刚刚已向云端查询" if lang == "zh" else "the cloud was asked just now",
                }
                for write in writes
                if policy.match.covers(write.place, event)
            ]
            return Found(_spoken(diagnosis, lang), planned)
        case Act(_, _, diagnosis) | Tell(_, diagnosis):
            return Found(_spoken(diagnosis, lang), [])
        case Done(why, cause) | Wait(_, why, cause):
            named = told if cause in (told.cause, "unknown") else causes.diagnosis(cause, 0.95, ())
            now = "刚刚查询" if lang == "zh" else "asked just now"
            (why,) = spoken((why,), lang)
            return Found(replace(named, evidence=(f"{now}{'：' if lang == 'zh' else ': '}{why}", *told.evidence)), [])
