"""The order in which a lane's many due cases are taken, and the slots of the cloud's quotas that are given away.

On PostgreSQL keys are ordered by their bytes, as OSS lists them, whatever the database's language is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0012"
branch_labels = None
depends_on = None

_OPEN = sa.text("state <> 'closed'")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE cases ALTER COLUMN subject_key TYPE text COLLATE "C"')
    columns = ["lane", "policy", "source", "state", "subject_key", "due_at"]
    op.create_index("cases_sweep", "cases", columns, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_table(
        "quotas",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("region", sa.Text, primary_key=True),
        sa.Column("quota", sa.Text, primary_key=True),
        sa.Column("free_at", sa.Float(53), nullable=False),
    )
