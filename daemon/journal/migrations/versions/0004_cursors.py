"""A source's cursor in parts, a row each (a followed file, a log object), so that what did not move is not written."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    whole = connection.execute(sa.text("SELECT source, position, moved_at FROM cursors")).all()
    op.drop_table("cursors")
    op.create_table(
        "cursors",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("part", sa.Text, primary_key=True),
        sa.Column("position", sa.JSON, nullable=False),
        sa.Column("moved_at", sa.Float(53), nullable=False),
        sqlite_with_rowid=False,
    )
    insert = sa.text("INSERT INTO cursors (source, part, position, moved_at) VALUES (:source, :part, :position, :at)")
    rows = [
        {"source": row.source, "part": part, "position": json.dumps(position), "at": row.moved_at}
        for row in whole
        for part, position in _parts(json.loads(row.position)).items()
    ]
    if rows:
        connection.execute(insert, rows)


def _parts(position: dict[str, object]) -> dict[str, object]:
    """By file or by object, as it was kept inside; anything else by its own names."""
    files, read = position.get("files"), position.get("read")
    if isinstance(files, dict):
        return {"begun": True, **files}  # the turn is not kept: it only says who comes first
    return read if isinstance(read, dict) else position
