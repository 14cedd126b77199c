"""The journal's entries: what was seen, decided and done, each bound to the one before it by a hash.

An entry is appended in the transaction that makes it true, and never changed. Its hash covers its own text and the
hash before it, so that an entry cannot be altered, removed or inserted without all later hashes telling. Only a
beginning of the chain is ever let go: its last hash stays as the anchor, and an entry behind it says so, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.journal import bulk, locks, openings
from ossmend.daemon.journal.schema import entries, meta

START = "0" * 64
ANCHOR = "journal_anchor"
RETIRED = "journal.retired"
"""The kind of the entry that a cut leaves in the part that stays."""
_WAITING = "ossmend entries"
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
    """Add `new` at the end of the chain, in the caller's transaction; where others write beside it, at its end."""
    waiting = connection.info.get(_WAITING)
    if waiting is None:
        _append(connection, [(at, entry) for entry in new])
    else:
        waiting += [(at, entry) for entry in new]


@contextmanager
def gathered(connection: sa.Connection) -> Iterator[None]:
    """Everybody waits for whoever has the end of the chain: it is taken once, last, and only where there is news."""
    waiting: list[tuple[datetime, Entry]] = []
    connection.info[_WAITING] = waiting
    try:
        yield
    finally:
        del connection.info[_WAITING]
    if waiting:
        _append(connection, waiting)


def _append(connection: sa.Connection, new: Sequence[tuple[datetime, Entry]]) -> None:
    if not new:
        return
    said = [
        (at.astimezone(UTC).isoformat(timespec="milliseconds"), each.kind, each.case_id, _ENCODER.encode(each.data))
        for at, each in new
    ]  # before everybody waits for us
    locks.take(connection, locks.CHAIN)
    last = connection.execute(sa.select(entries.c.seq, entries.c.hash).order_by(entries.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq, last.hash) if last else (0, START)
    rows = []
    for stamp, kind, case_id, data in said:
        seq += 1
        previous = link(previous, seq, stamp, kind, case_id, data)
        rows.append((seq, stamp, kind, case_id, data, previous))
    bulk.insert(connection, entries, ("seq", "at", "kind", "case_id", "data", "hash"), rows)


def link(previous: str, seq: int, at: str, kind: str, case_id: int | None, data: str) -> str:
    """The hash of one entry; `previous` is the hash of the one before it, START for the first."""
    return hashlib.sha256("\x1f".join((previous, str(seq), at, kind, str(case_id), data)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain begins: the last entry that was let go, and its hash."""

    seq: int
    hash: str


BEGINNING = Anchor(0, START)


def anchor(connection: sa.Connection) -> Anchor:
    """BEGINNING as long as nothing was let go."""
    value = connection.scalar(sa.select(meta.c.value).where(meta.c.name == ANCHOR))
    if value is None:
        return BEGINNING
    seq, _, hashed = value.partition(" ")
    return Anchor(int(seq), hashed)


def retire(connection: sa.Connection, through: int, at: datetime) -> int:
    """Let the entries up to `through` go, but never the newest; how many. The chain holds from the anchor on."""
    locks.take(connection, locks.CHAIN)
    last = connection.scalar(sa.select(sa.func.max(entries.c.seq))) or 0
    newest_gone = sa.select(entries.c.seq, entries.c.hash).where(entries.c.seq <= min(through, last - 1))
    row = connection.execute(newest_gone.order_by(entries.c.seq.desc()).limit(1)).first()
    if row is None:
        return 0
    number = connection.execute(entries.delete().where(entries.c.seq <= row.seq)).rowcount
    connection.execute(meta.delete().where(meta.c.name == ANCHOR))
    connection.execute(meta.insert().values(name=ANCHOR, value=f"{row.seq} {row.hash}"))
    append(connection, at, [Entry(RETIRED, None, {"through": row.seq, "hash": row.hash, "entries": number})])
    return number


def first_broken(connection: sa.Connection) -> int | None:
    """The sequence number at which the chain stops holding; None when all of it holds, from the anchor on."""
    start = anchor(connection)
    previous, expected, cut = start.hash, start.seq + 1, BEGINNING
    for row in connection.execute(sa.select(entries).order_by(entries.c.seq)):
        if row.seq != expected or row.hash != link(previous, row.seq, row.at, row.kind, row.case_id, row.data):
            return expected
        previous, expected = row.hash, expected + 1
        if row.kind == RETIRED:
            data = json.loads(row.data)
            cut = Anchor(data["through"], data["hash"])
    return None if cut == start else start.seq + 1  # a beginning that nobody of ours has let go


def newest(connection: sa.Connection, limit: int, case_id: int | None = None) -> list[Written]:
    """The last `limit` entries (of one case, if asked), oldest first."""
    query = sa.select(entries).order_by(entries.c.seq.desc()).limit(limit)
    if case_id is not None:
        query = query.where(sa.or_(entries.c.case_id == case_id, entries.c.seq == openings.where(case_id)))
    found = [
        Written(row.seq, datetime.fromisoformat(row.at), kind, of, data, row.hash)
        for row in reversed(connection.execute(query).all())
        for kind, of, data in openings.apart(row.kind, row.case_id, json.loads(row.data))
        if case_id in (None, of)
    ]
    return found[-limit:]


def newest_of(connection: sa.Connection, case_id: int, kinds: Collection[str]) -> Written | None:
    """The last entry of these kinds of a case; its opening, which may be one of a batch's, is none of them."""
    query = sa.select(entries).where(entries.c.case_id == case_id, entries.c.kind.in_(kinds))
    row = connection.execute(query.order_by(entries.c.seq.desc()).limit(1)).first()
    if row is None:
        return None
    return Written(row.seq, datetime.fromisoformat(row.at), row.kind, row.case_id, json.loads(row.data), row.hash)
