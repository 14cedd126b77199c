"""The tables of the journal: cursors, cases, writes, notices, flags, and the chain of entries that proves them.

One schema for every database that SQLAlchemy speaks; changes to it are migrations (migrations/versions), and a test
compares the two. Who reads and writes these tables: intake.py, cases.py, decisions.py, intents.py, entries.py,
ledger.py, ceilings.py, sweeps.py, taken_back.py and quotas.py beside this file; retention.py lets old rows go.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC time, kept as seconds since the epoch: sortable, indexable and the same on every database."""

    impl = sa.Float(53)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> float | None:
        return None if value is None else value.timestamp()

    def process_result_value(self, value: float | None, _dialect: sa.Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Of rows: SQLite's have 64 bits anyway, and count by themselves only where they are called INTEGER."""

metadata = sa.MetaData()

EXPLAINING = "state <> 'closed' AND coalesce(code, '') <> 'InvalidObjectState'"
"""Open cases that may explain others. A query uses the index below only if it says exactly this."""

CURRENT = "NOT superseded"
"""Likewise: the case that a subject's next event belongs to, which intake.py asks for with each batch."""

STILL_OPEN, OVER = "state <> 'closed'", "state = 'closed'"
"""Likewise: what ceilings.py counts and sweeps.py takes, and what retention.py lets go."""

IN_BATCH = "batch IS NOT NULL"
"""Likewise: the cases whose objects a batch job restores (batches.py)."""

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("position", sa.JSON, nullable=False),
    sa.Column("moved_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

seen = sa.Table(
    "seen",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("trust", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sqlite_with_rowid=False,
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=True),
    sa.Column("subject_key", sa.Text, nullable=False),
    sa.Column("superseded", sa.Boolean, nullable=False, default=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("subject", sa.JSON, nullable=False),
    sa.Column("account", sa.Text, nullable=False, server_default="default"),
    sa.Column("lane", sa.Text, nullable=False, server_default=""),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("first_seen", Instant, nullable=False),
    sa.Column("last_seen", Instant, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("verified_at", Instant),
    sa.Column("planned_at", Instant),
    sa.Column("watch_until", Instant),
    sa.Column("events", Number, nullable=False),
    sa.Column("recurrences", sa.Integer, nullable=False, default=0),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("samples", sa.Text, nullable=False),
    sa.Column("usage", sa.JSON, nullable=False),
    sa.Column("why", sa.Text, nullable=False, default=""),
    sa.Column("cause", sa.Text),
    sa.Column("diagnosis", sa.JSON),
    sa.Column("reported_cause", sa.Text),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("client", sa.Text, nullable=False, server_default=""),
    sa.Column("region", sa.Text, nullable=False, server_default=""),
    sa.Column("batch", Number),
    sa.Index("cases_due", "due_at", "lane"),
    sa.Index("cases_key", "subject_key", unique=True, sqlite_where=sa.text(CURRENT),
             postgresql_where=sa.text(CURRENT)),
    sa.Index("cases_explaining", "last_seen", sqlite_where=sa.text(EXPLAINING),
             postgresql_where=sa.text(EXPLAINING)),
    sa.Index("cases_open", "policy", "source", "client", sqlite_where=sa.text(STILL_OPEN),
             postgresql_where=sa.text(STILL_OPEN)),
    sa.Index("cases_batch", "batch", sqlite_where=sa.text(IN_BATCH), postgresql_where=sa.text(IN_BATCH)),
    sa.Index("cases_closed", "closed_at", sqlite_where=sa.text(OVER), postgresql_where=sa.text(OVER)),
    sa.Index("cases_sweep", "lane", "policy", "source", "state", "subject_key", "due_at",
             sqlite_where=sa.text(STILL_OPEN), postgresql_where=sa.text(STILL_OPEN)),
)  # fmt: skip

writes = sa.Table(
    "writes",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=True),
    sa.Column("case_id", Number, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, index=True),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("bytes", sa.BigInteger, nullable=False, default=0),
    sa.Column("cost", sa.Numeric(18, 6, asdecimal=False)),
    sa.Column("planned_at", Instant, nullable=False),
    sa.Column("sent_at", Instant),
    sa.Column("settled_at", Instant),
    sa.Column("outcome", sa.Text, nullable=False, default=""),
    sa.Column("held_by", sa.Text),
    sa.Column("request_id", sa.Text),
    sa.Column("trust", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("client", sa.Text),
    sa.Column("account", sa.Text, nullable=False, server_default="default"),
    sa.Column("oss_time", Instant, index=True),
    sa.Column("objects", sa.BigInteger, nullable=False, server_default="1"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("case_id", Number, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("granted", sa.Boolean, nullable=False),
)

flags = sa.Table(
    "flags",
    metadata,
    sa.Column("access_key_id", sa.Text, primary_key=True),
    sa.Column("case_id", Number, sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("owner", sa.Text),
    sa.Column("since", Instant),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("raised_at", Instant, nullable=False),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    sa.Column("account", sa.Text, nullable=False, server_default="default"),
)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=True),
    sa.Column("case_id", Number),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("due_at", Instant, index=True),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("outcome", sa.Text, nullable=False, default=""),
)

turned_away = sa.Table(
    "turned_away",
    metadata,
    sa.Column("policy", sa.Text, primary_key=True),
    sa.Column("ceiling", sa.Text, nullable=False),
    sa.Column("most", sa.Integer, nullable=False),
    sa.Column("subjects", sa.BigInteger, nullable=False),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("last", Instant, nullable=False),
    sa.Column("over", sa.Boolean, nullable=False),
    sa.Column("told_at", Instant),
)

quotas = sa.Table(
    "quotas",
    metadata,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("region", sa.Text, primary_key=True),
    sa.Column("quota", sa.Text, primary_key=True),
    sa.Column("free_at", Instant, nullable=False),
)
"""From when on nobody has a slot yet; quotas.py gives them away."""

nodes = sa.Table(
    "nodes",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("node", sa.Text, nullable=False, index=True),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("until", Instant, nullable=False),
)
"""Both of a state that several nodes share; leases.py has the statements."""

entries = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", Number, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("case_id", Number, index=True),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
