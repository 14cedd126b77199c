"""A lane of which more is due than one pass takes -> its due cases batch by batch, keys that lie together in one batch.

A list page answers for a thousand neighbours and for next to none of a thousand strangers, so a big heap of cases (of
one policy, source and state) is swept in the order of its keys. Heaps take turns as a batch's big one, and a small
heap is in every batch whole: who has ten cases waits for one batch, whatever others have. stages/work.py sweeps; what
is kept here from batch to batch is a key for each heap, and never the cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from ossmend.daemon.journal.schema import STILL_OPEN, cases, writes
from ossmend.daemon.journal.states import CaseState, WriteState

SMALL = 10
"""A heap that is no more than one part in so many of a batch is small."""
LEFT_ALONE = 5.0
"""Seconds for which a heap without due cases is not looked through again; new cases are always due."""


class Heap(NamedTuple):
    """Cases of a lane among whom nobody is wronged by the order of their keys."""

    policy: str
    source: str
    state: str


class Found(NamedTuple):
    id: int
    key: str


@dataclass(slots=True)
class Sweep:
    """How far one lane has been swept."""

    lane: str
    after: dict[Heap, str] = field(default_factory=dict)
    """The last key taken of a big heap."""
    idle: dict[Heap, float] = field(default_factory=dict)
    """By heap without due cases: when it was looked through."""
    turn: int = 0
    """How many batches had a big heap."""


def batch(connection: sa.Connection, sweep: Sweep, now: datetime, limit: int) -> list[int]:
    """The cases of the next batch, by their numbers; none where nothing of the lane is due any more."""
    part = max(limit // SMALL, 1)
    taken: list[int] = []
    big: list[Heap] = []
    for heap in _heaps(connection, sweep.lane):
        if abs(now.timestamp() - sweep.idle.get(heap, float("-inf"))) < LEFT_ALONE:
            continue
        found = _due(connection, sweep.lane, heap, "", now, part + 1)
        if not found and heap.state != CaseState.OPEN:
            sweep.idle[heap] = now.timestamp()
        elif len(found) > part or len(taken) + len(found) > limit:
            big.append(heap)
        else:
            taken += [each.id for each in found]
    if big and len(taken) < limit:
        taken += _next(connection, sweep, big[sweep.turn % len(big)], now, limit - len(taken))
        sweep.turn += 1
    return taken


def _next(connection: sa.Connection, sweep: Sweep, heap: Heap, now: datetime, number: int) -> list[int]:
    """Where the last batch of this heap has ended, and from the beginning where that is the end."""
    after = sweep.after.get(heap, "")
    found = _due(connection, sweep.lane, heap, after, now, number)
    if not found and after:
        found = _due(connection, sweep.lane, heap, "", now, number)
    sweep.after[heap] = found[-1].key if found else ""
    return [each.id for each in found]


def _heaps(connection: sa.Connection, lane: str) -> list[Heap]:
    """One step of the index for each, however many cases they have."""
    found: list[Heap] = []
    columns = (cases.c.policy, cases.c.source, cases.c.state)
    here = sa.select(*columns).where(cases.c.lane == lane, sa.text(STILL_OPEN)).order_by(*columns).limit(1)
    row = connection.execute(here).first()
    while row is not None:
        found.append(Heap(*row))
        row = connection.execute(here.where(sa.tuple_(*columns) > sa.tuple_(*found[-1]))).first()
    return found


def _due(connection: sa.Connection, lane: str, heap: Heap, after: str, now: datetime, limit: int) -> Sequence[Found]:
    """As cases.waiting: what has a write of which nobody knows whether it took effect is not planned."""
    open_intents = sa.select(writes.c.case_id).where(writes.c.state == WriteState.INTENDED.value)
    query = sa.select(cases.c.id, cases.c.subject_key).where(
        cases.c.lane == lane,
        cases.c.policy == heap.policy,
        cases.c.source == heap.source,
        cases.c.state == heap.state,
        cases.c.subject_key > after,
        cases.c.due_at <= now,
        cases.c.id.not_in(open_intents),
        sa.text(STILL_OPEN),
    )
    return [Found(*row) for row in connection.execute(query.order_by(cases.c.subject_key).limit(limit))]
