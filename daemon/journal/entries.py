"""The journal's entries: what was seen, decided and done, each bound to the one before it by a hash.

An entry is appended in the transaction that makes it true, and never changed. Its hash covers its own text and the
hash before it, so that an entry cannot be altered, removed or inserted without all later hashes telling.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.journal import bulk
from ossmend.daemon.journal.schema import entries

START = "0" * 64
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal, before it has a place in the chain."""

    kind: str
    """`case.opened`, `case.verdict`, `write.intended`, `write.done`, `flag.raised`, ..."""
    case_id: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """One entry as it stands in the journal."""

    seq: int
    at: datetime
    kind: str
    case_id: int | None
    data: Mapping[str, Any]
    hash: str


def append(connection: sa.Connection, at: datetime, new: Iterable[Entry]) -> None:
    """Add `new` at the end of the chain, in the caller's transaction."""
    last = connection.execute(sa.select(entries.c.seq, entries.c.hash).order_by(entries.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq, last.hash) if last else (0, START)
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds")
    rows = []
    for entry in new:
        seq += 1
        data = _ENCODER.encode(entry.data)
        previous = link(previous, seq, stamp, entry.kind, entry.case_id, data)
        rows.append((seq, stamp, entry.kind, entry.case_id, data, previous))
    bulk.insert(connection, entries, ("seq", "at", "kind", "case_id", "data", "hash"), rows)


def link(previous: str, seq: int, at: str, kind: str, case_id: int | None, data: str) -> str:
    """The hash of one entry; `previous` is the hash of the one before it, START for the first."""
    return hashlib.sha256("\x1f".join((previous, str(seq), at, kind, str(case_id), data)).encode()).hexdigest()


def first_broken(connection: sa.Connection) -> int | None:
    """The sequence number at which the chain stops holding; None when all of it holds."""
    previous, expected = START, 1
    for row in connection.execute(sa.select(entries).order_by(entries.c.seq)):
        if row.seq != expected or row.hash != link(previous, row.seq, row.at, row.kind, row.case_id, row.data):
            return expected
        previous, expected = row.hash, expected + 1
    return None


def newest(connection: sa.Connection, limit: int, case_id: int | None = None) -> list[Written]:
    """The last `limit` entries (of one case, if asked), oldest first."""
    query = sa.select(entries).order_by(entries.c.seq.desc()).limit(limit)
    if case_id is not None:
        query = query.where(entries.c.case_id == case_id)
    return [
        Written(row.seq, datetime.fromisoformat(row.at), row.kind, row.case_id, json.loads(row.data), row.hash)
        for row in reversed(connection.execute(query).all())
    ]
