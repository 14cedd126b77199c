"""The states of cases and of writes: one enum each, the legal moves, and who a case waits for.

The one table that stages, commands, documents and tests read. A state that is not here does not type-check, and a move
that is not here is a bug of ours: `moved` says so where it happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    """New, or seen again: to be planned now."""
    WAITING = "waiting"
    """To be planned again at its time: a restore is on its way, the cloud could not be asked, a witness is awaited."""
    PLANNED = "planned"
    """A dry run has a plan."""
    HELD = "held"
    """A brake or a missing approval holds its write back."""
    SENDING = "sending"
    """A write is on its way, or its answer was lost and the world is being read."""
    WATCHING = "watching"
    """Repaired, by something that expires."""
    REPORTED = "reported"
    """A person knows, and nothing is written."""
    PARKED = "parked"
    """A bug of ours: not planned again until somebody says so."""
    CLOSED = "closed"
    """Over."""


class WriteState(StrEnum):
    """Where a write stands."""

    PLANNED = "planned"
    """In a dry run: it would be sent."""
    HELD = "held"
    ASKED = "asked"
    """A person has asked for an undo."""
    INTENDED = "intended"
    """Stored, so it may have left: only an answer or a look at the world ends this."""
    DONE = "done"
    FAILED = "failed"
    """The cloud refused it."""
    NOT_SENT = "not-sent"
    STALE = "stale"
    """The world had changed since it was planned: nothing was sent."""


Waits = Literal["for its turn", "for its time", "for a person", "for an answer", "for nothing"]

WAITS: Mapping[CaseState, Waits] = MappingProxyType(
    {
        CaseState.OPEN: "for its turn",
        CaseState.WAITING: "for its time",
        CaseState.PLANNED: "for its time",
        CaseState.HELD: "for a person",
        CaseState.SENDING: "for an answer",
        CaseState.WATCHING: "for its time",
        CaseState.REPORTED: "for a person",
        CaseState.PARKED: "for a person",
        CaseState.CLOSED: "for nothing",
    }
)
HUMAN: tuple[CaseState, ...] = tuple(state for state, waits in WAITS.items() if waits == "for a person")
"""Nothing more happens until a person does something, or the trouble ends by itself."""
RESTING: tuple[CaseState, ...] = (CaseState.PLANNED, CaseState.HELD, CaseState.REPORTED)
"""New events wake these. `waiting` has its own time, `closed` and `watching` are reopened, `parked` waits."""
UNCHECKED = "could-not-check"
"""The cause of a case whose questions were refused."""
NOT_YET = "could not check yet: "
"""How the `why` of a waiting case begins whose questions had no answer."""
OVER: tuple[CaseState, ...] = (CaseState.CLOSED, CaseState.WATCHING)
"""New events reopen these, and count as a recurrence."""
UNSENT: tuple[WriteState, ...] = (WriteState.PLANNED, WriteState.HELD)
"""A newer plan replaces these."""
SPENT: tuple[WriteState, ...] = (WriteState.INTENDED, WriteState.DONE)
"""These count in the brakes."""

_PLANNED_ANEW = frozenset(
    {
        CaseState.WAITING,
        CaseState.PLANNED,
        CaseState.HELD,
        CaseState.SENDING,
        CaseState.WATCHING,
        CaseState.REPORTED,
        CaseState.PARKED,
        CaseState.CLOSED,
    }
)
"""What a plan may lead to, from any state in which a case is planned."""

MOVES: Mapping[CaseState, frozenset[CaseState]] = MappingProxyType(
    {
        CaseState.OPEN: _PLANNED_ANEW,
        CaseState.WAITING: _PLANNED_ANEW | {CaseState.OPEN},
        CaseState.PLANNED: _PLANNED_ANEW | {CaseState.OPEN},
        CaseState.HELD: _PLANNED_ANEW | {CaseState.OPEN},
        # only an answer, or a look at the world, ends a sending; a refused write is reported, an undone one closes
        CaseState.SENDING: frozenset({CaseState.WAITING, CaseState.REPORTED, CaseState.CLOSED}),
        CaseState.WATCHING: _PLANNED_ANEW | {CaseState.OPEN},
        CaseState.REPORTED: _PLANNED_ANEW | {CaseState.OPEN},
        CaseState.PARKED: frozenset({CaseState.OPEN}),
        CaseState.CLOSED: frozenset({CaseState.OPEN}),
    }
)


class IllegalMove(AssertionError):
    """A case was to go where it cannot go from where it stands: a bug of ours."""


def moved(old: CaseState, new: CaseState) -> CaseState:
    """`new`, if a case may go there. Raises IllegalMove."""
    if old is not new and new not in MOVES[old]:
        raise IllegalMove(f"{old} -> {new}")
    return new
