"""The cases that a batch opens -> one entry of the journal; and that entry -> a `case.opened` for each of them.

Two thousand cases that one batch opens are one link of the chain: one row to hash, to index and to store. Who reads the
journal sees an entry of each case as ever, all with the number and the hash of that link. Next: entries.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from ossmend.daemon.journal.schema import entries

OPENED, TOGETHER = "case.opened", "cases.opened"
Told = tuple[str, int | None, Mapping[str, Any]]
"""An entry: its kind, its case, its data."""


class Opening(NamedTuple):
    """One case that was opened, as the entry has it."""

    case_id: int
    policy: str
    code: str | None
    subject: str
    """For people, without secrets: the journal is kept for longer than the case."""
    events: int

    @property
    def told(self) -> dict[str, Any]:
        return {"policy": self.policy, "code": self.code, "subject": self.subject, "events": self.events}


def as_one(openings: Sequence[Opening]) -> Told:
    """The entry for all of them. It stands under the last of its cases, so that no number of them is given
    again, and `where` finds it.
    """
    last = openings[-1]
    if len(openings) == 1:
        return OPENED, last.case_id, last.told
    return TOGETHER, last.case_id, {"cases": openings}


def apart(kind: str, case_id: int | None, data: Mapping[str, Any]) -> Iterator[Told]:
    """The entries that one row of the journal stands for, mostly itself."""
    if kind != TOGETHER:
        yield kind, case_id, data
        return
    for row in data["cases"]:
        opening = Opening(*row)
        yield OPENED, opening.case_id, opening.told


def where(case_id: int | sa.ScalarSelect[Any]) -> sa.ScalarSelect[Any]:
    """The number of the entry that has opened this case together with others, or of one behind it: the cases of one
    batch have numbers that follow each other.
    """
    together = sa.select(entries.c.seq).where(entries.c.kind == TOGETHER, entries.c.case_id >= case_id)
    return together.order_by(entries.c.case_id).limit(1).scalar_subquery()
