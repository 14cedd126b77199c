"""The region of a case's bucket, as it was found: for people, who see it beside the account."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("region", sa.Text, nullable=False, server_default=""))
