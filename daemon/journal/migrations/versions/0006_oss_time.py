"""When a write left by OSS's clock: the brakes count by it. What an older ossmend sent has its host's time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("writes", sa.Column("oss_time", sa.Float(53)))
    op.execute("UPDATE writes SET oss_time = sent_at")
    op.create_index("ix_writes_oss_time", "writes", ["oss_time"])
    op.drop_index("ix_writes_sent_at", "writes")
