"""The refusals of a text -> the cases that the daemon would make of them: those that an audit of the same log counts.

What makes two refusals one case is asked of those who know it: the remediator (subject), the configuration (policy and
account), the journal (folds.py: key, samples and users; correlation.py: which cases stand beside which). So `explain`
and `ossmend audit` count alike, and weigh a refusal with the same company. Next: text.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ossmend.daemon.explain.proposals import BARE
from ossmend.daemon.journal.folds import Fold
from ossmend.daemon.journal.placing import UNTAKEN, fold_of
from ossmend.remediators.contract.case import Case, Event, Neighbour, Subject
from ossmend.remediators.contract.console import code_of
from ossmend.remediators.contract.registry import Remediator, is_ours
from ossmend.remediators.other import subject_other

if TYPE_CHECKING:
    from ossmend.config.model import Config

USUAL = frozenset(
    {
        "AccessDenied",
        "AccessForbidden",
        "ImageDamage",
        "InvalidAccessKeyId",
        "InvalidObjectState",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UserDisable",
    }
)
"""Codes for which `ossmend init` writes a policy of their own. A test holds the two together."""
MOST_NEIGHBOURS = 500
"""The newest cases that are looked through, as the daemon does."""


@dataclass(slots=True)
class Gathered:
    """One case, and which refusals of the text are its own, by their number from 0."""

    case: Case
    refusals: list[int] = field(default_factory=list)

    def beside(self, event: Event) -> tuple[Event, ...]:
        """Whom a refusal of this case is weighed with: the samples of its case, and the newest of each beside it."""
        samples = (sample for sample in self.case.samples if sample is not event)
        return (*samples, *(neighbour.event for neighbour in self.case.correlated))


def gathered(events: Sequence[Event], config: Config | None, without: Collection[int] = ()) -> list[Gathered]:
    """In order of appearance. A typed code, another service's error, and what was told before are no case, nor is what
    is passed over in a log (`without`, by number).
    """
    now, told = datetime.now(UTC), _Told()
    folds: dict[str, tuple[Fold, list[int]]] = {}
    for number, event in enumerate(events):
        if number in without or event.shape == BARE or not is_ours(event) or told.before(event):
            continue
        new = fold_of(event, config)[1] if config is not None else _usual(event)
        fold, refusals = folds.setdefault(new.key, (new, []))
        fold.add(event, event.time or now)
        refusals.append(number)
    cases = [_case(number, fold, now) for number, (fold, _) in enumerate(folds.values(), 1)]
    if config is None:  # the folds are named by their codes, and no policy has that name
        cases = [replace(case, policy=UNTAKEN) for case in cases]
    pairs = zip(_with_company(cases), folds.values(), strict=True)
    return [Gathered(case, refusals) for case, (_, refusals) in pairs]


def _usual(event: Event) -> Fold:
    """What a configuration makes of it that has the policies of `ossmend init`: those that may write match every
    bucket, so an event without one is not taken.
    """
    code = code_of(event)
    remediator = Remediator.registry.get(code or "")
    if code is None or remediator is None or code not in USUAL or (remediator.writes and not event.bucket):
        return Fold(UNTAKEN, event.code, _untaken(event), timedelta(), event.account)
    return Fold(code, code, remediator.subject(event, None), timedelta(), event.account)


def _untaken(event: Event) -> Subject:
    """What only tells has nothing in its settings that tells cases apart, and they would load pydantic."""
    telling = Remediator.only_telling(event.code)
    return telling.subject(event, None) if telling is not None else subject_other(event)


def _case(number: int, fold: Fold, now: datetime) -> Case:
    return Case(
        id=number, account=fold.account, policy=fold.policy, code=fold.code, subject=fold.subject, events=fold.events,
        opened_at=now, first_seen=fold.first or now, last_seen=fold.last or now, samples=tuple(fold.samples),
        usage=fold.usage, dry_run=True,
    )  # fmt: skip


def _with_company(cases: list[Case]) -> list[Case]:
    """Each with the cases beside it, by the journal's own rule."""
    if len(cases) < 2:
        return cases
    from ossmend.daemon.journal.correlation import ALONE, correlated  # brings the database along

    explaining = [case for case in cases if case.code != ALONE]
    newest = sorted(explaining, key=lambda case: case.last_seen, reverse=True)[:MOST_NEIGHBOURS]
    return correlated(cases, [_neighbour(case) for case in newest])


def _neighbour(case: Case) -> Neighbour:
    return Neighbour(
        id=case.id, code=case.code, cause=None, event=case.event, usage=case.usage,
        first_seen=case.first_seen, last_seen=case.last_seen,
    )  # fmt: skip


class _Told:
    """Request ids, each with the places it was told for: a part that a telling leaves open is the same as any."""

    def __init__(self) -> None:
        self._places: dict[str, list[tuple[str | None, str | None]]] = {}

    def before(self, event: Event) -> bool:
        if not event.request_id:
            return False
        told, place = self._places.setdefault(event.request_id, []), (event.bucket, event.key)
        if any(_is_of(each, place) for each in told):
            return True
        told.append(place)
        return False


def _is_of(one: tuple[str | None, str | None], other: tuple[str | None, str | None]) -> bool:
    (bucket, key), (its_bucket, its_key) = one, other
    if bucket is None or its_bucket is None:
        return True
    return bucket == its_bucket and (key is None or its_key is None or key == its_key)
