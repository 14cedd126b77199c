"""The writes of one case -> which of them takes back which, and who asked for it.

No column says so: an undo is known by what it writes, and by the wish that the journal has of the same moment. So the
undo of a write that was done long ago is known, too, and one that somebody asks for a second time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ossmend.daemon.journal import intents, taken_back
from ossmend.daemon.journal.intents import Intent
from ossmend.daemon.journal.schema import entries as journal
from ossmend.daemon.journal.states import WriteState
from ossmend.remediators.contract.write import Write, undos_among


@dataclass(frozen=True, slots=True)
class Undo:
    """Of one write: what it takes back."""

    of: int | None
    """The place, in the order of the case's writes and from 0, of the one that it takes back; None: it is no undo."""
    by: str | None = None
    """Who asked for it, and when; None where the journal does not know, or it is no undo."""
    at: datetime | None = None


def of_case(connection: sa.Connection, case_id: int, found: Sequence[Intent]) -> list[Undo]:
    """For each of the case's writes, in their order."""
    return of_writes(found, _asked(connection, case_id))


def of_writes(found: Sequence[Intent], asked: Mapping[datetime, str]) -> list[Undo]:
    """`asked`: who asked for an undo, by the moment in which its write was stored."""
    at = [_to_milliseconds(intent.planned_at) for intent in found]
    steps = [(each.write, each.outcome if each.state is WriteState.DONE else None) for each in found]
    of = undos_among(steps, asked=[number for number, when in enumerate(at) if when in asked])
    return [Undo(of.get(n), asked.get(when), when if when in asked else None) for n, when in enumerate(at)]


def keep(connection: sa.Connection, case_id: int, undo_id: int, now: datetime) -> None:
    """This undo, which a person has asked for, is done: the same waits for an approval, whatever case plans it. The
    release of a batch job names no objects; the making of the job does.
    """
    found = intents.of_case(connection, case_id)
    number = next(n for n, each in enumerate(found) if each.id == undo_id)
    undo = of_case(connection, case_id, found)[number]
    if undo.of is None:
        return
    before = (each.write for each in found[: undo.of] if each.state is WriteState.DONE)
    writes = [*(each for each in before if each.only_prepares), found[undo.of].write]
    effects = (effect for write in writes for effect in write.effects)
    taken_back.remember(connection, effects, case_id, undo.by or "", now)


def _asked(connection: sa.Connection, case_id: int) -> dict[datetime, str]:
    of = (journal.c.case_id == case_id, journal.c.kind == "write.asked")
    rows = connection.execute(sa.select(journal.c.at, journal.c.data).where(*of))
    return {datetime.fromisoformat(row.at): str(json.loads(row.data).get("by")) for row in rows}


def _to_milliseconds(at: datetime) -> datetime:
    """As the journal spells a moment."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def standing(found: Sequence[Intent], undos: Sequence[Undo]) -> list[Intent]:
    """The writes that were done, are no undo, and were not taken back, in their order."""
    taken_back = {undo.of for intent, undo in zip(found, undos, strict=True) if intent.state is WriteState.DONE}
    return [
        intent
        for number, (intent, undo) in enumerate(zip(found, undos, strict=True))
        if intent.state is WriteState.DONE and undo.of is None and number not in taken_back
    ]


def next_undo(standing: Sequence[Intent]) -> tuple[Intent, Write] | None:
    """The newest of them that can be taken back, and the write that does so."""
    for intent in reversed(standing):
        back = intent.write.undone(intent.outcome)
        if back is not None:
            return intent, back
    return None


def last_done(found: Sequence[Intent], undos: Sequence[Undo]) -> Undo | None:
    """The newest undo that was done."""
    done = [
        undo
        for intent, undo in zip(found, undos, strict=True)
        if intent.state is WriteState.DONE and undo.of is not None
    ]
    return done[-1] if done else None
