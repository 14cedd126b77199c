"""A refusal that somebody has pasted -> the case that its remediator plans, and a view that knows only the text.

`explain` has no opinion of its own: it runs the plan that the daemon runs. With --live the view is the cloud's, else
it is TextView, and a plan that decides without asking has decided. Next: proposals.py and live.py, which both ask here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn, cast

from ossmend.remediators.contract.case import Case, Event, Neighbour
from ossmend.remediators.contract.console import code_of
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.view import View

if TYPE_CHECKING:
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


def decided_by_text(remediator: Remediator, event: Event, others: Sequence[Event], settings: Settings) -> bool:
    """Does the plan come to its verdict without a look at the world? Then nothing is written: a write needs one."""
    view = cast("View", TextView())
    case = case_of(event, others, remediator, settings, view.now())
    try:
        remediator.plan(case, view, settings)
    except NotAsked:
        return False
    return True


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
