"""A person's word on the held writes of a case that the daemon has not acted on yet -> who said it, what comes next.

A word is left beside the case (daemon/approvals.py), which stays held until the daemon looks: who reads it before that
would be asked again for what he has said. Read by daemon/queries.py; stages/consent.py asks intents.py instead.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.host.show import moment, text
from ossmend.daemon.journal import pause
from ossmend.daemon.journal.batches import KIND
from ossmend.daemon.journal.intents import BEYOND, Granted
from ossmend.daemon.journal.schema import approvals, meta, writes
from ossmend.daemon.journal.states import WriteState

ANSWERED = frozenset({"approval", "rejected", "price", "witness", "share", "pause"})
"""What holds a write that a person's word is about. Where something else holds it, what the daemon has said stays."""
_SAID = approvals.c.digest == writes.c.digest
_HELD = writes.c.state == WriteState.HELD.value


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one case."""

    granted: Granted
    by: str
    at: datetime
    held_by: str

    def told(self, after: str | None) -> str:
        """`after`: what ends the pause that holds it."""
        said = f"{self.granted} by {text(self.by)} at {moment(self.at)}"
        if self.granted == "rejected":
            return f"{said}, for 24 h"
        if after is None and self.held_by not in ANSWERED:
            return said
        return f"{said}, leaves {f'after {after}' if after else 'when the daemon looks'}"


def standing(connection: sa.Connection, now: datetime) -> dict[int, Answer]:
    """By case; of a case some of whose held writes nobody has spoken about, or can be let go, nothing."""
    about = sa.select(writes.c.case_id).join(approvals, _SAID).where(_HELD, approvals.c.expires_at > now)
    query = (
        sa.select(writes.c.case_id, writes.c.held_by, approvals.c.granted, approvals.c.by, approvals.c.at)
        .outerjoin(approvals, sa.and_(_SAID, approvals.c.expires_at > now))
        .where(_HELD, writes.c.case_id.in_(about))
    )
    said: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        said.setdefault(row.case_id, []).append(row)
    return {case: _one(rows) for case, rows in said.items() if all(map(_is_answered, rows))}


def _is_answered(row: Any) -> bool:
    """An approval of what is larger than a limit has answered nothing: a person has to do something else."""
    return row.granted is False or (row.granted is True and not is_beyond(row.held_by))


def is_beyond(held_by: str | None) -> bool:
    """Is it held because it is larger than a whole limit?"""
    return (held_by or "").partition(" ")[0] == BEYOND


def holds_on(held_by: str | None) -> bool:
    """Does it hold on although a person has approved? A limit, and the account's own trouble."""
    kind = (held_by or "approval").partition(" ")[0]
    return kind not in ANSWERED and kind != KIND


def _one(rows: Sequence[Any]) -> Answer:
    """One that is refused holds the case."""
    said = next((row for row in rows if not row.granted), rows[-1])
    return Answer("approved" if said.granted else "rejected", said.by, said.at, said.held_by or "approval")


def held(connection: sa.Connection, now: datetime) -> Mapping[tuple[str, str], int]:
    """How many writes are held, by what holds them in the state and what they are waited for by those who know of an
    answer: `approved`, `rejected`.
    """
    granted = sa.case((approvals.c.granted, "approved"), (approvals.c.granted.is_(False), "rejected"), else_="")
    by = sa.func.coalesce(writes.c.held_by, "approval")
    spoken = sa.and_(_SAID, approvals.c.expires_at > now)
    query = sa.select(by, granted, sa.func.count()).select_from(writes.outerjoin(approvals, spoken)).where(_HELD)
    return {(row[0], row[1]): row[2] for row in connection.execute(query.group_by(by, granted).order_by(by))}


def ends_pause(connection: sa.Connection, policy: str, file: Path | None = None) -> str | None:
    """What ends the pause of this policy, as a person does it; None: it is not paused. `file`: where the one that
    pauses every policy would be; without it, what the daemon has seen of such a file.
    """
    paused = [each.policy for each in pause.standing(connection) if each.policy in ("", policy)]
    ends = ["`ossmend resume`" if "" in paused else f"`ossmend resume {policy}`"] if paused else []
    by_file = sa.select(meta.c.name).where(meta.c.name.startswith(pause.BY_FILE)).limit(1)
    if file is not None:
        ends += [f"the file {file} is removed"] if os.path.exists(file) else []  # noqa: PTH110  # see pause.file_in
    elif connection.scalar(by_file) is not None:
        ends.append("the file that pauses is removed")
    return ", and after ".join(ends) or None
