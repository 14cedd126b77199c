"""What holds a write, as a word; accounts of cases, writes and flags; lanes of cases; `told` is `reported` now."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_EXPLAINING = sa.text("state <> 'closed' AND coalesce(code, '') <> 'InvalidObjectState'")


_HELD_BY = (
    ("writes_per_hour", "brake writes_per_hour"),
    ("share", "the share of low-trust sources"),
    ("witness", "waits for OSS''s own log"),
    ("witness", "OSS''s own log has not"),
)
"""What was read out of a sentence until then."""


def upgrade() -> None:
    for table in ("writes", "flags"):
        op.add_column(table, sa.Column("account", sa.Text, nullable=False, server_default="default"))
    op.add_column("writes", sa.Column("held_by", sa.Text))
    for held_by, words in _HELD_BY:
        op.execute(f"UPDATE writes SET held_by = '{held_by}' WHERE state = 'held' AND outcome LIKE '{words}%'")  # noqa: S608  # both are ours
    for index in ("cases_due", "cases_key", "cases_explaining"):
        op.drop_index(index, "cases")
    with op.batch_alter_table("cases") as cases:
        cases.add_column(sa.Column("account", sa.Text, nullable=False, server_default="default"))
        cases.add_column(sa.Column("lane", sa.Text, nullable=False, server_default=""))
        cases.alter_column("samples", type_=sa.Text, existing_type=sa.JSON, existing_nullable=False)
        cases.alter_column("told_cause", new_column_name="reported_cause", existing_type=sa.Text)
    op.create_index("cases_due", "cases", ["due_at", "lane"])
    op.create_index("cases_key", "cases", ["subject_key"], unique=True, sqlite_where=sa.text("NOT superseded"),
                    postgresql_where=sa.text("NOT superseded"))  # fmt: skip
    op.create_index("cases_explaining", "cases", ["last_seen"], sqlite_where=_EXPLAINING, postgresql_where=_EXPLAINING)
    op.execute("UPDATE cases SET state = 'reported' WHERE state = 'told'")
    # only what waits for a time is due: a case whose write is on its way, or that is over, has no time
    op.execute("UPDATE cases SET due_at = NULL WHERE state IN ('sending', 'closed', 'parked')")
    _give_lanes(op.get_bind())


_BUCKET_AT = {"object": 0, "cors": 0, "denied": 0, "code": 1}


def _give_lanes(connection: sa.Connection) -> None:
    """By account, kind of subject and bucket, as cases get them since then."""
    cases = sa.table("cases", sa.column("id"), sa.column("subject", sa.JSON), sa.column("lane"))
    rows = []
    for case_id, subject in connection.execute(sa.select(cases.c.id, cases.c.subject)):
        kind, *parts = subject or ["code"]
        bucket = [*parts, "", ""][_BUCKET_AT[kind]] if kind in _BUCKET_AT else ""
        rows.append({"case": case_id, "to": f"default/{kind}/{bucket}"})
    if rows:
        of_case = cases.c.id == sa.bindparam("case")
        connection.execute(cases.update().where(of_case).values(lane=sa.bindparam("to")), rows)
