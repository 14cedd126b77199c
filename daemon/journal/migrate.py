"""Brings a database to the present schema: Alembic, driven from code, inside the caller's transaction.

Which schema a database has is one row, and read without Alembic: a start on an up-to-date state, and every command
that only reads, never loads it and never waits for a writer.
"""

from __future__ import annotations

from importlib.resources import files

import sqlalchemy as sa

HEAD = "0016"
"""The newest revision in migrations/versions; a test compares them."""
SERVES = "0012"
"""The oldest revision whose code may work on beside the newest, on a state that several nodes share (versions.py). It
stays where a migration only adds what older code need not know (a table, an index, a column with a default); it becomes
the new revision where one drops, renames, or means another thing by the same word.
"""


def revision(connection: sa.Connection) -> str | None:
    """The schema that the database has; None where it has none yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(connection: sa.Connection) -> None:
    """Run the migrations that this database has not seen yet; none on an up-to-date one."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("ossmend.daemon.journal") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
