"""Whom a write is owed to (trust, source, client); refusals told apart by place as well as by request id."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("trust", "source", "client"):
        op.add_column("writes", sa.Column(name, sa.Text))
    op.rename_table("seen", "seen_before")
    op.drop_index("ix_seen_at", "seen_before")
    op.create_table(
        "seen",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("trust", sa.Text, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False, index=True),
        sqlite_with_rowid=False,
    )
    # Who told them is not known any more. As told by high trust for an open place, each is counted once, as it was.
    op.execute("INSERT INTO seen (request_id, place, trust, at) SELECT request_id, '-/-', 'high', at FROM seen_before")
    op.drop_table("seen_before")
