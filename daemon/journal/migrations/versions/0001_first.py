"""The first schema: cursors, cases, writes, approvals, flags, notices and the journal's entries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "cursors",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("position", sa.JSON, nullable=False),
        sa.Column("moved_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "seen",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("at", sa.Float(53), nullable=False, index=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject_key", sa.Text, nullable=False),
        sa.Column("superseded", sa.Boolean, nullable=False, default=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("subject", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_at", sa.Float(53)),
        sa.Column("opened_at", sa.Float(53), nullable=False),
        sa.Column("first_seen", sa.Float(53), nullable=False),
        sa.Column("last_seen", sa.Float(53), nullable=False),
        sa.Column("closed_at", sa.Float(53)),
        sa.Column("verified_at", sa.Float(53)),
        sa.Column("planned_at", sa.Float(53)),
        sa.Column("watch_until", sa.Float(53)),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("recurrences", sa.Integer, nullable=False, default=0),
        sa.Column("tries", sa.Integer, nullable=False, default=0),
        sa.Column("samples", sa.JSON, nullable=False),
        sa.Column("usage", sa.JSON, nullable=False),
        sa.Column("why", sa.Text, nullable=False, default=""),
        sa.Column("cause", sa.Text),
        sa.Column("diagnosis", sa.JSON),
        sa.Column("told_cause", sa.Text),
        sa.Index("cases_due", "due_at", "id"),
        sa.Index(
            "cases_key",
            "subject_key",
            unique=True,
            sqlite_where=sa.text("NOT superseded"),
            postgresql_where=sa.text("NOT superseded"),
        ),
    )
    op.create_table(
        "writes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False, index=True),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, index=True),
        sa.Column("bytes", sa.BigInteger, nullable=False, default=0),
        sa.Column("cost", sa.Numeric(18, 6, asdecimal=False)),
        sa.Column("planned_at", sa.Float(53), nullable=False),
        sa.Column("sent_at", sa.Float(53), index=True),
        sa.Column("settled_at", sa.Float(53)),
        sa.Column("outcome", sa.Text, nullable=False, default=""),
        sa.Column("request_id", sa.Text),
    )
    op.create_table(
        "approvals",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("expires_at", sa.Float(53), nullable=False),
        sa.Column("granted", sa.Boolean, nullable=False),
    )
    op.create_table(
        "flags",
        sa.Column("access_key_id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("since", sa.Float(53)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("raised_at", sa.Float(53), nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.Integer),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("due_at", sa.Float(53), index=True),
        sa.Column("tries", sa.Integer, nullable=False, default=0),
        sa.Column("outcome", sa.Text, nullable=False, default=""),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("case_id", sa.Integer, index=True),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
