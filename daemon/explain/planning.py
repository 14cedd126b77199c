"""A refusal that somebody has pasted -> the case that its remediator plans, and a view that knows only the text.

`explain` has no opinion of its own: it runs the plan that the daemon runs. With --live the view is the cloud's, else
it is TextView, and a plan that decides without asking has decided. Next: proposals.py and live.py, which both ask here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn, cast

from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case, Event, Neighbour
from ossmend.remediators.contract.console import code_of
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.values import ClockReading
from ossmend.remediators.contract.verdict import Diagnosis, Tell, Verdict
from ossmend.remediators.contract.view import View
from ossmend.remediators.other import plan_other

if TYPE_CHECKING:
    from ossmend.config.model import Config
    from ossmend.remediators.contract.settings import Settings

LONG_AGO = timedelta(hours=1)
"""Nobody waits here: a diagnostic message that is not there yet is reported as such."""


class NotAsked(Exception):
    """The plan wants to know what only the world can tell."""


class TextView:
    """A view without a world: it knows what time it is, and refuses every other question."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def __getattr__(self, question: str) -> NoReturn:
        raise NotAsked(question)


class Unmeasured(TextView):
    """The same, for what a text says of other people's clocks: this host's was not measured, and decides nothing."""

    def clock(self) -> ClockReading:
        return ClockReading(())


def decided_by_text(remediator: Remediator, event: Event, others: Sequence[Event], settings: Settings) -> bool:
    """Does the plan come to its verdict without a look at the world? Then nothing is written: a write needs one."""
    view = cast("View", TextView())
    case = case_of(event, others, remediator, settings, view.now())
    try:
        remediator.plan(case, view, settings)
    except NotAsked:
        return False
    return True


def decided_of(case: Case, config: Config | None, lang: str) -> Diagnosis | None:
    """What the case's plan says of all its refusals, where it asks for nothing that only the world can tell: as the
    daemon says it, in that language.
    """
    remediator = Remediator.registry.get(case.code or "")
    speaking = causes.SPOKEN.set(lang)
    try:
        verdict = _planned(case, remediator, config)
    except NotAsked:
        return None
    finally:
        causes.SPOKEN.reset(speaking)
    if not isinstance(verdict, Tell):
        return None
    return replace(verdict.diagnosis, evidence=spoken(verdict.diagnosis.evidence, lang))


def _planned(case: Case, remediator: Remediator | None, config: Config | None) -> Verdict:
    """Without a policy a plan that may write is not run: the daemon only tells then, too."""
    view, name = cast("View", Unmeasured()), case.policy
    policy = next((each for each in config.policies if each.name == name), None) if config is not None else None
    if remediator is None or (policy is None and remediator.writes):
        return plan_other(case, view)
    settings = policy.settings_for(remediator.code) if policy else remediator.settings.only_telling()
    return remediator.plan(case, view, settings)


def spoken(sentences: Sequence[str], lang: str) -> tuple[str, ...]:
    """A remediator's own sentences, in the language asked for; the catalogue's are in it already."""
    if lang != "zh":
        return tuple(sentences)
    from ossmend.daemon.explain import sentences_zh  # most people read English, and it is long

    return tuple(sentences_zh.sentence(each) for each in sentences)


def case_of(event: Event, others: Sequence[Event], remediator: Remediator, settings: Settings, now: datetime) -> Case:
    """The case that these refusals would be, if nothing else were in the journal."""
    seen = event.time or now
    alike = [other for other in others if other.code == event.code]
    return Case(
        id=0,
        policy="",
        code=code_of(event),
        subject=remediator.subject(event, settings),
        events=1 + len(alike),
        opened_at=now - LONG_AGO,
        first_seen=seen,
        last_seen=seen,
        samples=(*alike[-5:], event),
        dry_run=True,
        correlated=tuple(_neighbour(other, seen) for other in others if other.code != event.code),
    )


def _neighbour(event: Event, seen: datetime) -> Neighbour:
    return Neighbour(id=0, code=event.code, cause=None, event=event, usage={}, first_seen=seen, last_seen=seen)
