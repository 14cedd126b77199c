"""An index over the open cases that explain others, so that no turn reads a restore storm's million rows for them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WHERE = "state <> 'closed' AND coalesce(code, '') <> 'InvalidObjectState'"


def upgrade() -> None:
    op.create_index(
        "cases_explaining", "cases", ["last_seen"], sqlite_where=sa.text(_WHERE), postgresql_where=sa.text(_WHERE)
    )
