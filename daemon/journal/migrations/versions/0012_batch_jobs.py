"""Batch jobs: which case's job restores a case's object, and how many objects a write takes of the brakes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

_IN_BATCH = "batch IS NOT NULL"


def upgrade() -> None:
    op.add_column("cases", sa.Column("batch", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.create_index(
        "cases_batch", "cases", ["batch"], sqlite_where=sa.text(_IN_BATCH), postgresql_where=sa.text(_IN_BATCH)
    )
    op.add_column("writes", sa.Column("objects", sa.BigInteger, nullable=False, server_default="1"))
