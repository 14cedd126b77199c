"""The nodes that share a state, and what each of them may do; numbers of rows that last on PostgreSQL.

On PostgreSQL a text is ordered by its bytes, as on SQLite, whatever the database's language is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

_NUMBERS = {
    "cases": ("id", "events"), "writes": ("id", "case_id"), "approvals": ("case_id",), "flags": ("case_id",),
    "notices": ("id", "case_id"), "journal": ("seq", "case_id"),
}  # fmt: skip
_COUNTED = ("cases", "writes", "notices")
_ORDERED = {"meta": ("name",), "journal": ("at",), "turned_away": ("policy",)}


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("started_at", sa.Float(53), nullable=False),
        sa.Column("seen_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("node", sa.Text, nullable=False, index=True),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _as_postgresql_needs_it()


def _as_postgresql_needs_it() -> None:
    for table, columns in _NUMBERS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bigint")
    for table in _COUNTED:
        op.execute(f"ALTER SEQUENCE {table}_id_seq AS bigint")
    for table, columns in _ORDERED.items():
        for column in columns:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" TYPE text COLLATE "C"')
    op.execute("ALTER TABLE leases SET (fillfactor = 20)")  # each row is written every few seconds, in its place
