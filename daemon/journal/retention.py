"""What is old, or too much -> gone, some thousand rows a transaction: nobody waits long for the writer's turn.

Closed cases go with their writes, entries as a beginning of the chain (entries.py), notices once they were sent or
given up, request ids, approvals that have expired. What stays whatever its age: an open case, a case that a flag or a
living approval points to, a write whose answer is not known or that was sent within KEPT, and the entries of a case
that has a write of unknown outcome. app.py calls this every minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from ossmend.config.retention import Retention
from ossmend.daemon.journal import ceilings, entries, leases, locks
from ossmend.daemon.journal.schema import OVER, approvals, cases, flags, notices, seen, writes
from ossmend.daemon.journal.schema import entries as journal
from ossmend.daemon.journal.states import WriteState
from ossmend.daemon.journal.store import Store

AT_ONCE = 2000
"""Rows of one transaction."""
MOST_TURNS = 500
"""Transactions of one kind at one time: a million rows."""
KEPT = timedelta(days=2)
"""Longer than any brake looks back, whatever a clock does."""
_ENDED = (WriteState.FAILED, WriteState.NOT_SENT, WriteState.STALE)
"""No brake counts these, no plan asks for them and no undo needs them."""


@dataclass(frozen=True, slots=True)
class Gone:
    """How much was let go."""

    cases: int
    writes: int
    """Of cases that stay."""
    entries: int
    notices: int
    request_ids: int


def retire(store: Store, keep: Retention, now: datetime, lease: str | None = None) -> Gone:
    """Let go what is due, by the lease of whoever does it. Raises StateUnavailable."""

    def all_of(some: Callable[[sa.Connection, Retention, datetime], int]) -> int:
        total = 0
        for _ in range(MOST_TURNS):
            with store.begin(lease) as connection:
                gone = some(connection, keep, now)
            total += gone
            if gone < AT_ONCE:
                break
        return total

    with store.begin(lease) as connection:
        leases.drop_old(connection)
        connection.execute(approvals.delete().where(approvals.c.expires_at < now))
        ceilings.forget(connection, now - keep.closed_cases_for)
    return Gone(all_of(_cases), all_of(_writes), all_of(_entries), all_of(_notices), all_of(_request_ids))


def _cases(connection: sa.Connection, keep: Retention, now: datetime) -> int:
    """Closed cases with their writes, those first that have been closed for longest."""
    locks.take(connection, locks.INTAKE)  # else an event might join a case that is on its way out
    closed = connection.scalar(sa.select(sa.func.count()).select_from(cases).where(sa.text(OVER))) or 0
    old = sa.select(cases.c.id).where(sa.text(OVER), *_let_go(now)).order_by(cases.c.closed_at)
    beyond = connection.scalars(old.limit(min(max(closed - keep.most_closed_cases, 0), AT_ONCE))).all()
    aged = connection.scalars(old.where(cases.c.closed_at < now - keep.closed_cases_for).limit(AT_ONCE)).all()
    ids = list({*beyond, *aged})
    for start in range(0, len(ids), 500):
        asked = sa.select(cases.c.id).where(cases.c.id.in_(ids[start : start + 500]), sa.text(OVER))
        chunk = connection.scalars(asked.with_for_update()).all()  # but those that a person has just reopened
        connection.execute(writes.delete().where(writes.c.case_id.in_(chunk)))
        connection.execute(cases.delete().where(cases.c.id.in_(chunk)))
    return len(ids)


def _let_go(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """What lets a closed case go: nothing asks for it any more. Its writes are counted by OSS's clock, as in the
    brakes; app.py retires nothing while the host's clock says something else.
    """
    recent = sa.func.coalesce(writes.c.oss_time, writes.c.sent_at) > now - KEPT
    settled = writes.c.state.in_([state.value for state in (*_ENDED, WriteState.DONE)])
    return (
        ~sa.exists().where(writes.c.case_id == cases.c.id, sa.or_(~settled, recent)),
        ~sa.exists().where(flags.c.case_id == cases.c.id),
        ~sa.exists().where(approvals.c.case_id == cases.c.id),
    )


def _writes(connection: sa.Connection, keep: Retention, now: datetime) -> int:
    """Of cases that stay: writes that came to nothing, long ago. What was done stays with its case."""
    before = now - max(keep.closed_cases_for, KEPT)
    states = writes.c.state.in_([state.value for state in _ENDED])
    old = sa.select(writes.c.id).where(states, writes.c.settled_at < before).limit(AT_ONCE)
    return connection.execute(writes.delete().where(writes.c.id.in_(old))).rowcount


def _entries(connection: sa.Connection, keep: Retention, now: datetime) -> int:
    """A beginning of the chain, up to the first entry that is young enough or that an unsettled write needs."""
    first = connection.scalar(sa.select(sa.func.min(journal.c.seq)))
    last = connection.scalar(sa.select(sa.func.max(journal.c.seq)))
    if first is None or last is None:
        return 0
    through = _aged(connection, now - keep.journal_for, last)
    if last - first >= keep.most_entries:  # a little more than must be, so that it is not a row a minute
        through = max(through, last - keep.most_entries + keep.most_entries // 50 + 1)
    unsettled = sa.select(writes.c.case_id).where(writes.c.state == WriteState.INTENDED.value)
    needed = connection.scalar(sa.select(sa.func.min(journal.c.seq)).where(journal.c.case_id.in_(unsettled)))
    through = min(through, first + AT_ONCE - 1, last if needed is None else needed - 1)
    return entries.retire(connection, through, now) if through >= first else 0


def _aged(connection: sa.Connection, before: datetime, last: int) -> int:
    """The last entry in front of the first young one: what a clock that was wrong for a while has stamped ends it."""
    stamp = before.astimezone(UTC).isoformat(timespec="milliseconds")
    query = sa.select(journal.c.seq).where(journal.c.at >= stamp).order_by(journal.c.seq).limit(1)
    young = connection.scalar(query)
    return (last if young is None else young) - 1


def _notices(connection: sa.Connection, keep: Retention, now: datetime) -> int:
    over = notices.c.due_at.is_(None)
    number = connection.scalar(sa.select(sa.func.count()).select_from(notices).where(over)) or 0
    old = sa.select(notices.c.id).where(over).order_by(notices.c.id)
    beyond = connection.scalars(old.limit(min(max(number - keep.most_notices, 0), AT_ONCE))).all()
    aged = connection.scalars(old.where(notices.c.at < now - keep.notices_for).limit(AT_ONCE)).all()
    return _drop(connection, notices.c.id, {*beyond, *aged})


def _request_ids(connection: sa.Connection, keep: Retention, now: datetime) -> int:
    number = connection.scalar(sa.select(sa.func.count()).select_from(seen)) or 0
    old = sa.select(seen.c.request_id).order_by(seen.c.at)
    beyond = connection.scalars(old.limit(min(max(number - keep.most_request_ids, 0), AT_ONCE))).all()
    aged = connection.scalars(old.where(seen.c.at < now - keep.request_ids_for).limit(AT_ONCE)).all()
    return _drop(connection, seen.c.request_id, {*beyond, *aged})


def _drop(connection: sa.Connection, column: sa.Column[object], values: set[object]) -> int:
    wanted, gone = list(values), 0
    for start in range(0, len(wanted), 500):
        gone += connection.execute(column.table.delete().where(column.in_(wanted[start : start + 500]))).rowcount
    return gone
