"""Refusals that were told before -> is this one news, the same told again, or OSS's own word on what a text had told?

A request id alone does not make two tellings one: a stranger may print another's id with a place of his own. So an id
is kept with the places it was told for, as hashes; a telling that leaves the place open is the same as any. Asked by
triage.py, in the transaction that folds the events; retention.py lets old ones go.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Literal
from urllib.parse import unquote

import sqlalchemy as sa

from ossmend.daemon.journal import bulk, many
from ossmend.daemon.journal.bulk import seconds
from ossmend.daemon.journal.schema import seen
from ossmend.remediators.contract.case import Event

OPEN = "-"
"""A part of the place that the text does not say."""
Judged = Literal["news", "again", "vouched"]
"""`vouched`: a source of high trust tells what only low trust had told before: no new refusal, but a better witness."""


@dataclass(slots=True)
class _Telling:
    bucket: str
    key: str
    trust: str
    stored: bool
    changed: bool = False
    of: str = ""
    """By the batch that stores it: which case it is for."""

    @property
    def place(self) -> str:
        return f"{self.bucket}/{self.key}"

    def is_of(self, bucket: str, key: str) -> bool:
        return OPEN in (self.bucket, bucket) or (self.bucket == bucket and (OPEN in (self.key, key) or self.key == key))

    def says_less_than(self, bucket: str, key: str) -> bool:
        return (self.bucket == OPEN != bucket) or (self.key == OPEN != key)


class Tellings:
    """What is known of a batch's request ids; `store` keeps what was learned."""

    def __init__(self, connection: sa.Connection, request_ids: Collection[str]) -> None:
        self._of: dict[str, list[_Telling]] = {}
        self._newest: _Telling | None = None
        for row in connection.execute(sa.select(seen).where(many.among(seen.c.request_id, request_ids))):
            bucket, _, key = row.place.partition("/")
            self._of.setdefault(row.request_id, []).append(_Telling(bucket, key, row.trust, stored=True))

    def judge(self, event: Event, request_id: str | None = None) -> Judged:
        """News, told again, or vouched for; remembered for the rest of the batch. With an id, `event` stands for one
        that has that id.
        """
        self._newest = None
        request_id = request_id or event.request_id
        if not request_id:
            return "news"
        bucket, key = _hashed(event.bucket), _hashed(_spelled(event.key))
        told = self._of.setdefault(request_id, [])
        same = [each for each in told if each.is_of(bucket, key)]
        if same and (event.trust == "low" or any(each.trust == "high" for each in same)):
            return "again"
        for each in same:
            each.trust, each.changed = "high", True
        if same and not all(each.says_less_than(bucket, key) for each in same):
            return "vouched"
        self._newest = _Telling(bucket, key, event.trust, stored=False)
        told.append(self._newest)
        return "news"

    def belongs(self, key: str) -> None:
        """What was judged last is of the case with that key."""
        if self._newest is not None:
            self._newest.of = key

    def store(self, connection: sa.Connection, now: datetime, without: Collection[str] = ()) -> None:
        """Keep what was learned; `without` what became no case: told again, it is news again."""
        new, better = [], []
        for request_id, told in sorted(self._of.items()):
            for each in told:
                if not each.stored and each.of in without:
                    continue
                if not each.stored:
                    new.append((request_id, each.place, each.trust, seconds(now)))
                elif each.changed:
                    better.append({"id": request_id, "where": each.place})
        bulk.insert(connection, seen, ("request_id", "place", "trust", "at"), new)
        if better:
            of_one = (seen.c.request_id == sa.bindparam("id"), seen.c.place == sa.bindparam("where"))
            connection.execute(seen.update().where(*of_one).values(trust="high"), better)


def _hashed(part: str | None) -> str:
    return blake2b(part.encode("utf-8", "replace"), digest_size=6).hexdigest() if part else OPEN


def _spelled(key: str | None) -> str | None:
    """One spelling for raw and decoded: the same request is printed in either."""
    return unquote(key, errors="replace").replace("+", " ") if key else None
