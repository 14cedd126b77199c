"""Restores of a turn that wait whether enough others come -> one case for a batch job, or a call each as ever.

Where a policy has `restore.batch`, a restore waits for `gather`. If by then there are `at_least` of one policy, bucket,
class, tier and days, their cases wait for a case of the kind `batch`, and that one is planned (batch_restore.py of the
remediators). Called by judge.py, before the brakes are asked: what only waits takes nothing of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from ossmend.daemon.journal import batches
from ossmend.daemon.journal.batches import Gathering, Group
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.states import CaseState
from ossmend.daemon.stages.consent import Held
from ossmend.daemon.stages.decide import Outcome, Wanted
from ossmend.daemon.stages.rules import RuleBook
from ossmend.remediators.batch_restore import may_be_listed
from ossmend.remediators.contract.case import Case
from ossmend.remediators.settings.batch import BatchSettings
from ossmend.remediators.settings.restore import RestoreSettings
from ossmend.remediators.writes.restore_object import RestoreObject

SETTLED = timedelta(seconds=5)
"""A job is planned when no more cases have joined for so long."""
COMING = timedelta(seconds=30)
"""Or for so long, while others were made due and have not joined yet: a turn takes a thousand at most, and in a lane
that is swept other policies have their turns in between, and wait for the cloud's quota.
"""
LONGEST = timedelta(minutes=10)
"""A restore waits no longer than this beyond `gather`, however many cases nobody has planned yet."""
MEMBERS = 50_000
"""Objects of one job, or a few more: its list is read at once, and kept in the journal."""
LATEST = timedelta(hours=36)
"""A case that waits for a job is looked at by then, whatever became of that one."""


@dataclass
class Gathered:
    """One turn."""

    outcomes: list[Outcome]
    said: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    at: int
    """Its place among the outcomes."""
    outcome: Outcome
    batch: BatchSettings
    group: Group
    since: datetime
    was_held: bool
    """Is it among those that are counted as waiting?"""


def gather(connection: sa.Connection, outcomes: Sequence[Outcome], rules: RuleBook, now: datetime) -> Gathered:
    """What waits, what joins a job, and what goes as ever."""
    done = Gathered(list(outcomes))
    restores = [(at, each) for at, each in enumerate(outcomes) if _is_restore(each)]
    belonging = {each.case.batch for _, each in restores if each.case.batch is not None}
    ended = batches.ended(connection, belonging)
    since = batches.since(connection, [each.case.id for _, each in restores])
    by_group: dict[Group, list[_Candidate]] = {}
    for at, outcome in restores:
        job = outcome.case.batch
        if job in ended and ended[job] is None:
            done.outcomes[at] = _waits_for(outcome, outcome.case.batch, now)
            continue
        if job in ended and not _was_well_since(outcome.case, ended[job]):
            continue  # what a job could not restore goes by a call of its own
        found = _candidate(at, outcome, rules, since.get(outcome.case.id), now)
        if found is not None:
            by_group.setdefault(found.group, []).append(found)
    for group, candidates in by_group.items():
        _of_group(connection, done, group, candidates, now)
    return done


def _was_well_since(case: Case, at: datetime | None) -> bool:
    """Was its object read after that job, so that this is another trouble?"""
    return case.verified_at is not None and at is not None and case.verified_at >= at


def _is_restore(outcome: Outcome) -> bool:
    sending = outcome.state is CaseState.SENDING and outcome.undo is None and len(outcome.writes) == 1
    return sending and isinstance(outcome.writes[0].write, RestoreObject)


def _candidate(at: int, outcome: Outcome, rules: RuleBook, since: datetime | None, now: datetime) -> _Candidate | None:
    """One that a job may restore: nothing but a person's word on the job is missing."""
    wanted, case = outcome.writes[0], outcome.case
    policy = rules.of(case).policy
    settings = policy.settings_for(case.code or "") if policy is not None else None
    batch = settings.batch if isinstance(settings, RestoreSettings) else None
    write, consent = wanted.write, wanted.consent
    assert isinstance(write, RestoreObject)  # _is_restore sees to it
    if batch is None or consent is None or consent.approved:
        return None
    if wanted.hold is not None and (wanted.hold.by != "approval" or wanted.hold.of_undone):
        return None
    if not may_be_listed(write) or write.tier is None:
        return None
    if case.subject.parts[:2] != (write.bucket, write.key):
        return None  # the source of a copy, or another reading: its case does not name it
    group = Group(case.account, case.policy, write.bucket, write.storage_class, write.tier, write.days, consent.trust)
    return _Candidate(at, outcome, batch, group, since or now, since is not None)


def _of_group(
    connection: sa.Connection, done: Gathered, group: Group, candidates: Sequence[_Candidate], now: datetime
) -> None:
    """Those who have waited long enough go, with a job or by themselves; the others wait on."""
    batch = candidates[0].batch
    open_one = batches.gathering(connection, group)
    if open_one is not None and open_one.members < MEMBERS:
        _join(connection, done, open_one, candidates, now)
        return
    patience = batch.gather
    if any(now - each.since >= patience for each in candidates):
        held, new = batches.waiting(connection, group), sum(not each.was_held for each in candidates)
        if held + new >= batch.at_least:
            batches.wake(connection, group, now)
            batch_id, said = batches.open_one(connection, group, candidates[0].outcome.case, now)
            done.said += said
            _join(connection, done, Gathering(batch_id, 0), candidates, now)
            return
        if held + batches.unplanned(connection, group, now, batch.at_least) >= batch.at_least:
            patience += LONGEST  # so many have come in time, and only a full lane keeps them from being counted
    for each in candidates:
        if now - each.since < patience:
            done.outcomes[each.at] = _waits(each, now)


def _join(
    connection: sa.Connection, done: Gathered, job: Gathering, candidates: Sequence[_Candidate], now: datetime
) -> None:
    has_room = job.members + len(candidates) < MEMBERS
    others = batches.waiting(connection, candidates[0].group) - sum(each.was_held for each in candidates)
    planned_at = now + (COMING if has_room and others > 0 else SETTLED)
    batches.join(connection, job.id, [each.outcome.case.id for each in candidates], planned_at)
    for each in candidates:
        done.outcomes[each.at] = _waits_for(each.outcome, job.id, now)


def _waits_for(outcome: Outcome, batch_id: int | None, now: datetime) -> Outcome:
    why = f"{outcome.why}; it goes with the batch job of case {batch_id}"
    return replace(outcome, state=CaseState.WAITING, why=why, writes=(), due_at=now + LATEST)


def _waits(each: _Candidate, now: datetime) -> Outcome:
    """Held without a word to anybody; its write is stored, so that the others of its group can be counted."""
    until = each.since + each.batch.gather
    until = until if until > now else now + each.batch.gather
    hold = Held(each.group.held_by, "waits whether enough others come for a batch job", until, "waiting", each.since)
    wanted = each.outcome.writes[0]
    why = f"{each.outcome.why} (held: {hold.why})"
    held = (Wanted(wanted.write, wanted.consent, hold),)
    return replace(each.outcome, state=CaseState.WAITING, why=why, writes=held, due_at=until)
