"""The due cases -> the other open cases that may have to do with each: same client, key or bucket, or the account.

One bounded query a turn, over what explains (not the archived objects of a restore storm): a skewed clock may be behind
an expired URL, a suspended account behind everything, one release behind a hundred signers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from ossmend.daemon.journal.schema import EXPLAINING, cases
from ossmend.remediators.contract.answers import ACCOUNT_CODES
from ossmend.remediators.contract.case import Case, Event, Neighbour

MOST_READ = 500
"""The newest open cases that are looked through."""
MOST_BESIDE = 60
ALONE = "InvalidObjectState"
"""Its cases come by the thousand and explain nothing but themselves."""

_events = TypeAdapter(list[Event])


def explaining(connection: sa.Connection, codes: Iterable[str | None]) -> list[Neighbour]:
    """What may have to do with cases of these codes; codes that explain only themselves have none."""
    if all(code == ALONE for code in codes):
        return []
    query = sa.select(cases).where(sa.text(EXPLAINING)).order_by(cases.c.last_seen.desc()).limit(MOST_READ)
    rows = [row for row in connection.execute(query) if row.code not in ACCOUNT_CODES or suspends(row.diagnosis)]
    return [_neighbour(row) for row in rows]


def correlated(due: Sequence[Case], known: Sequence[Neighbour]) -> list[Case]:
    """The due cases, each with its neighbours among those."""
    return [case if case.code == ALONE else replace(case, correlated=_correlated_with(case, known)) for case in due]


def _correlated_with(case: Case, known: Sequence[Neighbour]) -> tuple[Neighbour, ...]:
    return tuple([other for other in known if other.id != case.id and _touches(case, other)][:MOST_BESIDE])


def suspends(diagnosis: Mapping[str, Any] | None) -> bool:
    """Does a case about the account hold for us? Not where our own read was answered: another account is meant then.
    One that nobody has looked into yet does, to be on the safe side.
    """
    return (diagnosis or {}).get("facts", {}).get("writes_suspended") is not False


def _neighbour(row: Any) -> Neighbour:
    return Neighbour(
        id=row.id,
        code=row.code,
        cause=row.cause,
        event=_events.validate_json(row.samples)[-1],
        usage=row.usage,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )


def _touches(case: Case, other: Neighbour) -> bool:
    """An account's trouble is behind everything; the same code at the same key or bucket is the fleet's; another code
    counts at the same client or key only.
    """
    if case.account != other.event.account:
        return False
    if other.code in ACCOUNT_CODES:
        return True
    mine, theirs = case.event, other.event
    same_key = mine.access_key_id is not None and mine.access_key_id == theirs.access_key_id
    if other.code == case.code:
        return same_key or (mine.bucket is not None and mine.bucket == theirs.bucket)
    same_client = mine.client is not None and mine.client == theirs.client
    return same_key or same_client
