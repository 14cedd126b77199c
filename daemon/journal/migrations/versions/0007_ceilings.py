"""Who told a case first, what was turned away at a ceiling, and the indexes by which old rows are found."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPEN = sa.text("state <> 'closed'")
_CLOSED = sa.text("state = 'closed'")


def upgrade() -> None:
    for name in ("source", "client"):
        op.add_column("cases", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_index("cases_open", "cases", ["policy", "source", "client"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("cases_closed", "cases", ["closed_at"], sqlite_where=_CLOSED, postgresql_where=_CLOSED)
    op.create_index("ix_approvals_case_id", "approvals", ["case_id"])
    op.create_index("ix_flags_case_id", "flags", ["case_id"])
    op.create_table(
        "turned_away",
        sa.Column("policy", sa.Text, primary_key=True),
        sa.Column("ceiling", sa.Text, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("subjects", sa.BigInteger, nullable=False),
        sa.Column("events", sa.BigInteger, nullable=False),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("last", sa.Float(53), nullable=False),
        sa.Column("over", sa.Boolean, nullable=False),
        sa.Column("told_at", sa.Float(53)),
    )
